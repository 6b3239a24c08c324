// SLOWLOG.
#include <limits>
#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "storage/numbers.h"

namespace larder {
namespace {

constexpr int64_t kShownByDefault = 10;

void WriteEntry(CommandContext& ctx, const SlowEntry& entry) {
  ctx.reply.Array(6);
  ctx.reply.Integer(entry.id);
  ctx.reply.Integer(entry.unix_seconds);
  ctx.reply.Integer(entry.duration_us);
  ctx.reply.Array(static_cast<int64_t>(entry.args.size()));
  for (const std::string& arg : entry.args) ctx.reply.Bulk(arg);
  ctx.reply.Bulk(entry.client_address);
  ctx.reply.Bulk(entry.client_name);
}

Status Get(CommandContext& ctx) {
  int64_t count = kShownByDefault;
  if (ctx.args.remaining() > 1) {
    return Error(errors::BadSubcommand("slowlog", ctx.args.all()[1]));
  }
  if (ctx.args.HasMore()) {
    count = ctx.args.NextIntIn(-1, std::numeric_limits<int64_t>::max(),
                               "ERR count should be greater than or equal to -1");
    if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  }
  const auto entries = ctx.engine.slowlog.Latest(count);
  ctx.reply.Array(static_cast<int64_t>(entries.size()));
  for (const SlowEntry& entry : entries) WriteEntry(ctx, entry);
  return Ok();
}

Status Len(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.slowlog.size()));
  return Ok();
}

Status Reset(CommandContext& ctx) {
  ctx.engine.slowlog.Reset();
  ctx.reply.Ok();
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET [<count>]",
      "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
      "    Entries are made of:",
      "    id, timestamp, time in microseconds, arguments array, client IP and port,",
      "    client name",
      "LEN",
      "    Return the length of the slowlog.",
      "RESET",
      "    Reset the slowlog.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kObserving = Flag::kAdmin | Flag::kLoading | Flag::kStale;

constexpr CommandSpec kSubcommands[] = {
    {.name = "get",
     .syntax = "[count:int]",
     .summary = "Returns the slow log's entries.",
     .complexity = "O(N) where N is the number of entries returned",
     .since = "2.2.12",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Get,
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "len",
     .syntax = "",
     .summary = "Returns the number of entries in the slow log.",
     .complexity = "O(1)",
     .since = "2.2.12",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Len,
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "reset",
     .syntax = "",
     .summary = "Clears all entries from the slow log.",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .since = "2.2.12",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Reset,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "slowlog",
     .syntax = "",
     .summary = "A container for slow log commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.2.12",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> SlowLogCommands() { return kCommands; }

}  // namespace larder
