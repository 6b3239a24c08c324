// CACHE.TRACKTAG: a push for each purge of a tag.
#include <algorithm>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace larder {
namespace {

static_assert(kListenedTagsMax == 1024);  // errors::kTooManyListenedTags says so

Status TrackTag(CommandContext& ctx) {
  const auto tags = ctx.args.all().subspan(ctx.args.position());
  ctx.args.Skip(tags.size());
  Session& session = ctx.session;
  if (tags.empty()) {
    session.StopListeningForTags();
    ctx.reply.Integer(0);
    return Ok();
  }
  if (session.reply.version() != protocol::Version::kResp3) {
    return Error(errors::kTagTrackingNeedsResp3);
  }
  if (std::any_of(tags.begin(), tags.end(),
                  [](std::string_view tag) { return tag.size() > storage::kTagBytesMax; })) {
    return Error(errors::kTagTooLong);
  }
  if (session.listened_tags.size() + tags.size() > kListenedTagsMax) {
    return Error(errors::kTooManyListenedTags);
  }
  for (const std::string_view tag : tags) {
    if (!session.listened_tags.emplace(tag).second) continue;
    ctx.engine.tag_listeners.Add(tag, {session.id(), &session.mailbox()});
  }
  ctx.reply.Integer(static_cast<int64_t>(session.listened_tags.size()));
  return Ok();
}

void FindTags(std::span<const std::string_view> args, std::vector<int>* positions) {
  for (size_t i = 1; i < args.size(); ++i) positions->push_back(static_cast<int>(i));
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.tracktag",
     .syntax = "[tag [tag ...]]",
     .summary =
         "Asks for a push (invalidate-tag) at each purge of a tag, beside the tags that were "
         "named before; without tags, for no more. Returns for how many it is asked.",
     .complexity = "O(N) where N is the number of tags.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kNoScript | Flag::kFast | Flag::kLoading | Flag::kStale,
     .handler = TrackTag,
     .find_tags = FindTags},
};

}  // namespace

std::span<const CommandSpec> CacheTagTrackingCommands() { return kCommands; }

}  // namespace larder
