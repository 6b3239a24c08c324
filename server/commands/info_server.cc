// The sections of INFO that tell what the server is and has now.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>

#include "server/commands/info_sections.h"
#include "server/config/machine_limits.h"
#include "server/config/option_store.h"
#include "server/process_memory.h"
#include "server/scripting/function_registry.h"
#include "server/scripting/script_cache.h"
#include "server/version.h"
#include "storage/memory.h"

namespace larder {
namespace {

constexpr std::string_view kNoReplicationId = "0000000000000000000000000000000000000000";
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 24 * 60 * 60;
// The clock of an object's age has 24 bits of seconds, as Redis's.
constexpr int64_t kLruClockMask = (1 << 24) - 1;

std::string OperatingSystem() {
  utsname name{};
  if (uname(&name) != 0) return "Linux";
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string Executable() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

double Percent(double part, double whole) { return whole > 0 ? part * 100 / whole : 0; }

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

void WriteAllocator(const ProcessMemory& process, InfoReport& report) {
  const auto difference = [](size_t a, size_t b) {
    return static_cast<int64_t>(a) - static_cast<int64_t>(b);
  };
  const auto ratio = [](size_t a, size_t b) {
    return Ratio(static_cast<double>(a), static_cast<double>(b));
  };
  report.Field("allocator_frag_ratio", ratio(process.active, process.allocated), 2);
  report.Field("allocator_frag_bytes", difference(process.active, process.allocated));
  report.Field("allocator_rss_ratio", ratio(process.mapped, process.active), 2);
  report.Field("allocator_rss_bytes", difference(process.mapped, process.active));
  report.Field("rss_overhead_ratio", ratio(process.resident, process.mapped), 2);
  report.Field("rss_overhead_bytes", difference(process.resident, process.mapped));
}

void WriteScriptMemory(const Engine& engine, InfoReport& report) {
  const size_t vms = engine.lua_memory.reserved();
  const size_t scripts = engine.scripts->bytes();
  const size_t functions = engine.functions->bytes();
  report.Bytes("used_memory_lua", vms);
  report.Field("used_memory_vm_eval", static_cast<int64_t>(vms));
  report.Field("used_memory_scripts_eval", static_cast<int64_t>(scripts));
  report.Field("number_of_cached_scripts", static_cast<int64_t>(engine.scripts->count()));
  report.Field("number_of_functions", static_cast<int64_t>(engine.functions->function_count()));
  report.Field("number_of_libraries", static_cast<int64_t>(engine.functions->library_count()));
  report.Field("used_memory_vm_functions", int64_t{0});  // they share the VMs of scripts
  report.Bytes("used_memory_vm_total", vms);
  report.Field("used_memory_functions", static_cast<int64_t>(functions));
  report.Bytes("used_memory_scripts", scripts + functions);
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicrosPerSecond;
}

}  // namespace

void WriteServerInfo(const InfoSource& source, InfoReport& report) {
  const Engine& engine = source.engine;
  const int64_t uptime_s =
      (engine.clock.SteadyMicros() - engine.started_at_steady_us) / kMicrosPerSecond;
  const int64_t now_us = engine.clock.UnixMicros();
  report.Field("redis_version", kRedisVersion);
  report.Field("larder_version", kLarderVersion);
  report.Field("redis_git_sha1", "00000000");
  report.Field("redis_git_dirty", int64_t{0});
  report.Field("redis_build_id", kLarderVersion);
  report.Field("redis_mode", "standalone");
  report.Field("os", OperatingSystem());
  report.Field("arch_bits", int64_t{64});
  report.Field("monotonic_clock", "POSIX clock_gettime");
  report.Field("multiplexing_api", "epoll");
  report.Field("atomicvar_api", "c11-builtin");
  report.Field("gcc_version",
               fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
  report.Field("process_id", static_cast<int64_t>(getpid()));
  report.Field("process_supervised", getenv("NOTIFY_SOCKET") != nullptr ? "systemd" : "no");
  report.Field("run_id", engine.run_id);
  const int64_t port = engine.options.port;
  const int64_t tls_port = engine.option_store.Number("tls-port");
  report.Field("tcp_port", port != 0 ? port : tls_port);
  report.Field("server_time_usec", now_us);
  report.Field("uptime_in_seconds", uptime_s);
  report.Field("uptime_in_days", uptime_s / kSecondsPerDay);
  report.Field("hz", engine.options.hz);
  report.Field("configured_hz", engine.options.hz);
  report.Field("lru_clock", (now_us / kMicrosPerSecond) & kLruClockMask);
  report.Field("executable", Executable());
  report.Field("config_file", engine.option_store.config_file());
  report.Field("io_threads_active", int64_t{engine.workers > 1});
  std::string addresses;
  for (const std::string& address : engine.option_store.Words("bind")) {
    addresses += "bind=" + address + ",";
  }
  // Numbered as Redis has them: 1 is the unix socket.
  if (port != 0) report.Field("listener0", fmt::format("name=tcp,{}port={}", addresses, port));
  if (tls_port != 0) {
    report.Field("listener2", fmt::format("name=tls,{}port={}", addresses, tls_port));
  }
}

void WriteClientsInfo(const InfoSource& source, InfoReport& report) {
  int64_t blocked = 0;
  int64_t subscribed = 0;
  int64_t watching = 0;
  int64_t watched_keys = 0;
  int64_t input_bytes_max = 0;
  int64_t output_bytes_max = 0;
  const auto clients = source.engine.clients.All();
  for (const auto& client : clients) {
    blocked += client->Has(ClientFlag::kBlocked) ? 1 : 0;
    subscribed += client->Has(ClientFlag::kPubSub) ? 1 : 0;
    const int keys = client->watched_keys.load(std::memory_order_relaxed);
    watching += keys > 0 ? 1 : 0;
    watched_keys += keys;
    input_bytes_max =
        std::max(input_bytes_max, client->query_bytes.load(std::memory_order_relaxed));
    output_bytes_max =
        std::max(output_bytes_max, client->output_bytes.load(std::memory_order_relaxed));
  }
  report.Field("connected_clients", static_cast<int64_t>(clients.size()));
  report.Field("cluster_connections", int64_t{0});
  report.Field("maxclients", source.engine.options.maxclients);
  report.Field("client_recent_max_input_buffer", input_bytes_max);
  report.Field("client_recent_max_output_buffer", output_bytes_max);
  report.Field("blocked_clients", blocked);
  report.Field("tracking_clients", source.engine.tracking.client_count());
  report.Field("pubsub_clients", subscribed);
  report.Field("watching_clients", watching);
  report.Field("clients_in_timeout_table", int64_t{0});
  report.Field("total_watched_keys", watched_keys);
  report.Field("total_blocking_keys", source.engine.waiters.keys());
  report.Field("total_blocking_keys_on_nokey", int64_t{0});
}

void WriteMemoryInfo(const InfoSource& source, InfoReport& report) {
  const Engine& engine = source.engine;
  const storage::KeyspaceStats stats = engine.keyspace.Stats();
  const ProcessMemory process = ReadProcessMemory();
  storage::memory::Flush();  // what this worker has counted and not published yet
  const int64_t data = storage::memory::UsedBytes();
  const int64_t used = data + engine.client_bytes();
  const int64_t peak = std::max(used, storage::memory::PeakBytes());
  const auto overhead =
      static_cast<int64_t>(stats.table_bytes + stats.wheel_bytes + stats.ghost_bytes) +
      engine.client_bytes() + engine.tracking.memory_bytes();
  const int64_t dataset = std::max<int64_t>(used - overhead, 0);
  const auto used_d = static_cast<double>(used);
  report.Bytes("used_memory", static_cast<uint64_t>(used));
  report.Bytes("used_memory_rss", process.resident);
  report.Bytes("used_memory_peak", static_cast<uint64_t>(peak));
  report.Field("used_memory_peak_time", engine.memory_peak_unix_s.load(std::memory_order_relaxed));
  report.Field("used_memory_peak_perc",
               fmt::format("{:.2f}%", Percent(used_d, static_cast<double>(peak))));
  report.Field("used_memory_overhead", overhead);
  report.Field("used_memory_startup", int64_t{0});
  report.Field("used_memory_dataset", dataset);
  report.Field("used_memory_dataset_perc",
               fmt::format("{:.2f}%", Percent(static_cast<double>(dataset), used_d)));
  report.Field("allocator_allocated", static_cast<int64_t>(process.allocated));
  report.Field("allocator_active", static_cast<int64_t>(process.active));
  report.Field("allocator_resident", static_cast<int64_t>(process.mapped));
  report.Field("allocator_muzzy", int64_t{0});
  report.Bytes("total_system_memory", static_cast<uint64_t>(MachineMemoryBytes()));
  WriteScriptMemory(engine, report);
  report.Bytes("maxmemory", static_cast<uint64_t>(engine.options.maxmemory.Get()));
  report.Field("maxmemory_policy", engine.option_store.Text("maxmemory-policy"));
  WriteAllocator(process, report);
  report.Field("mem_fragmentation_ratio", Ratio(static_cast<double>(process.resident), used_d), 2);
  report.Field("mem_fragmentation_bytes", static_cast<int64_t>(process.resident) - used);
  report.Field("mem_not_counted_for_evict", int64_t{0});
  report.Field("mem_replication_backlog", int64_t{0});
  report.Field("mem_total_replication_buffers", int64_t{0});
  report.Field("mem_clients_slaves", int64_t{0});
  report.Field("mem_clients_normal", engine.client_bytes() + engine.tracking.memory_bytes());
  report.Field("mem_cluster_links", int64_t{0});
  report.Field("mem_aof_buffer", int64_t{0});
  report.Field("mem_allocator", AllocatorName());
  report.Field("mem_overhead_db_hashtable_rehashing", int64_t{0});
  report.Field("active_defrag_running", int64_t{0});
  report.Field("lazyfree_pending_objects", static_cast<int64_t>(stats.lazy_free_pending));
  report.Field("lazyfreed_objects", static_cast<int64_t>(stats.lazy_freed_objects));
  report.Field("mem_larder_entries", static_cast<int64_t>(stats.entry_bytes));
  report.Field("mem_larder_tables", static_cast<int64_t>(stats.table_bytes));
  report.Field("mem_larder_expiry", static_cast<int64_t>(stats.wheel_bytes));
  report.Field("mem_larder_ghosts", static_cast<int64_t>(stats.ghost_bytes));
  report.Field("mem_larder_tracking", engine.tracking.memory_bytes());
  report.Field("mem_larder_slabs", static_cast<int64_t>(stats.slab_bytes_reserved));
}

void WritePersistenceInfo(const InfoSource& source, InfoReport& report) {
  const Engine& engine = source.engine;
  for (const char* name : {"loading", "async_loading", "current_cow_peak", "current_cow_size",
                           "current_cow_size_age"}) {
    report.Field(name, int64_t{0});
  }
  report.Field("current_fork_perc", 0, 2);
  report.Field("current_save_keys_processed", int64_t{0});
  report.Field("current_save_keys_total", int64_t{0});
  report.Field("rdb_changes_since_last_save",
               static_cast<int64_t>(engine.changes_since_save.load(std::memory_order_relaxed)));
  report.Field("rdb_bgsave_in_progress", int64_t{0});
  report.Field("rdb_last_save_time", engine.last_save_unix_s.load(std::memory_order_relaxed));
  report.Field("rdb_last_bgsave_status", "ok");
  report.Field("rdb_last_bgsave_time_sec", int64_t{-1});
  report.Field("rdb_current_bgsave_time_sec", int64_t{-1});
  report.Field("rdb_saves", int64_t{0});
  report.Field("rdb_last_cow_size", int64_t{0});
  report.Field("rdb_last_load_keys_expired", int64_t{0});
  report.Field("rdb_last_load_keys_loaded", int64_t{0});
  report.Field("aof_enabled", int64_t{0});
  report.Field("aof_rewrite_in_progress", int64_t{0});
  report.Field("aof_rewrite_scheduled", int64_t{0});
  report.Field("aof_last_rewrite_time_sec", int64_t{-1});
  report.Field("aof_current_rewrite_time_sec", int64_t{-1});
  report.Field("aof_last_bgrewrite_status", "ok");
  report.Field("aof_rewrites", int64_t{0});
  report.Field("aof_rewrites_consecutive_failures", int64_t{0});
  report.Field("aof_last_write_status", "ok");
  report.Field("aof_last_cow_size", int64_t{0});
  report.Field("module_fork_in_progress", int64_t{0});
  report.Field("module_fork_last_cow_size", int64_t{0});
}

// One line per worker, as Redis has one per thread for sockets.
void WriteThreadsInfo(const InfoSource& source, InfoReport& report) {
  std::vector<int64_t> clients(source.engine.statistics.size());
  for (const auto& client : source.engine.clients.All()) {
    if (static_cast<size_t>(client->worker) < clients.size()) {
      ++clients[static_cast<size_t>(client->worker)];
    }
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    const WorkerStatistics& worker = *source.engine.statistics[i];
    report.Field(fmt::format("io_thread_{}", i),
                 fmt::format("clients={},reads={},writes={}", clients[i], worker.reads.Get(),
                             worker.writes.Get()));
  }
}

void WriteReplicationInfo(const InfoSource& source, InfoReport& report) {
  report.Field("role", "master");
  report.Field("connected_slaves", int64_t{0});
  report.Field("master_failover_state", "no-failover");
  report.Field("master_replid", source.engine.run_id);
  report.Field("master_replid2", kNoReplicationId);
  report.Field("master_repl_offset", int64_t{0});
  report.Field("second_repl_offset", int64_t{-1});
  report.Field("repl_backlog_active", int64_t{0});
  report.Field("repl_backlog_size", source.engine.option_store.Text("repl-backlog-size"));
  report.Field("repl_backlog_first_byte_offset", int64_t{0});
  report.Field("repl_backlog_histlen", int64_t{0});
}

void WriteCpuInfo(const InfoSource&, InfoReport& report) {
  rusage own{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  report.Field("used_cpu_sys", Seconds(own.ru_stime), 6);
  report.Field("used_cpu_user", Seconds(own.ru_utime), 6);
  report.Field("used_cpu_sys_children", Seconds(children.ru_stime), 6);
  report.Field("used_cpu_user_children", Seconds(children.ru_utime), 6);
  report.Field("used_cpu_sys_main_thread", Seconds(thread.ru_stime), 6);
  report.Field("used_cpu_user_main_thread", Seconds(thread.ru_utime), 6);
}

void WriteModulesInfo(const InfoSource&, InfoReport&) {}  // there are none

void WriteClusterInfo(const InfoSource&, InfoReport& report) {
  report.Field("cluster_enabled", int64_t{0});
}

void WriteHotKeysInfo(const InfoSource& source, InfoReport& report) {
  const HotKeys& hot_keys = source.engine.hot_keys;
  if (hot_keys.has_session())
    report.Field("hotkeys-tracking-active", int64_t{hot_keys.active() ? 1 : 0});
}

void WriteKeyspaceInfo(const InfoSource& source, InfoReport& report) {
  const storage::Keyspace& keyspace = source.engine.keyspace;
  const int64_t now_ms = source.engine.clock.UnixMillis();
  for (int i = 0; i < keyspace.database_count(); ++i) {
    const size_t keys = keyspace.KeyCount(i);
    if (keys == 0) continue;
    report.Field(
        fmt::format("db{}", i),
        fmt::format("keys={},expires={},avg_ttl={},subexpiry={}", keys, keyspace.ExpiryCount(i),
                    keyspace.AverageTtlMs(i, now_ms), keyspace.FieldExpiryCount(i)));
  }
}

}  // namespace larder
