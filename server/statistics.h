// Counters for INFO. Each worker has its own and is the only one to write them; any thread may
// read. So an increment is a plain add, and a sum is exact once the workers are quiet.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

// Written by one thread, read by any.
class Counter {
 public:
  void Add(uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }
  void Reset() { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct CommandCounters {
  Counter calls, ticks, rejected, failed;  // ticks: TickClock
};

struct WorkerStatistics {
  explicit WorkerStatistics(size_t commands) : per_command(commands) {}

  std::vector<CommandCounters> per_command;  // by CommandInfo::index
  Counter commands_processed, input_bytes, output_bytes, reads, writes;
  Counter error_replies, dirty_commands, parked_commands;
  Counter query_limit_disconnections, output_limit_disconnections;

  // Error replies by their first word. Rare, so a mutex is fine.
  void CountError(std::string_view error);
  std::map<std::string, uint64_t> Errors() const;
  void Reset();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> errors_;  // at most kErrorKindsMax
  static constexpr size_t kErrorKindsMax = 128;
};

}  // namespace larder
