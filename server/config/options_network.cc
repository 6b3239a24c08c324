#include "server/config/option_groups.h"
#include "server/config/option_parsers.h"

namespace larder {
namespace {

constexpr int64_t kUnsignedMax = std::numeric_limits<uint32_t>::max();

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

constexpr Option kOptions[] = {
    {.name = "bind",
     .type = OptionType::kWords,
     .value = "127.0.0.1 -::1",
     .unit = "at most 16 addresses; - before one that may be missing; * and ::* for all",
     .flags = kImmutable,
     .documentation =
         "Addresses to listen on; one that begins with - may be unavailable, * stands for all.",
     .parse = ParseBind},
    {.name = "port",
     .type = OptionType::kInteger,
     .value = "6379",
     .max = 65535,
     .flags = kImmutable,
     .documentation = "TCP port to listen on; 0 listens on no TCP port.",
     .live = &LiveOptions::port},
    {.name = "unixsocket",
     .type = OptionType::kString,
     .flags = kImmutable,
     .documentation = "Path of a unix socket to listen on; empty for none."},
    {.name = "unixsocketperm",
     .type = OptionType::kOctal,
     .value = "0",
     .max = 0777,
     .flags = kImmutable,
     .documentation = "Octal mode of the unix socket's file; 0 leaves it to the umask.",
     .live = &LiveOptions::unixsocketperm},
    {.name = "protected-mode",
     .type = OptionType::kBool,
     .value = "yes",
     .documentation = "Answer only local clients while no password is set.",
     .live = &LiveOptions::protected_mode},
    {.name = "tcp-backlog",
     .type = OptionType::kInteger,
     .value = "511",
     .max = 65535,
     .flags = kImmutable,
     .documentation =
         "Connections that may wait to be accepted (the kernel's somaxconn is the upper limit).",
     .live = &LiveOptions::tcp_backlog},
    {.name = "tcp-keepalive",
     .type = OptionType::kInteger,
     .value = "300",
     .max = kIntMax,
     .unit = "seconds",
     .documentation =
         "Idle time after which the kernel probes a connection; 0 switches probes off.",
     .live = &LiveOptions::tcp_keepalive},
    {.name = "timeout",
     .type = OptionType::kInteger,
     .value = "0",
     .max = kIntMax,
     .unit = "seconds",
     .documentation = "Idle time after which a client is closed; 0 is never.",
     .live = &LiveOptions::timeout},
    {.name = "maxclients",
     .type = OptionType::kInteger,
     .value = "10000",
     .min = 1,
     .max = kUnsignedMax,
     .documentation = "Clients connected at the same time; more are refused.",
     .live = &LiveOptions::maxclients},
    {.name = "max-new-connections-per-cycle",
     .type = OptionType::kInteger,
     .value = "10",
     .min = 1,
     .max = 1000,
     .flags = kNoEffect,
     .documentation = "Connections accepted before a worker turns to its clients again.",
     .live = &LiveOptions::max_new_connections_per_cycle},
    {.name = "socket-mark-id",
     .type = OptionType::kInteger,
     .value = "0",
     .max = kUnsignedMax,
     .flags = kNoEffect | kImmutable,
     .documentation = "Mark (SO_MARK) put on listening sockets; 0 for none.",
     .live = &LiveOptions::socket_mark_id},
};

}  // namespace

OptionGroup NetworkOptions() { return {"Network", kOptions}; }

}  // namespace larder
