#include "server/acl/acl.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/acl/acl_password.h"
#include "server/config/config_file.h"
#include "server/errors.h"

namespace larder {

Acl::Acl(AclCommands commands, const LiveOptions& options)
    : commands_(std::move(commands)), rules_(commands_), options_(options) {
  std::lock_guard lock(mutex_);
  Put(rules_.DefaultUser());
}

void Acl::Put(AclUser user) {
  if (user.id == 0) user.id = ++last_id_;
  std::string name = user.name;
  users_[std::move(name)] = std::make_shared<const AclUser>(std::move(user));
  Changed();
}

void Acl::Changed() {
  const AclUser& open = *users_.find("default")->second;
  default_is_open_.store(open.enabled && open.no_password, std::memory_order_relaxed);
  default_needs_no_password_.store(open.no_password, std::memory_order_relaxed);
  version_.fetch_add(1, std::memory_order_release);
}

AclUserPointer Acl::Find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second;
}

AclUserPointer Acl::Latest(const AclUser& user) const {
  AclUserPointer found = Find(user.name);
  return found != nullptr && found->id == user.id ? found : nullptr;
}

std::vector<AclUserPointer> Acl::All() const {
  std::lock_guard lock(mutex_);
  std::vector<AclUserPointer> all;
  for (const auto& [name, user] : users_) all.push_back(user);
  return all;
}

AclUserPointer Acl::LogIn(std::string_view name, std::string_view password) const {
  AclUserPointer user = Find(name);
  // Hashed and compared whoever it is, so that the time does not tell which names there are.
  static const std::vector<std::string> kNone(1, std::string(kPasswordHashDigits, '-'));
  const bool has_passwords = user != nullptr && !user->passwords.empty();
  const bool right =
      IsKnownPassword(HashPassword(password), has_passwords ? user->passwords : kNone);
  if (user == nullptr || !user->enabled) return nullptr;
  return right || user->no_password ? user : nullptr;
}

Outcome Acl::Set(std::string_view name, std::span<const std::string_view> rules) {
  size_t unclosed = 0;
  const auto joined = JoinSelectors(rules, &unclosed);
  if (!joined) {
    return Outcome::Failed(
        fmt::format("ERR Unmatched parenthesis in acl selector starting at '{}'.",
                    errors::UpToZero(rules[unclosed])));
  }
  std::lock_guard lock(mutex_);
  const auto found = users_.find(name);
  AclUser user = found == users_.end() ? rules_.NewUser(name, defaults()) : *found->second;
  for (const std::string& rule : *joined) {
    const AclRuleError error = rules_.Apply(&user, rule, defaults());
    if (error != AclRuleError::kNone) {
      return Outcome::Failed(fmt::format("ERR Error in ACL SETUSER modifier '{}': {}",
                                         errors::UpToZero(rule), AclRuleErrorText(error)));
    }
  }
  Put(std::move(user));
  return Outcome::Ok();
}

bool Acl::Delete(std::string_view name) {
  std::lock_guard lock(mutex_);
  const auto found = users_.find(name);
  if (found == users_.end()) return false;
  users_.erase(found);
  Changed();
  return true;
}

void Acl::SetDefaultPassword(std::string_view password) {
  std::lock_guard lock(mutex_);
  AclUser user = *users_.find("default")->second;
  user.passwords.clear();
  user.no_password = password.empty();
  if (!password.empty()) user.passwords.push_back(HashPassword(password));
  Put(std::move(user));
}

void Acl::Replace(std::vector<AclUser> users) {
  std::lock_guard lock(mutex_);
  const auto before = std::exchange(users_, {});
  const auto keep_id = [&](AclUser* user) {
    const auto same = before.find(user->name);
    user->id = same == before.end() ? ++last_id_ : same->second->id;
  };
  for (AclUser& user : users) {
    keep_id(&user);
    std::string name = user.name;
    users_[std::move(name)] = std::make_shared<const AclUser>(std::move(user));
  }
  if (!users_.contains("default")) {
    AclUser open = rules_.DefaultUser();
    keep_id(&open);
    users_["default"] = std::make_shared<const AclUser>(std::move(open));
  }
  Changed();
}

std::vector<std::string> Acl::ConfigLines(std::string_view requirepass) const {
  AclUser plain = rules_.DefaultUser();
  if (!requirepass.empty()) {
    plain.no_password = false;
    plain.passwords.push_back(HashPassword(requirepass));
  }
  std::vector<std::string> lines;
  for (const AclUserPointer& user : All()) {
    if (user->name == "default" && user->Describe() == plain.Describe()) continue;
    std::string line = QuoteConfigWord(user->name);
    const std::string rules = user->Describe();
    for (std::string_view rest = rules; !rest.empty();) {
      const size_t end = std::min(rest.find(' '), rest.size());
      line += ' ' + QuoteConfigWord(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace larder
