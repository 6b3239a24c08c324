#include "server/acl/acl_loading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "server/acl/acl_file.h"
#include "server/config/config_file.h"
#include "server/config/option_store.h"
#include "server/engine.h"

namespace larder {
namespace {

void WarnIfDisabled(Engine& engine, const AclUser& user) {
  if (user.enabled) return;
  engine.log.Notice(fmt::format(
      "The user '{}' is disabled (there is no 'on' modifier in the user description). Make sure "
      "this is not a configuration error.",
      user.name));
}

Outcome LoadUserLines(Engine& engine, const std::vector<std::vector<std::string>>& lines) {
  std::vector<AclUser> users;
  for (const std::vector<std::string>& words : lines) {
    AclUser user;
    Outcome parsed = ParseUserLine(words, engine.acl.rules(), engine.acl.defaults(), &user);
    if (!parsed.ok()) return parsed;
    const bool known = std::any_of(users.begin(), users.end(),
                                   [&](const AclUser& other) { return other.name == user.name; });
    if (known) {
      return Outcome::Failed(
          fmt::format("user {}: Duplicate user found. A user can only be defined "
                      "once in config files",
                      user.name));
    }
    WarnIfDisabled(engine, user);
    users.push_back(std::move(user));
  }
  // Without a line of its own `default` is as requirepass makes it.
  const bool names_default = std::any_of(
      users.begin(), users.end(), [](const AclUser& user) { return user.name == "default"; });
  if (!names_default) users.push_back(*engine.acl.Default());
  engine.acl.Replace(std::move(users));
  return Outcome::Ok();
}

}  // namespace

Outcome LoadAclFile(Engine& engine, const std::string& path) {
  std::string text;
  errno = 0;
  if (const Outcome read = ReadWholeFile(path, text); !read.ok()) {
    return Outcome::Failed("Error loading ACLs, opening file '" + path +
                           "': " + (errno != 0 ? std::strerror(errno) : read.error()));
  }
  std::vector<AclUser> users;
  Outcome parsed = ParseAclFile(text, path, engine.acl.rules(), engine.acl.defaults(), &users);
  if (!parsed.ok()) return parsed;
  engine.acl.Replace(std::move(users));
  return Outcome::Ok();
}

Outcome SaveAclFile(Engine& engine, const std::string& path) {
  const std::vector<AclUserPointer> users = engine.acl.All();
  return ReplaceFile(path, WriteAclFile(users));
}

Outcome LoadUsersAtStart(Engine& engine) {
  const std::string path = engine.option_store.Text("aclfile");
  const auto lines = engine.option_store.KeptLines("user");
  if (!path.empty() && !lines.empty()) {
    return Outcome::Failed(
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file "
        "path is invalid. This setup is very likely to lead to configuration errors and security "
        "holes, please define either an ACL file or declare users directly in your redis.conf, but "
        "not both.");
  }
  if (!path.empty()) {
    const Outcome loaded = LoadAclFile(engine, path);
    return loaded.ok() ? loaded
                       : Outcome::Failed("Aborting start because of ACL errors: " + loaded.error());
  }
  return lines.empty() ? Outcome::Ok() : LoadUserLines(engine, lines);
}

}  // namespace larder
