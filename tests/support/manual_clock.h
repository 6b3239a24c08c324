// A clock that stands still until it is told to move.
#pragma once

#include <chrono>
#include <cstdint>

#include "server/clock.h"

namespace larder {

class ManualClock : public Clock {
 public:
  int64_t UnixMicros() const override { return now_us_; }
  int64_t SteadyMicros() const override { return now_us_ - kStartUs + 1'000'000; }
  void Advance(std::chrono::microseconds by) { now_us_ += by.count(); }

 private:
  static constexpr int64_t kStartUs = 1'700'000'000'000'000;
  int64_t now_us_ = kStartUs;
};

}  // namespace larder
