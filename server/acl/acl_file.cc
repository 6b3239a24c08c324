#include "server/acl/acl_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace larder {
namespace {

// Between single blanks, empty words too: patterns may have quotes, so quotes mean nothing here.
std::vector<std::string_view> SplitAtBlanks(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end + 1);
  }
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Applies the rules of one line; returns what is wrong with them.
std::string ApplyRules(std::span<const std::string_view> words, const std::string& place,
                       const AclRules& rules, AclRules::Defaults defaults, AclUser* user) {
  size_t unclosed = 0;
  const auto joined = JoinSelectors(words, &unclosed);
  if (!joined) return place + ": Unmatched parenthesis in selector definition.";
  std::string errors;
  bool told = false;
  for (const std::string& rule : *joined) {
    const AclRuleError error = rules.Apply(user, Trim(rule), defaults);
    if (error == AclRuleError::kNone) continue;
    // A rule with a wrong command is no secret; of the others, which may hold a password, only the
    // first is told, and not shown.
    if (error == AclRuleError::kUnknownCommand) {
      errors += fmt::format("{}: Error in applying operation '{}': {}. ", place, rule,
                            AclRuleErrorText(error));
    } else if (!told) {
      errors += fmt::format("{}: {}. ", place, AclRuleErrorText(error));
      told = true;
    }
  }
  return errors;
}

std::string ParseLine(std::string_view line, const std::string& path, int number,
                      const AclRules& rules, AclRules::Defaults defaults,
                      std::vector<AclUser>* users) {
  const std::string place = fmt::format("{}:{}", path, number);
  const std::vector<std::string_view> words = SplitAtBlanks(line);
  if (words[0] != "user" || words.size() < 2) {
    return place + " should start with user keyword followed by the username. ";
  }
  const std::string_view name = words[1];
  if (HasBlankOrZero(name)) {
    return fmt::format("'{}: username '{}' contains invalid characters. ", place, name);
  }
  const bool known = std::any_of(users->begin(), users->end(),
                                 [&](const AclUser& user) { return user.name == name; });
  if (known) {
    return fmt::format("WARNING: Duplicate user '{}' found on line {}. ", name, number);
  }
  users->push_back(rules.NewUser(name, defaults));
  return ApplyRules(std::span(words).subspan(2), place, rules, defaults, &users->back());
}

}  // namespace

Outcome ParseAclFile(std::string_view text, const std::string& path, const AclRules& rules,
                     AclRules::Defaults defaults, std::vector<AclUser>* users) {
  std::string errors;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty()) errors += ParseLine(line, path, number, rules, defaults, users);
  }
  if (errors.empty()) return Outcome::Ok();
  return Outcome::Failed(errors +
                         "WARNING: ACL errors detected, no change to the previously active ACL "
                         "rules was performed");
}

std::string WriteAclFile(std::span<const AclUserPointer> users) {
  std::string text;
  for (const AclUserPointer& user : users) {
    text += fmt::format("user {} {}\n", user->name, user->Describe());
  }
  return text;
}

Outcome ParseUserLine(std::span<const std::string> words, const AclRules& rules,
                      AclRules::Defaults defaults, AclUser* user) {
  if (words.empty()) return Outcome::Failed("user: a name is missing");
  if (HasBlankOrZero(words[0])) return Outcome::Failed("Spaces not allowed in ACL usernames");
  *user = rules.NewUser(words[0], defaults);
  const std::vector<std::string_view> given(words.begin() + 1, words.end());
  size_t unclosed = 0;
  const auto joined = JoinSelectors(given, &unclosed);
  if (!joined) {
    return Outcome::Failed(
        fmt::format("user {}: Unmatched parenthesis in acl selector starting "
                    "at '{}'.",
                    words[0], given[unclosed]));
  }
  for (const std::string& rule : *joined) {
    const AclRuleError error = rules.Apply(user, rule, defaults);
    if (error == AclRuleError::kNone) continue;
    const bool secret = !rule.empty() && (rule[0] == '>' || rule[0] == '<');
    return Outcome::Failed(fmt::format("Error while parsing ACL rule '{}' in the user '{}': {}",
                                       secret ? "(not shown)" : rule, words[0],
                                       AclRuleErrorText(error)));
  }
  return Outcome::Ok();
}

}  // namespace larder
