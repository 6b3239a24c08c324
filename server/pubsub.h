// Who listens to which channels and patterns, over all workers.
//
// Thread-safe: one lock, held while a message is put into its receivers' mailboxes, so that all
// receivers of a channel see its messages in the same order.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/mailbox.h"
#include "storage/string_map.h"

namespace larder {

enum class ChannelKind : uint8_t { kChannel, kPattern, kShard };

struct Subscriber {
  uint64_t session_id;
  Mailbox* mailbox;
};

class PubSub {
 public:
  // The caller keeps its own list of what it is subscribed to (Session::subscriptions) and
  // subscribes only once to each.
  void Subscribe(ChannelKind kind, std::string_view channel, Subscriber subscriber);
  void Unsubscribe(ChannelKind kind, std::string_view channel, uint64_t session_id);

  // Returns how many clients get the message (a client once per matching subscription).
  int64_t Publish(std::string_view channel, std::string_view payload);
  int64_t PublishShard(std::string_view channel, std::string_view payload);

  // How many would get a message now.
  int64_t ReceiverCount(std::string_view channel, bool shard) const;

  // Channels with subscribers that match `pattern` (all without one).
  std::vector<std::string> Channels(ChannelKind kind,
                                    std::optional<std::string_view> pattern) const;
  int64_t SubscriberCount(ChannelKind kind, std::string_view channel) const;
  int64_t PatternCount() const;
  int64_t ChannelCount(ChannelKind kind) const;

 private:
  using Table = storage::StringMap<std::vector<Subscriber>>;
  Table& table(ChannelKind kind) { return tables_[static_cast<size_t>(kind)]; }
  const Table& table(ChannelKind kind) const { return tables_[static_cast<size_t>(kind)]; }
  static int64_t Send(const std::vector<Subscriber>& to, PushMessage message);

  mutable std::mutex mutex_;
  Table tables_[3];
};

}  // namespace larder
