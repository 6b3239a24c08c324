// What the admin port tells of the server as a whole: one reading of the counters that INFO reads,
// which the workers keep in any case. Reading takes no stripe and stops nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/engine.h"
#include "server/latency_histogram.h"
#include "server/process_memory.h"
#include "server/tick_clock.h"

namespace larder::admin {

struct FamilyFigures {  // of a group of commands: "string", "hash"
  std::string name;
  uint64_t calls = 0, failed = 0, rejected = 0, ticks = 0;
  LatencySum durations;  // in ticks
};

struct DatabaseFigures {
  int database = 0;
  uint64_t keys = 0, expiring = 0;
};

struct NamespaceFigures {
  storage::NamespaceStats stats;
  LatencySum durations;  // of commands, in ticks
  uint64_t ticks = 0;
};

struct Figures {
  int64_t unix_ms = 0, uptime_ms = 0;
  storage::KeyspaceStats keyspace;
  int64_t used_bytes = 0, limit_bytes = 0, peak_bytes = 0, client_bytes = 0;  // limit 0: none
  ProcessMemory process;
  uint64_t stale_hits = 0;  // misses answered with a stale copy
  int64_t leases = 0;       // that are out
  uint64_t clients = 0, blocked = 0, clients_max = 0;
  uint64_t connections = 0, connections_rejected = 0, clients_evicted = 0;
  uint64_t commands = 0, input_bytes = 0, output_bytes = 0, errors = 0, parked = 0;
  int64_t commands_per_second = 0;
  std::vector<DatabaseFigures> databases;  // those with keys, and the first
  std::vector<FamilyFigures> families;     // those that were called

  uint64_t keys() const;
  // Of all families together.
  LatencySum Durations() const;
};

// `blocked` takes a look at every client.
Figures ReadFigures(const Engine& engine);

// Apart, as there may be thousands, each with a histogram: for those who ask for them.
std::vector<NamespaceFigures> ReadNamespaces(const Engine& engine);

}  // namespace larder::admin
