// Rules of ACL are any bytes: they are taken or refused, and the user that they leave can be
// described and asked. Input: rules, one a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "server/acl/acl_rules.h"

namespace {

using larder::AclCommands;

AclCommands Commands() {
  return AclCommands({{.name = "get", .categories = 2},
                      {.name = "config", .subcommands = 2, .categories = 1 << 15},
                      {.name = "config|get", .parent = 1, .categories = 1 << 13},
                      {.name = "config|set", .parent = 1, .categories = 1 << 13},
                      {.name = "select", .categories = 1 << 14}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const AclCommands commands = Commands();
  static const larder::AclRules rules(commands);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> words;
  for (std::string_view rest = input; !rest.empty();) {
    const size_t end = rest.find('\n');
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  size_t unclosed = 0;
  const auto joined = larder::JoinSelectors(words, &unclosed);
  if (!joined) {
    if (unclosed >= words.size()) std::abort();
    return 0;
  }
  larder::AclUser user = rules.NewUser("fuzz", {});
  for (const std::string& rule : *joined) {
    // A refused rule leaves the user as it was.
    const std::string before = user.Describe();
    if (rules.Apply(&user, rule, {}) != larder::AclRuleError::kNone && user.Describe() != before) {
      std::abort();
    }
    if (user.name != "fuzz") std::abort();
  }
  // A user who may do everything is never refused.
  const std::string_view args[] = {"get", "key"};
  const larder::AclKeyUse key{1, larder::AclPermission::kAll};
  for (int command = 0; command < static_cast<int>(commands.size()); ++command) {
    larder::AclRequest request{.command = command, .name_after = args[1], .args = args};
    request.keys = {&key, 1};
    const bool allowed = user.Check(request).allowed();
    if (user.unrestricted() && !allowed) std::abort();
  }
  return 0;
}
