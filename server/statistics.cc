#include "server/statistics.h"

namespace larder {

void WorkerStatistics::CountError(std::string_view error) {
  error_replies.Add();
  const std::string_view code = error.substr(0, error.find(' '));
  std::lock_guard lock(mutex_);
  if (errors_.contains(kErrorStatsDisabled)) return;
  if (const auto found = errors_.find(code); found != errors_.end()) {
    ++found->second;
    return;
  }
  if (errors_.size() >= kErrorKindsMax) {
    errors_.clear();
    errors_.emplace(kErrorStatsDisabled, 1);
    return;
  }
  errors_.emplace(code, 1);
}

std::map<std::string, uint64_t, std::less<>> WorkerStatistics::Errors() const {
  std::lock_guard lock(mutex_);
  return errors_;
}

void WorkerStatistics::Reset() {
  for (CommandCounters& command : per_command) {
    command.calls.Reset();
    command.ticks.Reset();
    command.rejected.Reset();
    command.failed.Reset();
    if (LatencyHistogram* histogram = command.histogram()) histogram->Reset();
  }
  for (Counter* counter :
       {&commands_processed, &input_bytes, &output_bytes, &reads, &writes, &error_replies,
        &parked_commands, &stale_hits, &query_limit_disconnections, &output_limit_disconnections}) {
    counter->Reset();
  }
  turns.Reset();
  std::lock_guard lock(mutex_);
  errors_.clear();
}

}  // namespace larder
