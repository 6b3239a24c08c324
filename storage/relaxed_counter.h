// A figure that one thread at a time changes, under its stripe's lock, and that any may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace larder::storage {

class RelaxedCounter {
 public:
  RelaxedCounter() = default;
  explicit RelaxedCounter(int64_t value) : value_(value) {}

  // No read-modify-write: the lock keeps other writers away.
  void Add(int64_t change) {
    value_.store(value_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  int64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace larder::storage
