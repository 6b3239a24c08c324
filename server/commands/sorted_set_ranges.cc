// Sorted sets by range: the ZRANGE commands of today and of old, ZRANGESTORE, ZCOUNT, ZLEXCOUNT and
// the removal of ranges.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/sorted_set_access.h"

namespace larder {
namespace {

using storage::LexRange;
using storage::RankRange;
using storage::ScoreRange;
using storage::SortedSet;

enum class By { kRank, kScore, kLex };

// What of a ZRANGE command its name says already; ZRANGE leaves both to its options.
struct RangeForm {
  std::optional<By> by = {};
  std::optional<bool> reverse = {};
  bool store = false;
};

struct RangeOptions {
  By by = By::kRank;
  bool reverse = false;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: all
};

// Indexes counted from the end when negative, as clients give them.
struct Indexes {
  int64_t start = 0, stop = 0;
};

// A range of one of the three kinds; `by` says which.
struct AnyRange {
  Indexes indexes;
  ScoreRange scores;
  LexRange members;
};

Status ParseRangeOptions(ArgReader args, const RangeForm& form, RangeOptions* options) {
  std::optional<By> by = form.by;
  std::optional<bool> reverse = form.reverse;
  while (args.HasMore()) {
    if (!form.store && args.Match("WITHSCORES")) {
      options->with_scores = true;
    } else if (args.remaining() >= 3 && args.Match("LIMIT")) {
      options->offset = args.NextInt();
      options->limit = args.NextInt();
      if (args.failed()) return args.status();
    } else if (!reverse && args.Match("REV")) {
      reverse = true;
    } else if (!by && args.Match("BYLEX")) {
      by = By::kLex;
    } else if (!by && args.Match("BYSCORE")) {
      by = By::kScore;
    } else {
      return Error(errors::kSyntax);
    }
  }
  options->by = by.value_or(By::kRank);
  options->reverse = reverse.value_or(false);
  if (options->limit != -1 && options->by == By::kRank) {
    return Error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  }
  if (options->with_scores && options->by == By::kLex) {
    return Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }
  return Ok();
}

Status ParseIndexes(ArgReader& args, Indexes* indexes) {
  indexes->start = args.NextInt();
  indexes->stop = args.NextInt();
  return args.status();
}

Status ParseScores(std::string_view min, std::string_view max, ScoreRange* range) {
  const auto parsed = ParseScoreRange(min, max);
  if (!parsed) return Error(kBadScoreRange);
  *range = *parsed;
  return Ok();
}

Status ParseMembers(std::string_view min, std::string_view max, LexRange* range) {
  const auto parsed = ParseLexRange(min, max);
  if (!parsed) return Error(kBadLexRange);
  *range = *parsed;
  return Ok();
}

// Reads the two ends of a range, which a reverse one names in reverse.
Status ParseRange(ArgReader& args, const RangeOptions& options, AnyRange* range) {
  if (options.by == By::kRank) return ParseIndexes(args, &range->indexes);
  std::string_view min = args.Next();
  std::string_view max = args.Next();
  if (options.reverse) std::swap(min, max);
  return options.by == By::kScore ? ParseScores(min, max, &range->scores)
                                  : ParseMembers(min, max, &range->members);
}

// The ranks that indexes stand for; with `reverse` they count from the end of the order.
RankRange Resolve(Indexes indexes, size_t size, bool reverse = false) {
  const auto count = static_cast<int64_t>(size);
  if (indexes.start < 0) indexes.start = std::max<int64_t>(indexes.start + count, 0);
  if (indexes.stop < 0) indexes.stop += count;
  if (indexes.start > indexes.stop || indexes.start >= count) return {};
  indexes.stop = std::min(indexes.stop, count - 1);
  const auto found = static_cast<size_t>(indexes.stop - indexes.start + 1);
  const auto first = static_cast<size_t>(indexes.start);
  return {reverse ? size - first - found : first, found};
}

// Cuts a range down to LIMIT, from the end where it is taken in reverse. A negative offset is
// beyond any end.
RankRange Limit(RankRange range, const RangeOptions& options) {
  const auto count = static_cast<int64_t>(range.count);
  if (options.offset < 0 || options.offset >= count) return {};
  int64_t kept = count - options.offset;
  if (options.limit >= 0) kept = std::min(kept, options.limit);
  const int64_t skipped = options.reverse ? count - options.offset - kept : options.offset;
  return {range.first + static_cast<size_t>(skipped), static_cast<size_t>(kept)};
}

RankRange FindRange(const SortedSet& set, const AnyRange& range, const RangeOptions& options) {
  switch (options.by) {
    case By::kRank:
      return Resolve(range.indexes, set.size(), options.reverse);
    case By::kScore:
      return Limit(set.Find(range.scores), options);
    case By::kLex:
      return Limit(set.Find(range.members, options.reverse), options);
  }
  return {};
}

// Reads a ZRANGE command from its source key on, and finds its set and range.
Status ParseAndFind(CommandContext& ctx, const RangeForm& form, RangeOptions* options,
                    const SortedSet** set, RankRange* found) {
  const storage::Key key = ctx.args.NextKey();
  ArgReader behind = ctx.args;
  behind.Skip(2);
  if (Status parsed = ParseRangeOptions(behind, form, options); !parsed.ok()) return parsed;
  AnyRange range;
  if (Status parsed = ParseRange(ctx.args, *options, &range); !parsed.ok()) return parsed;
  if (Status status = FindSortedSet(ctx, key, set); !status.ok()) return status;
  if (*set != nullptr) *found = FindRange(**set, range, *options);
  return Ok();
}

Status Range(CommandContext& ctx, const RangeForm& form) {
  RangeOptions options;
  const SortedSet* set;
  RankRange range;
  Status found = ParseAndFind(ctx, form, &options, &set, &range);
  if (!found.ok()) return found;
  ReplyScoredArray(ctx, range.count, options.with_scores);
  if (set == nullptr) return Ok();
  set->ForRange(range, options.reverse, [&](std::string_view member, double score) {
    ReplyScored(ctx, member, score, options.with_scores);
  });
  return Ok();
}

Status ZRange(CommandContext& ctx) { return Range(ctx, {}); }
Status ZRevRange(CommandContext& ctx) { return Range(ctx, {.by = By::kRank, .reverse = true}); }
Status ZRangeByScore(CommandContext& ctx) {
  return Range(ctx, {.by = By::kScore, .reverse = false});
}
Status ZRevRangeByScore(CommandContext& ctx) {
  return Range(ctx, {.by = By::kScore, .reverse = true});
}
Status ZRangeByLex(CommandContext& ctx) { return Range(ctx, {.by = By::kLex, .reverse = false}); }
Status ZRevRangeByLex(CommandContext& ctx) { return Range(ctx, {.by = By::kLex, .reverse = true}); }

Status ZRangeStore(CommandContext& ctx) {
  const storage::Key target = ctx.args.NextKey();
  RangeOptions options;
  const SortedSet* set;
  RankRange range;
  Status found = ParseAndFind(ctx, {.store = true}, &options, &set, &range);
  if (!found.ok()) return found;
  const storage::SortedSetLimits limits = SortedSetLimitsOf(ctx);
  storage::Ref<SortedSet> result(new SortedSet());
  result->Expect(range.count, limits);
  if (set != nullptr) {
    set->ForRange(range, options.reverse, [&](std::string_view member, double score) {
      result->Put(member, score, limits);
    });
  }
  StoreCollection(ctx, target, std::move(result), NotifyClass::kZSet, "zrangestore");
  return Ok();
}

Status Count(CommandContext& ctx, By by) {
  const storage::Key key = ctx.args.NextKey();
  const RangeOptions options{.by = by};
  AnyRange range;
  if (Status parsed = ParseRange(ctx.args, options, &range); !parsed.ok()) return parsed;
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, key, &set); !found.ok()) return found;
  const size_t count = set == nullptr ? 0 : FindRange(*set, range, options).count;
  ctx.reply.Integer(static_cast<int64_t>(count));
  return Ok();
}

Status ZCount(CommandContext& ctx) { return Count(ctx, By::kScore); }
Status ZLexCount(CommandContext& ctx) { return Count(ctx, By::kLex); }

Status RemoveRange(CommandContext& ctx, By by, std::string_view event) {
  const storage::Key key = ctx.args.NextKey();
  const RangeOptions options{.by = by};
  AnyRange range;
  if (Status parsed = ParseRange(ctx.args, options, &range); !parsed.ok()) return parsed;
  SortedSet* set;
  bool missing;
  if (Status found = FindMutableSortedSet(ctx, key, &set, &missing); !found.ok()) return found;
  RankRange found;
  if (set != nullptr) found = FindRange(*set, range, options);
  if (found.count > 0 && found.count == set->size()) {
    ctx.Notify(NotifyClass::kZSet, event, key.bytes);
    DeleteKey(ctx, key);  // a large one is freed in slices
  } else if (found.count > 0) {
    set->RemoveRange(found);
    ctx.Changed(key, NotifyClass::kZSet, event);
  }
  ctx.reply.Integer(static_cast<int64_t>(found.count));
  return Ok();
}

Status ZRemRangeByRank(CommandContext& ctx) {
  return RemoveRange(ctx, By::kRank, "zremrangebyrank");
}
Status ZRemRangeByScore(CommandContext& ctx) {
  return RemoveRange(ctx, By::kScore, "zremrangebyscore");
}
Status ZRemRangeByLex(CommandContext& ctx) { return RemoveRange(ctx, By::kLex, "zremrangebylex"); }

constexpr CommandSpec kCommands[] = {
    {.name = "zcount",
     .syntax = "key min:double max:double",
     .summary = "Returns the count of members in a sorted set that have scores within a range.",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZCount},
    {.name = "zlexcount",
     .syntax = "key min max",
     .summary = "Returns the number of members in a sorted set within a lexicographical range.",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .since = "2.8.9",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZLexCount},
    {.name = "zrange",
     .syntax = "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset:int count:int] [WITHSCORES]",
     .summary = "Returns members in a sorted set within a range of indexes.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements returned.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRange},
    {.name = "zrangebylex",
     .syntax = "key min max [LIMIT offset:int count:int]",
     .summary = "Returns members in a sorted set within a lexicographical range.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .since = "2.8.9",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRangeByLex,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYLEX` argument"},
    {.name = "zrangebyscore",
     .syntax = "key min:double max:double [WITHSCORES] [LIMIT offset:int count:int]",
     .summary = "Returns members in a sorted set within a range of scores.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .since = "1.0.5",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRangeByScore,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYSCORE` argument"},
    {.name = "zrangestore",
     .syntax = "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset:int count:int]",
     .summary = "Stores a range of members from sorted set in a key.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements stored into the destination key.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate), Key(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRangeStore},
    {.name = "zremrangebylex",
     .syntax = "key min max",
     .summary = "Removes members in a sorted set within a lexicographical range. Deletes the "
                "sorted set if all members were removed.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .since = "2.8.9",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = ZRemRangeByLex},
    {.name = "zremrangebyrank",
     .syntax = "key start:int stop:int",
     .summary = "Removes members in a sorted set within a range of indexes. Deletes the sorted "
                "set if all members were removed.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .since = "2.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = ZRemRangeByRank},
    {.name = "zremrangebyscore",
     .syntax = "key min:double max:double",
     .summary = "Removes members in a sorted set within a range of scores. Deletes the sorted "
                "set if all members were removed.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements removed by the operation.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = ZRemRangeByScore},
    {.name = "zrevrange",
     .syntax = "key start:int stop:int [WITHSCORES]",
     .summary = "Returns members in a sorted set within a range of indexes in reverse order.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements returned.",
     .since = "1.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRevRange,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` argument"},
    {.name = "zrevrangebylex",
     .syntax = "key max min [LIMIT offset:int count:int]",
     .summary = "Returns members in a sorted set within a lexicographical range in reverse order.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .since = "2.8.9",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRevRangeByLex,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments"},
    {.name = "zrevrangebyscore",
     .syntax = "key max:double min:double [WITHSCORES] [LIMIT offset:int count:int]",
     .summary = "Returns members in a sorted set within a range of scores in reverse order.",
     .complexity = "O(log(N)+M) with N being the number of elements in the sorted set and M the "
                   "number of elements being returned. If M is constant (e.g. always asking for "
                   "the first 10 elements with LIMIT), you can consider it O(log(N)).",
     .since = "2.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRevRangeByScore,
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments"},
};

}  // namespace

std::span<const CommandSpec> SortedSetRangeCommands() { return kCommands; }

}  // namespace larder
