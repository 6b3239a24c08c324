// ACL LOG: the latest refusals, the same ones within a minute as one entry. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

enum class AclReason : uint8_t { kCommand, kKey, kChannel, kAuth };
inline constexpr size_t kAclReasons = 4;
std::string_view AclReasonName(AclReason reason);  // "command", "key", "channel", "auth"

enum class AclContext : uint8_t { kTopLevel, kMulti, kScript };
std::string_view AclContextName(AclContext context);  // "toplevel", "multi", "lua"

struct AclLogEntry {
  uint64_t count = 1;
  AclReason reason = AclReason::kCommand;
  AclContext context = AclContext::kTopLevel;
  std::string object;  // the command, key or channel; of a failed login the command's name
  std::string user;
  std::string client;  // its line of CLIENT LIST
  uint64_t id = 0;
  int64_t created_unix_ms = 0;
  int64_t updated_unix_ms = 0;
};

class AclLog {
 public:
  // Names and objects come from clients, and may be as long as a request: so much of them is kept.
  static constexpr size_t kTextBytesMax = 4096;
  static constexpr int64_t kMergedWithinMs = 60'000;
  static constexpr size_t kComparedMax = 10;  // with so many of the latest entries

  // Adds what happened, or counts it with a like entry. `entry.created_unix_ms` is the time.
  void Add(AclLogEntry entry, size_t entries_max);
  std::vector<AclLogEntry> Latest(size_t count) const;  // newest first
  void Reset();

  // How often each reason came up since the start or CONFIG RESETSTAT.
  uint64_t Count(AclReason reason) const {
    return counts_[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
  }
  void ResetCounts();

 private:
  mutable std::mutex mutex_;
  std::deque<AclLogEntry> entries_;  // newest first
  uint64_t next_id_ = 0;
  std::array<std::atomic<uint64_t>, kAclReasons> counts_{};
};

}  // namespace larder
