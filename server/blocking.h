// Clients that wait for a key to become ready (BLPOP and its kin), first come first served.
//
// A handler that finds nothing calls CommandContext::Block: its client is entered under each of its
// keys while their stripes are locked. Whoever changes such a key serves its waiters at the end of
// the command, EXEC or script, still holding the stripe, and posts each finished reply to the
// waiter's worker. So nobody can come in between, and a pipelined LPUSH, LLEN sees what Redis would
// show.
//
// A waiter ends exactly once: served, timed out, unblocked or closed, whoever first moves its state
// away from kWaiting. One that ended elsewhere is passed over and swept from the registry: at once,
// or later where a stripe is taken (nobody waits for a stripe to leave a line).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/reply_writer.h"
#include "server/acl/acl_user.h"
#include "server/mailbox.h"
#include "server/stripe_set.h"
#include "storage/key.h"
#include "storage/string_map.h"

namespace larder {

struct CommandContext;

struct Waiter {
  enum class State : uint8_t { kWaiting, kServed, kTimedOut, kUnblocked, kClosed };

  std::atomic<State> state{State::kWaiting};
  uint64_t session_id = 0;
  Mailbox* mailbox = nullptr;
  protocol::Version version = protocol::Version::kResp2;
  int database = 0;
  std::vector<std::string> keys;        // what it waits for, in the order of the command
  std::vector<std::string> other_keys;  // what serving it needs besides (the target of BLMOVE)
  std::vector<size_t> other_stripes;    // theirs
  int64_t deadline_us = 0;              // steady; 0: none
  bool null_array = true;               // how a timeout is answered: *-1 or $-1 …
  std::string timeout_reply;            // … or, where this is not empty, by this
  bool silent = false;                  // its client wants no reply (CLIENT REPLY OFF)
  bool can_be_unblocked = true;         // by CLIENT UNBLOCK
  // It may be served where its key is missing (a lease on it). These stand in front of the others.
  bool wants_missing = false;
  // What its client may do is asked again where the ACL has changed since.
  uint64_t acl_version = 0;
  AclUserPointer user;
  const struct CommandInfo* command = nullptr;
  std::vector<std::string> args;

  // Whether `key` has something for it now. REQUIRES: the key's stripe is locked.
  std::function<bool(CommandContext&, const storage::Key&)> ready;
  // The error that ends its wait when a key of its is gone (a group's reader); null: it waits on.
  std::function<std::string(std::string_view key)> error_when_gone;
  // Takes it and writes the waiter's reply to `ctx.reply`. Called only after `ready`.
  std::function<void(CommandContext&, const storage::Key&)> serve;

  // For what becomes ready as time passes, though nobody changes a key: when its worker shall look
  // again (steady; 0: never), and what says so anew each time that it has looked in vain.
  // REQUIRES: all stripes of its keys are locked.
  int64_t look_again_us = 0;
  std::function<int64_t(CommandContext&)> next_look_us;

  // True for the one caller that ends it.
  bool End(State how) {
    State expected = State::kWaiting;
    return state.compare_exchange_strong(expected, how, std::memory_order_acq_rel);
  }
  bool waiting() const { return state.load(std::memory_order_acquire) == State::kWaiting; }
};

using WaiterPointer = std::shared_ptr<Waiter>;

// The waiters of every key. Counts are thread-safe; the rest REQUIRES the lock of the stripe that
// it names.
class WaiterRegistry {
 public:
  explicit WaiterRegistry(size_t stripes) : stripes_(stripes) {}

  // Whether anybody waits anywhere: one relaxed load.
  bool any() const { return waiters_.load(std::memory_order_relaxed) > 0; }
  int64_t waiters() const { return waiters_.load(std::memory_order_relaxed); }
  int64_t keys() const { return keys_.load(std::memory_order_relaxed); }

  // A client begins or ends to wait, however many keys it names.
  void Began() { waiters_.fetch_add(1, std::memory_order_relaxed); }
  void Ended() { waiters_.fetch_sub(1, std::memory_order_relaxed); }

  void Add(size_t stripe, int database, std::string_view key, WaiterPointer waiter);
  // Drops a waiter that ended from a key's line.
  void Remove(size_t stripe, int database, std::string_view key, const Waiter* waiter);
  // The waiter at `index` in the line of a key, which may have ended; null behind the last. Those
  // at the front that ended are dropped first when `index` is 0.
  WaiterPointer At(size_t stripe, int database, std::string_view key, size_t index);

  // Calls visit(size_t) with every stripe that a waiter of this one needs locked besides.
  template <class Visit>
  void ForOtherStripes(size_t stripe, Visit visit) const {
    for (const auto& [other, waiters] : stripes_[stripe].other_stripes) visit(other);
  }
  // Calls `visit` with every key of a database that somebody waits for. REQUIRES: all stripes are
  // locked.
  void ForKeys(int database, const std::function<void(std::string_view)>& visit) const;

  // ---- leaving lines whose stripes are taken. Thread-safe.
  // Remembers that a waiter which ended is still in its lines.
  void RemoveLater(WaiterPointer waiter);
  bool has_left_over() const { return left_over_count_.load(std::memory_order_relaxed) != 0; }
  std::vector<WaiterPointer> TakeLeftOver();

 private:
  struct Stripe {
    storage::StringMap<std::deque<WaiterPointer>> lines;  // by database number and key
    std::map<size_t, int> other_stripes;                  // how many waiters need which
  };
  using Lines = storage::StringMap<std::deque<WaiterPointer>>;
  static std::string Name(int database, std::string_view key);
  void Drop(Stripe& of, Lines::iterator line, std::deque<WaiterPointer>::iterator waiter);

  std::vector<Stripe> stripes_;
  std::atomic<int64_t> waiters_{0};
  std::atomic<int64_t> keys_{0};
  std::mutex left_over_mutex_;
  std::vector<WaiterPointer> left_over_;
  std::atomic<size_t> left_over_count_{0};
};

}  // namespace larder
