// What a handler gets: its arguments, where its reply goes, the database with the stripes of its
// keys locked, and the rest of the server.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/reply_writer.h"
#include "server/arg_reader.h"
#include "server/command_table.h"
#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/errors.h"
#include "server/notifications.h"
#include "server/session.h"
#include "storage/database.h"

namespace larder {

struct CommandContext {
  Engine& engine;
  Dispatcher& dispatcher;  // the worker's
  Session& session;
  const CommandInfo& command;
  ArgReader args;
  protocol::ReplyWriter& reply;
  storage::Database db;
  const RunScope& scope;

  // The whole keyspace is locked: inside EXEC or a script that took it, or by Flag::kAllStripes.
  bool all_stripes_held() const { return scope.held->all(); }
  bool in_exec() const { return scope.in_exec; }
  bool in_script() const { return scope.in_script; }

  // How reads count: not as uses for a client with CLIENT NO-TOUCH.
  storage::Access read_access() const {
    return session.no_touch ? storage::Access::kCount : storage::Access::kRead;
  }

  // To be called after a key was changed: marks its watchers, tells the clients
  // that cache it and publishes the keyspace event.
  // `event` is Redis's name for it ("set", "del", "expire").
  void Changed(const storage::Key& key, NotifyClass event_class, std::string_view event) {
    db.SignalModified(key);
    session.MarkDirty();
    if (engine.waiters.any()) session.touched_keys.emplace_back(db.index(), key.bytes);
    if (engine.notifications.tracked()) [[unlikely]]
      NoteForCaches(key);
    Notify(event_class, event, key.bytes);
  }
  // Has those served at the command's end who wait for a key that nobody changed: its lease ended.
  void WakeWaiters(const storage::Key& key) {
    if (engine.waiters.any()) session.touched_keys.emplace_back(db.index(), key.bytes);
  }
  // As Changed for a key of another database (MOVE, COPY … DB).
  void ChangedIn(storage::Database& other, const storage::Key& key, NotifyClass event_class,
                 std::string_view event);
  // Publishes a further event of a change that was already signalled.
  void Notify(NotifyClass event_class, std::string_view event, std::string_view key) {
    if (engine.notifications.enabled()) NotifyIn(db.index(), event_class, event, key);
  }

  // True in a script that may start again: it does so now, with all stripes, as what its command is
  // about to do could not be undone. The command then does nothing.
  bool MustStartAgain() const;

  // Makes the client wait for one of `waiter->keys` (its other members are filled in here but for
  // keys, other_keys, null_array, ready and serve); the handler then returns Ok without a reply.
  // `timeout_us` 0: for ever. REQUIRES: !in_exec() && !in_script(); the stripes of all its keys are
  // locked.
  void Block(WaiterPointer waiter, int64_t timeout_us);

  // PUBLISH and SPUBLISH: returns how many get the message.
  int64_t Publish(std::string_view channel, std::string_view message, bool shard);

 private:
  void NoteForCaches(const storage::Key& key);
  void NotifyIn(int database, NotifyClass event_class, std::string_view event,
                std::string_view key);
};

}  // namespace larder
