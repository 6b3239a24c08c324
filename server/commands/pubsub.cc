// Publish and subscribe: channels, patterns, shard channels.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace larder {
namespace {

std::string_view Verb(ChannelKind kind, bool subscribe) {
  constexpr std::string_view kVerbs[3][2] = {
      {"unsubscribe", "subscribe"}, {"punsubscribe", "psubscribe"}, {"sunsubscribe", "ssubscribe"}};
  return kVerbs[static_cast<size_t>(kind)][subscribe ? 1 : 0];
}

int64_t Count(const Session& session, ChannelKind kind) {
  return kind == ChannelKind::kShard ? session.shard_subscription_count()
                                     : session.subscription_count();
}

Status SubscribeAll(CommandContext& ctx, ChannelKind kind) {
  while (ctx.args.HasMore()) {
    const std::string_view channel = ctx.args.Next();
    ctx.session.Subscribe(kind, channel);
    ctx.reply.Push(3);
    ctx.reply.Bulk(Verb(kind, true));
    ctx.reply.Bulk(channel);
    ctx.reply.Integer(Count(ctx.session, kind));
  }
  return Ok();
}

void ReplyUnsubscribed(CommandContext& ctx, ChannelKind kind, std::string_view channel) {
  ctx.session.Unsubscribe(kind, channel);
  ctx.reply.Push(3);
  ctx.reply.Bulk(Verb(kind, false));
  ctx.reply.Bulk(channel);
  ctx.reply.Integer(Count(ctx.session, kind));
}

Status UnsubscribeFrom(CommandContext& ctx, ChannelKind kind) {
  if (ctx.args.HasMore()) {
    while (ctx.args.HasMore()) ReplyUnsubscribed(ctx, kind, ctx.args.Next());
    return Ok();
  }
  const auto& subscribed = ctx.session.subscriptions(kind);
  const std::vector<std::string> channels(subscribed.begin(), subscribed.end());
  for (const std::string& channel : channels) ReplyUnsubscribed(ctx, kind, channel);
  if (channels.empty()) {
    ctx.reply.Push(3);
    ctx.reply.Bulk(Verb(kind, false));
    ctx.reply.Null();
    ctx.reply.Integer(Count(ctx.session, kind));
  }
  return Ok();
}

Status Subscribe(CommandContext& ctx) { return SubscribeAll(ctx, ChannelKind::kChannel); }
Status Psubscribe(CommandContext& ctx) { return SubscribeAll(ctx, ChannelKind::kPattern); }
Status Ssubscribe(CommandContext& ctx) { return SubscribeAll(ctx, ChannelKind::kShard); }
Status Unsubscribe(CommandContext& ctx) { return UnsubscribeFrom(ctx, ChannelKind::kChannel); }
Status Punsubscribe(CommandContext& ctx) { return UnsubscribeFrom(ctx, ChannelKind::kPattern); }
Status Sunsubscribe(CommandContext& ctx) { return UnsubscribeFrom(ctx, ChannelKind::kShard); }

Status PublishTo(CommandContext& ctx, bool shard) {
  const std::string_view channel = ctx.args.Next();
  const std::string_view message = ctx.args.Next();
  const int64_t receivers = ctx.Publish(channel, message, shard);
  // A client that publishes to itself gets the message before the count, as in Redis.
  if (!ctx.in_exec() && !ctx.in_script()) ctx.dispatcher.DeliverMessages();
  ctx.reply.Integer(receivers);
  return Ok();
}

Status Publish(CommandContext& ctx) { return PublishTo(ctx, false); }
Status Spublish(CommandContext& ctx) { return PublishTo(ctx, true); }

Status ListChannels(CommandContext& ctx, ChannelKind kind) {
  // No pattern is not the same as "*", which (as in Redis) leaves out the empty name.
  std::optional<std::string_view> pattern;
  if (ctx.args.HasMore()) pattern = ctx.args.Next();
  if (ctx.args.HasMore()) return Error(errors::BadSubcommand("pubsub", ctx.args.all()[1]));
  const auto channels = ctx.engine.pubsub.Channels(kind, pattern);
  ctx.reply.Array(static_cast<int64_t>(channels.size()));
  for (const std::string& channel : channels) ctx.reply.Bulk(channel);
  return Ok();
}

Status Channels(CommandContext& ctx) { return ListChannels(ctx, ChannelKind::kChannel); }
Status ShardChannels(CommandContext& ctx) { return ListChannels(ctx, ChannelKind::kShard); }

Status CountSubscribers(CommandContext& ctx, ChannelKind kind) {
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()) * 2);
  while (ctx.args.HasMore()) {
    const std::string_view channel = ctx.args.Next();
    ctx.reply.Bulk(channel);
    ctx.reply.Integer(ctx.engine.pubsub.SubscriberCount(kind, channel));
  }
  return Ok();
}

Status NumSub(CommandContext& ctx) { return CountSubscribers(ctx, ChannelKind::kChannel); }
Status ShardNumSub(CommandContext& ctx) { return CountSubscribers(ctx, ChannelKind::kShard); }

Status NumPat(CommandContext& ctx) {
  ctx.reply.Integer(ctx.engine.pubsub.PatternCount());
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CHANNELS [<pattern>]",
      "    Return the currently active channels matching a <pattern> (default: '*').",
      "NUMPAT",
      "    Return number of subscriptions to patterns.",
      "NUMSUB [<channel> ...]",
      "    Return the number of subscribers for the specified channels, excluding",
      "    pattern subscriptions(default: no channels).",
      "SHARDCHANNELS [<pattern>]",
      "    Return the currently active shard level channels matching a <pattern> (default: '*').",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Return the number of subscribers for the specified shard level channel(s)",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kSubscribing =
    Flag::kPubSubCommand | Flag::kSubscriberMode | Flag::kNoScript | Flag::kLoading | Flag::kStale;
constexpr uint32_t kPublishing =
    Flag::kPubSubCommand | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kMayReplicate;
constexpr uint32_t kAsking = Flag::kPubSubCommand | Flag::kLoading | Flag::kStale;

constexpr CommandSpec kPubSubSubcommands[] = {
    {.name = "channels",
     .syntax = "[pattern]",
     .summary = "Returns the active channels.",
     .complexity = "O(N) where N is the number of active channels.",
     .since = "2.8.0",
     .group = Group::kPubSub,
     .flags = kAsking,
     .handler = Channels},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kPubSub,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "numpat",
     .syntax = "",
     .summary = "Returns a count of unique pattern subscriptions.",
     .complexity = "O(1)",
     .since = "2.8.0",
     .group = Group::kPubSub,
     .flags = kAsking,
     .handler = NumPat},
    {.name = "numsub",
     .syntax = "[channel [channel ...]]",
     .summary = "Returns a count of subscribers to channels.",
     .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
     .since = "2.8.0",
     .group = Group::kPubSub,
     .flags = kAsking,
     .handler = NumSub},
    {.name = "shardchannels",
     .syntax = "[pattern]",
     .summary = "Returns the active shard channels.",
     .complexity = "O(N) where N is the number of active shard channels.",
     .since = "7.0.0",
     .group = Group::kPubSub,
     .flags = kAsking,
     .handler = ShardChannels},
    {.name = "shardnumsub",
     .syntax = "[shardchannel [shardchannel ...]]",
     .summary = "Returns the count of subscribers of shard channels.",
     .complexity =
         "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
     .since = "7.0.0",
     .group = Group::kPubSub,
     .flags = kAsking,
     .handler = ShardNumSub},
};

constexpr CommandSpec kCommands[] = {
    {.name = "psubscribe",
     .syntax = "pattern [pattern ...]",
     .summary = "Listens for messages published to channels that match one or more patterns.",
     .complexity = "O(N) where N is the number of patterns to subscribe to.",
     .since = "2.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .handler = Psubscribe,
     .channels = ChannelArguments::kAllPatterns},
    {.name = "publish",
     .syntax = "channel message",
     .summary = "Posts a message to a channel.",
     .complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel "
                   "and M is the total number of subscribed patterns (by any client).",
     .since = "2.0.0",
     .group = Group::kPubSub,
     .flags = kPublishing,
     .handler = Publish,
     .channels = ChannelArguments::kFirst},
    {.name = "pubsub",
     .syntax = "",
     .summary = "A container for Pub/Sub commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.8.0",
     .group = Group::kPubSub,
     .subcommands = kPubSubSubcommands},
    {.name = "punsubscribe",
     .syntax = "[pattern [pattern ...]]",
     .summary =
         "Stops listening to messages published to channels that match one or more patterns.",
     .complexity = "O(N) where N is the number of patterns to unsubscribe.",
     .since = "2.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .handler = Punsubscribe},
    {.name = "spublish",
     .syntax = "shardchannel message",
     .summary = "Post a message to a shard channel",
     .complexity =
         "O(N) where N is the number of clients subscribed to the receiving shard channel.",
     .since = "7.0.0",
     .group = Group::kPubSub,
     .flags = kPublishing,
     .keys = {Key(1, KeyFlag::kNotKey)},
     .handler = Spublish,
     .channels = ChannelArguments::kFirst},
    {.name = "ssubscribe",
     .syntax = "shardchannel [shardchannel ...]",
     .summary = "Listens for messages published to shard channels.",
     .complexity = "O(N) where N is the number of shard channels to subscribe to.",
     .since = "7.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .keys = {Keys(1, -1, 1, KeyFlag::kNotKey)},
     .handler = Ssubscribe,
     .channels = ChannelArguments::kAll},
    {.name = "subscribe",
     .syntax = "channel [channel ...]",
     .summary = "Listens for messages published to channels.",
     .complexity = "O(N) where N is the number of channels to subscribe to.",
     .since = "2.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .handler = Subscribe,
     .channels = ChannelArguments::kAll},
    {.name = "sunsubscribe",
     .syntax = "[shardchannel [shardchannel ...]]",
     .summary = "Stops listening to messages posted to shard channels.",
     .complexity = "O(N) where N is the number of shard channels to unsubscribe.",
     .since = "7.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .keys = {Keys(1, -1, 1, KeyFlag::kNotKey)},
     .handler = Sunsubscribe},
    {.name = "unsubscribe",
     .syntax = "[channel [channel ...]]",
     .summary = "Stops listening to messages posted to channels.",
     .complexity = "O(N) where N is the number of channels to unsubscribe.",
     .since = "2.0.0",
     .group = Group::kPubSub,
     .flags = kSubscribing,
     .handler = Unsubscribe},
};

}  // namespace

std::span<const CommandSpec> PubSubCommands() { return kCommands; }

}  // namespace larder
