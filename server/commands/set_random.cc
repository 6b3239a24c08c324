// Members drawn at random: SPOP and SRANDMEMBER.
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/set_access.h"

namespace larder {
namespace {

using storage::Set;

// Redis makes a new set of what remains when SPOP took all but a sixth; it starts small again.
constexpr size_t kRebuildFactor = 5;

Status PopOne(CommandContext& ctx, const storage::Key& key, Set* set) {
  Set::TextBuffer buffer;
  const std::string member(set->Random(DrawRandom(ctx), &buffer));
  set->Remove(member);
  ctx.reply.Bulk(member);
  ctx.Changed(key, NotifyClass::kSet, "spop");
  DropEmptySet(ctx, key, *set);
  return Ok();
}

void PopSome(CommandContext& ctx, const storage::Key& key, Set* set, size_t count) {
  const std::vector<std::string> members = set->Sample(count, DrawRandom(ctx));
  ctx.reply.Set(static_cast<int64_t>(members.size()));
  for (const std::string& member : members) {
    ctx.reply.Bulk(member);
    set->Remove(member);
  }
  if (set->size() * kRebuildFactor <= count) set->StartSmall(SetLimitsOf(ctx));
  ctx.Changed(key, NotifyClass::kSet, "spop");
}

Status SPop(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  if (ctx.args.remaining() > 1) return Error(errors::kSyntax);
  const bool one = !ctx.args.HasMore();
  int64_t count = 1;
  if (!one) {
    count = ctx.args.NextIntIn(0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
    if (ctx.args.failed()) return ctx.args.status();
  }
  Set* set;
  bool missing;
  if (Status found = FindMutableSet(ctx, key, &set, &missing); !found.ok()) return found;
  if (set == nullptr || count == 0) {
    one ? ctx.reply.Null() : ctx.reply.Set(0);
    return Ok();
  }
  if (one) return PopOne(ctx, key, set);
  if (static_cast<size_t>(count) < set->size()) {
    PopSome(ctx, key, set, static_cast<size_t>(count));
    return Ok();
  }
  ReplyMembers(ctx, *set);
  ctx.Notify(NotifyClass::kSet, "spop", key.bytes);
  DeleteKey(ctx, key);
  return Ok();
}

// As many draws as asked for, a member as often as it comes. It ends early when the reply has
// outgrown what a client may let wait: the connection is closed then.
void ReplyDraws(CommandContext& ctx, const Set& set, uint64_t count) {
  const int64_t bytes_max = ctx.engine.options.output_limit(OutputClass::kNormal).hard_bytes;
  std::mt19937_64 generator(DrawRandom(ctx));
  Set::TextBuffer buffer;
  ctx.reply.Array(static_cast<int64_t>(count));
  for (; count > 0; --count) {
    ctx.reply.Bulk(set.Random(generator(), &buffer));
    if (bytes_max > 0 && ctx.reply.out().size() > static_cast<size_t>(bytes_max)) {
      ctx.session.close_after_reply = true;
      return;
    }
  }
}

Status SRandMember(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  if (ctx.args.remaining() > 1) return Error(errors::kSyntax);
  const bool one = !ctx.args.HasMore();
  int64_t count = 1;
  if (!one) {
    count = ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
    if (count == std::numeric_limits<int64_t>::min()) return Error(errors::kCountOutOfRange);
  }
  const Set* set;
  if (Status found = FindSet(ctx, key, &set); !found.ok()) return found;
  if (set == nullptr || count == 0) {
    one ? ctx.reply.Null() : ctx.reply.Array(0);
  } else if (one) {
    Set::TextBuffer buffer;
    ctx.reply.Bulk(set->Random(DrawRandom(ctx), &buffer));
  } else if (count < 0) {
    ReplyDraws(ctx, *set, static_cast<uint64_t>(-count));
  } else if (static_cast<uint64_t>(count) >= set->size()) {
    ctx.reply.Array(static_cast<int64_t>(set->size()));
    set->ForEach([&](std::string_view member) { ctx.reply.Bulk(member); });
  } else {
    ctx.reply.Array(count);
    for (const std::string& member : set->Sample(static_cast<size_t>(count), DrawRandom(ctx))) {
      ctx.reply.Bulk(member);
    }
  }
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "spop",
     .syntax = "key [count:int]",
     .summary = "Returns one or more random members from a set after removing them. Deletes the "
                "set if the last member was popped.",
     .complexity = "Without the count argument O(1), otherwise O(N) where N is the value of the "
                   "passed count.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete)},
     .handler = SPop,
     .tips = "nondeterministic_output"},
    {.name = "srandmember",
     .syntax = "key [count:int]",
     .summary = "Get one or multiple random members from a set",
     .complexity = "Without the count argument O(1), otherwise O(N) where N is the absolute value "
                   "of the passed count.",
     .since = "1.0.0",
     .group = Group::kSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = SRandMember,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SetRandomCommands() { return kCommands; }

}  // namespace larder
