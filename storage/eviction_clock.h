// The clock of eviction: 12 bits of it, stamped into a slot, tell when a key was last used.
//
// It ticks for two reasons, whichever is faster: 128 times while as many keys are added as the
// stripe holds, so that an age means the same at any size and any rate, and once a second, so that
// OBJECT IDLETIME can be told from it. A memory of when each tick happened turns ages into time.
//
// The 12 bits last for 32 turnovers of the stripe or 68 minutes. A sweep over the slots (Stripe)
// holds ages at kAgeMax before they would wrap around.
//
// All calls cost O(1). Not thread-safe: use only under the lock of the stripe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace larder::storage {

class EvictionClock {
 public:
  static constexpr uint32_t kTickMask = 0xfff;
  static constexpr uint32_t kAgeMax = 3072;

  uint32_t tick() const { return static_cast<uint32_t>(ticks_); }
  uint64_t ticks() const { return ticks_; }  // since the start

  // Ticks of a slot's stamp until now, at most kAgeMax.
  uint32_t AgeOf(uint32_t stamp) const {
    const uint32_t age = (tick() - stamp) & kTickMask;
    return age < kAgeMax ? age : kAgeMax;
  }
  // Whether a stamp has come into the range that the sweep holds at kAgeMax.
  bool IsStale(uint32_t stamp) const { return ((tick() - stamp) & kTickMask) > kAgeMax; }
  uint32_t OldestStamp() const { return (tick() - kAgeMax) & kTickMask; }

  // Lets time pass: to be called at every use of a key.
  void Pass(int64_t now_ms) {
    if (now_ms >= next_tick_ms_) [[unlikely]] {
      PassSeconds(now_ms);
    }
  }

  // One key was added to `keys` others.
  void CountAdded(size_t keys, int64_t now_ms) {
    added_ += kTicksPerTurnover;
    if (added_ < keys) return;
    added_ = 0;
    Tick(1, now_ms);
  }

  // About how long ago a key was last used.
  int64_t IdleMs(uint32_t stamp, int64_t now_ms) const;
  // The stamp of a key that was last used so long ago, or as nearly as 12 bits can tell: O(log).
  uint32_t StampOf(int64_t idle_ms, int64_t now_ms) const;

 private:
  static constexpr size_t kTicksPerTurnover = 128;
  static constexpr int64_t kTickMs = 1000;
  // After a leap of the clock (or a long pause) not all of its ticks are made up for: stamps would
  // wrap around unseen.
  static constexpr int64_t kTicksAtOnceMax = 256;
  static constexpr uint64_t kTicksPerMark = 64;
  static constexpr size_t kMarks = (kTickMask + 1) / kTicksPerMark;

  void PassSeconds(int64_t now_ms);
  void Tick(uint64_t count, int64_t now_ms);
  int64_t& MarkOf(uint64_t ticks) { return marks_ms_[ticks / kTicksPerMark % kMarks]; }
  int64_t MarkOf(uint64_t ticks) const { return marks_ms_[ticks / kTicksPerMark % kMarks]; }

  uint64_t ticks_ = 0;
  size_t added_ = 0;
  int64_t last_tick_ms_ = 0;
  int64_t next_tick_ms_ = std::numeric_limits<int64_t>::min();  // before the first use
  std::array<int64_t, kMarks> marks_ms_{};                      // when each 64th tick happened
};

}  // namespace larder::storage
