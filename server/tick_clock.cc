#include "server/tick_clock.h"

#include <chrono>

namespace larder {

TickClock::TickClock() {
  using std::chrono::steady_clock;
  const auto start = steady_clock::now();
  const uint64_t first = Now();
  auto end = start;
  while (end - start < std::chrono::milliseconds(2)) end = steady_clock::now();
  const uint64_t ticks = Now() - first;
  const double micros = std::chrono::duration<double, std::micro>(end - start).count();
  ticks_per_microsecond_ = static_cast<double>(ticks) / micros;
}

}  // namespace larder
