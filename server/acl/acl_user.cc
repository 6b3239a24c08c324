#include "server/acl/acl_user.h"

#include <algorithm>

#include "server/letter_case.h"
#include "storage/glob.h"

namespace larder {
namespace {

constexpr AclDecision kAllowed{};

std::string WithPermissions(const AclKeyPattern& key) {
  switch (key.permissions) {
    case AclPermission::kRead:
      return "%R~" + key.pattern;
    case AclPermission::kWrite:
      return "%W~" + key.pattern;
    default:
      return "~" + key.pattern;
  }
}

void AppendWord(std::string* text, std::string_view word) {
  if (!text->empty()) *text += ' ';
  *text += word;
}

}  // namespace

bool AclSelector::AllowsCommand(const AclRequest& request) const {
  if (all_commands || request.for_everybody) return true;
  const auto index = static_cast<size_t>(request.command);
  if (index < commands.size() && commands[index]) return true;
  const auto found = first_arguments.find(request.command);
  if (found == first_arguments.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const std::string& argument) {
    return EqualsIgnoreCase(argument, request.name_after);
  });
}

bool AclSelector::AllowsKey(std::string_view key, uint8_t needs) const {
  return std::any_of(keys.begin(), keys.end(), [&](const AclKeyPattern& allowed) {
    return (allowed.permissions & needs) == needs && storage::GlobMatch(allowed.pattern, key);
  });
}

bool AclSelector::AllowsChannel(std::string_view channel, bool is_pattern) const {
  if (all_channels) return true;
  // A pattern to listen to must be among the allowed ones as it is: no pattern can be held to
  // another.
  return std::any_of(channels.begin(), channels.end(), [&](const std::string& allowed) {
    return is_pattern ? allowed == channel : storage::GlobMatch(allowed, channel);
  });
}

bool AclSelector::AllowsEveryKey(uint8_t needs) const {
  return all_keys || std::any_of(keys.begin(), keys.end(), [&](const AclKeyPattern& allowed) {
           return (allowed.permissions & needs) == needs && allowed.pattern == "*";
         });
}

AclDecision AclSelector::Check(const AclRequest& request) const {
  if (!AllowsCommand(request)) return {AclVerdict::kCommand, 0};
  if (!all_keys) {
    for (const AclKeyUse& use : request.keys) {
      if (!AllowsKey(request.args[static_cast<size_t>(use.position)], use.needs)) {
        return {AclVerdict::kKey, use.position};
      }
    }
  }
  if (all_channels || request.channel_use == AclChannelUse::kNone) return kAllowed;
  const bool patterns = request.channel_use == AclChannelUse::kPatterns;
  for (size_t i = 0; i < request.channels; ++i) {
    const size_t position = request.first_channel + i;
    if (!AllowsChannel(request.args[position], patterns)) {
      return {AclVerdict::kChannel, static_cast<int>(position)};
    }
  }
  return kAllowed;
}

std::string AclSelector::DescribeCommands() const {
  std::string text = future_commands ? "+@all" : "-@all";
  for (const std::string& rule : command_rules) AppendWord(&text, rule);
  return text;
}

std::string AclSelector::DescribeKeys() const {
  if (all_keys) return "~*";
  std::string text;
  for (const AclKeyPattern& key : keys) AppendWord(&text, WithPermissions(key));
  return text;
}

std::string AclSelector::DescribeChannels() const {
  if (all_channels) return "&*";
  std::string text;
  for (const std::string& channel : channels) AppendWord(&text, "&" + channel);
  return text;
}

std::string AclSelector::Describe() const {
  std::string text = DescribeKeys();
  if (!all_channels) AppendWord(&text, "resetchannels");
  if (all_channels || !channels.empty()) AppendWord(&text, DescribeChannels());
  AppendWord(&text, DescribeCommands());
  return text;
}

bool AclUser::unrestricted() const {
  return root.everything() ||
         std::any_of(selectors.begin(), selectors.end(),
                     [](const AclSelector& selector) { return selector.everything(); });
}

bool AclUser::looks_at_keys() const {
  return !root.all_keys || std::any_of(selectors.begin(), selectors.end(),
                                       [](const AclSelector& each) { return !each.all_keys; });
}

AclDecision AclUser::Check(const AclRequest& request) const {
  AclDecision told = root.Check(request);
  if (told.allowed()) return told;
  for (const AclSelector& selector : selectors) {
    const AclDecision decision = selector.Check(request);
    if (decision.allowed()) return decision;
    // The denial that came furthest: of a key rather than of the command, of a later key.
    if (decision.verdict > told.verdict ||
        (decision.verdict == told.verdict && decision.position > told.position)) {
      told = decision;
    }
  }
  return told;
}

bool AclUser::AllowsChannel(std::string_view channel, bool is_pattern) const {
  return root.AllowsChannel(channel, is_pattern) ||
         std::any_of(selectors.begin(), selectors.end(), [&](const AclSelector& selector) {
           return selector.AllowsChannel(channel, is_pattern);
         });
}

bool AclUser::AllowsEveryKey(const AclRequest& request, uint8_t needs) const {
  const auto allows = [&](const AclSelector& selector) {
    return selector.AllowsEveryKey(needs) && selector.Check(request).allowed();
  };
  return allows(root) || std::any_of(selectors.begin(), selectors.end(), allows);
}

std::vector<std::string_view> AclUser::FlagNames() const {
  std::vector<std::string_view> names{enabled ? "on" : "off"};
  if (no_password) names.push_back("nopass");
  names.push_back(sanitize_payload ? "sanitize-payload" : "skip-sanitize-payload");
  return names;
}

std::string AclUser::Describe() const {
  std::string text;
  for (const std::string_view flag : FlagNames()) AppendWord(&text, flag);
  for (const std::string& password : passwords) AppendWord(&text, "#" + password);
  AppendWord(&text, root.Describe());
  for (const AclSelector& selector : selectors) AppendWord(&text, "(" + selector.Describe() + ")");
  return text;
}

}  // namespace larder
