// FCALL, FCALL_RO and FUNCTION.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/script_run.h"
#include "server/scripting/function_dump.h"
#include "server/scripting/function_registry.h"
#include "server/scripting/running_scripts.h"
#include "storage/dump.h"
#include "storage/glob.h"

namespace larder {
namespace {

constexpr std::string_view kEngineName = "LUA";

// ---- FCALL

Status CallFunction(CommandContext& ctx, bool read_only) {
  FeedMonitors(ctx);
  const FunctionRegistry::Found found = ctx.engine.functions->Find(ctx.args.Next());
  if (found.function == nullptr) return Error(errors::kFunctionNotFound);
  const int64_t key_count = ctx.args.NextInt(errors::kBadFunctionKeyCount);
  if (ctx.args.failed()) return ctx.args.status();
  if (key_count > static_cast<int64_t>(ctx.args.remaining())) {
    return Error(errors::kTooManyScriptKeys);
  }
  if (key_count < 0) return Error(errors::kNegativeScriptKeys);
  const auto rest = ctx.args.all().subspan(ctx.args.position());
  const ScriptArguments arguments{rest.first(static_cast<size_t>(key_count)),
                                  rest.subspan(static_cast<size_t>(key_count))};
  return RunFunction(ctx, found, arguments, read_only);
}

Status FunctionCall(CommandContext& ctx) { return CallFunction(ctx, false); }
Status FunctionCallReadOnly(CommandContext& ctx) { return CallFunction(ctx, true); }

// ---- FUNCTION LOAD, DELETE, FLUSH

// Lets go of what the worker's Lua has of libraries that did not get into the registry.
void UnloadAll(CommandContext& ctx, const std::vector<FunctionLibraryPointer>& libraries) {
  for (const FunctionLibraryPointer& library : libraries) {
    if (ctx.dispatcher.lua != nullptr) ctx.dispatcher.lua->UnloadLibrary(*library);
  }
}

Status Load(CommandContext& ctx) {
  bool replace = false;
  while (ctx.args.remaining() > 1) {
    if (!ctx.args.Match("REPLACE")) return Error(errors::UnknownFunctionOption(ctx.args.Peek()));
    replace = true;
  }
  std::string error;
  const std::shared_ptr<FunctionLibrary> library = ParseLibrary(ctx.args.Next(), &error);
  if (library == nullptr) return Error(error);
  // Known without running it; and looked at again, under the lock, when it is added.
  if (!replace && ctx.engine.functions->HasLibrary(library->name)) {
    return Error(errors::LibraryExists(library->name));
  }
  error = LoadLibrary(ctx, library);
  if (!error.empty()) return Error(error);
  error = ctx.engine.functions->Add(library, replace);
  if (!error.empty()) {
    UnloadAll(ctx, {library});
    return Error(error);
  }
  ctx.session.MarkDirty();
  ctx.reply.Bulk(library->name);
  return Ok();
}

Status Delete(CommandContext& ctx) {
  if (!ctx.engine.functions->Delete(ctx.args.Next())) return Error(errors::kLibraryNotFound);
  ctx.session.MarkDirty();
  ctx.reply.Ok();
  return Ok();
}

Status TooManyArguments(const CommandContext& ctx) {
  return Error(errors::BadSubcommand("function", ctx.args.all()[1]));
}

Status Flush(CommandContext& ctx) {
  if (ctx.args.remaining() > 1) return TooManyArguments(ctx);
  // They are let go of at once either way: freeing them is quick.
  if (ctx.args.HasMore() && !ctx.args.Match("ASYNC") && !ctx.args.Match("SYNC")) {
    return Error(errors::kFunctionFlushOption);
  }
  ctx.engine.functions->Flush();
  ctx.session.MarkDirty();
  ctx.reply.Ok();
  return Ok();
}

// ---- FUNCTION DUMP, RESTORE

Status Dump(CommandContext& ctx) {
  ctx.reply.Bulk(DumpLibraries(ctx.engine.functions->All()));
  return Ok();
}

// Loads the libraries of a dump and adds them to *restored; *loaded has all that were loaded.
// Returns the error, or the empty string.
std::string LoadDumped(CommandContext& ctx, std::string_view dump, FunctionRegistry* restored,
                       std::vector<FunctionLibraryPointer>* loaded) {
  const auto sources_bytes_max = static_cast<size_t>(ctx.engine.options.proto_max_bulk_len.Get());
  LibraryDumpReader reader(dump, sources_bytes_max);
  while (reader.HasMore()) {
    std::string error;
    const std::string_view source = reader.Next(&error);
    if (!error.empty()) return error;
    const std::shared_ptr<FunctionLibrary> library = ParseLibrary(source, &error);
    if (library == nullptr) return error;
    if (restored->HasLibrary(library->name)) return errors::LibraryExists(library->name);
    error = LoadLibrary(ctx, library);
    if (!error.empty()) return error;
    loaded->push_back(library);
    error = restored->Add(library, /*replace=*/false);
    if (!error.empty()) return error;
  }
  return {};
}

Status Restore(CommandContext& ctx) {
  if (ctx.args.remaining() > 2) return TooManyArguments(ctx);
  const std::string_view dump = ctx.args.Next();
  RestorePolicy policy = RestorePolicy::kAppend;
  if (ctx.args.Match("FLUSH")) {
    policy = RestorePolicy::kFlush;
  } else if (ctx.args.Match("REPLACE")) {
    policy = RestorePolicy::kReplace;
  } else if (ctx.args.HasMore() && !ctx.args.Match("APPEND")) {
    return Error(errors::kBadRestorePolicy);
  }
  if (!storage::HasGoodFooter(dump)) return Error(errors::kBadDumpFooter);
  FunctionRegistry restored;
  std::vector<FunctionLibraryPointer> loaded;
  std::string error = LoadDumped(ctx, dump, &restored, &loaded);
  if (error.empty()) error = ctx.engine.functions->AddAll(restored, policy);
  if (!error.empty()) {
    UnloadAll(ctx, loaded);
    return Error(error);
  }
  ctx.session.MarkDirty();
  ctx.reply.Ok();
  return Ok();
}

// ---- FUNCTION LIST, STATS, KILL, HELP

void WriteFunction(CommandContext& ctx, const FunctionDeclaration& declared) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(declared.name);
  ctx.reply.Bulk("description");
  if (declared.description) {
    ctx.reply.Bulk(*declared.description);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Bulk("flags");
  const auto flags = ctx.reply.SetLater();
  int64_t count = 0;
  for (const ScriptFlagName& flag : kScriptFlagNames) {
    if (!(declared.flags.*flag.member)) continue;
    ctx.reply.Simple(flag.name);
    ++count;
  }
  ctx.reply.Finish(flags, count);
}

void WriteLibrary(CommandContext& ctx, const FunctionLibrary& library, bool with_code) {
  ctx.reply.Map(with_code ? 4 : 3);
  ctx.reply.Bulk("library_name");
  ctx.reply.Bulk(library.name);
  ctx.reply.Bulk("engine");
  ctx.reply.Bulk(kEngineName);
  ctx.reply.Bulk("functions");
  ctx.reply.Array(static_cast<int64_t>(library.functions.size()));
  for (const Function& function : library.functions) WriteFunction(ctx, function.declaration);
  if (!with_code) return;
  ctx.reply.Bulk("library_code");
  ctx.reply.Bulk(library.source);
}

Status List(CommandContext& ctx) {
  bool with_code = false, by_name = false;
  std::string_view pattern;
  while (ctx.args.HasMore()) {
    if (!with_code && ctx.args.Match("WITHCODE")) {
      with_code = true;
    } else if (!by_name && ctx.args.Match("LIBRARYNAME")) {
      if (!ctx.args.HasMore()) return Error(errors::kLibraryNameMissing);
      by_name = true;
      pattern = ctx.args.Next();
    } else {
      return Error(errors::UnknownFunctionArgument(ctx.args.Peek()));
    }
  }
  std::vector<FunctionLibraryPointer> libraries = ctx.engine.functions->All();
  if (by_name) {
    std::erase_if(libraries, [pattern](const FunctionLibraryPointer& library) {
      return !storage::GlobMatch(pattern, library->name, storage::GlobCase::kInsensitive);
    });
  }
  ctx.reply.Array(static_cast<int64_t>(libraries.size()));
  for (const FunctionLibraryPointer& library : libraries) WriteLibrary(ctx, *library, with_code);
  return Ok();
}

void WriteRunning(CommandContext& ctx, const RunningScripts::RunningFunction& running) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(running.name);
  ctx.reply.Bulk("command");
  ctx.reply.Array(static_cast<int64_t>(running.command.size()));
  for (const std::string& word : running.command) ctx.reply.Bulk(word);
  ctx.reply.Bulk("duration_ms");
  ctx.reply.Integer((ctx.engine.clock.SteadyMicros() - running.started_us) / 1000);
}

Status Stats(CommandContext& ctx) {
  const auto running = ctx.engine.running_scripts.OldestFunction();
  if (!running && ctx.engine.running_scripts.EvalIsBusy()) return Error(errors::kBusyScript);
  ctx.reply.Map(2);
  ctx.reply.Bulk("running_script");
  if (running) {
    WriteRunning(ctx, *running);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Bulk("engines");
  ctx.reply.Map(1);
  ctx.reply.Bulk(kEngineName);
  ctx.reply.Map(2);
  ctx.reply.Bulk("libraries_count");
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.functions->library_count()));
  ctx.reply.Bulk("functions_count");
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.functions->function_count()));
  return Ok();
}

Status Kill(CommandContext& ctx) { return KillRunning(ctx, /*functions=*/true); }

Status Help(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "LOAD [REPLACE] <FUNCTION CODE>",
      "    Create a new library with the given library name and code.",
      "DELETE <LIBRARY NAME>",
      "    Delete the given library.",
      "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
      "    Return general information on all the libraries:",
      "    * Library name",
      "    * The engine used to run the Library",
      "    * Library description",
      "    * Functions list",
      "    * Library code (if WITHCODE is given)",
      "    It also possible to get only function that matches a pattern using LIBRARYNAME "
      "argument.",
      "STATS",
      "    Return information about the current function running:",
      "    * Function name",
      "    * Command used to run the function",
      "    * Duration in MS that the function is running",
      "    If no function is running, return nil",
      "    In addition, returns a list of available engines.",
      "KILL",
      "    Kill the current running function.",
      "FLUSH [ASYNC|SYNC]",
      "    Delete all the libraries.",
      "    When called without the optional mode argument, the behavior is determined by the",
      "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
      "    * ASYNC: Asynchronously flush the libraries.",
      "    * SYNC: Synchronously flush the libraries.",
      "DUMP",
      "    Return a serialized payload representing the current libraries, can be restored using "
      "FUNCTION RESTORE command",
      "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
      "    Restore the libraries represented by the given payload, it is possible to give a "
      "restore "
      "policy to",
      "    control how to handle existing libraries (default APPEND):",
      "    * FLUSH: delete all existing libraries.",
      "    * APPEND: appends the restored libraries to the existing libraries. On collision, "
      "abort.",
      "    * REPLACE: appends the restored libraries to the existing libraries, On collision, "
      "replace the old",
      "      libraries with the new libraries (notice that even on this option there is a chance "
      "of "
      "failure",
      "      in case of functions name collision with another library).",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr std::string_view kToAll = "request_policy:all_shards response_policy:all_succeeded";

constexpr CommandSpec kFunctionSubcommands[] = {
    {.name = "delete",
     .syntax = "library-name",
     .summary = "Deletes a library and its functions.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kWrite,
     .handler = Delete,
     .tips = kToAll},
    {.name = "dump",
     .syntax = "",
     .summary = "Dumps all libraries into a serialized binary payload.",
     .complexity = "O(N) where N is the number of functions",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = Dump},
    {.name = "flush",
     .syntax = "[ASYNC | SYNC]",
     .summary = "Deletes all libraries and functions.",
     .complexity = "O(N) where N is the number of functions deleted",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kWrite,
     .handler = Flush,
     .tips = kToAll},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "kill",
     .syntax = "",
     .summary = "Terminates a function during execution.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kAllowBusy,
     .handler = Kill,
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "list",
     .syntax = "[LIBRARYNAME library-name-pattern] [WITHCODE]",
     .summary = "Returns information about all libraries.",
     .complexity = "O(N) where N is the number of functions",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript,
     .handler = List,
     .tips = "nondeterministic_output_order"},
    {.name = "load",
     .syntax = "[REPLACE] function-code",
     .summary = "Creates a library.",
     .complexity = "O(1) (considering compilation time is redundant)",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kWrite | Flag::kDenyOom | Flag::kRunsScript,
     .handler = Load,
     .tips = kToAll},
    {.name = "restore",
     .syntax = "serialized-value [policy: FLUSH | APPEND | REPLACE]",
     .summary = "Restores all libraries from a payload.",
     .complexity = "O(N) where N is the number of functions on the payload",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kWrite | Flag::kDenyOom | Flag::kRunsScript,
     .handler = Restore,
     .tips = kToAll},
    {.name = "stats",
     .syntax = "",
     .summary = "Returns information about a function during execution.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = Flag::kNoScript | Flag::kAllowBusy,
     .handler = Stats,
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
};

constexpr uint32_t kCallFlags = Flag::kNoScript | Flag::kStale | Flag::kSkipMonitor |
                                Flag::kRunsScript | Flag::kNoMandatoryKeys | Flag::kScriptRunner;
constexpr std::string_view kCallComplexity = "Depends on the function that is executed.";

constexpr CommandSpec kCommands[] = {
    {.name = "fcall",
     .syntax = "function numkeys:int [key ...] [arg ...]",
     .summary = "Invokes a function.",
     .complexity = kCallComplexity,
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = kCallFlags,
     .keys = {CountedKeys(2, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = FunctionCall},
    {.name = "fcall_ro",
     .syntax = "function numkeys:int [key ...] [arg ...]",
     .summary = "Invokes a read-only function.",
     .complexity = kCallComplexity,
     .since = "7.0.0",
     .group = Group::kScripting,
     .flags = kCallFlags | Flag::kReadOnly,
     .keys = {CountedKeys(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = FunctionCallReadOnly},
    {.name = "function",
     .syntax = "",
     .summary = "A container for function commands.",
     .complexity = "Depends on subcommand.",
     .since = "7.0.0",
     .group = Group::kScripting,
     .subcommands = kFunctionSubcommands},
};

}  // namespace

std::span<const CommandSpec> FunctionCommands() { return kCommands; }

}  // namespace larder
