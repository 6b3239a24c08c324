// The scripts that run at the moment, over all workers: for SCRIPT KILL, FUNCTION KILL, FUNCTION
// STATS and the BUSY answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

enum class ScriptKind : uint8_t {
  kEval,
  kFunction,
  kLibrary,  // one that is being loaded
};

// One script in execution. Its worker owns it; the flags are shared.
struct RunningScript {
  ScriptKind kind = ScriptKind::kEval;
  int64_t started_us = 0;                          // steady
  std::string_view name = {};                      // a function's
  std::span<const std::string_view> command = {};  // that runs it
  std::atomic<bool> killed{false};
  std::atomic<bool> wrote{false};
  std::atomic<bool> busy{false};  // longer than busy-reply-threshold
};

// Thread-safe.
class RunningScripts {
 public:
  // A script that runs shorter than this is about to end: SCRIPT KILL leaves it alone.
  static constexpr int64_t kKillAfterUs = 10'000;

  enum class KillOutcome : uint8_t { kKilled, kNoneRunning, kUnkillable, kOtherKind };

  void Add(RunningScript& script);
  void Remove(RunningScript& script);

  // Has every script that has run for kKillAfterUs and written nothing end soon: those of EVAL, or
  // else functions and libraries. `kOtherKind` when only others run.
  KillOutcome Kill(int64_t now_us, bool functions = false);

  struct RunningFunction {
    std::string name;
    std::vector<std::string> command;
    int64_t started_us;
  };
  // The function that has run the longest.
  std::optional<RunningFunction> OldestFunction() const;
  // Whether a script of EVAL is busy.
  bool EvalIsBusy() const;
  // Whether only functions and libraries are.
  bool FunctionsAloneAreBusy() const;

 private:
  bool AnyBusy(bool functions) const;

  mutable std::mutex mutex_;
  std::vector<RunningScript*> scripts_;
};

}  // namespace larder
