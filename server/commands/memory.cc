// MEMORY.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/process_memory.h"
#include "server/scripting/function_registry.h"
#include "server/scripting/script_cache.h"
#include "storage/memory.h"

namespace larder {
namespace {

Status Usage(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  while (ctx.args.HasMore()) {
    // How many elements would be sampled: here the figure is exact, whatever was asked for.
    if (ctx.args.remaining() < 2 || !ctx.args.Match("SAMPLES")) return Error(errors::kSyntax);
    const int64_t samples = ctx.args.NextInt();
    if (ctx.args.failed()) return ctx.args.status();
    if (samples < 0) return Error(errors::kSyntax);
  }
  const storage::Entry* entry = ctx.db.Find(key, storage::Access::kPeek);
  if (entry == nullptr) {
    ctx.reply.Null();
  } else {
    ctx.reply.Integer(static_cast<int64_t>(entry->MemoryBytes() + storage::kTableBytesPerKey));
  }
  return Ok();
}

// ---- STATS

class StatsWriter {
 public:
  explicit StatsWriter(protocol::ReplyWriter& reply) : reply_(reply), map_(reply.MapLater()) {}
  void Bytes(std::string_view name, int64_t value) {
    Name(name);
    reply_.Integer(value);
  }
  void Ratio(std::string_view name, double value) {
    Name(name);
    reply_.Double(value);
  }
  void Name(std::string_view name) {
    reply_.Bulk(name);
    ++fields_;
  }
  void Finish() { reply_.Finish(map_, fields_); }

 private:
  protocol::ReplyWriter& reply_;
  protocol::ReplyWriter::Later map_;
  int64_t fields_ = 0;
};

double Divide(double a, double b) { return b <= 0 ? 0 : a / b; }

struct Figures {
  int64_t used, peak, clients, overhead, dataset, keys;
  storage::KeyspaceStats keyspace;
  ProcessMemory process;
};

Figures Collect(CommandContext& ctx) {
  Figures figures;
  figures.keyspace = ctx.engine.keyspace.Stats();
  figures.process = ReadProcessMemory();
  figures.clients = ctx.engine.client_bytes();
  storage::memory::Flush();  // what this worker has counted and not published yet
  figures.used = storage::memory::UsedBytes() + figures.clients;
  figures.peak = std::max(figures.used, storage::memory::PeakBytes());
  const storage::KeyspaceStats& keyspace = figures.keyspace;
  figures.overhead =
      figures.clients + ctx.engine.tracking.memory_bytes() +
      static_cast<int64_t>(keyspace.table_bytes + keyspace.wheel_bytes + keyspace.ghost_bytes);
  figures.dataset = std::max<int64_t>(0, figures.used - figures.overhead);
  figures.keys = 0;
  for (int i = 0; i < ctx.engine.keyspace.database_count(); ++i) {
    figures.keys += static_cast<int64_t>(ctx.engine.keyspace.KeyCount(i));
  }
  return figures;
}

// Tables and wheels are shared by all databases: each is given its share by its keys.
void WriteDatabases(CommandContext& ctx, const Figures& figures, StatsWriter* stats) {
  for (int i = 0; i < ctx.engine.keyspace.database_count(); ++i) {
    const size_t keys = ctx.engine.keyspace.KeyCount(i);
    if (keys == 0) continue;
    const double share = Divide(static_cast<double>(keys), static_cast<double>(figures.keys));
    stats->Name(fmt::format("db.{}", i));
    ctx.reply.Map(3);
    ctx.reply.Bulk("overhead.hashtable.main");
    ctx.reply.Integer(
        static_cast<int64_t>(share * static_cast<double>(figures.keyspace.table_bytes)));
    ctx.reply.Bulk("overhead.hashtable.expires");
    ctx.reply.Integer(
        static_cast<int64_t>(share * static_cast<double>(figures.keyspace.wheel_bytes)));
    ctx.reply.Bulk("overhead.hashtable.slot-to-keys");
    ctx.reply.Integer(0);
  }
}

void WriteAllocator(const Figures& figures, StatsWriter* stats) {
  const auto allocated = static_cast<int64_t>(figures.process.allocated);
  const auto active = static_cast<int64_t>(figures.process.active);
  const auto mapped = static_cast<int64_t>(figures.process.mapped);
  const auto resident = static_cast<int64_t>(figures.process.resident);
  const auto ratio = [](int64_t a, int64_t b) {
    return Divide(static_cast<double>(a), static_cast<double>(b));
  };
  stats->Bytes("allocator.allocated", allocated);
  stats->Bytes("allocator.active", active);
  stats->Bytes("allocator.resident", mapped);
  stats->Bytes("allocator.muzzy", 0);
  stats->Ratio("allocator-fragmentation.ratio", ratio(active, allocated));
  stats->Bytes("allocator-fragmentation.bytes", active - allocated);
  stats->Ratio("allocator-rss.ratio", ratio(mapped, active));
  stats->Bytes("allocator-rss.bytes", mapped - active);
  stats->Ratio("rss-overhead.ratio", ratio(resident, mapped));
  stats->Bytes("rss-overhead.bytes", resident - mapped);
  stats->Ratio("fragmentation", ratio(resident, figures.used));
  stats->Bytes("fragmentation.bytes", resident - figures.used);
}

Status Stats(CommandContext& ctx) {
  const Figures figures = Collect(ctx);
  StatsWriter stats(ctx.reply);
  stats.Bytes("peak.allocated", figures.peak);
  stats.Bytes("total.allocated", figures.used);
  stats.Bytes("startup.allocated", 0);
  stats.Bytes("replication.backlog", 0);
  stats.Bytes("replica.fullsync.buffer", 0);
  stats.Bytes("clients.slaves", 0);
  stats.Bytes("clients.normal", figures.clients);
  stats.Bytes("cluster.links", 0);
  stats.Bytes("aof.buffer", 0);
  stats.Bytes("lua.caches", static_cast<int64_t>(ctx.engine.scripts->bytes()));
  stats.Bytes("script.VMs", static_cast<int64_t>(ctx.engine.lua_memory.reserved()));
  stats.Bytes("functions.caches", static_cast<int64_t>(ctx.engine.functions->bytes()));
  WriteDatabases(ctx, figures, &stats);
  stats.Bytes("overhead.db.hashtable.lut", static_cast<int64_t>(figures.keyspace.table_bytes));
  stats.Bytes("overhead.db.hashtable.rehashing", 0);
  stats.Bytes("db.dict.rehashing.count", 0);
  stats.Bytes("overhead.total", figures.overhead);
  stats.Bytes("keys.count", figures.keys);
  stats.Bytes("keys.bytes-per-key", figures.keys == 0 ? 0 : figures.used / figures.keys);
  stats.Bytes("dataset.bytes", figures.dataset);
  const auto percent = [](int64_t part, int64_t whole) {
    return 100 * Divide(static_cast<double>(part), static_cast<double>(whole));
  };
  stats.Ratio("dataset.percentage", percent(figures.dataset, figures.used));
  stats.Ratio("peak.percentage", percent(figures.used, figures.peak));
  WriteAllocator(figures, &stats);
  stats.Finish();
  return Ok();
}

// ---- the rest

constexpr int64_t kLittleBytes = 5 * 1024 * 1024;
constexpr double kMuchFragmentation = 1.4;

Status Doctor(CommandContext& ctx) {
  const Figures figures = Collect(ctx);
  const double fragmentation =
      Divide(static_cast<double>(figures.process.resident), static_cast<double>(figures.used));
  std::string report;
  if (figures.used < kLittleBytes) {
    report =
        "Hi Sam, this instance is empty or is using very little memory, my issues detector can't "
        "be used in these conditions. Please, leave for your mission on Earth and fill it with "
        "some data. The new Sam and I will be back to our programming as soon as I finished "
        "rebooting.\n";
  } else if (fragmentation > kMuchFragmentation) {
    report = fmt::format(
        "Sam, I detected a few issues in this Redis instance memory implants:\n\n * High total "
        "RSS: This instance has a memory fragmentation and RSS overhead greater than {} (this "
        "means that the Resident Set Size of the Redis process is much larger than the sum of the "
        "logical allocations Redis performed). Try MEMORY PURGE.\n\nI'm here to keep you safe, "
        "Sam. I want to help you.\n",
        kMuchFragmentation);
  } else {
    report =
        "Hi Sam, I can't find any memory issue in your instance. I can only account for what "
        "occurs on this base.\n";
  }
  ctx.reply.Verbatim("txt", report);
  return Ok();
}

Status MallocStats(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", AllocatorReport());
  return Ok();
}

Status Purge(CommandContext& ctx) {
  if (!PurgeAllocator()) return Error("ERR Error purging dirty pages");
  ctx.reply.Ok();
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DOCTOR",
      "    Return memory problems reports.",
      "MALLOC-STATS",
      "    Return internal statistics report from the memory allocator.",
      "PURGE",
      "    Attempt to purge dirty pages for reclamation by the allocator.",
      "STATS",
      "    Return information about the memory usage of the server.",
      "USAGE <key> [SAMPLES <count>]",
      "    Return memory in bytes used by <key> and its value. Nested values are",
      "    sampled up to <count> times (default: 5, 0 means sample all).",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr std::string_view kTips =
    "nondeterministic_output request_policy:all_shards response_policy:special";

constexpr CommandSpec kSubcommands[] = {
    {.name = "doctor",
     .syntax = "",
     .summary = "Outputs a memory problems report.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .handler = Doctor,
     .tips = kTips},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "malloc-stats",
     .syntax = "",
     .summary = "Returns the allocator statistics.",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .since = "4.0.0",
     .group = Group::kServer,
     .handler = MallocStats,
     .tips = kTips},
    {.name = "purge",
     .syntax = "",
     .summary = "Asks the allocator to release memory.",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .since = "4.0.0",
     .group = Group::kServer,
     .handler = Purge,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "stats",
     .syntax = "",
     .summary = "Returns details about memory usage.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .handler = Stats,
     .tips = kTips},
    {.name = "usage",
     .syntax = "key [SAMPLES count:int]",
     .summary = "Estimates the memory usage of a key.",
     .complexity = "O(1)",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kReadOnly,
     .keys = {Key(2, KeyFlag::kRO)},
     .handler = Usage},
};

constexpr CommandSpec kCommands[] = {
    {.name = "memory",
     .syntax = "",
     .summary = "A container for memory diagnostics commands.",
     .complexity = "Depends on subcommand.",
     .since = "4.0.0",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> MemoryCommands() { return kCommands; }

}  // namespace larder
