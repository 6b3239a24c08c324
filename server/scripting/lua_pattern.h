// string.find, match, gmatch and gsub: Lua 5.1's patterns, with a budget of steps and a cap on
// their depth, so that no pattern can hold or overflow a worker. Internal to server/scripting/.
#pragma once

#include <cstdint>
#include <lua.hpp>

namespace larder {

int StringFind(lua_State* L);
int StringMatch(lua_State* L);
int StringGlobalMatch(lua_State* L);
int StringGlobalSubstitute(lua_State* L);

// A position relative to the end of a string of that size when negative; at least 0.
int64_t FromStart(int64_t position, size_t size);

}  // namespace larder
