// The scripts that run at the moment, over all workers: for SCRIPT KILL and the BUSY answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace larder {

// One script in execution. Its worker owns it; the flags are shared.
struct RunningScript {
  int64_t started_us = 0;  // steady
  std::atomic<bool> killed{false};
  std::atomic<bool> wrote{false};
};

// Thread-safe.
class RunningScripts {
 public:
  // A script that runs shorter than this is about to end: SCRIPT KILL leaves it alone.
  static constexpr int64_t kKillAfterUs = 10'000;

  enum class KillOutcome : uint8_t { kKilled, kNoneRunning, kUnkillable };

  void Add(RunningScript& script);
  void Remove(RunningScript& script);

  // Has every script that has run for kKillAfterUs and written nothing end soon.
  KillOutcome Kill(int64_t now_us);

 private:
  std::mutex mutex_;
  std::vector<RunningScript*> scripts_;
};

}  // namespace larder
