// Sorted sets by member: ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZSCAN.
// Ranges are in sorted_set_ranges.cc, popping and drawing in sorted_set_pops.cc, union,
// intersection and difference in sorted_set_algebra.cc.
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/scan_options.h"
#include "server/commands/sorted_set_access.h"
#include "server/commands/sorted_set_add.h"

namespace larder {
namespace {

using storage::SortedSet;

Status ZAdd(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const AddOptions options = ParseAddOptions(ctx.args);
  if (Status checked = CheckAddOptions(options, ctx.args.remaining()); !checked.ok()) {
    return checked;
  }
  ScoredMembers pairs;
  pairs.reserve(ctx.args.remaining() / 2);
  while (ctx.args.HasMore()) {
    const double score = ctx.args.NextDouble();
    pairs.push_back({score, ctx.args.Next()});
    if (ctx.args.failed()) return ctx.args.status();
  }
  AddResult result;
  if (Status added = AddScored(ctx, key, pairs, options, &result); !added.ok()) return added;
  if (!options.increment) {
    ctx.reply.Integer(result.Count(options));
  } else if (result.score) {
    ctx.reply.Double(*result.score);
  } else {
    ctx.reply.Null();
  }
  return Ok();
}

Status ZIncrBy(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const double increment = ctx.args.NextDouble();
  const std::string_view member = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  AddResult result;
  Status added = AddScored(ctx, key, {{increment, member}}, {.increment = true}, &result);
  if (!added.ok()) return added;
  if (result.score) ctx.reply.Double(*result.score);
  return Ok();
}

Status ZRem(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  SortedSet* set;
  bool missing;
  if (Status found = FindMutableSortedSet(ctx, key, &set, &missing); !found.ok()) return found;
  int64_t removed = 0;
  if (set != nullptr) {
    while (ctx.args.HasMore() && set->size() > 0) removed += set->Remove(ctx.args.Next()) ? 1 : 0;
    if (removed > 0) ctx.Changed(key, NotifyClass::kZSet, "zrem");
    DropEmptySortedSet(ctx, key, *set);
  }
  ctx.reply.Integer(removed);
  return Ok();
}

Status ZCard(CommandContext& ctx) {
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
  return Ok();
}

void ReplyScore(CommandContext& ctx, const SortedSet* set, std::string_view member) {
  const auto score = set == nullptr ? std::nullopt : set->Score(member);
  score ? ctx.reply.Double(*score) : ctx.reply.Null();
}

Status ZScore(CommandContext& ctx) {
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ReplyScore(ctx, set, ctx.args.Next());
  return Ok();
}

Status ZMScore(CommandContext& ctx) {
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) ReplyScore(ctx, set, ctx.args.Next());
  return Ok();
}

Status Rank(CommandContext& ctx, bool reverse) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view member = ctx.args.Next();
  if (ctx.args.remaining() > 1) return Error(errors::WrongArity(ctx.command.full_name));
  const bool with_score = ctx.args.Match("WITHSCORE");
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, key, &set); !found.ok()) return found;
  const auto position = set == nullptr ? std::nullopt : set->Rank(member);
  if (!position) {
    with_score ? ctx.reply.NullArray() : ctx.reply.Null();
    return Ok();
  }
  const size_t rank = reverse ? set->size() - 1 - position->rank : position->rank;
  if (with_score) ctx.reply.Array(2);
  ctx.reply.Integer(static_cast<int64_t>(rank));
  if (with_score) ctx.reply.Double(position->score);
  return Ok();
}

Status ZRank(CommandContext& ctx) { return Rank(ctx, false); }
Status ZRevRank(CommandContext& ctx) { return Rank(ctx, true); }

Status ZScan(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto cursor = ParseCursor(ctx.args.Next());
  if (!cursor) return Error(errors::kInvalidCursor);
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, key, &set); !found.ok()) return found;
  ScanOptions options{.cursor = *cursor};
  uint64_t next = 0;
  int64_t words = 0;
  protocol::OutputBuffer buffer;  // the cursor, which is known last, goes first
  protocol::ReplyWriter members(buffer);
  if (set != nullptr) {
    if (Status parsed = ParseScanOptions(ctx.args, false, &options); !parsed.ok()) return parsed;
    next = set->Scan(options.cursor, static_cast<size_t>(options.count),
                     [&](std::string_view member, double score) {
                       if (!options.Matches(member)) return;
                       members.Bulk(member);
                       members.Double(score);  // a bulk string in RESP3 as well
                       words += 2;
                     });
  }
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(static_cast<int64_t>(next));
  ctx.reply.Array(words);
  ctx.reply.Raw(buffer.tail().view());
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "zadd",
     .syntax = "key [condition: NX | XX] [comparison: GT | LT] [change: CH] [increment: INCR] "
               "score:double member [score member ...]",
     .summary = "Adds one or more members to a sorted set, or updates their scores. Creates the "
                "key if it doesn't exist.",
     .complexity = "O(log(N)) for each item added, where N is the number of elements in the "
                   "sorted set.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = ZAdd},
    {.name = "zcard",
     .syntax = "key",
     .summary = "Returns the number of members in a sorted set.",
     .complexity = "O(1).",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = ZCard},
    {.name = "zincrby",
     .syntax = "key increment:int member",
     .summary = "Increments the score of a member in a sorted set.",
     .complexity = "O(log(N)) where N is the number of elements in the sorted set.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = ZIncrBy},
    {.name = "zmscore",
     .syntax = "key member [member ...]",
     .summary = "Returns the score of one or more members in a sorted set.",
     .complexity = "O(N) where N is the number of members being requested.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZMScore},
    {.name = "zrank",
     .syntax = "key member [WITHSCORE]",
     .summary = "Returns the index of a member in a sorted set ordered by ascending scores.",
     .complexity = "O(log(N)).",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRank},
    {.name = "zrem",
     .syntax = "key member [member ...]",
     .summary = "Removes one or more members from a sorted set. Deletes the sorted set if all "
                "members were removed.",
     .complexity = "O(M*log(N)) with N being the number of elements in the sorted set and M the "
                   "number of elements to be removed.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = ZRem},
    {.name = "zrevrank",
     .syntax = "key member [WITHSCORE]",
     .summary = "Returns the index of a member in a sorted set ordered by descending scores.",
     .complexity = "O(log(N)).",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRevRank},
    {.name = "zscan",
     .syntax = "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
     .summary = "Iterates over members and scores of a sorted set.",
     .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command "
                   "calls for the cursor to return back to 0. N is the number of elements inside "
                   "the collection.",
     .since = "2.8.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZScan,
     .tips = "nondeterministic_output"},
    {.name = "zscore",
     .syntax = "key member",
     .summary = "Returns the score of a member in a sorted set.",
     .complexity = "O(1).",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZScore},
};

}  // namespace

std::span<const CommandSpec> SortedSetCommands() { return kCommands; }

}  // namespace larder
