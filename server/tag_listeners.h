// CACHE.TRACKTAG: which clients hear of the purges of which tags, over all workers, so that they
// drop what they keep of these tags themselves.
//
// A purge tells while it holds all stripes: nobody can be answered with what was there before it
// and be told of it later than of its own next reply. Every purge of a tag is told, whether an
// entry here carried it or not: a client may keep what was evicted here. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "server/mailbox.h"
#include "storage/string_map.h"

namespace larder {

inline constexpr size_t kListenedTagsMax = 1024;  // of one client

class TagListeners {
 public:
  struct Listener {
    uint64_t session_id;
    Mailbox* mailbox;
  };

  // REQUIRES: the client does not listen for this tag yet.
  void Add(std::string_view tag, Listener listener);
  void Remove(const storage::StringSet& tags, uint64_t session_id);

  bool any() const { return any_.load(std::memory_order_relaxed); }
  void TellPurged(std::span<const std::string_view> tags);
  // All entries are gone: tells each client once.
  void TellFlushed();

 private:
  std::mutex mutex_;
  storage::StringMap<std::vector<Listener>> by_tag_;
  std::atomic<bool> any_{false};
};

}  // namespace larder
