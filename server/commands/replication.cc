// Replication, as a master without replicas answers: WAIT, WAITAOF, REPLICAOF, FAILOVER and what
// replicas send. There is no replication here, so each says no in the way that clients know.
#include <fmt/format.h>

#include <limits>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace larder {
namespace {

constexpr std::string_view kNoReplication = "ERR Larder does not replicate";

Status ReadTimeout(CommandContext& ctx) {
  const int64_t timeout_ms = ctx.args.NextInt("ERR timeout is not an integer or out of range");
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (timeout_ms < 0) return Error("ERR timeout is negative");
  return Ok();
}

// No replica can ever acknowledge, so nobody has to wait for the timeout.
Status Wait(CommandContext& ctx) {
  ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (Status read = ReadTimeout(ctx); !read.ok()) return read;
  ctx.reply.Integer(0);
  return Ok();
}

Status WaitAof(CommandContext& ctx) {
  const int64_t local =
      ctx.args.NextIntIn(0, 1, "ERR value is out of range, value must between 0 and 1");
  ctx.args.NextIntIn(0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
  if (ctx.args.failed()) return ctx.args.status();
  if (Status read = ReadTimeout(ctx); !read.ok()) return read;
  if (local > 0) {
    return Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  ctx.reply.Array(2);
  ctx.reply.Integer(0);
  ctx.reply.Integer(0);
  return Ok();
}

Status ReplicaOf(CommandContext& ctx) {
  if (ctx.args.Match("NO") && ctx.args.Match("ONE")) {
    ctx.reply.Ok();
    return Ok();
  }
  const std::string_view port = ctx.args.all()[2];
  ArgReader reader(ctx.args.all(), 2, ctx.engine.keyspace.hasher());
  reader.NextIntIn(0, 65535, "ERR Invalid master port");
  if (reader.failed()) return reader.status();
  return Error(fmt::format("{}: it cannot follow port {}", kNoReplication, port));
}

Status Failover(CommandContext& ctx) {
  bool abort = false;
  const bool alone = ctx.args.remaining() == 1;
  while (ctx.args.HasMore()) {
    if (ctx.args.Match("ABORT") && alone) {
      abort = true;
    } else if (ctx.args.remaining() >= 2 && ctx.args.Match("TIMEOUT")) {
      const int64_t timeout_ms = ctx.args.NextInt();
      if (ctx.args.failed()) return ctx.args.status();
      if (timeout_ms <= 0) return Error("ERR FAILOVER timeout must be greater than 0");
    } else if (ctx.args.remaining() >= 3 && ctx.args.Match("TO")) {
      ctx.args.Next();
      ctx.args.NextInt();
      if (ctx.args.failed()) return ctx.args.status();
      ctx.args.Match("FORCE");
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Error(abort ? "ERR No failover in progress."
                     : "ERR FAILOVER requires connected replicas.");
}

Status ReplConf(CommandContext& ctx) {
  if (ctx.args.remaining() % 2 != 0) return Error(errors::kSyntax);
  while (ctx.args.HasMore()) {
    const std::string_view option = ctx.args.Next();
    ctx.args.Next();
    const bool known = EqualsIgnoreCase(option, "LISTENING-PORT") ||
                       EqualsIgnoreCase(option, "IP-ADDRESS") || EqualsIgnoreCase(option, "CAPA");
    if (!known) return Error(fmt::format("ERR Unrecognized REPLCONF option: {}", option));
  }
  ctx.reply.Ok();
  return Ok();
}

Status Refused(CommandContext&) { return Error(kNoReplication); }

constexpr uint32_t kOperating = Flag::kAdmin | Flag::kNoScript | Flag::kStale;

constexpr CommandSpec kCommands[] = {
    {.name = "failover",
     .syntax = "[TO <host port:int> [FORCE]] [ABORT] [TIMEOUT milliseconds:int]",
     .summary = "Starts a coordinated failover from a server to one of its replicas.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kServer,
     .flags = kOperating,
     .handler = Failover},
    {.name = "psync",
     .syntax = "replicationid offset:int",
     .summary = "An internal command used in replication.",
     .since = "2.8.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading | Flag::kNoMulti,
     .arity = -3,
     .handler = Refused},
    {.name = "replconf",
     .syntax = "",
     .summary = "An internal command for configuring the replication stream.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kServer,
     .flags = kOperating | Flag::kLoading | Flag::kAllowBusy,
     .arity = -1,
     .handler = ReplConf},
    {.name = "replicaof",
     .syntax = "<host port:int | NO ONE>",
     .summary = "Configures a server as replica of another, or promotes it to a master.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kServer,
     .flags = kOperating | Flag::kNoAsyncLoading,
     .handler = ReplicaOf},
    {.name = "slaveof",
     .syntax = "<host port:int | NO ONE>",
     .summary = "Sets a Redis server as a replica of another, or promotes it to being a master.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = kOperating | Flag::kNoAsyncLoading,
     .handler = ReplicaOf,
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`"},
    {.name = "sync",
     .syntax = "",
     .summary = "An internal command used in replication.",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kAdmin | Flag::kNoScript | Flag::kNoAsyncLoading | Flag::kNoMulti,
     .handler = Refused},
    {.name = "wait",
     .syntax = "numreplicas:int timeout:int",
     .summary = "Blocks until the asynchronous replication of all preceding write commands sent by "
                "the connection is completed.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript,
     .handler = Wait,
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = "waitaof",
     .syntax = "numlocal:int numreplicas:int timeout:int",
     .summary = "Blocks until all of the preceding write commands sent by the connection are "
                "written to the append-only file of the master and/or replicas.",
     .complexity = "O(1)",
     .since = "7.2.0",
     .group = Group::kConnection,
     .flags = Flag::kNoScript,
     .handler = WaitAof,
     .tips = "request_policy:all_shards response_policy:agg_min"},
};

}  // namespace

std::span<const CommandSpec> ReplicationCommands() { return kCommands; }

}  // namespace larder
