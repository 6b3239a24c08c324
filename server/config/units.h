#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder {

// Parses an amount of memory as redis.conf writes it: digits with an optional unit in any case.
// b, or nothing: bytes; k, m, g: powers of 1000; kb, mb, gb: powers of 1024.
// Nothing if the text is empty, negative, has another unit, or is above INT64_MAX.
std::optional<int64_t> ParseMemory(std::string_view text);

// A decimal integer with an optional minus sign and nothing else; nothing if it does not fit.
std::optional<int64_t> ParseInteger(std::string_view text);

// Bytes as INFO prints them: "512B", "1.50K", "1.50M", "2.00G", ...
std::string FormatHuman(uint64_t bytes);

// Bytes as a configuration file writes them: the largest unit that divides them ("64mb", "1000").
std::string FormatMemory(int64_t bytes);

}  // namespace larder
