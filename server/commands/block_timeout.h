// The timeout of blocking commands.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/status.h"

namespace larder {

// Reads seconds, with a fraction if need be, as microseconds rounded up to whole milliseconds; 0 is
// for ever.
Status ParseBlockTimeout(std::string_view text, int64_t* timeout_us);

// Reads whole milliseconds as microseconds; 0 is for ever.
Status ParseBlockMilliseconds(std::string_view text, int64_t* timeout_us);

}  // namespace larder
