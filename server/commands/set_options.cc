#include "server/commands/set_options.h"

#include <algorithm>

#include "server/command.h"
#include "server/commands/tag_arguments.h"
#include "server/errors.h"
#include "storage/numbers.h"

namespace larder {
namespace {

constexpr size_t kFirstOption = 3;

bool IsOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view one) { return EqualsIgnoreCase(word, one); });
}

// The words that the option at `at` consists of. All that are left where it cannot be told: the
// handler will refuse.
size_t WordsOfOption(std::span<const std::string_view> args, size_t at) {
  constexpr std::string_view kWithOperand[] = {"EX",   "PX",    "EXAT",  "PXAT", "IFEQ",
                                               "IFNE", "IFDEQ", "IFDNE", "SWR",  "SIE",
                                               "NEG",  "COST",  "LEASE"};
  const size_t left = args.size() - at;
  if (IsOneOf(args[at], kWithOperand)) return std::min<size_t>(2, left);
  if (!EqualsIgnoreCase(args[at], "TAGS")) return 1;
  if (left < 2) return left;
  const int64_t tags = storage::ParseInteger(args[at + 1]).value_or(-1);
  const bool told = tags >= 0 && static_cast<uint64_t>(tags) <= left - 2;
  return told ? 2 + static_cast<size_t>(tags) : left;
}

}  // namespace

bool MatchExistence(ArgReader& args, Existence* existence) {
  const Existence before = *existence;
  if (before != Existence::kPresent && args.Match("NX")) {
    *existence = Existence::kMissing;
    return true;
  }
  if (before != Existence::kMissing && args.Match("XX")) {
    *existence = Existence::kPresent;
    return true;
  }
  return false;
}

Status ParseSetOptions(ArgReader& args, SetArguments* options) {
  while (args.HasMore()) {
    const bool conditional = options->condition.kind != StringCondition::Kind::kNone;
    if (args.Match("GET")) {
      options->get = true;
    } else if (!conditional && MatchExistence(args, &options->existence)) {
      continue;
    } else if (!conditional && options->existence == Existence::kAny &&
               options->condition.Match(args)) {
      continue;
    } else if (options->expiry.Match(args, ExpiryOption::Kind::kKeepTtl)) {
      continue;
    } else if (options->tags.empty() && args.Match("TAGS")) {
      options->tags = NextTags(args);
    } else if (!options->cache.Match(args)) {
      return Error(errors::kSyntax);
    }
    if (args.failed()) return args.status();
  }
  if (options->get && options->cache.lease) return Error(errors::kGetWithLease);
  return Ok();
}

uint16_t KeyFlagsOfSet(std::span<const std::string_view> args) {
  constexpr std::string_view kReading[] = {"GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"};
  bool reads = false;
  for (size_t at = kFirstOption; at < args.size(); at += WordsOfOption(args, at)) {
    reads |= IsOneOf(args[at], kReading);
  }
  return reads ? KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate
               : KeyFlag::kOW | KeyFlag::kUpdate;
}

void FindTagsOfSet(std::span<const std::string_view> args, std::vector<int>* positions) {
  size_t words = 0;
  for (size_t at = kFirstOption; at < args.size(); at += words) {
    words = WordsOfOption(args, at);
    if (!EqualsIgnoreCase(args[at], "TAGS")) continue;
    for (size_t tag = at + 2; tag < at + words; ++tag) positions->push_back(static_cast<int>(tag));
  }
}

}  // namespace larder
