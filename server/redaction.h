// Passwords, kept out of what SLOWLOG, COMMANDLOG and MONITOR show of a request.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/command_table.h"

namespace larder {

// The arguments of a request with "(redacted)" in place of its secrets: of AUTH and HELLO the user
// and password, of ACL SETUSER everything, of CONFIG SET the values of secret options, of MIGRATE
// the target's user and password. As Redis does it. The views are those of `args`. O(arguments).
std::vector<std::string_view> Redacted(const CommandInfo& info,
                                       std::span<const std::string_view> args);

}  // namespace larder
