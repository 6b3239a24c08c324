// HOTKEYS: which keys take the most CPU time and network traffic, while somebody wants to know.
//
// Each worker counts its own commands into sketches of its own (heavy_hitters.h), which are added
// up when they are read. Nothing is counted, and no memory held, while no session runs or is kept.
//
// Thread-safe. Note takes the worker's own lock, which only readers ever contend for.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/heavy_hitters.h"
#include "server/process_times.h"

namespace larder {

struct HotKeyOptions {
  bool cpu = false;
  bool net = false;
  int64_t count = 10;        // keys of each list
  int64_t duration_ms = 0;   // 0: until it is stopped
  int64_t sample_ratio = 1;  // one command in so many is looked at
};

// What one command took. Its keys share it.
struct HotKeyCost {
  uint64_t ticks = 0;
  uint64_t bytes = 0;
  bool whole = true;  // not part of another that is counted as well (a command inside of EXEC)
};

struct HotKey {
  std::string key;
  uint64_t weight;  // ticks or bytes
};

struct HotKeyReport {
  HotKeyOptions options;
  bool active = false;
  int64_t started_unix_ms = 0;
  int64_t duration_ms = 0;
  ProcessTimes cpu;        // of the process, meanwhile
  uint64_t all_ticks = 0;  // of all commands, with keys or without
  uint64_t all_bytes = 0;
  std::vector<HotKey> by_ticks, by_bytes;  // the heaviest first
};

class HotKeys {
 public:
  static constexpr int64_t kCountMax = 64;
  static constexpr int64_t kDurationSecondsMax = 1'000'000;
  // Longer keys are not followed, so that the sketches stay small.
  static constexpr size_t kKeyBytesMax = 8 * 1024;

  explicit HotKeys(size_t workers);

  // Whether commands are to be noted: one relaxed load.
  bool active() const { return active_.load(std::memory_order_relaxed); }

  bool has_session() const {
    std::lock_guard lock(mutex_);
    return session_.has_value();
  }

  // Begins a session in place of the last one. False while one runs.
  bool Start(const HotKeyOptions& options, int64_t now_ms);
  // Ends the session and keeps what it found. False when none runs.
  bool Stop(int64_t now_ms);
  // Ends the session if its duration has passed.
  void StopIfDue(int64_t now_ms);
  // Forgets what the last session found. False while one runs.
  bool Reset();

  // Of a command that a worker has run.
  void Note(size_t worker, const HotKeyCost& cost, std::span<const std::string_view> keys);

  // What was found so far; nothing without a session since the start or Reset.
  std::optional<HotKeyReport> Report(int64_t now_ms) const;

 private:
  struct alignas(64) Worker {
    mutable std::mutex mutex;
    std::unique_ptr<HeavyHitters> by_ticks, by_bytes;  // null: not wanted
    uint64_t all_ticks = 0, all_bytes = 0;
    uint64_t sample_ratio = 1;
    uint64_t random_state = 0;
  };

  void End(int64_t ended_ms);

  std::atomic<bool> active_{false};
  std::atomic<int64_t> due_ms_{std::numeric_limits<int64_t>::max()};
  mutable std::mutex mutex_;             // of the session; taken before a worker's
  std::optional<HotKeyReport> session_;  // without its lists and sums
  ProcessTimes cpu_at_start_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace larder
