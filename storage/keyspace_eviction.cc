// The memory limit, and making room under it.
#include <algorithm>

#include "storage/eviction.h"
#include "storage/keyspace.h"
#include "storage/lazy_free.h"
#include "storage/slice_budget.h"
#include "storage/stripe.h"

namespace larder::storage {
namespace {

constexpr unsigned kStepsPerEviction =
    4;  // of a SliceBudget: an eviction takes a microsecond or two

}  // namespace
void Keyspace::set_memory_limit(int64_t bytes) {
  memory_limit_.store(bytes, std::memory_order_relaxed);
  set_other_bytes(other_bytes_.load(std::memory_order_relaxed));
}

int64_t Keyspace::memory_limit() const { return memory_limit_.load(std::memory_order_relaxed); }

void Keyspace::set_other_bytes(int64_t bytes) {
  other_bytes_.store(bytes, std::memory_order_relaxed);
  const int64_t limit = memory_limit();
  memory_data_limit_.store(limit == 0 ? std::numeric_limits<int64_t>::max() : limit - bytes,
                           std::memory_order_relaxed);
  probation_from_bytes_.store(limit == 0 ? std::numeric_limits<int64_t>::max()
                                         : (limit - bytes) / 100 * kProbationFromPercent,
                              std::memory_order_relaxed);
  UpdateDataLimit();
}

// By whoever has changed one of the two that it follows from.
void Keyspace::UpdateDataLimit() {
  std::lock_guard lock(data_limit_mutex_);
  data_limit_.store(namespaces_.any_over() ? std::numeric_limits<int64_t>::min()
                                           : memory_data_limit_.load());
}

void Keyspace::set_policy(EvictionPolicy policy) {
  policy_.store(policy, std::memory_order_relaxed);
}

EvictionPolicy Keyspace::policy() const { return policy_.load(std::memory_order_relaxed); }

EvictOutcome Keyspace::Evict(size_t home, int64_t now_ms,
                             std::chrono::steady_clock::time_point deadline) {
  const EvictOutcome outcome = EvictForMemory(home, now_ms, deadline);
  if (outcome == EvictOutcome::kMoreToDo) return outcome;
  const bool done = !namespaces_.any_over() || EvictForQuotas(home, now_ms, deadline);
  // That memory is full is said whatever quotas want.
  return done || outcome == EvictOutcome::kNothingToEvict ? outcome : EvictOutcome::kMoreToDo;
}

EvictOutcome Keyspace::EvictForMemory(size_t home, int64_t now_ms,
                                      std::chrono::steady_clock::time_point deadline) {
  memory::Flush();
  // What is due, or on its way out, makes room without another key's loss.
  if (!OverMemory()) return EvictOutcome::kUnderLimit;
  if (!ExpireBeforeEviction(home, now_ms, deadline) ||
      !PurgeBeforeEviction(home, now_ms, deadline)) {
    return EvictOutcome::kMoreToDo;
  }
  SliceBudget budget(deadline);
  EvictionPressure pressure = PressureNow(now_ms);
  while (OverMemory()) {
    if (!FreeBeforeEviction(deadline) || budget.Spent(kStepsPerEviction)) {
      return OverMemory() ? EvictOutcome::kMoreToDo : EvictOutcome::kUnderLimit;
    }
    if (!OverMemory()) break;
    if (DropStaleBeforeEviction(home)) continue;
    if (pressure.policy == EvictionPolicy::kNoEviction) return EvictOutcome::kNothingToEvict;
    const EvictStep step = EvictFrom(StripeToEvictFrom(home), pressure);
    memory::Flush();
    if (step == EvictStep::kBusy) return EvictOutcome::kMoreToDo;
    if (step == EvictStep::kNothing) {
      if (pressure.last_resort) return EvictOutcome::kNothingToEvict;
      pressure.last_resort = true;
    }
  }
  return EvictOutcome::kUnderLimit;
}

// Removes what is due in every stripe. False when the deadline came first.
bool Keyspace::ExpireBeforeEviction(size_t home, int64_t now_ms,
                                    std::chrono::steady_clock::time_point deadline) {
  if (!active_expire_.load(std::memory_order_relaxed)) return true;
  for (size_t passed = 0; passed < stripe_count_ && OverMemory(); ++passed) {
    Stripe& stripe = *stripes_[(home + passed) % stripe_count_];
    if (stripe.next_due_ms.Get() > now_ms || !stripe.lock().TryLock()) continue;
    const bool more = stripe.ExpireSlice(now_ms, deadline);
    stripe.lock().Unlock();
    memory::Flush();
    if (more && OverMemory() && std::chrono::steady_clock::now() >= deadline) return false;
  }
  return true;
}

// Likewise what was purged.
bool Keyspace::PurgeBeforeEviction(size_t home, int64_t now_ms,
                                   std::chrono::steady_clock::time_point deadline) {
  for (size_t passed = 0; passed < stripe_count_ && OverMemory() && tags_.has_unswept(); ++passed) {
    Stripe& stripe = *stripes_[(home + passed) % stripe_count_];
    if (!stripe.lock().TryLock()) continue;
    const bool more = stripe.PurgeSlice(now_ms, deadline);
    stripe.lock().Unlock();
    memory::Flush();
    if (more && OverMemory()) return false;
  }
  return true;
}

// Frees what was cut off. False when something is left after the deadline, or in others' hands.
bool Keyspace::FreeBeforeEviction(std::chrono::steady_clock::time_point deadline) {
  const auto any_dead = [this] {
    return std::any_of(stripes_.begin(), stripes_.end(),
                       [](const auto& stripe) { return stripe->has_dead_tables(); });
  };
  if (lazy_free_->pending() == 0 && !any_dead()) return true;
  const bool more = FreeSlice(deadline);
  memory::Flush();
  return !more || !OverMemory();
}

// ---- quotas of namespaces

bool Keyspace::NothingMayGo(const Namespace& of, int64_t now_ms) const {
  return policy() == EvictionPolicy::kNoEviction || of.spec.no_evict || of.IsBarren(now_ms);
}

// False when the deadline came first.
bool Keyspace::EvictForQuotas(size_t home, int64_t now_ms,
                              std::chrono::steady_clock::time_point deadline) {
  SliceBudget budget(deadline);
  EvictionPressure pressure = PressureNow(now_ms);
  pressure.last_resort = true;
  for (const NamespacePointer& over : namespaces_.Over()) {
    pressure.only = over.get();
    while (over->OverQuota() && !NothingMayGo(*over, now_ms)) {
      if (budget.Spent(kStepsPerEviction)) return false;
      const EvictStep step = EvictFrom(home, pressure);
      if (step == EvictStep::kBusy) return false;
      if (step == EvictStep::kNothing) over->barren_at_ms.store(now_ms, std::memory_order_relaxed);
    }
    memory::Flush();
    if (!over->OverQuota()) namespaces_.NoteUnderAgain(over);
  }
  return true;
}

NamespacePointer Keyspace::FullNamespaceOf(std::string_view key, int64_t now_ms) const {
  NamespacePointer of = namespaces_.OfKey(key);
  return of != nullptr && of->OverQuota() && NothingMayGo(*of, now_ms) ? of : nullptr;
}

// Stale copies go before any key does. False when there is none, or others hold their stripes.
bool Keyspace::DropStaleBeforeEviction(size_t home) {
  for (size_t passed = 0; passed < stripe_count_; ++passed) {
    Stripe& stripe = *stripes_[(home + passed) % stripe_count_];
    if (stripe.stale_copies.Get() == 0 || !stripe.lock().TryLock()) continue;
    const bool dropped = stripe.DropStale();
    stripe.lock().Unlock();
    memory::Flush();
    if (dropped) return true;
  }
  return false;
}

EvictionPressure Keyspace::PressureNow(int64_t now_ms) const {
  int64_t keys = 0;
  for (const auto& stripe : stripes_) keys += stripe->keys.Get();
  const auto used = static_cast<size_t>(std::max<int64_t>(0, memory::UsedBytes()));
  return {.policy = policy(),
          .now_ms = now_ms,
          .key_bytes_mean = used / static_cast<size_t>(std::max<int64_t>(keys, 1)),
          .stripe_bytes_mean = used / stripe_count_};
}

// The first stripe from `home` on that holds at least its share of the keys: so they stay even, and
// a writer mostly evicts from the stripe that it wrote to.
size_t Keyspace::StripeToEvictFrom(size_t home) const {
  int64_t keys = 0;
  for (const auto& stripe : stripes_) keys += stripe->keys.Get();
  for (size_t passed = 0; passed < stripe_count_; ++passed) {
    const size_t index = (home + passed) % stripe_count_;
    if (stripes_[index]->keys.Get() * static_cast<int64_t>(stripe_count_) >= keys) return index;
  }
  return home % stripe_count_;
}

// Makes one step of eviction in the first stripe from `first` on that has something to evict.
Keyspace::EvictStep Keyspace::EvictFrom(size_t first, const EvictionPressure& pressure) {
  bool busy = false;
  for (size_t passed = 0; passed < stripe_count_; ++passed) {
    const size_t index = (first + passed) % stripe_count_;
    Stripe& stripe = *stripes_[index];
    if (pressure.only != nullptr && pressure.only->counts[index].items.Get() == 0) continue;
    if (!stripe.lock().TryLockForAWhile()) {
      busy = true;
      continue;
    }
    const bool done = stripe.EvictOne(pressure);
    // When values change their sizes, evicted ones leave holes that new ones do not fit into: the
    // process would outgrow the limit before the maintenance's slices come to it.
    stripe.CompactPage();
    stripe.lock().Unlock();
    if (done) return EvictStep::kDone;
  }
  return busy ? EvictStep::kBusy : EvictStep::kNothing;
}

}  // namespace larder::storage
