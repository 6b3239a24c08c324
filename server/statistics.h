// Counters for INFO. Each worker has its own and is the only one to write them; any thread may
// read. So an increment is a plain add, and a sum is exact once the workers are quiet.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/counter.h"
#include "server/latency_histogram.h"
#include "server/turn_statistics.h"

namespace larder {

struct CommandCounters {
  Counter calls, ticks, rejected, failed;  // ticks: TickClock

  // Keeps a duration for LATENCY and INFO latencystats; the histogram is made at the first.
  void KeepLatency(uint64_t duration_ticks) {
    if (owned_ == nullptr) {
      owned_ = std::make_unique<LatencyHistogram>();
      histogram_.store(owned_.get(), std::memory_order_release);
    }
    owned_->Add(duration_ticks);
  }
  // Null before the first.
  LatencyHistogram* histogram() const { return histogram_.load(std::memory_order_acquire); }

 private:
  std::unique_ptr<LatencyHistogram> owned_;  // used by the worker alone
  std::atomic<LatencyHistogram*> histogram_{nullptr};
};

// Stands for all kinds of errors once there were too many (scripts make up their own).
inline constexpr std::string_view kErrorStatsDisabled = "ERRORSTATS_DISABLED";

struct WorkerStatistics {
  explicit WorkerStatistics(size_t commands) : per_command(commands) {}

  std::vector<CommandCounters> per_command;  // by CommandInfo::index
  Counter commands_processed, input_bytes, output_bytes, reads, writes;
  Counter error_replies, parked_commands;
  Counter stale_hits;  // CACHE.GET and, with cache-stale-on-get, GET
  Counter query_limit_disconnections, output_limit_disconnections;
  TurnStatistics turns;

  // Error replies by their first word. Rare, so a mutex is fine.
  void CountError(std::string_view error);
  std::map<std::string, uint64_t, std::less<>> Errors() const;
  void Reset();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> errors_;  // at most kErrorKindsMax
  static constexpr size_t kErrorKindsMax = 128;
};

}  // namespace larder
