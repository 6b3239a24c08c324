// How long pieces of pure computing take on this machine, in CPU time of the thread: what the host
// of a virtual machine and interrupts add to any measurement of the kind. One line of JSON.
//
// usage: noise_tool MICROSECONDS PIECES
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "server/tick_clock.h"
#include "storage/work_meter.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: noise_tool MICROSECONDS PIECES\n");
    return 2;
  }
  const larder::TickClock clock;
  const uint64_t ticks = clock.FromMicros(std::atoll(argv[1]));
  std::vector<int64_t> pieces(std::max<size_t>(std::strtoull(argv[2], nullptr, 10), 1));
  for (int64_t& piece : pieces) {
    const int64_t began_ns = larder::storage::ThreadCpuNanos();
    const uint64_t began = larder::TickClock::Now();
    while (larder::TickClock::Now() - began < ticks) {
    }
    piece = larder::storage::ThreadCpuNanos() - began_ns;
  }
  std::sort(pieces.begin(), pieces.end());
  const auto us = [&](double share) {
    const auto index = static_cast<size_t>(share * static_cast<double>(pieces.size() - 1));
    return static_cast<double>(pieces[index]) / 1000;
  };
  std::printf(R"({"p50":%.1f,"p99.9":%.1f,"p99.99":%.1f,"longest":%.1f})"
              "\n",
              us(0.5), us(0.999), us(0.9999), us(1));
  return 0;
}
