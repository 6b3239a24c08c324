#include "storage/stripe_lock.h"

#include <chrono>
#include <thread>

namespace larder::storage {
namespace {

constexpr int kTriesPerClockRead = 16;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

bool StripeLock::Spin() {
  contentions_.fetch_add(1, std::memory_order_relaxed);
#ifdef LARDER_STRIPE_STATISTICS
  const uint64_t begun = StripeLockStatistics::Ticks();
#endif
  // The only worker waits for nobody but itself: a script of its own holds the stripe.
  if (single_thread_) return false;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::microseconds(kSpinMicrosMax);
  do {
    for (int i = 0; i < kTriesPerClockRead; ++i) {
      Pause();
      if (!TryLock()) continue;
#ifdef LARDER_STRIPE_STATISTICS
      statistics_.Waited(StripeLockStatistics::Ticks() - begun);
#endif
      return true;
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

void StripeLock::Lock() {
  while (!TryLockForAWhile()) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

}  // namespace larder::storage
