#pragma once

#include <string_view>

namespace larder {

// What HELLO and INFO answer: the version of Redis whose commands and replies are spoken.
// Clients decide by it what they may send (client-side caching needs 7.4).
inline constexpr std::string_view kRedisVersion = "8.4.0";

inline constexpr std::string_view kLarderVersion = LARDER_VERSION;

}  // namespace larder
