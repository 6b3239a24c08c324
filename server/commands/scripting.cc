// EVAL, EVALSHA, their read-only forms, and SCRIPT.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/script_run.h"
#include "server/scripting/script_cache.h"

namespace larder {
namespace {

constexpr size_t kShaDigits = 40;

// The script of `body`, compiled and cached. Null, and *status set, when it is wrong.
std::shared_ptr<const Script> LoadScript(CommandContext& ctx, std::string_view body,
                                         ScriptOrigin origin, Status* status) {
  std::string error;
  std::shared_ptr<const Script> script = ParseScript(body, &error);
  if (script != nullptr) {
    LuaEngine* lua = WorkerLua(ctx);
    error = lua == nullptr ? std::string(errors::kNoMemoryForLua) : lua->Compile(*script);
  }
  if (!error.empty()) {
    *status = Error(error);
    return nullptr;
  }
  return ctx.engine.scripts->Add(std::move(script), origin);
}

// Reads numkeys, the keys and the arguments.
Status ReadArguments(CommandContext& ctx, ScriptArguments* arguments) {
  const int64_t key_count = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (key_count > static_cast<int64_t>(ctx.args.remaining())) {
    return Error(errors::kTooManyScriptKeys);
  }
  if (key_count < 0) return Error(errors::kNegativeScriptKeys);
  const auto rest = ctx.args.all().subspan(ctx.args.position());
  arguments->keys = rest.first(static_cast<size_t>(key_count));
  arguments->argv = rest.subspan(static_cast<size_t>(key_count));
  return Ok();
}

Status EvalBody(CommandContext& ctx, bool read_only) {
  FeedMonitors(ctx);
  const std::string_view body = ctx.args.Next();
  ScriptArguments arguments;
  Status status = ReadArguments(ctx, &arguments);
  if (!status.ok()) return status;
  std::shared_ptr<const Script> script = ctx.engine.scripts->Find(Sha1Hex(body));
  if (script == nullptr) {
    script = LoadScript(ctx, body, ScriptOrigin::kEval, &status);
    if (script == nullptr) return status;
  }
  return RunScript(ctx, *script, arguments, read_only);
}

Status EvalCached(CommandContext& ctx, bool read_only) {
  FeedMonitors(ctx);
  const std::string_view sha = ctx.args.Next();
  // As in Redis, what cannot be a digest is missing whatever its keys are.
  if (sha.size() != kShaDigits) return Error(errors::kNoScript);
  ScriptArguments arguments;
  if (Status status = ReadArguments(ctx, &arguments); !status.ok()) return status;
  const std::shared_ptr<const Script> script = ctx.engine.scripts->Find(sha);
  if (script == nullptr) return Error(errors::kNoScript);
  return RunScript(ctx, *script, arguments, read_only);
}

Status Eval(CommandContext& ctx) { return EvalBody(ctx, false); }
Status EvalReadOnly(CommandContext& ctx) { return EvalBody(ctx, true); }
Status EvalSha(CommandContext& ctx) { return EvalCached(ctx, false); }
Status EvalShaReadOnly(CommandContext& ctx) { return EvalCached(ctx, true); }

Status ScriptLoad(CommandContext& ctx) {
  Status status;
  const auto script = LoadScript(ctx, ctx.args.Next(), ScriptOrigin::kLoad, &status);
  if (script == nullptr) return status;
  ctx.reply.Bulk(script->sha);
  return Ok();
}

Status ScriptExists(CommandContext& ctx) {
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    ctx.reply.Integer(ctx.engine.scripts->Exists(ctx.args.Next()) ? 1 : 0);
  }
  return Ok();
}

Status ScriptFlush(CommandContext& ctx) {
  // The scripts are let go of at once either way: freeing them is quick.
  const bool known = !ctx.args.HasMore() || ctx.args.Match("ASYNC") || ctx.args.Match("SYNC");
  if (!known || ctx.args.HasMore()) return Error(errors::kScriptFlushOption);
  ctx.engine.scripts->Flush();
  ctx.reply.Ok();
  return Ok();
}

Status ScriptKill(CommandContext& ctx) { return KillRunning(ctx, /*functions=*/false); }

Status ScriptShow(CommandContext& ctx) {
  const auto script = ctx.engine.scripts->Find(ctx.args.Next());
  if (script == nullptr) return Error(errors::kNoScript);
  ctx.reply.Bulk(script->body);
  return Ok();
}

Status ScriptDebug(CommandContext& ctx) {
  if (!ctx.args.Match("NO")) return Error(errors::kScriptDebugUnsupported);
  ctx.reply.Ok();
  return Ok();
}

Status ScriptHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DEBUG (YES|SYNC|NO)",
      "    Set the debug mode for subsequent scripts executed.",
      "EXISTS <sha1> [<sha1> ...]",
      "    Return information about the existence of the scripts in the script cache.",
      "FLUSH [ASYNC|SYNC]",
      "    Flush the Lua scripts cache. Very dangerous on replicas.",
      "    When called without the optional mode argument, the behavior is determined by the",
      "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
      "    * ASYNC: Asynchronously flush the scripts cache.",
      "    * SYNC: Synchronously flush the scripts cache.",
      "KILL",
      "    Kill the currently executing Lua script.",
      "LOAD <script>",
      "    Load a script into the scripts cache without executing it.",
      "SHOW <sha1>",
      "    Return the text of a script in the scripts cache.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kEvalFlags = Flag::kNoScript | Flag::kStale | Flag::kSkipMonitor |
                                Flag::kRunsScript | Flag::kNoMandatoryKeys | Flag::kScriptRunner;
constexpr int kAnyUse = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;
constexpr int kReadUse = KeyFlag::kRO | KeyFlag::kAccess;
constexpr std::string_view kEvalComplexity = "Depends on the script that is executed.";

constexpr CommandSpec kScriptSubcommands[] = {
    {.name = "debug",
     .syntax = "<YES | SYNC | NO>",
     .summary = "Sets the debug mode of server-side Lua scripts.",
     .complexity = "O(1)",
     .since = "3.2.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = ScriptDebug},
    {.name = "exists",
     .syntax = "sha1 [sha1 ...]",
     .summary = "Determines whether server-side Lua scripts exist in the script cache.",
     .complexity = "O(N) with N being the number of scripts to check (so checking a single script "
                   "is an O(1) operation).",
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = ScriptExists,
     .tips = "request_policy:all_shards response_policy:agg_logical_and"},
    {.name = "flush",
     .syntax = "[ASYNC | SYNC]",
     .summary = "Removes all server-side Lua scripts from the script cache.",
     .complexity = "O(N) with N being the number of scripts in cache",
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = ScriptFlush,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kScripting,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = ScriptHelp},
    {.name = "kill",
     .syntax = "",
     .summary = "Terminates a server-side Lua script during execution.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kAllowBusy,
     .handler = ScriptKill,
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "load",
     .syntax = "script",
     .summary = "Loads a server-side Lua script to the script cache.",
     .complexity = "O(N) with N being the length in bytes of the script body.",
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kStale | Flag::kRunsScript,
     .handler = ScriptLoad,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "show",
     .syntax = "sha1",
     .summary = "Shows the text of a server-side Lua script in the script cache.",
     .complexity = "O(1)",
     .since = "8.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = ScriptShow},
};

constexpr CommandSpec kCommands[] = {
    {.name = "eval",
     .syntax = "script numkeys:int [key ...] [arg ...]",
     .summary = "Executes a server-side Lua script.",
     .complexity = kEvalComplexity,
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = kEvalFlags | Flag::kMayReplicate,
     .keys = {CountedKeys(2, kAnyUse)},
     .handler = Eval},
    {.name = "eval_ro",
     .syntax = "script numkeys:int [key ...] [arg ...]",
     .summary = "Executes a read-only server-side Lua script.",
     .complexity = kEvalComplexity,
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = kEvalFlags | Flag::kReadOnly,
     .keys = {CountedKeys(2, kReadUse)},
     .handler = EvalReadOnly},
    {.name = "evalsha",
     .syntax = "sha1 numkeys:int [key ...] [arg ...]",
     .summary = "Executes a server-side Lua script by SHA1 digest.",
     .complexity = kEvalComplexity,
     .since = "2.6.0",
     .group = Group::kScripting,
     .flags = kEvalFlags | Flag::kMayReplicate,
     .keys = {CountedKeys(2, kAnyUse)},
     .handler = EvalSha},
    {.name = "evalsha_ro",
     .syntax = "sha1 numkeys:int [key ...] [arg ...]",
     .summary = "Executes a read-only server-side Lua script by SHA1 digest.",
     .complexity = kEvalComplexity,
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = kEvalFlags | Flag::kReadOnly,
     .keys = {CountedKeys(2, kReadUse)},
     .handler = EvalShaReadOnly},
    {.name = "script",
     .syntax = "",
     .summary = "A container for Lua scripts management commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.6.0",
     .group = Group::kScripting,
     .subcommands = kScriptSubcommands},
};

}  // namespace

std::span<const CommandSpec> ScriptingCommands() { return kCommands; }

}  // namespace larder
