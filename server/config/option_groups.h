#pragma once

#include <cstdint>
#include <limits>

#include "server/config/option.h"

// The groups of options, one function per file options_*.cc; option_table.cc puts them in order.

namespace larder {

OptionGroup NetworkOptions();
OptionGroup AdminOptions();
OptionGroup GeneralOptions();
OptionGroup LoggingOptions();
OptionGroup MemoryOptions();
OptionGroup ClientsOptions();
OptionGroup SecurityOptions();
OptionGroup ObservationOptions();
OptionGroup ScriptingOptions();
OptionGroup EncodingsOptions();
OptionGroup PersistenceOptions();
OptionGroup ReplicationOptions();
OptionGroup ClusterOptions();
OptionGroup ProcessorsOptions();
OptionGroup CacheOptionRows();

}  // namespace larder
