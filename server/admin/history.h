// The last hour, a sample every five seconds: what the page draws.
//
// Some 100 KB, whatever happens. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "server/admin/figures.h"

namespace larder::admin {

// Of one interval; rates are per second.
struct Sample {
  int64_t unix_ms = 0;  // its end
  double commands = 0, hits = 0, misses = 0, evicted = 0, expired = 0;
  double input_bytes = 0, output_bytes = 0;
  int64_t used_bytes = 0, limit_bytes = 0;
  uint64_t keys = 0, clients = 0;
  std::optional<double> p50_us, p99_us, p999_us;  // none without commands
};

class History {
 public:
  static constexpr int kSampleSeconds = 5;
  static constexpr size_t kSamplesMax = 3600 / kSampleSeconds;

  explicit History(const TickClock& ticks) : ticks_(ticks) {}

  // Takes a sample of what happened since the last call; the first call only remembers.
  void Add(const Figures& figures);
  std::vector<Sample> Samples() const;  // the oldest first

 private:
  const TickClock& ticks_;
  std::optional<Figures> last_;  // of the caller of Add
  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
};

}  // namespace larder::admin
