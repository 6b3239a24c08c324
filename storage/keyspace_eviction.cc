// The memory limit, and making room under it.
#include "storage/keyspace.h"
#include "storage/lazy_free.h"
#include "storage/stripe.h"

namespace larder::storage {
namespace {

constexpr int kEvictionsPerLock = 8;

}  // namespace

void Keyspace::set_memory_limit(int64_t bytes) {
  memory_limit_.store(bytes, std::memory_order_relaxed);
  set_other_bytes(other_bytes_.load(std::memory_order_relaxed));
}

int64_t Keyspace::memory_limit() const { return memory_limit_.load(std::memory_order_relaxed); }

void Keyspace::set_other_bytes(int64_t bytes) {
  other_bytes_.store(bytes, std::memory_order_relaxed);
  const int64_t limit = memory_limit();
  data_limit_.store(limit == 0 ? std::numeric_limits<int64_t>::max() : limit - bytes,
                    std::memory_order_relaxed);
}

void Keyspace::set_policy(EvictionPolicy policy) {
  policy_.store(policy, std::memory_order_relaxed);
}

EvictionPolicy Keyspace::policy() const { return policy_.load(std::memory_order_relaxed); }

EvictOutcome Keyspace::Evict(size_t home, int64_t now_ms,
                             std::chrono::steady_clock::time_point deadline) {
  bool evicted = true;
  bool skipped = false;
  memory::Flush();
  while (OverLimit()) {
    // What is already on its way out makes room without another key's loss.
    if (lazy_free_->pending() != 0) {
      lazy_free_->FreeSlice(deadline);
      memory::Flush();
    } else if (!evicted && !skipped) {
      return EvictOutcome::kNothingToEvict;
    }
    evicted = skipped = false;
    for (size_t passed = 0; passed < stripe_count_ && OverLimit(); ++passed) {
      if (std::chrono::steady_clock::now() >= deadline) return EvictOutcome::kMoreToDo;
      Stripe& stripe = *stripes_[(home + passed) % stripe_count_];
      if (!stripe.lock().TryLock()) {
        skipped = true;
        continue;
      }
      if (stripe.has_dead_tables()) {
        stripe.FreeSlice(deadline);
        evicted = true;
      }
      for (int i = 0; i < kEvictionsPerLock && OverLimit() && stripe.EvictOne(now_ms); ++i) {
        evicted = true;
        memory::Flush();
      }
      stripe.lock().Unlock();
      memory::Flush();
    }
  }
  return EvictOutcome::kUnderLimit;
}

}  // namespace larder::storage
