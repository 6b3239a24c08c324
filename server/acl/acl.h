// All users of ACL, and what was refused to them.
//
// Thread-safe. A change replaces a user's snapshot and raises the version; each session compares
// the version before every command, which is all that a command of an unrestricted user pays.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/acl/acl_commands.h"
#include "server/acl/acl_log.h"
#include "server/acl/acl_rules.h"
#include "server/acl/acl_user.h"
#include "server/config/live_options.h"
#include "server/config/outcome.h"

namespace larder {

class Acl {
 public:
  // There is always the user `default`: at first, everybody, who may do everything.
  Acl(AclCommands commands, const LiveOptions& options);

  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  const AclRules& rules() const { return rules_; }
  const AclCommands& commands() const { return commands_; }
  AclRules::Defaults defaults() const { return {options_.acl_pubsub_default != 0}; }

  // Whether a client that did not log in counts as logged in, as `default`.
  bool default_is_open() const { return default_is_open_.load(std::memory_order_relaxed); }
  // Whether any password, or none, does for `default` (if it is on at all).
  bool default_needs_no_password() const {
    return default_needs_no_password_.load(std::memory_order_relaxed);
  }

  AclUserPointer Find(std::string_view name) const;  // null: there is none
  AclUserPointer Default() const { return Find("default"); }
  // The same user as it is now; null when it was deleted, even if there is another of that name.
  AclUserPointer Latest(const AclUser& user) const;
  std::vector<AclUserPointer> All() const;  // by name

  // The user, if the password is right. In a time that does not tell why not.
  AclUserPointer LogIn(std::string_view name, std::string_view password) const;

  // Changes a user, or makes a new one: by all of the rules or none. The error is a whole reply.
  Outcome Set(std::string_view name, std::span<const std::string_view> rules);
  bool Delete(std::string_view name);  // REQUIRES: name is not "default"
  // requirepass: `default` has this password alone; empty: needs none.
  void SetDefaultPassword(std::string_view password);
  // Takes these instead of all there are. Who keeps their name stay the same users; `default` is as
  // at first where it is not among them.
  void Replace(std::vector<AclUser> users);

  // Lines of the configuration file, without "user": empty where the users are as the options alone
  // make them.
  std::vector<std::string> ConfigLines(std::string_view requirepass) const;

  AclLog log;

 private:
  void Put(AclUser user);  // with the lock
  void Changed();          // likewise

  const AclCommands commands_;
  const AclRules rules_;
  const LiveOptions& options_;
  std::atomic<uint64_t> version_{1};
  std::atomic<bool> default_is_open_{true};
  std::atomic<bool> default_needs_no_password_{true};
  mutable std::mutex mutex_;
  std::map<std::string, AclUserPointer, std::less<>> users_;
  uint64_t last_id_ = 0;
};

}  // namespace larder
