// Which categories of ACL a command belongs to, from its row.
#pragma once

#include <cstdint>

#include "server/acl/acl_commands.h"
#include "server/command_table.h"

namespace larder {

// Bits, see acl_categories.h: by group, by flags, and the row's own.
uint64_t CategoriesOf(const CommandSpec& spec);

AclCommands AclCommandsOf(const CommandTable& table);

}  // namespace larder
