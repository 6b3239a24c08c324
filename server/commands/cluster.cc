// CLUSTER and its kin, as a server answers that is not in cluster mode.
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace larder {
namespace {

Status ClusterDisabled(CommandContext&) {
  return Error("ERR This instance has cluster support disabled");
}

constexpr CommandSpec Disabled(std::string_view name, std::string_view syntax,
                               std::string_view summary, std::string_view complexity,
                               std::string_view since, uint32_t flags, std::string_view tips = {}) {
  CommandSpec spec;
  spec.name = name;
  spec.syntax = syntax;
  spec.summary = summary;
  spec.complexity = complexity;
  spec.since = since;
  spec.group = Group::kServer;
  spec.flags = flags;
  spec.handler = ClusterDisabled;
  spec.tips = tips;
  return spec;
}

constexpr CommandSpec kSubcommands[] = {
    Disabled("addslots", "slot:int [slot:int ...]", "Assign new hash slots to receiving node.",
             "O(N) where N is the total number of hash slot arguments", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("addslotsrange", "start-slot:int end-slot:int [start-slot:int end-slot:int ...]",
             "Assign new hash slots to receiving node.",
             "O(N) where N is the total number of the slots between the start slot and end slot "
             "arguments.",
             "7.0.0", Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("bumpepoch", "", "Advance the cluster config epoch.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading, "nondeterministic_output"),
    Disabled("count-failure-reports", "node-id",
             "Return the number of failure reports active for a given node.",
             "O(N) where N is the number of failure reports", "3.0.0", Flag::kAdmin | Flag::kStale,
             "nondeterministic_output"),
    Disabled("countkeysinslot", "slot:int",
             "Return the number of local keys in the specified hash slot.", "O(1)", "3.0.0",
             Flag::kStale),
    Disabled("delslots", "slot:int [slot:int ...]", "Set hash slots as unbound in receiving node.",
             "O(N) where N is the total number of hash slot arguments", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("delslotsrange", "start-slot:int end-slot:int [start-slot:int end-slot:int ...]",
             "Set hash slots as unbound in receiving node.",
             "O(N) where N is the total number of the slots between the start slot and end slot "
             "arguments.",
             "7.0.0", Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("failover", "[FORCE | TAKEOVER]",
             "Forces a replica to perform a manual failover of its master.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("flushslots", "", "Delete a node's own slots information.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("forget", "node-id", "Remove a node from the nodes table.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("getkeysinslot", "slot:int count:int",
             "Return local key names in the specified hash slot.",
             "O(log(N)) where N is the number of requested keys", "3.0.0", Flag::kStale,
             "nondeterministic_output"),
    Disabled("help", "", "Show helpful text about the different subcommands.", "O(1)", "5.0.0",
             Flag::kLoading | Flag::kStale),
    Disabled("info", "", "Provides info about Redis Cluster node state.", "O(1)", "3.0.0",
             Flag::kStale, "nondeterministic_output"),
    Disabled("keyslot", "key", "Returns the hash slot of the specified key.",
             "O(N) where N is the number of bytes in the key", "3.0.0", Flag::kStale),
    Disabled("links", "", "Returns a list of all TCP links to and from peer nodes in cluster.",
             "O(N) where N is the total number of Cluster nodes", "7.0.0", Flag::kStale,
             "nondeterministic_output"),
    Disabled("meet", "ip port:int [cluster-bus-port:int]",
             "Force a node cluster to handshake with another node.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("myid", "", "Return the node id.", "O(1)", "3.0.0", Flag::kStale),
    Disabled("nodes", "", "Get Cluster config for the node.",
             "O(N) where N is the total number of Cluster nodes", "3.0.0", Flag::kStale,
             "nondeterministic_output"),
    Disabled("replicas", "node-id", "List replica nodes of the specified master node.", "O(1)",
             "5.0.0", Flag::kAdmin | Flag::kStale, "nondeterministic_output"),
    Disabled("replicate", "node-id",
             "Reconfigure a node as a replica of the specified master node.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("reset", "[HARD | SOFT]", "Reset a Redis Cluster node.",
             "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a "
             "side effect.",
             "3.0.0", Flag::kAdmin | Flag::kNoScript | Flag::kStale),
    Disabled("saveconfig", "", "Forces the node to save cluster state on disk.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("set-config-epoch", "config-epoch:int", "Set the configuration epoch in a new node.",
             "O(1)", "3.0.0", Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("setslot", "slot:int <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
             "Bind a hash slot to a specific node.", "O(1)", "3.0.0",
             Flag::kAdmin | Flag::kStale | Flag::kNoAsyncLoading),
    Disabled("shards", "", "Get array of cluster slots to node mappings.",
             "O(N) where N is the total number of cluster nodes", "7.0.0", Flag::kStale,
             "nondeterministic_output"),
    Disabled("slaves", "node-id", "List replica nodes of the specified master node.", "O(1)",
             "3.0.0", Flag::kAdmin | Flag::kStale, "nondeterministic_output"),
    Disabled("slots", "", "Get array of Cluster slot to node mappings.",
             "O(N) where N is the total number of Cluster nodes", "3.0.0", Flag::kStale,
             "nondeterministic_output"),
};

constexpr uint32_t kSwitching = Flag::kFast | Flag::kLoading | Flag::kStale;

constexpr CommandSpec kCommands[] = {
    {.name = "asking",
     .syntax = "",
     .summary = "Signals that a cluster client is following an -ASK redirect.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kConnection,
     .flags = Flag::kFast,
     .handler = ClusterDisabled},
    {.name = "cluster",
     .syntax = "",
     .summary = "A container for Redis Cluster commands.",
     .complexity = "Depends on subcommand.",
     .since = "3.0.0",
     .group = Group::kServer,
     .subcommands = kSubcommands},
    {.name = "readonly",
     .syntax = "",
     .summary = "Enables read-only queries for a connection to a Redis Cluster replica node.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kConnection,
     .flags = kSwitching,
     .handler = ClusterDisabled},
    {.name = "readwrite",
     .syntax = "",
     .summary = "Enables read-write queries for a connection to a Redis Cluster replica node.",
     .complexity = "O(1)",
     .since = "3.0.0",
     .group = Group::kConnection,
     .flags = kSwitching,
     .handler = ClusterDisabled},
};

}  // namespace

std::span<const CommandSpec> ClusterCommands() { return kCommands; }

}  // namespace larder
