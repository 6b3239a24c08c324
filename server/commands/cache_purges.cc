// Purges: CACHE.PURGE by key, CACHE.PURGETAG by tag, CACHE.PURGEMATCH by pattern.
//
// From the reply on no read returns an entry that was there before. What a tag purge leaves behind
// is dead to everybody at once and swept by the workers (Keyspace::PurgeSlice); the events and
// invalidations of its keys follow with that.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

#include "server/acl/acl_check.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/glob.h"
#include "storage/match_purge.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using std::chrono::steady_clock;

constexpr size_t kPatternBytesMax = 1024;
// A slice ends with the segment that it is at, which may take half as long again.
constexpr auto kSlice = std::chrono::microseconds(500);

// How many arguments a purge names things with: SOFT and its seconds may stand behind them. (Who
// has a key or tag of that name puts another behind it.)
size_t NamedUpTo(std::span<const std::string_view> args) {
  const bool soft = args.size() >= 4 && EqualsIgnoreCase(args[args.size() - 2], "SOFT");
  return soft ? args.size() - 2 : args.size();
}

// Until when what is purged is served stale; 0 when the purge is no soft one.
Status ParseSoft(const CommandContext& ctx, int64_t* until_ms) {
  constexpr int64_t kSoftSecondsMax = std::numeric_limits<uint32_t>::max();
  const auto args = ctx.args.all();
  if (NamedUpTo(args) == args.size()) return Ok();
  const auto seconds = storage::ParseInteger(args.back());
  if (!seconds || *seconds < 1 || *seconds > kSoftSecondsMax) {
    return Error(errors::kBadSoftSeconds);
  }
  *until_ms = ctx.db.now_ms() + *seconds * 1000;
  return Ok();
}

// A soft purge is one for good of what is no string.
bool PurgeKey(CommandContext& ctx, const storage::Key& key, int64_t soft_until_ms) {
  if (soft_until_ms == 0 || !ctx.db.MakeStale(key, soft_until_ms)) return DeleteKey(ctx, key);
  ctx.Changed(key, NotifyClass::kGeneric, "del");
  return true;
}

Status Purge(CommandContext& ctx) {
  int64_t soft_until_ms = 0;
  if (Status parsed = ParseSoft(ctx, &soft_until_ms); !parsed.ok()) return parsed;
  const size_t end = NamedUpTo(ctx.args.all());
  int64_t purged = 0;
  while (ctx.args.position() < end) {
    purged += PurgeKey(ctx, ctx.args.NextKey(), soft_until_ms) ? 1 : 0;
  }
  ctx.reply.Integer(purged);
  return Ok();
}

Status PurgeTag(CommandContext& ctx) {
  int64_t soft_until_ms = 0;
  if (Status parsed = ParseSoft(ctx, &soft_until_ms); !parsed.ok()) return parsed;
  const auto tags = ctx.args.all().first(NamedUpTo(ctx.args.all())).subspan(ctx.args.position());
  ctx.args.Skip(ctx.args.remaining());
  if (std::any_of(tags.begin(), tags.end(),
                  [](std::string_view tag) { return tag.size() > storage::kTagBytesMax; })) {
    return Error(errors::kTagTooLong);
  }
  const uint64_t purged = ctx.engine.keyspace.PurgeTags(tags, ctx.db.now_ms(), soft_until_ms);
  if (purged > 0) ctx.session.MarkDirty();
  ctx.reply.Integer(static_cast<int64_t>(purged));
  return Ok();
}

// The keys that the pattern matches and the user may write. Keeps the user as it is now.
storage::MatchPurge::Picks PicksOf(const CommandContext& ctx, std::string_view pattern) {
  AclUserPointer user = ctx.session.user;
  const bool all_keys = user == nullptr || !user->looks_at_keys();
  return [pattern, all_keys, user = std::move(user), &command = ctx.command](std::string_view key) {
    return storage::GlobMatch(pattern, key) && (all_keys || MayWriteKey(*user, command, key));
  };
}

Status PurgeMatch(CommandContext& ctx) {
  using Outcome = storage::MatchPurge::Outcome;
  const std::string_view pattern = ctx.args.Next();
  if (pattern.size() > kPatternBytesMax) return Error(errors::kPatternTooLong);
  int64_t soft_until_ms = 0;
  if (ctx.args.HasMore()) {
    const bool soft = ctx.args.Match("SOFT") && ctx.args.remaining() == 1;
    if (!soft) return Error(errors::kSyntax);
    if (Status parsed = ParseSoft(ctx, &soft_until_ms); !parsed.ok()) return parsed;
  }
  // In between two slices others have their turn; inside EXEC and scripts nobody may.
  const bool in_slices = !ctx.in_exec() && !ctx.in_script();
  storage::MatchPurge purge(ctx.engine.keyspace, ctx.db.index(), soft_until_ms,
                            PicksOf(ctx, pattern));
  for (;;) {
    const auto deadline =
        in_slices ? steady_clock::now() + kSlice : steady_clock::time_point::max();
    if (purge.Slice(ctx.dispatcher.now_ms(), deadline, ctx.all_stripes_held()) == Outcome::kDone) {
      break;
    }
    if (in_slices) ctx.dispatcher.TakeTurn();
  }
  if (purge.purged() > 0) ctx.session.MarkDirty();
  ctx.reply.Integer(static_cast<int64_t>(purge.purged()));
  return Ok();
}

// What "name [name ...] [SOFT seconds]" names, keys or tags.
void FindNames(std::span<const std::string_view> args, std::vector<int>* positions) {
  for (size_t i = 1; i < NamedUpTo(args); ++i) positions->push_back(static_cast<int>(i));
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.purge",
     .syntax = "key [key ...] [SOFT seconds:int]",
     .summary = "Removes keys, softly where CACHE.GET shall serve their strings stale for a while. "
                "Returns how many there were.",
     .complexity = "O(N) where N is the number of keys; the memory of large values follows in "
                   "slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Keys(1, -1, 1, KeyFlag::kRM | KeyFlag::kDelete | KeyFlag::kIncomplete)},
     .find_keys = FindNames,
     .handler = Purge,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "cache.purgematch",
     .syntax = "pattern:pattern [SOFT seconds:int]",
     .summary = "Removes the keys of the selected database that match a pattern and that the user "
                "may write. Returns how many there were.",
     .complexity = "O(N) where N is the number of keys in the database, in slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kOwnLocks | Flag::kDangerous,
     .handler = PurgeMatch,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "cache.purgetag",
     .syntax = "tag [tag ...] [SOFT seconds:int]",
     .summary = "Removes the keys of all databases that carry any of the tags. Returns how many "
                "carried each, summed.",
     .complexity = "O(N) where N is the number of tags; the memory of the keys follows in slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast | Flag::kAllStripes,
     .handler = PurgeTag,
     .tips = "request_policy:all_shards response_policy:agg_sum",
     .find_tags = FindNames},
};

}  // namespace

std::span<const CommandSpec> CachePurgeCommands() { return kCommands; }

}  // namespace larder
