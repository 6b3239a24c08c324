// JSON to and from Lua values, in lua-cjson 2.1's dialect and with its error texts. Internal to
// server/scripting/.
#pragma once

#include <lua.hpp>

namespace larder {

int JsonEncode(lua_State* L);
int JsonDecode(lua_State* L);

// Pushes the metatable that marks arrays (cjson.decode_array_with_array_mt): locked and empty.
void PushArrayMetatable(lua_State* L);

}  // namespace larder
