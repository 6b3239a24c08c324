#pragma once

#include <atomic>
#include <cstdint>

namespace larder {

// Written by one thread, read by any: an increment is a plain add.
class Counter {
 public:
  void Add(uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void Raise(uint64_t value) {  // to at least this: a maximum
    if (value > Get()) value_.store(value, std::memory_order_relaxed);
  }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }
  void Reset() { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace larder
