// What SLOWLOG, COMMANDLOG, LATENCY and HOTKEYS hear of the commands that have run.
#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/redaction.h"
#include "server/session.h"

namespace larder {
namespace {

// No size reaches it where the threshold is negative.
size_t SizeThreshold(int64_t option) { return option < 0 ? SIZE_MAX : static_cast<size_t>(option); }

// `positions` is memory to use.
std::vector<std::string_view> KeysOf(const PreparedCommand& command, std::vector<int>* positions) {
  positions->clear();
  CommandTable::KeyPositions(*command.info, command.args, positions);
  std::vector<std::string_view> keys;
  for (const int position : *positions) keys.push_back(command.args[static_cast<size_t>(position)]);
  return keys;
}

}  // namespace

void Dispatcher::UpdateThresholds() {
  const LiveOptions& options = engine_.options;
  large_request_bytes_ = SizeThreshold(options.commandlog_request_larger_than);
  large_reply_bytes_ = SizeThreshold(options.commandlog_reply_larger_than);
  const int64_t slowlog_us = options.slowlog_log_slower_than;
  const int64_t latency_ms = options.latency_monitor_threshold;
  if (slowlog_us != slowlog_us_ || latency_ms != latency_ms_) {
    slowlog_us_ = slowlog_us;
    latency_ms_ = latency_ms;
    slow_ticks_ = UINT64_MAX;
    if (slowlog_us >= 0) slow_ticks_ = ticks_.FromMicros(slowlog_us);
    if (latency_ms > 0) slow_ticks_ = std::min(slow_ticks_, ticks_.FromMicros(latency_ms * 1000));
  }
  observed_ticks_ = slow_ticks_;
  if (engine_.hot_keys.active()) {
    engine_.hot_keys.StopIfDue(now_ms_);
    observed_ticks_ = 0;
  }
}

void Dispatcher::Observe(Session& session, const PreparedCommand& command,
                         const CommandCost& cost) {
  if (engine_.hot_keys.active()) NoteHotKeys(command, cost);
  if (cost.ticks >= slow_ticks_) NoteSlow(session, command, cost.ticks);
  if ((command.info->flags & Flag::kSkipSlowlog) != 0) return;
  if (cost.reply_bytes >= large_reply_bytes_) {
    Log(CommandLogKind::kLargeReply, session, command, static_cast<int64_t>(cost.reply_bytes),
        engine_.options.commandlog_large_reply_max_len);
  }
  if (cost.request_bytes < large_request_bytes_) return;
  if (const size_t exact = RequestBytes(command.args); exact >= large_request_bytes_) {
    Log(CommandLogKind::kLargeRequest, session, command, static_cast<int64_t>(exact),
        engine_.options.commandlog_large_request_max_len);
  }
}

void Dispatcher::NoteSlow(Session& session, const PreparedCommand& command, uint64_t ticks) {
  const int64_t duration_us = ticks_.ToMicros(ticks);
  UpdateTime();  // it took long enough for the time to be stale
  if (latency_ms_ > 0 && duration_us >= latency_ms_ * 1000) {
    const bool fast = (command.info->flags & Flag::kFast) != 0;
    engine_.latency.Add(fast ? "fast-command" : "command", now_us_ / 1'000'000, duration_us / 1000);
  }
  if (slowlog_us_ < 0 || ticks < ticks_.FromMicros(slowlog_us_)) return;
  if ((command.info->flags & Flag::kSkipSlowlog) != 0) return;
  Log(CommandLogKind::kSlow, session, command, duration_us, engine_.options.slowlog_max_len);
}

void Dispatcher::Log(CommandLogKind kind, Session& session, const PreparedCommand& command,
                     int64_t value, int64_t entries_max) {
  CommandLogEntry entry{.unix_seconds = now_us_ / 1'000'000,
                        .value = value,
                        .client_address = session.record->address};
  {
    std::lock_guard lock(session.record->mutex);
    entry.client_name = session.record->name;
  }
  const LiveOptions& options = engine_.options;
  engine_.command_logs[kind].Add(
      std::move(entry), Redacted(*command.info, command.args),
      {.entries_max = static_cast<size_t>(entries_max),
       .arguments_max = static_cast<size_t>(options.slowlog_entry_max_argc.Get()),
       .argument_bytes_max = static_cast<size_t>(options.slowlog_entry_max_string_len.Get())});
}

// A script counts with the keys that it declares here, too.
void Dispatcher::SampleHotKeys(const PreparedCommand& command, const CommandCost& cost) {
  const uint32_t ratio = hot_ratio_;
  const uint64_t passed = last_ticks_ - std::exchange(hot_ticks_, last_ticks_);
  hot_ratio_ = HotSample::NextRatio(ratio, ticks_.ToMicros(passed));
  hot_distance_ = HotSample::NextDistance(hot_ratio_, last_ticks_);
  if (cost.place == CommandCost::Place::kInScript) return;
  const std::vector<std::string_view> keys = KeysOf(command, &positions_);
  if (keys.empty()) return;
  engine_.hot_sample.Note(static_cast<size_t>(worker_), keys, ratio, now_ms_);
}

// A script counts with the keys that it declares, as one command; its calls are part of it.
void Dispatcher::NoteHotKeys(const PreparedCommand& command, const CommandCost& cost) {
  if (cost.place == CommandCost::Place::kInScript) return;
  const std::vector<std::string_view> keys = KeysOf(command, &positions_);
  engine_.hot_keys.Note(static_cast<size_t>(worker_),
                        {.ticks = cost.ticks,
                         .bytes = RequestBytes(command.args) + cost.reply_bytes,
                         .whole = cost.place == CommandCost::Place::kTopLevel},
                        keys);
}

}  // namespace larder
