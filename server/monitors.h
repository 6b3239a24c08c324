// The clients in MONITOR. Thread-safe; without any it costs a relaxed load per command.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/pubsub.h"

namespace larder {

class Monitors {
 public:
  bool any() const { return count_.load(std::memory_order_relaxed) > 0; }
  void Add(Subscriber subscriber);
  void Remove(uint64_t session_id);
  // Sends `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` to all.
  void Feed(int64_t unix_us, int database, std::string_view address,
            std::span<const std::string_view> args);

 private:
  std::atomic<int> count_{0};
  std::mutex mutex_;
  std::vector<Subscriber> subscribers_;
};

// `text` in double quotes with escapes, as redis-cli prints it.
std::string Quoted(std::string_view text);

}  // namespace larder
