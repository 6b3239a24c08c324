#include <algorithm>
#include <cmath>
#include <cstdio>

#include "server/scripting/lua_json.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

class Encoder {
 public:
  explicit Encoder(lua_State* L) : L_(L), vm_(VmOf(L)), settings_(vm_.cjson), out_(L) {}

  LuaBuffer& out() { return out_; }

  // Appends the value on top; leaves it there.
  void Append(int depth) {
    Charge(L_, vm_, 16);
    switch (lua_type(L_, -1)) {
      case LUA_TSTRING:
        AppendString(CheckBytes(L_, -1));
        return;
      case LUA_TNUMBER:
        AppendNumber(lua_tonumber(L_, -1));
        return;
      case LUA_TBOOLEAN:
        out_.Append(lua_toboolean(L_, -1) != 0 ? "true" : "false");
        return;
      case LUA_TNIL:
        out_.Append("null");
        return;
      case LUA_TTABLE:
        AppendTable(depth + 1);
        return;
      case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L_, -1) == nullptr) {
          out_.Append("null");
          return;
        }
        [[fallthrough]];
      default:
        Refuse(-1, "type not supported");
    }
  }

 private:
  [[noreturn]] void Refuse(int index, const char* reason) {
    luaL_error(L_, "Cannot serialise %s: %s", luaL_typename(L_, index), reason);
    __builtin_unreachable();
  }

  void AppendString(std::string_view text) {
    Charge(L_, vm_, text.size());
    out_.Reserve(text.size() + 2);
    out_.Append('"');
    for (const char c : text) {
      switch (c) {
        case '"':
          out_.Append("\\\"");
          break;
        case '\\':
          out_.Append("\\\\");
          break;
        case '/':
          out_.Append("\\/");
          break;
        case '\b':
          out_.Append("\\b");
          break;
        case '\t':
          out_.Append("\\t");
          break;
        case '\n':
          out_.Append("\\n");
          break;
        case '\f':
          out_.Append("\\f");
          break;
        case '\r':
          out_.Append("\\r");
          break;
        default: {
          const auto byte = static_cast<unsigned char>(c);
          if (byte >= 0x20 && byte != 0x7F) {
            out_.Append(c);
            break;
          }
          char escape[8];
          std::snprintf(escape, sizeof(escape), "\\u%04x", byte);
          out_.Append(std::string_view(escape, 6));
        }
      }
    }
    out_.Append('"');
  }

  void AppendNumber(double number) {
    if (!std::isfinite(number)) {
      if (settings_.encode_null_for_invalid) {
        out_.Append("null");
        return;
      }
      if (!settings_.encode_invalid_numbers) Refuse(-1, "must not be NaN or Inf");
      out_.Append(std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
      return;
    }
    char digits[40];
    const int size =
        std::snprintf(digits, sizeof(digits), "%.*g", settings_.number_precision, number);
    out_.Append({digits, static_cast<size_t>(size)});
  }

  bool IsMarkedArray() {
    if (vm_.array_metatable_reference == LUA_NOREF || lua_getmetatable(L_, -1) == 0) return false;
    lua_rawgeti(L_, LUA_REGISTRYINDEX, vm_.array_metatable_reference);
    const bool marked = lua_rawequal(L_, -1, -2) != 0;
    lua_pop(L_, 2);
    return marked;
  }

  // The length of the array on top, or -1 when it is to be an object.
  int64_t ArrayLength() {
    double largest = 0;
    int64_t items = 0;
    lua_pushnil(L_);
    while (lua_next(L_, -2) != 0) {
      lua_pop(L_, 1);
      Charge(L_, vm_, 8);
      const double key = lua_type(L_, -1) == LUA_TNUMBER ? lua_tonumber(L_, -1) : 0;
      if (!(key >= 1 && std::floor(key) == key)) {
        lua_pop(L_, 1);
        return -1;
      }
      largest = std::max(largest, key);
      ++items;
    }
    if (settings_.sparse_ratio > 0 &&
        largest > static_cast<double>(items) * settings_.sparse_ratio &&
        largest > settings_.sparse_safe) {
      if (!settings_.sparse_convert) Refuse(-1, "excessively sparse array");
      return -1;
    }
    return ToInteger(largest);
  }

  void AppendTable(int depth) {
    if (depth > settings_.encode_depth_max || lua_checkstack(L_, 6) == 0) {
      luaL_error(L_, "Cannot serialise, excessive nesting (%d)", depth);
    }
    GuardStack(L_);
    const bool marked = IsMarkedArray();
    const int64_t length = ArrayLength();
    if (length > 0 || (marked && length == 0)) {
      AppendArray(length, depth);
    } else {
      AppendObject(depth);
    }
  }

  void AppendArray(int64_t length, int depth) {
    out_.Append('[');
    for (int64_t i = 1; i <= length; ++i) {
      if (i > 1) out_.Append(',');
      lua_pushnumber(L_, static_cast<double>(i));
      lua_rawget(L_, -2);
      Append(depth);
      lua_pop(L_, 1);
    }
    out_.Append(']');
  }

  void AppendObject(int depth) {
    out_.Append('{');
    bool first = true;
    lua_pushnil(L_);
    while (lua_next(L_, -2) != 0) {
      if (!first) out_.Append(',');
      first = false;
      const int type = lua_type(L_, -2);
      if (type == LUA_TNUMBER) {
        out_.Append('"');
        lua_pushvalue(L_, -2);
        AppendNumber(lua_tonumber(L_, -1));
        lua_pop(L_, 1);
        out_.Append('"');
      } else if (type == LUA_TSTRING) {
        AppendString(CheckBytes(L_, -2));
      } else {
        Refuse(-2, "table key must be a number or string");
      }
      out_.Append(':');
      Append(depth);
      lua_pop(L_, 1);
    }
    out_.Append('}');
  }

  lua_State* L_;
  LuaVm& vm_;
  const CjsonSettings settings_;
  LuaBuffer out_;
};

}  // namespace

int JsonEncode(lua_State* L) {
  luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
  Encoder encoder(L);
  encoder.Append(0);
  encoder.out().Push();
  return 1;
}

}  // namespace larder
