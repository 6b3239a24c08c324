#include "server/scripting/lua_error_text.h"

#include "server/scripting/lua_replies.h"

namespace larder {
namespace {

// Where the error was raised: in Lua, or by a function of C that Lua called.
void NotePlace(lua_State* L, LuaVm& vm) {
  lua_Debug frame;
  for (int level = 1; level <= 2 && lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "Sl", &frame);
    const bool is_lua = *frame.what != 'C';
    lua_Debug below;
    // The lowest frame of C is what runs the script, no place in it.
    if (!is_lua && lua_getstack(L, level + 1, &below) == 0) return vm.error_source.clear();
    vm.error_source = frame.source;
    vm.error_line = frame.currentline;
    if (is_lua) return;
  }
}

}  // namespace

int NoteError(lua_State* L) {
  LuaVm& vm = VmOf(L);
  vm.error.clear();
  vm.error_source.clear();
  vm.error_of_call = false;
  if (vm.stop == VmStop::kNone) {
    size_t size = 0;
    if (lua_istable(L, 1) != 0) {
      if (!ReadErrorTable(L, 1, &vm.error)) vm.error = "ERR unknown error";
      vm.error_of_call = IsErrorOfCall(L, 1);
    } else if (const char* text = lua_tolstring(L, 1, &size); text != nullptr) {
      vm.error = "ERR " + std::string(text, size);
    } else if (lua_isboolean(L, 1) != 0) {
      vm.error = lua_toboolean(L, 1) != 0 ? "ERR true" : "ERR false";
    } else {
      vm.error = std::string("ERR ") + luaL_typename(L, 1);
    }
  }
  NotePlace(L, vm);
  lua_settop(L, 1);
  return 1;
}

std::string ErrorText(lua_State* L, const LuaVm& vm, int status) {
  if (status == LUA_ERRRUN) return vm.error;
  const char* text = status > 0 ? lua_tostring(L, -1) : nullptr;
  return std::string("ERR ") + (text != nullptr ? text : "not enough memory");
}

}  // namespace larder
