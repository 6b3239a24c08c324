// The rules that make a user: "on", ">password", "~cache:*", "+@read", "(+get ~public:*)".
// What may be given is Redis's: https://redis.io/docs/latest/commands/acl-setuser/
//
// Rules come from clients: any bytes are taken, and answered with a result. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/acl/acl_commands.h"
#include "server/acl/acl_user.h"

namespace larder {

// What a user may hold at most: each request of a restricted user looks at these.
inline constexpr size_t kAclPatternsMax = 4096;  // keys or channels of one selector, each
inline constexpr size_t kAclFirstArgumentsMax = 4096;
inline constexpr size_t kAclSelectorsMax = 1024;
inline constexpr size_t kAclPasswordsMax = 1024;

enum class AclRuleError : uint8_t {
  kNone,
  kSyntax,
  kUnknownCommand,  // or category
  kKeysAreAll,      // a pattern after ~*
  kChannelsAreAll,
  kNoSuchPassword,
  kBadPasswordHash,
  kFirstArgumentOfSubcommand,
  kTooMany,
};
std::string_view AclRuleErrorText(AclRuleError error);  // Redis's, without its code

class AclRules {
 public:
  // `commands` must outlive this.
  explicit AclRules(const AclCommands& commands) : commands_(commands) {}

  // Whether new users and selectors may use all channels (acl-pubsub-default).
  struct Defaults {
    bool all_channels = false;
  };

  // Someone who may not log in and may do nothing.
  AclUser NewUser(std::string_view name, Defaults defaults) const;
  // "default" as it is without any configuration: everybody, everything.
  AclUser DefaultUser() const;

  // Changes the user by one rule; by a failed one not, or in part.
  AclRuleError Apply(AclUser* user, std::string_view rule, Defaults defaults) const;

 private:
  AclRuleError ApplyPassword(AclUser* user, std::string_view rule) const;
  AclRuleError AddSelector(AclUser* user, std::string_view rule, Defaults defaults) const;
  bool ApplyFlag(AclUser* user, std::string_view rule, Defaults defaults) const;
  AclSelector NewSelector(Defaults defaults) const;
  AclRuleError ApplyTo(AclSelector* selector, std::string_view rule) const;
  bool ApplyWord(AclSelector* selector, std::string_view rule) const;
  AclRuleError AllowCommand(AclSelector* selector, std::string_view name) const;
  AclRuleError DenyCommand(AclSelector* selector, std::string_view name) const;
  AclRuleError SetCategory(AclSelector* selector, std::string_view name, bool allow) const;
  void SetCommand(AclSelector* selector, int command, bool allow) const;
  void SetAllCommands(AclSelector* selector, bool allow) const;

  const AclCommands& commands_;
};

// Puts the words of a selector, "(+get" "~a" "+set)", together to one rule. Nothing when one is not
// closed: *unclosed is then where it began.
std::optional<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words,
                                                      size_t* unclosed);

// Whether a name or a pattern has a byte that none may have: blanks and zero.
bool HasBlankOrZero(std::string_view text);

}  // namespace larder
