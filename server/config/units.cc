#include "server/config/units.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace larder {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};

constexpr Unit kUnits[] = {{"", 1},
                           {"b", 1},
                           {"k", 1000},
                           {"kb", 1024},
                           {"m", 1000 * 1000},
                           {"mb", 1024 * 1024},
                           {"g", 1000 * 1000 * 1000},
                           {"gb", 1024 * 1024 * 1024}};

bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<int64_t> ParseMemory(std::string_view text) {
  int64_t amount = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || text[0] == '-') return std::nullopt;
  const auto [rest, error] = std::from_chars(text.data(), end, amount);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit_name(rest, static_cast<size_t>(end - rest));
  for (const Unit& unit : kUnits) {
    if (!EqualsIgnoringCase(unit_name, unit.name)) continue;
    int64_t bytes = 0;
    if (__builtin_mul_overflow(amount, unit.bytes, &bytes)) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || text.empty()) return std::nullopt;
  return value;
}

std::string FormatHuman(uint64_t bytes) {
  constexpr std::array<char, 5> kLetters = {'K', 'M', 'G', 'T', 'P'};
  if (bytes < 1024) return std::to_string(bytes) + "B";
  double amount = static_cast<double>(bytes);
  for (const char letter : kLetters) {
    amount /= 1024;
    if (amount < 1024) {
      char text[32];
      std::snprintf(text, sizeof(text), "%.2f%c", amount, letter);
      return text;
    }
  }
  return std::to_string(bytes) + "B";
}

std::string FormatMemory(int64_t bytes) {
  for (const auto& [name, size] : {Unit{"gb", 1 << 30}, Unit{"mb", 1 << 20}, Unit{"kb", 1 << 10}}) {
    if (bytes != 0 && bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  }
  return std::to_string(bytes);
}

}  // namespace larder
