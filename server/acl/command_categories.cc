#include "server/acl/command_categories.h"

#include <algorithm>
#include <utility>

#include "server/acl/acl_categories.h"

namespace larder {
namespace {

std::string_view OfGroup(Group group) {
  switch (group) {
    case Group::kGeneric:
      return "@keyspace";
    case Group::kString:
      return "@string";
    case Group::kList:
      return "@list";
    case Group::kSet:
      return "@set";
    case Group::kSortedSet:
      return "@sortedset";
    case Group::kHash:
      return "@hash";
    case Group::kStream:
      return "@stream";
    case Group::kBitmap:
      return "@bitmap";
    case Group::kHyperLogLog:
      return "@hyperloglog";
    case Group::kGeo:
      return "@geo";
    case Group::kTransactions:
      return "@transaction";
    case Group::kScripting:
      return "@scripting";
    case Group::kConnection:
      return "@connection";
    case Group::kCache:
      return "@cache";
    case Group::kPubSub:  // as the flag has it
    case Group::kServer:
      break;
  }
  return {};
}

// No bit for a word that names no category.
uint64_t Bit(std::string_view category) {
  if (category.empty()) return 0;
  const auto index = FindAclCategory(category.substr(1));
  return index ? uint64_t{1} << *index : 0;
}

}  // namespace

uint64_t CategoriesOf(const CommandSpec& spec) {
  uint64_t bits = 0, taken_away = 0;
  for (std::string_view rest = spec.categories; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    if (word.starts_with('-')) {
      taken_away |= Bit(word.substr(1));
    } else {
      bits |= Bit(word);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const uint32_t flags = spec.flags;
  const bool is_container = spec.handler == nullptr && !spec.subcommands.empty();
  if (!is_container) bits |= Bit(OfGroup(spec.group));
  if ((flags & Flag::kReadOnly) != 0 && spec.group != Group::kScripting) bits |= Bit("@read");
  if ((flags & Flag::kWrite) != 0) bits |= Bit("@write");
  if ((flags & Flag::kAdmin) != 0) bits |= Bit("@admin");
  if ((flags & (Flag::kAdmin | Flag::kDangerous)) != 0) bits |= Bit("@dangerous");
  if ((flags & Flag::kPubSubCommand) != 0) bits |= Bit("@pubsub");
  if ((flags & Flag::kBlocking) != 0) bits |= Bit("@blocking");
  bits |= Bit((flags & Flag::kFast) != 0 ? "@fast" : "@slow");
  return bits & ~taken_away;
}

AclCommands AclCommandsOf(const CommandTable& table) {
  std::vector<AclCommands::Command> commands;
  for (const CommandInfo& info : table.all()) {
    commands.push_back(
        {.name = info.full_name,
         .parent = info.container == nullptr ? -1 : table.InfoOf(*info.container).index,
         .subcommands = static_cast<int>(info.spec->subcommands.size()),
         .categories = CategoriesOf(*info.spec)});
  }
  return AclCommands(std::move(commands));
}

}  // namespace larder
