#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

int RefuseUnknownGlobal(lua_State* L) {
  const int type = lua_type(L, 2);
  if (type != LUA_TSTRING && type != LUA_TNUMBER) {
    return luaL_error(L, "Second argument to luaProtectedTableError must be a string or number");
  }
  return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                    lua_tostring(L, 2));
}

struct Library {
  const char* name;
  void (*push)(lua_State* L);
};

constexpr Library kLibraries[] = {
    {"coroutine", PushCoroutineLibrary},
    {"string", PushStringLibrary},
    {"table", PushTableLibrary},
    {"math", PushMathLibrary},
    {"os", PushOsLibrary},
    {"bit", PushBitLibrary},
    {"struct", PushStructLibrary},
    {"cjson", PushCjsonLibrary},
    {"cmsgpack", PushCmsgpackLibrary},
    {"redis", PushRedisLibrary},
};

// Strings share one metatable, whose methods are the string library's. Scripts that ask for it get
// a read-only copy.
void LockStringMetatable(lua_State* L, int globals) {
  lua_pushliteral(L, "");
  lua_createtable(L, 0, 2);
  lua_getfield(L, globals, "string");
  lua_setfield(L, -2, "__index");
  lua_createtable(L, 0, 1);
  lua_getfield(L, globals, "string");
  lua_setfield(L, -2, "__index");
  MakeReadOnly(L);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

// Reading what the table on top of the stack has not raises from now on.
void RefuseUnknownNames(lua_State* L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, RefuseUnknownGlobal);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

// As in Redis a library that is being loaded sees `redis` alone, and little in it: so whenever and
// wherever it is loaded, it registers the same functions.
void OpenLoadingGlobals(lua_State* L) {
  lua_createtable(L, 0, 2);
  PushLoadingRedisLibrary(L);
  RefuseUnknownNames(L);
  MakeReadOnly(L);
  for (const char* name : {"redis", "server"}) {
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, name);
  }
  lua_pop(L, 1);
  RefuseUnknownNames(L);
  VmOf(L).loading_globals_reference = luaL_ref(L, LUA_REGISTRYINDEX);
}

}  // namespace

void UseGlobals(lua_State* L, int globals_reference) {
  lua_getmetatable(L, LUA_GLOBALSINDEX);
  lua_rawgeti(L, LUA_REGISTRYINDEX, globals_reference);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void OpenSandbox(lua_State* L) {
  LuaVm& vm = VmOf(L);
  lua_pushcfunction(L, luaopen_base);
  lua_call(L, 0, 0);

  PushBaseFunctions(L);
  const int globals = lua_gettop(L);
  for (const Library& library : kLibraries) {
    library.push(L);
    MakeReadOnly(L);
    lua_setfield(L, globals, library.name);
  }
  lua_getfield(L, globals, "redis");
  lua_setfield(L, globals, "server");
  LockStringMetatable(L, globals);

  RefuseUnknownNames(L);
  lua_pushvalue(L, globals);
  vm.globals_reference = luaL_ref(L, LUA_REGISTRYINDEX);

  MakeReadOnly(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm.globals_reference);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "_G");
  lua_pop(L, 1);
  // Every chunk and coroutine from now on sees the stand-in as its globals.
  lua_replace(L, LUA_GLOBALSINDEX);
  OpenLoadingGlobals(L);
}

}  // namespace larder
