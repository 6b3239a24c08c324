#include "server/latency_monitor.h"

#include <algorithm>
#include <cmath>

namespace larder {

void LatencyMonitor::Add(std::string_view event, int64_t unix_seconds, int64_t duration_ms) {
  std::lock_guard lock(mutex_);
  LatencyEvent& history = events_.try_emplace(std::string(event)).first->second;
  history.longest_ms = std::max(history.longest_ms, duration_ms);
  std::vector<LatencySample>& samples = history.samples;
  if (!samples.empty() && samples.back().unix_seconds == unix_seconds) {
    samples.back().duration_ms = std::max(samples.back().duration_ms, duration_ms);
    return;
  }
  if (samples.size() == kSamplesMax) samples.erase(samples.begin());
  samples.push_back({unix_seconds, duration_ms});
}

std::map<std::string, LatencyEvent> LatencyMonitor::All() const {
  std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

LatencyEvent LatencyMonitor::Find(std::string_view event) const {
  std::lock_guard lock(mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? LatencyEvent() : found->second;
}

bool LatencyMonitor::Reset(std::string_view event) {
  std::lock_guard lock(mutex_);
  const auto found = events_.find(event);
  if (found == events_.end()) return false;
  events_.erase(found);
  return true;
}

size_t LatencyMonitor::ResetAll() {
  std::lock_guard lock(mutex_);
  const size_t count = events_.size();
  events_.clear();
  return count;
}

}  // namespace larder
