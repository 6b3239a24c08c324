// Everything that serves commands, without sockets and threads: what all workers share.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/acl/acl.h"
#include "server/blocking.h"
#include "server/client_eviction.h"
#include "server/client_record.h"
#include "server/clock.h"
#include "server/command_log.h"
#include "server/command_table.h"
#include "server/config/live_options.h"
#include "server/hot_keys.h"
#include "server/hot_sample.h"
#include "server/latency_monitor.h"
#include "server/logging.h"
#include "server/monitors.h"
#include "server/namespace_latency.h"
#include "server/notifications.h"
#include "server/pubsub.h"
#include "server/scripting/lua_memory.h"
#include "server/scripting/running_scripts.h"
#include "server/statistics.h"
#include "server/tag_listeners.h"
#include "server/tracking.h"
#include "server/turn_statistics.h"
#include "storage/keyspace.h"

namespace larder {

class FunctionRegistry;
class OptionStore;
class ScriptCache;
class Dispatcher;
class Migrations;

// CLIENT PAUSE. Thread-safe.
class ClientPause {
 public:
  void Set(int64_t until_us, bool writes_only);
  void Clear() { until_us_.store(0, std::memory_order_relaxed); }
  bool Active(int64_t now_us) const { return until_us_.load(std::memory_order_relaxed) > now_us; }
  bool writes_only() const { return writes_only_.load(std::memory_order_relaxed); }
  // Whether anything may be paused at all: one relaxed load on the hot path.
  bool possible() const { return until_us_.load(std::memory_order_relaxed) != 0; }

 private:
  std::atomic<int64_t> until_us_{0};  // steady
  std::atomic<bool> writes_only_{false};
};

// What the process does for the engine; a test leaves them empty.
struct EngineHooks {
  std::function<void(bool now, bool save)> shut_down;  // SHUTDOWN
};

struct Engine : private storage::KeyspaceObserver {
  Engine(const Clock& clock, OptionStore& option_store, Logger& log, int workers);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const Clock& clock;
  OptionStore& option_store;
  const LiveOptions& options;
  Logger& log;
  const int workers;
  EngineHooks hooks;

  const CommandTable commands;
  Acl acl;
  storage::Keyspace keyspace;
  WaiterRegistry waiters{keyspace.stripe_count()};
  PubSub pubsub;
  Notifications notifications{pubsub};
  ClientRegistry clients;
  ClientEviction client_eviction{log};
  Tracking tracking;
  TagListeners tag_listeners;
  Monitors monitors;
  CommandLogs command_logs;
  HotKeys hot_keys;
  HotSample hot_sample;
  NamespaceLatency namespace_latency;
  LatencyMonitor latency;
  ClientPause pause;
  TurnSettings turns;
  std::unique_ptr<ScriptCache> scripts;         // by SHA1, for all workers
  std::unique_ptr<FunctionRegistry> functions;  // likewise
  LuaMemoryBudget lua_memory;                   // of all workers' VMs together
  RunningScripts running_scripts;
  std::unique_ptr<Migrations> migrations;  // MIGRATE's helper threads

  // One per worker, in order.
  std::vector<std::unique_ptr<WorkerStatistics>> statistics;

  const std::string run_id;  // 40 hexadecimal digits, new at each start
  const int64_t started_at_unix_us;
  const int64_t started_at_steady_us;
  std::atomic<uint64_t> connections_received{0}, connections_rejected{0};
  std::atomic<uint64_t> changes_since_save{0};
  std::atomic<int64_t> last_save_unix_s;
  // Set by a timer.
  std::atomic<int64_t> operations_per_second{0}, input_kbps{0}, output_kbps{0};
  std::atomic<int64_t> turns_per_second{0}, turn_us{0};  // of all workers; of one turn, on average
  std::atomic<int64_t> memory_peak_bytes{0}, memory_peak_unix_s;  // when it was last raised

  // Sums of all workers.
  uint64_t Sum(Counter WorkerStatistics::*counter) const;

  // Applies the options that something must be told about: at start, and after CONFIG SET.
  void ApplyOptions();

  // Scripts that have run past busy-reply-threshold, over all workers.
  std::atomic<int> busy_scripts{0};
  bool ScriptIsBusy() const { return busy_scripts.load(std::memory_order_relaxed) > 0; }
  std::string_view BusyError() const;  // what others answer then

  // All client buffers together, for the memory budget, and what MIGRATE has on its way.
  int64_t client_bytes() const;

 private:
  void EndWaitersOf(int database, std::string_view key);
  void OnExpired(int database, std::string_view key) override;
  void OnEvicted(int database, std::string_view key) override;
  void OnPurged(int database, std::string_view key) override;
  void OnFieldsExpired(int database, std::string_view key, bool key_is_gone) override;
};

}  // namespace larder
