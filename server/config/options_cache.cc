#include "server/config/option_groups.h"
#include "server/config/option_parsers.h"

namespace larder {
namespace {

constexpr Option kOptions[] = {
    {.name = "cache-leases-max",
     .type = OptionType::kInteger,
     .value = "100000",
     .documentation = "Leases that CACHE.GET may have given out at a time; above, who misses gets "
                      "no token.",
     .live = &LiveOptions::cache_leases_max},
    {.name = "cache-stale-on-get",
     .type = OptionType::kBool,
     .value = "no",
     .documentation = "Whether GET too answers a stale copy, during its SWR seconds.",
     .live = &LiveOptions::cache_stale_on_get},
};

}  // namespace

OptionGroup CacheOptionRows() { return {"Cache", kOptions}; }

}  // namespace larder
