// CACHE.HOT: the keys that are asked for most, of late.
#include <cmath>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace larder {
namespace {

constexpr int64_t kCountDefault = 10;
static_assert(HotSample::kCountMax == 64);  // errors::kBadHotCount says so

Status Hot(CommandContext& ctx) {
  int64_t count = kCountDefault;
  if (ctx.args.Match("COUNT")) {
    count = ctx.args.NextIntIn(1, HotSample::kCountMax, errors::kBadHotCount);
  }
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const auto keys =
      ctx.engine.hot_sample.Hottest(static_cast<size_t>(count), ctx.dispatcher.now_ms());
  ctx.reply.Map(static_cast<int64_t>(keys.size()));
  for (const HotSampleKey& hot : keys) {
    ctx.reply.Bulk(hot.key);
    ctx.reply.Integer(static_cast<int64_t>(std::ceil(hot.operations_per_second)));
  }
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "cache.hot",
     .syntax = "[COUNT n:int]",
     .summary = "Returns the keys that are asked for most, with about how many commands each gets "
                "a second, over the last half a minute to a minute.",
     .complexity = "O(N) where N is the number of workers.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kDangerous | Flag::kLoading | Flag::kStale,
     .handler = Hot,
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
};

}  // namespace

std::span<const CommandSpec> CacheHotCommands() { return kCommands; }

}  // namespace larder
