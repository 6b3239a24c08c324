#include "server/scripting/running_scripts.h"

#include <algorithm>

namespace larder {

void RunningScripts::Add(RunningScript& script) {
  const std::lock_guard lock(mutex_);
  scripts_.push_back(&script);
}

void RunningScripts::Remove(RunningScript& script) {
  const std::lock_guard lock(mutex_);
  std::erase(scripts_, &script);
}

RunningScripts::KillOutcome RunningScripts::Kill(int64_t now_us, bool functions) {
  const std::lock_guard lock(mutex_);
  KillOutcome outcome = KillOutcome::kNoneRunning;
  for (RunningScript* script : scripts_) {
    if (now_us - script->started_us < kKillAfterUs) continue;
    if ((script->kind != ScriptKind::kEval) != functions) {
      if (outcome == KillOutcome::kNoneRunning) outcome = KillOutcome::kOtherKind;
    } else if (!script->wrote.load(std::memory_order_relaxed)) {
      script->killed.store(true, std::memory_order_relaxed);
      outcome = KillOutcome::kKilled;
    } else if (outcome != KillOutcome::kKilled) {
      outcome = KillOutcome::kUnkillable;
    }
  }
  return outcome;
}

std::optional<RunningScripts::RunningFunction> RunningScripts::OldestFunction() const {
  const std::lock_guard lock(mutex_);
  const RunningScript* oldest = nullptr;
  for (const RunningScript* script : scripts_) {
    if (script->kind != ScriptKind::kFunction) continue;
    if (oldest == nullptr || script->started_us < oldest->started_us) oldest = script;
  }
  if (oldest == nullptr) return std::nullopt;
  return RunningFunction{std::string(oldest->name),
                         {oldest->command.begin(), oldest->command.end()},
                         oldest->started_us};
}

bool RunningScripts::AnyBusy(bool functions) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(scripts_.begin(), scripts_.end(), [&](const RunningScript* script) {
    return (script->kind != ScriptKind::kEval) == functions &&
           script->busy.load(std::memory_order_relaxed);
  });
}

bool RunningScripts::EvalIsBusy() const { return AnyBusy(false); }
bool RunningScripts::FunctionsAloneAreBusy() const { return !AnyBusy(false) && AnyBusy(true); }

}  // namespace larder
