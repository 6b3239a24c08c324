// Runs commands: finds the row, checks admission, locks the stripes of the keys, calls the handler,
// encodes its outcome, counts it.
//
// One per worker; not thread-safe. The hot path per command: one probe of the command table, one
// hash of the key, one stripe's lock, the handler, one reading of the tick counter.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/reply_writer.h"
#include "server/acl/acl_log.h"
#include "server/acl/acl_user.h"
#include "server/arg_reader.h"
#include "server/command_log.h"
#include "server/command_table.h"
#include "server/effects.h"
#include "server/hot_sample.h"
#include "server/status.h"
#include "server/stripe_set.h"
#include "server/tick_clock.h"
#include "storage/key.h"
#include "storage/undo_log.h"

namespace larder {

struct Engine;
struct CommandContext;
class Session;
class LuaEngine;
struct WorkerStatistics;

struct PreparedCommand {
  std::span<const std::string_view> args;
  const CommandInfo* info = nullptr;       // null: unknown
  const CommandInfo* container = nullptr;  // whose subcommand is unknown
  storage::Key key;                        // of a command with one key
  std::span<const KnownKey> keys;          // of another, where they are known
};

enum class Disposition : uint8_t {
  kDone,      // the reply is written (or there is none)
  kParked,    // nothing has happened: come back later with the same command
  kBlocked,   // the client waits for a key: run nothing until Session::EndWait
  kSettling,  // done, but memory is over its limit: send no reply until Settle() answers true
};

// What a command took, for those who watch.
struct CommandCost {
  enum class Place : uint8_t { kTopLevel, kInExec, kInScript };

  uint64_t ticks;
  size_t request_bytes;  // at most: who wants to know calls RequestBytes
  size_t reply_bytes;
  Place place = Place::kTopLevel;
};

// What a command runs with, beyond its own arguments.
struct RunScope {
  const StripeSet* held;             // the stripes that are locked
  storage::UndoLog* undo = nullptr;  // of a script that may start again
  Effects* effects = nullptr;        // likewise
  bool in_exec = false;
  bool in_script = false;
  bool* restart = nullptr;  // set by a script that needs all stripes
};

class Dispatcher {
 public:
  Dispatcher(Engine& engine, int worker);
  ~Dispatcher();

  // Takes the time, which stands still for short commands.
  void UpdateTime();
  // Says that commands run one after the other from here on: each one's duration is counted from
  // the end of the one before it, which saves every other reading of the tick counter.
  void StartBatch() { last_ticks_ = TickClock::Now(); }
  int64_t now_ms() const { return now_ms_; }
  int64_t now_us() const { return now_us_; }  // Unix time

  // Reads anew from what on SLOWLOG, COMMANDLOG, LATENCY and HOTKEYS hear of a command: after
  // CONFIG SET and HOTKEYS.
  void UpdateThresholds();

  // Finds the row and hashes and prefetches the key of a request that will be executed soon.
  void Prepare(std::span<const std::string_view> args, int database, PreparedCommand* command);

  Disposition Execute(Session& session, const PreparedCommand& command);

  // For a client that waits for what time alone makes ready (Waiter::look_again_us), and whose time
  // to look again has come by `now_us` (steady): serves the lines of its keys. Returns when to look
  // again, 0 when not.
  int64_t LookAgain(Session& session, int64_t now_us);

  // After kSettling: evicts for a while. True when the replies may go.
  bool Settle();

  // Runs one queued or scripted command in `scope`, whose stripes are held: writes the reply to
  // `session.reply` and counts it. `kKeysNotHeld` when a key's stripe is not in the scope; nothing
  // has happened then.
  enum class NestedOutcome : uint8_t { kDone, kKeysNotHeld };
  NestedOutcome RunNested(Session& session, const CommandInfo& info,
                          std::span<const std::string_view> args, const RunScope& scope,
                          protocol::ReplyWriter& reply, Status* status);

  // What commands have changed in place counts for their namespaces. REQUIRES: the stripes are
  // held.
  void CloseChanges(const StripeSet& held);
  // Why a namespace that is over its quota, with nothing to evict in it, does not allow a write;
  // nothing when none does.
  std::string QuotaRefusal(const CommandInfo& info, std::span<const std::string_view> args);

  // Counts a command that was refused before it ran (`info` null: an unknown one).
  void CountRefused(const CommandInfo* info, std::string_view error);
  // The error that the running command will answer was counted already, by a call of its script.
  void ErrorIsCounted() { error_is_counted_ = true; }

  // Whether the session's user may run a request; when not, ACL LOG hears of it.
  AclDecision CheckRights(Session& session, const CommandInfo& info,
                          std::span<const std::string_view> args, AclContext context);

  // The row's check of how many arguments it takes.
  static bool ArityFits(const CommandInfo& info, size_t args) {
    return info.arity >= 0 ? args == static_cast<size_t>(info.arity)
                           : args >= static_cast<size_t>(-info.arity);
  }
  std::string UnknownCommand(const PreparedCommand& command) const;

  Engine& engine() { return engine_; }
  int worker() const { return worker_; }
  WorkerStatistics& statistics() { return statistics_; }
  const TickClock& ticks() const { return ticks_; }

  // The worker's Lua. Making one takes milliseconds: a worker does it before it serves anybody.
  // Throws std::bad_alloc.
  void MakeLua();
  std::shared_ptr<LuaEngine> lua;

  // Writes the messages that wait for this worker's clients into their output. Set by the worker.
  std::function<void()> deliver_messages;
  void DeliverMessages() {
    if (deliver_messages) deliver_messages();
  }

  // The worker's turn ends when the tick counter has come so far. Set by the worker.
  void set_turn_end(uint64_t ticks) { turn_end_ticks_ = ticks; }
  // Whether the turn was over when the last command ended: nearly free.
  bool turn_was_over() const { return last_ticks_ >= turn_end_ticks_; }
  bool TurnIsOver() const { return TickClock::Now() >= turn_end_ticks_; }

  // Serves other clients for a moment: called by a long script, and by KEYS and SCAN while they
  // hold no stripe. Set by the worker.
  std::function<void()> take_turn;
  void TakeTurn() {
    if (!take_turn) return;
    const uint64_t began_ticks = last_ticks_;
    take_turn();
    last_ticks_ = began_ticks;  // those were other clients' commands
  }
  // Whether the worker is in a turn that a command on this stack has taken.
  bool turn_taken = false;
  // Whether a script of this worker is running (its other clients' scripts park).
  bool script_running = false;
  // Whether memory was full, with nothing to evict, when the last command that asks for it began.
  bool memory_exhausted = false;

 private:
  Disposition Refuse(Session& session, const CommandInfo* info, std::string_view error);
  Disposition CheckAdmission(Session& session, const PreparedCommand& command, bool* go_on);
  void Queue(Session& session, const PreparedCommand& command);
  void CollectStripes(Session& session, const PreparedCommand& command, StripeSet* stripes);
  void ForgetKnownKeys();
  void AddKeys(const CommandInfo& info, std::span<const std::string_view> args, int database,
               StripeSet* stripes);
  // Why memory, or a namespace's quota, does not allow a command to run; nothing when it does.
  std::string MemoryRefusal(const PreparedCommand& command);
  Disposition LockAndRun(Session& session, const PreparedCommand& command, StripeSet& stripes);
  Status Call(Session& session, const PreparedCommand& command, const RunScope& scope,
              protocol::ReplyWriter& reply);
  Status CallWithUndo(Session& session, const PreparedCommand& command, const StripeSet& stripes,
                      protocol::ReplyWriter& reply, bool* restart);
  void Apply(const Effects& effects);
  bool HoldWhatWaitersNeed(StripeSet* stripes);
  void ServeWaiters(Session& session, const CommandInfo& info, const StripeSet& stripes);
  void ServeLine(Session& session, const CommandInfo& info, const StripeSet& stripes, int database,
                 const std::string& name);
  uint64_t NamespaceOf(const PreparedCommand& command, const StripeSet& held);
  void Account(Session& session, const PreparedCommand& command, const Status& status,
               const CommandCost& cost);
  // ---- dispatcher_observation.cc: what is remarkable about a command that has run
  void Observe(Session& session, const PreparedCommand& command, const CommandCost& cost);
  void NoteSlow(Session& session, const PreparedCommand& command, uint64_t ticks);
  void NoteHotKeys(const PreparedCommand& command, const CommandCost& cost);
  void SampleHotKeys(const PreparedCommand& command, const CommandCost& cost);
  void Log(CommandLogKind kind, Session& session, const PreparedCommand& command, int64_t value,
           int64_t entries_max);
  Disposition AfterWrite(size_t stripe);

  Engine& engine_;
  const int worker_;
  WorkerStatistics& statistics_;
  TickClock ticks_;
  int64_t now_ms_ = 0;
  int64_t now_us_ = 0;
  // From what on somebody wants to hear of a command: durations (the lower of SLOWLOG's and
  // LATENCY's), and the same or 0 while HOTKEYS wants all; sizes.
  int64_t slowlog_us_ = -1, latency_ms_ = 0;
  uint64_t slow_ticks_ = UINT64_MAX, observed_ticks_ = UINT64_MAX;
  uint32_t hot_distance_ = 1;  // commands until CACHE.HOT looks at one
  uint32_t hot_ratio_ = HotSample::kRatioMin;
  uint64_t hot_ticks_ = 0;  // when it looked at the last one
  size_t large_request_bytes_ = SIZE_MAX, large_reply_bytes_ = SIZE_MAX;
  bool error_is_counted_ = false;
  uint64_t last_ticks_ = 0;  // when the command before ended
  size_t settle_home_ = 0;
  uint64_t turn_end_ticks_ = UINT64_MAX;
  std::vector<int> positions_;        // scratch
  std::vector<KnownKey> known_keys_;  // of the command whose stripes were collected last
  protocol::OutputBuffer discarded_;  // the replies of clients that want none
};

}  // namespace larder
