// One slot of the table: where an entry is, and what eviction and expiry need to know without
// touching it.
//
// Packed into 8 bytes: 45 bits of the entry's address, without its zero bits, and 19 bits about the
// entry. Where the system's addresses for programs end at 2^47, entries need to be aligned to 4
// bytes only, which saves two bytes an entry on average; elsewhere to 8. Buckets hold slots as
// atomic words, so that Prefetch may look at them without the stripe's lock; whoever holds the lock
// reads and writes them relaxed.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/entry.h"

namespace larder::storage {

#if defined(__x86_64__)
inline constexpr int kEntryAlignmentBits = 2;
#else
inline constexpr int kEntryAlignmentBits = 3;
#endif
inline constexpr uint32_t kFrequencyMax = 15;
inline constexpr uint32_t kAgeMask = 0xfff;

class Slot {
 public:
  Slot() = default;
  explicit Slot(uint64_t word) : word_(word) {}
  explicit Slot(const Entry* entry) : word_(PointerBits(entry)) {
    set_has_expiry(entry->has_expiry());
  }

  uint64_t word() const { return word_; }
  bool empty() const { return word_ == 0; }
  Entry* entry() const {
    return reinterpret_cast<Entry*>((word_ & kPointerMask) << kEntryAlignmentBits);
  }
  void set_entry(const Entry* entry) {
    word_ = (word_ & ~kPointerMask) | PointerBits(entry);
    set_has_expiry(entry->has_expiry());
  }

  bool has_expiry() const { return Bits(kExpiryShift, 1) != 0; }
  void set_has_expiry(bool has) { SetBits(kExpiryShift, 1, has ? 1 : 0); }
  bool probation() const { return Bits(kProbationShift, 1) != 0; }
  void set_probation(bool on) { SetBits(kProbationShift, 1, on ? 1 : 0); }
  uint32_t frequency() const { return Bits(kFrequencyShift, kFrequencyMax); }
  void set_frequency(uint32_t frequency) { SetBits(kFrequencyShift, kFrequencyMax, frequency); }
  // The clock tick of the last use, modulo 4096.
  uint32_t used_tick() const { return Bits(kUsedShift, kAgeMask); }
  void set_used_tick(uint32_t tick) { SetBits(kUsedShift, kAgeMask, tick & kAgeMask); }
  // Whether it lies in the bucket after its home; the table's alone.
  bool displaced() const { return Bits(kDisplacedShift, 1) != 0; }
  void set_displaced(bool displaced) { SetBits(kDisplacedShift, 1, displaced ? 1 : 0); }

 private:
  static constexpr uint64_t kPointerMask = (uint64_t{1} << 45) - 1;
  static constexpr int kExpiryShift = 45;
  static constexpr int kProbationShift = 46;
  static constexpr int kFrequencyShift = 47;
  static constexpr int kUsedShift = 51;
  static constexpr int kDisplacedShift = 63;

  static uint64_t PointerBits(const Entry* entry) {
    return reinterpret_cast<uint64_t>(entry) >> kEntryAlignmentBits;
  }
  uint32_t Bits(int shift, uint64_t mask) const {
    return static_cast<uint32_t>((word_ >> shift) & mask);
  }
  void SetBits(int shift, uint64_t mask, uint64_t value) {
    word_ = (word_ & ~(mask << shift)) | (value << shift);
  }

  uint64_t word_ = 0;
};

// A slot in its bucket. Valid until the next change of its table.
class SlotRef {
 public:
  SlotRef() = default;
  explicit SlotRef(std::atomic<uint64_t>* word) : word_(word) {}
  explicit operator bool() const { return word_ != nullptr; }
  Slot Get() const { return Slot(word_->load(std::memory_order_relaxed)); }
  void Set(Slot slot) const { word_->store(slot.word(), std::memory_order_relaxed); }
  Entry* entry() const { return Get().entry(); }
  std::atomic<uint64_t>* word() const { return word_; }

 private:
  std::atomic<uint64_t>* word_ = nullptr;
};

}  // namespace larder::storage
