// Large values that nobody refers to any more, freed in slices instead of where they were deleted.
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "storage/object.h"

namespace larder::storage {

class LazyFree {
 public:
  // Values above either limit wait for FreeSlice; others are freed by Discard itself.
  static constexpr size_t kElementsMax = 256;
  static constexpr size_t kBytesMax = 64 * 1024;

  void Discard(Ref<Object> object);
  // True when work is left.
  bool FreeSlice(std::chrono::steady_clock::time_point deadline);

  size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }
  void ResetStats() { freed_.store(0, std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::deque<Ref<Object>> waiting_;
  std::atomic<size_t> pending_{0};  // waiting, or being freed by somebody
  std::atomic<uint64_t> freed_{0};
};

}  // namespace larder::storage
