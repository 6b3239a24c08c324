// string: Lua 5.1's, with every result bounded by the memory of Lua and every long loop killable.
// Without `dump`: bytecode is neither read nor written here.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

#include "server/scripting/lua_pattern.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

int64_t OptionalPosition(lua_State* L, int argument, int64_t otherwise, size_t size) {
  const int64_t position =
      lua_isnoneornil(L, argument) ? otherwise : ToInteger(luaL_checknumber(L, argument));
  return FromStart(position, size);
}

int Len(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(CheckBytes(L, 1).size()));
  return 1;
}

int Sub(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  const auto size = static_cast<int64_t>(text.size());
  int64_t start = FromStart(ToInteger(luaL_checknumber(L, 2)), text.size());
  int64_t end = OptionalPosition(L, 3, -1, text.size());
  start = std::max<int64_t>(start, 1);
  end = std::min(end, size);
  if (start > end) {
    lua_pushliteral(L, "");
    return 1;
  }
  Charge(L, static_cast<size_t>(end - start + 1));
  PushBytes(L, text.substr(static_cast<size_t>(start - 1), static_cast<size_t>(end - start + 1)));
  return 1;
}

// Pushes `text` with every byte put through `change`, which gets the byte and its position.
template <typename Change>
int PushChanged(lua_State* L, std::string_view text, Change change) {
  Charge(L, text.size());
  LuaBuffer result(L);
  result.Reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) result.Append(change(i));
  result.Push();
  return 1;
}

int Reverse(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  return PushChanged(L, text, [text](size_t i) { return text[text.size() - 1 - i]; });
}

int Lower(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  return PushChanged(L, text, [text](size_t i) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  });
}

int Upper(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  return PushChanged(L, text, [text](size_t i) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(text[i])));
  });
}

int Rep(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  const int64_t count = ToInteger(luaL_checknumber(L, 2));
  if (count <= 0 || text.empty()) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (static_cast<uint64_t>(count) > VmOf(L).memory.bytes_max() / text.size()) {
    return luaL_error(L, "resulting string too large");
  }
  const size_t size = text.size() * static_cast<size_t>(count);
  LuaBuffer result(L);
  result.Reserve(size);
  if (text.size() == 1) {
    result.Append(size, text.front());
    Charge(L, size / 4);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      Charge(L, text.size() / 4 + 1);
      result.Append(text);
    }
  }
  result.Push();
  return 1;
}

int Byte(lua_State* L) {
  const std::string_view text = CheckBytes(L, 1);
  int64_t start = OptionalPosition(L, 2, 1, text.size());
  int64_t end = OptionalPosition(L, 3, start, text.size());
  start = std::max<int64_t>(start, 1);
  end = std::min(end, static_cast<int64_t>(text.size()));
  if (start > end) return 0;
  if (end - start >= LUAI_MAXCSTACK) return luaL_error(L, "string slice too long");
  const int count = static_cast<int>(end - start + 1);
  luaL_checkstack(L, count, "string slice too long");
  for (int i = 0; i < count; ++i) {
    lua_pushinteger(L, static_cast<unsigned char>(text[static_cast<size_t>(start - 1 + i)]));
  }
  return count;
}

int Char(lua_State* L) {
  const int count = lua_gettop(L);
  LuaBuffer result(L);
  for (int i = 1; i <= count; ++i) {
    const int64_t c = ToInteger(luaL_checknumber(L, i));
    luaL_argcheck(L, 0 <= c && c <= 255, i, "invalid value");
    result.Append(static_cast<char>(c));
  }
  result.Push();
  return 1;
}

// ---- format ----

constexpr size_t kItemBytesMax = 512;     // of one formatted item: %99.99f of the largest double
constexpr size_t kLongStringBytes = 100;  // %s without a precision copies these whole

// One conversion ("%-5.2f"): `text` with its '%' and without its letter.
struct Conversion {
  char text[16];
  size_t size;
  char letter;
  bool has_precision;
};

// Reads the conversion that starts behind a '%' at *position, and moves behind its letter.
Conversion ReadConversion(lua_State* L, std::string_view format, size_t* position) {
  constexpr std::string_view kFlags = "-+ #0";
  const auto at = [&](size_t i) { return i < format.size() ? format[i] : '\0'; };
  const auto is_digit = [&](size_t i) {
    return std::isdigit(static_cast<unsigned char>(at(i))) != 0;
  };
  const size_t start = *position;
  size_t i = start;
  while (at(i) != '\0' && kFlags.find(at(i)) != std::string_view::npos) ++i;
  if (i - start > kFlags.size()) luaL_error(L, "invalid format (repeated flags)");
  if (is_digit(i)) ++i;
  if (is_digit(i)) ++i;
  Conversion conversion{};
  if (at(i) == '.') {
    conversion.has_precision = true;
    ++i;
    if (is_digit(i)) ++i;
    if (is_digit(i)) ++i;
  }
  if (is_digit(i)) luaL_error(L, "invalid format (width or precision too long)");
  conversion.text[0] = '%';
  std::memcpy(conversion.text + 1, format.data() + start, i - start);
  conversion.size = i - start + 1;
  conversion.letter = at(i);
  *position = i + 1;
  return conversion;
}

template <typename Value>
void AppendItem(LuaBuffer& result, const Conversion& conversion, const char* suffix, Value value) {
  char form[24];
  std::snprintf(form, sizeof(form), "%.*s%s", static_cast<int>(conversion.size), conversion.text,
                suffix);
  char item[kItemBytesMax];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
  std::snprintf(item, sizeof(item), form, value);
#pragma GCC diagnostic pop
  result.Append(std::string_view(item));  // up to a NUL, as 5.1 does
}

uint64_t ToUnsigned(double number) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (number < kLimit) return static_cast<uint64_t>(ToInteger(number));
  return static_cast<uint64_t>(ToInteger(number - kLimit)) + (1ULL << 63);
}

void AppendQuoted(lua_State* L, LuaBuffer& result, int argument) {
  const std::string_view text = CheckBytes(L, argument);
  Charge(L, text.size());
  result.Append('"');
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
      case '\n':
        result.Append('\\');
        result.Append(c);
        break;
      case '\r':
        result.Append("\\r");
        break;
      case '\0':
        result.Append("\\000");
        break;
      default:
        result.Append(c);
        break;
    }
  }
  result.Append('"');
}

void AppendString(lua_State* L, LuaBuffer& result, const Conversion& conversion, int argument) {
  const std::string_view text = CheckBytes(L, argument);
  Charge(L, text.size());
  if (!conversion.has_precision && text.size() >= kLongStringBytes) {
    result.Append(text);
  } else {
    AppendItem(result, conversion, "s", text.data());
  }
}

void AppendConversion(lua_State* L, LuaBuffer& result, const Conversion& conversion, int argument) {
  char suffix[4] = {conversion.letter, '\0'};
  switch (conversion.letter) {
    case 'c':
      AppendItem(result, conversion, suffix,
                 static_cast<int>(ToInteger(luaL_checknumber(L, argument)) & 0xFF));
      return;
    case 'd':
    case 'i':
      AppendItem(result, conversion, "ld",
                 static_cast<long>(ToInteger(luaL_checknumber(L, argument))));
      return;
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      suffix[0] = 'l';
      suffix[1] = conversion.letter;
      AppendItem(result, conversion, suffix,
                 static_cast<unsigned long>(ToUnsigned(luaL_checknumber(L, argument))));
      return;
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      AppendItem(result, conversion, suffix, luaL_checknumber(L, argument));
      return;
    case 'q':
      return AppendQuoted(L, result, argument);
    case 's':
      return AppendString(L, result, conversion, argument);
    default:
      luaL_error(L, "invalid option '%%%c' to 'format'", conversion.letter);
  }
}

int Format(lua_State* L) {
  const int top = lua_gettop(L);
  const std::string_view format = CheckBytes(L, 1);
  Charge(L, format.size());
  LuaBuffer result(L);
  int argument = 1;
  for (size_t i = 0; i < format.size();) {
    const char c = format[i++];
    if (c != '%') {
      result.Append(c);
    } else if (i < format.size() && format[i] == '%') {
      result.Append('%');
      ++i;
    } else {
      const Conversion conversion = ReadConversion(L, format, &i);
      if (++argument > top) luaL_argerror(L, argument, "no value");
      AppendConversion(L, result, conversion, argument);
    }
  }
  result.Push();
  return 1;
}

}  // namespace

void PushStringLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"byte", Byte},
      {"char", Char},
      {"find", StringFind},
      {"format", Format},
      {"gfind", StringGlobalMatch},
      {"gmatch", StringGlobalMatch},
      {"gsub", StringGlobalSubstitute},
      {"len", Len},
      {"lower", Lower},
      {"match", StringMatch},
      {"rep", Rep},
      {"reverse", Reverse},
      {"sub", Sub},
      {"upper", Upper},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
