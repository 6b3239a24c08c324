// The HELP subcommand of a container: its lines as an array of simple strings.
#pragma once

#include <span>
#include <string_view>

#include "server/command_context.h"

namespace larder {

inline Status WriteHelp(CommandContext& ctx, std::span<const std::string_view> lines) {
  ctx.reply.Array(static_cast<int64_t>(lines.size()));
  for (const std::string_view line : lines) ctx.reply.Simple(line);
  return Ok();
}

}  // namespace larder
