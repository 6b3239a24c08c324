// What SLOWLOG and COMMANDLOG show: the latest commands that took long, or whose request or reply
// was large. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

enum class CommandLogKind : uint8_t { kSlow, kLargeRequest, kLargeReply };
inline constexpr size_t kCommandLogKinds = 3;

struct CommandLogEntry {
  int64_t id = 0;
  int64_t unix_seconds = 0;
  int64_t value = 0;              // microseconds, or bytes
  std::vector<std::string> args;  // shortened as Redis shortens them
  std::string client_address;
  std::string client_name;
};

struct CommandLogLimits {
  size_t entries_max;
  size_t arguments_max;  // of an entry
  size_t argument_bytes_max;
};

class CommandLog {
 public:
  // The entry without its id and arguments, which are given here.
  void Add(CommandLogEntry entry, std::span<const std::string_view> args,
           const CommandLogLimits& limits);
  std::vector<CommandLogEntry> Latest(int64_t count) const;  // newest first; negative: all
  size_t size() const;
  void Reset();  // ids go on

 private:
  mutable std::mutex mutex_;
  std::deque<CommandLogEntry> entries_;  // newest first
  int64_t next_id_ = 0;
};

// One of each kind.
class CommandLogs {
 public:
  CommandLog& operator[](CommandLogKind kind) { return logs_[static_cast<size_t>(kind)]; }

 private:
  std::array<CommandLog, kCommandLogKinds> logs_;
};

// The bytes of a request as clients mostly send it: an array of bulk strings.
size_t RequestBytes(std::span<const std::string_view> args);

}  // namespace larder
