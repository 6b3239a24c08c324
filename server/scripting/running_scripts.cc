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

RunningScripts::KillOutcome RunningScripts::Kill(int64_t now_us) {
  const std::lock_guard lock(mutex_);
  bool unkillable = false;
  bool killed = false;
  for (RunningScript* script : scripts_) {
    if (now_us - script->started_us < kKillAfterUs) continue;
    if (script->wrote.load(std::memory_order_relaxed)) {
      unkillable = true;
    } else {
      script->killed.store(true, std::memory_order_relaxed);
      killed = true;
    }
  }
  if (killed) return KillOutcome::kKilled;
  return unkillable ? KillOutcome::kUnkillable : KillOutcome::kNoneRunning;
}

}  // namespace larder
