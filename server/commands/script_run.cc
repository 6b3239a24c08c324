#include "server/commands/script_run.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "server/acl/acl_check.h"
#include "server/scripting/running_scripts.h"
#include "server/scripting/script_cache.h"

namespace larder {
namespace {

// A script's worker serves its other clients this often, once the script has run so long.
constexpr int64_t kTurnEveryUs = 600;
constexpr size_t kReplyKeptBytesMax = 64 * 1024;

class CommandScriptHost final : public ScriptHost {
 public:
  CommandScriptHost(CommandContext& ctx, const Script& script, bool read_only)
      : ctx_(ctx),
        script_(script),
        read_only_(read_only),
        memory_exhausted_(ctx.dispatcher.memory_exhausted && !script.flags.allow_oom),
        scope_(ctx.scope),
        database_(ctx.session.database),
        writer_(output_) {
    scope_.in_script = true;
    running_.started_us = ctx.engine.clock.SteadyMicros();
    last_turn_us_ = running_.started_us;
    ctx.engine.running_scripts.Add(running_);
    ctx.dispatcher.script_running = true;
  }

  ~CommandScriptHost() override {
    ctx_.dispatcher.script_running = false;
    ctx_.engine.running_scripts.Remove(running_);
    if (busy_) ctx_.engine.busy_scripts.fetch_sub(1, std::memory_order_relaxed);
    // SELECT holds for the script alone.
    if (ctx_.session.database != database_) ctx_.session.SelectDatabase(database_);
  }

  CommandScriptHost(const CommandScriptHost&) = delete;
  CommandScriptHost& operator=(const CommandScriptHost&) = delete;

  CallOutcome Call(Arguments args, protocol::Version version, std::string* reply) override {
    writer_.set_version(version);
    const CommandInfo* container = nullptr;
    const CommandInfo* info = ctx_.engine.commands.Find(args, &container);
    Status status(Refusal(info, args));
    if (status.ok()) status = CheckRights(*info, args);
    if (status.ok()) status = Status(RefusalOfWrite(*info));
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

  bool Tick() override {
    if (running_.killed.load(std::memory_order_relaxed)) return false;
    const int64_t now_us = ctx_.engine.clock.SteadyMicros();
    if (!busy_) {
      const int64_t threshold_ms = ctx_.engine.options.busy_reply_threshold;
      if (threshold_ms > 0 && now_us - running_.started_us > threshold_ms * 1000) {
        busy_ = true;
        ctx_.engine.busy_scripts.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (now_us - last_turn_us_ >= kTurnEveryUs) {
      ctx_.dispatcher.TakeTurn();
      last_turn_us_ = ctx_.engine.clock.SteadyMicros();
    }
    return !running_.killed.load(std::memory_order_relaxed);
  }

  void Log(int level, std::string_view message) override {
    constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kVerbose, LogLevel::kNotice,
                                    LogLevel::kWarning};
    ctx_.engine.log.Log(kLevels[std::clamp(level, 0, 3)], message);
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

  std::string_view RefusalOfWrite(const CommandInfo& info) const {
    const uint32_t flags = info.flags;
    if (read_only_ && (flags & (Flag::kWrite | Flag::kMayReplicate)) != 0) {
      return errors::kWriteFromReadOnlyScript;
    }
    if (memory_exhausted_ && (flags & Flag::kDenyOom) != 0) return errors::kOutOfMemory;
    return {};
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
    script_.takes_all_stripes.store(true, std::memory_order_relaxed);
    *ctx_.scope.restart = true;
    output_.Clear();
    return CallOutcome::kAbandon;
  }

  void Monitor(Arguments args) {
    if (!ctx_.engine.monitors.any()) return;
    ctx_.engine.monitors.Feed(ctx_.dispatcher.now_us(), ctx_.session.database, "lua", args);
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

  CommandContext& ctx_;
  const Script& script_;
  const bool read_only_;
  const bool memory_exhausted_;  // when the script started, as in Redis
  RunScope scope_;
  const int database_;
  protocol::OutputBuffer output_;  // of the running command
  protocol::ReplyWriter writer_;
  RunningScript running_;
  bool busy_ = false;
  int64_t last_turn_us_ = 0;
};

// What speaks against running the script at all.
std::string_view CheckFlags(const CommandContext& ctx, const Script& script, bool read_only) {
  if (!script.flags.declared) return {};
  if (read_only && !script.flags.no_writes) return errors::kScriptWithWriteFlag;
  if (ctx.dispatcher.memory_exhausted && !script.flags.allow_oom && !script.flags.no_writes) {
    return errors::kScriptOutOfMemory;
  }
  return {};
}

}  // namespace

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
  return lua.get();
}

Status RunScript(CommandContext& ctx, const Script& script, const ScriptArguments& arguments,
                 bool read_only) {
  if (const auto refusal = CheckFlags(ctx, script, read_only); !refusal.empty()) {
    return Error(refusal);
  }
  if (ctx.scope.restart != nullptr && script.takes_all_stripes.load(std::memory_order_relaxed)) {
    *ctx.scope.restart = true;
    return Ok();
  }
  LuaEngine* lua = WorkerLua(ctx);
  if (lua == nullptr) return Error(errors::kNoMemoryForLua);
  if (ctx.engine.monitors.any()) {
    ctx.engine.monitors.Feed(ctx.dispatcher.now_us(), ctx.session.database,
                             ctx.session.record->address, ctx.args.all());
  }
  CommandScriptHost host(ctx, script, read_only || script.flags.no_writes);
  ScriptResult result = lua->Run(script, arguments, host, ctx.reply);
  if (result.outcome != ScriptOutcome::kError) return Ok();
  if (result.error_of_call) ctx.dispatcher.ErrorIsCounted();
  return Error(result.error);
}

}  // namespace larder
