// What COMMAND tells of one row, derived from it.
#pragma once

#include <string_view>
#include <vector>

#include "protocol/reply_writer.h"
#include "server/command_table.h"

namespace larder {

// The names of the flags that clients see, in Redis's order.
std::vector<std::string_view> FlagNames(const CommandSpec& spec);
// The ACL categories ("@read"), in Redis's order: by group, by flags, and the row's own.
std::vector<std::string_view> CategoryNames(const CommandSpec& spec);
// The names of key flags ("RW", "access").
std::vector<std::string_view> KeyFlagNames(int flags);

// COMMAND INFO's ten fields, with those of its subcommands.
void WriteCommandInfo(const CommandTable& table, const CommandInfo& info,
                      protocol::ReplyWriter& reply);
// COMMAND DOCS' map, without the name before it.
void WriteCommandDocs(const CommandTable& table, const CommandInfo& info,
                      protocol::ReplyWriter& reply);

}  // namespace larder
