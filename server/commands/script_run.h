// Runs one script for one client: between the Lua engine, which knows no commands, and the
// dispatcher, which knows no Lua.
#pragma once

#include "server/command_context.h"
#include "server/scripting/lua_engine.h"
#include "server/scripting/script.h"

namespace larder {

// The worker's Lua, made when first used. Null when Lua's memory is used up by now.
LuaEngine* WorkerLua(CommandContext& ctx);

// Runs `script` with its keys and arguments and writes its result to ctx.reply. When it reached a
// key whose stripe is not held, *ctx.scope.restart is set and the outcome means nothing.
Status RunScript(CommandContext& ctx, const Script& script, const ScriptArguments& arguments,
                 bool read_only);

}  // namespace larder
