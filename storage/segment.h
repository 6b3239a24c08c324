// 64 buckets of a table, and the 4 stash buckets for what does not fit into them.
//
// A bucket is one cache line: a word of 7 one-byte fingerprints and one byte of state, then 7
// slots. A key lives in its home bucket; when that is full, in the next one (its slot says
// `displaced`, the home's state says "look next door"); when that is full too, in a stash bucket
// (the home's state has one bit per stash bucket). So a miss reads one line unless its home has
// overflowed.
//
// Everything is an atomic word and segments are never unmapped, so Prefetch may read one without
// the stripe's lock. All other access REQUIRES it.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "storage/slot.h"

namespace larder::storage {

inline constexpr size_t kHomeBuckets = 64;
inline constexpr size_t kStashBuckets = 4;
inline constexpr size_t kSlotsPerBucket = 7;

struct alignas(64) Bucket {
  std::atomic<uint64_t> tags;
  std::array<std::atomic<uint64_t>, kSlotsPerBucket> slots;

  static constexpr int kStateShift = 56;
  static constexpr uint64_t kOverflowedNextDoor = uint64_t{1} << kStateShift;
  static constexpr uint64_t StashBit(size_t stash) { return uint64_t{16} << kStateShift << stash; }

  uint64_t Tags() const { return tags.load(std::memory_order_relaxed); }
  void SetState(uint64_t bit) { tags.store(Tags() | bit, std::memory_order_relaxed); }
  void ClearState(uint64_t bit) { tags.store(Tags() & ~bit, std::memory_order_relaxed); }
  Slot At(size_t index) const { return Slot(slots[index].load(std::memory_order_relaxed)); }
  SlotRef RefAt(size_t index) { return SlotRef(&slots[index]); }

  // The slots that are taken, and those with this fingerprint (never 0), as bits 7, 15, 23 … of a
  // word.
  static uint64_t TakenIn(uint64_t tags) { return ~ZeroBytes(tags) & kTagTopBits; }
  static uint64_t MatchIn(uint64_t tags, uint8_t fingerprint) {
    return ZeroBytes(tags ^ (0x0101010101010101u * fingerprint)) & kTagTopBits;
  }
  static size_t IndexOf(uint64_t top_bits) {
    return static_cast<size_t>(std::countr_zero(top_bits)) / 8;
  }

  size_t TakenCount() const { return static_cast<size_t>(std::popcount(TakenIn(Tags()))); }
  // The first free slot, or kSlotsPerBucket.
  size_t FreeIndex() const {
    const uint64_t free = ~TakenIn(Tags()) & kTagTopBits;
    return free == 0 ? kSlotsPerBucket : IndexOf(free);
  }

  void Put(size_t index, uint8_t fingerprint, Slot slot) {
    const int shift = static_cast<int>(index) * 8;
    tags.store((Tags() & ~(uint64_t{0xff} << shift)) | (uint64_t{fingerprint} << shift),
               std::memory_order_relaxed);
    slots[index].store(slot.word(), std::memory_order_relaxed);
  }
  void Remove(size_t index) { Put(index, 0, Slot()); }

 private:
  static constexpr uint64_t kTagTopBits = 0x0080808080808080u;
  static uint64_t ZeroBytes(uint64_t word) {
    constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7fu;
    return ~(((word & kLow) + kLow) | word | kLow);
  }
};
static_assert(sizeof(Bucket) == 64);

struct Segment {
  std::array<Bucket, kHomeBuckets + kStashBuckets> buckets;

  Bucket& Home(size_t home) { return buckets[home]; }
  Bucket& Next(size_t home) { return buckets[(home + 1) % kHomeBuckets]; }
  Bucket& Stash(size_t stash) { return buckets[kHomeBuckets + stash]; }

  void Clear() {
    for (Bucket& bucket : buckets) {
      bucket.tags.store(0, std::memory_order_relaxed);
      for (auto& slot : bucket.slots) slot.store(0, std::memory_order_relaxed);
    }
  }

  // Puts a slot into its home, its neighbour or the stash; an empty ref when all are full.
  SlotRef Insert(size_t home, uint8_t fingerprint, Slot slot);
};
static_assert(sizeof(Segment) == 68 * 64);

inline SlotRef Segment::Insert(size_t home, uint8_t fingerprint, Slot slot) {
  slot.set_displaced(false);
  Bucket& own = Home(home);
  if (const size_t index = own.FreeIndex(); index < kSlotsPerBucket) {
    own.Put(index, fingerprint, slot);
    return own.RefAt(index);
  }
  Bucket& next = Next(home);
  if (const size_t index = next.FreeIndex(); index < kSlotsPerBucket) {
    slot.set_displaced(true);
    next.Put(index, fingerprint, slot);
    own.SetState(Bucket::kOverflowedNextDoor);
    return next.RefAt(index);
  }
  for (size_t stash = 0; stash < kStashBuckets; ++stash) {
    Bucket& bucket = Stash(stash);
    const size_t index = bucket.FreeIndex();
    if (index == kSlotsPerBucket) continue;
    bucket.Put(index, fingerprint, slot);
    own.SetState(Bucket::StashBit(stash));
    return bucket.RefAt(index);
  }
  return SlotRef();
}

}  // namespace larder::storage
