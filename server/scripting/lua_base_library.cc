// The globals of Lua that are functions: those of stock Lua that are safe as they are, and our own
// where stock Lua's can be used to escape a kill, a limit or a lock.
#include <climits>

#include "server/scripting/lua_chunk.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// Foreign exceptions (memory of C++) leave no error value: they end the script.
void CheckStatus(lua_State* L, LuaVm& vm, int status) {
  // What filled the memory is garbage now, but Lua 5.1 would fail again before it collects.
  if (status == LUA_ERRMEM && vm.stop == VmStop::kNone) {
    CollectAll(L, vm);
    Tick(L, vm);
  }
  if (status < 0 && vm.stop == VmStop::kNone) vm.stop = VmStop::kKilled;
  RaiseIfStopped(L, vm);
}

int ProtectedCall(lua_State* L) {
  luaL_checkany(L, 1);
  GuardStack(L);
  LuaVm& vm = VmOf(L);
  const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  CheckStatus(L, vm, status);
  if (status != 0 && lua_istable(L, -1)) {
    // As in Redis: an error of redis.call is a table, but what pcall hands out is its text.
    lua_pushliteral(L, "err");
    lua_rawget(L, -2);
    if (lua_isstring(L, -1)) lua_replace(L, -2);
    lua_settop(L, 1);
  }
  lua_pushboolean(L, status == 0);
  lua_insert(L, 1);
  return lua_gettop(L);
}

int ProtectedCallWithHandler(lua_State* L) {
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  GuardStack(L);
  LuaVm& vm = VmOf(L);
  lua_insert(L, 1);  // the handler below the function
  int status = lua_pcall(L, 0, LUA_MULTRET, 0);
  CheckStatus(L, vm, status);
  if (status == LUA_ERRRUN) {
    // The handler runs after unwinding, under the same limits as everything else.
    lua_pushvalue(L, 1);
    lua_insert(L, -2);
    status = lua_pcall(L, 1, 1, 0);
    CheckStatus(L, vm, status);
    if (status != 0) {
      lua_pop(L, 1);
      lua_pushliteral(L, "error in error handling");
    }
    status = LUA_ERRRUN;
  }
  lua_pushboolean(L, status == 0);
  lua_replace(L, 1);
  return lua_gettop(L);
}

int Next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  UseContents(L, 1);
  if (lua_next(L, 1) != 0) return 2;
  lua_pushnil(L);
  return 1;
}

int Pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, Next);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

int RawGet(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  UseContents(L, 1);
  lua_rawget(L, 1);
  return 1;
}

int RawSet(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  lua_settop(L, 3);
  CheckWritable(L, 1);
  lua_rawset(L, 1);
  return 1;
}

int SetMetatable(lua_State* L) {
  const int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  CheckWritable(L, 1);
  if (luaL_getmetafield(L, 1, "__metatable") != 0) {
    return luaL_error(L, "cannot change a protected metatable");
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

int GetMetatable(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_getmetatable(L, 1) == 0) {
    lua_pushnil(L);
    return 1;
  }
  lua_pop(L, 1);
  if (luaL_getmetafield(L, 1, "__metatable") != 0) {
    // `false` is the mark of our read-only tables; scripts see no metatable there.
    if (lua_isboolean(L, -1) != 0 && lua_toboolean(L, -1) == 0) lua_pushnil(L);
    return 1;
  }
  lua_getmetatable(L, 1);
  return 1;
}

int CollectGarbage(lua_State* L) {
  // Only what changes nothing beyond this script.
  static const char* const kOptions[] = {"collect", "count",    "step",       "stop",
                                         "restart", "setpause", "setstepmul", nullptr};
  LuaVm& vm = VmOf(L);
  switch (luaL_checkoption(L, 1, "collect", kOptions)) {
    case 0:
      lua_gc(L, LUA_GCCOLLECT, 0);
      Tick(L, vm);
      break;
    case 1:
      lua_pushnumber(L, static_cast<double>(vm.memory.used()) / 1024);
      return 1;
    case 2: {
      const int done = lua_gc(L, LUA_GCSTEP, 0);
      Tick(L, vm);
      lua_pushboolean(L, done);
      return 1;
    }
    default:
      break;
  }
  lua_pushnumber(L, 0);
  return 1;
}

int GcInfo(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(VmOf(L).memory.used() / 1024));
  return 1;
}

int FinishLoad(lua_State* L, int status) {
  if (status == 0) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

int LoadString(lua_State* L) {
  const std::string_view code = CheckBytes(L, 1);
  const char* name = luaL_optstring(L, 2, code.data());
  return FinishLoad(L, LoadChunk(L, code, name));
}

int Load(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  const char* name = luaL_optstring(L, 2, "=(load)");
  lua_settop(L, 3);
  GuardStack(L);
  // All pieces are read before the parser starts, so that no script runs within it.
  LuaBuffer code(L);
  while (true) {
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) break;
    if (lua_isstring(L, -1) == 0) return luaL_error(L, "reader function must return a string");
    const std::string_view piece = CheckBytes(L, -1);
    if (piece.empty()) break;
    code.Append(piece);
    lua_pop(L, 1);
  }
  return FinishLoad(L, LoadChunk(L, code.view(), name));
}

int Unpack(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const int64_t first = ToInteger(luaL_optnumber(L, 2, 1));
  const int64_t last = lua_isnoneornil(L, 3) ? static_cast<int64_t>(lua_objlen(L, 1))
                                             : ToInteger(luaL_checknumber(L, 3));
  if (first > last) return 0;
  const uint64_t count = static_cast<uint64_t>(last) - static_cast<uint64_t>(first) + 1;
  if (first < INT_MIN || last > INT_MAX || count >= LUAI_MAXCSTACK ||
      lua_checkstack(L, static_cast<int>(count)) == 0) {
    return luaL_error(L, "too many results to unpack");
  }
  for (int64_t i = first; i <= last; ++i) lua_rawgeti(L, 1, static_cast<int>(i));
  return static_cast<int>(count);
}

}  // namespace

void PushBaseFunctions(lua_State* L) {
  lua_newtable(L);
  for (const char* name : {"assert", "error", "ipairs", "rawequal", "select", "tonumber",
                           "tostring", "type", "_VERSION"}) {
    lua_getglobal(L, name);
    lua_setfield(L, -2, name);
  }
  static constexpr luaL_Reg kFunctions[] = {
      {"pcall", ProtectedCall},
      {"xpcall", ProtectedCallWithHandler},
      {"next", Next},
      {"pairs", Pairs},
      {"rawget", RawGet},
      {"rawset", RawSet},
      {"setmetatable", SetMetatable},
      {"getmetatable", GetMetatable},
      {"collectgarbage", CollectGarbage},
      {"gcinfo", GcInfo},
      {"load", Load},
      {"loadstring", LoadString},
      {"unpack", Unpack},
      {nullptr, nullptr},
  };
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
