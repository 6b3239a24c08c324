// The lock of one stripe: a word that is taken by an atomic exchange. With one worker it is a plain
// store, so that it costs next to nothing.
//
// Atomics rather than absl::Mutex: TSan sees them. A holder never blocks and never waits on I/O.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#ifdef LARDER_STRIPE_STATISTICS
#include "storage/stripe_lock_statistics.h"
#endif

namespace larder::storage {

class StripeLock {
 public:
  void set_single_thread(bool single) { single_thread_ = single; }

  bool TryLock() {
    if (!Take()) return false;
#ifdef LARDER_STRIPE_STATISTICS
    statistics_.Taken();
#endif
    return true;
  }

  // Tries for about kSpinMicrosMax; false when the holder keeps it: the caller then parks its
  // client and comes back later.
  bool TryLockForAWhile() { return TryLock() || Spin(); }

  // Waits as long as it takes. Only for maintenance, start and stop.
  void Lock();

  void Unlock() {
#ifdef LARDER_STRIPE_STATISTICS
    statistics_.Released();
#endif
    held_.store(false, std::memory_order_release);
  }
  bool held() const { return held_.load(std::memory_order_relaxed); }
  // How often somebody found it taken and had to wait.
  uint64_t contentions() const { return contentions_.load(std::memory_order_relaxed); }

  static constexpr int kSpinMicrosMax = 50;

#ifdef LARDER_STRIPE_STATISTICS
  const StripeLockStatistics& statistics() const { return statistics_; }
#endif

 private:
  bool Take() {
    if (single_thread_) {
      if (held_.load(std::memory_order_relaxed)) return false;
      held_.store(true, std::memory_order_relaxed);
      return true;
    }
    return !held_.load(std::memory_order_relaxed) &&
           !held_.exchange(true, std::memory_order_acquire);
  }
  bool Spin();  // counts the wait

  std::atomic<bool> held_{false};
  bool single_thread_ = false;
  std::atomic<uint64_t> contentions_{0};
#ifdef LARDER_STRIPE_STATISTICS
  StripeLockStatistics statistics_;
#endif
};

}  // namespace larder::storage
