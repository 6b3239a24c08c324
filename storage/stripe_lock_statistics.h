// How long a stripe is held and waited for. Kept only in builds with the CMake option
// LARDER_STRIPE_STATISTICS, for scripts/bench threads: reading the tick counter twice per lock
// would cost a GET about a tenth.
//
// Changed by whoever holds the stripe, read by any. Ticks are the processor's time-stamp counter.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "storage/relaxed_counter.h"

namespace larder::storage {

class StripeLockStatistics {
 public:
  static constexpr size_t kPowers = 48;

  void Taken() {
    locks.Add(1);
    taken_at_ = Ticks();
  }
  void Released() {
    const uint64_t ticks = Ticks() - taken_at_;
    held_ticks.Add(static_cast<int64_t>(ticks));
    held_by_power[std::min<size_t>(std::bit_width(ticks), kPowers - 1)].Add(1);
  }
  // Between the first try that failed and the one that did not.
  void Waited(uint64_t ticks) {
    waits.Add(1);
    waited_ticks.Add(static_cast<int64_t>(ticks));
  }

  static uint64_t Ticks() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
  }

  RelaxedCounter locks;
  RelaxedCounter held_ticks;
  std::array<RelaxedCounter, kPowers> held_by_power;  // entry n: under 2^n ticks
  RelaxedCounter waits;                               // that ended with the stripe taken
  RelaxedCounter waited_ticks;

 private:
  uint64_t taken_at_ = 0;
};

}  // namespace larder::storage
