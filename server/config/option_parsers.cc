#include "server/config/option_parsers.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>

#include "server/config/notify_flags.h"
#include "server/config/units.h"
#include "server/letter_case.h"

namespace larder {
namespace {

constexpr size_t kBindAddressesMax = 16;
constexpr std::string_view kOutputClassNames[kOutputClasses] = {"normal", "slave", "pubsub"};

OptionValue Refuse(std::string error) {
  OptionValue value;
  value.error = std::move(error);
  return value;
}

std::string Join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

int OutputClassIndex(std::string_view name) {
  const std::string lower = LowerCase(name);
  if (lower == "replica") return static_cast<int>(OutputClass::kReplica);
  for (size_t i = 0; i < kOutputClasses; ++i) {
    if (kOutputClassNames[i] == lower) return static_cast<int>(i);
  }
  return -1;
}

// Reads class, hard, soft and seconds into the three numbers of the class; false if one is wrong.
bool ReadOutputLimit(std::span<const std::string> group, std::span<int64_t> numbers) {
  const auto hard = ParseMemory(group[1]);
  const auto soft = ParseMemory(group[2]);
  const auto seconds = ParseInteger(group[3]);
  if (!hard || !soft || !seconds || *seconds < 0) return false;
  numbers[0] = *hard;
  numbers[1] = *soft;
  numbers[2] = *seconds;
  return true;
}

}  // namespace

OptionValue ParseSave(std::span<const std::string> words, std::string_view) {
  if (words.size() % 2 != 0) return Refuse("Invalid save parameters");
  for (size_t i = 0; i < words.size(); i += 2) {
    const auto seconds = ParseInteger(words[i]);
    const auto changes = ParseInteger(words[i + 1]);
    if (!seconds || *seconds < 1 || !changes || *changes < 0) {
      return Refuse("Invalid save parameters");
    }
  }
  return {.text = Join(words)};
}

OptionValue ParseOutputLimits(std::span<const std::string> words, std::string_view current) {
  if (words.size() % 4 != 0) {
    return Refuse("Wrong number of arguments in buffer limit configuration.");
  }
  OptionValue value;
  value.numbers.resize(kOutputClasses * 3);
  std::vector<std::string> all = SplitWords(current);
  all.insert(all.end(), words.begin(), words.end());
  for (size_t i = 0; i + 4 <= all.size(); i += 4) {
    const std::span<const std::string> group(&all[i], 4);
    const int index = OutputClassIndex(group[0]);
    if (index < 0) return Refuse("Invalid client class specified in buffer limit configuration.");
    const std::span<int64_t> numbers(&value.numbers[static_cast<size_t>(index) * 3], 3);
    if (!ReadOutputLimit(group, numbers)) {
      return Refuse("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
  }
  for (size_t i = 0; i < kOutputClasses; ++i) {
    if (i > 0) value.text += ' ';
    value.text += kOutputClassNames[i];
    for (size_t j = 0; j < 3; ++j) value.text += ' ' + std::to_string(value.numbers[i * 3 + j]);
  }
  return value;
}

void PublishOutputLimits(LiveOptions& live, const OptionValue& value) {
  for (size_t i = 0; i < kOutputClasses; ++i) {
    LiveOutputLimit& limit = live.client_output_buffer_limit[i];
    limit.hard_bytes.Set(value.numbers[i * 3]);
    limit.soft_bytes.Set(value.numbers[i * 3 + 1]);
    limit.soft_seconds.Set(value.numbers[i * 3 + 2]);
  }
}

OptionValue ParseBind(std::span<const std::string> words, std::string_view) {
  if (words.size() > kBindAddressesMax) return Refuse("Too many bind addresses specified.");
  return {.text = Join(words)};
}

OptionValue ParseNotifyEvents(std::span<const std::string> words, std::string_view) {
  if (words.size() > 1) return Refuse("wrong number of arguments");
  const auto flags = ParseNotifyFlags(words.empty() ? std::string_view() : words[0]);
  if (!flags) return Refuse("Invalid event class character. Use 'Ag$lshzxeKEtmdnoc'.");
  return {.text = FormatNotifyFlags(*flags), .number = *flags};
}

OptionValue ParseOomScores(std::span<const std::string> words, std::string_view) {
  if (words.size() != 3) return Refuse("wrong number of arguments");
  for (const std::string& word : words) {
    const auto score = ParseInteger(word);
    if (!score || *score < -2000 || *score > 2000) {
      return Refuse("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
  }
  return {.text = Join(words)};
}

OptionValue ParsePercentiles(std::span<const std::string> words, std::string_view) {
  for (const std::string& word : words) {
    double percentile = 0;
    const char* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, percentile);
    if (error != std::errc() || rest != end) {
      return Refuse("Invalid latency-tracking-info-percentiles parameters");
    }
    if (!(percentile >= 0 && percentile <= 100)) {
      return Refuse("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
  }
  return {.text = Join(words)};
}

OptionValue ParseReplicaOf(std::span<const std::string> words, std::string_view) {
  if (words.empty()) return {};
  if (words.size() != 2) return Refuse("wrong number of arguments");
  if (EqualsIgnoreCase(words[0], "no") && EqualsIgnoreCase(words[1], "one")) return {};
  const auto port = ParseInteger(words[1]);
  if (!port || *port < 0 || *port > 65535) return Refuse("Invalid master port");
  return {.text = Join(words)};
}

OptionValue ParseHz(std::span<const std::string> words, std::string_view) {
  const auto hz = ParseInteger(words[0]);
  if (!hz) return Refuse("argument couldn't be parsed into an integer");
  if (*hz < 0 || *hz > std::numeric_limits<int32_t>::max()) {
    return Refuse("argument must be between 0 and 2147483647 inclusive");
  }
  const int64_t held = std::clamp<int64_t>(*hz, 1, 500);
  return {.text = std::to_string(held), .number = held};
}

OptionValue ParseAnyWords(std::span<const std::string> words, std::string_view) {
  return {.text = Join(words)};
}

OptionValue ParseFolder(std::span<const std::string> words, std::string_view) {
  if (words.size() != 1) return Refuse("wrong number of arguments");
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::canonical(words[0], error);
  if (!error && !std::filesystem::is_directory(folder, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) return Refuse(error.message());
  return {.text = folder.string(), .written = words[0]};
}

OptionValue ParseFileName(std::span<const std::string> words, std::string_view) {
  if (words.size() != 1) return Refuse("wrong number of arguments");
  if (words[0].find('/') != std::string::npos) {
    return Refuse("argument can't be a path, just a filename");
  }
  return {.text = words[0]};
}

}  // namespace larder
