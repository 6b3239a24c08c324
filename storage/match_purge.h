// A purge of a database's keys by their names, in slices: between two of them it holds no stripe.
//
// It takes every key that was there when it began and whose name it picks, wherever such a key is
// when the walk comes by. What others write under such a name meanwhile is taken or not, as if it
// had come before the purge or after it. An entry cannot slip behind the walk:
//   RENAME, MOVE and COPY take a key that the walk has not yet come to for purged there and then
//   (Database::AboutToMove);
//   SWAPDB: the walk goes on in the tables that it began with, wherever they are now.
//
// Leases on such keys end, and their stale copies go, unless the purge is soft.
//
// Not thread-safe, but for what others are told: it lives on the stack of its command. O(keys).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "storage/key.h"

namespace larder::storage {

class Keyspace;

class MatchPurge {
 public:
  using Picks = std::function<bool(std::string_view key)>;  // called by others too: thread-safe

  // With `soft_until_ms` (Unix time) strings are served stale until then.
  MatchPurge(Keyspace& keyspace, int database, int64_t soft_until_ms, Picks picks);
  ~MatchPurge();
  MatchPurge(const MatchPurge&) = delete;
  MatchPurge& operator=(const MatchPurge&) = delete;

  // Goes on until the deadline, a segment (some 450 keys) at least. Locks one stripe at a time,
  // unless `all_stripes_held`; kBusy when one stayed taken for a while: try again.
  enum class Outcome : uint8_t { kDone, kMoreToDo, kBusy };
  Outcome Slice(int64_t now_ms, std::chrono::steady_clock::time_point deadline,
                bool all_stripes_held);

  uint64_t purged() const { return purged_.load(std::memory_order_relaxed); }

 private:
  friend class Database;
  friend class Keyspace;
  // By others, under the lock of the key's stripe: whether it is to go before it is moved.
  bool Awaits(int database, const Key& key) const;
  void CountPurged(uint64_t keys) { purged_.fetch_add(keys, std::memory_order_relaxed); }
  void FollowSwap(int first, int second);  // REQUIRES: all stripes locked

  Keyspace& keyspace_;
  int database_;  // changed under all stripes, read under any
  const int64_t soft_until_ms_;
  const Picks picks_;
  uint64_t stale_cursor_ = 0;  // of the walk over a stripe's stale copies, after its keys
  // Keys whose hash begins below it have been visited (as Keyspace::Scan's cursors). Changed under
  // the lock of its stripe: so whoever holds a key's stripe knows on which side of it the key is.
  std::atomic<uint64_t> position_{0};
  std::atomic<uint64_t> purged_{0};
};

}  // namespace larder::storage
