#include "storage/numbers.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace larder::storage {
namespace {

// Longer texts are no numbers. Also the room that the longest fixed-notation long double takes.
constexpr size_t kFloatTextBytesMax = 5 * 1024;

template <class T>
std::optional<T> ParseDigits(std::string_view text) {
  T value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// strtod and strtold need a terminator, which an argument does not have.
template <class T>
std::optional<T> ParseFloat(std::string_view text, T (*parse)(const char*, char**)) {
  if (text.empty() || text.size() >= kFloatTextBytesMax) return std::nullopt;
  if (std::isspace(static_cast<unsigned char>(text[0]))) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const T value = parse(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  if (text.empty() || text.size() > kIntegerTextBytesMax) return std::nullopt;
  if (text == "0") return 0;
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '1' || digits[0] > '9') return std::nullopt;
  return ParseDigits<int64_t>(text);
}

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty() || text.size() > kIntegerTextBytesMax) return std::nullopt;
  if (text[0] < '1' || text[0] > '9') return std::nullopt;
  return ParseDigits<uint64_t>(text);
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloat(text, &std::strtod); }

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseFloat(text, &std::strtold);
}

size_t FormatInteger(int64_t value, char* out) {
  return std::to_chars(out, out + kIntegerTextBytesMax, value).ptr - out;
}

std::string FormatLongDouble(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[kFloatTextBytesMax];
  std::string text(buffer, std::snprintf(buffer, sizeof(buffer), "%.17Lf", value));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace larder::storage
