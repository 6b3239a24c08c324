// The time that one slice of maintenance may take.
//
// Not thread-safe: it lives on the stack of the slice.
#pragma once

#include <chrono>

namespace larder::storage {

class SliceBudget {
 public:
  explicit SliceBudget(std::chrono::steady_clock::time_point deadline) : deadline_(deadline) {}

  // To be asked before each key (or piece of work of about a microsecond), or before `steps` of
  // them. The clock is read once in kStepsPerClockRead steps; the first steps are always granted,
  // so that every slice gets on.
  bool Spent(unsigned steps = 1) {
    if (steps_ >= kStepsPerClockRead) {
      steps_ = 0;
      spent_ = std::chrono::steady_clock::now() >= deadline_;
    }
    steps_ += steps;
    return spent_;
  }

  static constexpr unsigned kStepsPerClockRead = 32;

 private:
  std::chrono::steady_clock::time_point deadline_;
  unsigned steps_ = 0;
  bool spent_ = false;
};

}  // namespace larder::storage
