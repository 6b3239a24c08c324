// SLOWLOG: the latest commands that took longer than slowlog-log-slower-than. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

struct SlowEntry {
  int64_t id = 0;
  int64_t unix_seconds = 0;
  int64_t duration_us = 0;
  std::vector<std::string> args;  // shortened as Redis shortens them
  std::string client_address;
  std::string client_name;
};

class SlowLog {
 public:
  static constexpr size_t kArgumentsMax = 32;
  static constexpr size_t kArgumentBytesMax = 128;

  void Add(std::span<const std::string_view> args, int64_t unix_seconds, int64_t duration_us,
           std::string client_address, std::string client_name, size_t entries_max);
  std::vector<SlowEntry> Latest(int64_t count) const;  // newest first; negative: all
  size_t size() const;
  void Reset();

 private:
  mutable std::mutex mutex_;
  std::deque<SlowEntry> entries_;  // newest first
  int64_t next_id_ = 0;
};

}  // namespace larder
