// Purges: CACHE.PURGE by key, CACHE.PURGETAG by tag, CACHE.PURGEMATCH by pattern.
//
// From the reply on no read returns an entry that was there before. What a tag purge leaves behind
// is dead to everybody at once and swept by the workers (Keyspace::PurgeSlice); the events and
// invalidations of its keys follow with that.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/name_purge.h"
#include "storage/glob.h"

namespace larder {
namespace {

constexpr size_t kPatternBytesMax = 1024;

Status Purge(CommandContext& ctx) {
  int64_t purged = 0;
  while (ctx.args.HasMore()) purged += DeleteKey(ctx, ctx.args.NextKey()) ? 1 : 0;
  ctx.reply.Integer(purged);
  return Ok();
}

Status PurgeTag(CommandContext& ctx) {
  const auto tags = ctx.args.all().subspan(ctx.args.position());
  ctx.args.Skip(tags.size());
  if (std::any_of(tags.begin(), tags.end(),
                  [](std::string_view tag) { return tag.size() > storage::kTagBytesMax; })) {
    return Error(errors::kTagTooLong);
  }
  const uint64_t purged = ctx.engine.keyspace.PurgeTags(tags, ctx.db.now_ms());
  if (ctx.engine.tag_listeners.any()) ctx.engine.tag_listeners.TellPurged(tags);
  if (purged > 0) ctx.session.MarkDirty();
  ctx.reply.Integer(static_cast<int64_t>(purged));
  return Ok();
}

Status PurgeMatch(CommandContext& ctx) {
  const std::string_view pattern = ctx.args.Next();
  if (pattern.size() > kPatternBytesMax) return Error(errors::kPatternTooLong);
  const auto picks = [pattern](std::string_view key) { return storage::GlobMatch(pattern, key); };
  const int database = ctx.db.index();
  ctx.reply.Integer(static_cast<int64_t>(PurgeByName(ctx, database, database, picks)));
  return Ok();
}

// The tags of "tag [tag ...]", for the rights on them.
void FindTags(std::span<const std::string_view> args, std::vector<int>* positions) {
  for (size_t i = 1; i < args.size(); ++i) positions->push_back(static_cast<int>(i));
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.purge",
     .syntax = "key [key ...]",
     .summary = "Removes keys. Returns how many there were.",
     .complexity = "O(N) where N is the number of keys; the memory of large values follows in "
                   "slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Keys(1, -1, 1, KeyFlag::kRM | KeyFlag::kDelete)},
     .handler = Purge,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "cache.purgematch",
     .syntax = "pattern:pattern",
     .summary = "Removes the keys of the selected database that match a pattern and that the user "
                "may write. Returns how many there were.",
     .complexity = "O(N) where N is the number of keys in the database, in slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kOwnLocks | Flag::kDangerous,
     .handler = PurgeMatch,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "cache.purgetag",
     .syntax = "tag [tag ...]",
     .summary = "Removes the keys of all databases that carry any of the tags. Returns how many "
                "carried each, summed.",
     .complexity = "O(N) where N is the number of tags; the memory of the keys follows in slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast | Flag::kAllStripes,
     .handler = PurgeTag,
     .tips = "request_policy:all_shards response_policy:agg_sum",
     .find_tags = FindTags},
};

}  // namespace

std::span<const CommandSpec> CachePurgeCommands() { return kCommands; }

}  // namespace larder
