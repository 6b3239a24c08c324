#include "server/commands/families.h"

#include "server/command_table.h"

namespace larder {

std::span<const std::span<const CommandSpec>> CommandFamilies() {
  static const std::span<const CommandSpec> kFamilies[] = {
      StringCommands(),       StringWriteCommands(),
      CacheReadCommands(),    StringComparisonCommands(),
      CounterCommands(),      BoundedCounterCommands(),
      KeyCommands(),          KeyExpiryCommands(),
      DatabaseCommands(),     DumpCommands(),
      MigrateCommands(),      SortCommands(),
      SetCommands(),          SetRandomCommands(),
      SetAlgebraCommands(),   ListCommands(),
      ListSearchCommands(),   ListMoveCommands(),
      HashCommands(),         HashScanCommands(),
      HashExpiryCommands(),   HashExpiryValueCommands(),
      SortedSetCommands(),    SortedSetRangeCommands(),
      SortedSetPopCommands(), SortedSetAlgebraCommands(),
      GeoCommands(),          GeoSearchCommands(),
      BitmapCommands(),       BitFieldCommands(),
      HyperLogLogCommands(),  StreamCommands(),
      StreamRangeCommands(),  StreamReadCommands(),
      StreamGroupCommands(),  StreamPendingCommands(),
      StreamInfoCommands(),   StreamReleaseCommands(),
      TransactionCommands(),  PubSubCommands(),
      ConnectionCommands(),   ClientCommands(),
      AclCommandFamily(),     ServerCommands(),
      ConfigCommands(),       InfoCommands(),
      ScriptingCommands(),    FunctionCommands(),
      CommandCommands(),      CommandLogCommands(),
      HotKeyCommands(),       LatencyCommands(),
      MemoryCommands(),       DebugCommands(),
      ClusterCommands(),      ReplicationCommands(),
      CacheTagCommands(),     CachePurgeCommands(),
  };
  return kFamilies;
}

}  // namespace larder
