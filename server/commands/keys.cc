// Keys whatever they hold: DEL, UNLINK, EXISTS, TYPE, TOUCH, RENAME, COPY, MOVE, OBJECT. Expiry is
// in key_expiry.cc; what concerns a whole database is in databases.cc.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/lookup.h"
#include "storage/value.h"

namespace larder {
namespace {

using storage::Access;
using storage::Database;
using storage::Entry;

// A large value is freed in slices whichever of the two names was used.
Status Del(CommandContext& ctx) {
  int64_t deleted = 0;
  while (ctx.args.HasMore()) deleted += DeleteKey(ctx, ctx.args.NextKey()) ? 1 : 0;
  ctx.reply.Integer(deleted);
  return Ok();
}

Status Exists(CommandContext& ctx) {
  int64_t count = 0;
  while (ctx.args.HasMore()) count += FindToPeek(ctx, ctx.args.NextKey()) != nullptr ? 1 : 0;
  ctx.reply.Integer(count);
  return Ok();
}

Status TypeOf(CommandContext& ctx) {
  const Entry* const entry = FindToPeek(ctx, ctx.args.NextKey());
  ctx.reply.Simple(entry == nullptr ? "none" : storage::TypeName(entry->type()));
  return Ok();
}

Status Touch(CommandContext& ctx) {
  int64_t count = 0;
  while (ctx.args.HasMore()) {
    count += ctx.db.Find(ctx.args.NextKey(), Access::kRead) != nullptr ? 1 : 0;
  }
  ctx.reply.Integer(count);
  return Ok();
}

// Moves what `from` holds to `to`, whatever that held.
void MoveValue(CommandContext& ctx, const storage::Key& from, const storage::Key& to) {
  std::optional<storage::Value> value = ctx.db.Take(from);
  if (!ctx.db.Delete(to)) ctx.Notify(NotifyClass::kNew, "new", to.bytes);
  ctx.db.Put(to, std::move(*value));
  ctx.Changed(from, NotifyClass::kGeneric, "rename_from");
  ctx.Changed(to, NotifyClass::kGeneric, "rename_to");
}

Status Rename(CommandContext& ctx) {
  const storage::Key from = ctx.args.NextKey();
  const storage::Key to = ctx.args.NextKey();
  ctx.db.AboutToMove(from);
  if (ctx.db.Find(from, Access::kWrite) == nullptr) return Error(errors::kNoSuchKey);
  if (from.bytes != to.bytes) MoveValue(ctx, from, to);
  ctx.reply.Ok();
  return Ok();
}

Status RenameNx(CommandContext& ctx) {
  const storage::Key from = ctx.args.NextKey();
  const storage::Key to = ctx.args.NextKey();
  ctx.db.AboutToMove(from);
  if (ctx.db.Find(from, Access::kWrite) == nullptr) return Error(errors::kNoSuchKey);
  const bool free = ctx.db.Find(to, Access::kWrite) == nullptr;  // not when both are the same
  if (free) MoveValue(ctx, from, to);
  ctx.reply.Integer(free ? 1 : 0);
  return Ok();
}

// Another database at the same point in time. A key's stripe is the same in all of them.
Database Other(const CommandContext& ctx, int64_t index) {
  return Database(ctx.engine.keyspace, static_cast<int>(index), ctx.db.now_ms(), ctx.scope.undo);
}

Status CheckDatabase(const CommandContext& ctx, int64_t index) {
  if (index < INT32_MIN || index > INT32_MAX) return Error(errors::kIntOutOfRange);
  const bool exists = index >= 0 && index < ctx.engine.keyspace.database_count();
  return exists ? Ok() : Error(errors::kDbOutOfRange);
}

Status Copy(CommandContext& ctx) {
  const storage::Key from = ctx.args.NextKey();
  const storage::Key to = ctx.args.NextKey();
  int64_t index = ctx.db.index();
  bool replace = false;
  while (ctx.args.HasMore()) {
    if (ctx.args.Match("REPLACE")) {
      replace = true;
    } else if (ctx.args.remaining() >= 2 && ctx.args.Match("DB")) {
      index = ctx.args.NextInt();
      if (ctx.args.failed()) return ctx.args.status();
      if (Status checked = CheckDatabase(ctx, index); !checked.ok()) return checked;
    } else {
      return Error(errors::kSyntax);
    }
  }
  if (index == ctx.db.index() && from.bytes == to.bytes) return Error(errors::kSameObject);
  Database target = Other(ctx, index);
  ctx.db.AboutToMove(from);
  const bool copies =
      FindToRead(ctx, from) != nullptr && (replace || target.Find(to, Access::kWrite) == nullptr);
  if (copies) {
    std::optional<storage::Value> copy = ctx.db.CopyOf(from);
    target.Delete(to);
    target.Put(to, std::move(*copy));
    ctx.ChangedIn(target, to, NotifyClass::kGeneric, "copy_to");
  }
  ctx.reply.Integer(copies ? 1 : 0);
  return Ok();
}

Status Move(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t index = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (Status checked = CheckDatabase(ctx, index); !checked.ok()) return checked;
  if (index == ctx.db.index()) return Error(errors::kSameObject);
  Database target = Other(ctx, index);
  ctx.db.AboutToMove(key);
  const bool moves =
      ctx.db.Find(key, Access::kWrite) != nullptr && target.Find(key, Access::kWrite) == nullptr;
  if (moves) {
    target.Put(key, std::move(*ctx.db.Take(key)));
    ctx.Changed(key, NotifyClass::kGeneric, "move_from");
    ctx.ChangedIn(target, key, NotifyClass::kGeneric, "move_to");
  }
  ctx.reply.Integer(moves ? 1 : 0);
  return Ok();
}

// ---- OBJECT

Status ObjectEncoding(CommandContext& ctx) {
  const Entry* const entry = ctx.db.Find(ctx.args.NextKey(), Access::kCount);
  if (entry == nullptr) {
    ctx.reply.Null();
  } else {
    ctx.reply.Bulk(storage::EncodingName(entry->encoding()));
  }
  return Ok();
}

void ReplyIfAny(CommandContext& ctx, std::optional<int64_t> value) {
  if (value) {
    ctx.reply.Integer(*value);
  } else {
    ctx.reply.Null();
  }
}

// Both answer whatever the eviction policy is: age and frequency are known in any case.
// The counter falls by one with each lfu-decay-time that passes without a use, as Redis's.
Status ObjectFreq(CommandContext& ctx) {
  constexpr int64_t kSecondsPerMinute = 60;
  const storage::Key key = ctx.args.NextKey();
  std::optional<int64_t> frequency = ctx.db.Frequency(key);
  const int64_t decay_s = ctx.engine.options.lfu_decay_time * kSecondsPerMinute;
  if (frequency && decay_s > 0) {
    const int64_t fallen = ctx.db.IdleSeconds(key).value_or(0) / decay_s;
    frequency = std::max<int64_t>(0, *frequency - fallen);
  }
  ReplyIfAny(ctx, frequency);
  return Ok();
}

Status ObjectIdleTime(CommandContext& ctx) {
  ReplyIfAny(ctx, ctx.db.IdleSeconds(ctx.args.NextKey()));
  return Ok();
}

Status ObjectRefCount(CommandContext& ctx) {
  const bool present = ctx.db.Find(ctx.args.NextKey(), Access::kCount) != nullptr;
  ReplyIfAny(ctx, present ? std::optional<int64_t>(1) : std::nullopt);
  return Ok();
}

Status ObjectHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "ENCODING <key>",
      "    Return the kind of internal representation used in order to store the value",
      "    associated with a <key>.",
      "FREQ <key>",
      "    Return the access frequency index of the <key>. The returned integer is",
      "    proportional to the logarithm of the recent access frequency of the key.",
      "IDLETIME <key>",
      "    Return the idle time of the <key>, that is the approximated number of",
      "    seconds elapsed since the last access to the key.",
      "REFCOUNT <key>",
      "    Return the number of references of the value associated with the specified",
      "    <key>.",
      "HELP",
      "    Prints this help."};
  return WriteHelp(ctx, kLines);
}

constexpr CommandSpec kObjectCommands[] = {
    {.name = "encoding",
     .syntax = "key",
     .summary = "Returns the internal encoding of a Redis object.",
     .complexity = "O(1)",
     .since = "2.2.3",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, KeyFlag::kRO)},
     .handler = ObjectEncoding,
     .tips = "nondeterministic_output"},
    {.name = "freq",
     .syntax = "key",
     .summary = "Returns the logarithmic access frequency counter of a Redis object.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, KeyFlag::kRO)},
     .handler = ObjectFreq,
     .tips = "nondeterministic_output"},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kGeneric,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = ObjectHelp},
    {.name = "idletime",
     .syntax = "key",
     .summary = "Returns the time since the last access to a Redis object.",
     .complexity = "O(1)",
     .since = "2.2.3",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, KeyFlag::kRO)},
     .handler = ObjectIdleTime,
     .tips = "nondeterministic_output"},
    {.name = "refcount",
     .syntax = "key",
     .summary = "Returns the reference count of a value of a key.",
     .complexity = "O(1)",
     .since = "2.2.3",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, KeyFlag::kRO)},
     .handler = ObjectRefCount,
     .tips = "nondeterministic_output"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "copy",
     .syntax = "source destination [DB destination-db:int] [REPLACE]",
     .summary = "Copies the value of a key to a new key.",
     .complexity = "O(N) worst case for collections, where N is the number of nested items. O(1) "
                   "for string values.",
     .since = "6.2.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess), Key(2, KeyFlag::kOW | KeyFlag::kUpdate)},
     .handler = Copy},
    {.name = "del",
     .syntax = "key [key ...]",
     .summary = "Deletes one or more keys.",
     .complexity =
         "O(N) where N is the number of keys that will be removed. Large values are freed "
         "in slices afterwards.",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite,
     .keys = {Keys(1, -1, 1, KeyFlag::kRM | KeyFlag::kDelete)},
     .handler = Del,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "exists",
     .syntax = "key [key ...]",
     .summary = "Determines whether one or more keys exist.",
     .complexity = "O(N) where N is the number of keys to check.",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Keys(1, -1, 1, KeyFlag::kRO)},
     .handler = Exists,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "move",
     .syntax = "key db:int",
     .summary = "Moves a key to another database.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete)},
     .handler = Move},
    {.name = "object",
     .syntax = "",
     .summary = "A container for object introspection commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.2.3",
     .group = Group::kGeneric,
     .subcommands = kObjectCommands},
    {.name = "rename",
     .syntax = "key newkey",
     .summary = "Renames a key and overwrites the destination.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete),
              Key(2, KeyFlag::kOW | KeyFlag::kUpdate)},
     .handler = Rename},
    {.name = "renamenx",
     .syntax = "key newkey",
     .summary = "Renames a key only when the target key name doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete),
              Key(2, KeyFlag::kOW | KeyFlag::kInsert)},
     .handler = RenameNx},
    {.name = "touch",
     .syntax = "key [key ...]",
     .summary =
         "Returns the number of existing keys out of those specified after updating the time "
         "they were last accessed.",
     .complexity = "O(N) where N is the number of keys that will be touched.",
     .since = "3.2.1",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Keys(1, -1, 1, KeyFlag::kRO)},
     .handler = Touch,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "type",
     .syntax = "key",
     .summary = "Determines the type of value stored at a key.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = TypeOf},
    {.name = "unlink",
     .syntax = "key [key ...]",
     .summary = "Asynchronously deletes one or more keys.",
     .complexity = "O(1) for each key removed; the memory follows in slices.",
     .since = "4.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Keys(1, -1, 1, KeyFlag::kRM | KeyFlag::kDelete)},
     .handler = Del,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
};

}  // namespace

std::span<const CommandSpec> KeyCommands() { return kCommands; }

}  // namespace larder
