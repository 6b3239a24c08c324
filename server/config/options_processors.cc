#include "server/config/option_groups.h"

namespace larder {
namespace {

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

constexpr Option kOptions[] = {
    {.name = "io-threads",
     .type = OptionType::kInteger,
     .value = "1",
     .min = 1,
     .max = 128,
     .flags = kImmutable | kNoEffect,
     .documentation = "Redis's threads for sockets; see threads."},
    {.name = "io-threads-do-reads",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kImmutable | kNoEffect,
     .documentation = "Read in Redis's threads for sockets."},
    {.name = "server-cpulist",
     .alias = "server_cpulist",
     .type = OptionType::kString,
     .flags = kImmutable | kNoEffect,
     .documentation = "Processors for the server; use the service manager's CPUAffinity."},
    {.name = "bio-cpulist",
     .alias = "bio_cpulist",
     .type = OptionType::kString,
     .flags = kImmutable | kNoEffect,
     .documentation = "Processors for background work."},
    {.name = "aof-rewrite-cpulist",
     .alias = "aof_rewrite_cpulist",
     .type = OptionType::kString,
     .flags = kImmutable | kNoEffect,
     .documentation = "Processors for rewriting the log of writes."},
    {.name = "bgsave-cpulist",
     .alias = "bgsave_cpulist",
     .type = OptionType::kString,
     .flags = kImmutable | kNoEffect,
     .documentation = "Processors for saving."},
    {.name = "use-exit-on-panic",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kNoEffect | kHidden,
     .documentation = "Exit instead of aborting on a fatal error."},
    {.name = "watchdog-period",
     .type = OptionType::kInteger,
     .value = "0",
     .max = kIntMax,
     .unit = "ms",
     .flags = kNoEffect | kHidden,
     .documentation = "Redis's software watchdog."},
    {.name = "req-res-logfile",
     .type = OptionType::kString,
     .flags = kImmutable | kNoEffect | kHidden,
     .documentation = "Log of requests and replies, for tests."},
    {.name = "client-default-resp",
     .type = OptionType::kInteger,
     .value = "2",
     .min = 2,
     .max = 3,
     .flags = kImmutable | kNoEffect | kHidden,
     .documentation = "Protocol of a new connection, for tests."},
};

}  // namespace

OptionGroup ProcessorsOptions() { return {"Processors and threads of Redis's own", kOptions}; }

}  // namespace larder
