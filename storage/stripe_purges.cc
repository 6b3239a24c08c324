// Stripe's tags: who carries them, and the removal of what was purged.
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "storage/slice_budget.h"
#include "storage/stripe.h"
#include "storage/stripe_purges.h"

namespace larder::storage {
namespace {

// Passes begin so far apart at least, however many purges come meanwhile: each visits all keys of
// the databases that have tagged ones.
constexpr int64_t kSweepEveryMs = 400;

}  // namespace

bool Stripe::TagsArePurged(const ExtraView& extra) const {
  const uint64_t clock = extra.purge_clock();
  const size_t count = extra.tag_count();
  for (size_t i = 0; i < count; ++i) {
    if (context_.tags->PurgedAt(extra.tag(i)) > clock) return true;
  }
  return false;
}

void Stripe::AttachTagsOf(StripeDatabase& in, const Entry& entry) {
  const ExtraView extra(entry.extra_block());
  for (size_t i = 0; i < extra.tag_count(); ++i) context_.tags->Attach(extra.tag(i));
  if (extra.tag_count() > 0) ++in.tagged;
}

void Stripe::DetachTagsOf(StripeDatabase* in, const Entry& entry) {
  const ExtraView extra(entry.extra_block());
  for (size_t i = 0; i < extra.tag_count(); ++i) {
    context_.tags->Detach(extra.tag(i), extra.purge_clock());
  }
  if (in != nullptr && extra.tag_count() > 0) --in->tagged;
}

// Until when what soft purges have taken by its tags is served stale; 0 where one was for good, or
// none has.
int64_t Stripe::SoftUntilOf(const ExtraView& extra) const {
  int64_t until_ms = 0;
  for (size_t i = 0; i < extra.tag_count(); ++i) {
    const uint32_t tag = extra.tag(i);
    if (context_.tags->PurgedAt(tag) <= extra.purge_clock()) continue;
    if (context_.tags->PurgedForGoodAt(tag) > extra.purge_clock()) return 0;
    const int64_t soft_until_ms = context_.tags->SoftUntilMs(tag);
    until_ms = until_ms == 0 ? soft_until_ms : std::min(until_ms, soft_until_ms);
  }
  return until_ms;
}

void Stripe::RemovePurged(int database, uint64_t hash, SlotRef ref, int64_t soft_until_ms) {
  const Entry& entry = *ref.entry();
  const std::string_view key = entry.key();
  Invalidate(database, key);
  if (IsPurged(entry)) soft_until_ms = SoftUntilOf(ExtraView(entry.extra_block()));
  if (soft_until_ms != 0) KeepStale(database, entry, soft_until_ms, soft_until_ms);
  purged.Add(1);
  watches_.Touch(database, key);
  if (context_.observer != nullptr) context_.observer->OnPurged(database, key);
  Remove(database, hash, ref);
}

bool Stripe::PurgeSlice(int64_t now_ms, std::chrono::steady_clock::time_point deadline) {
  PurgeSweep& sweep = purge_sweep_;
  if (!sweep.running) {
    if (sweep.clock == context_.tags->PurgeClock()) return false;
    // The clock may have been set back meanwhile.
    if (now_ms >= sweep.began_ms && now_ms - sweep.began_ms < kSweepEveryMs) return false;
    sweep = {.running = true, .began_ms = now_ms, .clock = context_.tags->PurgeClock()};
  }
  SliceBudget budget(deadline);
  const auto purged_alone = [](const Entry&) { return false; };
  for (; sweep.database < static_cast<int>(databases_.size()); ++sweep.database) {
    if (database(sweep.database).tagged == 0) {
      sweep.position = 0;
      continue;
    }
    do {
      if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
      PurgeSegment(sweep.database, &sweep.position, now_ms, 0, purged_alone);
    } while (sweep.position != 0);
  }
  if (SweepStale(budget)) return true;
  sweep.running = false;
  return false;
}

}  // namespace larder::storage
