#include "server/config/option_groups.h"
#include "server/config/option_parsers.h"

namespace larder {
namespace {

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

constexpr Option kOptions[] = {
    {.name = "slowlog-log-slower-than",
     .type = OptionType::kInteger,
     .value = "10000",
     .min = -1,
     .unit = "microseconds",
     .documentation = "Duration from which a command enters SLOWLOG; negative switches it off, 0 "
                      "logs every command.",
     .live = &LiveOptions::slowlog_log_slower_than},
    {.name = "slowlog-max-len",
     .type = OptionType::kInteger,
     .value = "128",
     .documentation = "Entries of SLOWLOG.",
     .live = &LiveOptions::slowlog_max_len},
    {.name = "slowlog-entry-max-argc",
     .type = OptionType::kInteger,
     .value = "32",
     .min = 2,
     .max = kIntMax,
     .flags = kNoEffect,
     .documentation = "Arguments kept in an entry of SLOWLOG.",
     .live = &LiveOptions::slowlog_entry_max_argc},
    {.name = "slowlog-entry-max-string-len",
     .type = OptionType::kInteger,
     .value = "128",
     .min = 1,
     .max = kIntMax,
     .unit = "bytes",
     .flags = kNoEffect,
     .documentation = "Bytes kept of an argument in SLOWLOG.",
     .live = &LiveOptions::slowlog_entry_max_string_len},
    {.name = "latency-monitor-threshold",
     .type = OptionType::kInteger,
     .value = "0",
     .unit = "ms",
     .documentation = "Duration from which LATENCY records an event; 0 switches it off.",
     .live = &LiveOptions::latency_monitor_threshold},
    {.name = "latency-tracking",
     .type = OptionType::kBool,
     .value = "yes",
     .documentation = "Keep a histogram of each command's duration.",
     .live = &LiveOptions::latency_tracking},
    {.name = "latency-tracking-info-percentiles",
     .type = OptionType::kWords,
     .value = "50 99 99.9",
     .unit = "numbers from 0 to 100",
     .documentation = "Percentiles of those histograms in INFO latencystats.",
     .parse = ParsePercentiles},
    {.name = "notify-keyspace-events",
     .type = OptionType::kWords,
     .unit = "letters of Ag$lshzxeKEtmdnoc",
     .documentation = "Events to publish: K and E for the two kinds of channels, then classes (A "
                      "for most); empty for none.",
     .live = &LiveOptions::notify_keyspace_events,
     .parse = ParseNotifyEvents},
    {.name = "key-memory-histograms",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kNoEffect,
     .documentation = "Keep histograms of the sizes of keys."},
};

}  // namespace

OptionGroup ObservationOptions() { return {"Slow log, latency and notifications", kOptions}; }

}  // namespace larder
