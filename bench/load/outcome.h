// What a load saw, and how it is printed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "server/latency_histogram.h"

namespace larder::bench {

inline int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

struct Outcome {
  size_t requests = 0;  // answered
  size_t errors = 0;
  int64_t elapsed_ns = 0;
  int64_t latency_ns_max = 0;
  int64_t latency_ns_sum = 0;
  LatencyHistogram latencies;  // in nanoseconds

  void Add(int64_t latency_ns) {
    ++requests;
    latencies.Add(static_cast<uint64_t>(latency_ns));
    latency_ns_sum += latency_ns;
    latency_ns_max = std::max(latency_ns_max, latency_ns);
  }
};

// One line of JSON.
inline void Print(const Outcome& outcome) {
  const double seconds = static_cast<double>(outcome.elapsed_ns) / 1e9;
  std::printf(R"({"requests":%zu,"errors":%zu,"seconds":%.3f,"requests_per_second":%.0f)",
              outcome.requests, outcome.errors, seconds,
              static_cast<double>(outcome.requests) / seconds);
  LatencySum sum;
  sum.Add(outcome.latencies);
  if (sum.total() > 0) {
    std::printf(R"(,"latency_us":{"mean":%.1f)", static_cast<double>(outcome.latency_ns_sum) / 1e3 /
                                                     static_cast<double>(outcome.requests));
    for (const double percentile :
         {0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99}) {
      // A bucket's middle may lie above all that is in it.
      const auto ticks = std::min<uint64_t>(sum.Percentile(percentile), outcome.latency_ns_max);
      std::printf(R"(,"p%g":%.1f)", percentile, static_cast<double>(ticks) / 1e3);
    }
    std::printf(R"(,"max":%.1f})", static_cast<double>(outcome.latency_ns_max) / 1e3);
  }
  std::printf("}\n");
}

}  // namespace larder::bench
