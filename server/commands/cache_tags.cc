// Tags of keys of any type: CACHE.TAG, CACHE.UNTAG, CACHE.TAGS. (SET's are set_options.cc.)
#include <cstdint>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/tag_arguments.h"

namespace larder {
namespace {

using storage::Access;
using storage::Entry;
using storage::Extra;

// Tagging is no use of the value, for eviction's sake.
Status Tag(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto tags = NextTags(ctx.args);
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Entry* const entry = ctx.db.Find(key, Access::kPeek);
  int64_t added = 0;
  if (entry != nullptr) {
    Extra extra = ctx.db.ExtraOf(*entry);
    for (const std::string_view tag : tags) {
      added += extra.tags.Add(ctx.engine.keyspace.tags(), tag) ? 1 : 0;
    }
    if (extra.tags.size() > storage::kTagsPerEntryMax) return Error(errors::kTooManyTags);
    if (added > 0) {
      ctx.db.SetExtra(key, extra);
      ctx.Changed(key, NotifyClass::kGeneric, "tag");
    }
  }
  ctx.reply.Integer(added);
  return Ok();
}

Status Untag(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto tags = NextTags(ctx.args);
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Entry* const entry = ctx.db.Find(key, Access::kPeek);
  int64_t removed = 0;
  if (entry != nullptr && entry->has_extra()) {
    Extra extra = ctx.db.ExtraOf(*entry);
    for (const std::string_view tag : tags) removed += extra.tags.Remove(tag) ? 1 : 0;
    if (removed > 0) {
      ctx.db.SetExtra(key, extra);
      ctx.Changed(key, NotifyClass::kGeneric, "untag");
    }
  }
  ctx.reply.Integer(removed);
  return Ok();
}

Status Tags(CommandContext& ctx) {
  const Entry* const entry = FindToPeek(ctx, ctx.args.NextKey());
  const Extra extra = entry == nullptr ? Extra() : ctx.db.ExtraOf(*entry);
  ctx.reply.Set(static_cast<int64_t>(extra.tags.size()));
  for (const uint32_t tag : extra.tags) ctx.reply.Bulk(ctx.engine.keyspace.tags().NameOf(tag));
  return Ok();
}

// The tags of "key numtags tag [tag ...]", for the rights on them.
void FindTags(std::span<const std::string_view> args, std::vector<int>* positions) {
  for (size_t i = 3; i < args.size(); ++i) positions->push_back(static_cast<int>(i));
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.tag",
     .syntax = "key numtags:int tag [tag ...]",
     .summary = "Adds tags to a key of any type. Returns how many it did not have.",
     .complexity = "O(N) where N is the number of tags.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = Tag,
     .find_tags = FindTags},
    {.name = "cache.tags",
     .syntax = "key",
     .summary = "Returns the tags of a key.",
     .complexity = "O(N) where N is the number of tags.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = Tags},
    {.name = "cache.untag",
     .syntax = "key numtags:int tag [tag ...]",
     .summary = "Removes tags from a key. Returns how many it had.",
     .complexity = "O(N) where N is the number of tags.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = Untag,
     .find_tags = FindTags},
};

}  // namespace

std::span<const CommandSpec> CacheTagCommands() { return kCommands; }

}  // namespace larder
