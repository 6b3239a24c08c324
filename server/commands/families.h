// Every family of commands: one table each. A new family is declared here and listed in
// families.cc.
#pragma once

#include <span>

#include "server/command.h"

namespace larder {

std::span<const CommandSpec> StringCommands();            // strings.cc
std::span<const CommandSpec> StringWriteCommands();       // string_writes.cc
std::span<const CommandSpec> CacheReadCommands();         // cache_reads.cc
std::span<const CommandSpec> StringComparisonCommands();  // string_comparisons.cc
std::span<const CommandSpec> CounterCommands();           // counters.cc
std::span<const CommandSpec> BoundedCounterCommands();    // bounded_counters.cc
std::span<const CommandSpec> KeyCommands();               // keys.cc
std::span<const CommandSpec> KeyExpiryCommands();         // key_expiry.cc
std::span<const CommandSpec> DatabaseCommands();          // databases.cc
std::span<const CommandSpec> DumpCommands();              // dump.cc
std::span<const CommandSpec> MigrateCommands();           // migrate.cc
std::span<const CommandSpec> SortCommands();              // sort.cc
std::span<const CommandSpec> SetCommands();               // sets.cc
std::span<const CommandSpec> SetRandomCommands();         // set_random.cc
std::span<const CommandSpec> SetAlgebraCommands();        // set_algebra.cc
std::span<const CommandSpec> SetCardinalityCommands();    // set_cardinalities.cc
std::span<const CommandSpec> ListCommands();              // lists.cc
std::span<const CommandSpec> ListSearchCommands();        // list_searches.cc
std::span<const CommandSpec> ListMoveCommands();          // list_moves.cc
std::span<const CommandSpec> ListMultiMoveCommands();     // list_multi_moves.cc
std::span<const CommandSpec> HashCommands();              // hashes.cc
std::span<const CommandSpec> HashScanCommands();          // hash_scans.cc
std::span<const CommandSpec> HashExpiryCommands();        // hash_expiry.cc
std::span<const CommandSpec> HashExpiryValueCommands();   // hash_expiry_values.cc
std::span<const CommandSpec> HashImportCommands();        // hash_imports.cc
std::span<const CommandSpec> SortedSetCommands();         // sorted_sets.cc
std::span<const CommandSpec> SortedSetRangeCommands();    // sorted_set_ranges.cc
std::span<const CommandSpec> SortedSetPopCommands();      // sorted_set_pops.cc
std::span<const CommandSpec> SortedSetAlgebraCommands();  // sorted_set_algebra.cc
std::span<const CommandSpec> GeoCommands();               // geo.cc
std::span<const CommandSpec> GeoSearchCommands();         // geo_search.cc
std::span<const CommandSpec> BitmapCommands();            // bitmaps.cc
std::span<const CommandSpec> BitFieldCommands();          // bit_fields.cc
std::span<const CommandSpec> HyperLogLogCommands();       // hyperloglog.cc
std::span<const CommandSpec> StreamCommands();            // streams.cc
std::span<const CommandSpec> StreamRangeCommands();       // stream_ranges.cc
std::span<const CommandSpec> StreamReadCommands();        // stream_reads.cc
std::span<const CommandSpec> StreamGroupCommands();       // stream_groups.cc
std::span<const CommandSpec> StreamPendingCommands();     // stream_pending.cc
std::span<const CommandSpec> StreamInfoCommands();        // stream_info.cc
std::span<const CommandSpec> StreamReleaseCommands();     // stream_releases.cc
std::span<const CommandSpec> TransactionCommands();       // transactions.cc
std::span<const CommandSpec> ScriptingCommands();         // scripting.cc
std::span<const CommandSpec> FunctionCommands();          // functions.cc
std::span<const CommandSpec> PubSubCommands();            // pubsub.cc
std::span<const CommandSpec> ConnectionCommands();        // connection.cc
std::span<const CommandSpec> ClientCommands();            // client.cc
std::span<const CommandSpec> AclCommandFamily();          // acl.cc
std::span<const CommandSpec> ServerCommands();            // server.cc
std::span<const CommandSpec> ConfigCommands();            // config.cc
std::span<const CommandSpec> InfoCommands();              // info.cc
std::span<const CommandSpec> CommandCommands();           // command.cc
std::span<const CommandSpec> CommandLogCommands();        // command_logs.cc
std::span<const CommandSpec> HotKeyCommands();            // hot_keys.cc
std::span<const CommandSpec> LatencyCommands();           // latency.cc
std::span<const CommandSpec> MemoryCommands();            // memory.cc
std::span<const CommandSpec> DebugCommands();             // debug.cc
std::span<const CommandSpec> ClusterCommands();           // cluster.cc
std::span<const CommandSpec> ReplicationCommands();       // replication.cc
std::span<const CommandSpec> CacheTagCommands();          // cache_tags.cc
std::span<const CommandSpec> CachePurgeCommands();        // cache_purges.cc
std::span<const CommandSpec> CacheNamespaceCommands();    // cache_namespaces.cc
std::span<const CommandSpec> CacheHotCommands();          // cache_hot.cc
std::span<const CommandSpec> CacheTagTrackingCommands();  // cache_tag_tracking.cc

}  // namespace larder
