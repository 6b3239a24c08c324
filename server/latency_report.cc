// What LATENCY GRAPH draws and LATENCY DOCTOR says.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "server/latency_monitor.h"

namespace larder {
namespace {

constexpr size_t kGraphColumns = 80;
constexpr int kGraphRows = 4;
constexpr std::string_view kFill = "_o#";  // the heights within a row; "|" is below a top
constexpr int kHeights = static_cast<int>(kFill.size());

// "12s", "3m", "5h", "2d".
std::string Age(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 24 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / (24 * 3600));
}

struct Column {
  int height;  // from 0 to kGraphRows * kHeights - 1
  std::string label;
};

char Cell(const Column& column, int row) {
  const int height = column.height - (kGraphRows - row - 1) * kHeights;
  if (height < 0) return ' ';
  return height < kHeights ? kFill[static_cast<size_t>(height)] : '|';
}

// The bars, a blank line, the labels from top to bottom.
void Draw(const std::vector<Column>& columns, std::string* graph) {
  size_t label_rows = 0;
  for (const Column& column : columns) label_rows = std::max(label_rows, column.label.size());
  for (int row = 0; row < kGraphRows; ++row) {
    for (const Column& column : columns) *graph += Cell(column, row);
    *graph += '\n';
  }
  *graph += std::string(columns.size(), ' ') + '\n';
  for (size_t row = 0; row < label_rows; ++row) {
    for (const Column& column : columns) {
      *graph += row < column.label.size() ? column.label[row] : ' ';
    }
    *graph += '\n';
  }
}

}  // namespace

std::string LatencyGraph(std::string_view event, const LatencyEvent& history, int64_t now_seconds) {
  const auto [low, high] = std::minmax_element(
      history.samples.begin(), history.samples.end(),
      [](const LatencySample& a, const LatencySample& b) { return a.duration_ms < b.duration_ms; });
  std::string graph = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", event,
                                  high->duration_ms, low->duration_ms, history.longest_ms);
  graph += std::string(kGraphColumns, '-') + '\n';
  const double range =
      std::max<double>(1, static_cast<double>(high->duration_ms - low->duration_ms));
  std::vector<Column> columns;
  for (size_t i = 0; i < history.samples.size(); ++i) {
    if (columns.size() == kGraphColumns) {
      Draw(columns, &graph);
      graph += '\n';
      columns.clear();
    }
    const LatencySample& sample = history.samples[i];
    const auto above = static_cast<double>(sample.duration_ms - low->duration_ms);
    const int steps = kGraphRows * kHeights;
    const int height = std::min(static_cast<int>(above * steps / range), steps - 1);
    columns.push_back({height, Age(std::max<int64_t>(0, now_seconds - sample.unix_seconds))});
  }
  Draw(columns, &graph);
  return graph;
}

namespace {

std::string DescribeEvent(int number, const std::string& name, const LatencyEvent& event,
                          int64_t now_seconds) {
  const auto count = static_cast<int64_t>(event.samples.size());
  int64_t sum = 0, deviation = 0;
  for (const LatencySample& sample : event.samples) sum += sample.duration_ms;
  const int64_t average = sum / count;
  for (const LatencySample& sample : event.samples) {
    deviation += std::abs(sample.duration_ms - average);
  }
  const int64_t since = std::max<int64_t>(1, now_seconds - event.samples.front().unix_seconds);
  return fmt::format(
      "{}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2f} sec). Worst all "
      "time event {}ms.\n",
      number, name, count, average, deviation / count,
      static_cast<double>(since) / static_cast<double>(count), event.longest_ms);
}

}  // namespace

std::string LatencyReport(const std::map<std::string, LatencyEvent>& events, int64_t threshold_ms,
                          int64_t slowlog_us, int64_t now_seconds) {
  if (events.empty() && threshold_ms == 0) {
    return "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis "
           "instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in "
           "order to enable it. If we weren't in a deep space mission I'd suggest to take a look "
           "at https://redis.io/topics/latency-monitor.\n";
  }
  if (events.empty()) {
    return "Dave, no latency spike was observed during the lifetime of this Redis instance, not "
           "in the slightest bit. I honestly think you ought to sit down calmly, take a stress "
           "pill, and think things over.\n";
  }
  std::string report =
      "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about "
      "it, do you Dave?\n\n";
  int number = 0;
  for (const auto& [name, event] : events) {
    report += DescribeEvent(++number, name, event, now_seconds);
  }
  report += "\nI have a few advices for you:\n\n";
  if (slowlog_us < 0 || slowlog_us > threshold_ms * 1000) {
    report += fmt::format(
        "- Your current Slow Log configuration only logs events that are slower than your "
        "configured latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than "
        "{}'.\n",
        threshold_ms * 1000);
  }
  report +=
      "- Check your Slow Log to understand what are the commands you are running which are too "
      "slow to execute. Please check https://redis.io/commands/slowlog for more information.\n";
  return report;
}

}  // namespace larder
