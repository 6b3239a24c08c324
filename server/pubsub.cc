#include "server/pubsub.h"

#include <algorithm>

#include "storage/glob.h"

namespace larder {

void PubSub::Subscribe(ChannelKind kind, std::string_view channel, Subscriber subscriber) {
  std::lock_guard lock(mutex_);
  table(kind)[std::string(channel)].push_back(subscriber);
}

void PubSub::Unsubscribe(ChannelKind kind, std::string_view channel, uint64_t session_id) {
  std::lock_guard lock(mutex_);
  const auto found = table(kind).find(channel);
  if (found == table(kind).end()) return;
  std::erase_if(found->second,
                [&](const Subscriber& subscriber) { return subscriber.session_id == session_id; });
  if (found->second.empty()) table(kind).erase(found);
}

int64_t PubSub::Send(const std::vector<Subscriber>& to, PushMessage message) {
  const auto shared = std::make_shared<const PushMessage>(std::move(message));
  for (const Subscriber& subscriber : to) subscriber.mailbox->Push(subscriber.session_id, shared);
  return static_cast<int64_t>(to.size());
}

int64_t PubSub::Publish(std::string_view channel, std::string_view payload) {
  std::lock_guard lock(mutex_);
  int64_t receivers = 0;
  const Table& channels = table(ChannelKind::kChannel);
  if (const auto found = channels.find(channel); found != channels.end()) {
    receivers +=
        Send(found->second,
             {PushMessage::Kind::kMessage, {}, std::string(channel), std::string(payload)});
  }
  for (const auto& [pattern, subscribers] : table(ChannelKind::kPattern)) {
    if (!storage::GlobMatch(pattern, channel)) continue;
    receivers += Send(subscribers, {PushMessage::Kind::kPatternMessage, pattern,
                                    std::string(channel), std::string(payload)});
  }
  return receivers;
}

int64_t PubSub::PublishShard(std::string_view channel, std::string_view payload) {
  std::lock_guard lock(mutex_);
  const Table& channels = table(ChannelKind::kShard);
  const auto found = channels.find(channel);
  if (found == channels.end()) return 0;
  return Send(found->second,
              {PushMessage::Kind::kShardMessage, {}, std::string(channel), std::string(payload)});
}

int64_t PubSub::ReceiverCount(std::string_view channel, bool shard) const {
  std::lock_guard lock(mutex_);
  const Table& channels = table(shard ? ChannelKind::kShard : ChannelKind::kChannel);
  const auto found = channels.find(channel);
  int64_t receivers = found == channels.end() ? 0 : static_cast<int64_t>(found->second.size());
  if (shard) return receivers;
  for (const auto& [pattern, subscribers] : table(ChannelKind::kPattern)) {
    if (storage::GlobMatch(pattern, channel)) receivers += static_cast<int64_t>(subscribers.size());
  }
  return receivers;
}

std::vector<std::string> PubSub::Channels(ChannelKind kind,
                                          std::optional<std::string_view> pattern) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> channels;
  for (const auto& [channel, subscribers] : table(kind)) {
    if (!pattern || storage::GlobMatch(*pattern, channel)) channels.push_back(channel);
  }
  return channels;
}

int64_t PubSub::SubscriberCount(ChannelKind kind, std::string_view channel) const {
  std::lock_guard lock(mutex_);
  const auto found = table(kind).find(channel);
  return found == table(kind).end() ? 0 : static_cast<int64_t>(found->second.size());
}

int64_t PubSub::PatternCount() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(table(ChannelKind::kPattern).size());
}

int64_t PubSub::ChannelCount(ChannelKind kind) const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(table(kind).size());
}

}  // namespace larder
