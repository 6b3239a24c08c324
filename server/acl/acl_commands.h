// What the rules of ACL need to know of the commands: their names, which are subcommands of which,
// and their categories. Apart from the command table, so that the rules can be tested (and fuzzed)
// without it.
//
// Immutable and thread-safe once made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace larder {

class AclCommands {
 public:
  struct Command {
    std::string name;         // lower case: "get", "config|get"
    int parent = -1;          // of a subcommand
    int subcommands = 0;      // so many commands after this one are its subcommands
    uint64_t categories = 0;  // bits, see acl_categories.h
  };

  explicit AclCommands(std::vector<Command> commands);

  // A command's index is its place in the table, as CommandInfo::index.
  size_t size() const { return commands_.size(); }
  const Command& at(int index) const { return commands_[static_cast<size_t>(index)]; }
  // By full name, any case; -1 when there is none.
  int Find(std::string_view name) const;

 private:
  std::vector<Command> commands_;
  std::unordered_map<std::string, int> by_name_;
};

}  // namespace larder
