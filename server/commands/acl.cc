// ACL: users and their rights.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/acl/acl_categories.h"
#include "server/acl/acl_check.h"
#include "server/acl/acl_loading.h"
#include "server/acl/acl_password.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/config/option_store.h"

namespace larder {
namespace {

Status OkReply(CommandContext& ctx) {
  ctx.reply.Ok();
  return Ok();
}

void WriteTexts(CommandContext& ctx, const std::vector<std::string>& texts) {
  ctx.reply.Array(static_cast<int64_t>(texts.size()));
  for (const std::string& text : texts) ctx.reply.Bulk(text);
}

// ---- what a change means for those who are connected

bool IsOf(ClientRecord& record, std::string_view user) {
  std::lock_guard lock(record.mutex);
  return record.user == user;
}

// Closes the clients of a deleted user; the caller still gets its answer.
void CloseClientsOf(CommandContext& ctx, std::string_view user) {
  for (const auto& record : ctx.engine.clients.All()) {
    if (!IsOf(*record, user)) continue;
    if (record->id == ctx.session.id()) {
      ctx.session.close_after_reply = true;
    } else {
      ClientRegistry::Kill(record);
    }
  }
}

bool AllowsAllChannels(const AclUser& user) {
  return user.root.all_channels ||
         std::any_of(user.selectors.begin(), user.selectors.end(),
                     [](const AclSelector& selector) { return selector.all_channels; });
}

// Closes the clients that listen to what the user may no longer use. Each looks for itself, before
// any message that is published from now on; all of the user's, as one may be subscribing now.
void CloseUnlawfulListeners(CommandContext& ctx, std::string_view user) {
  const AclUserPointer now = ctx.engine.acl.Find(user);
  if (now == nullptr || AllowsAllChannels(*now)) return;
  const auto word = std::make_shared<PushMessage>();
  word->kind = PushMessage::Kind::kRightsChanged;
  for (const auto& record : ctx.engine.clients.All()) {
    if (!IsOf(*record, user)) continue;
    if (record->id != ctx.session.id()) {
      record->mailbox->Push(record->id, word);
    } else if (!ctx.session.MayKeepSubscriptions()) {
      ctx.session.close_after_reply = true;
    }
  }
}

// ---- users

Status SetUser(CommandContext& ctx) {
  const std::string_view name = ctx.args.Next();
  if (HasBlankOrZero(name)) return Error(errors::kUserNameWithBlank);
  const auto rules = ctx.args.all().subspan(ctx.args.position());
  if (const Outcome set = ctx.engine.acl.Set(name, rules); !set.ok()) return Error(set.error());
  CloseUnlawfulListeners(ctx, name);
  return OkReply(ctx);
}

Status DelUser(CommandContext& ctx) {
  const auto names = ctx.args.all().subspan(ctx.args.position());
  if (std::find(names.begin(), names.end(), "default") != names.end()) {
    return Error(errors::kDefaultUserStays);
  }
  int64_t deleted = 0;
  for (const std::string_view name : names) {
    if (!ctx.engine.acl.Delete(name)) continue;
    CloseClientsOf(ctx, name);
    ++deleted;
  }
  ctx.reply.Integer(deleted);
  return Ok();
}

void DescribeSelector(CommandContext& ctx, const AclSelector& selector) {
  ctx.reply.Bulk("commands");
  ctx.reply.Bulk(selector.DescribeCommands());
  ctx.reply.Bulk("keys");
  ctx.reply.Bulk(selector.DescribeKeys());
  ctx.reply.Bulk("channels");
  ctx.reply.Bulk(selector.DescribeChannels());
}

Status GetUser(CommandContext& ctx) {
  const AclUserPointer user = ctx.engine.acl.Find(ctx.args.Next());
  if (user == nullptr) {
    ctx.reply.Null();
    return Ok();
  }
  constexpr int64_t kSelectorFields = 3;
  ctx.reply.Map(3 + kSelectorFields);
  ctx.reply.Bulk("flags");
  const auto flags = user->FlagNames();
  ctx.reply.Set(static_cast<int64_t>(flags.size()));
  for (const std::string_view flag : flags) ctx.reply.Bulk(flag);
  ctx.reply.Bulk("passwords");
  WriteTexts(ctx, user->passwords);
  DescribeSelector(ctx, user->root);
  ctx.reply.Bulk("selectors");
  ctx.reply.Array(static_cast<int64_t>(user->selectors.size()));
  for (const AclSelector& selector : user->selectors) {
    ctx.reply.Map(kSelectorFields);
    DescribeSelector(ctx, selector);
  }
  return Ok();
}

Status List(CommandContext& ctx) {
  std::vector<std::string> lines;
  for (const AclUserPointer& user : ctx.engine.acl.All()) {
    lines.push_back(fmt::format("user {} {}", user->name, user->Describe()));
  }
  WriteTexts(ctx, lines);
  return Ok();
}

Status Users(CommandContext& ctx) {
  std::vector<std::string> names;
  for (const AclUserPointer& user : ctx.engine.acl.All()) names.push_back(user->name);
  WriteTexts(ctx, names);
  return Ok();
}

Status WhoAmI(CommandContext& ctx) {
  const AclUser* user = ctx.session.LatestUser();
  ctx.reply.Bulk(user == nullptr ? std::string_view() : user->name);
  return Ok();
}

// ---- questions

Status Cat(CommandContext& ctx) {
  if (ctx.args.remaining() > 1) return Error(errors::BadSubcommand("acl", ctx.args.all()[1]));
  std::vector<std::string> names;
  if (!ctx.args.HasMore()) {
    for (const std::string_view category : AclCategories()) names.emplace_back(category.substr(1));
  } else {
    constexpr size_t kNameBytesMax = 128;
    const std::string_view wanted = ctx.args.Next();
    const auto category = FindAclCategory(wanted);
    if (!category) {
      return Error(fmt::format("ERR Unknown category '{}'",
                               errors::UpToZero(wanted.substr(0, kNameBytesMax))));
    }
    const AclCommands& commands = ctx.engine.acl.commands();
    for (size_t i = 0; i < commands.size(); ++i) {
      const AclCommands::Command& command = commands.at(static_cast<int>(i));
      if ((command.categories >> *category & 1) != 0) names.push_back(command.name);
    }
  }
  WriteTexts(ctx, names);
  return Ok();
}

Status DryRun(CommandContext& ctx) {
  const std::string_view name = ctx.args.Next();
  const AclUserPointer user = ctx.engine.acl.Find(name);
  if (user == nullptr) return Error(fmt::format("ERR User '{}' not found", errors::UpToZero(name)));
  const auto args = ctx.args.all().subspan(ctx.args.position());
  const CommandInfo* container = nullptr;
  const CommandInfo* info = ctx.engine.commands.Find(args, &container);
  if (info == nullptr) {
    return Error(fmt::format("ERR Command '{}' not found", errors::UpToZero(args[0])));
  }
  if (!Dispatcher::ArityFits(*info, args.size())) return Error(errors::WrongArity(info->full_name));
  const AclDecision decision = CheckAcl(*user, *info, args);
  if (decision.allowed()) return OkReply(ctx);
  ctx.reply.Bulk(AclRefusal(*user, *info, args, decision, /*verbose=*/true));
  return Ok();
}

Status GenPass(CommandContext& ctx) {
  constexpr int64_t kBitsMax = 4096;
  constexpr int64_t kBitsPerDigit = 4;
  int64_t bits = 256;
  if (ctx.args.remaining() > 1) return Error(errors::BadSubcommand("acl", ctx.args.all()[1]));
  if (ctx.args.HasMore()) bits = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (bits <= 0 || bits > kBitsMax) return Error(errors::kBadPasswordBits);
  const auto digits = static_cast<size_t>((bits + kBitsPerDigit - 1) / kBitsPerDigit);
  const std::string password = RandomDigits(digits);
  if (password.empty()) return Error(errors::kNoRandomness);
  ctx.reply.Bulk(password);
  return Ok();
}

// ---- the log

void WriteLogEntry(CommandContext& ctx, const AclLogEntry& entry) {
  constexpr int64_t kFields = 10;
  const int64_t age_ms = ctx.dispatcher.now_ms() - entry.updated_unix_ms;
  protocol::ReplyWriter& reply = ctx.reply;
  reply.Map(kFields);
  reply.Bulk("count");
  reply.Integer(static_cast<int64_t>(entry.count));
  reply.Bulk("reason");
  reply.Bulk(AclReasonName(entry.reason));
  reply.Bulk("context");
  reply.Bulk(AclContextName(entry.context));
  reply.Bulk("object");
  reply.Bulk(entry.object);
  reply.Bulk("username");
  reply.Bulk(entry.user);
  reply.Bulk("age-seconds");
  reply.Double(static_cast<double>(std::max<int64_t>(0, age_ms)) / 1000);
  reply.Bulk("client-info");
  reply.Bulk(entry.client);
  reply.Bulk("entry-id");
  reply.Integer(static_cast<int64_t>(entry.id));
  reply.Bulk("timestamp-created");
  reply.Integer(entry.created_unix_ms);
  reply.Bulk("timestamp-last-updated");
  reply.Integer(entry.updated_unix_ms);
}

Status Log(CommandContext& ctx) {
  constexpr int64_t kShownByDefault = 10;
  if (ctx.args.remaining() > 1) return Error(errors::BadSubcommand("acl", ctx.args.all()[1]));
  if (ctx.args.Match("RESET")) {
    ctx.engine.acl.log.Reset();
    return OkReply(ctx);
  }
  const int64_t count = ctx.args.HasMore() ? ctx.args.NextInt() : kShownByDefault;
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const auto entries = ctx.engine.acl.log.Latest(static_cast<size_t>(std::max<int64_t>(0, count)));
  ctx.reply.Array(static_cast<int64_t>(entries.size()));
  for (const AclLogEntry& entry : entries) WriteLogEntry(ctx, entry);
  return Ok();
}

// ---- the file

Status Load(CommandContext& ctx) {
  Engine& engine = ctx.engine;
  const std::string path = engine.option_store.Text("aclfile");
  if (path.empty()) return Error(errors::kNoAclFile);
  const auto before = engine.acl.All();
  if (const Outcome loaded = LoadAclFile(engine, path); !loaded.ok()) {
    return Error("ERR " + loaded.error());
  }
  for (const AclUserPointer& user : before) {
    if (engine.acl.Find(user->name) == nullptr) {
      CloseClientsOf(ctx, user->name);
    } else {
      CloseUnlawfulListeners(ctx, user->name);
    }
  }
  return OkReply(ctx);
}

Status Save(CommandContext& ctx) {
  const std::string path = ctx.engine.option_store.Text("aclfile");
  if (path.empty()) return Error(errors::kNoAclFile);
  if (const Outcome saved = SaveAclFile(ctx.engine, path); !saved.ok()) {
    ctx.engine.log.Warning("Saving ACLs: " + saved.error());
    return Error(errors::kAclFileNotSaved);
  }
  return OkReply(ctx);
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "ACL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CAT [<category>]",
      "    List all commands that belong to <category>, or all command categories",
      "    when no category is specified.",
      "DELUSER <username> [<username> ...]",
      "    Delete a list of users.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Returns whether the user can execute the given command without executing the command.",
      "GETUSER <username>",
      "    Get the user's details.",
      "GENPASS [<bits>]",
      "    Generate a secure 256-bit user password. The optional `bits` argument can",
      "    be used to specify a different size.",
      "LIST",
      "    Show users details in config file format.",
      "LOAD",
      "    Reload users from the ACL file.",
      "LOG [<count> | RESET]",
      "    Show the ACL log entries.",
      "SAVE",
      "    Save the current config to the ACL file.",
      "SETUSER <username> <attribute> [<attribute> ...]",
      "    Create or modify a user with the specified attributes.",
      "USERS",
      "    List all the registered usernames.",
      "WHOAMI",
      "    Return the current connection username.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kAsking = Flag::kNoScript | Flag::kLoading | Flag::kStale;
constexpr uint32_t kManaging = kAsking | Flag::kAdmin;

constexpr CommandSpec kSubcommands[] = {
    {.name = "cat",
     .syntax = "[category]",
     .summary = "Lists the ACL categories, or the commands inside a category.",
     .complexity = "O(1) since the categories and commands are a fixed set.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kAsking,
     .handler = Cat},
    {.name = "deluser",
     .syntax = "username [username ...]",
     .summary = "Deletes ACL users, and terminates their connections.",
     .complexity = "O(1) amortized time considering the typical user.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = DelUser,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "dryrun",
     .syntax = "username command [arg [arg ...]]",
     .summary = "Simulates the execution of a command by a user, without executing the command.",
     .complexity = "O(1).",
     .since = "7.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = DryRun},
    {.name = "genpass",
     .syntax = "[bits:int]",
     .summary = "Generates a pseudorandom, secure password that can be used to identify ACL "
                "users.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kAsking,
     .handler = GenPass},
    {.name = "getuser",
     .syntax = "username",
     .summary = "Lists the ACL rules of a user.",
     .complexity = "O(N). Where N is the number of password, command and pattern rules that the "
                   "user has.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = GetUser},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "list",
     .syntax = "",
     .summary = "Dumps the effective rules in ACL file format.",
     .complexity = "O(N). Where N is the number of configured users.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = List},
    {.name = "load",
     .syntax = "",
     .summary = "Reloads the rules from the configured ACL file.",
     .complexity = "O(N). Where N is the number of configured users.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = Load},
    {.name = "log",
     .syntax = "[operation: count:int | RESET]",
     .summary = "Lists recent security events generated due to ACL rules.",
     .complexity = "O(N) with N being the number of entries shown.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = Log},
    {.name = "save",
     .syntax = "",
     .summary = "Saves the effective ACL rules in the configured ACL file.",
     .complexity = "O(N). Where N is the number of configured users.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = Save,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    // Kept out of SLOWLOG: its arguments may be a password.
    {.name = "setuser",
     .syntax = "username [rule [rule ...]]",
     .summary = "Creates and modifies an ACL user and its rules.",
     .complexity = "O(N). Where N is the number of rules provided.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = SetUser,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "users",
     .syntax = "",
     .summary = "Lists all ACL users.",
     .complexity = "O(N). Where N is the number of configured users.",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kManaging,
     .handler = Users},
    {.name = "whoami",
     .syntax = "",
     .summary = "Returns the authenticated username of the current connection.",
     .complexity = "O(1)",
     .since = "6.0.0",
     .group = Group::kServer,
     .flags = kAsking,
     .handler = WhoAmI},
};

constexpr CommandSpec kCommands[] = {
    {.name = "acl",
     .syntax = "",
     .summary = "A container for Access List Control commands.",
     .complexity = "Depends on subcommand.",
     .since = "6.0.0",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> AclCommandFamily() { return kCommands; }

}  // namespace larder
