// What streams, groups and consumers are like: XINFO.
#include <algorithm>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_access.h"

namespace larder {
namespace {

using protocol::ReplyWriter;
using storage::Stream;
using storage::StreamConsumer;
using storage::StreamGroup;
using storage::StreamId;

constexpr int64_t kFullCountDefault = 10;

void Field(ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void Field(ReplyWriter& reply, std::string_view name, StreamId id) {
  reply.Bulk(name);
  ReplyId(reply, id);
}

void FieldOrNull(ReplyWriter& reply, std::string_view name, std::optional<int64_t> value) {
  if (value) return Field(reply, name, *value);
  reply.Bulk(name);
  reply.Null();
}

std::optional<int64_t> EntriesRead(const StreamGroup& group) {
  const bool known = group.entries_read != storage::kEntriesReadUnknown;
  return known ? std::optional(group.entries_read) : std::nullopt;
}

// A key that must be there.
Status FindExisting(CommandContext& ctx, const storage::Key& key, const Stream** stream) {
  Status found = FindStream(ctx, key, stream);
  return found.ok() && *stream == nullptr ? Error(errors::kNoSuchKey) : found;
}

// ---- XINFO STREAM

constexpr int64_t kHeadFields = 13;

void WriteProducers(CommandContext& ctx, const Stream& stream) {
  const storage::StreamProducers* const producers = stream.producers();
  storage::StreamProducers::Counts counts;
  if (producers != nullptr) counts = producers->CountsBehind(ForgottenUpTo(ctx, stream));
  Field(ctx.reply, "idmp-duration", int64_t{stream.idempotence().seconds});
  Field(ctx.reply, "idmp-maxsize", int64_t{stream.idempotence().ids_max});
  Field(ctx.reply, "pids-tracked", static_cast<int64_t>(counts.producers));
  Field(ctx.reply, "iids-tracked", static_cast<int64_t>(counts.ids));
  const auto total = [producers](uint64_t storage::StreamProducers::*count) {
    return producers == nullptr ? int64_t{0} : static_cast<int64_t>(producers->*count);
  };
  Field(ctx.reply, "iids-added", total(&storage::StreamProducers::added));
  Field(ctx.reply, "iids-duplicates", total(&storage::StreamProducers::duplicates));
}

void WriteHead(CommandContext& ctx, const Stream& stream) {
  ReplyWriter& reply = ctx.reply;
  const auto nodes = static_cast<int64_t>(stream.node_count());
  Field(reply, "length", static_cast<int64_t>(stream.size()));
  Field(reply, "radix-tree-keys", nodes);
  Field(reply, "radix-tree-nodes", nodes + 1);
  Field(reply, "last-generated-id", stream.last_id());
  Field(reply, "max-deleted-entry-id", stream.max_deleted_id());
  Field(reply, "entries-added", static_cast<int64_t>(stream.entries_added()));
  Field(reply, "recorded-first-entry-id", stream.first_id());
  WriteProducers(ctx, stream);
}

void WriteEdge(ReplyWriter& reply, const Stream& stream, std::string_view name, bool last) {
  reply.Bulk(name);
  if (stream.size() == 0) return reply.Null();
  stream.ForRange(storage::kStreamIdMin, storage::kStreamIdMax, last,
                  [&reply](const storage::StreamEntry& entry) {
                    ReplyEntry(reply, entry);
                    return false;
                  });
}

size_t Shown(size_t all, size_t count) { return count == 0 ? all : std::min(all, count); }

void WriteFullConsumer(ReplyWriter& reply, const StreamGroup& group, const StreamConsumer& consumer,
                       size_t count) {
  reply.Map(5);
  reply.Bulk("name");
  reply.Bulk(consumer.name);
  Field(reply, "seen-time", consumer.seen_ms);
  Field(reply, "active-time", consumer.active_ms);
  Field(reply, "pel-count", static_cast<int64_t>(consumer.pending.size()));
  reply.Bulk("pending");
  size_t left = Shown(consumer.pending.size(), count);
  reply.Array(static_cast<int64_t>(left));
  for (auto at = consumer.pending.begin(); left > 0; ++at, --left) {
    const storage::PendingEntry& entry = group.pending().find(*at)->second;
    reply.Array(3);
    ReplyId(reply, *at);
    reply.Integer(entry.delivered_ms);
    reply.Integer(static_cast<int64_t>(entry.deliveries));
  }
}

void WriteFullGroup(ReplyWriter& reply, const Stream& stream, std::string_view name,
                    const StreamGroup& group, size_t count) {
  reply.Map(8);
  reply.Bulk("name");
  reply.Bulk(name);
  Field(reply, "last-delivered-id", group.last_id);
  FieldOrNull(reply, "entries-read", EntriesRead(group));
  FieldOrNull(reply, "lag", stream.LagOf(group));
  Field(reply, "pel-count", static_cast<int64_t>(group.pending().size()));
  Field(reply, "nacked-count", static_cast<int64_t>(group.given_back()));
  reply.Bulk("pending");
  size_t left = Shown(group.pending().size(), count);
  reply.Array(static_cast<int64_t>(left));
  for (auto at = group.pending().begin(); left > 0; ++at, --left) {
    reply.Array(4);
    ReplyId(reply, at->first);
    reply.Bulk(at->second.ConsumerName());
    reply.Integer(at->second.DeliveredMs());
    reply.Integer(static_cast<int64_t>(at->second.deliveries));
  }
  reply.Bulk("consumers");
  reply.Array(static_cast<int64_t>(group.consumers().size()));
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    WriteFullConsumer(reply, group, consumer, count);
  }
}

void WriteFull(CommandContext& ctx, const Stream& stream, size_t count) {
  ReplyWriter& reply = ctx.reply;
  reply.Map(kHeadFields + 2);
  WriteHead(ctx, stream);
  reply.Bulk("entries");
  ReplyRange(reply, stream, storage::kStreamIdMin, storage::kStreamIdMax, count, false);
  reply.Bulk("groups");
  reply.Array(static_cast<int64_t>(stream.groups().size()));
  for (const auto& [name, group] : stream.groups()) {
    WriteFullGroup(reply, stream, name, group, count);
  }
}

void WriteShort(CommandContext& ctx, const Stream& stream) {
  ReplyWriter& reply = ctx.reply;
  reply.Map(kHeadFields + 3);
  WriteHead(ctx, stream);
  Field(reply, "groups", static_cast<int64_t>(stream.groups().size()));
  WriteEdge(reply, stream, "first-entry", /*last=*/false);
  WriteEdge(reply, stream, "last-entry", /*last=*/true);
}

// "[FULL [COUNT count]]"
Status ParseFull(ArgReader& args, bool* full, int64_t* count) {
  *full = args.HasMore();
  if (!*full) return Ok();
  const auto bad = [&args] { return Error(errors::BadSubcommand("XINFO", args.all()[1])); };
  if (!args.Match("FULL")) return bad();
  if (!args.HasMore()) return Ok();
  if (args.remaining() != 2 || !args.Match("COUNT")) return bad();
  *count = args.NextInt();
  if (*count < 0) *count = kFullCountDefault;
  return args.Finish();
}

Status InfoStream(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Stream* stream;
  if (Status found = FindExisting(ctx, key, &stream); !found.ok()) return found;
  bool full = false;
  int64_t count = kFullCountDefault;
  if (Status parsed = ParseFull(ctx.args, &full, &count); !parsed.ok()) return parsed;
  if (full) {
    WriteFull(ctx, *stream, static_cast<size_t>(count));
  } else {
    WriteShort(ctx, *stream);
  }
  return Ok();
}

// ---- XINFO GROUPS, XINFO CONSUMERS

Status InfoGroups(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Stream* stream;
  if (Status found = FindExisting(ctx, key, &stream); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(stream->groups().size()));
  for (const auto& [name, group] : stream->groups()) {
    ctx.reply.Map(6);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(name);
    Field(ctx.reply, "consumers", static_cast<int64_t>(group.consumers().size()));
    Field(ctx.reply, "pending", static_cast<int64_t>(group.pending().size()));
    Field(ctx.reply, "last-delivered-id", group.last_id);
    FieldOrNull(ctx.reply, "entries-read", EntriesRead(group));
    FieldOrNull(ctx.reply, "lag", stream->LagOf(group));
  }
  return Ok();
}

Status InfoConsumers(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Stream* stream;
  if (Status found = FindExisting(ctx, key, &stream); !found.ok()) return found;
  const StreamGroup* const group = stream->FindGroup(name);
  if (group == nullptr) return Error(NoGroup(key.bytes, name));
  const int64_t now_ms = ctx.db.now_ms();
  const auto since = [now_ms](int64_t time_ms) { return std::max<int64_t>(now_ms - time_ms, 0); };
  ctx.reply.Array(static_cast<int64_t>(group->consumers().size()));
  for (const auto& [consumer_name, consumer] : group->consumers()) {
    ctx.reply.Map(4);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(consumer_name);
    Field(ctx.reply, "pending", static_cast<int64_t>(consumer.pending.size()));
    Field(ctx.reply, "idle", since(consumer.seen_ms));
    Field(ctx.reply, "inactive", consumer.active_ms < 0 ? -1 : since(consumer.active_ms));
  }
  return Ok();
}

Status Help(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CONSUMERS <key> <groupname>",
      "    Show consumers of <groupname>.",
      "GROUPS <key>",
      "    Show the stream consumer groups.",
      "STREAM <key> [FULL [COUNT <count>]",
      "    Show information about the stream.",
      "HELP",
      "    Prints this help."};
  return WriteHelp(ctx, kLines);
}

constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kInfoCommands[] = {
    {.name = "consumers",
     .syntax = "key group",
     .summary = "Returns a list of the consumers in a consumer group.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, kReadKey)},
     .handler = InfoConsumers,
     .tips = "nondeterministic_output"},
    {.name = "groups",
     .syntax = "key",
     .summary = "Returns a list of the consumer groups of a stream.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, kReadKey)},
     .handler = InfoGroups},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "stream",
     .syntax = "key [FULL [COUNT count:int]]",
     .summary = "Returns information about a stream.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, kReadKey)},
     .handler = InfoStream},
};

constexpr CommandSpec kCommands[] = {
    {.name = "xinfo",
     .syntax = "",
     .summary = "A container for stream introspection commands.",
     .complexity = "Depends on subcommand.",
     .since = "5.0.0",
     .group = Group::kStream,
     .subcommands = kInfoCommands},
};

}  // namespace

std::span<const CommandSpec> StreamInfoCommands() { return kCommands; }

}  // namespace larder
