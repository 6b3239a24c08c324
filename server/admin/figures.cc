#include "server/admin/figures.h"

#include <algorithm>
#include <utility>

#include "storage/memory.h"

namespace larder::admin {
namespace {

constexpr size_t kGroups = static_cast<size_t>(Group::kCache) + 1;

void ReadMemory(const Engine& engine, Figures& figures) {
  figures.client_bytes = engine.client_bytes();
  figures.used_bytes = storage::memory::UsedBytes() + figures.client_bytes;
  figures.limit_bytes = engine.keyspace.memory_limit();
  figures.peak_bytes = std::max(figures.used_bytes, storage::memory::PeakBytes());
  figures.process = ReadProcessMemory();
}

void ReadClients(const Engine& engine, Figures& figures) {
  const auto clients = engine.clients.All();
  figures.clients = clients.size();
  figures.blocked =
      static_cast<uint64_t>(std::count_if(clients.begin(), clients.end(), [](const auto& client) {
        return client->Has(ClientFlag::kBlocked);
      }));
  figures.clients_max = static_cast<uint64_t>(engine.options.maxclients.Get());
  figures.connections = engine.connections_received.load(std::memory_order_relaxed);
  figures.connections_rejected = engine.connections_rejected.load(std::memory_order_relaxed);
  figures.clients_evicted = engine.client_eviction.evicted();
}

void ReadTraffic(const Engine& engine, Figures& figures) {
  figures.commands = engine.Sum(&WorkerStatistics::commands_processed);
  figures.input_bytes = engine.Sum(&WorkerStatistics::input_bytes);
  figures.output_bytes = engine.Sum(&WorkerStatistics::output_bytes);
  figures.errors = engine.Sum(&WorkerStatistics::error_replies);
  figures.parked = engine.Sum(&WorkerStatistics::parked_commands);
  figures.commands_per_second = engine.operations_per_second.load(std::memory_order_relaxed);
}

void ReadFamilies(const Engine& engine, Figures& figures) {
  std::vector<FamilyFigures> groups(kGroups);
  for (const CommandInfo& info : engine.commands.all()) {
    const Group group = info.container != nullptr ? info.container->group : info.spec->group;
    FamilyFigures& family = groups[static_cast<size_t>(group)];
    if (family.name.empty()) family.name = GroupName(group);
    for (const auto& worker : engine.statistics) {
      const CommandCounters& counters = worker->per_command[static_cast<size_t>(info.index)];
      family.calls += counters.calls.Get();
      family.failed += counters.failed.Get();
      family.rejected += counters.rejected.Get();
      family.ticks += counters.ticks.Get();
      if (const LatencyHistogram* kept = counters.histogram()) family.durations.Add(*kept);
    }
  }
  for (FamilyFigures& family : groups) {
    if (family.calls + family.rejected > 0) figures.families.push_back(std::move(family));
  }
}

}  // namespace

uint64_t Figures::keys() const {
  uint64_t sum = 0;
  for (const DatabaseFigures& database : databases) sum += database.keys;
  return sum;
}

LatencySum Figures::Durations() const {
  LatencySum all;
  for (const FamilyFigures& family : families) all.Add(family.durations);
  return all;
}

Figures ReadFigures(const Engine& engine) {
  Figures figures;
  figures.unix_ms = engine.clock.UnixMicros() / 1000;
  figures.uptime_ms = (engine.clock.SteadyMicros() - engine.started_at_steady_us) / 1000;
  figures.keyspace = engine.keyspace.Stats();
  figures.stale_hits = engine.Sum(&WorkerStatistics::stale_hits);
  figures.leases = engine.keyspace.lease_count();
  ReadMemory(engine, figures);
  ReadClients(engine, figures);
  ReadTraffic(engine, figures);
  for (int i = 0; i < engine.keyspace.database_count(); ++i) {
    const uint64_t keys = engine.keyspace.KeyCount(i);
    if (keys == 0 && i > 0) continue;
    figures.databases.push_back(
        {.database = i, .keys = keys, .expiring = engine.keyspace.ExpiryCount(i)});
  }
  ReadFamilies(engine, figures);
  return figures;
}

std::vector<NamespaceFigures> ReadNamespaces(const Engine& engine) {
  std::vector<NamespaceFigures> namespaces;
  for (storage::NamespaceStats& stats : engine.keyspace.namespaces().Stats()) {
    NamespaceFigures& of = namespaces.emplace_back();
    of.stats = std::move(stats);
    engine.namespace_latency.Read(of.stats.id, &of.durations, &of.ticks);
  }
  return namespaces;
}

}  // namespace larder::admin
