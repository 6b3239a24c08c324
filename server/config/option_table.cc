#include "server/config/option_groups.h"

namespace larder {

std::span<const OptionGroup> OptionGroups() {
  static const OptionGroup kGroups[] = {
      NetworkOptions(),   AdminOptions(),      GeneralOptions(),     LoggingOptions(),
      MemoryOptions(),    ClientsOptions(),    SecurityOptions(),    ObservationOptions(),
      ScriptingOptions(), EncodingsOptions(),  PersistenceOptions(), ReplicationOptions(),
      ClusterOptions(),   ProcessorsOptions(), CacheOptionRows()};
  return kGroups;
}

}  // namespace larder
