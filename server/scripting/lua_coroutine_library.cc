// Coroutines that a kill passes through and that cannot nest beyond the native stack (stock 5.1
// counts nested calls for each coroutine apart, and crashes).
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

lua_State* CheckCoroutine(lua_State* L) {
  lua_State* coroutine = lua_tothread(L, 1);
  luaL_argcheck(L, coroutine != nullptr, 1, "coroutine expected");
  return coroutine;
}

enum class State { kRunning, kSuspended, kNormal, kDead };
const char* const kStateNames[] = {"running", "suspended", "normal", "dead"};

State StateOf(lua_State* L, lua_State* coroutine) {
  if (L == coroutine) return State::kRunning;
  switch (lua_status(coroutine)) {
    case LUA_YIELD:
      return State::kSuspended;
    case 0: {
      lua_Debug frame;
      if (lua_getstack(coroutine, 0, &frame) > 0) return State::kNormal;
      return lua_gettop(coroutine) == 0 ? State::kDead : State::kSuspended;
    }
    default:
      return State::kDead;
  }
}

// Runs `coroutine` with the `count` values on top of L. Returns how many results it pushed, or -1
// with an error value pushed.
int Resume(lua_State* L, lua_State* coroutine, int count) {
  LuaVm& vm = VmOf(L);
  const State state = StateOf(L, coroutine);
  if (lua_checkstack(coroutine, count) == 0) return luaL_error(L, "too many arguments to resume");
  if (state != State::kSuspended) {
    lua_pushfstring(L, "cannot resume %s coroutine", kStateNames[static_cast<int>(state)]);
    return -1;
  }
  GuardStack(L);
  lua_xmove(L, coroutine, count);
  lua_setlevel(L, coroutine);
  vm.current = coroutine;
  ArmHook(coroutine, vm);
  const int status = lua_resume(coroutine, count);
  vm.current = L;
  if (status < 0 && vm.stop == VmStop::kNone) vm.stop = VmStop::kKilled;
  RaiseIfStopped(L, vm);
  if (status == LUA_ERRMEM) CollectAll(L, vm);
  if (status != 0 && status != LUA_YIELD) {
    lua_xmove(coroutine, L, 1);
    return -1;
  }
  const int results = lua_gettop(coroutine);
  if (lua_checkstack(L, results + 1) == 0) return luaL_error(L, "too many results to resume");
  lua_xmove(coroutine, L, results);
  return results;
}

int Create(lua_State* L) {
  luaL_argcheck(L, lua_isfunction(L, 1) && lua_iscfunction(L, 1) == 0, 1, "Lua function expected");
  lua_State* coroutine = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, coroutine, 1);
  return 1;
}

int ResumeFunction(lua_State* L) {
  lua_State* coroutine = CheckCoroutine(L);
  const int results = Resume(L, coroutine, lua_gettop(L) - 1);
  if (results < 0) {
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_insert(L, -(results + 1));
  return results + 1;
}

int ResumeWrapped(lua_State* L) {
  lua_State* coroutine = lua_tothread(L, lua_upvalueindex(1));
  const int results = Resume(L, coroutine, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_isstring(L, -1) != 0) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

int Wrap(lua_State* L) {
  Create(L);
  lua_pushcclosure(L, ResumeWrapped, 1);
  return 1;
}

int Yield(lua_State* L) { return lua_yield(L, lua_gettop(L)); }

int Status(lua_State* L) {
  lua_pushstring(L, kStateNames[static_cast<int>(StateOf(L, CheckCoroutine(L)))]);
  return 1;
}

int Running(lua_State* L) {
  if (lua_pushthread(L) != 0) lua_pushnil(L);  // the main thread is no coroutine
  return 1;
}

}  // namespace

void PushCoroutineLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"create", Create}, {"resume", ResumeFunction}, {"wrap", Wrap},     {"yield", Yield},
      {"status", Status}, {"running", Running},       {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
