// Sets by member: SADD, SREM, SISMEMBER, SMISMEMBER, SCARD, SMEMBERS, SMOVE, SSCAN. Drawing at
// random is in set_random.cc, union, intersection and difference in set_algebra.cc.
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/scan_options.h"
#include "server/commands/set_access.h"

namespace larder {
namespace {

using storage::Set;

Status SAdd(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const size_t count = ctx.args.remaining();
  const storage::SetLimits limits = SetLimitsOf(ctx);
  Set* set;
  bool missing;
  if (Status found = FindMutableSet(ctx, key, &set, &missing); !found.ok()) return found;
  if (missing) {
    storage::Ref<Set> created = NewSet(ctx);
    set = created.get();
    ctx.db.SetObject(key, std::move(created));
    ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  }
  if (set == nullptr) return Ok();  // a script that will start again
  set->Expect(ctx.args.Peek(), count, limits);
  int64_t added = 0;
  while (ctx.args.HasMore()) added += set->Add(ctx.args.Next(), limits) ? 1 : 0;
  if (added > 0) ctx.Changed(key, NotifyClass::kSet, "sadd");
  ctx.reply.Integer(added);
  return Ok();
}

Status SRem(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  Set* set;
  bool missing;
  if (Status found = FindMutableSet(ctx, key, &set, &missing); !found.ok()) return found;
  int64_t removed = 0;
  if (set != nullptr) {
    while (ctx.args.HasMore() && set->size() > 0) removed += set->Remove(ctx.args.Next()) ? 1 : 0;
    if (removed > 0) ctx.Changed(key, NotifyClass::kSet, "srem");
    DropEmptySet(ctx, key, *set);
  }
  ctx.reply.Integer(removed);
  return Ok();
}

Status SIsMember(CommandContext& ctx) {
  const Set* set;
  if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Integer(set != nullptr && set->Contains(ctx.args.Next()) ? 1 : 0);
  return Ok();
}

Status SMIsMember(CommandContext& ctx) {
  const Set* set;
  if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    const std::string_view member = ctx.args.Next();
    ctx.reply.Integer(set != nullptr && set->Contains(member) ? 1 : 0);
  }
  return Ok();
}

Status SCard(CommandContext& ctx) {
  const Set* set;
  if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
  return Ok();
}

Status SMembers(CommandContext& ctx) {
  const Set* set;
  if (Status found = FindSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  if (set == nullptr) {
    ctx.reply.Set(0);
  } else {
    ReplyMembers(ctx, *set);
  }
  return Ok();
}

// Adds to the target of SMOVE, which may be missing.
bool AddMoved(CommandContext& ctx, const storage::Key& to, std::string_view member, bool missing,
              Set* target) {
  const storage::SetLimits limits = SetLimitsOf(ctx);
  if (missing) {
    storage::Ref<Set> created = NewSet(ctx);
    target = created.get();
    ctx.db.SetObject(to, std::move(created));
    ctx.Notify(NotifyClass::kNew, "new", to.bytes);
    target->Expect(member, 1, limits);
  }
  return target->Add(member, limits);
}

Status SMove(CommandContext& ctx) {
  const storage::Key from = ctx.args.NextKey();
  const storage::Key to = ctx.args.NextKey();
  const std::string_view member = ctx.args.Next();
  const storage::Entry* const source_entry = ctx.db.Find(from, storage::Access::kWrite);
  if (source_entry == nullptr) {
    ctx.reply.Integer(0);
    return Ok();
  }
  const storage::Entry* const target_entry = ctx.db.Find(to, storage::Access::kWrite);
  if (source_entry->type() != Set::kType ||
      (target_entry != nullptr && target_entry->type() != Set::kType)) {
    return Error(errors::kWrongType);
  }
  const bool present = static_cast<const Set*>(source_entry->object())->Contains(member);
  if (present && from.bytes != to.bytes) {
    Set *source, *target;
    bool missing;
    if (Status found = FindMutableSet(ctx, from, &source, &missing); !found.ok()) return found;
    if (Status found = FindMutableSet(ctx, to, &target, &missing); !found.ok()) return found;
    const bool refused = source == nullptr || (target == nullptr && !missing);
    if (refused) return Ok();  // a script that will start again
    source->Remove(member);
    ctx.Changed(from, NotifyClass::kSet, "srem");
    DropEmptySet(ctx, from, *source);
    if (AddMoved(ctx, to, member, missing, target)) ctx.Changed(to, NotifyClass::kSet, "sadd");
  }
  ctx.reply.Integer(present ? 1 : 0);
  return Ok();
}

Status SScan(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto cursor = ParseCursor(ctx.args.Next());
  if (!cursor) return Error(errors::kInvalidCursor);
  const Set* set;
  if (Status found = FindSet(ctx, key, &set); !found.ok()) return found;
  ScanOptions options{.cursor = *cursor};
  uint64_t next = 0;
  int64_t count = 0;
  protocol::OutputBuffer buffer;  // the cursor, which is known last, goes first
  protocol::ReplyWriter members(buffer);
  if (set != nullptr) {
    if (Status parsed = ParseScanOptions(ctx.args, false, &options); !parsed.ok()) return parsed;
    next =
        set->Scan(options.cursor, static_cast<size_t>(options.count), [&](std::string_view member) {
          if (!options.Matches(member)) return;
          members.Bulk(member);
          ++count;
        });
  }
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(static_cast<int64_t>(next));
  ctx.reply.Array(count);
  ctx.reply.Raw(buffer.tail().view());
  return Ok();
}

constexpr uint32_t kRead = Flag::kReadOnly | Flag::kFast;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "sadd",
     .syntax = "key member [member ...]",
     .summary = "Adds one or more members to a set. Creates the key if it doesn't exist.",
     .complexity = "O(1) for each element added.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = SAdd},
    {.name = "scard",
     .syntax = "key",
     .summary = "Returns the number of members in a set.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = SCard},
    {.name = "sismember",
     .syntax = "key member",
     .summary = "Determines whether a member belongs to a set.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = SIsMember},
    {.name = "smembers",
     .syntax = "key",
     .summary = "Returns all members of a set.",
     .complexity = "O(N) where N is the set cardinality.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = SMembers,
     .tips = "nondeterministic_output_order"},
    {.name = "smismember",
     .syntax = "key member [member ...]",
     .summary = "Determines whether multiple members belong to a set.",
     .complexity = "O(N) where N is the number of elements being checked for membership",
     .since = "6.2.0",
     .group = Group::kSet,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = SMIsMember},
    {.name = "smove",
     .syntax = "source destination member",
     .summary = "Moves a member from one set to another.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete),
              Key(2, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = SMove},
    {.name = "srem",
     .syntax = "key member [member ...]",
     .summary = "Removes one or more members from a set. Deletes the set if the last member was "
                "removed.",
     .complexity = "O(N) where N is the number of members to be removed.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = SRem},
    {.name = "sscan",
     .syntax = "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
     .summary = "Iterates over members of a set.",
     .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command "
                   "calls for the cursor to return back to 0.",
     .since = "2.8.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = SScan,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SetCommands() { return kCommands; }

}  // namespace larder
