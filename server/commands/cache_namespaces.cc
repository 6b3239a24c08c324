// CACHE.NS: namespaces, what an operator counts, limits and times apart by a prefix of keys.
#include <cstdint>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/name_purge.h"
#include "server/namespace_rules.h"

namespace larder {
namespace {

using storage::NamespacePointer;
using storage::NamespaceSpec;
using storage::NamespaceStats;

Status Set(CommandContext& ctx) {
  const auto words = ctx.args.all().subspan(ctx.args.position());
  ctx.args.Skip(words.size());
  NamespaceSpec spec;
  if (const std::string error = ParseNamespace(words, &spec); !error.empty()) return Error(error);
  const std::string_view refusal = RefusalText(ctx.engine.keyspace.DefineNamespace(spec));
  if (!refusal.empty()) return Error(refusal);
  ctx.reply.Ok();
  return Ok();
}

Status Delete(CommandContext& ctx) {
  storage::Keyspace& keyspace = ctx.engine.keyspace;
  const NamespacePointer named = keyspace.namespaces().ByName(ctx.args.Next());
  if (named != nullptr) {
    keyspace.RemoveNamespace(named->spec.name);
    ctx.engine.namespace_latency.Forget(named->id);
  }
  ctx.reply.Integer(named != nullptr ? 1 : 0);
  return Ok();
}

Status Flush(CommandContext& ctx) {
  storage::Namespaces& namespaces = ctx.engine.keyspace.namespaces();
  const NamespacePointer named = namespaces.ByName(ctx.args.Next());
  if (named == nullptr) return Error(errors::kNoSuchNamespace);
  const auto picks = [&namespaces, id = named->id](std::string_view key) {
    const storage::Namespace* const of = namespaces.Find(key);
    return of != nullptr && of->id == id;
  };
  const int last = ctx.engine.keyspace.database_count() - 1;
  ctx.reply.Integer(static_cast<int64_t>(PurgeByName(ctx, 0, last, 0, picks)));
  return Ok();
}

// ---- what there is

class MapWriter {
 public:
  explicit MapWriter(protocol::ReplyWriter& reply) : reply_(reply), map_(reply.MapLater()) {}
  ~MapWriter() { reply_.Finish(map_, fields_); }

  void Text(std::string_view name, std::string_view value) {
    Name(name);
    reply_.Bulk(value);
  }
  void Number(std::string_view name, int64_t value) {
    Name(name);
    reply_.Integer(value);
  }
  void Number(std::string_view name, uint64_t value) { Number(name, static_cast<int64_t>(value)); }

 private:
  void Name(std::string_view name) {
    reply_.Bulk(name);
    ++fields_;
  }
  protocol::ReplyWriter& reply_;
  protocol::ReplyWriter::Later map_;
  int64_t fields_ = 0;
};

void WriteSpec(CommandContext& ctx, const NamespaceSpec& spec) {
  MapWriter map(ctx.reply);
  map.Text("name", spec.name);
  map.Text("prefix", spec.prefix);
  map.Number("maxmemory", spec.bytes_max);
  map.Number("defaultttl", spec.default_ttl_s);
  map.Number("maxttl", spec.ttl_s_max);
  map.Number("jitter", int64_t{spec.jitter_percent});
  map.Number("noevict", int64_t{spec.no_evict ? 1 : 0});
}

void WriteStats(CommandContext& ctx, const NamespaceStats& stats) {
  MapWriter map(ctx.reply);
  map.Text("name", stats.spec.name);
  map.Number("items", stats.items);
  map.Number("bytes", stats.bytes);
  map.Number("hits", stats.hits);
  map.Number("misses", stats.misses);
  map.Number("stale_hits", stats.stale_hits);
  map.Number("evictions", stats.evicted);
  map.Number("expirations", stats.expired);
  map.Number("writes", stats.writes);
  map.Number("complete", int64_t{stats.complete ? 1 : 0});
}

Status List(CommandContext& ctx) {
  const auto specs = ctx.engine.keyspace.namespaces().Specs();
  ctx.reply.Array(static_cast<int64_t>(specs.size()));
  for (const NamespaceSpec& spec : specs) WriteSpec(ctx, spec);
  return Ok();
}

Status Stats(CommandContext& ctx) {
  storage::Namespaces& namespaces = ctx.engine.keyspace.namespaces();
  // What this transaction or script has changed so far counts.
  ctx.dispatcher.CloseChanges(*ctx.scope.held);
  if (!ctx.args.HasMore()) {
    const auto all = namespaces.Stats();
    ctx.reply.Array(static_cast<int64_t>(all.size()));
    for (const NamespaceStats& stats : all) WriteStats(ctx, stats);
    return Ok();
  }
  const std::string_view name = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const auto stats = namespaces.StatsOf(name);
  if (!stats) return Error(errors::kNoSuchNamespace);
  WriteStats(ctx, *stats);
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "CACHE.NS <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "SET <name> PREFIX <prefix> [<option> ...]",
      "    Count, limit and time the keys that begin with <prefix>, in all databases. Where",
      "    several prefixes fit, the longest one has the key. Options are:",
      "    * MAXMEMORY <bytes>",
      "      Evict within the namespace when its entries take more.",
      "    * DEFAULTTTL <seconds>",
      "      The time to live of keys that are written without one.",
      "    * MAXTTL <seconds>",
      "      No key lives longer, whether it was written with a time to live or not.",
      "    * JITTER <percent>",
      "      Spread default times to live by so much up and down, and those that MAXTTL",
      "      cuts off downwards.",
      "    * NOEVICT",
      "      No key is evicted, whatever the policy.",
      "LIST",
      "    The namespaces as they are defined.",
      "STATS [<name>]",
      "    What there is and what has happened in one namespace, or all, since its definition.",
      "FLUSH <name>",
      "    Remove its keys, those that the user may write. Returns how many there were.",
      "DEL <name>",
      "    Forget the definition; its keys stay.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kDefinition = Flag::kAllStripes | Flag::kDangerous | Flag::kNoAsyncLoading;

constexpr CommandSpec kSubcommands[] = {
    {.name = "del",
     .syntax = "name",
     .summary = "Forgets a namespace; its keys stay.",
     .complexity = "O(N) where N is the number of namespaces.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = kDefinition,
     .handler = Delete},
    {.name = "flush",
     .syntax = "name",
     .summary = "Removes the keys of a namespace in all databases that the user may write. Returns "
                "how many there were.",
     .complexity = "O(N) where N is the number of keys in all databases, in slices.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kWrite | Flag::kOwnLocks | Flag::kDangerous,
     .handler = Flush,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "list",
     .syntax = "",
     .summary = "Returns the namespaces as they are defined.",
     .complexity = "O(N) where N is the number of namespaces.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = List},
    {.name = "set",
     .syntax = "name PREFIX prefix [MAXMEMORY bytes] [DEFAULTTTL seconds:int] [MAXTTL seconds:int] "
               "[JITTER percent:int] [NOEVICT]",
     .summary = "Counts, limits and times the keys that begin with a prefix.",
     .complexity = "O(N) where N is the number of namespaces; keys that are there already are "
                   "counted in the background.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = kDefinition,
     .handler = Set},
    {.name = "stats",
     .syntax = "[name]",
     .summary = "Returns what there is and what has happened in a namespace, or in all.",
     .complexity = "O(N) where N is the number of namespaces.",
     .since = "8.4.0",
     .group = Group::kCache,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Stats,
     .tips = "nondeterministic_output"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "cache.ns",
     .syntax = "",
     .summary = "A container for commands on namespaces.",
     .complexity = "Depends on subcommand.",
     .since = "8.4.0",
     .group = Group::kCache,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> CacheNamespaceCommands() { return kCommands; }

}  // namespace larder
