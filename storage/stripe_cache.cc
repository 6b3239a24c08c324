// Stripe's stale copies and leases.
#include <algorithm>

#include "storage/blob.h"
#include "storage/stripe.h"

namespace larder::storage {

CacheState& Stripe::Cache(int database) {
  std::unique_ptr<CacheState>& cache = this->database(database).cache;
  if (cache == nullptr) {
    cache = std::make_unique<CacheState>(Random(), *context_.lazy_free, *context_.lease_count);
  }
  return *cache;
}

void Stripe::InvalidateCached(int database, std::string_view key) {
  CacheState& cache = *this->database(database).cache;
  cache.leases.End(key);
  if (cache.stale.Erase(key)) stale_copies.Add(-1);
}

bool Stripe::IsPurged(const StaleCopy& copy) const {
  return std::any_of(copy.tags.begin(), copy.tags.end(), [&](uint32_t tag) {
    return context_.tags->PurgedForGoodAt(tag) > copy.purge_clock;
  });
}

// True when the budget ended first.
bool Stripe::SweepStale(SliceBudget& budget) {
  constexpr size_t kCopiesPerStep = 128;
  for (StripeDatabase& in : databases_) {
    if (in.cache == nullptr) continue;
    do {
      if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
      in.cache->sweep_cursor = in.cache->stale.EraseSome(
          in.cache->sweep_cursor, kCopiesPerStep,
          [this](std::string_view, const StaleCopy& copy) { return IsPurged(copy); });
    } while (in.cache->sweep_cursor != 0);
  }
  CountStale();
  return false;
}

void Stripe::KeepStale(int database, const Entry& entry, int64_t stale_until_ms,
                       int64_t error_until_ms) {
  if (entry.type() != Type::kString) return;
  Object* const object = entry.object();
  StaleCopy copy{
      .value = object == nullptr ? Ref<Object>(new Blob(entry.string())) : Ref<Object>(object),
      .tags = {},
      .purge_clock = 0,
      .stale_until_ms = stale_until_ms,
      .error_until_ms = error_until_ms};
  if (entry.has_extra()) {
    const ExtraView extra(entry.extra_block());
    copy.purge_clock = extra.purge_clock();
    for (size_t i = 0; i < extra.tag_count(); ++i) copy.tags.Add(*context_.tags, extra.tag(i));
  }
  CacheState& cache = Cache(database);
  const auto before = static_cast<int64_t>(cache.stale.size());
  cache.stale.Add(entry.key(), std::move(copy));
  stale_copies.Add(static_cast<int64_t>(cache.stale.size()) - before);
  if (cache.next_end_ms() < next_due_ms.Get()) next_due_ms.Set(cache.next_end_ms());
}

// An entry that has expired: SWR and SIE count from there.
void Stripe::KeepExpired(int database, const Entry& entry) {
  const ExtraView extra(entry.extra_block());
  if (extra.stale_seconds() == 0 && extra.error_seconds() == 0) return;
  const int64_t at_ms = entry.expire_at_ms();
  KeepStale(database, entry, at_ms + int64_t{extra.stale_seconds()} * 1000,
            at_ms + int64_t{extra.error_seconds()} * 1000);
}

bool Stripe::DropStale() {
  for (StripeDatabase& in : databases_) {
    if (in.cache == nullptr || in.cache->stale.size() == 0) continue;
    in.cache->stale.EraseFirst();
    stale_copies.Add(-1);
    return true;
  }
  return false;
}

void Stripe::CountStale() {
  size_t copies = 0;
  for (const StripeDatabase& in : databases_) {
    if (in.cache != nullptr) copies += in.cache->stale.size();
  }
  stale_copies.Set(static_cast<int64_t>(copies));
}

// True when the budget ended first.
bool Stripe::EndOverdueCached(StripeDatabase& in, int64_t now_ms, SliceBudget& budget) {
  if (in.cache == nullptr || in.cache->next_end_ms() > now_ms) return false;
  const bool more = in.cache->EndOverdue(now_ms, budget);
  CountStale();
  return more;
}

}  // namespace larder::storage
