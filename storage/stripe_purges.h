// The definition of Stripe::PurgeSegment, for those who purge.
#pragma once

#include <array>
#include <span>

#include "storage/stripe.h"

namespace larder::storage {

template <class Goes>
size_t Stripe::PurgeSegment(int database, uint64_t* position, int64_t now_ms, int64_t soft_until_ms,
                            Goes goes) {
  std::array<Entry*, (kHomeBuckets + kStashBuckets) * kSlotsPerBucket> entries;
  size_t count = 0;
  Table& table = this->database(database).table;
  const uint64_t end = table.VisitSegmentAt(*position, [&](SlotRef ref) {
    Entry* const entry = ref.entry();
    __builtin_prefetch(entry);
    entries[count++] = entry;
  });
  size_t gone = 0;
  for (Entry* const entry : std::span(entries).first(count)) {
    const bool purged = IsPurged(*entry);
    if (!purged && !goes(*entry)) continue;
    // Other removals may have moved its slot, but not the entry.
    const Key key = (*context_.hasher)(entry->key());
    if (!purged && table.PositionOf(key.hash) < *position) continue;
    const SlotRef ref = table.Find(key);
    if (!purged && !IsLive(ref, now_ms)) {
      Expire(database, key.hash, ref);
    } else {
      gone += purged ? 0 : 1;
      RemovePurged(database, key.hash, ref, soft_until_ms);
    }
  }
  *position = end;
  return gone;
}

template <class Goes>
void Stripe::PurgeCached(int database, bool drops_copies, uint64_t* cursor, Goes goes) {
  constexpr size_t kCopiesPerStep = 128;
  CacheState* const cache = this->database(database).cache.get();
  if (cache == nullptr) {
    *cursor = 0;
    return;
  }
  if (*cursor == 0) cache->leases.EndIf(goes);
  const auto picks = [&](std::string_view key, const StaleCopy&) {
    return drops_copies && goes(key);
  };
  *cursor = cache->stale.EraseSome(*cursor, kCopiesPerStep, picks);
  CountStale();
}

}  // namespace larder::storage
