// SLOWLOG and COMMANDLOG: the latest commands that took long, or sent or were sent much.
#include <limits>
#include <optional>
#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace larder {
namespace {

constexpr int64_t kShownByDefault = 10;
constexpr std::string_view kBadCount = "ERR count should be greater than or equal to -1";

void WriteEntries(CommandContext& ctx, CommandLogKind kind, int64_t count) {
  const auto entries = ctx.engine.command_logs[kind].Latest(count);
  ctx.reply.Array(static_cast<int64_t>(entries.size()));
  for (const CommandLogEntry& entry : entries) {
    ctx.reply.Array(6);
    ctx.reply.Integer(entry.id);
    ctx.reply.Integer(entry.unix_seconds);
    ctx.reply.Integer(entry.value);
    ctx.reply.Array(static_cast<int64_t>(entry.args.size()));
    for (const std::string& arg : entry.args) ctx.reply.Bulk(arg);
    ctx.reply.Bulk(entry.client_address);
    ctx.reply.Bulk(entry.client_name);
  }
}

int64_t ReadCount(CommandContext& ctx) {
  return ctx.args.NextIntIn(-1, std::numeric_limits<int64_t>::max(), kBadCount);
}

// ---- SLOWLOG

Status Get(CommandContext& ctx) {
  int64_t count = kShownByDefault;
  if (ctx.args.remaining() > 1) {
    return Error(errors::BadSubcommand("slowlog", ctx.args.all()[1]));
  }
  if (ctx.args.HasMore()) {
    count = ReadCount(ctx);
    if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  }
  WriteEntries(ctx, CommandLogKind::kSlow, count);
  return Ok();
}

Status Len(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.command_logs[CommandLogKind::kSlow].size()));
  return Ok();
}

Status Reset(CommandContext& ctx) {
  ctx.engine.command_logs[CommandLogKind::kSlow].Reset();
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

// ---- COMMANDLOG

std::optional<CommandLogKind> ReadKind(CommandContext& ctx) {
  if (ctx.args.Match("SLOW")) return CommandLogKind::kSlow;
  if (ctx.args.Match("LARGE-REQUEST")) return CommandLogKind::kLargeRequest;
  if (ctx.args.Match("LARGE-REPLY")) return CommandLogKind::kLargeReply;
  ctx.args.Fail("ERR type should be one of the following: slow, large-request, large-reply");
  return std::nullopt;
}

Status GetOfKind(CommandContext& ctx) {
  const int64_t count = ReadCount(ctx);
  if (ctx.args.failed()) return ctx.args.status();
  const auto kind = ReadKind(ctx);
  if (!kind) return ctx.args.status();
  WriteEntries(ctx, *kind, count);
  return Ok();
}

Status LenOfKind(CommandContext& ctx) {
  const auto kind = ReadKind(ctx);
  if (!kind) return ctx.args.status();
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.command_logs[*kind].size()));
  return Ok();
}

Status ResetKind(CommandContext& ctx) {
  const auto kind = ReadKind(ctx);
  if (!kind) return ctx.args.status();
  ctx.engine.command_logs[*kind].Reset();
  ctx.reply.Ok();
  return Ok();
}

Status CommandLogHelp(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "COMMANDLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET <count> <type>",
      "    Return top <count> entries of the specified <type> from the commandlog (-1 mean all).",
      "    Entries are made of:",
      "    id, timestamp,",
      "        time in microseconds for type of slow,",
      "        or size in bytes for type of large-request,",
      "        or size in bytes for type of large-reply",
      "    arguments array, client IP and port,",
      "    client name",
      "LEN <type>",
      "    Return the length of the specified type of commandlog.",
      "RESET <type>",
      "    Reset the specified type of commandlog.",
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

constexpr CommandSpec kCommandLogSubcommands[] = {
    {.name = "get",
     .syntax = "count:int <SLOW | LARGE-REQUEST | LARGE-REPLY>",
     .summary = "Returns the specified command log's entries.",
     .complexity = "O(N) where N is the number of entries returned",
     .since = "8.1.0",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = GetOfKind,
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "help",
     .syntax = "",
     .summary = "Show helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "8.1.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = CommandLogHelp},
    {.name = "len",
     .syntax = "<SLOW | LARGE-REQUEST | LARGE-REPLY>",
     .summary = "Returns the number of entries in the specified type of command log.",
     .complexity = "O(1)",
     .since = "8.1.0",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = LenOfKind,
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "reset",
     .syntax = "<SLOW | LARGE-REQUEST | LARGE-REPLY>",
     .summary = "Clears all entries from the specified type of command log.",
     .complexity = "O(N) where N is the number of entries in the commandlog",
     .since = "8.1.0",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = ResetKind,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "commandlog",
     .syntax = "",
     .summary = "A container for command log commands.",
     .complexity = "Depends on subcommand.",
     .since = "8.1.0",
     .group = Group::kServer,
     .subcommands = kCommandLogSubcommands},
    {.name = "slowlog",
     .syntax = "",
     .summary = "A container for slow log commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.2.12",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> CommandLogCommands() { return kCommands; }

}  // namespace larder
