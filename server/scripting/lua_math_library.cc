// math: stock Lua's, with a random sequence that is the script's own; and
// os, of which only the clock is left.
#include <cmath>
#include <ctime>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// lrand48 as Redis has it, so that a script draws the same numbers.
constexpr uint64_t kMultiplier = 0x5DEECE66DULL;
constexpr uint64_t kIncrement = 0xB;
constexpr uint64_t kStateMask = (1ULL << 48) - 1;
constexpr double kRandomMax = 2147483647.0;

double NextRandom(LuaVm& vm) {
  vm.random_state = (vm.random_state * kMultiplier + kIncrement) & kStateMask;
  const auto drawn = static_cast<int64_t>(vm.random_state >> 17);
  return static_cast<double>(drawn % 2147483647) / kRandomMax;
}

int Random(lua_State* L) {
  const double random = NextRandom(VmOf(L));
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(L, random);
      return 1;
    case 1: {
      const int64_t upper = ToInteger(luaL_checknumber(L, 1));
      luaL_argcheck(L, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(L, std::floor(random * static_cast<double>(upper)) + 1);
      return 1;
    }
    case 2: {
      const int64_t lower = ToInteger(luaL_checknumber(L, 1));
      const int64_t upper = ToInteger(luaL_checknumber(L, 2));
      luaL_argcheck(L, lower <= upper, 2, "interval is empty");
      const double width = static_cast<double>(upper) - static_cast<double>(lower) + 1;
      lua_pushnumber(L, std::floor(random * width) + static_cast<double>(lower));
      return 1;
    }
    default:
      return luaL_error(L, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* L) {
  // Any number will do, fractions and times in microseconds included.
  const auto seed = static_cast<uint64_t>(ToInteger(luaL_checknumber(L, 1)));
  VmOf(L).random_state = ((seed & 0xFFFFFFFFULL) << 16) + 0x330E;
  return 0;
}

int Clock(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  return 1;
}

}  // namespace

void PushMathLibrary(lua_State* L) {
  lua_pushcfunction(L, luaopen_math);
  lua_call(L, 0, 1);
  static constexpr luaL_Reg kFunctions[] = {
      {"random", Random}, {"randomseed", RandomSeed}, {nullptr, nullptr}};
  luaL_register(L, nullptr, kFunctions);
}

void PushOsLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {{"clock", Clock}, {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
