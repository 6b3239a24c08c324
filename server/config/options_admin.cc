#include "server/config/option_groups.h"
#include "server/config/option_parsers.h"

namespace larder {
namespace {

constexpr Option kOptions[] = {
    {.name = "admin-port",
     .type = OptionType::kInteger,
     .value = "0",
     .max = 65535,
     .flags = kImmutable | kReadByName,
     .documentation = "TCP port for people and monitoring: a page at /, /metrics, /livez, /readyz, "
                      "/api/v1; 0 for none. HTTPS where tls-port is set."},
    {.name = "admin-bind",
     .type = OptionType::kWords,
     .value = "127.0.0.1 -::1",
     .unit = "as bind takes them; beyond loopback user default must have a password",
     .flags = kImmutable,
     .documentation = "Addresses for admin-port.",
     .parse = ParseBind},
    {.name = "admin-hosts",
     .type = OptionType::kWords,
     .value = "",
     .unit = "host names",
     .documentation = "Names by which the admin port is called, beside IP addresses, localhost and "
                      "the machine's own name: requests for others are refused.",
     .parse = ParseAnyWords},
    {.name = "admin-tls-auth-clients",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kReadByName,
     .documentation =
         "Whether clients of the admin port must show certificates as tls-auth-clients "
         "says; no: a browser needs none."},
};

}  // namespace

OptionGroup AdminOptions() { return {"Admin port", kOptions}; }

}  // namespace larder
