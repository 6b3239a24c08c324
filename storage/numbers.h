// Numbers as Redis reads and writes them in arguments and string values, and arithmetic that says
// when it overflows.
//
// Pure functions, thread-safe. Nothing here depends on the locale that the process never sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::storage {

inline constexpr size_t kIntegerTextBytesMax = 20;  // "-9223372036854775808"

// The whole of `text` as a decimal integer in its only spelling: no sign but '-', no leading zeros,
// no spaces. O(digits).
std::optional<int64_t> ParseInteger(std::string_view text);

// The same without a sign, for cursors and counts up to 2^64-1.
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// The whole of `text` as strtod and strtold read it ("1e3", "0x10", "inf"), except that leading
// space, NaN, and results that overflow or underflow are refused.
std::optional<double> ParseDouble(std::string_view text);
std::optional<long double> ParseLongDouble(std::string_view text);

// Writes `value` in decimal and returns how many bytes that took. REQUIRES: kIntegerTextBytesMax
// bytes at `out`.
size_t FormatInteger(int64_t value, char* out);

// As INCRBYFLOAT answers: fixed notation, at most 17 digits after the point, no trailing zeros.
std::string FormatLongDouble(long double value);

// nullopt when the result does not fit.
inline std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional(sum);
}
inline std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional(product);
}

}  // namespace larder::storage
