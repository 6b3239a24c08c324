#include "server/clock.h"

#include <ctime>

namespace larder {
namespace {

int64_t Micros(clockid_t id) {
  timespec now;
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

int64_t SystemClock::UnixMicros() const { return Micros(CLOCK_REALTIME); }
int64_t SystemClock::SteadyMicros() const { return Micros(CLOCK_MONOTONIC); }

}  // namespace larder
