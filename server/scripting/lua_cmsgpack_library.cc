// cmsgpack: MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), in the dialect of
// lua-cmsgpack 0.4: whole numbers pack as integers, tables with keys 1..n as arrays, what has no
// form as nil.
#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

constexpr int kPackDepthMax = 16;  // deeper tables pack as nil

void AppendBigEndian(LuaBuffer& out, unsigned char tag, uint64_t value, int bytes) {
  out.Append(static_cast<char>(tag));
  for (int i = bytes - 1; i >= 0; --i) out.Append(static_cast<char>(value >> (8 * i) & 0xFF));
}

void PackInteger(LuaBuffer& out, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (value >= -32 && value <= 127) {
    out.Append(static_cast<char>(bits & 0xFF));
  } else if (value >= 0) {
    if (value <= 0xFF) return AppendBigEndian(out, 0xCC, bits, 1);
    if (value <= 0xFFFF) return AppendBigEndian(out, 0xCD, bits, 2);
    if (value <= 0xFFFFFFFFLL) return AppendBigEndian(out, 0xCE, bits, 4);
    AppendBigEndian(out, 0xCF, bits, 8);
  } else {
    if (value >= INT8_MIN) return AppendBigEndian(out, 0xD0, bits, 1);
    if (value >= INT16_MIN) return AppendBigEndian(out, 0xD1, bits, 2);
    if (value >= INT32_MIN) return AppendBigEndian(out, 0xD2, bits, 4);
    AppendBigEndian(out, 0xD3, bits, 8);
  }
}

void PackNumber(LuaBuffer& out, double number) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (number >= -kLimit && number < kLimit && std::trunc(number) == number) {
    PackInteger(out, static_cast<int64_t>(number));
    return;
  }
  // Out of a float's range the conversion is undefined, except for infinities and NaN.
  constexpr double kFloatMax = 3.4028234663852886e38;
  if (!(std::isfinite(number) && std::fabs(number) > kFloatMax)) {
    const auto narrow = static_cast<float>(number);
    if (static_cast<double>(narrow) == number) {
      uint32_t bits;
      std::memcpy(&bits, &narrow, sizeof(bits));
      AppendBigEndian(out, 0xCA, bits, 4);
      return;
    }
  }
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof(bits));
  AppendBigEndian(out, 0xCB, bits, 8);
}

void PackString(lua_State* L, LuaBuffer& out, std::string_view text) {
  Charge(L, text.size());
  if (text.size() < 32) {
    out.Append(static_cast<char>(0xA0 | text.size()));
  } else if (text.size() <= 0xFF) {
    AppendBigEndian(out, 0xD9, text.size(), 1);
  } else if (text.size() <= 0xFFFF) {
    AppendBigEndian(out, 0xDA, text.size(), 2);
  } else {
    AppendBigEndian(out, 0xDB, text.size(), 4);
  }
  out.Append(text);
}

// The count of an array or map; `tag` is that of the short form, `long_tag` of the 16-bit one.
void PackCount(LuaBuffer& out, size_t count, unsigned char tag, unsigned char long_tag) {
  if (count <= 15) {
    out.Append(static_cast<char>(tag | count));
  } else if (count <= 0xFFFF) {
    AppendBigEndian(out, long_tag, count, 2);
  } else {
    AppendBigEndian(out, static_cast<unsigned char>(long_tag + 1), count, 4);
  }
}

// Counts the elements of the table on top; false when its keys are not exactly 1..count.
bool IsArray(lua_State* L, size_t* count) {
  *count = 0;
  double largest = 0;
  bool is_array = true;
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    Charge(L, 8);
    ++*count;
    if (!is_array) continue;
    const double key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (key < 1 || std::trunc(key) != key) {
      is_array = false;
    } else {
      largest = std::max(largest, key);
    }
  }
  return is_array && largest == static_cast<double>(*count);
}

// Packs and pops the value on top.
void PackValue(lua_State* L, LuaBuffer& out, int depth) {
  luaL_checkstack(L, 6, "in function mp_encode_lua_type");
  switch (lua_type(L, -1)) {
    case LUA_TSTRING:
      PackString(L, out, CheckBytes(L, -1));
      break;
    case LUA_TNUMBER:
      PackNumber(out, lua_tonumber(L, -1));
      break;
    case LUA_TBOOLEAN:
      out.Append(lua_toboolean(L, -1) != 0 ? '\xC3' : '\xC2');
      break;
    case LUA_TTABLE: {
      if (depth == kPackDepthMax) {
        out.Append('\xC0');
        break;
      }
      size_t count;
      if (IsArray(L, &count)) {
        PackCount(out, count, 0x90, 0xDC);
        for (size_t i = 1; i <= count; ++i) {
          lua_rawgeti(L, -1, static_cast<int>(i));
          PackValue(L, out, depth + 1);
        }
      } else {
        PackCount(out, count, 0x80, 0xDE);
        lua_pushnil(L);
        while (lua_next(L, -2) != 0) {
          lua_pushvalue(L, -2);
          PackValue(L, out, depth + 1);
          PackValue(L, out, depth + 1);
        }
      }
      break;
    }
    default:
      out.Append('\xC0');
      break;
  }
  lua_pop(L, 1);
}

int Pack(lua_State* L) {
  const int count = lua_gettop(L);
  if (count == 0) return luaL_argerror(L, 0, "MessagePack pack needs input.");
  LuaBuffer out(L);
  for (int i = 1; i <= count; ++i) {
    luaL_checkstack(L, 1, "in function mp_check");
    lua_pushvalue(L, i);
    PackValue(L, out, 0);
  }
  out.Push();
  return 1;
}

// Reads values off the front of its input and pushes them.
class Unpacker {
 public:
  Unpacker(lua_State* L, std::string_view input) : L_(L), input_(input) {}

  size_t left() const { return input_.size(); }

  void PushValue() {
    luaL_checkstack(L_, 6, "in function mp_decode_to_lua_type");
    GuardStack(L_);
    Charge(L_, 16);
    const auto tag = static_cast<unsigned char>(Take(1).front());
    if (tag <= 0x7F) return lua_pushinteger(L_, tag);
    if (tag >= 0xE0) return lua_pushinteger(L_, static_cast<signed char>(tag));
    if (tag <= 0x8F) return PushMap(tag & 0x0F);
    if (tag <= 0x9F) return PushArray(tag & 0x0F);
    if (tag <= 0xBF) return PushString(tag & 0x1F);
    switch (tag) {
      case 0xC0:
        return lua_pushnil(L_);
      case 0xC2:
        return lua_pushboolean(L_, 0);
      case 0xC3:
        return lua_pushboolean(L_, 1);
      case 0xC4:
      case 0xD9:
        return PushString(TakeInteger(1));
      case 0xC5:
      case 0xDA:
        return PushString(TakeInteger(2));
      case 0xC6:
      case 0xDB:
        return PushString(TakeInteger(4));
      case 0xCA:
        return PushReal<float, uint32_t>();
      case 0xCB:
        return PushReal<double, uint64_t>();
      case 0xCC:
        return PushInteger(static_cast<int64_t>(TakeInteger(1)));
      case 0xCD:
        return PushInteger(static_cast<int64_t>(TakeInteger(2)));
      case 0xCE:
        return PushInteger(static_cast<int64_t>(TakeInteger(4)));
      case 0xCF:
      case 0xD3:
        return PushInteger(static_cast<int64_t>(TakeInteger(8)));
      case 0xD0:
        return PushInteger(static_cast<int8_t>(TakeInteger(1)));
      case 0xD1:
        return PushInteger(static_cast<int16_t>(TakeInteger(2)));
      case 0xD2:
        return PushInteger(static_cast<int32_t>(TakeInteger(4)));
      case 0xDC:
        return PushArray(TakeInteger(2));
      case 0xDD:
        return PushArray(TakeInteger(4));
      case 0xDE:
        return PushMap(TakeInteger(2));
      case 0xDF:
        return PushMap(TakeInteger(4));
      default:
        luaL_error(L_, "Bad data format in input.");
    }
  }

 private:
  std::string_view Take(size_t size) {
    if (size > input_.size()) luaL_error(L_, "Missing bytes in input.");
    const std::string_view taken = input_.substr(0, size);
    input_.remove_prefix(size);
    return taken;
  }

  uint64_t TakeInteger(size_t bytes) {
    uint64_t value = 0;
    for (const char c : Take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  void PushInteger(int64_t value) { lua_pushnumber(L_, static_cast<double>(value)); }

  template <typename Real, typename Bits>
  void PushReal() {
    const Bits bits = static_cast<Bits>(TakeInteger(sizeof(Bits)));
    Real value;
    std::memcpy(&value, &bits, sizeof(value));
    lua_pushnumber(L_, static_cast<double>(value));
  }

  void PushString(size_t size) {
    Charge(L_, size);
    PushBytes(L_, Take(size));
  }

  void PushArray(size_t count) {
    lua_newtable(L_);
    for (size_t i = 1; i <= count; ++i) {
      PushValue();
      lua_rawseti(L_, -2, static_cast<int>(std::min<size_t>(i, INT_MAX)));
    }
  }

  void PushMap(size_t count) {
    lua_newtable(L_);
    for (size_t i = 0; i < count; ++i) {
      PushValue();
      PushValue();
      lua_rawset(L_, -3);
    }
  }

  lua_State* L_;
  std::string_view input_;
};

// Unpacks up to `limit` values from `offset` on; with neither, all of them.
int UnpackFrom(lua_State* L, int64_t limit, int64_t offset) {
  const std::string_view input = CheckBytes(L, 1);
  const auto size = static_cast<int64_t>(input.size());
  if (offset < 0 || limit < 0) {
    return luaL_error(L, "Invalid request to unpack with offset of %d and limit of %d.",
                      static_cast<int>(offset), static_cast<int>(size));
  }
  if (offset > size) {
    return luaL_error(L, "Start offset %d greater than input length %d.", static_cast<int>(offset),
                      static_cast<int>(size));
  }
  const bool all = limit == 0 && offset == 0;
  Unpacker unpacker(L, input.substr(static_cast<size_t>(offset)));
  int results = 0;
  while (unpacker.left() > 0 && (all || results < limit)) {
    unpacker.PushValue();
    ++results;
  }
  if (all) return results;
  // In front: where to go on, or -1 at the end.
  luaL_checkstack(L, 1, "in function mp_unpack_full");
  lua_pushinteger(
      L, unpacker.left() == 0 ? -1 : static_cast<lua_Integer>(input.size() - unpacker.left()));
  lua_insert(L, 2);
  return results + 1;
}

int Unpack(lua_State* L) {
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, 0, 0);
}

int UnpackOne(lua_State* L) {
  const int64_t offset = ToInteger(luaL_optnumber(L, 2, 0));
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, 1, offset);
}

int UnpackLimit(lua_State* L) {
  const int64_t limit = ToInteger(luaL_checknumber(L, 2));
  const int64_t offset = ToInteger(luaL_optnumber(L, 3, 0));
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, limit, offset);
}

}  // namespace

void PushCmsgpackLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"pack", Pack},
      {"unpack", Unpack},
      {"unpack_one", UnpackOne},
      {"unpack_limit", UnpackLimit},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
  lua_pushliteral(L, "cmsgpack");
  lua_setfield(L, -2, "_NAME");
  lua_pushliteral(L, "lua-cmsgpack 0.4.0");
  lua_setfield(L, -2, "_VERSION");
}

}  // namespace larder
