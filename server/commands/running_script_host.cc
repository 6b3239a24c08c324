#include "server/commands/running_script_host.h"

#include <algorithm>

namespace larder {
namespace {

// A script's worker serves its other clients this often, once the script has run so long.
constexpr int64_t kTurnEveryUs = 600;

}  // namespace

RunningScriptHost::RunningScriptHost(CommandContext& ctx, ScriptKind kind, std::string_view name)
    : ctx_(ctx) {
  running_.kind = kind;
  running_.name = name;
  running_.command = ctx.args.all();
  running_.started_us = ctx.engine.clock.SteadyMicros();
  last_turn_us_ = running_.started_us;
  ctx.engine.running_scripts.Add(running_);
  ctx.dispatcher.script_running = true;
}

RunningScriptHost::~RunningScriptHost() {
  ctx_.dispatcher.script_running = false;
  ctx_.engine.running_scripts.Remove(running_);
  if (running_.busy.load(std::memory_order_relaxed)) {
    ctx_.engine.busy_scripts.fetch_sub(1, std::memory_order_relaxed);
  }
}

bool RunningScriptHost::Tick() {
  if (running_.killed.load(std::memory_order_relaxed)) return false;
  const int64_t now_us = ctx_.engine.clock.SteadyMicros();
  if (!running_.busy.load(std::memory_order_relaxed)) {
    const int64_t threshold_ms = ctx_.engine.options.busy_reply_threshold;
    if (threshold_ms > 0 && now_us - running_.started_us > threshold_ms * 1000) {
      running_.busy.store(true, std::memory_order_relaxed);
      ctx_.engine.busy_scripts.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (now_us - last_turn_us_ >= kTurnEveryUs) {
    ctx_.dispatcher.TakeTurn();
    last_turn_us_ = ctx_.engine.clock.SteadyMicros();
  }
  return !running_.killed.load(std::memory_order_relaxed);
}

void RunningScriptHost::Log(int level, std::string_view message) {
  constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kVerbose, LogLevel::kNotice,
                                  LogLevel::kWarning};
  ctx_.engine.log.Log(kLevels[std::clamp(level, 0, 3)], message);
}

}  // namespace larder
