#include "server/config/option_groups.h"
#include "server/config/option_parsers.h"

namespace larder {
namespace {

constexpr Option kOptions[] = {
    {.name = "client-query-buffer-limit",
     .type = OptionType::kMemory,
     .value = "1gb",
     .min = 1048576,
     .documentation = "Bytes of requests that one client may have waiting.",
     .live = &LiveOptions::client_query_buffer_limit},
    {.name = "client-output-buffer-limit",
     .type = OptionType::kWords,
     .value = "normal 256mb 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
     .words_per_line = 4,
     .unit = "class (normal, replica or pubsub), hard limit, soft limit, seconds",
     .documentation = "Bytes of replies that may wait for a client: class, hard limit, soft limit "
                      "and its seconds; 0 is no limit.",
     .parse = ParseOutputLimits,
     .publish = PublishOutputLimits},
    {.name = "proto-max-bulk-len",
     .type = OptionType::kMemory,
     .value = "512mb",
     .min = 1048576,
     .documentation = "Longest string, in a request and as a value.",
     .live = &LiveOptions::proto_max_bulk_len},
    {.name = "tracking-table-max-keys",
     .type = OptionType::kInteger,
     .value = "1000000",
     .documentation = "Keys remembered for client-side caches; 0 is no limit.",
     .live = &LiveOptions::tracking_table_max_keys},
    {.name = "acllog-max-len",
     .type = OptionType::kInteger,
     .value = "128",
     .documentation = "Entries of ACL LOG.",
     .live = &LiveOptions::acllog_max_len},
};

}  // namespace

OptionGroup ClientsOptions() { return {"Limits on clients", kOptions}; }

}  // namespace larder
