#include "server/command_context.h"

#include "server/client_side_caching.h"

namespace larder {

void CommandContext::ChangedIn(storage::Database& other, const storage::Key& key,
                               NotifyClass event_class, std::string_view event) {
  other.SignalModified(key);
  session.MarkDirty();
  if (engine.waiters.any()) session.touched_keys.emplace_back(other.index(), key.bytes);
  if (engine.notifications.tracked()) NoteForCaches(key);
  if (engine.notifications.enabled()) NotifyIn(other.index(), event_class, event, key.bytes);
}

void CommandContext::NoteForCaches(const storage::Key& key) {
  NoteChangedKey(engine, session, key);
}

void CommandContext::NotifyIn(int database, NotifyClass event_class, std::string_view event,
                              std::string_view key) {
  if (scope.effects != nullptr) {
    scope.effects->push_back(
        {Effect::Kind::kEvent, event_class, database, std::string(event), std::string(key)});
  } else {
    engine.notifications.Publish(event_class, event, database, key);
  }
}

bool CommandContext::MustStartAgain() const {
  if (scope.undo == nullptr) return false;
  scope.undo->Refuse();
  return true;
}

void CommandContext::Block(WaiterPointer waiter, int64_t timeout_us) {
  waiter->session_id = session.id();
  waiter->mailbox = &session.mailbox();
  waiter->version = session.reply.version();
  waiter->database = db.index();
  waiter->acl_version = session.user_seen_at();
  waiter->user = session.user;
  waiter->command = &command;
  waiter->args.assign(args.all().begin(), args.all().end());
  if (timeout_us > 0) waiter->deadline_us = engine.clock.SteadyMicros() + timeout_us;
  for (const std::string& name : waiter->other_keys) {
    waiter->other_stripes.push_back(engine.keyspace.StripeOf(db.HashedKey(name).hash));
  }
  engine.waiters.Began();
  for (const std::string& name : waiter->keys) {
    const storage::Key key = db.HashedKey(name);
    engine.waiters.Add(engine.keyspace.StripeOf(key.hash), db.index(), name, waiter);
  }
  session.waiter = std::move(waiter);
  {
    std::lock_guard lock(session.record->mutex);
    session.record->waiter = session.waiter;
  }
  session.record->SetFlag(ClientFlag::kBlocked, true);
}

int64_t CommandContext::Publish(std::string_view channel, std::string_view message, bool shard) {
  if (scope.effects != nullptr) {
    scope.effects->push_back({shard ? Effect::Kind::kShardPublish : Effect::Kind::kPublish,
                              NotifyClass::kGeneric, 0, std::string(channel),
                              std::string(message)});
    return engine.pubsub.ReceiverCount(channel, shard);
  }
  return shard ? engine.pubsub.PublishShard(channel, message)
               : engine.pubsub.Publish(channel, message);
}

}  // namespace larder
