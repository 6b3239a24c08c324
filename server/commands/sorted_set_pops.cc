// Members taken from the ends of sorted sets (ZPOPMIN, ZPOPMAX, ZMPOP), also by who waits until
// there is one (BZPOPMIN, BZPOPMAX, BZMPOP), or drawn at random (ZRANDMEMBER).
#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/multi_pop.h"
#include "server/commands/sorted_set_access.h"

namespace larder {
namespace {

using storage::SortedSet;

enum class End { kMin, kMax };

// Replies with `count` members from an end of a set, in pairs where `pairs`, and removes them.
// REQUIRES: 0 < count <= set->size().
void Pop(CommandContext& ctx, const storage::Key& key, SortedSet* set, End end, size_t count,
         bool pairs) {
  const size_t first = end == End::kMin ? 0 : set->size() - count;
  set->ForRange({first, count}, end == End::kMax, [&](std::string_view member, double score) {
    if (pairs) ctx.reply.Array(2);
    ctx.reply.Bulk(member);
    ctx.reply.Double(score);
  });
  const std::string_view event = end == End::kMin ? "zpopmin" : "zpopmax";
  if (count == set->size()) {
    ctx.Notify(NotifyClass::kZSet, event, key.bytes);
    DeleteKey(ctx, key);  // a large one is freed in slices
  } else {
    set->RemoveRange({first, count});
    ctx.Changed(key, NotifyClass::kZSet, event);
  }
}

Status PopFromOne(CommandContext& ctx, End end) {
  const storage::Key key = ctx.args.NextKey();
  if (ctx.args.remaining() > 1) return Error(errors::kSyntax);
  const bool counted = ctx.args.HasMore();
  int64_t count = 1;
  if (counted) {
    count = ctx.args.NextIntIn(0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
    if (ctx.args.failed()) return ctx.args.status();
  }
  SortedSet* set;
  bool missing;
  if (Status found = FindMutableSortedSet(ctx, key, &set, &missing); !found.ok()) return found;
  if (set == nullptr || count == 0) {
    ctx.reply.Array(0);
    return Ok();
  }
  const size_t popped = std::min(static_cast<size_t>(count), set->size());
  const bool pairs = counted && ctx.reply.version() == protocol::Version::kResp3;
  ctx.reply.Array(static_cast<int64_t>(pairs ? popped : 2 * popped));
  Pop(ctx, key, set, end, popped, pairs);
  return Ok();
}

Status ZPopMin(CommandContext& ctx) { return PopFromOne(ctx, End::kMin); }
Status ZPopMax(CommandContext& ctx) { return PopFromOne(ctx, End::kMax); }

// ---- popping from the first set of several

// One member is answered flat behind its key, several as pairs.
struct SortedSets {
  using End = larder::End;
  static constexpr storage::Type kType = SortedSet::kType;
  static std::optional<End> ParseEnd(std::string_view word) {
    if (EqualsIgnoreCase(word, "MIN")) return End::kMin;
    if (EqualsIgnoreCase(word, "MAX")) return End::kMax;
    return std::nullopt;
  }

  static Status PopWithKey(CommandContext& ctx, const storage::Key& key, const MultiPop<End>& pop) {
    SortedSet* set;
    bool missing;
    if (Status found = FindMutableSortedSet(ctx, key, &set, &missing); !found.ok()) return found;
    if (set == nullptr) return Ok();
    const size_t popped = std::min(pop.count.value_or(1), set->size());
    ctx.reply.Array(pop.count ? 2 : 3);
    ctx.reply.Bulk(key.bytes);
    if (pop.count) ctx.reply.Array(static_cast<int64_t>(popped));
    Pop(ctx, key, set, pop.end, popped, pop.count.has_value());
    return Ok();
  }
};

Status BZPopMin(CommandContext& ctx) { return BlockingPop<SortedSets>(ctx, End::kMin); }
Status BZPopMax(CommandContext& ctx) { return BlockingPop<SortedSets>(ctx, End::kMax); }

// ---- drawing at random

// As many draws as asked for, a member as often as it comes. It ends early when the reply has
// outgrown what a client may let wait: the connection is closed then.
void ReplyDraws(CommandContext& ctx, const SortedSet& set, uint64_t count, bool with_scores) {
  const int64_t bytes_max = ctx.engine.options.output_limit(OutputClass::kNormal).hard_bytes;
  std::mt19937_64 generator(DrawRandom(ctx));
  ReplyScoredArray(ctx, count, with_scores);
  for (; count > 0; --count) {
    const auto [member, score] = set.Random(generator());
    ReplyScored(ctx, member, score, with_scores);
    if (bytes_max > 0 && ctx.reply.out().size() > static_cast<size_t>(bytes_max)) {
      ctx.session.close_after_reply = true;
      return;
    }
  }
}

void ReplyDifferent(CommandContext& ctx, const SortedSet& set, size_t count, bool with_scores) {
  if (count < set.size()) {
    ReplyScoredArray(ctx, count, with_scores);
    for (const auto& [text, score] : set.Sample(count, DrawRandom(ctx))) {
      ReplyScored(ctx, text, score, with_scores);
    }
    return;
  }
  ReplyScoredArray(ctx, set.size(), with_scores);
  set.ForEach(
      [&](std::string_view member, double score) { ReplyScored(ctx, member, score, with_scores); });
}

Status ZRandMember(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const bool one = !ctx.args.HasMore();
  bool with_scores = false;
  int64_t count = 1;
  if (!one) {
    count = ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
    if (count == std::numeric_limits<int64_t>::min()) return Error(errors::kCountOutOfRange);
    with_scores = ctx.args.Match("WITHSCORES");
    if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
    constexpr int64_t kPairsMax = std::numeric_limits<int64_t>::max() / 2;
    if (with_scores && (count < -kPairsMax || count > kPairsMax)) {
      return Error(errors::kOutOfRange);
    }
  }
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, key, &set); !found.ok()) return found;
  if (set == nullptr || count == 0) {
    one ? ctx.reply.Null() : ctx.reply.Array(0);
  } else if (one) {
    ctx.reply.Bulk(set->Random(DrawRandom(ctx)).first);
  } else if (count < 0) {
    ReplyDraws(ctx, *set, static_cast<uint64_t>(-count), with_scores);
  } else {
    ReplyDifferent(ctx, *set, static_cast<size_t>(count), with_scores);
  }
  return Ok();
}

constexpr int kPopKey = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete;
constexpr uint32_t kBlockingPop = Flag::kWrite | Flag::kNoScript | Flag::kBlocking | Flag::kFast;

constexpr CommandSpec kCommands[] = {
    {.name = "bzmpop",
     .syntax = "timeout:double numkeys:int key [key ...] <MIN | MAX> [COUNT count:int]",
     .summary = "Removes and returns a member by score from one or more sorted sets. Blocks until "
                "a member is available otherwise. Deletes the sorted set if the last element was "
                "popped.",
     .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the "
                   "number of elements in the sorted set, and M being the number of elements "
                   "popped.",
     .since = "7.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kBlocking,
     .keys = {CountedKeys(2, kPopKey)},
     .handler = BlockingPopSome<SortedSets>},
    {.name = "bzpopmax",
     .syntax = "key [key ...] timeout:double",
     .summary = "Removes and returns the member with the highest score from one or more sorted "
                "sets. Blocks until a member available otherwise. Deletes the sorted set if the "
                "last element was popped.",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .since = "5.0.0",
     .group = Group::kSortedSet,
     .flags = kBlockingPop,
     .keys = {Keys(1, -2, 1, kPopKey)},
     .handler = BZPopMax},
    {.name = "bzpopmin",
     .syntax = "key [key ...] timeout:double",
     .summary = "Removes and returns the member with the lowest score from one or more sorted "
                "sets. Blocks until a member is available otherwise. Deletes the sorted set if "
                "the last element was popped.",
     .complexity = "O(log(N)) with N being the number of elements in the sorted set.",
     .since = "5.0.0",
     .group = Group::kSortedSet,
     .flags = kBlockingPop,
     .keys = {Keys(1, -2, 1, kPopKey)},
     .handler = BZPopMin},
    {.name = "zmpop",
     .syntax = "numkeys:int key [key ...] <MIN | MAX> [COUNT count:int]",
     .summary = "Returns the highest- or lowest-scoring members from one or more sorted sets "
                "after removing them. Deletes the sorted set if the last member was popped.",
     .complexity = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the "
                   "number of elements in the sorted set, and M being the number of elements "
                   "popped.",
     .since = "7.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite,
     .keys = {CountedKeys(1, kPopKey)},
     .handler = PopSome<SortedSets>},
    {.name = "zpopmax",
     .syntax = "key [count:int]",
     .summary = "Returns the highest-scoring members from a sorted set after removing them. "
                "Deletes the sorted set if the last member was popped.",
     .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M "
                   "being the number of elements popped.",
     .since = "5.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, kPopKey)},
     .handler = ZPopMax},
    {.name = "zpopmin",
     .syntax = "key [count:int]",
     .summary = "Returns the lowest-scoring members from a sorted set after removing them. "
                "Deletes the sorted set if the last member was popped.",
     .complexity = "O(log(N)*M) with N being the number of elements in the sorted set, and M "
                   "being the number of elements popped.",
     .since = "5.0.0",
     .group = Group::kSortedSet,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, kPopKey)},
     .handler = ZPopMin},
    {.name = "zrandmember",
     .syntax = "key [count:int [WITHSCORES]]",
     .summary = "Returns one or more random members from a sorted set.",
     .complexity = "O(N) where N is the number of elements returned.",
     .since = "6.2.0",
     .group = Group::kSortedSet,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = ZRandMember,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SortedSetPopCommands() { return kCommands; }

}  // namespace larder
