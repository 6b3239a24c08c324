// The time that one slice of maintenance may take.
//
// Not thread-safe: it lives on the stack of the slice.
#pragma once

#include <chrono>

namespace larder::storage {

class SliceBudget {
 public:
  explicit SliceBudget(std::chrono::steady_clock::time_point deadline) : deadline_(deadline) {}

  // To be asked before each key (or piece of work of about a microsecond). The clock is read once
  // in kStepsPerClockRead calls; the first steps are always granted, so that every slice gets on.
  bool Spent() {
    if (++steps_ % kStepsPerClockRead != 0) return spent_;
    return spent_ = std::chrono::steady_clock::now() >= deadline_;
  }

  static constexpr unsigned kStepsPerClockRead = 32;

 private:
  std::chrono::steady_clock::time_point deadline_;
  unsigned steps_ = 0;
  bool spent_ = false;
};

}  // namespace larder::storage
