// table: Lua 5.1's, whose long loops can be killed and which respects read-only tables.
#include <algorithm>
#include <climits>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

int CheckTable(lua_State* L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  return static_cast<int>(lua_objlen(L, index));
}

int CheckIndex(lua_State* L, int argument) {
  const int64_t index = ToInteger(luaL_checknumber(L, argument));
  return static_cast<int>(std::clamp<int64_t>(index, INT_MIN + 1, INT_MAX - 1));
}

int Insert(lua_State* L) {
  int end = CheckTable(L, 1) + 1;
  CheckWritable(L, 1);
  int position = end;
  switch (lua_gettop(L)) {
    case 2:
      break;
    case 3:
      position = CheckIndex(L, 2);
      if (position > end) end = position;
      for (int i = end; i > position; --i) {
        Charge(L, 8);
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
      }
      break;
    default:
      return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_rawseti(L, 1, position);
  return 0;
}

int Remove(lua_State* L) {
  const int end = CheckTable(L, 1);
  CheckWritable(L, 1);
  int position = lua_isnoneornil(L, 2) ? end : CheckIndex(L, 2);
  if (!(1 <= position && position <= end)) return 0;
  lua_rawgeti(L, 1, position);
  for (; position < end; ++position) {
    Charge(L, 8);
    lua_rawgeti(L, 1, position + 1);
    lua_rawseti(L, 1, position);
  }
  lua_pushnil(L);
  lua_rawseti(L, 1, end);
  return 1;
}

int Concat(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t separator_size = 0;
  const char* separator = luaL_optlstring(L, 2, "", &separator_size);
  const int first = lua_isnoneornil(L, 3) ? 1 : CheckIndex(L, 3);
  const int last = lua_isnoneornil(L, 4) ? static_cast<int>(lua_objlen(L, 1)) : CheckIndex(L, 4);
  LuaBuffer result(L);
  for (int i = first; i <= last; ++i) {
    lua_rawgeti(L, 1, i);
    if (lua_isstring(L, -1) == 0) {
      return luaL_error(L, "invalid value (%s) at index %d in table for 'concat'",
                        luaL_typename(L, -1), i);
    }
    const std::string_view piece = CheckBytes(L, -1);
    Charge(L, 8 + piece.size());
    result.Append(piece);
    lua_pop(L, 1);
    if (i != last) result.Append({separator, separator_size});
  }
  result.Push();
  return 1;
}

int MaxN(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  UseContents(L, 1);
  double largest = 0;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    Charge(L, 8);
    if (lua_type(L, -1) == LUA_TNUMBER) largest = std::max(largest, lua_tonumber(L, -1));
  }
  lua_pushnumber(L, largest);
  return 1;
}

int GetN(lua_State* L) {
  lua_pushinteger(L, CheckTable(L, 1));
  return 1;
}

int SetN(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return luaL_error(L, "'setn' is obsolete");
}

int ForEachIndex(lua_State* L) {
  const int count = CheckTable(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  GuardStack(L);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, 2);
    lua_pushinteger(L, i);
    lua_rawgeti(L, 1, i);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) return 1;
    lua_pop(L, 1);
  }
  return 0;
}

int ForEach(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  UseContents(L, 1);
  GuardStack(L);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) return 1;
    lua_pop(L, 2);
  }
  return 0;
}

// Whether the value at `a` sorts before the one at `b`, by the function at index 2 or by `<`.
bool Before(lua_State* L, int a, int b) {
  if (lua_isnil(L, 2)) {
    Charge(L, 8);
    return lua_lessthan(L, a, b) != 0;
  }
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a - 1);
  lua_pushvalue(L, b - 2);
  lua_call(L, 2, 1);
  const bool before = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return before;
}

// Stores the top value at `i` and the one below it at `j`; pops both.
void StoreTwo(lua_State* L, int i, int j) {
  lua_rawseti(L, 1, i);
  lua_rawseti(L, 1, j);
}

// Partitions [low + 1, high - 1] around the pivot on top of the stack, which is also at high - 1.
// Pops it. Returns its place.
int Partition(lua_State* L, int low, int high) {
  int i = low;
  int j = high - 1;
  while (true) {
    while (lua_rawgeti(L, 1, ++i), Before(L, -1, -2)) {
      if (i > high) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    while (lua_rawgeti(L, 1, --j), Before(L, -3, -1)) {
      if (j < low) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    if (j < i) break;
    StoreTwo(L, i, j);
  }
  lua_pop(L, 3);
  lua_rawgeti(L, 1, high - 1);
  lua_rawgeti(L, 1, i);
  StoreTwo(L, high - 1, i);
  return i;
}

// Puts the elements at i < j in order.
void OrderPair(lua_State* L, int i, int j) {
  lua_rawgeti(L, 1, i);
  lua_rawgeti(L, 1, j);
  if (Before(L, -1, -2)) {
    StoreTwo(L, i, j);
  } else {
    lua_pop(L, 2);
  }
}

// Quicksort as in Lua 5.1 (median of three, the smaller part first): the same calls of the order
// function in the same order.
void SortRange(lua_State* L, int low, int high) {
  while (low < high) {
    OrderPair(L, low, high);
    if (high - low == 1) return;
    int middle = low + (high - low) / 2;
    lua_rawgeti(L, 1, middle);
    lua_rawgeti(L, 1, low);
    if (Before(L, -2, -1)) {
      StoreTwo(L, middle, low);
    } else {
      lua_pop(L, 1);
      lua_rawgeti(L, 1, high);
      if (Before(L, -1, -2)) {
        StoreTwo(L, middle, high);
      } else {
        lua_pop(L, 2);
      }
    }
    if (high - low == 2) return;
    lua_rawgeti(L, 1, middle);
    lua_pushvalue(L, -1);
    lua_rawgeti(L, 1, high - 1);
    StoreTwo(L, middle, high - 1);
    const int pivot = Partition(L, low, high);
    if (pivot - low < high - pivot) {
      SortRange(L, low, pivot - 1);
      low = pivot + 1;
    } else {
      SortRange(L, pivot + 1, high);
      high = pivot - 1;
    }
  }
}

int Sort(lua_State* L) {
  const int count = CheckTable(L, 1);
  luaL_checkstack(L, 40, "");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  CheckWritable(L, 1);
  GuardStack(L);
  SortRange(L, 1, count);
  return 0;
}

}  // namespace

void PushTableLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"concat", Concat}, {"foreach", ForEach}, {"foreachi", ForEachIndex}, {"getn", GetN},
      {"insert", Insert}, {"maxn", MaxN},       {"remove", Remove},         {"setn", SetN},
      {"sort", Sort},     {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
