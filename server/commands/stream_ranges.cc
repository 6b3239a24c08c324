// Entries of a stream by their ids: XRANGE, XREVRANGE.
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/stream_access.h"

namespace larder {
namespace {

using storage::Stream;
using storage::StreamId;

Status Range(CommandContext& ctx, bool reverse) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view from = ctx.args.Next();
  const std::string_view to = ctx.args.Next();
  StreamId first, last;
  if (Status parsed = ParseIntervalStart(reverse ? to : from, &first); !parsed.ok()) return parsed;
  if (Status parsed = ParseIntervalEnd(reverse ? from : to, &last); !parsed.ok()) return parsed;
  std::optional<int64_t> count;
  while (ctx.args.HasMore()) {
    if (ctx.args.remaining() < 2 || !ctx.args.Match("COUNT")) return Error(errors::kSyntax);
    count = ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
  }
  const Stream* stream;
  if (Status found = FindStream(ctx, key, &stream); !found.ok()) return found;
  if (stream == nullptr) {
    ctx.reply.Array(0);
  } else if (count && *count <= 0) {
    ctx.reply.NullArray();
  } else {
    ReplyRange(ctx.reply, *stream, first, last, static_cast<size_t>(count.value_or(0)), reverse);
  }
  return Ok();
}

Status XRange(CommandContext& ctx) { return Range(ctx, false); }
Status XRevRange(CommandContext& ctx) { return Range(ctx, true); }

constexpr CommandSpec kCommands[] = {
    {.name = "xrange",
     .syntax = "key start end [COUNT count:int]",
     .summary = "Returns the messages from a stream within a range of IDs.",
     .complexity =
         "O(N) with N being the number of elements being returned. If N is constant (e.g. "
         "always asking for the first 10 elements with COUNT), you can consider it O(1).",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = XRange},
    {.name = "xrevrange",
     .syntax = "key end start [COUNT count:int]",
     .summary = "Returns the messages from a stream within a range of IDs in reverse order.",
     .complexity = "O(N) with N being the number of elements returned. If N is constant (e.g. "
                   "always asking for the first 10 elements with COUNT), you can consider it O(1).",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = XRevRange},
};

}  // namespace

std::span<const CommandSpec> StreamRangeCommands() { return kCommands; }

}  // namespace larder
