// Where the server takes its time from: tests pass a clock that they advance by hand.
#pragma once

#include <cstdint>

namespace larder {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixMicros() const = 0;    // wall clock: expiry, TIME
  virtual int64_t SteadyMicros() const = 0;  // never goes back: durations, timeouts
  int64_t UnixMillis() const { return UnixMicros() / 1000; }
};

class SystemClock : public Clock {
 public:
  int64_t UnixMicros() const override;
  int64_t SteadyMicros() const override;
};

}  // namespace larder
