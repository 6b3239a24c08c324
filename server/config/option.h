#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/live_options.h"

// One row per option: the one place for its name, type, default, bounds and documentation.
// CONFIG GET and SET, the configuration file, conf/larder.conf, --help and the command line all
// read it. The rows are in options_*.cc, by noun.

namespace larder {

enum class OptionType {
  kBool,             // yes or no
  kInteger,          // from min to max
  kOctal,            // a file mode
  kMemory,           // bytes with a unit
  kMemoryOrPercent,  // bytes with a unit, or "10%" (held as -10)
  kEnum,             // one of `names`
  kFlags,            // any of `names`, separated by blanks
  kString,
  kWords,  // several words, checked by `parse`
};

enum OptionFlag : uint32_t {
  kImmutable = 1 << 0,   // refused by CONFIG SET
  kProtected = 1 << 1,   // CONFIG SET only where enable-protected-configs lets the client
  kSecret = 1 << 2,      // never logged
  kNoEffect = 1 << 3,    // known by name and kept, but nothing reads it: a warning says so
  kNotListed = 1 << 4,   // unknown to CONFIG: only a file or the command line can have it
  kHidden = 1 << 5,      // answered by CONFIG GET only under its exact name
  kKeepLines = 1 << 6,   // its lines are kept as they are: OptionStore::KeptLines
  kNamesFile = 1 << 7,   // CONFIG SET to the value that it has already reads the file anew
  kReadByName = 1 << 8,  // a number that is read seldom: OptionStore::Number
};

struct OptionName {
  std::string_view name;
  int64_t value;
};

// What a text was understood as.
struct OptionValue {
  std::string text;              // as CONFIG GET answers it
  std::string written;           // as a file has it, where that differs ("auto"); else empty
  int64_t number = 0;            // bool, integer, memory, enum, flags
  std::vector<int64_t> numbers;  // what `publish` needs
  std::string error;             // not empty: refused, and why
};

struct Option {
  std::string_view name;
  std::string_view alias = {};  // another name for the same value
  OptionType type = OptionType::kString;
  std::string_view value = {};  // the default, as a file has it
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  // Not 0: a file may have several lines of this option, of so many words each, which add up.
  size_t words_per_line = 0;
  std::string_view unit = {};
  std::span<const OptionName> names = {};
  uint32_t flags = 0;
  // Not empty: any value but the default refuses to start and is refused by CONFIG SET, as
  // silently ignoring it would be worse. Says why.
  std::string_view refused = {};
  std::string_view documentation = {};  // one line
  LiveValue LiveOptions::*live = nullptr;
  // What "auto" stands for; null where that is no value.
  int64_t (*automatic)() = nullptr;
  // Checks and normalises the words of a kWords option; `current` is what CONFIG GET answers now.
  OptionValue (*parse)(std::span<const std::string> words, std::string_view current) = nullptr;
  // Copies the numbers of a kWords option to where they are read.
  void (*publish)(LiveOptions& live, const OptionValue& value) = nullptr;

  bool Has(OptionFlag flag) const { return (flags & flag) != 0; }
  // Whether a blank separates values: CONFIG SET and files split them.
  bool TakesWords() const { return type == OptionType::kWords || type == OptionType::kFlags; }
};

struct OptionGroup {
  std::string_view title;
  std::span<const Option> options;
};

// Every option, grouped, in the order in which they are documented.
std::span<const OptionGroup> OptionGroups();

// Splits at blanks; no empty words.
std::vector<std::string> SplitWords(std::string_view text);

// Understands `words` as a value of `option`. Errors have Redis's texts.
OptionValue ParseOption(const Option& option, std::span<const std::string> words,
                        std::string_view current);

// The words that a text stands for, as ParseOption takes them: those between blanks for an option
// of several words, else the text itself.
std::vector<std::string> OptionWords(const Option& option, std::string_view text);

// The default.
OptionValue DefaultValue(const Option& option);

// Whether two values are the same, "auto" counting as one whatever it stands for today.
bool SameValue(const OptionValue& a, const OptionValue& b);

// What the option takes, for people: "an integer from 0 to 65535", "yes or no".
std::string AllowedValues(const Option& option);

}  // namespace larder
