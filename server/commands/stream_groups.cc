// Consumer groups and their consumers: XGROUP; and what they are done with: XACK, XACKDEL.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_access.h"
#include "server/commands/stream_ids.h"

namespace larder {
namespace {

using storage::Stream;
using storage::StreamGroup;
using storage::StreamId;

constexpr std::string_view kKeyMustExist =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";
constexpr std::string_view kGroupExists = "BUSYGROUP Consumer Group name already exists";
constexpr std::string_view kBadEntriesRead = "ERR value for ENTRIESREAD must be positive or -1";

// ---- XGROUP

struct GroupOptions {
  std::string_view name;
  std::string_view id;
  bool make_stream = false;
  int64_t entries_read = storage::kEntriesReadUnknown;
};

Status ParseGroup(CommandContext& ctx, bool creates, GroupOptions* options) {
  ArgReader& args = ctx.args;
  options->name = args.Next();
  options->id = args.Next();
  while (args.HasMore()) {
    if (creates && args.Match("MKSTREAM")) {
      options->make_stream = true;
    } else if (args.remaining() >= 2 && args.Match("ENTRIESREAD")) {
      options->entries_read = args.NextInt();
      if (args.failed()) return args.status();
      if (options->entries_read < storage::kEntriesReadUnknown) return Error(kBadEntriesRead);
    } else {
      return Error(errors::BadSubcommand("XGROUP", args.all()[1]));
    }
  }
  return Ok();
}

// No group has read more than was ever added.
int64_t CappedEntriesRead(const Stream* stream, int64_t entries_read) {
  const auto added = stream == nullptr ? int64_t{0} : static_cast<int64_t>(stream->entries_added());
  return std::min(entries_read, added);
}

Status Create(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  GroupOptions options;
  if (Status parsed = ParseGroup(ctx, /*creates=*/true, &options); !parsed.ok()) return parsed;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (missing && !options.make_stream) return Error(kKeyMustExist);
  if (stream == nullptr && !missing) return Ok();  // a script that will start again
  StreamId id;
  if (options.id == "$") {
    id = missing ? storage::kStreamIdMin : stream->last_id();
  } else if (Status parsed = ParseId(options.id, &id); !parsed.ok()) {
    return parsed;
  }
  if (missing) stream = CreateStream(ctx, key);
  const int64_t entries_read = CappedEntriesRead(stream, options.entries_read);
  if (stream->AddGroup(options.name, id, entries_read) == nullptr) return Error(kGroupExists);
  ctx.Changed(key, NotifyClass::kStream, "xgroup-create");
  ctx.reply.Ok();
  return Ok();
}

// A group that must be there, of a key that must be.
Status FindExisting(CommandContext& ctx, const storage::Key& key, std::string_view name,
                    FoundGroup* found) {
  bool missing = false;
  Status status = FindMutableStream(ctx, key, &found->stream, &missing);
  if (!status.ok()) return status;
  if (missing) return Error(kKeyMustExist);
  if (found->stream == nullptr) return Ok();  // a script that will start again
  found->group = found->stream->FindGroup(name);
  return found->group == nullptr ? Error(NoGroup(key.bytes, name)) : Ok();
}

Status SetId(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  GroupOptions options;
  if (Status parsed = ParseGroup(ctx, /*creates=*/false, &options); !parsed.ok()) return parsed;
  FoundGroup found;
  if (Status status = FindExisting(ctx, key, options.name, &found); !status.ok()) return status;
  if (found.group == nullptr) return Ok();  // a script that will start again
  StreamId id;
  if (options.id == "$") {
    id = found.stream->last_id();
  } else if (options.id == "-" || options.id == "+") {
    id = options.id == "-" ? storage::kStreamIdMin : storage::kStreamIdMax;
  } else if (Status parsed = ParseId(options.id, &id); !parsed.ok()) {
    return parsed;
  }
  found.group->last_id = id;
  found.group->entries_read = CappedEntriesRead(found.stream, options.entries_read);
  ctx.Changed(key, NotifyClass::kStream, "xgroup-setid");
  ctx.reply.Ok();
  return Ok();
}

Status Destroy(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (missing) return Error(kKeyMustExist);
  const bool destroyed = stream != nullptr && stream->DeleteGroup(name);
  // Its waiting readers are told, as of every change.
  if (destroyed) ctx.Changed(key, NotifyClass::kStream, "xgroup-destroy");
  ctx.reply.Integer(destroyed ? 1 : 0);
  return Ok();
}

Status CreateConsumer(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const std::string_view consumer = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  FoundGroup found;
  if (Status status = FindExisting(ctx, key, name, &found); !status.ok()) return status;
  if (found.group == nullptr) return Ok();  // a script that will start again
  const bool exists = found.group->FindConsumer(consumer) != nullptr;
  if (!exists) FindOrAddConsumer(ctx, key, found.group, consumer);
  ctx.reply.Integer(exists ? 0 : 1);
  return Ok();
}

Status DelConsumer(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const std::string_view consumer_name = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  FoundGroup found;
  if (Status status = FindExisting(ctx, key, name, &found); !status.ok()) return status;
  if (found.group == nullptr) return Ok();  // a script that will start again
  const storage::StreamConsumer* const consumer = found.group->FindConsumer(consumer_name);
  const size_t pending = consumer == nullptr ? 0 : consumer->pending.size();
  if (consumer != nullptr) {
    found.group->DeleteConsumer(consumer_name);
    ctx.Changed(key, NotifyClass::kStream, "xgroup-delconsumer");
  }
  ctx.reply.Integer(static_cast<int64_t>(pending));
  return Ok();
}

Status Help(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CREATE <key> <groupname> <id|$> [option]",
      "    Create a new consumer group. Options are:",
      "    * MKSTREAM",
      "      Create the empty stream if it does not exist.",
      "    * ENTRIESREAD entries_read",
      "      Set the group's entries_read counter (internal use).",
      "CREATECONSUMER <key> <groupname> <consumer>",
      "    Create a new consumer in the specified group.",
      "DELCONSUMER <key> <groupname> <consumer>",
      "    Remove the specified consumer.",
      "DESTROY <key> <groupname>",
      "    Remove the specified group.",
      "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
      "    Set the current group ID and entries_read counter.",
      "HELP",
      "    Prints this help."};
  return WriteHelp(ctx, kLines);
}

// ---- XACK, XACKDEL

// What was acknowledged changes no value: nobody who watches the key is told.
Status XAck(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  FoundGroup found;
  if (Status status = FindGroup(ctx, key, name, &found); !status.ok()) return status;
  if (found.missing) return ctx.reply.Integer(0), Ok();
  std::vector<StreamId> ids;
  if (Status parsed = ParseIds(ctx.args, &ids); !parsed.ok()) return parsed;
  if (found.group == nullptr) return Ok();  // a script that will start again
  int64_t acknowledged = 0;
  for (const StreamId id : ids) acknowledged += found.group->Acknowledge(id) ? 1 : 0;
  if (acknowledged > 0) ctx.session.MarkDirty();
  ctx.reply.Integer(acknowledged);
  return Ok();
}

IdOutcome AcknowledgeAndDelete(const FoundGroup& found, StreamId id,
                               storage::StreamReferences references, bool* deleted) {
  if (!found.group->Acknowledge(id)) {
    // References of others may be left of an entry that is gone.
    const bool gone = !found.stream->Contains(id);
    if (gone && references == storage::StreamReferences::kDelete) found.stream->DropReferences(id);
    return IdOutcome::kMissing;
  }
  const IdOutcome outcome = DeleteWithReferences(found.stream, id, references);
  *deleted |= outcome == IdOutcome::kDeleted;
  return outcome == IdOutcome::kLeft ? outcome : IdOutcome::kDeleted;
}

// Answers for each id -1 (not pending in this group), 1 (acknowledged and deleted) or 2
// (acknowledged, but some other group still needs the entry).
Status XAckDel(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  IdBlock block;
  if (Status parsed = ParseIdBlock(ctx.args, &block); !parsed.ok()) return parsed;
  FoundGroup found;
  if (Status status = FindGroup(ctx, key, name, &found); !status.ok()) return status;
  if (found.group == nullptr && !found.missing) return Ok();  // a script that will start again
  ctx.reply.Array(static_cast<int64_t>(block.ids.size()));
  bool deleted = false;
  for (const StreamId id : block.ids) {
    const IdOutcome outcome = found.missing
                                  ? IdOutcome::kMissing
                                  : AcknowledgeAndDelete(found, id, block.references, &deleted);
    ctx.reply.Integer(static_cast<int64_t>(outcome));
    if (outcome != IdOutcome::kMissing) ctx.session.MarkDirty();
  }
  if (deleted) ctx.Changed(key, NotifyClass::kStream, "xdel");
  return Ok();
}

constexpr int kInsertKey = KeyFlag::kRW | KeyFlag::kInsert;
constexpr int kDeleteKey = KeyFlag::kRW | KeyFlag::kDelete;
constexpr int kUpdateKey = KeyFlag::kRW | KeyFlag::kUpdate;

constexpr CommandSpec kGroupCommands[] = {
    {.name = "create",
     .syntax = "key group <id-selector: id | $> [MKSTREAM] [ENTRIESREAD entries-read:int]",
     .summary = "Creates a consumer group.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(2, kInsertKey)},
     .handler = Create},
    {.name = "createconsumer",
     .syntax = "key group consumer",
     .summary = "Creates a consumer in a consumer group.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(2, kInsertKey)},
     .handler = CreateConsumer},
    {.name = "delconsumer",
     .syntax = "key group consumer",
     .summary = "Deletes a consumer from a consumer group.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite,
     .keys = {Key(2, kDeleteKey)},
     .handler = DelConsumer},
    {.name = "destroy",
     .syntax = "key group",
     .summary = "Destroys a consumer group.",
     .complexity =
         "O(N) where N is the number of entries in the group's pending entries list (PEL).",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite,
     .keys = {Key(2, kDeleteKey)},
     .handler = Destroy},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "setid",
     .syntax = "key group <id-selector: id | $> [ENTRIESREAD entries-read:int]",
     .summary = "Sets the last-delivered ID of a consumer group.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite,
     .keys = {Key(2, kUpdateKey)},
     .handler = SetId},
};

constexpr CommandSpec kCommands[] = {
    {.name = "xack",
     .syntax = "key group id [id ...]",
     .summary =
         "Returns the number of messages that were successfully acknowledged by the consumer "
         "group member of a stream.",
     .complexity = "O(1) for each message ID processed.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, kUpdateKey)},
     .handler = XAck},
    {.name = "xackdel",
     .syntax = "key group [condition: KEEPREF | DELREF | ACKED] <IDS numids:int id [id ...]>",
     .summary = "Acknowledges and conditionally deletes one or multiple entries for a stream "
                "consumer group.",
     .complexity = "O(1) for each entry ID processed.",
     .since = "8.2.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate | KeyFlag::kDelete)},
     .handler = XAckDel},
    {.name = "xgroup",
     .syntax = "",
     .summary = "A container for consumer groups commands.",
     .complexity = "Depends on subcommand.",
     .since = "5.0.0",
     .group = Group::kStream,
     .subcommands = kGroupCommands},
};

}  // namespace

std::span<const CommandSpec> StreamGroupCommands() { return kCommands; }

}  // namespace larder
