// The sections of INFO that count what has happened since the start or CONFIG RESETSTAT.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "server/commands/info_sections.h"
#include "server/config/option_store.h"
#include "server/scripting/script_cache.h"

namespace larder {
namespace {

int64_t Sum(const Engine& engine, Counter WorkerStatistics::*counter) {
  return static_cast<int64_t>(engine.Sum(counter));
}

int64_t Load(const std::atomic<uint64_t>& value) {
  return static_cast<int64_t>(value.load(std::memory_order_relaxed));
}

double Load(const std::atomic<int64_t>& value) {
  return static_cast<double>(value.load(std::memory_order_relaxed));
}

void WriteTraffic(const Engine& engine, InfoReport& report) {
  report.Field("total_connections_received", Load(engine.connections_received));
  report.Field("total_commands_processed", Sum(engine, &WorkerStatistics::commands_processed));
  report.Field("instantaneous_ops_per_sec",
               engine.operations_per_second.load(std::memory_order_relaxed));
  report.Field("total_net_input_bytes", Sum(engine, &WorkerStatistics::input_bytes));
  report.Field("total_net_output_bytes", Sum(engine, &WorkerStatistics::output_bytes));
  report.Field("total_net_repl_input_bytes", int64_t{0});
  report.Field("total_net_repl_output_bytes", int64_t{0});
  report.Field("instantaneous_input_kbps", Load(engine.input_kbps), 2);
  report.Field("instantaneous_output_kbps", Load(engine.output_kbps), 2);
  report.Field("instantaneous_input_repl_kbps", 0, 2);
  report.Field("instantaneous_output_repl_kbps", 0, 2);
  report.Field("rejected_connections", Load(engine.connections_rejected));
  report.Field("sync_full", int64_t{0});
  report.Field("sync_partial_ok", int64_t{0});
  report.Field("sync_partial_err", int64_t{0});
}

void WriteKeys(const Engine& engine, InfoReport& report) {
  const storage::KeyspaceStats stats = engine.keyspace.Stats();
  report.Field("expired_subkeys", static_cast<int64_t>(stats.expired_fields));
  report.Field("expired_keys", static_cast<int64_t>(stats.expired));
  report.Field("expired_stale_perc", 0, 2);
  report.Field("expired_time_cap_reached_count", int64_t{0});
  report.Field("expire_cycle_cpu_milliseconds", int64_t{0});
  report.Field("expire_backlog_keys", static_cast<int64_t>(stats.expire_backlog));
  report.Field("expire_backlog_milliseconds", stats.expire_lag_ms);
  report.Field("evicted_keys", static_cast<int64_t>(stats.evicted));
  report.Field("purged_keys", static_cast<int64_t>(stats.purged));
  report.Field("evicted_clients", static_cast<int64_t>(engine.client_eviction.evicted()));
  report.Field("total_eviction_exceeded_time", int64_t{0});
  report.Field("current_eviction_exceeded_time", int64_t{0});
  report.Field("keyspace_hits", static_cast<int64_t>(stats.hits));
  report.Field("keyspace_misses", static_cast<int64_t>(stats.misses));
  report.Field("stale_copies", static_cast<int64_t>(stats.stale_copies));
  report.Field("leases", engine.keyspace.lease_count());
}

// What commands took, without those that only ran others (which count themselves).
uint64_t CommandTicks(const Engine& engine) {
  uint64_t ticks = 0;
  for (const CommandInfo& info : engine.commands.all()) {
    if ((info.flags & (Flag::kRunsQueued | Flag::kRunsScript)) != 0) continue;
    for (const auto& worker : engine.statistics) {
      ticks += worker->per_command[static_cast<size_t>(info.index)].ticks.Get();
    }
  }
  return ticks;
}

void WriteEventLoop(const InfoSource& source, InfoReport& report) {
  uint64_t turns = 0;
  uint64_t ticks = 0;
  uint64_t longest = 0;
  for (const auto& worker : source.engine.statistics) {
    turns += worker->turns.turns.Get();
    ticks += worker->turns.ticks.Get();
    longest = std::max(longest, worker->turns.longest_ticks.Get());
  }
  report.Field("eventloop_cycles", static_cast<int64_t>(turns));
  report.Field("eventloop_duration_sum", source.ticks.ToMicros(ticks));
  report.Field("eventloop_duration_cmd_sum", source.ticks.ToMicros(CommandTicks(source.engine)));
  report.Field("eventloop_duration_max", source.ticks.ToMicros(longest));
  report.Field("instantaneous_eventloop_cycles_per_sec",
               source.engine.turns_per_second.load(std::memory_order_relaxed));
  report.Field("instantaneous_eventloop_duration_usec",
               source.engine.turn_us.load(std::memory_order_relaxed));
}

void WriteNames(std::initializer_list<const char*> names, InfoReport& report) {
  for (const char* name : names) report.Field(name, int64_t{0});
}

// Calls `visit(info, counters of each worker)` for every command.
template <typename Visit>
void ForEachCommand(const Engine& engine, Visit visit) {
  for (const CommandInfo& info : engine.commands.all()) {
    std::vector<const CommandCounters*> counters;
    for (const auto& worker : engine.statistics) {
      counters.push_back(&worker->per_command[static_cast<size_t>(info.index)]);
    }
    visit(info, counters);
  }
}

}  // namespace

void WriteStatsInfo(const InfoSource& source, InfoReport& report) {
  const Engine& engine = source.engine;
  WriteTraffic(engine, report);
  WriteKeys(engine, report);
  report.Field("pubsub_channels", engine.pubsub.ChannelCount(ChannelKind::kChannel));
  report.Field("pubsub_patterns", engine.pubsub.PatternCount());
  report.Field("pubsubshard_channels", engine.pubsub.ChannelCount(ChannelKind::kShard));
  WriteNames(
      {"latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
       "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits",
       "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time"},
      report);
  report.Field("tracking_total_keys", engine.tracking.key_count());
  report.Field("tracking_total_items", engine.tracking.item_count());
  report.Field("tracking_total_prefixes", engine.tracking.prefix_count());
  report.Field("unexpected_error_replies", int64_t{0});
  report.Field("total_error_replies", Sum(engine, &WorkerStatistics::error_replies));
  report.Field("dump_payload_sanitizations", int64_t{0});
  WriteEventLoop(source, report);
  report.Field("total_reads_processed", Sum(engine, &WorkerStatistics::reads));
  report.Field("total_writes_processed", Sum(engine, &WorkerStatistics::writes));
  WriteNames({"io_threaded_reads_processed", "io_threaded_writes_processed"}, report);
  report.Field("client_query_buffer_limit_disconnections",
               Sum(engine, &WorkerStatistics::query_limit_disconnections));
  report.Field("client_output_buffer_limit_disconnections",
               Sum(engine, &WorkerStatistics::output_limit_disconnections));
  WriteNames({"reply_buffer_shrinks", "reply_buffer_expands"}, report);
  report.Field("parked_commands", Sum(engine, &WorkerStatistics::parked_commands));
  report.Field("stale_hits", Sum(engine, &WorkerStatistics::stale_hits));
  report.Field("evicted_scripts", static_cast<int64_t>(engine.scripts->evicted_count()));
  const auto denied = [&](std::string_view name, AclReason reason) {
    report.Field(fmt::format("acl_access_denied_{}", name),
                 static_cast<int64_t>(engine.acl.log.Count(reason)));
  };
  denied("auth", AclReason::kAuth);
  denied("cmd", AclReason::kCommand);
  denied("key", AclReason::kKey);
  denied("channel", AclReason::kChannel);
}

void WriteCommandStatsInfo(const InfoSource& source, InfoReport& report) {
  ForEachCommand(source.engine, [&](const CommandInfo& info, const auto& workers) {
    uint64_t calls = 0;
    uint64_t ticks = 0;
    uint64_t rejected = 0;
    uint64_t failed = 0;
    for (const CommandCounters* counters : workers) {
      calls += counters->calls.Get();
      ticks += counters->ticks.Get();
      rejected += counters->rejected.Get();
      failed += counters->failed.Get();
    }
    if (calls + rejected + failed == 0) return;
    const int64_t usec = source.ticks.ToMicros(ticks);
    const double per_call = calls == 0 ? 0 : static_cast<double>(usec) / static_cast<double>(calls);
    report.Field("cmdstat_" + info.full_name,
                 fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},"
                             "failed_calls={}",
                             calls, usec, per_call, rejected, failed));
  });
}

void WriteErrorStatsInfo(const InfoSource& source, InfoReport& report) {
  std::map<std::string, uint64_t> errors;
  for (const auto& worker : source.engine.statistics) {
    for (const auto& [code, count] : worker->Errors()) errors[code] += count;
  }
  if (errors.contains(std::string(kErrorStatsDisabled))) {
    report.Field(fmt::format("errorstat_{}", kErrorStatsDisabled), "count=1");
    return;
  }
  for (const auto& [code, count] : errors) {
    report.Field("errorstat_" + code, fmt::format("count={}", count));
  }
}

void WriteLatencyStatsInfo(const InfoSource& source, InfoReport& report) {
  if (source.engine.options.latency_tracking == 0) return;
  const auto percentiles = source.engine.option_store.Words("latency-tracking-info-percentiles");
  ForEachCommand(source.engine, [&](const CommandInfo& info, const auto& workers) {
    LatencySum sum;
    for (const CommandCounters* counters : workers) {
      if (const LatencyHistogram* histogram = counters->histogram()) sum.Add(*histogram);
    }
    if (sum.total() == 0) return;
    std::string values;
    for (const std::string& percentile : percentiles) {
      const uint64_t ticks = sum.Percentile(std::strtod(percentile.c_str(), nullptr));
      fmt::format_to(std::back_inserter(values), "{}p{}={:.3f}", values.empty() ? "" : ",",
                     percentile, source.ticks.ToMicrosDouble(ticks));
    }
    report.Field("latency_percentiles_usec_" + info.full_name, values);
  });
}

}  // namespace larder
