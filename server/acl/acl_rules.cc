#include "server/acl/acl_rules.h"

#include <algorithm>

#include "protocol/inline_split.h"
#include "server/acl/acl_categories.h"
#include "server/acl/acl_password.h"
#include "server/letter_case.h"

namespace larder {
namespace {

// Keeps what describes the commands: a rule replaces an earlier one on the same command or
// category, and those on its subcommands.
void KeepCommandRule(AclSelector* selector, std::string_view rule, bool allow) {
  const std::string name = LowerCase(rule);
  std::erase_if(selector->command_rules, [&](const std::string& earlier) {
    const std::string_view other = std::string_view(earlier).substr(1);
    return other.starts_with(name) && (other.size() == name.size() || other[name.size()] == '|');
  });
  selector->command_rules.push_back((allow ? "+" : "-") + name);
}

// "~pattern" or "%RW~pattern".
AclRuleError AddKeyPattern(AclSelector* selector, std::string_view rule) {
  if (selector->all_keys) return AclRuleError::kKeysAreAll;
  uint8_t permissions = rule[0] == '~' ? AclPermission::kAll : 0;
  size_t start = 1;
  if (rule[0] == '%') {
    for (; start < rule.size() && rule[start] != '~'; ++start) {
      const char letter = static_cast<char>(rule[start] & ~0x20);
      const uint8_t permission = letter == 'R'   ? AclPermission::kRead
                                 : letter == 'W' ? AclPermission::kWrite
                                                 : 0;
      if (permission == 0 || (permissions & permission) != 0) return AclRuleError::kSyntax;
      permissions |= permission;
    }
    ++start;
  }
  if (permissions == 0) return AclRuleError::kSyntax;
  const std::string_view pattern = rule.substr(std::min(start, rule.size()));
  if (HasBlankOrZero(pattern)) return AclRuleError::kSyntax;
  const auto same = std::find_if(selector->keys.begin(), selector->keys.end(),
                                 [&](const AclKeyPattern& key) { return key.pattern == pattern; });
  if (same != selector->keys.end()) {
    same->permissions |= permissions;
    return AclRuleError::kNone;
  }
  if (selector->keys.size() >= kAclPatternsMax) return AclRuleError::kTooMany;
  selector->keys.push_back({std::string(pattern), permissions});
  return AclRuleError::kNone;
}

AclRuleError AddChannel(AclSelector* selector, std::string_view pattern) {
  if (selector->all_channels) return AclRuleError::kChannelsAreAll;
  if (HasBlankOrZero(pattern)) return AclRuleError::kSyntax;
  auto& channels = selector->channels;
  if (std::find(channels.begin(), channels.end(), pattern) != channels.end()) {
    return AclRuleError::kNone;
  }
  if (channels.size() >= kAclPatternsMax) return AclRuleError::kTooMany;
  channels.emplace_back(pattern);
  return AclRuleError::kNone;
}

AclRuleError AddFirstArgument(AclSelector* selector, int command, std::string_view argument) {
  auto& arguments = selector->first_arguments[command];
  if (std::any_of(arguments.begin(), arguments.end(),
                  [&](const std::string& known) { return EqualsIgnoreCase(known, argument); })) {
    return AclRuleError::kNone;
  }
  if (arguments.size() >= kAclFirstArgumentsMax) return AclRuleError::kTooMany;
  arguments.emplace_back(argument);
  return AclRuleError::kNone;
}

}  // namespace

std::string_view AclRuleErrorText(AclRuleError error) {
  switch (error) {
    case AclRuleError::kNone:
    case AclRuleError::kSyntax:
      break;
    case AclRuleError::kUnknownCommand:
      return "Unknown command or category name in ACL";
    case AclRuleError::kKeysAreAll:
      return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
             "not have any effect. Try 'resetkeys' to start with an empty list of patterns";
    case AclRuleError::kChannelsAreAll:
      return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
             "does not have any effect. Try 'resetchannels' to start with an empty list of "
             "channels";
    case AclRuleError::kNoSuchPassword:
      return "The password you are trying to remove from the user does not exist";
    case AclRuleError::kBadPasswordHash:
      return "The password hash must be exactly 64 characters and contain only lowercase "
             "hexadecimal characters";
    case AclRuleError::kFirstArgumentOfSubcommand:
      return "Allowing first-arg of a subcommand is not supported";
    case AclRuleError::kTooMany:
      return "More patterns, passwords or selectors than a user may have";
  }
  return "Syntax error";
}

bool HasBlankOrZero(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\0' || protocol::IsBlank(c); });
}

std::optional<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words,
                                                      size_t* unclosed) {
  std::vector<std::string> joined;
  std::optional<size_t> open;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (open) {
      joined.back().append(" ").append(word);
      if (word.ends_with(')')) open.reset();
      continue;
    }
    joined.emplace_back(word);
    if (word.starts_with('(') && !word.ends_with(')')) open = i;
  }
  if (!open) return joined;
  *unclosed = *open;
  return std::nullopt;
}

AclSelector AclRules::NewSelector(Defaults defaults) const {
  AclSelector selector;
  selector.all_channels = defaults.all_channels;
  selector.commands.resize(commands_.size());
  return selector;
}

AclUser AclRules::NewUser(std::string_view name, Defaults defaults) const {
  AclUser user;
  user.name = name;
  user.root = NewSelector(defaults);
  return user;
}

AclUser AclRules::DefaultUser() const {
  AclUser user = NewUser("default", {.all_channels = true});
  user.enabled = user.no_password = true;
  user.root.all_keys = true;
  SetAllCommands(&user.root, true);
  return user;
}

// ---- of the whole user

AclRuleError AclRules::Apply(AclUser* user, std::string_view rule, Defaults defaults) const {
  if (rule.empty() || ApplyFlag(user, rule, defaults)) return AclRuleError::kNone;
  constexpr std::string_view kPasswordSigns = "><#!";
  if (kPasswordSigns.find(rule[0]) != std::string_view::npos) return ApplyPassword(user, rule);
  if (rule.size() > 1 && rule.front() == '(' && rule.back() == ')') {
    return AddSelector(user, rule.substr(1, rule.size() - 2), defaults);
  }
  return ApplyTo(&user->root, rule);
}

bool AclRules::ApplyFlag(AclUser* user, std::string_view rule, Defaults defaults) const {
  if (EqualsIgnoreCase(rule, "on")) {
    user->enabled = true;
  } else if (EqualsIgnoreCase(rule, "off")) {
    user->enabled = false;
  } else if (EqualsIgnoreCase(rule, "nopass")) {
    user->no_password = true;
    user->passwords.clear();
  } else if (EqualsIgnoreCase(rule, "resetpass")) {
    user->no_password = false;
    user->passwords.clear();
  } else if (EqualsIgnoreCase(rule, "sanitize-payload")) {
    user->sanitize_payload = true;
  } else if (EqualsIgnoreCase(rule, "skip-sanitize-payload")) {
    user->sanitize_payload = false;
  } else if (EqualsIgnoreCase(rule, "clearselectors")) {
    user->selectors.clear();
  } else if (EqualsIgnoreCase(rule, "reset")) {
    const uint64_t id = user->id;
    *user = NewUser(std::string(user->name), defaults);
    user->id = id;
  } else {
    return false;
  }
  return true;
}

AclRuleError AclRules::ApplyPassword(AclUser* user, std::string_view rule) const {
  const std::string_view given = rule.substr(1);
  const bool is_hash = rule[0] == '#' || rule[0] == '!';
  if (is_hash && !IsPasswordHash(given)) return AclRuleError::kBadPasswordHash;
  const std::string hash = is_hash ? std::string(given) : HashPassword(given);
  auto& passwords = user->passwords;
  const auto known = std::find(passwords.begin(), passwords.end(), hash);
  if (rule[0] == '<' || rule[0] == '!') {
    if (known == passwords.end()) return AclRuleError::kNoSuchPassword;
    passwords.erase(known);
    return AclRuleError::kNone;
  }
  if (known == passwords.end()) {
    if (passwords.size() >= kAclPasswordsMax) return AclRuleError::kTooMany;
    passwords.push_back(hash);
  }
  user->no_password = false;
  return AclRuleError::kNone;
}

AclRuleError AclRules::AddSelector(AclUser* user, std::string_view rules, Defaults defaults) const {
  if (user->selectors.size() >= kAclSelectorsMax) return AclRuleError::kTooMany;
  std::vector<std::string> words;
  // As in Redis, quotes that do not balance make a selector without any right.
  if (!protocol::SplitWords(rules, &words)) words.clear();
  AclSelector selector = NewSelector(defaults);
  for (const std::string& word : words) {
    const AclRuleError error = word.empty() ? AclRuleError::kSyntax : ApplyTo(&selector, word);
    if (error != AclRuleError::kNone) return error;
  }
  user->selectors.push_back(std::move(selector));
  return AclRuleError::kNone;
}

// ---- of one selector

AclRuleError AclRules::ApplyTo(AclSelector* selector, std::string_view rule) const {
  if (ApplyWord(selector, rule)) return AclRuleError::kNone;
  const char sign = rule[0];
  if (sign == '~' || sign == '%') return AddKeyPattern(selector, rule);
  if (sign == '&') return AddChannel(selector, rule.substr(1));
  if (sign != '+' && sign != '-') return AclRuleError::kSyntax;
  const std::string_view name = rule.substr(1);
  if (name.starts_with('@')) return SetCategory(selector, name, sign == '+');
  return sign == '+' ? AllowCommand(selector, name) : DenyCommand(selector, name);
}

bool AclRules::ApplyWord(AclSelector* selector, std::string_view rule) const {
  if (EqualsIgnoreCase(rule, "allkeys") || rule == "~*") {
    selector->all_keys = true;
    selector->keys.clear();
  } else if (EqualsIgnoreCase(rule, "resetkeys")) {
    selector->all_keys = false;
    selector->keys.clear();
  } else if (EqualsIgnoreCase(rule, "allchannels") || rule == "&*") {
    selector->all_channels = true;
    selector->channels.clear();
  } else if (EqualsIgnoreCase(rule, "resetchannels")) {
    selector->all_channels = false;
    selector->channels.clear();
  } else if (EqualsIgnoreCase(rule, "allcommands") || EqualsIgnoreCase(rule, "+@all")) {
    SetAllCommands(selector, true);
  } else if (EqualsIgnoreCase(rule, "nocommands") || EqualsIgnoreCase(rule, "-@all")) {
    SetAllCommands(selector, false);
  } else {
    return false;
  }
  return true;
}

void AclRules::SetAllCommands(AclSelector* selector, bool allow) const {
  selector->commands.assign(commands_.size(), allow);
  selector->all_commands = selector->future_commands = allow;
  selector->first_arguments.clear();
  selector->command_rules.clear();
}

// With its subcommands.
void AclRules::SetCommand(AclSelector* selector, int command, bool allow) const {
  const int last = command + commands_.at(command).subcommands;
  for (int i = command; i <= last; ++i) selector->commands[static_cast<size_t>(i)] = allow;
  selector->first_arguments.erase(command);
  if (!allow) selector->all_commands = false;
}

AclRuleError AclRules::AllowCommand(AclSelector* selector, std::string_view name) const {
  const size_t bar = name.rfind('|');
  int command = commands_.Find(name);
  if (bar != std::string_view::npos) {
    const int container = commands_.Find(name.substr(0, bar));
    if (container < 0) return AclRuleError::kUnknownCommand;
    if (commands_.at(container).parent >= 0) return AclRuleError::kFirstArgumentOfSubcommand;
    const std::string_view argument = name.substr(bar + 1);
    if (argument.empty()) return AclRuleError::kSyntax;
    if (commands_.at(container).subcommands == 0) {
      const AclRuleError error = AddFirstArgument(selector, container, argument);
      if (error == AclRuleError::kNone) KeepCommandRule(selector, name, true);
      return error;
    }
  }
  if (command < 0) return AclRuleError::kUnknownCommand;
  SetCommand(selector, command, true);
  KeepCommandRule(selector, name, true);
  return AclRuleError::kNone;
}

AclRuleError AclRules::DenyCommand(AclSelector* selector, std::string_view name) const {
  const int command = commands_.Find(name);
  if (command < 0) return AclRuleError::kUnknownCommand;
  SetCommand(selector, command, false);
  KeepCommandRule(selector, name, false);
  return AclRuleError::kNone;
}

// `name` with its @.
AclRuleError AclRules::SetCategory(AclSelector* selector, std::string_view name, bool allow) const {
  const auto category = FindAclCategory(name.substr(1));
  if (!category) return AclRuleError::kUnknownCommand;
  const uint64_t bit = uint64_t{1} << *category;
  for (size_t i = 0; i < commands_.size(); ++i) {
    const int command = static_cast<int>(i);
    if ((commands_.at(command).categories & bit) != 0) SetCommand(selector, command, allow);
  }
  KeepCommandRule(selector, name, allow);
  return AclRuleError::kNone;
}

}  // namespace larder
