#include "server/acl/acl_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/errors.h"
#include "server/session.h"

namespace larder {
namespace {

uint8_t NeedsOf(uint16_t key_flags) {
  uint8_t needs = 0;
  if ((key_flags & KeyFlag::kAccess) != 0) needs |= AclPermission::kRead;
  if ((key_flags & (KeyFlag::kInsert | KeyFlag::kDelete | KeyFlag::kUpdate)) != 0) {
    needs |= AclPermission::kWrite;
  }
  return needs;
}

// What a row says of a request but for its keys.
AclRequest RequestOf(const CommandInfo& info, std::span<const std::string_view> args) {
  AclRequest request{.command = info.index, .args = args};
  request.for_everybody = (info.flags & Flag::kNoAuth) != 0;
  const size_t name_words = info.container == nullptr ? 1 : 2;
  if (args.size() > name_words) request.name_after = args[name_words];
  switch (info.spec->channels) {
    case ChannelArguments::kNone:
      break;
    case ChannelArguments::kFirst:
      request.channel_use = AclChannelUse::kChannels;
      request.channels = 1;
      break;
    case ChannelArguments::kAll:
    case ChannelArguments::kAllPatterns:
      request.channel_use = info.spec->channels == ChannelArguments::kAll
                                ? AclChannelUse::kChannels
                                : AclChannelUse::kPatterns;
      request.channels = args.size();
      break;
  }
  request.first_channel = name_words;
  const size_t given = args.size() - std::min(args.size(), name_words);
  request.channels = std::min(request.channels, given);
  return request;
}

std::vector<AclKeyUse> KeysOf(const CommandInfo& info, std::span<const std::string_view> args) {
  std::vector<AclKeyUse> keys;
  // Where the keys cannot be told the handler refuses.
  if (!Dispatcher::ArityFits(info, args.size())) return keys;
  std::vector<KeyUse> uses;
  if (!CommandTable::KeyUses(info, args, &uses)) return keys;
  keys.reserve(uses.size());
  for (const KeyUse& use : uses) keys.push_back({use.position, NeedsOf(use.flags)});
  if (info.spec->find_tags == nullptr) return keys;
  std::vector<int> tags;
  info.spec->find_tags(args, &tags);
  const bool writes = (info.flags & Flag::kWrite) != 0;
  const uint8_t needs = writes ? AclPermission::kWrite : AclPermission::kRead;
  for (const int position : tags) keys.push_back({position, needs});
  return keys;
}

}  // namespace

AclDecision CheckAcl(const AclUser& user, const CommandInfo& info,
                     std::span<const std::string_view> args) {
  AclRequest request = RequestOf(info, args);
  if (!user.looks_at_keys()) return user.Check(request);
  if (info.single_key && args.size() > 1 && info.spec->find_key_flags == nullptr &&
      info.spec->find_tags == nullptr) {
    const AclKeyUse key{1, NeedsOf(info.spec->keys[0].flags)};
    request.keys = {&key, 1};
    return user.Check(request);
  }
  const std::vector<AclKeyUse> keys = KeysOf(info, args);
  request.keys = keys;
  return user.Check(request);
}

bool MayWriteKey(const AclUser& user, const CommandInfo& info, std::string_view key) {
  const std::string_view args[] = {info.spec->name, key};
  const AclKeyUse use{1, AclPermission::kWrite};
  return user.Check({.command = info.index, .args = args, .keys = {&use, 1}}).allowed();
}

bool MayReadEveryKey(const AclUser& user, const CommandInfo& info,
                     std::span<const std::string_view> args) {
  AclRequest request = RequestOf(info, args);
  const std::vector<AclKeyUse> keys = KeysOf(info, args);
  request.keys = keys;
  return user.AllowsEveryKey(request, AclPermission::kRead);
}

std::string AclRefusal(const AclUser& user, const CommandInfo& info,
                       std::span<const std::string_view> args, const AclDecision& decision,
                       bool verbose) {
  const auto position = static_cast<size_t>(decision.position);
  switch (decision.verdict) {
    case AclVerdict::kAllowed:
      break;
    case AclVerdict::kCommand:
      return errors::AclDeniesCommand(user.name, info.full_name);
    case AclVerdict::kKey:
      return verbose ? errors::AclDeniesKey(user.name, args[position])
                     : std::string(errors::kAclDeniesKey);
    case AclVerdict::kChannel:
      return verbose ? errors::AclDeniesChannel(user.name, args[position])
                     : std::string(errors::kAclDeniesChannel);
  }
  return {};
}

static void Log(Engine& engine, ClientRecord& client, std::string_view user, AclReason reason,
                AclContext context, std::string_view object) {
  AclLogEntry entry;
  entry.reason = reason;
  entry.context = context;
  entry.object = object.substr(0, AclLog::kTextBytesMax);
  entry.user = user.substr(0, AclLog::kTextBytesMax);
  entry.client = ClientLine(client, engine.clock.SteadyMicros());
  entry.created_unix_ms = engine.clock.UnixMicros() / 1000;
  engine.acl.log.Add(std::move(entry), static_cast<size_t>(engine.options.acllog_max_len.Get()));
}

void LogAclRefusal(Engine& engine, Session& session, std::string_view user, AclReason reason,
                   AclContext context, std::string_view object) {
  Log(engine, *session.record, user, reason, context, object);
}

void LogAclRefusal(Engine& engine, ClientRecord& client, std::string_view user,
                   const CommandInfo& info, std::span<const std::string_view> args,
                   const AclDecision& decision, AclContext context) {
  AclReason reason = AclReason::kCommand;
  std::string_view object = info.full_name;
  if (decision.verdict != AclVerdict::kCommand) {
    reason = decision.verdict == AclVerdict::kKey ? AclReason::kKey : AclReason::kChannel;
    object = args[static_cast<size_t>(decision.position)];
  }
  Log(engine, client, user, reason, context, object);
}

void LogAclRefusal(Engine& engine, Session& session, const CommandInfo& info,
                   std::span<const std::string_view> args, const AclDecision& decision,
                   AclContext context) {
  LogAclRefusal(engine, *session.record, session.user == nullptr ? "" : session.user->name, info,
                args, decision, context);
}

}  // namespace larder
