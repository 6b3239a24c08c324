// What one database in one stripe keeps beside its table for CACHE.GET: made with the first stale
// copy or lease, so that a database without them pays one null pointer.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "storage/leases.h"
#include "storage/slice_budget.h"
#include "storage/stale_copies.h"

namespace larder::storage {

struct CacheState {
  CacheState(uint64_t seed, LazyFree& lazy_free, std::atomic<int64_t>& lease_count)
      : stale(seed, lazy_free), leases(lease_count) {}

  StaleCopies stale;
  Leases leases;
  uint64_t sweep_cursor = 0;  // of a walk over the stale copies, for purges

  int64_t next_end_ms() const { return std::min(stale.next_end_ms(), leases.next_end_ms()); }
  // Drops what has ended. True when the budget ended first.
  bool EndOverdue(int64_t now_ms, SliceBudget& budget) {
    leases.EndOverdue(now_ms);
    return stale.EraseEnded(now_ms, budget);
  }
};

}  // namespace larder::storage
