#include "server/session.h"

#include "server/acl/acl_check.h"
#include "server/client_side_caching.h"
#include "server/engine.h"
#include "server/hash_fieldsets.h"
#include "server/waiting.h"
#include "server/watching.h"

namespace larder {
namespace {

constexpr std::string_view kTrackTag = "cache.tracktag";

}  // namespace

Session::Session(Engine& engine, Mailbox& mailbox, std::shared_ptr<ClientRecord> client_record)
    : reply(output), record(std::move(client_record)), engine_(engine), mailbox_(mailbox) {
  LogOut();
}

Session::~Session() {
  if (waiter != nullptr) {
    CancelWait();
    LeaveLines(engine_, waiter);
  }
  UnsubscribeAll();
  StopTracking(engine_, *this);
  StopListeningForTags();
  if (monitor) engine_.monitors.Remove(id());
  UnwatchAll(engine_, *this);
}

void Session::CancelWait() {
  if (waiter != nullptr && waiter->End(Waiter::State::kClosed)) engine_.waiters.Ended();
}

void Session::EndWait(std::string_view encoded_reply) {
  if (waiter == nullptr) return;
  LeaveLines(engine_, waiter);
  const WaiterPointer ended = std::move(waiter);
  waiter = nullptr;
  record->SetFlag(ClientFlag::kBlocked, false);
  {
    std::lock_guard lock(record->mutex);
    record->waiter.reset();
  }
  if (!ended->silent) reply.Raw(encoded_reply);
  WaitEnded(*ended);
  OutputReady();
}

const AclUser* Session::LatestUser() {
  const uint64_t version = engine_.acl.version();
  if (user_seen_at_ == version) return user.get();
  if (user != nullptr) user = engine_.acl.Latest(*user);
  user_seen_at_ = version;
  unrestricted_at_ = authenticated && user != nullptr && user->unrestricted() ? version : 0;
  return user.get();
}

void Session::LogIn(AclUserPointer as) {
  authenticated = true;
  user = std::move(as);
  user_seen_at_ = unrestricted_at_ = 0;
  std::lock_guard lock(record->mutex);
  record->user = user->name;
}

void Session::LogOut() {
  LogIn(engine_.acl.Default());
  authenticated = engine_.acl.default_is_open();
}

bool Session::MayKeepSubscriptions() {
  if (!subscribed_) return true;
  if (LatestUser() == nullptr) return false;
  for (const ChannelKind kind :
       {ChannelKind::kChannel, ChannelKind::kPattern, ChannelKind::kShard}) {
    for (const std::string& channel : subscriptions(kind)) {
      if (!user->AllowsChannel(channel, kind == ChannelKind::kPattern)) return false;
    }
  }
  return true;
}

void Session::SetProtocol(protocol::Version version) {
  reply.set_version(version);
  record->protocol.store(static_cast<int>(version), std::memory_order_relaxed);
}

void Session::DropTransaction() {
  transaction.reset();
  record->SetFlag(ClientFlag::kTransaction, false);
  record->queued_commands.store(-1, std::memory_order_relaxed);
  record->queue_bytes.store(0, std::memory_order_relaxed);
}

void Session::Deliver(const PushMessage& message) {
  using Kind = PushMessage::Kind;
  if (record->killed.load(std::memory_order_relaxed) || close_after_reply) return;
  if (in_parts_) {
    kept_messages_.push_back(message);
    return;
  }
  switch (message.kind) {
    case Kind::kReply:
      EndWait(message.payload);
      return;
    case Kind::kRightsChanged:
      if (!MayKeepSubscriptions()) ClientRegistry::Kill(record);
      return;
    case Kind::kMonitorLine:
      if (!monitor) return;
      reply.Simple(message.payload);
      break;
    case Kind::kMessage:
    case Kind::kShardMessage: {
      const bool shard = message.kind == Kind::kShardMessage;
      const auto& channels = subscriptions(shard ? ChannelKind::kShard : ChannelKind::kChannel);
      if (!channels.contains(message.channel)) return;  // unsubscribed while it was under way
      reply.Push(3);
      reply.Bulk(shard ? "smessage" : "message");
      reply.Bulk(message.channel);
      reply.Bulk(message.payload);
      break;
    }
    case Kind::kInvalidate:
    case Kind::kInvalidateBroadcast:
    case Kind::kInvalidateAll:
    case Kind::kRedirectedInvalidation:
      if (!ReceiveInvalidation(engine_, *this, message)) return;
      break;
    case Kind::kTagPurged:
    case Kind::kTagsFlushed:
      if (!WriteTagPurge(message)) return;
      break;
    case Kind::kPatternMessage:
      if (!subscriptions(ChannelKind::kPattern).contains(message.pattern)) return;
      reply.Push(4);
      reply.Bulk("pmessage");
      reply.Bulk(message.pattern);
      reply.Bulk(message.channel);
      reply.Bulk(message.payload);
      break;
  }
  OutputReady();
}

// A tag whose purge was under way when it stopped listening, or lost the right to read it, is of no
// interest any more.
bool Session::WriteTagPurge(const PushMessage& message) {
  const bool all = message.kind == PushMessage::Kind::kTagsFlushed;
  if (reply.version() != protocol::Version::kResp3 || listened_tags.empty()) return false;
  if (!all && !listened_tags.contains(message.payload)) return false;
  if (LatestUser() == nullptr) return false;
  if (!all && user->looks_at_keys()) {
    const std::string_view args[] = {kTrackTag, message.payload};
    if (!CheckAcl(*user, *engine_.commands.FindByName(kTrackTag), args).allowed()) return false;
  }
  reply.Push(2);
  reply.Bulk("invalidate-tag");
  if (all) {
    reply.Null();
  } else {
    reply.Bulk(message.payload);
  }
  return true;
}

void Session::StopListeningForTags() {
  engine_.tag_listeners.Remove(listened_tags, id());
  listened_tags.clear();
}

void Session::EndParts() {
  in_parts_ = false;
  for (const PushMessage& message : std::exchange(kept_messages_, {})) Deliver(message);
}

bool Session::Subscribe(ChannelKind kind, std::string_view channel) {
  if (!subscriptions(kind).emplace(channel).second) return false;
  engine_.pubsub.Subscribe(kind, channel, {id(), &mailbox_});
  CountSubscriptions();
  return true;
}

bool Session::Unsubscribe(ChannelKind kind, std::string_view channel) {
  const auto found = subscriptions(kind).find(channel);
  if (found == subscriptions(kind).end()) return false;
  engine_.pubsub.Unsubscribe(kind, *found, id());
  subscriptions(kind).erase(found);
  CountSubscriptions();
  return true;
}

void Session::UnsubscribeAll() {
  for (const ChannelKind kind :
       {ChannelKind::kChannel, ChannelKind::kPattern, ChannelKind::kShard}) {
    for (const std::string& channel : subscriptions(kind)) {
      engine_.pubsub.Unsubscribe(kind, channel, id());
    }
    subscriptions(kind).clear();
  }
  CountSubscriptions();
}

void Session::CountSubscriptions() {
  const auto count = [this](ChannelKind kind) {
    return static_cast<int>(subscriptions(kind).size());
  };
  record->subscriptions.store(count(ChannelKind::kChannel), std::memory_order_relaxed);
  record->pattern_subscriptions.store(count(ChannelKind::kPattern), std::memory_order_relaxed);
  record->shard_subscriptions.store(count(ChannelKind::kShard), std::memory_order_relaxed);
  subscribed_ = subscription_count() + shard_subscription_count() > 0;
  record->SetFlag(ClientFlag::kPubSub, subscribed_);
}

void Session::Reset() {
  DropTransaction();
  unwatch_after_command = true;
  UnsubscribeAll();
  StopTracking(engine_, *this);
  StopListeningForTags();
  fieldsets.reset();
  if (monitor) engine_.monitors.Remove(id());
  monitor = false;
  no_touch = false;
  reply_mode = ReplyMode::kOn;
  SelectDatabase(0);
  SetProtocol(protocol::Version::kResp2);
  record->flags.fetch_and(ClientFlag::kUnixSocket, std::memory_order_relaxed);
  LogOut();
  std::lock_guard lock(record->mutex);
  record->name.clear();
}

}  // namespace larder
