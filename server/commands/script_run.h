// Runs one script or function for one client: between the Lua engine, which knows no commands, and
// the dispatcher, which knows no Lua.
#pragma once

#include <memory>
#include <string>

#include "server/command_context.h"
#include "server/scripting/function_registry.h"
#include "server/scripting/lua_engine.h"
#include "server/scripting/script.h"

namespace larder {

// The worker's Lua, made when first used. Null when Lua's memory is used up by now.
LuaEngine* WorkerLua(CommandContext& ctx);

// Shows the command to monitors: before the commands that its script will run.
void FeedMonitors(CommandContext& ctx);

// Runs `script` with its keys and arguments and writes its result to ctx.reply. When it reached a
// key whose stripe is not held, *ctx.scope.restart is set and the outcome means nothing.
Status RunScript(CommandContext& ctx, const Script& script, const ScriptArguments& arguments,
                 bool read_only);

// As RunScript. REQUIRES: found.function is not null.
Status RunFunction(CommandContext& ctx, const FunctionRegistry::Found& found,
                   const ScriptArguments& arguments, bool read_only);

// Loads a library into the worker's Lua, and fills in the functions that it registers. Returns the
// error, and nothing is left of it in Lua then; or the empty string. One that does not get into the
// registry afterwards is to be unloaded (LuaEngine::UnloadLibrary).
std::string LoadLibrary(CommandContext& ctx, const std::shared_ptr<FunctionLibrary>& library);

// FUNCTION KILL, or SCRIPT KILL.
Status KillRunning(CommandContext& ctx, bool functions);

}  // namespace larder
