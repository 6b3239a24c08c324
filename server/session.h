// One client's state: what it has selected, queued, watched and subscribed to, and the replies that
// wait for it. Knows nothing of sockets: a connection or a test owns it and sends its output.
//
// Not thread-safe: it lives on its worker's thread. Others reach it by its id through the worker's
// mailbox.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/output_buffer.h"
#include "protocol/reply_writer.h"
#include "server/acl/acl_user.h"
#include "server/blocking.h"
#include "server/client_record.h"
#include "server/mailbox.h"
#include "server/pubsub.h"
#include "server/status.h"
#include "server/tracking.h"
#include "storage/key.h"
#include "storage/object.h"
#include "storage/string_map.h"
#include "storage/watch.h"

namespace larder {

struct Engine;
class HashFieldsets;

// One command between MULTI and EXEC, with its own copy of the arguments.
struct QueuedCommand {
  const CommandInfo* command;
  std::vector<std::string> args;
};

struct Transaction {
  std::vector<QueuedCommand> commands;
  bool aborted = false;  // a command could not be queued: EXEC answers EXECABORT
  size_t bytes = 0;      // of the commands, about
};

struct WatchedKey {
  int database;
  std::string key;
  uint64_t hash;
};

enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

class Session {
 public:
  Session(Engine& engine, Mailbox& mailbox, std::shared_ptr<ClientRecord> record);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  uint64_t id() const { return record->id; }
  Mailbox& mailbox() { return mailbox_; }

  // ---- replies
  protocol::OutputBuffer output;
  protocol::ReplyWriter reply;  // into `output`
  ReplyMode reply_mode = ReplyMode::kOn;
  bool close_after_reply = false;  // QUIT, a protocol error

  // Called when output was added outside of a command of its own (a push): have it sent.
  virtual void OutputReady() {}
  // Writes a push as this client's protocol has it.
  void Deliver(const PushMessage& message);

  // ---- identity
  std::shared_ptr<ClientRecord> record;
  bool authenticated = false;
  // As it was when last looked at; null once it is deleted.
  AclUserPointer user;
  // Whether the user was free to do everything at this version of the ACL: the one thing that the
  // hot path asks.
  bool Unrestricted(uint64_t acl_version) const { return unrestricted_at_ == acl_version; }
  // The user as the ACL has it now; null when it was deleted: the client is being closed.
  const AclUser* LatestUser();
  // The version of the ACL at which the user was looked at.
  uint64_t user_seen_at() const { return user_seen_at_; }
  void LogIn(AclUserPointer as);
  // What a new client is: `default`, logged in where that takes no password.
  void LogOut();
  // Whether the user may use what this client is subscribed to.
  bool MayKeepSubscriptions();
  int database = 0;
  bool no_touch = false;
  bool monitor = false;
  bool from_loopback = true;

  void SelectDatabase(int index) {
    database = index;
    record->database.store(index, std::memory_order_relaxed);
  }
  void SetProtocol(protocol::Version version);

  // ---- transactions
  std::unique_ptr<Transaction> transaction;  // between MULTI and EXEC
  std::vector<WatchedKey> watched;
  storage::WatchMark watch_dirty{false};
  bool in_multi() const { return transaction != nullptr; }
  void DropTransaction();              // DISCARD, and after EXEC; keeps watches
  bool unwatch_after_command = false;  // while its stripes are still locked

  // ---- subscriptions
  storage::StringSet& subscriptions(ChannelKind kind) {
    return subscriptions_[static_cast<size_t>(kind)];
  }
  // Adds or removes one, also in the registry. False when there was nothing to do.
  bool Subscribe(ChannelKind kind, std::string_view channel);
  bool Unsubscribe(ChannelKind kind, std::string_view channel);
  void UnsubscribeAll();
  int64_t subscription_count() const {  // channels and patterns, as replies count them
    return static_cast<int64_t>(subscriptions_[0].size() + subscriptions_[1].size());
  }
  int64_t shard_subscription_count() const {
    return static_cast<int64_t>(subscriptions_[2].size());
  }
  // RESP2 clients with subscriptions may only run a few commands.
  bool in_subscriber_mode() const {
    return subscribed_ && reply.version() == protocol::Version::kResp2;
  }

  // The next run of the parked script takes all stripes: it reached a key that it had not declared.
  bool script_needs_all_stripes = false;

  // The memory that a large argument of the running command lies in, if the command may keep it:
  // the argument stays where it is. Null when it should be copied. To be freed with free().
  virtual void* TakeArgumentMemory(std::string_view /*argument*/) { return nullptr; }
  // Keeps what was made of it alive to the command's end: SLOWLOG may still read the argument.
  storage::Ref<storage::Object> kept_argument;

  // What it waits for in a blocking command; null when it does not.
  std::shared_ptr<Waiter> waiter;
  // Ends the wait with a finished reply. Called on this session's thread.
  void EndWait(std::string_view encoded_reply);
  virtual void WaitEnded(const Waiter& /*ended*/) {}
  // Nobody shall serve it any more: the connection ends.
  void CancelWait();

  // Keys that the running command changed while somebody waits for keys: their waiters are served
  // at its end.
  std::vector<std::pair<int, std::string>> touched_keys;

  // Client-side caching (client_side_caching.h). The duties are all that a command looks at; the
  // changed keys are those that clients in BCAST mode are to hear of at its end.
  uint8_t tracking_duties = 0;
  std::vector<std::string> changed_keys;
  std::unique_ptr<ClientTracking> tracking;  // null: off

  // The tags whose purges it hears of (tag_listeners.h).
  storage::StringSet listened_tags;
  void StopListeningForTags();

  // What it has prepared with HIMPORT; null: nothing ever.
  std::unique_ptr<HashFieldsets> fieldsets;

  // While a reply of several parts is under way (EXEC's), what arrives from others waits for its
  // end.
  void BeginParts() { in_parts_ = true; }
  void EndParts();

  // Marks that the running command changed data (for rdb_changes_since_last_save, SLOWLOG …).
  void MarkDirty() { ++changes; }
  uint64_t changes = 0;

  // RESET. REQUIRES: a command with Flag::kUnwatches runs.
  void Reset();

 private:
  bool WriteTagPurge(const PushMessage& message);
  void CountSubscriptions();

  Engine& engine_;
  Mailbox& mailbox_;
  uint64_t user_seen_at_ = 0;     // version of the ACL
  uint64_t unrestricted_at_ = 0;  // likewise; 0: never
  storage::StringSet subscriptions_[3];
  bool subscribed_ = false;  // to anything
  bool in_parts_ = false;
  std::vector<PushMessage> kept_messages_;
};

}  // namespace larder
