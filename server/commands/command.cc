// COMMAND: what the table knows of each command.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/command_info.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "storage/glob.h"

namespace larder {
namespace {

std::vector<const CommandInfo*> TopLevel(const CommandTable& table) {
  std::vector<const CommandInfo*> infos;
  for (const CommandInfo& info : table.all()) {
    if (info.container == nullptr) infos.push_back(&info);
  }
  return infos;
}

Status All(CommandContext& ctx) {
  if (ctx.args.HasMore()) return Error(errors::UnknownSubcommand("command", ctx.args.Next()));
  const auto infos = TopLevel(ctx.engine.commands);
  ctx.reply.Array(static_cast<int64_t>(infos.size()));
  for (const CommandInfo* info : infos) WriteCommandInfo(ctx.engine.commands, *info, ctx.reply);
  return Ok();
}

Status Count(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(TopLevel(ctx.engine.commands).size()));
  return Ok();
}

Status Info(CommandContext& ctx) {
  if (!ctx.args.HasMore()) return All(ctx);
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    const CommandInfo* info = ctx.engine.commands.FindByName(ctx.args.Next());
    if (info == nullptr) {
      ctx.reply.Null();
    } else {
      WriteCommandInfo(ctx.engine.commands, *info, ctx.reply);
    }
  }
  return Ok();
}

Status Docs(CommandContext& ctx) {
  std::vector<const CommandInfo*> infos;
  if (!ctx.args.HasMore()) infos = TopLevel(ctx.engine.commands);
  while (ctx.args.HasMore()) {
    const CommandInfo* info = ctx.engine.commands.FindByName(ctx.args.Next());
    if (info != nullptr) infos.push_back(info);
  }
  ctx.reply.Map(static_cast<int64_t>(infos.size()));
  for (const CommandInfo* info : infos) {
    ctx.reply.Bulk(info->full_name);
    WriteCommandDocs(ctx.engine.commands, *info, ctx.reply);
  }
  return Ok();
}

// ---- LIST

bool HasCategory(const CommandInfo& info, std::string_view category) {
  const auto names = CategoryNames(*info.spec);
  return std::any_of(names.begin(), names.end(), [category](std::string_view name) {
    return EqualsIgnoreCase(category, name.substr(1));
  });
}

Status List(CommandContext& ctx) {
  enum class Filter : uint8_t { kNone, kCategory, kModule, kPattern } filter = Filter::kNone;
  std::string_view wanted;
  if (ctx.args.HasMore()) {
    if (ctx.args.remaining() != 3 || !ctx.args.Match("FILTERBY")) return Error(errors::kSyntax);
    if (ctx.args.Match("ACLCAT")) {
      filter = Filter::kCategory;
    } else if (ctx.args.Match("MODULE")) {
      filter = Filter::kModule;
    } else if (ctx.args.Match("PATTERN")) {
      filter = Filter::kPattern;
    } else {
      return Error(errors::kSyntax);
    }
    wanted = ctx.args.Next();
  }
  const auto list = ctx.reply.ArrayLater();
  int64_t count = 0;
  for (const CommandInfo& info : ctx.engine.commands.all()) {
    const bool matches =
        filter == Filter::kNone || (filter == Filter::kCategory && HasCategory(info, wanted)) ||
        (filter == Filter::kPattern &&
         storage::GlobMatch(wanted, info.full_name, storage::GlobCase::kInsensitive));
    if (!matches) continue;
    ctx.reply.Bulk(info.full_name);
    ++count;
  }
  ctx.reply.Finish(list, count);
  return Ok();
}

// ---- GETKEYS

// The command that the arguments ask for and the positions of its keys in them.
struct FoundKeys {
  const CommandInfo* info = nullptr;
  std::span<const std::string_view> args;
  std::vector<int> positions;
};

Status FindKeys(CommandContext& ctx, FoundKeys* found) {
  const auto all = ctx.args.all();
  found->args = all.subspan(ctx.args.position());
  const CommandInfo* container = nullptr;
  found->info = ctx.engine.commands.Find(found->args, &container);
  if (found->info == nullptr) return Error("ERR Invalid command specified");
  const CommandSpec& spec = *found->info->spec;
  const bool has_keys =
      spec.find_keys != nullptr ||
      std::any_of(std::begin(spec.keys), std::end(spec.keys), [](const KeySpec& keys) {
        return keys.kind != KeySpec::Kind::kNone && (keys.flags & KeyFlag::kNotKey) == 0;
      });
  if (!has_keys) return Error("ERR The command has no key arguments");
  if (!Dispatcher::ArityFits(*found->info, found->args.size())) {
    return Error("ERR Invalid number of arguments specified for command");
  }
  const bool told = CommandTable::KeyPositions(*found->info, found->args, &found->positions);
  if (!told || found->positions.empty()) {
    // An empty list where keys need not be.
    if ((spec.flags & Flag::kNoMandatoryKeys) != 0) return found->positions.clear(), Ok();
    return Error("ERR Invalid arguments specified for command");
  }
  return Ok();
}

Status GetKeys(CommandContext& ctx) {
  FoundKeys found;
  if (Status status = FindKeys(ctx, &found); !status.ok()) return status;
  ctx.reply.Array(static_cast<int64_t>(found.positions.size()));
  for (const int position : found.positions) {
    ctx.reply.Bulk(found.args[static_cast<size_t>(position)]);
  }
  return Ok();
}

Status GetKeysAndFlags(CommandContext& ctx) {
  FoundKeys found;
  if (Status status = FindKeys(ctx, &found); !status.ok()) return status;
  std::vector<KeyUse> uses;
  if (!found.positions.empty()) CommandTable::KeyUses(*found.info, found.args, &uses);
  ctx.reply.Array(static_cast<int64_t>(uses.size()));
  for (const KeyUse& use : uses) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(found.args[static_cast<size_t>(use.position)]);
    const auto names = KeyFlagNames(use.flags);
    ctx.reply.Set(static_cast<int64_t>(names.size()));
    for (const std::string_view name : names) ctx.reply.Simple(name);
  }
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "(no subcommand)",
      "    Return details about all Redis commands.",
      "COUNT",
      "    Return the total number of commands in this Redis server.",
      "LIST",
      "    Return a list of all commands in this Redis server.",
      "INFO [<command-name> ...]",
      "    Return details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "DOCS [<command-name> ...]",
      "    Return documentation details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "GETKEYS <full-command>",
      "    Return the keys from a full Redis command.",
      "GETKEYSANDFLAGS <full-command>",
      "    Return the keys and the access flags from a full Redis command.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kAlways = Flag::kLoading | Flag::kStale;

constexpr CommandSpec kSubcommands[] = {
    {.name = "count",
     .syntax = "",
     .summary = "Returns a count of commands.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kAlways,
     .handler = Count,
     .categories = "@connection"},
    {.name = "docs",
     .syntax = "[command-name [command-name ...]]",
     .summary = "Returns documentary information about one, multiple or all commands.",
     .complexity = "O(N) where N is the number of commands to look up",
     .since = "7.0.0",
     .group = Group::kServer,
     .flags = kAlways,
     .handler = Docs,
     .categories = "@connection",
     .tips = "nondeterministic_output_order"},
    {.name = "getkeys",
     .syntax = "command [arg [arg ...]]",
     .summary = "Extracts the key names from an arbitrary command.",
     .complexity = "O(N) where N is the number of arguments to the command",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kAlways,
     .arity = -4,
     .handler = GetKeys,
     .categories = "@connection"},
    {.name = "getkeysandflags",
     .syntax = "command [arg [arg ...]]",
     .summary = "Extracts the key names and access flags for an arbitrary command.",
     .complexity = "O(N) where N is the number of arguments to the command",
     .since = "7.0.0",
     .group = Group::kServer,
     .flags = kAlways,
     .arity = -4,
     .handler = GetKeysAndFlags,
     .categories = "@connection"},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kServer,
     .flags = kAlways,
     .handler = Help,
     .categories = "@connection"},
    {.name = "info",
     .syntax = "[command-name [command-name ...]]",
     .summary = "Returns information about one, multiple or all commands.",
     .complexity = "O(N) where N is the number of commands to look up",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kAlways,
     .handler = Info,
     .categories = "@connection",
     .tips = "nondeterministic_output_order"},
    {.name = "list",
     .syntax = "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
     .summary = "Returns a list of command names.",
     .complexity = "O(N) where N is the total number of Redis commands",
     .since = "7.0.0",
     .group = Group::kServer,
     .flags = kAlways,
     .handler = List,
     .categories = "@connection",
     .tips = "nondeterministic_output_order"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "command",
     .syntax = "",
     .summary = "Returns detailed information about all commands.",
     .complexity = "O(N) where N is the total number of Redis commands",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kAlways,
     .arity = -1,
     .handler = All,
     .subcommands = kSubcommands,
     .categories = "@connection",
     .tips = "nondeterministic_output_order"},
};

}  // namespace

std::span<const CommandSpec> CommandCommands() { return kCommands; }

}  // namespace larder
