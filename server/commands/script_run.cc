#include "server/commands/script_run.h"

#include <atomic>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "server/acl/acl_check.h"
#include "server/commands/running_script_host.h"
#include "server/scripting/running_scripts.h"
#include "server/scripting/script_cache.h"

namespace larder {
namespace {

constexpr size_t kReplyKeptBytesMax = 64 * 1024;

class CommandScriptHost final : public RunningScriptHost {
 public:
  // `takes_all_stripes` is where it is kept that the script reached a key it had not declared.
  CommandScriptHost(CommandContext& ctx, ScriptKind kind, std::string_view name,
                    const ScriptFlags& flags, bool read_only, std::atomic<bool>& takes_all_stripes)
      : RunningScriptHost(ctx, kind, name),
        takes_all_stripes_(takes_all_stripes),
        read_only_(read_only || flags.no_writes),
        memory_exhausted_(ctx.dispatcher.memory_exhausted && !flags.allow_oom),
        scope_(ctx.scope),
        database_(ctx.session.database),
        writer_(output_) {
    scope_.in_script = true;
  }

  ~CommandScriptHost() override {
    for (const MonitorLine& line : kept_lines_) {
      const std::vector<std::string_view> args(line.args.begin(), line.args.end());
      ctx_.engine.monitors.Feed(line.unix_us, line.database, "lua", args);
    }
    // SELECT holds for the script alone.
    if (ctx_.session.database != database_) ctx_.session.SelectDatabase(database_);
  }

  CallOutcome Call(Arguments args, protocol::Version version, std::string* reply) override {
    writer_.set_version(version);
    const CommandInfo* container = nullptr;
    const CommandInfo* info = ctx_.engine.commands.Find(args, &container);
    Status status(Refusal(info, args));
    if (status.ok()) status = CheckRights(*info, args);
    if (status.ok()) status = Status(RefusalOfWrite(*info, args));
    if (!status.ok()) {
      ctx_.dispatcher.CountRefused(info, status.error());
    } else {
      if ((info->spec->flags & Flag::kWrite) != 0) {
        running_.wrote.store(true, std::memory_order_relaxed);
      }
      Monitor(args);
      const auto outcome =
          ctx_.dispatcher.RunNested(ctx_.session, *info, args, scope_, writer_, &status);
      if (outcome == Dispatcher::NestedOutcome::kKeysNotHeld) return Restart();
    }
    if (!status.ok()) writer_.Error(status.error());
    TakeOutput(reply);
    return CallOutcome::kReply;
  }

  AclAnswer CheckAcl(Arguments args) override {
    const CommandInfo* container = nullptr;
    const CommandInfo* info = ctx_.engine.commands.Find(args, &container);
    if (info == nullptr) return AclAnswer::kUnknownCommand;
    const AclUser* user = ctx_.session.LatestUser();
    return user != nullptr && larder::CheckAcl(*user, *info, args).allowed() ? AclAnswer::kAllowed
                                                                             : AclAnswer::kDenied;
  }

 private:
  // Why a script may not run this command: an error text, or nothing.
  std::string_view Refusal(const CommandInfo* info, Arguments args) const {
    if (info == nullptr) return errors::kUnknownCommandFromScript;
    if (!Dispatcher::ArityFits(*info, args.size())) return errors::kWrongArityFromScript;
    if ((info->flags & Flag::kNoScript) != 0) return errors::kNotAllowedFromScript;
    return {};
  }

  std::string RefusalOfWrite(const CommandInfo& info, Arguments args) const {
    const uint32_t flags = info.flags;
    if (read_only_ && (flags & (Flag::kWrite | Flag::kMayReplicate)) != 0) {
      return std::string(errors::kWriteFromReadOnlyScript);
    }
    if ((flags & Flag::kDenyOom) == 0) return {};
    if (memory_exhausted_) return std::string(errors::kOutOfMemory);
    return ctx_.dispatcher.QuotaRefusal(info, args);
  }

  // The rights are those of the client that runs the script.
  Status CheckRights(const CommandInfo& info, Arguments args) {
    const AclDecision rights =
        ctx_.dispatcher.CheckRights(ctx_.session, info, args, AclContext::kScript);
    if (rights.allowed()) return Ok();
    const AclUser* user = ctx_.session.user.get();
    return Error("ERR ACL failure in script: " + (user == nullptr
                                                      ? std::string(errors::kAclDeniesKey)
                                                      : AclRefusal(*user, info, args, rights)));
  }

  CallOutcome Restart() {
    takes_all_stripes_.store(true, std::memory_order_relaxed);
    *ctx_.scope.restart = true;
    output_.Clear();
    kept_lines_.clear();
    return CallOutcome::kAbandon;
  }

  // What may have to start again is shown when it has ended.
  void Monitor(Arguments args) {
    if (!ctx_.engine.monitors.any()) return;
    const int64_t now_us = ctx_.dispatcher.now_us();
    if (ctx_.scope.restart == nullptr) {
      return ctx_.engine.monitors.Feed(now_us, ctx_.session.database, "lua", args);
    }
    kept_lines_.push_back({now_us, ctx_.session.database, {args.begin(), args.end()}});
  }

  // Moves what the command wrote to *reply.
  void TakeOutput(std::string* reply) {
    constexpr int kVectorsMax = 16;
    iovec vectors[kVectorsMax];
    while (!output_.empty()) {
      const int count = output_.Gather(vectors, kVectorsMax);
      size_t taken = 0;
      for (int i = 0; i < count; ++i) {
        reply->append(static_cast<const char*>(vectors[i].iov_base), vectors[i].iov_len);
        taken += vectors[i].iov_len;
      }
      output_.Consume(taken);
    }
    if (output_.memory_bytes() > kReplyKeptBytesMax) output_.Clear();
  }

  struct MonitorLine {
    int64_t unix_us;
    int database;
    std::vector<std::string> args;
  };

  std::atomic<bool>& takes_all_stripes_;
  std::vector<MonitorLine> kept_lines_;
  const bool read_only_;
  const bool memory_exhausted_;  // when the script started, as in Redis
  RunScope scope_;
  const int database_;
  protocol::OutputBuffer output_;  // of the running command
  protocol::ReplyWriter writer_;
};

// What speaks against running a script at all.
std::string_view CheckFlags(const CommandContext& ctx, const ScriptFlags& flags, bool read_only) {
  if (!flags.declared) return {};
  const bool out_of_memory =
      ctx.dispatcher.memory_exhausted && !flags.allow_oom && !flags.no_writes;
  // As in Redis: refused before it is looked at, but in EXEC.
  if (out_of_memory && !ctx.in_exec()) return errors::kOutOfMemory;
  if (read_only && !flags.no_writes) return errors::kScriptWithWriteFlag;
  return out_of_memory ? errors::kScriptOutOfMemory : std::string_view();
}

// A library that is being loaded: it has no commands, and its time is limited.
class LibraryHost final : public RunningScriptHost {
 public:
  explicit LibraryHost(CommandContext& ctx) : RunningScriptHost(ctx, ScriptKind::kLibrary) {}

  // Not reached: there is no redis.call yet.
  CallOutcome Call(Arguments, protocol::Version, std::string* reply) override {
    reply->append("-").append(errors::kNoCallWhileLoading).append("\r\n");
    return CallOutcome::kReply;
  }

  bool Tick() override {
    constexpr int64_t kLoadUsMax = 500'000;
    if (!RunningScriptHost::Tick()) return false;
    timed_out_ = ctx_.engine.clock.SteadyMicros() - running_.started_us > kLoadUsMax;
    return !timed_out_;
  }

  std::string_view KillText() const override {
    return timed_out_ ? errors::kFunctionLoadTimeout : RunningScriptHost::KillText();
  }

 private:
  bool timed_out_ = false;
};

// Whether the script has to start with every stripe, which it does not hold yet.
bool MustRestart(const CommandContext& ctx, const std::atomic<bool>& takes_all_stripes) {
  if (ctx.scope.restart == nullptr || !takes_all_stripes.load(std::memory_order_relaxed)) {
    return false;
  }
  *ctx.scope.restart = true;
  return true;
}

Status StatusOf(CommandContext& ctx, const ScriptResult& result) {
  if (result.outcome != ScriptOutcome::kError) return Ok();
  if (result.error_of_call) ctx.dispatcher.ErrorIsCounted();
  return Error(result.error);
}

}  // namespace

void FeedMonitors(CommandContext& ctx) {
  // One that starts again was shown already.
  if (!ctx.engine.monitors.any() || ctx.session.script_needs_all_stripes) return;
  ctx.engine.monitors.Feed(ctx.dispatcher.now_us(), ctx.session.database,
                           ctx.session.record->address, ctx.args.all());
}

LuaEngine* WorkerLua(CommandContext& ctx) {
  auto& lua = ctx.dispatcher.lua;
  if (lua == nullptr) {
    try {
      ctx.dispatcher.MakeLua();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  lua->DropCompiledBefore(ctx.engine.scripts->epoch());
  lua->DropLibrariesBefore(ctx.engine.functions->epoch());
  return lua.get();
}

Status RunScript(CommandContext& ctx, const Script& script, const ScriptArguments& arguments,
                 bool read_only) {
  if (const auto refusal = CheckFlags(ctx, script.flags, read_only); !refusal.empty()) {
    return Error(refusal);
  }
  if (MustRestart(ctx, script.takes_all_stripes)) return Ok();
  LuaEngine* lua = WorkerLua(ctx);
  if (lua == nullptr) return Error(errors::kNoMemoryForLua);
  CommandScriptHost host(ctx, ScriptKind::kEval, {}, script.flags, read_only,
                         script.takes_all_stripes);
  return StatusOf(ctx, lua->Run(script, arguments, host, ctx.reply));
}

Status RunFunction(CommandContext& ctx, const FunctionRegistry::Found& found,
                   const ScriptArguments& arguments, bool read_only) {
  const Function& function = *found.function;
  const FunctionDeclaration& declared = function.declaration;
  if (const auto refusal = CheckFlags(ctx, declared.flags, read_only); !refusal.empty()) {
    return Error(refusal);
  }
  if (MustRestart(ctx, function.takes_all_stripes)) return Ok();
  LuaEngine* lua = WorkerLua(ctx);
  if (lua == nullptr) return Error(errors::kNoMemoryForLua);
  CommandScriptHost host(ctx, ScriptKind::kFunction, declared.name, declared.flags, read_only,
                         function.takes_all_stripes);
  return StatusOf(ctx, lua->RunFunction(found.library, function, arguments, host, ctx.reply));
}

std::string LoadLibrary(CommandContext& ctx, const std::shared_ptr<FunctionLibrary>& library) {
  LuaEngine* lua = WorkerLua(ctx);
  if (lua == nullptr) return std::string(errors::kNoMemoryForLua);
  std::vector<FunctionDeclaration> declared;
  LibraryHost host(ctx);
  if (std::string error = lua->LoadLibrary(library, host, &declared); !error.empty()) return error;
  for (FunctionDeclaration& declaration : declared) {
    library->functions.emplace_back(std::move(declaration));
  }
  return {};
}

Status KillRunning(CommandContext& ctx, bool functions) {
  switch (ctx.engine.running_scripts.Kill(ctx.engine.clock.SteadyMicros(), functions)) {
    case RunningScripts::KillOutcome::kKilled:
      ctx.reply.Ok();
      return Ok();
    case RunningScripts::KillOutcome::kUnkillable:
      return Error(errors::kUnkillable);
    case RunningScripts::KillOutcome::kOtherKind:
      if (!ctx.engine.ScriptIsBusy()) break;
      return Error(functions ? errors::kBusyScript : errors::kBusyFunction);
    case RunningScripts::KillOutcome::kNoneRunning:
      break;
  }
  return Error(errors::kNotBusy);
}

}  // namespace larder
