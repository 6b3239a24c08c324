#include "server/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "server/acl/acl_check.h"
#include "server/client_side_caching.h"
#include "server/command_context.h"
#include "server/engine.h"
#include "server/errors.h"
#include "server/redaction.h"
#include "server/scripting/lua_engine.h"
#include "server/session.h"
#include "server/statistics.h"
#include "server/waiting.h"
#include "server/watching.h"

namespace larder {
namespace {

using protocol::ReplyWriter;

// How long one eviction may keep its worker before the writer is parked.
constexpr auto kEvictionSlice = std::chrono::microseconds(100);

// Until a waiter whose keys' stripes are taken is looked at again.
constexpr int64_t kLookAgainWhenTakenUs = 1000;

constexpr size_t kUnknownCommandBytesMax = 128;
constexpr size_t kKnownKeysKept = 1024;  // a longer list is not kept for the next command

bool Has(const CommandInfo& info, uint32_t flag) { return (info.flags & flag) != 0; }

// After each command: CLIENT REPLY SKIP silences the one after it.
void AdvanceReplyMode(Session& session) {
  if (session.reply_mode == ReplyMode::kOn) [[likely]]
    return;
  if (session.reply_mode == ReplyMode::kSkipNext) {
    session.reply_mode = ReplyMode::kSkipThis;
  } else if (session.reply_mode == ReplyMode::kSkipThis) {
    session.reply_mode = ReplyMode::kOn;
  }
}

// After the command, as Redis does: EXEC comes after what it ran.
void TellMonitors(Engine& engine, int64_t now_us, const Session& session,
                  const PreparedCommand& command) {
  if (Has(*command.info, Flag::kSkipMonitor | Flag::kAdmin)) return;
  engine.monitors.Feed(now_us, session.database, session.record->address,
                       Redacted(*command.info, command.args));
}

// Whether CLIENT PAUSE … WRITE holds the command back. FCALL's row does not say, as in Redis.
bool MayWrite(const CommandInfo& info) {
  return Has(info, Flag::kWrite | Flag::kMayReplicate | Flag::kRunsQueued) ||
         (Has(info, Flag::kNoMandatoryKeys) && !Has(info, Flag::kReadOnly));
}

// At least the bytes of a request whose arguments lie in its connection's buffer, and not many
// more: what lies between the beginning of the first and the end of the last, and what may be
// around that. Of arguments from elsewhere it says nothing. Costs two loads, whatever their number.
size_t RequestBytesAtMost(std::span<const std::string_view> args) {
  constexpr size_t kAroundBytesMax = 48;  // "*N\r\n$N\r\n" before, "\r\n" behind
  return reinterpret_cast<uintptr_t>(args.back().data()) + args.back().size() -
         reinterpret_cast<uintptr_t>(args.front().data()) + kAroundBytesMax;
}

// Of output that may have been sent, in part, meanwhile.
size_t Growth(size_t before, size_t after) { return after > before ? after - before : 0; }

// Whether the command, or what it executes, runs a script.
bool NeedsLua(const Session& session, const CommandInfo& info) {
  if (Has(info, Flag::kRunsScript)) return true;
  if (!Has(info, Flag::kRunsQueued) || !session.in_multi()) return false;
  const auto& queued = session.transaction->commands;
  return std::any_of(queued.begin(), queued.end(), [](const QueuedCommand& command) {
    return Has(*command.command, Flag::kRunsScript);
  });
}

}  // namespace

Dispatcher::Dispatcher(Engine& engine, int worker)
    : engine_(engine), worker_(worker), statistics_(*engine.statistics[worker]) {
  UpdateTime();
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::MakeLua() {
  const auto seed = static_cast<uint64_t>(now_us_ ^ worker_);
  lua = std::make_shared<LuaEngine>(engine_.lua_memory, seed);
}

void Dispatcher::UpdateTime() {
  now_us_ = engine_.clock.UnixMicros();
  now_ms_ = now_us_ / 1000;
  UpdateThresholds();
  StartBatch();
}

void Dispatcher::Prepare(std::span<const std::string_view> args, int database,
                         PreparedCommand* command) {
  command->args = args;
  command->container = nullptr;
  command->info = engine_.commands.Find(args, &command->container);
  if (command->info == nullptr || !command->info->single_key || args.size() < 2) return;
  command->key = engine_.keyspace.hasher()(args[1]);
  engine_.keyspace.Prefetch(database, command->key);
}

std::string Dispatcher::UnknownCommand(const PreparedCommand& command) const {
  if (command.container != nullptr) {
    return errors::UnknownSubcommand(command.container->full_name, command.args[1]);
  }
  std::string text =
      fmt::format("ERR unknown command '{}', with args beginning with: ",
                  errors::UpToZero(command.args[0].substr(0, kUnknownCommandBytesMax)));
  size_t shown = 0;
  for (const std::string_view arg : command.args.subspan(1)) {
    if (shown >= kUnknownCommandBytesMax) break;
    const std::string_view part = errors::UpToZero(arg.substr(0, kUnknownCommandBytesMax - shown));
    fmt::format_to(std::back_inserter(text), "'{}' ", part);
    shown += part.size() + 3;
  }
  return text;
}

void Dispatcher::CountRefused(const CommandInfo* info, std::string_view error) {
  if (info != nullptr) statistics_.per_command[info->index].rejected.Add();
  statistics_.CountError(error);
}

Disposition Dispatcher::Refuse(Session& session, const CommandInfo* info, std::string_view error) {
  std::string reply(error);
  if (info != nullptr && Has(*info, Flag::kRunsQueued)) {
    // EXEC itself was refused: the transaction, if there is one, ends here.
    if (reply.starts_with("ERR ")) reply.erase(0, 4);
    reply = fmt::format("EXECABORT Transaction discarded because of: {}", reply);
    if (session.in_multi()) session.DropTransaction();
    UnwatchAll(engine_, session);
  } else if (session.in_multi()) {
    session.transaction->aborted = true;
  }
  CountRefused(info, reply);
  if (session.reply_mode == ReplyMode::kOn) session.reply.Error(reply);
  AdvanceReplyMode(session);
  EndCaching(session, info);
  return Disposition::kDone;
}

AclDecision Dispatcher::CheckRights(Session& session, const CommandInfo& info,
                                    std::span<const std::string_view> args, AclContext context) {
  if (session.Unrestricted(engine_.acl.version())) return {};
  const AclUser* user = session.LatestUser();
  const AclDecision decision =
      user == nullptr ? AclDecision{AclVerdict::kCommand, 0} : CheckAcl(*user, info, args);
  if (!decision.allowed()) LogAclRefusal(engine_, session, info, args, decision, context);
  return decision;
}

// Everything that rarely applies, in Redis's order. `*go_on` is false when the command ends here.
Disposition Dispatcher::CheckAdmission(Session& session, const PreparedCommand& command,
                                       bool* go_on) {
  *go_on = false;
  const CommandInfo* info = command.info;
  if (info == nullptr) return Refuse(session, nullptr, UnknownCommand(command));
  if (!ArityFits(*info, command.args.size())) {
    return Refuse(session, info, errors::WrongArity(info->full_name));
  }
  if (session.LatestUser() == nullptr) {
    ClientRegistry::Kill(session.record);  // its user was deleted while it logged in
    return Refuse(session, info, errors::kNoAuth);
  }
  if (!session.authenticated && !engine_.acl.default_is_open() && !Has(*info, Flag::kNoAuth)) {
    return Refuse(session, info, errors::kNoAuth);
  }
  if (session.in_multi() && Has(*info, Flag::kNoMulti)) {
    return Refuse(session, info, errors::kNotAllowedInMulti);
  }
  const AclDecision rights =
      CheckRights(session, *info, command.args,
                  session.in_multi() ? AclContext::kMulti : AclContext::kTopLevel);
  if (!rights.allowed()) {
    return Refuse(session, info,
                  "NOPERM " + AclRefusal(*session.user, *info, command.args, rights));
  }
  if (session.in_subscriber_mode() && !Has(*info, Flag::kSubscriberMode)) {
    return Refuse(session, info, errors::OnlyInSubscriberContext(info->full_name));
  }
  if (engine_.pause.possible() && engine_.pause.Active(engine_.clock.SteadyMicros()) &&
      !Has(*info, Flag::kAdmin) && (!engine_.pause.writes_only() || MayWrite(*info))) {
    return Disposition::kParked;
  }
  *go_on = true;
  return Disposition::kDone;
}

void Dispatcher::Queue(Session& session, const PreparedCommand& command) {
  std::vector<std::string> args(command.args.begin(), command.args.end());
  session.transaction->bytes += sizeof(QueuedCommand);
  for (const std::string& arg : args) session.transaction->bytes += sizeof(arg) + arg.size();
  session.transaction->commands.push_back({command.info, std::move(args)});
  session.record->queue_bytes.store(static_cast<int64_t>(session.transaction->bytes),
                                    std::memory_order_relaxed);
  session.record->queued_commands.store(static_cast<int>(session.transaction->commands.size()),
                                        std::memory_order_relaxed);
  if (session.reply_mode == ReplyMode::kOn) session.reply.Simple("QUEUED");
  AdvanceReplyMode(session);
}

void Dispatcher::ForgetKnownKeys() {
  known_keys_.clear();
  if (known_keys_.capacity() > kKnownKeysKept) known_keys_.shrink_to_fit();
}

void Dispatcher::AddKeys(const CommandInfo& info, std::span<const std::string_view> args,
                         int database, StripeSet* stripes) {
  positions_.clear();
  known_keys_.clear();
  if (!CommandTable::KeyPositions(info, args, &positions_)) return;  // the handler will refuse
  for (const int position : positions_) {
    const storage::Key key = engine_.keyspace.hasher()(args[static_cast<size_t>(position)]);
    engine_.keyspace.Prefetch(database, key);
    stripes->Add(engine_.keyspace.StripeOf(key.hash));
    known_keys_.push_back({static_cast<size_t>(position), key});
  }
  for (const KnownKey& known : known_keys_) engine_.keyspace.PrefetchEntry(database, known.key);
}

void Dispatcher::CollectStripes(Session& session, const PreparedCommand& command,
                                StripeSet* stripes) {
  const CommandInfo& info = *command.info;
  ForgetKnownKeys();
  if (session.script_needs_all_stripes || info.NeedsAllStripes(command.args)) {
    stripes->AddAll();
    return;
  }
  if (Has(info, Flag::kUnwatches)) {
    for (const WatchedKey& watched : session.watched) {
      stripes->Add(engine_.keyspace.StripeOf(watched.hash));
    }
  }
  if (Has(info, Flag::kRunsQueued) && session.in_multi()) {
    for (const QueuedCommand& queued : session.transaction->commands) {
      const std::vector<std::string_view> args(queued.args.begin(), queued.args.end());
      if (Has(*queued.command, Flag::kOwnLocks | Flag::kRunsScript) ||
          queued.command->NeedsAllStripes(args)) {
        stripes->AddAll();
        return;
      }
      AddKeys(*queued.command, args, session.database, stripes);
    }
    return;
  }
  AddKeys(info, command.args, session.database, stripes);
}

std::string Dispatcher::MemoryRefusal(const PreparedCommand& command) {
  const CommandInfo& info = *command.info;
  const auto deadline = std::chrono::steady_clock::now() + kEvictionSlice;
  const auto outcome = engine_.keyspace.Evict(settle_home_, now_ms_, deadline);
  memory_exhausted = outcome == storage::EvictOutcome::kNothingToEvict;
  if (!Has(info, Flag::kDenyOom)) return {};
  if (memory_exhausted) return std::string(errors::kOutOfMemory);
  return QuotaRefusal(info, command.args);
}

std::string Dispatcher::QuotaRefusal(const CommandInfo& info,
                                     std::span<const std::string_view> args) {
  if (!engine_.keyspace.namespaces().any_over()) return {};
  std::vector<KeyUse> uses;
  CommandTable::KeyUses(info, args, &uses);
  for (const KeyUse& use : uses) {
    if ((use.flags & (KeyFlag::kRW | KeyFlag::kOW)) == 0) continue;
    const auto full =
        engine_.keyspace.FullNamespaceOf(args[static_cast<size_t>(use.position)], now_ms_);
    if (full != nullptr) return errors::NamespaceFull(full->spec.name);
  }
  return {};
}

void Dispatcher::CloseChanges(const StripeSet& held) {
  if (!held.all())
    return held.ForEach([&](size_t stripe) { engine_.keyspace.CloseChanges(stripe); });
  for (size_t i = 0; i < engine_.keyspace.stripe_count(); ++i) engine_.keyspace.CloseChanges(i);
}

// The number of the namespace that a command counts for, by its first key; 0 when it has none.
uint64_t Dispatcher::NamespaceOf(const PreparedCommand& command, const StripeSet& held) {
  if (held.empty()) return 0;
  std::string_view key = command.key.bytes;
  if (!command.info->single_key) {
    positions_.clear();
    CommandTable::KeyPositions(*command.info, command.args, &positions_);
    if (positions_.empty()) return 0;
    key = command.args[static_cast<size_t>(positions_.front())];
  }
  const storage::Namespace* const of = engine_.keyspace.namespaces().Find(key);
  return of == nullptr ? 0 : of->id;
}

Disposition Dispatcher::Execute(Session& session, const PreparedCommand& command) {
  if (command.info != nullptr) {
    session.record->last_command.store(command.info, std::memory_order_relaxed);
  }
  const bool plain = command.info != nullptr && ArityFits(*command.info, command.args.size()) &&
                     session.Unrestricted(engine_.acl.version()) && !session.in_multi() &&
                     !session.in_subscriber_mode() && !engine_.pause.possible();
  if (!plain) [[unlikely]] {
    bool go_on = false;
    if (const Disposition early = CheckAdmission(session, command, &go_on); !go_on) return early;
  }
  const CommandInfo& info = *command.info;
  if (Has(info, Flag::kDenyOom | Flag::kRunsQueued | Flag::kRunsScript)) {
    memory_exhausted = false;
    if (engine_.keyspace.OverLimit()) [[unlikely]] {
      const std::string refusal = MemoryRefusal(command);
      if (!refusal.empty()) return Refuse(session, &info, refusal);
    }
  }
  if (session.in_multi() && !Has(info, Flag::kNotQueued)) {
    Queue(session, command);
    return Disposition::kDone;
  }
  // What would wait for a stripe must not do so on top of a script that may hold it, on this stack.
  if (script_running &&
      (NeedsLua(session, info) || Has(info, Flag::kOwnLocks) || !session.watched.empty())) {
    return engine_.ScriptIsBusy() && !Has(info, Flag::kAllowBusy)
               ? Refuse(session, &info, engine_.BusyError())
               : Disposition::kParked;
  }
  if (info.single_key && !session.script_needs_all_stripes) {
    StripeSet stripe(engine_.keyspace.StripeOf(command.key.hash));
    return LockAndRun(session, command, stripe);
  }
  // A walk over all keys takes turns of its own: below another one it could not.
  if (turn_taken && Has(info, Flag::kOwnLocks) && Has(info, Flag::kDangerous)) {
    return Disposition::kParked;
  }
  StripeSet stripes;
  CollectStripes(session, command, &stripes);
  PreparedCommand with_keys = command;
  // Not of what may let other clients have a turn while it runs: their keys would take the place.
  if (!Has(info, Flag::kRunsScript | Flag::kRunsQueued)) with_keys.keys = known_keys_;
  return LockAndRun(session, with_keys, stripes);
}

// Adds to locked stripes those that the waiters of their keys need besides. False, with nothing
// locked, when they cannot be had now.
bool Dispatcher::HoldWhatWaitersNeed(StripeSet* stripes) {
  while (!stripes->all()) {
    StripeSet larger = *stripes;
    bool grew = false;
    stripes->ForEach([&](size_t stripe) {
      engine_.waiters.ForOtherStripes(stripe, [&](size_t other) {
        if (larger.Contains(other)) return;
        larger.Add(other);
        grew = true;
      });
    });
    if (!grew) return true;
    stripes->Unlock(engine_.keyspace);
    *stripes = larger;
    if (!stripes->TryLock(engine_.keyspace)) return false;
  }
  return true;
}

// Serves those who wait for keys that the command changed. Serving can change further keys
// (BLMOVE).
void Dispatcher::ServeWaiters(Session& session, const CommandInfo& info, const StripeSet& stripes) {
  for (size_t i = 0; i < session.touched_keys.size(); ++i) {
    const auto [database, name] = session.touched_keys[i];  // a copy: the list grows
    ServeLine(session, info, stripes, database, name);
  }
  session.touched_keys.clear();
}

void Dispatcher::ServeLine(Session& session, const CommandInfo& info, const StripeSet& stripes,
                           int database, const std::string& name) {
  const storage::Key key = engine_.keyspace.hasher()(name);
  const size_t stripe = engine_.keyspace.StripeOf(key.hash);
  const RunScope scope{&stripes};
  storage::Database in(engine_.keyspace, database, now_ms_);
  // Some of the line may want what this key has not got (a stream's reader of later entries), or
  // have ended.
  for (size_t index = 0;; ++index) {
    const WaiterPointer waiter = engine_.waiters.At(stripe, database, name, index);
    if (waiter == nullptr) break;
    // Those who want a missing key stand in front.
    if (!waiter->wants_missing && in.Find(key, storage::Access::kPeek) == nullptr) break;
    if (!waiter->waiting()) continue;
    protocol::OutputBuffer output;
    ReplyWriter reply(output, waiter->version);
    CommandContext context{
        engine_, *this, session, info, ArgReader({}, 0, engine_.keyspace.hasher()),
        reply,   in,    scope};
    if (!waiter->ready(context, key)) continue;
    const std::string refusal = RefusalToServe(engine_, *waiter);
    if (!waiter->End(Waiter::State::kServed)) continue;
    engine_.waiters.Ended();
    if (refusal.empty()) {
      waiter->serve(context, key);
    } else {
      statistics_.CountError(refusal);
      reply.Error(refusal);
    }
    PostReply(*waiter, std::string(output.tail().view()));
  }
  if (in.Find(key, storage::Access::kPeek) == nullptr) {
    EndWaitersOfGoneKey(engine_.waiters, stripe, database, name);
  }
}

int64_t Dispatcher::LookAgain(Session& session, int64_t now_us) {
  const WaiterPointer waiter = session.waiter;
  if (waiter == nullptr || waiter->look_again_us == 0 || waiter->look_again_us > now_us) return 0;
  waiter->look_again_us = now_us + kLookAgainWhenTakenUs;
  StripeSet stripes;
  for (const std::string& name : waiter->keys) {
    stripes.Add(engine_.keyspace.StripeOf(engine_.keyspace.hasher().Hash(name)));
  }
  if (!stripes.TryLock(engine_.keyspace) || !HoldWhatWaitersNeed(&stripes)) {
    return waiter->look_again_us;
  }
  const CommandInfo& info = *session.record->last_command.load(std::memory_order_relaxed);
  for (const std::string& name : waiter->keys) {
    ServeLine(session, info, stripes, waiter->database, name);
  }
  ServeWaiters(session, info, stripes);
  waiter->look_again_us = 0;
  if (waiter->waiting()) {
    ReplyWriter reply(discarded_, waiter->version);
    const RunScope scope{&stripes};
    CommandContext context{engine_,
                           *this,
                           session,
                           info,
                           ArgReader({}, 0, engine_.keyspace.hasher()),
                           reply,
                           storage::Database(engine_.keyspace, waiter->database, now_ms_),
                           scope};
    waiter->look_again_us = waiter->next_look_us(context);
  }
  if (engine_.keyspace.has_namespaces()) CloseChanges(stripes);
  stripes.Unlock(engine_.keyspace);
  return waiter->look_again_us;
}

Disposition Dispatcher::LockAndRun(Session& session, const PreparedCommand& command,
                                   StripeSet& stripes) {
  const CommandInfo& info = *command.info;
  if (!stripes.TryLock(engine_.keyspace)) {
    if (engine_.ScriptIsBusy() && !Has(info, Flag::kAllowBusy)) {
      return Refuse(session, &info, engine_.BusyError());
    }
    return Disposition::kParked;
  }
  if (engine_.waiters.any() && !Has(info, Flag::kReadOnly) && !HoldWhatWaitersNeed(&stripes)) {
    return Disposition::kParked;
  }
  const bool silenced = session.reply_mode != ReplyMode::kOn;
  ReplyWriter silent(discarded_, session.reply.version());
  ReplyWriter& reply = silenced ? silent : session.reply;
  const size_t reply_began = reply.out().size();

  bool restart = false;
  const Status status = Has(info, Flag::kRunsScript) && !stripes.all()
                            ? CallWithUndo(session, command, stripes, reply, &restart)
                            : Call(session, command, RunScope{&stripes}, reply);
  if (engine_.monitors.any() && !restart) [[unlikely]]
    TellMonitors(engine_, now_us_, session, command);
  if (session.waiter != nullptr) session.waiter->silent = silenced;
  if (!session.touched_keys.empty()) {
    if (restart) session.touched_keys.clear();
    ServeWaiters(session, info, stripes);
  }
  if (session.tracking_duties != 0) [[unlikely]] {
    restart ? DropChangedKeys(session) : FinishTracking(engine_, session, command);
  }
  if (std::exchange(session.unwatch_after_command, false)) {
    UnwatchAll(engine_, session, /*stripes_held=*/true);
  }
  uint64_t namespace_id = 0;
  if (engine_.keyspace.has_namespaces()) [[unlikely]] {
    CloseChanges(stripes);
    namespace_id = NamespaceOf(command, stripes);
  }
  stripes.Unlock(engine_.keyspace);
  if (restart) {
    session.script_needs_all_stripes = true;
    return Execute(session, command);
  }
  session.script_needs_all_stripes = false;
  if (!status.ok()) reply.Error(status.error());
  if (silenced) discarded_.Clear();
  AdvanceReplyMode(session);
  const uint64_t now = TickClock::Now();
  const uint64_t ticks = now - std::exchange(last_ticks_, now);
  Account(session, command, status,
          {ticks, RequestBytesAtMost(command.args), Growth(reply_began, reply.out().size())});
  if (namespace_id != 0) [[unlikely]] {
    if (engine_.options.latency_tracking != 0)
      engine_.namespace_latency.Note(static_cast<size_t>(worker_), namespace_id, ticks);
  }
  session.kept_argument = {};
  if (session.waiter != nullptr) return Disposition::kBlocked;
  if (!Has(info, Flag::kReadOnly) && engine_.keyspace.OverLimit()) return AfterWrite(stripes.any());
  return Disposition::kDone;
}

// For a script with declared keys: when it reaches another, nothing of it has happened and *restart
// is set.
Status Dispatcher::CallWithUndo(Session& session, const PreparedCommand& command,
                                const StripeSet& stripes, ReplyWriter& reply, bool* restart) {
  storage::UndoLog undo;
  Effects effects;
  Status status = Call(session, command, {&stripes, &undo, &effects, false, false, restart}, reply);
  if (*restart) {
    undo.Rollback(engine_.keyspace, now_ms_);
  } else {
    Apply(effects);
  }
  return status;
}

inline Status Dispatcher::Call(Session& session, const PreparedCommand& command,
                               const RunScope& scope, ReplyWriter& reply) {
  const size_t first = command.info->container == nullptr ? 1 : 2;
  const KnownKey single{1, command.key};
  const std::span<const KnownKey> known =
      command.info->single_key ? std::span(&single, 1) : command.keys;
  CommandContext context{engine_,
                         *this,
                         session,
                         *command.info,
                         ArgReader(command.args, first, engine_.keyspace.hasher(), known),
                         reply,
                         storage::Database(engine_.keyspace, session.database, now_ms_, scope.undo),
                         scope};
  return command.info->handler(context);
}

Dispatcher::NestedOutcome Dispatcher::RunNested(Session& session, const CommandInfo& info,
                                                std::span<const std::string_view> args,
                                                const RunScope& scope, ReplyWriter& reply,
                                                Status* status) {
  if (!scope.held->all()) {
    if (Has(info, Flag::kOwnLocks) || info.NeedsAllStripes(args)) {
      return NestedOutcome::kKeysNotHeld;
    }
    positions_.clear();
    CommandTable::KeyPositions(info, args, &positions_);
    for (const int position : positions_) {
      const uint64_t hash = engine_.keyspace.hasher().Hash(args[static_cast<size_t>(position)]);
      if (!scope.held->Contains(engine_.keyspace.StripeOf(hash))) {
        return NestedOutcome::kKeysNotHeld;
      }
    }
  }
  PreparedCommand command{args, &info, nullptr, {}, {}};
  if (info.single_key) command.key = engine_.keyspace.hasher()(args[1]);
  const uint64_t started = TickClock::Now();
  const size_t reply_began = reply.out().size();
  *status = Call(session, command, scope, reply);
  // A change that could not have been undone was not made: the script must start again.
  if (scope.undo != nullptr && scope.undo->refused()) return NestedOutcome::kKeysNotHeld;
  if (engine_.monitors.any() && !scope.in_script) TellMonitors(engine_, now_us_, session, command);
  if (session.tracking != nullptr) RememberReads(engine_, session, command);
  Account(session, command, *status,
          {TickClock::Now() - started, RequestBytes(args), Growth(reply_began, reply.out().size()),
           scope.in_script ? CommandCost::Place::kInScript : CommandCost::Place::kInExec});
  return NestedOutcome::kDone;
}

void Dispatcher::Apply(const Effects& effects) {
  for (const Effect& effect : effects) {
    switch (effect.kind) {
      case Effect::Kind::kEvent:
        engine_.notifications.Publish(effect.event_class, effect.name, effect.database,
                                      effect.payload);
        break;
      case Effect::Kind::kPublish:
        engine_.pubsub.Publish(effect.name, effect.payload);
        break;
      case Effect::Kind::kShardPublish:
        engine_.pubsub.PublishShard(effect.name, effect.payload);
        break;
    }
  }
}

inline void Dispatcher::Account(Session& session, const PreparedCommand& command,
                                const Status& status, const CommandCost& cost) {
  CommandCounters& counters = statistics_.per_command[command.info->index];
  counters.calls.Add();
  counters.ticks.Add(cost.ticks);
  if (engine_.options.latency_tracking != 0) counters.KeepLatency(cost.ticks);
  statistics_.commands_processed.Add();
  if (!status.ok()) {
    counters.failed.Add();
    if (!std::exchange(error_is_counted_, false)) statistics_.CountError(status.error());
  }
  const bool remarkable = (cost.ticks >= observed_ticks_) |
                          (cost.request_bytes >= large_request_bytes_) |
                          (cost.reply_bytes >= large_reply_bytes_);
  if (remarkable) [[unlikely]]
    Observe(session, command, cost);
  if (--hot_distance_ == 0) [[unlikely]]
    SampleHotKeys(command, cost);
}

Disposition Dispatcher::AfterWrite(size_t stripe) {
  settle_home_ = stripe;
  return Settle() ? Disposition::kDone : Disposition::kSettling;
}

bool Dispatcher::Settle() {
  const auto deadline = std::chrono::steady_clock::now() + kEvictionSlice;
  return engine_.keyspace.Evict(settle_home_, now_ms_, deadline) !=
         storage::EvictOutcome::kMoreToDo;
}

}  // namespace larder
