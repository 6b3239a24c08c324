#include "server/config/option_groups.h"

namespace larder {
namespace {

constexpr Option kOptions[] = {
    {.name = "busy-reply-threshold",
     .alias = "lua-time-limit",
     .type = OptionType::kInteger,
     .value = "5000",
     .unit = "ms",
     .documentation = "Duration from which a running script makes others answer BUSY and can be "
                      "killed; 0 is never.",
     .live = &LiveOptions::busy_reply_threshold},
    {.name = "lua-memory-limit",
     .type = OptionType::kMemory,
     .value = "64mb",
     .min = 1 << 20,
     .flags = kImmutable,
     .documentation = "Bytes that all scripts together may use.",
     .live = &LiveOptions::lua_memory_limit},
    {.name = "lua-enable-deprecated-api",
     .type = OptionType::kBool,
     .value = "no",
     .flags = kImmutable | kNoEffect,
     .documentation = "Deprecated parts of the Lua interface."},
};

}  // namespace

OptionGroup ScriptingOptions() { return {"Scripts", kOptions}; }

}  // namespace larder
