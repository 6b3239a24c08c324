// Compiles Lua source, never bytecode. Internal to server/scripting/.
#pragma once

#include <lua.hpp>
#include <string_view>

namespace larder {

// Compiles `code` and pushes the function, or an error message. Returns Lua's status. Ticks while
// it reads; raises only when the script was stopped meanwhile.
int LoadChunk(lua_State* L, std::string_view code, const char* chunk_name);

}  // namespace larder
