// TIME, ROLE, MONITOR, SHUTDOWN, MODULE, and the answers of a server that does not persist.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/version.h"

namespace larder {
namespace {

Status Time(CommandContext& ctx) {
  const int64_t now_us = ctx.engine.clock.UnixMicros();
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(now_us / 1'000'000);
  ctx.reply.BulkInteger(now_us % 1'000'000);
  return Ok();
}

Status Role(CommandContext& ctx) {
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(0);
  ctx.reply.Array(0);
  return Ok();
}

Status Monitor(CommandContext& ctx) {
  if (!ctx.session.monitor) {
    ctx.session.monitor = true;
    ctx.session.record->SetFlag(ClientFlag::kMonitor, true);
    ctx.engine.monitors.Add({ctx.session.id(), &ctx.session.mailbox()});
  }
  ctx.reply.Ok();
  return Ok();
}

Status Shutdown(CommandContext& ctx) {
  bool now = false, save = false, no_save = false, abort = false;
  const bool alone = ctx.args.remaining() == 1;
  while (ctx.args.HasMore()) {
    if (ctx.args.Match("NOW")) {
      now = true;
    } else if (ctx.args.Match("ABORT")) {
      abort = true;
    } else if (ctx.args.Match("SAVE")) {
      save = true;
    } else if (ctx.args.Match("NOSAVE")) {
      no_save = true;
    } else if (!ctx.args.Match("FORCE")) {
      return Error(errors::kSyntax);
    }
  }
  if ((save && no_save) || (abort && !alone)) return Error(errors::kSyntax);
  if (abort) return Error("ERR No shutdown in progress.");
  if (!ctx.engine.hooks.shut_down) return Error("ERR Errors trying to SHUTDOWN. Check logs.");
  ctx.engine.log.Notice("User requested shutdown...");
  ctx.engine.hooks.shut_down(now, save);
  ctx.session.close_after_reply = true;  // no reply: the connection ends
  return Ok();
}

// There is nothing to write: data lives in memory alone. So saving has always just succeeded.
Status Save(CommandContext& ctx) {
  ctx.engine.last_save_unix_s = ctx.engine.clock.UnixMicros() / 1'000'000;
  ctx.engine.changes_since_save = 0;
  ctx.reply.Ok();
  return Ok();
}

Status BackgroundSave(CommandContext& ctx) {
  if (ctx.args.HasMore() && !ctx.args.Match("SCHEDULE")) return Error(errors::kSyntax);
  if (ctx.args.HasMore()) return Error(errors::kSyntax);
  ctx.engine.last_save_unix_s = ctx.engine.clock.UnixMicros() / 1'000'000;
  ctx.engine.changes_since_save = 0;
  ctx.reply.Simple("Background saving started");
  return Ok();
}

Status BackgroundRewrite(CommandContext& ctx) {
  ctx.reply.Simple("Background append only file rewriting started");
  return Ok();
}

Status LastSave(CommandContext& ctx) {
  ctx.reply.Integer(ctx.engine.last_save_unix_s);
  return Ok();
}

Status ModuleList(CommandContext& ctx) {
  ctx.reply.Array(0);
  return Ok();
}

Status ModuleRefused(CommandContext&) {
  return Error("ERR MODULE command not allowed. Larder has no modules.");
}

Status ModuleHelp(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "MODULE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "LIST",
      "    Return a list of loaded modules.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

// Every version of the art is the line that ends each: clients look for it.
Status Lolwut(CommandContext& ctx) {
  if (ctx.args.remaining() >= 2 && ctx.args.Match("VERSION")) {
    ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
  }
  ctx.reply.Verbatim("txt",
                     fmt::format("Redis ver. {} (Larder {})\n", kRedisVersion, kLarderVersion));
  return Ok();
}

constexpr CommandSpec kModuleSubcommands[] = {
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = ModuleHelp},
    {.name = "list",
     .syntax = "",
     .summary = "Returns all loaded modules.",
     .complexity = "O(N) where N is the number of loaded modules.",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript,
     .handler = ModuleList,
     .tips = "nondeterministic_output_order"},
    {.name = "load",
     .syntax = "path [arg [arg ...]]",
     .summary = "Loads a module.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading,
     .handler = ModuleRefused},
    {.name = "unload",
     .syntax = "name",
     .summary = "Unloads a module.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading,
     .handler = ModuleRefused},
};

constexpr CommandSpec kCommands[] = {
    {.name = "bgrewriteaof",
     .syntax = "",
     .summary = "Asynchronously rewrites the append-only file to disk.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading,
     .handler = BackgroundRewrite},
    {.name = "bgsave",
     .syntax = "[SCHEDULE]",
     .summary = "Asynchronously saves the database(s) to disk.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading,
     .handler = BackgroundSave},
    {.name = "lastsave",
     .syntax = "",
     .summary = "Returns the Unix timestamp of the last successful save to disk.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale | Flag::kFast,
     .handler = LastSave,
     .categories = "@admin @dangerous",
     .tips = "nondeterministic_output"},
    {.name = "lolwut",
     .syntax = "[VERSION version:int]",
     .summary = "Displays computer art and the Redis version",
     .since = "5.0.0",
     .group = Group::kServer,
     .flags = Flag::kReadOnly | Flag::kFast,
     .arity = -1,
     .handler = Lolwut},
    {.name = "module",
     .syntax = "",
     .summary = "A container for module commands.",
     .complexity = "Depends on subcommand.",
     .since = "4.0.0",
     .group = Group::kServer,
     .subcommands = kModuleSubcommands},
    {.name = "monitor",
     .syntax = "",
     .summary = "Listens for all requests received by the server in real-time.",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kLoading | Flag::kStale,
     .handler = Monitor},
    {.name = "role",
     .syntax = "",
     .summary = "Returns the replication role.",
     .complexity = "O(1)",
     .since = "2.8.12",
     .group = Group::kServer,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast,
     .handler = Role,
     .categories = "@admin @dangerous"},
    {.name = "save",
     .syntax = "",
     .summary = "Synchronously saves the database(s) to disk.",
     .complexity = "O(N) where N is the total number of keys in all databases",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoMulti | Flag::kNoAsyncLoading,
     .handler = Save},
    {.name = "shutdown",
     .syntax = "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
     .summary = "Synchronously saves the database(s) to disk and shuts down the Redis server.",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoMulti | Flag::kLoading | Flag::kStale |
              Flag::kAllowBusy,
     .handler = Shutdown},
    {.name = "time",
     .syntax = "",
     .summary = "Returns the server time.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale | Flag::kFast,
     .handler = Time,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> ServerCommands() { return kCommands; }

}  // namespace larder
