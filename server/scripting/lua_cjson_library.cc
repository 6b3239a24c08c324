// cjson: lua-cjson 2.1's functions. Its settings hold for one script, unlike in Redis.
#include <climits>
#include <cstdio>

#include "server/scripting/lua_json.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// At most `count` arguments; missing ones read as nil.
void TakeArguments(lua_State* L, int count) {
  luaL_argcheck(L, lua_gettop(L) <= count, count + 1, "found too many arguments");
  lua_settop(L, count);
}

// Sets *setting from the argument, unless it is nil, and pushes what it is then.
void IntegerOption(lua_State* L, int argument, int* setting, int least, int most) {
  if (!lua_isnil(L, argument)) {
    const int64_t value = ToInteger(luaL_checknumber(L, argument));
    if (value < least || value > most) {
      luaL_argerror(L, argument,
                    lua_pushfstring(L, "expected integer between %d and %d", least, most));
    }
    *setting = static_cast<int>(value);
  }
  lua_pushinteger(L, *setting);
}

void BooleanOption(lua_State* L, int argument, bool* setting) {
  if (!lua_isnil(L, argument)) {
    luaL_checktype(L, argument, LUA_TBOOLEAN);
    *setting = lua_toboolean(L, argument) != 0;
  }
  lua_pushboolean(L, *setting);
}

int EncodeSparseArray(lua_State* L) {
  CjsonSettings& settings = VmOf(L).cjson;
  TakeArguments(L, 3);
  BooleanOption(L, 1, &settings.sparse_convert);
  IntegerOption(L, 2, &settings.sparse_ratio, 0, INT_MAX);
  IntegerOption(L, 3, &settings.sparse_safe, 0, INT_MAX);
  return 3;
}

int EncodeMaxDepth(lua_State* L) {
  TakeArguments(L, 1);
  IntegerOption(L, 1, &VmOf(L).cjson.encode_depth_max, 1, INT_MAX);
  return 1;
}

int DecodeMaxDepth(lua_State* L) {
  TakeArguments(L, 1);
  IntegerOption(L, 1, &VmOf(L).cjson.decode_depth_max, 1, INT_MAX);
  return 1;
}

int EncodeNumberPrecision(lua_State* L) {
  constexpr int kPrecisionMax = 14;
  TakeArguments(L, 1);
  IntegerOption(L, 1, &VmOf(L).cjson.number_precision, 1, kPrecisionMax);
  return 1;
}

int EncodeKeepBuffer(lua_State* L) {
  TakeArguments(L, 1);
  bool keep = true;  // no buffer is kept, whatever is asked
  BooleanOption(L, 1, &keep);
  return 1;
}

int EncodeInvalidNumbers(lua_State* L) {
  static const char* const kOptions[] = {"off", "on", "null", nullptr};
  CjsonSettings& settings = VmOf(L).cjson;
  TakeArguments(L, 1);
  if (!lua_isnil(L, 1)) {
    const int option =
        lua_isboolean(L, 1) != 0 ? lua_toboolean(L, 1) : luaL_checkoption(L, 1, nullptr, kOptions);
    settings.encode_invalid_numbers = option != 0;
    settings.encode_null_for_invalid = option == 2;
  }
  if (settings.encode_null_for_invalid) {
    lua_pushliteral(L, "null");
  } else {
    lua_pushboolean(L, settings.encode_invalid_numbers);
  }
  return 1;
}

int DecodeInvalidNumbers(lua_State* L) {
  TakeArguments(L, 1);
  BooleanOption(L, 1, &VmOf(L).cjson.decode_invalid_numbers);
  return 1;
}

int DecodeArrayWithArrayMetatable(lua_State* L) {
  TakeArguments(L, 1);
  BooleanOption(L, 1, &VmOf(L).cjson.decode_array_metatable);
  return 1;
}

int New(lua_State* L) {
  PushCjsonLibrary(L);
  return 1;
}

}  // namespace

void PushArrayMetatable(lua_State* L) {
  LuaVm& vm = VmOf(L);
  if (vm.array_metatable_reference == LUA_NOREF) {
    lua_createtable(L, 0, 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    vm.array_metatable_reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm.array_metatable_reference);
}

void PushCjsonLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"encode", JsonEncode},
      {"decode", JsonDecode},
      {"encode_sparse_array", EncodeSparseArray},
      {"encode_max_depth", EncodeMaxDepth},
      {"decode_max_depth", DecodeMaxDepth},
      {"encode_number_precision", EncodeNumberPrecision},
      {"encode_keep_buffer", EncodeKeepBuffer},
      {"encode_invalid_numbers", EncodeInvalidNumbers},
      {"decode_invalid_numbers", DecodeInvalidNumbers},
      {"decode_array_with_array_mt", DecodeArrayWithArrayMetatable},
      {"new", New},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
  lua_pushlightuserdata(L, nullptr);
  lua_setfield(L, -2, "null");
  lua_pushliteral(L, "cjson");
  lua_setfield(L, -2, "_NAME");
  lua_pushliteral(L, "2.1.0");
  lua_setfield(L, -2, "_VERSION");
}

}  // namespace larder
