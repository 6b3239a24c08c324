#include "server/command_context.h"

namespace larder {

void CommandContext::ChangedIn(storage::Database& other, const storage::Key& key,
                               NotifyClass event_class, std::string_view event) {
  other.SignalModified(key);
  session.MarkDirty();
  if (engine.notifications.enabled()) NotifyIn(other.index(), event_class, event, key.bytes);
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
