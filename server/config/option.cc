#include "server/config/option.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "server/config/units.h"
#include "server/letter_case.h"

namespace larder {
namespace {

OptionValue Refuse(std::string error) {
  OptionValue value;
  value.error = std::move(error);
  return value;
}

const OptionName* FindName(const Option& option, std::string_view text) {
  for (const OptionName& row : option.names) {
    if (EqualsIgnoreCase(row.name, text)) return &row;
  }
  return nullptr;
}

std::string JoinNames(const Option& option) {
  std::string names;
  for (const OptionName& row : option.names) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

std::string OutOfRange(const Option& option) {
  return "argument must be between " + std::to_string(option.min) + " and " +
         std::to_string(option.max) + " inclusive";
}

OptionValue Number(const Option& option, std::optional<int64_t> number, const char* error) {
  if (!number) return Refuse(error);
  if (*number < option.min || *number > option.max) return Refuse(OutOfRange(option));
  return {.text = std::to_string(*number), .number = *number};
}

OptionValue ParseOctal(const Option& option, const std::string& text) {
  int64_t mode = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc() || rest != end || text.empty()) {
    return Refuse("argument couldn't be parsed as an octal number");
  }
  if (mode < option.min || mode > option.max) return Refuse(OutOfRange(option));
  char digits[32];
  const auto written = std::to_chars(digits, digits + sizeof(digits), mode, 8);
  return {.text = std::string(digits, written.ptr), .number = mode};
}

OptionValue ParsePercent(const std::string& text) {
  const auto percent = ParseInteger(std::string_view(text).substr(0, text.size() - 1));
  if (!percent || *percent < 0) return Refuse("argument must be a memory or percent value");
  if (*percent > 100) return Refuse("percentage argument must be less or equal to 100");
  return {.text = std::to_string(*percent) + "%", .number = -*percent};
}

OptionValue ParseEnum(const Option& option, const std::string& text) {
  const OptionName* const row = FindName(option, text);
  if (row == nullptr) {
    return Refuse("argument(s) must be one of the following: " + JoinNames(option));
  }
  // Two names may share a number ("yes" is "relative"): the last one is the answer.
  std::string_view name = row->name;
  for (const OptionName& other : option.names) {
    if (other.value == row->value) name = other.name;
  }
  return {.text = std::string(name), .number = row->value};
}

OptionValue ParseFlags(const Option& option, std::span<const std::string> words) {
  int64_t flags = 0;
  for (const std::string& word : words) {
    const OptionName* const row = FindName(option, word);
    if (row == nullptr) {
      return Refuse("argument(s) must be one of the following: " + JoinNames(option));
    }
    flags |= row->value;
  }
  OptionValue value;
  value.number = flags;
  for (const OptionName& row : option.names) {
    const bool named = flags == 0 ? row.value == 0 : (flags & row.value) != 0;
    if (!named) continue;
    if (!value.text.empty()) value.text += ' ';
    value.text += row.name;
  }
  return value;
}

OptionValue ParseBool(const std::string& text) {
  if (EqualsIgnoreCase(text, "yes")) return {.text = "yes", .number = 1};
  if (EqualsIgnoreCase(text, "no")) return {.text = "no", .number = 0};
  return Refuse("argument must be 'yes' or 'no'");
}

OptionValue ParseOne(const Option& option, const std::string& text) {
  switch (option.type) {
    case OptionType::kBool:
      return ParseBool(text);
    case OptionType::kInteger:
      return Number(option, ParseInteger(text), "argument couldn't be parsed into an integer");
    case OptionType::kOctal:
      return ParseOctal(option, text);
    case OptionType::kMemory:
      return Number(option, ParseMemory(text), "argument must be a memory value");
    case OptionType::kMemoryOrPercent:
      if (text.size() > 1 && text.back() == '%') return ParsePercent(text);
      return Number(option, ParseMemory(text), "argument must be a memory or percent value");
    case OptionType::kEnum:
      return ParseEnum(option, text);
    case OptionType::kString:
    case OptionType::kFlags:
    case OptionType::kWords:
      break;
  }
  if (text.find('\0') != std::string::npos) return Refuse("argument contains a zero byte");
  return {.text = text};
}

std::string AllowedRange(const Option& option, std::string_view what) {
  std::string allowed(what);
  const bool bounded = option.max != std::numeric_limits<int64_t>::max();
  const bool memory =
      option.type == OptionType::kMemory || option.type == OptionType::kMemoryOrPercent;
  const auto format = [&](int64_t bound) {
    return memory ? FormatMemory(bound) : std::to_string(bound);
  };
  if (bounded) {
    allowed += " from " + format(option.min) + " to " + format(option.max);
  } else if (option.min != 0 || !memory) {
    allowed += " from " + format(option.min);
  }
  if (!option.unit.empty()) allowed += " (" + std::string(option.unit) + ")";
  if (option.automatic != nullptr) allowed += ", or auto";
  return allowed;
}

}  // namespace

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while ((at = text.find_first_not_of(" \t\r\n", at)) != std::string_view::npos) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<std::string> OptionWords(const Option& option, std::string_view text) {
  if (option.TakesWords()) return SplitWords(text);
  return {std::string(text)};
}

OptionValue DefaultValue(const Option& option) {
  return ParseOption(option, OptionWords(option, option.value), {});
}

bool SameValue(const OptionValue& a, const OptionValue& b) {
  if (a.written == "auto" || b.written == "auto") return a.written == b.written;
  return a.text == b.text;
}

OptionValue ParseOption(const Option& option, std::span<const std::string> words,
                        std::string_view current) {
  if (option.type == OptionType::kWords) return option.parse(words, current);
  if (option.type == OptionType::kFlags) return ParseFlags(option, words);
  if (words.size() != 1) return Refuse("wrong number of arguments");
  if (option.automatic != nullptr && EqualsIgnoreCase(words[0], "auto")) {
    const int64_t number = option.automatic();
    return {.text = std::to_string(number), .written = "auto", .number = number};
  }
  if (option.parse != nullptr) return option.parse(words, current);
  return ParseOne(option, words[0]);
}

std::string AllowedValues(const Option& option) {
  switch (option.type) {
    case OptionType::kBool:
      return "yes or no";
    case OptionType::kInteger:
      return AllowedRange(option, "an integer");
    case OptionType::kOctal:
      return "an octal number from 0 to 777";
    case OptionType::kMemory:
      return AllowedRange(option, "bytes, or an amount such as 100kb, 64mb, 2gb,");
    case OptionType::kMemoryOrPercent:
      return AllowedRange(option, "bytes, an amount such as 64mb, or a percentage such as 10%");
    case OptionType::kEnum:
      return "one of " + JoinNames(option);
    case OptionType::kFlags:
      return "any of " + JoinNames(option);
    case OptionType::kString:
      return "a text";
    case OptionType::kWords:
      return option.unit.empty() ? "words" : std::string(option.unit);
  }
  return {};
}

}  // namespace larder
