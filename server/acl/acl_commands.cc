#include "server/acl/acl_commands.h"

namespace larder {
namespace {

constexpr size_t kNameBytesMax = 64;  // longer than any: spares looking it up

}  // namespace

AclCommands::AclCommands(std::vector<Command> commands) : commands_(std::move(commands)) {
  for (size_t i = 0; i < commands_.size(); ++i) {
    by_name_.emplace(commands_[i].name, static_cast<int>(i));
  }
}

int AclCommands::Find(std::string_view name) const {
  if (name.size() > kNameBytesMax) return -1;
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  const auto found = by_name_.find(lower);
  return found == by_name_.end() ? -1 : found->second;
}

}  // namespace larder
