#include "server/config/option_groups.h"

namespace larder {
namespace {

constexpr OptionName kLogLevelNames[] = {{"debug", int64_t(LogLevel::kDebug)},
                                         {"verbose", int64_t(LogLevel::kVerbose)},
                                         {"notice", int64_t(LogLevel::kNotice)},
                                         {"warning", int64_t(LogLevel::kWarning)},
                                         {"nothing", int64_t(LogLevel::kNothing)}};

constexpr OptionName kLogFormatNames[] = {{"text", int64_t(LogFormat::kText)},
                                          {"json", int64_t(LogFormat::kJson)}};

constexpr OptionName kSyslogNames[] = {{"user", 0},   {"local0", 1}, {"local1", 2},
                                       {"local2", 3}, {"local3", 4}, {"local4", 5},
                                       {"local5", 6}, {"local6", 7}, {"local7", 8}};

constexpr Option kOptions[] = {
    {.name = "loglevel",
     .type = OptionType::kEnum,
     .value = "notice",
     .names = kLogLevelNames,
     .documentation = "Least severe messages to log.",
     .live = &LiveOptions::loglevel},
    {.name = "logfile",
     .type = OptionType::kString,
     .flags = kImmutable,
     .documentation = "File to log to; empty logs to the standard output. SIGHUP opens it anew."},
    {.name = "log-format",
     .type = OptionType::kEnum,
     .value = "text",
     .names = kLogFormatNames,
     .flags = kImmutable,
     .documentation = "One line of text, or one JSON object, per message.",
     .live = &LiveOptions::log_format},
    {.name = "log-rotate-bytes",
     .type = OptionType::kMemory,
     .value = "0",
     .flags = kImmutable,
     .documentation = "Size at which the log file is rotated; 0 leaves rotation to others "
                      "(logrotate and SIGHUP).",
     .live = &LiveOptions::log_rotate_bytes},
    {.name = "log-rotate-files",
     .type = OptionType::kInteger,
     .value = "5",
     .min = 1,
     .max = 1000,
     .flags = kImmutable,
     .documentation = "Rotated log files that are kept.",
     .live = &LiveOptions::log_rotate_files},
    {.name = "syslog-enabled",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kImmutable | kNoEffect,
     .documentation = "Log to the system log; use the service manager's journal instead."},
    {.name = "syslog-ident",
     .type = OptionType::kString,
     .value = "redis",
     .flags = kImmutable | kNoEffect,
     .documentation = "Name in the system log."},
    {.name = "syslog-facility",
     .type = OptionType::kEnum,
     .value = "local0",
     .names = kSyslogNames,
     .flags = kImmutable | kNoEffect,
     .documentation = "Facility of the system log."},
    {.name = "hide-user-data-from-log",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kNoEffect,
     .documentation = "Keep keys, values and arguments out of the log; they are never logged here.",
     .live = &LiveOptions::hide_user_data_from_log},
};

}  // namespace

OptionGroup LoggingOptions() { return {"Logging", kOptions}; }

}  // namespace larder
