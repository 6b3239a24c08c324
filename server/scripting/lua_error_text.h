// What a failed script says, and where it failed. Internal to server/scripting/.
#pragma once

#include <string>

#include "server/scripting/lua_vm.h"

namespace larder {

// The message handler of whatever runs for a client: notes the error's text and place in the VM
// (LuaVm::error and its like) while the stack still stands. An error that a script catches never
// comes here.
int NoteError(lua_State* L);

// Of a lua_pcall that failed with that handler, its message on top of the stack: "ERR …".
std::string ErrorText(lua_State* L, const LuaVm& vm, int status);

}  // namespace larder
