// Positions of bits in arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"

namespace larder {

inline constexpr std::string_view kBadBitOffset =
    "ERR bit offset is not an integer or out of range";

// A bit of a string no longer than proto-max-bulk-len. `field_bits`: "#3" is the third field of so
// many bits; 0: not allowed.
std::optional<uint64_t> ParseBitOffset(const CommandContext& ctx, std::string_view text,
                                       int field_bits = 0);

}  // namespace larder
