// LATENCY: events that took longer than latency-monitor-threshold, by name. Thread-safe; called
// only where something was slow.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

struct LatencySample {
  int64_t unix_seconds = 0;
  int64_t duration_ms = 0;  // the longest of that second
};

struct LatencyEvent {
  std::vector<LatencySample> samples;  // oldest first; never empty
  int64_t longest_ms = 0;
};

class LatencyMonitor {
 public:
  static constexpr size_t kSamplesMax = 160;  // of an event, as Redis keeps them

  void Add(std::string_view event, int64_t unix_seconds, int64_t duration_ms);
  std::map<std::string, LatencyEvent> All() const;
  LatencyEvent Find(std::string_view event) const;  // without samples when there is none
  bool Reset(std::string_view event);               // false when there was none
  size_t ResetAll();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LatencyEvent, std::less<>> events_;
};

// The rows of a graph over the samples, each labelled with its age; see LATENCY GRAPH.
std::string LatencyGraph(std::string_view event, const LatencyEvent& history, int64_t now_seconds);

// LATENCY DOCTOR's report. `slowlog_us` is slowlog-log-slower-than.
std::string LatencyReport(const std::map<std::string, LatencyEvent>& events, int64_t threshold_ms,
                          int64_t slowlog_us, int64_t now_seconds);

}  // namespace larder
