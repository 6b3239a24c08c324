// Glob patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET use them:
//   *  any bytes   ?  one byte   [abc] [a-z] [^a]  one byte of a class   \x  x itself
//
// Bytes, not characters. As in Redis, only an empty pattern matches an empty text, an unclosed
// class ends with the pattern, and in a range the bytes compare as signed.
//
// Iterative: a mismatch goes back to the latest star only, which is enough because an earlier star
// can gain nothing by taking more. O(1) memory; O(pattern * text) at the very worst, about linear
// in practice. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace larder::storage {

enum class GlobCase : uint8_t { kSensitive, kInsensitive };

bool GlobMatch(std::string_view pattern, std::string_view text,
               GlobCase letters = GlobCase::kSensitive);

}  // namespace larder::storage
