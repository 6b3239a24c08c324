#include "server/scripting/lua_replies.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// As Redis calls it: scripts can see it.
constexpr char kErrorOfCallField[] = "ignore_error_stats_update";

// ---- RESP to Lua ----

constexpr int kCallReplyDepthMax = 128;

std::string_view TakeLine(std::string_view* bytes) {
  const size_t end = bytes->find("\r\n");
  if (end == std::string_view::npos) return std::exchange(*bytes, {});
  const std::string_view line = bytes->substr(0, end);
  bytes->remove_prefix(end + 2);
  return line;
}

int64_t ParseInteger(std::string_view digits) {
  int64_t value = 0;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string_view TakeBytes(std::string_view* bytes, size_t size) {
  const std::string_view text = bytes->substr(0, size);
  bytes->remove_prefix(std::min(bytes->size(), size + 2));
  return text;
}

// Pushes {field = text}.
void PushField(lua_State* L, const char* field, std::string_view text) {
  lua_createtable(L, 0, 1);
  PushBytes(L, text);
  lua_setfield(L, -2, field);
}

void PushNext(lua_State* L, std::string_view* bytes, int depth);

void PushElements(lua_State* L, std::string_view* bytes, int64_t count, int depth) {
  constexpr int64_t kPreallocatedMax = 1 << 20;
  lua_createtable(L, static_cast<int>(std::min(count, kPreallocatedMax)), 0);
  for (int64_t i = 1; i <= count; ++i) {
    PushNext(L, bytes, depth + 1);
    lua_rawseti(L, -2, static_cast<int>(i));
  }
}

// Pushes {map = {…}} or, with each element as a key of `true`, {set = {…}}.
void PushKeyed(lua_State* L, std::string_view* bytes, int64_t count, bool is_map, int depth) {
  lua_createtable(L, 0, 1);
  lua_newtable(L);
  for (int64_t i = 0; i < count; ++i) {
    PushNext(L, bytes, depth + 1);
    if (is_map) {
      PushNext(L, bytes, depth + 1);
    } else {
      lua_pushboolean(L, 1);
    }
    if (lua_isnil(L, -2)) {
      lua_pop(L, 2);  // nil cannot be a key
    } else {
      lua_rawset(L, -3);
    }
  }
  lua_setfield(L, -2, is_map ? "map" : "set");
}

void PushVerbatim(lua_State* L, std::string_view text) {
  lua_createtable(L, 0, 1);
  lua_createtable(L, 0, 2);
  PushBytes(L, text.substr(0, 3));
  lua_setfield(L, -2, "format");
  PushBytes(L, text.size() > 4 ? text.substr(4) : std::string_view());
  lua_setfield(L, -2, "string");
  lua_setfield(L, -2, "verbatim_string");
}

void PushDouble(lua_State* L, std::string_view text) {
  lua_createtable(L, 0, 1);
  lua_pushnumber(L, std::strtod(std::string(text).c_str(), nullptr));
  lua_setfield(L, -2, "double");
}

void PushNext(lua_State* L, std::string_view* bytes, int depth) {
  luaL_checkstack(L, 8, "reply is nested too deeply");
  if (depth > kCallReplyDepthMax) luaL_error(L, "reply is nested too deeply");
  const std::string_view line = TakeLine(bytes);
  Charge(L, line.size() + 16);
  const char type = line.empty() ? '_' : line.front();
  const std::string_view text = line.empty() ? line : line.substr(1);
  switch (type) {
    case '+':
      return PushField(L, "ok", text);
    case '-':
      return PushErrorTable(L, line);
    case ':':
      return lua_pushnumber(L, static_cast<double>(ParseInteger(text)));
    case '$': {
      const int64_t size = ParseInteger(text);
      if (size < 0) return lua_pushboolean(L, 0);
      Charge(L, static_cast<size_t>(size));
      return PushBytes(L, TakeBytes(bytes, static_cast<size_t>(size)));
    }
    case '*':
    case '>': {
      const int64_t count = ParseInteger(text);
      if (count < 0) return lua_pushboolean(L, 0);
      return PushElements(L, bytes, count, depth);
    }
    case '%':
      return PushKeyed(L, bytes, ParseInteger(text), true, depth);
    case '~':
      return PushKeyed(L, bytes, ParseInteger(text), false, depth);
    case ',':
      return PushDouble(L, text);
    case '#':
      return lua_pushboolean(L, text == "t");
    case '(':
      return PushField(L, "big_number", text);
    case '=':
      return PushVerbatim(L, TakeBytes(bytes, static_cast<size_t>(ParseInteger(text))));
    case '|':
      for (int64_t i = 0; i < 2 * ParseInteger(text); ++i) {
        PushNext(L, bytes, depth + 1);
        lua_pop(L, 1);
      }
      return PushNext(L, bytes, depth + 1);
    default:
      return lua_pushnil(L);
  }
}

// ---- Lua to RESP ----

class ResultWriter {
 public:
  ResultWriter(lua_State* L, protocol::Version script_version, protocol::ReplyWriter& writer)
      : L_(L),
        vm_(VmOf(L)),
        script_is_resp3_(script_version == protocol::Version::kResp3),
        writer_(writer),
        size_at_start_(writer.out().size()) {}

  // Writes and pops the value on top.
  void Write(int depth) {
    if (depth > kScriptReplyDepthMax || lua_checkstack(L_, 8) == 0) {
      writer_.Error("ERR reached lua stack limit");
      lua_pop(L_, 1);
      return;
    }
    Account();
    switch (lua_type(L_, -1)) {
      case LUA_TSTRING:
        writer_.Bulk(CheckBytes(L_, -1));
        break;
      case LUA_TNUMBER:
        writer_.Integer(Truncate(lua_tonumber(L_, -1)));
        break;
      case LUA_TBOOLEAN:
        WriteBoolean(lua_toboolean(L_, -1) != 0);
        break;
      case LUA_TTABLE:
        WriteTable(depth);
        break;
      default:
        writer_.Null();
        break;
    }
    lua_pop(L_, 1);
  }

 private:
  // A number outside of 64 bits becomes what x86 makes of it, as in Redis.
  static int64_t Truncate(double number) {
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    if (!(number >= -kLimit && number < kLimit)) return std::numeric_limits<int64_t>::min();
    return static_cast<int64_t>(number);
  }

  void Account() {
    const size_t size = writer_.out().size();
    if (size - size_at_start_ > kScriptReplyBytesMax) {
      luaL_error(L_, "the script's reply is too large");
    }
    Charge(L_, vm_, 16 + (size - size_accounted_));
    size_accounted_ = size;
  }

  void WriteBoolean(bool value) {
    if (script_is_resp3_) {
      writer_.Boolean(value);
    } else if (value) {
      writer_.Integer(1);
    } else {
      writer_.Null();
    }
  }

  // Pushes the field when it has that type, and nothing otherwise.
  bool PushFieldOf(const char* name, int type) {
    lua_pushstring(L_, name);
    lua_rawget(L_, -2);
    if (lua_type(L_, -1) == type) return true;
    lua_pop(L_, 1);
    return false;
  }

  void WriteTable(int depth) {
    if (WriteScalarTable()) return;
    if (PushFieldOf("map", LUA_TTABLE)) {
      WriteKeyed(true, depth);
    } else if (PushFieldOf("set", LUA_TTABLE)) {
      WriteKeyed(false, depth);
    } else {
      WriteArray(depth);
      return;
    }
    lua_pop(L_, 1);
  }

  // The tables that stand for one value of RESP. False when it is none.
  bool WriteScalarTable() {
    if (PushFieldOf("err", LUA_TSTRING)) {
      writer_.Error(CheckBytes(L_, -1));
    } else if (PushFieldOf("ok", LUA_TSTRING)) {
      writer_.Simple(CheckBytes(L_, -1));
    } else if (PushFieldOf("double", LUA_TNUMBER)) {
      writer_.Double(lua_tonumber(L_, -1));
    } else if (PushFieldOf("big_number", LUA_TSTRING)) {
      std::string digits(CheckBytes(L_, -1));
      for (char& c : digits) {
        if (c == '\r' || c == '\n') c = ' ';
      }
      writer_.BigNumber(digits);
    } else if (PushFieldOf("verbatim_string", LUA_TTABLE)) {
      if (!WriteVerbatim()) {
        lua_pop(L_, 1);
        return false;
      }
    } else {
      return false;
    }
    lua_pop(L_, 1);
    return true;
  }

  bool WriteVerbatim() {
    if (!PushFieldOf("format", LUA_TSTRING)) return false;
    lua_insert(L_, -2);
    const bool has_string = PushFieldOf("string", LUA_TSTRING);
    if (has_string) {
      // A format is three characters, whatever the script says.
      std::string format(CheckBytes(L_, -3).substr(0, 3));
      format.resize(3, ' ');
      writer_.Verbatim(format, CheckBytes(L_, -1));
      lua_pop(L_, 1);
    }
    lua_remove(L_, -2);
    return has_string;
  }

  void WriteKeyed(bool is_map, int depth) {
    const auto mark = is_map ? writer_.MapLater() : writer_.SetLater();
    int64_t count = 0;
    lua_pushnil(L_);
    while (lua_next(L_, -2) != 0) {
      lua_pushvalue(L_, -2);
      Write(depth + 1);
      if (is_map) {
        Write(depth + 1);
      } else {
        lua_pop(L_, 1);
      }
      ++count;
    }
    writer_.Finish(mark, count);
  }

  void WriteArray(int depth) {
    const auto mark = writer_.ArrayLater();
    int64_t count = 0;
    while (count < std::numeric_limits<int>::max()) {
      lua_rawgeti(L_, -1, static_cast<int>(count + 1));
      if (lua_isnil(L_, -1)) {
        lua_pop(L_, 1);
        break;
      }
      Write(depth + 1);
      ++count;
    }
    writer_.Finish(mark, count);
  }

  lua_State* L_;
  LuaVm& vm_;
  const bool script_is_resp3_;
  protocol::ReplyWriter& writer_;
  const size_t size_at_start_;
  size_t size_accounted_ = size_at_start_;
};

}  // namespace

void PushReply(lua_State* L, std::string_view encoded) { PushNext(L, &encoded, 0); }

void PushErrorTable(lua_State* L, std::string_view text) {
  std::string line;
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    // Without a second word there is no code.
    if (text.find(' ') == std::string_view::npos) line = "ERR ";
  } else {
    line = "ERR ";
  }
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  line += text;
  for (char& c : line) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  PushField(L, "err", line);
}

void MarkErrorOfCall(lua_State* L) {
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, kErrorOfCallField);
}

bool IsErrorOfCall(lua_State* L, int index) {
  if (lua_istable(L, index) == 0) return false;
  lua_pushvalue(L, index);
  lua_pushstring(L, kErrorOfCallField);
  lua_rawget(L, -2);
  const bool marked = lua_toboolean(L, -1) != 0;
  lua_pop(L, 2);
  return marked;
}

void WriteResult(lua_State* L, protocol::Version script_version, protocol::ReplyWriter& writer) {
  ResultWriter(L, script_version, writer).Write(0);
}

bool ReadErrorTable(lua_State* L, int index, std::string* text) {
  if (lua_istable(L, index) == 0) return false;
  lua_pushvalue(L, index);
  lua_pushliteral(L, "err");
  lua_rawget(L, -2);
  const bool is_error = lua_type(L, -1) == LUA_TSTRING;
  if (is_error) *text = CheckBytes(L, -1);
  lua_pop(L, 2);
  return is_error;
}

}  // namespace larder
