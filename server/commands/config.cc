// CONFIG GET, SET, RESETSTAT, REWRITE.
#include <utility>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/config/option_store.h"

namespace larder {
namespace {

Status Get(CommandContext& ctx) {
  std::vector<std::string_view> patterns;
  while (ctx.args.HasMore()) patterns.push_back(ctx.args.Next());
  const auto found = ctx.engine.option_store.Get(patterns);
  ctx.reply.Map(static_cast<int64_t>(found.size()));
  for (const auto& [name, value] : found) {
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(value);
  }
  return Ok();
}

bool MaySetProtected(const CommandContext& ctx) {
  switch (static_cast<ProtectedAction>(ctx.engine.options.enable_protected_configs.Get())) {
    case ProtectedAction::kNo:
      return false;
    case ProtectedAction::kYes:
      return true;
    case ProtectedAction::kLocal:
      return ctx.session.from_loopback;
  }
  return false;
}

Status Set(CommandContext& ctx) {
  if (ctx.args.remaining() % 2 != 0) return Error(errors::kSyntax);
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  while (ctx.args.HasMore()) {
    const std::string_view name = ctx.args.Next();
    pairs.emplace_back(name, ctx.args.Next());
  }
  const Outcome set = ctx.engine.option_store.Set(pairs, {.allow_protected = MaySetProtected(ctx)});
  if (!set.ok()) return Error(set.error());
  ctx.dispatcher.UpdateThresholds();
  ctx.reply.Ok();
  return Ok();
}

Status ResetStatistics(CommandContext& ctx) {
  for (const auto& worker : ctx.engine.statistics) worker->Reset();
  ctx.engine.keyspace.ResetStats();
  ctx.engine.acl.log.ResetCounts();
  ctx.engine.client_eviction.ResetCount();
  ctx.engine.connections_received.store(0, std::memory_order_relaxed);
  ctx.engine.connections_rejected.store(0, std::memory_order_relaxed);
  ctx.reply.Ok();
  return Ok();
}

Status Rewrite(CommandContext& ctx) {
  const Outcome rewritten = ctx.engine.option_store.Rewrite();
  if (!rewritten.ok()) return Error(rewritten.error());
  ctx.reply.Ok();
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET <pattern>",
      "    Return parameters matching the glob-like <pattern> and their values.",
      "SET <directive> <value>",
      "    Set the configuration <directive> to <value>.",
      "RESETSTAT",
      "    Reset statistics reported by the INFO command.",
      "REWRITE",
      "    Rewrite the configuration file.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kAdministration = Flag::kAdmin | Flag::kNoScript | Flag::kLoading | Flag::kStale;

constexpr CommandSpec kSubcommands[] = {
    {.name = "get",
     .syntax = "parameter [parameter ...]",
     .summary = "Returns the effective values of configuration parameters.",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .since = "2.0.0",
     .group = Group::kServer,
     .flags = kAdministration,
     .handler = Get},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "resetstat",
     .syntax = "",
     .summary = "Resets the server's statistics.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kServer,
     .flags = kAdministration,
     .handler = ResetStatistics},
    {.name = "rewrite",
     .syntax = "",
     .summary = "Persists the effective configuration to file.",
     .complexity = "O(1)",
     .since = "2.8.0",
     .group = Group::kServer,
     .flags = kAdministration,
     .handler = Rewrite},
    // Kept out of SLOWLOG: its arguments may be a password.
    {.name = "set",
     .syntax = "parameter value [parameter value ...]",
     .summary = "Sets configuration parameters in-flight.",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .since = "2.0.0",
     .group = Group::kServer,
     .flags = kAdministration,
     .handler = Set},
};

constexpr CommandSpec kCommands[] = {
    {.name = "config",
     .syntax = "",
     .summary = "A container for server configuration commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.0.0",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> ConfigCommands() { return kCommands; }

}  // namespace larder
