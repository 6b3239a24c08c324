#include "server/redaction.h"

#include <algorithm>

#include "server/config/option_lookup.h"
#include "server/letter_case.h"

namespace larder {
namespace {

constexpr std::string_view kRedacted = "(redacted)";
using Arguments = std::vector<std::string_view>;

void HideFrom(Arguments& args, size_t first, size_t count) {
  const size_t begin = std::min(first, args.size());
  const size_t end = begin + std::min(count, args.size() - begin);
  std::fill(args.begin() + static_cast<std::ptrdiff_t>(begin),
            args.begin() + static_cast<std::ptrdiff_t>(end), kRedacted);
}

void HidePassword(Arguments& args) { HideFrom(args, 1, args.size()); }

void HideRules(Arguments& args) { HideFrom(args, 2, args.size()); }

void HideGreeting(Arguments& args) {
  for (size_t i = 2; i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "AUTH")) return HideFrom(args, i + 1, 2);
    if (EqualsIgnoreCase(args[i], "SETNAME")) ++i;
  }
}

void HideTargetsPassword(Arguments& args) {
  constexpr size_t kFirstOption = 6;
  for (size_t i = kFirstOption; i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "KEYS")) return;
    if (EqualsIgnoreCase(args[i], "AUTH")) HideFrom(args, ++i, 1);
    if (i < args.size() && EqualsIgnoreCase(args[i], "AUTH2")) {
      HideFrom(args, i + 1, 2);
      i += 2;
    }
  }
}

void HideSecretOptions(Arguments& args) {
  for (size_t i = 2; i + 1 < args.size(); i += 2) {
    const Option* option = FindOption(args[i]);
    if (option != nullptr && option->Has(kSecret)) args[i + 1] = kRedacted;
  }
}

struct Rule {
  std::string_view command;
  void (*hide)(Arguments& args);
};

constexpr Rule kRules[] = {
    {"acl|setuser", HideRules}, {"auth", HidePassword},           {"config|set", HideSecretOptions},
    {"hello", HideGreeting},    {"migrate", HideTargetsPassword},
};

}  // namespace

Arguments Redacted(const CommandInfo& info, std::span<const std::string_view> args) {
  Arguments shown(args.begin(), args.end());
  for (const Rule& rule : kRules) {
    if (info.full_name == rule.command) rule.hide(shown);
  }
  return shown;
}

}  // namespace larder
