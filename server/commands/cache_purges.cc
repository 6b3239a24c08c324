// Purges: CACHE.PURGE by key, CACHE.PURGETAG by tag, CACHE.PURGEMATCH by pattern.
//
// From the reply on no read returns an entry that was there before. What a tag purge leaves behind
// is dead to everybody at once and swept by the workers (Keyspace::PurgeSlice); the events and
// invalidations of its keys follow with that.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/name_purge.h"
#include "storage/glob.h"
#include "storage/numbers.h"

namespace larder {
namespace {

constexpr size_t kPatternBytesMax = 1024;

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
  if (ctx.engine.tag_listeners.any()) ctx.engine.tag_listeners.TellPurged(tags);
  if (purged > 0) ctx.session.MarkDirty();
  ctx.reply.Integer(static_cast<int64_t>(purged));
  return Ok();
}

Status PurgeMatch(CommandContext& ctx) {
  const std::string_view pattern = ctx.args.Next();
  if (pattern.size() > kPatternBytesMax) return Error(errors::kPatternTooLong);
  int64_t soft_until_ms = 0;
  if (ctx.args.HasMore()) {
    const bool soft = ctx.args.Match("SOFT") && ctx.args.remaining() == 1;
    if (!soft) return Error(errors::kSyntax);
    if (Status parsed = ParseSoft(ctx, &soft_until_ms); !parsed.ok()) return parsed;
  }
  const auto picks = [pattern](std::string_view key) { return storage::GlobMatch(pattern, key); };
  const int database = ctx.db.index();
  ctx.reply.Integer(
      static_cast<int64_t>(PurgeByName(ctx, database, database, soft_until_ms, picks)));
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
