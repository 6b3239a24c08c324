#include <strings.h>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include "server/scripting/lua_json.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

enum class Token {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kString,
  kNumber,
  kBoolean,
  kNull,
  kColon,
  kComma,
  kEnd,
  kError
};

const char* TokenName(Token token) {
  switch (token) {
    case Token::kObjectBegin:
      return "T_OBJ_BEGIN";
    case Token::kObjectEnd:
      return "T_OBJ_END";
    case Token::kArrayBegin:
      return "T_ARR_BEGIN";
    case Token::kArrayEnd:
      return "T_ARR_END";
    case Token::kString:
      return "T_STRING";
    case Token::kNumber:
      return "T_NUMBER";
    case Token::kBoolean:
      return "T_BOOLEAN";
    case Token::kNull:
      return "T_NULL";
    case Token::kColon:
      return "T_COLON";
    case Token::kComma:
      return "T_COMMA";
    case Token::kEnd:
      return "T_END";
    case Token::kError:
      break;
  }
  return "T_ERROR";
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes a text that ends at its first NUL, as every Lua string has one.
class Decoder {
 public:
  Decoder(lua_State* L, const char* text)
      : L_(L), vm_(VmOf(L)), settings_(vm_.cjson), begin_(text), next_(text), text_(L) {}

  void Decode() {
    ReadToken();
    PushValue(0);
    ReadToken();
    if (token_ != Token::kEnd) Fail("the end");
  }

 private:
  [[noreturn]] void Fail(const char* expected) {
    luaL_error(L_, "Expected %s but found %s at character %d", expected,
               token_ == Token::kError ? error_ : TokenName(token_),
               static_cast<int>(token_start_ - begin_ + 1));
    __builtin_unreachable();
  }

  void SetError(const char* error) {
    token_ = Token::kError;
    token_start_ = next_;
    error_ = error;
  }

  void ReadToken() {
    while (*next_ == ' ' || *next_ == '\t' || *next_ == '\n' || *next_ == '\r') ++next_;
    // Whitespace counts too: from where the last token started.
    Charge(L_, vm_, 8 + static_cast<size_t>(next_ - token_start_));
    token_start_ = next_;
    switch (*next_) {
      case '{':
        return Single(Token::kObjectBegin);
      case '}':
        return Single(Token::kObjectEnd);
      case '[':
        return Single(Token::kArrayBegin);
      case ']':
        return Single(Token::kArrayEnd);
      case ',':
        return Single(Token::kComma);
      case ':':
        return Single(Token::kColon);
      case '\0':
        token_ = Token::kEnd;
        return;
      case '"':
        return ReadString();
      default:
        break;
    }
    const bool invalid = IsInvalidNumber();
    if (*next_ == '-' || std::isdigit(static_cast<unsigned char>(*next_)) != 0) {
      if (invalid && !settings_.decode_invalid_numbers) return SetError("invalid number");
      return ReadNumber();
    }
    if (TakeWord("true")) {
      token_ = Token::kBoolean;
      boolean_ = true;
    } else if (TakeWord("false")) {
      token_ = Token::kBoolean;
      boolean_ = false;
    } else if (TakeWord("null")) {
      token_ = Token::kNull;
    } else if (invalid && settings_.decode_invalid_numbers) {
      ReadNumber();
    } else {
      SetError("invalid token");
    }
  }

  void Single(Token token) {
    token_ = token;
    ++next_;
  }

  bool TakeWord(std::string_view word) {
    if (std::strncmp(next_, word.data(), word.size()) != 0) return false;
    next_ += word.size();
    return true;
  }

  // Numbers that C reads but JSON does not have: +1, 0x1F, 01, inf, nan.
  bool IsInvalidNumber() const {
    const char* at = next_;
    if (*at == '+') return true;
    if (*at == '-') ++at;
    if (*at == '0') {
      return at[1] == 'x' || at[1] == 'X' || std::isdigit(static_cast<unsigned char>(at[1])) != 0;
    }
    return strncasecmp(at, "inf", 3) == 0 || strncasecmp(at, "nan", 3) == 0;
  }

  void ReadNumber() {
    char* end = nullptr;
    number_ = std::strtod(next_, &end);
    if (end == next_) return SetError("invalid number");
    token_ = Token::kNumber;
    next_ = end;
  }

  // Reads a string into `string_`: a view of the input when it has no escapes.
  void ReadString() {
    ++next_;
    const char* start = next_;
    next_ += std::strcspn(next_, "\"\\");
    if (*next_ == '"') {
      string_ = {start, static_cast<size_t>(next_ - start)};
    } else {
      text_.Truncate(0);
      text_.Append({start, static_cast<size_t>(next_ - start)});
      if (!ReadEscapedString()) return;
      string_ = text_.view();
    }
    ++next_;
    token_ = Token::kString;
  }

  // Goes on with a string up to its closing quote. False, and the error set, when it is wrong.
  bool ReadEscapedString() {
    while (*next_ != '"') {
      if (*next_ == '\0') {
        SetError("unexpected end of string");
        return false;
      }
      if (*next_ == '\\') {
        if (!ReadEscape()) return false;
        continue;
      }
      const size_t plain = std::strcspn(next_, "\"\\");
      text_.Append({next_, plain});
      next_ += plain;
    }
    return true;
  }

  bool ReadEscape() {
    char c = 0;
    switch (next_[1]) {
      case '"':
      case '\\':
      case '/':
        c = next_[1];
        break;
      case 'b':
        c = '\b';
        break;
      case 'f':
        c = '\f';
        break;
      case 'n':
        c = '\n';
        break;
      case 'r':
        c = '\r';
        break;
      case 't':
        c = '\t';
        break;
      case 'u':
        if (ReadUnicodeEscape()) return true;
        SetError("invalid unicode escape code");
        return false;
      default:
        SetError("invalid escape code");
        return false;
    }
    text_.Append(c);
    next_ += 2;
    return true;
  }

  // The code of \uXXXX at `at`, or -1.
  static int CodeAt(const char* at) {
    if (at[0] != '\\' || at[1] != 'u') return -1;
    int code = 0;
    for (int i = 2; i < 6; ++i) {
      const int digit = HexValue(at[i]);  // -1 at the final NUL: never reads beyond
      if (digit < 0) return -1;
      code = code * 16 + digit;
    }
    return code;
  }

  bool ReadUnicodeEscape() {
    int code = CodeAt(next_);
    if (code < 0) return false;
    int size = 6;
    if ((code & 0xF800) == 0xD800) {
      // A surrogate pair: the high half first.
      if ((code & 0x400) != 0) return false;
      const int low = CodeAt(next_ + 6);
      if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
      code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
      size = 12;
    }
    AppendUtf8(code);
    next_ += size;
    return true;
  }

  void AppendUtf8(int code) {
    if (code < 0x80) {
      text_.Append(static_cast<char>(code));
    } else if (code < 0x800) {
      text_.Append(static_cast<char>(0xC0 | code >> 6));
      text_.Append(static_cast<char>(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
      text_.Append(static_cast<char>(0xE0 | code >> 12));
      text_.Append(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
      text_.Append(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
      text_.Append(static_cast<char>(0xF0 | code >> 18));
      text_.Append(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
      text_.Append(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
      text_.Append(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }

  // Pushes the value that starts with the current token.
  void PushValue(int depth) {
    switch (token_) {
      case Token::kString:
        return PushBytes(L_, string_);
      case Token::kNumber:
        return lua_pushnumber(L_, number_);
      case Token::kBoolean:
        return lua_pushboolean(L_, boolean_);
      case Token::kNull:
        return lua_pushlightuserdata(L_, nullptr);
      case Token::kObjectBegin:
        return PushObject(depth + 1);
      case Token::kArrayBegin:
        return PushArray(depth + 1);
      default:
        Fail("value");
    }
  }

  void CheckDepth(int depth) {
    if (depth > settings_.decode_depth_max || lua_checkstack(L_, 6) == 0) {
      luaL_error(L_, "Found too many nested data structures (%d) at character %d", depth,
                 static_cast<int>(next_ - begin_));
    }
    GuardStack(L_);
  }

  void PushObject(int depth) {
    CheckDepth(depth);
    lua_newtable(L_);
    ReadToken();
    if (token_ == Token::kObjectEnd) return;
    while (true) {
      if (token_ != Token::kString) Fail("object key string");
      PushBytes(L_, string_);
      ReadToken();
      if (token_ != Token::kColon) Fail("colon");
      ReadToken();
      PushValue(depth);
      lua_rawset(L_, -3);
      ReadToken();
      if (token_ == Token::kObjectEnd) return;
      if (token_ != Token::kComma) Fail("comma or object end");
      ReadToken();
    }
  }

  void PushArray(int depth) {
    CheckDepth(depth);
    lua_newtable(L_);
    if (settings_.decode_array_metatable) {
      PushArrayMetatable(L_);
      lua_setmetatable(L_, -2);
    }
    ReadToken();
    if (token_ == Token::kArrayEnd) return;
    for (int i = 1;; ++i) {
      PushValue(depth);
      lua_rawseti(L_, -2, i);
      ReadToken();
      if (token_ == Token::kArrayEnd) return;
      if (token_ != Token::kComma) Fail("comma or array end");
      ReadToken();
    }
  }

  lua_State* L_;
  LuaVm& vm_;
  const CjsonSettings settings_;
  const char* begin_;
  const char* next_;
  const char* token_start_ = next_;
  Token token_ = Token::kEnd;
  const char* error_ = "";
  bool boolean_ = false;
  double number_ = 0;
  std::string_view string_;
  LuaBuffer text_;
};

}  // namespace

int JsonDecode(lua_State* L) {
  luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
  const std::string_view text = CheckBytes(L, 1);
  if (text.size() >= 2 && (text[0] == '\0' || text[1] == '\0')) {
    return luaL_error(L, "JSON parser does not support UTF-16 or UTF-32");
  }
  Decoder(L, text.data()).Decode();
  return 1;
}

}  // namespace larder
