// A user of ACL: who may log in, and what they may do. A snapshot: users are never changed but
// replaced, so that sessions on every worker may keep and read one without a lock.
//
// The source is Redis's ACL documentation: https://redis.io/docs/latest/operate/oss_and_stack/
// management/security/acl/
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

namespace AclPermission {
enum : uint8_t { kRead = 1, kWrite = 2, kAll = 3 };
}  // namespace AclPermission

struct AclKeyPattern {
  std::string pattern;
  uint8_t permissions = 0;
};

// A key of a request, and what the command does with it.
struct AclKeyUse {
  int position = 0;
  uint8_t needs = 0;  // AclPermission; 0: only that the key is named, as EXISTS does
};

enum class AclChannelUse : uint8_t { kNone, kChannels, kPatterns };

// What is asked for: a request, seen through its command's row.
struct AclRequest {
  int command = 0;              // index
  bool for_everybody = false;   // AUTH, HELLO, QUIT, RESET: no right is needed
  std::string_view name_after;  // the argument that a rule "+select|0" is about
  std::span<const std::string_view> args;
  std::span<const AclKeyUse> keys;
  AclChannelUse channel_use = AclChannelUse::kNone;
  size_t first_channel = 0, channels = 0;  // positions in `args`
};

// In the order of precedence: what a user with several selectors is told.
enum class AclVerdict : uint8_t { kAllowed, kCommand, kKey, kChannel };

struct AclDecision {
  AclVerdict verdict = AclVerdict::kAllowed;
  int position = 0;  // of the key or channel in the request
  bool allowed() const { return verdict == AclVerdict::kAllowed; }
};

// One set of rights. A request must be allowed by one selector as a whole.
struct AclSelector {
  bool all_keys = false;
  bool all_channels = false;
  bool all_commands = false;     // every one, none taken away
  bool future_commands = false;  // began with allcommands
  std::vector<AclKeyPattern> keys;
  std::vector<std::string> channels;
  std::vector<bool> commands;  // by index
  // Of a command that is not allowed otherwise: the first arguments with which it is.
  std::map<int, std::vector<std::string>> first_arguments;
  std::vector<std::string> command_rules;  // "+get", "-@read": since +@all or -@all, in order

  bool everything() const { return all_keys && all_channels && all_commands; }
  AclDecision Check(const AclRequest& request) const;
  bool AllowsChannel(std::string_view channel, bool is_pattern) const;
  // Whether all keys may be used so: SORT BY and GET reach keys that no pattern can be held to.
  bool AllowsEveryKey(uint8_t needs) const;

  // As ACL GETUSER shows them: "-@all +get", "~a* %R~b*", "&*".
  std::string DescribeCommands() const;
  std::string DescribeKeys() const;
  std::string DescribeChannels() const;
  // As ACL LIST does: all of it in one line.
  std::string Describe() const;

 private:
  bool AllowsCommand(const AclRequest& request) const;
  bool AllowsKey(std::string_view key, uint8_t needs) const;
};

struct AclUser {
  std::string name;
  uint64_t id = 0;  // the same as long as the user is not deleted
  bool enabled = false;
  bool no_password = false;  // any will do
  bool sanitize_payload = true;
  std::vector<std::string> passwords;  // hashes, see acl_password.h
  AclSelector root;
  std::vector<AclSelector> selectors;

  // Nothing need be checked.
  bool unrestricted() const;
  // Whether some selector looks at keys.
  bool looks_at_keys() const;
  AclDecision Check(const AclRequest& request) const;
  bool AllowsChannel(std::string_view channel, bool is_pattern) const;
  // Whether a selector that allows the command may use every key so.
  bool AllowsEveryKey(const AclRequest& request, uint8_t needs) const;

  std::vector<std::string_view> FlagNames() const;  // "on", "nopass"
  // The rules that make this user, as ACL LIST and files have them, without the name.
  std::string Describe() const;
};

using AclUserPointer = std::shared_ptr<const AclUser>;

}  // namespace larder
