// The processor's time-stamp counter as a stop watch: a few nanoseconds a reading, where the
// kernel's clock takes five times that. Ticks are turned into time only when somebody looks.
#pragma once

#include <cstdint>

namespace larder {

class TickClock {
 public:
  TickClock();  // measures the counter's rate, about 2 ms

  static uint64_t Now() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
#error "A monotonic tick counter is needed for this processor"
#endif
  }
  int64_t ToMicros(uint64_t ticks) const {
    return static_cast<int64_t>(static_cast<double>(ticks) / ticks_per_microsecond_);
  }
  double ToMicrosDouble(uint64_t ticks) const {
    return static_cast<double>(ticks) / ticks_per_microsecond_;
  }
  uint64_t FromMicros(int64_t micros) const {
    return static_cast<uint64_t>(static_cast<double>(micros) * ticks_per_microsecond_);
  }

 private:
  double ticks_per_microsecond_;
};

}  // namespace larder
