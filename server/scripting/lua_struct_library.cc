// struct: packs values into C structures and back, as Lua's struct library 0.2 documents it
// (http://www.inf.puc-rio.br/~roberto/struct/): < > ! x b B h H l L T i I c s f d.
#include <bit>
#include <cctype>
#include <climits>
#include <cstring>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr int kIntegerBytesMax = 32;
constexpr int kNativeAlignment = 8;

// Reads a format: its options one by one, with the byte order and alignment set so far.
class FormatReader {
 public:
  FormatReader(lua_State* L, const char* format) : L_(L), next_(format) {}

  bool big_endian() const { return big_endian_; }

  // Reads an option and the size of its value; false at the end.
  bool Next(char* option, size_t* size) {
    if (*next_ == '\0') return false;
    Charge(L_, 16);
    *option = *next_++;
    *size = ReadSize(*option);
    return true;
  }

  // Bytes of padding before a value of `size` at `position`.
  size_t Padding(size_t position, char option, size_t size) const {
    if (size == 0 || option == 'c') return 0;
    if (size > static_cast<size_t>(alignment_)) size = static_cast<size_t>(alignment_);
    return (size - (position & (size - 1))) & (size - 1);
  }

  // Handles an option that is no value.
  void Control(char option) {
    switch (option) {
      case ' ':
        return;
      case '>':
        big_endian_ = true;
        return;
      case '<':
        big_endian_ = false;
        return;
      case '!': {
        const int alignment = ReadNumber(kNativeAlignment);
        if (alignment <= 0 || (alignment & (alignment - 1)) != 0) {
          luaL_error(L_, "alignment %d is not a power of 2", alignment);
        }
        alignment_ = alignment;
        return;
      }
      default:
        luaL_argerror(L_, 1, lua_pushfstring(L_, "invalid format option '%c'", option));
    }
  }

 private:
  int ReadNumber(int otherwise) {
    if (std::isdigit(static_cast<unsigned char>(*next_)) == 0) return otherwise;
    int number = 0;
    do {
      const int digit = *next_ - '0';
      if (number > (INT_MAX - digit) / 10) luaL_error(L_, "integral size overflow");
      number = number * 10 + digit;
      ++next_;
    } while (std::isdigit(static_cast<unsigned char>(*next_)) != 0);
    return number;
  }

  size_t ReadSize(char option) {
    switch (option) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return sizeof(short);
      case 'l':
      case 'L':
        return sizeof(long);
      case 'T':
        return sizeof(size_t);
      case 'f':
        return sizeof(float);
      case 'd':
        return sizeof(double);
      case 'c':
        return static_cast<size_t>(ReadNumber(1));
      case 'i':
      case 'I': {
        const int size = ReadNumber(sizeof(int));
        if (size > kIntegerBytesMax) {
          luaL_error(L_, "integral size %d is larger than limit of %d", size, kIntegerBytesMax);
        }
        return static_cast<size_t>(size);
      }
      default:
        return 0;
    }
  }

  lua_State* L_;
  const char* next_;
  bool big_endian_ = false;
  int alignment_ = 1;
};

bool IsInteger(char option) { return std::strchr("bBhHlLTiI", option) != nullptr; }

void AppendInteger(lua_State* L, LuaBuffer& result, int argument, bool big_endian, size_t size) {
  const double number = luaL_checknumber(L, argument);
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  uint64_t value = static_cast<uint64_t>(ToInteger(number));
  if (number >= kLimit) value = static_cast<uint64_t>(ToInteger(number - kLimit)) + (1ULL << 63);
  char bytes[kIntegerBytesMax] = {};
  for (size_t i = 0; i < size; ++i) {
    bytes[big_endian ? size - 1 - i : i] = static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  result.Append({bytes, size});
}

double ReadInteger(const char* bytes, bool big_endian, bool is_signed, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    const char byte = bytes[big_endian ? i : size - 1 - i];
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  if (!is_signed) return static_cast<double>(value);
  if (size > 0 && size < 8) {
    const uint64_t sign = ~uint64_t{0} << (size * 8 - 1);
    if ((value & sign) != 0) value |= sign;
  }
  return static_cast<double>(static_cast<int64_t>(value));
}

// A float or double in the byte order of the format: reverses the bytes when it is the other one.
template <typename Real>
void SwapIf(bool big_endian, Real* value) {
  if (!big_endian) return;
  char bytes[sizeof(Real)];
  std::memcpy(bytes, value, sizeof(Real));
  for (size_t i = 0; i < sizeof(Real) / 2; ++i) std::swap(bytes[i], bytes[sizeof(Real) - 1 - i]);
  std::memcpy(value, bytes, sizeof(Real));
}

template <typename Real>
void AppendReal(lua_State* L, LuaBuffer& result, int argument, bool big_endian) {
  auto value = static_cast<Real>(luaL_checknumber(L, argument));
  SwapIf(big_endian, &value);
  result.Append({reinterpret_cast<const char*>(&value), sizeof(value)});
}

template <typename Real>
double ReadReal(const char* bytes, bool big_endian) {
  Real value;
  std::memcpy(&value, bytes, sizeof(value));
  SwapIf(big_endian, &value);
  return static_cast<double>(value);
}

int Pack(lua_State* L) {
  FormatReader format(L, luaL_checkstring(L, 1));
  lua_pushnil(L);  // what an argument too few reads as
  LuaBuffer result(L);
  int argument = 2;
  char option;
  size_t size;
  while (format.Next(&option, &size)) {
    result.Append(format.Padding(result.size(), option, size), '\0');
    if (IsInteger(option)) {
      AppendInteger(L, result, argument++, format.big_endian(), size);
    } else if (option == 'x') {
      result.Append('\0');
    } else if (option == 'f') {
      AppendReal<float>(L, result, argument++, format.big_endian());
    } else if (option == 'd') {
      AppendReal<double>(L, result, argument++, format.big_endian());
    } else if (option == 'c' || option == 's') {
      const std::string_view text = CheckBytes(L, argument++);
      if (size == 0) size = text.size();
      luaL_argcheck(L, text.size() >= size, argument, "string too short");
      Charge(L, size);
      result.Append(text.substr(0, size));
      if (option == 's') result.Append('\0');
    } else {
      format.Control(option);
    }
  }
  result.Push();
  return 1;
}

int Unpack(lua_State* L) {
  FormatReader format(L, luaL_checkstring(L, 1));
  const std::string_view data = CheckBytes(L, 2);
  const int64_t start = lua_isnoneornil(L, 3) ? 1 : ToInteger(luaL_checknumber(L, 3));
  luaL_argcheck(L, start != 0, 3, "offset must be 1 or greater");
  size_t position = static_cast<size_t>(start) - 1;
  int results = 0;
  const auto check_room = [&](size_t size) {
    luaL_argcheck(L, size <= data.size() && position <= data.size() - size, 2,
                  "data string too short");
  };
  char option;
  size_t size;
  while (format.Next(&option, &size)) {
    position += format.Padding(position, option, size);
    check_room(size);
    luaL_checkstack(L, 2, "too many results");
    const char* at = data.data() + position;
    if (IsInteger(option)) {
      const bool is_signed = std::islower(static_cast<unsigned char>(option)) != 0;
      lua_pushnumber(L, ReadInteger(at, format.big_endian(), is_signed, size));
      ++results;
    } else if (option == 'f') {
      lua_pushnumber(L, ReadReal<float>(at, format.big_endian()));
      ++results;
    } else if (option == 'd') {
      lua_pushnumber(L, ReadReal<double>(at, format.big_endian()));
      ++results;
    } else if (option == 'c') {
      if (size == 0) {
        if (results == 0 || lua_isnumber(L, -1) == 0) {
          luaL_error(L, "format 'c0' needs a previous size");
        }
        size = static_cast<size_t>(ToInteger(lua_tonumber(L, -1)));
        lua_pop(L, 1);
        --results;
        check_room(size);
      }
      Charge(L, size);
      PushBytes(L, data.substr(position, size));
      ++results;
    } else if (option == 's') {
      const size_t end = data.find('\0', position);
      if (end == std::string_view::npos) luaL_error(L, "unfinished string in data");
      size = end - position + 1;
      Charge(L, size);
      PushBytes(L, data.substr(position, size - 1));
      ++results;
    } else if (option != 'x') {
      format.Control(option);
    }
    position += size;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(position + 1));
  return results + 1;
}

int Size(lua_State* L) {
  FormatReader format(L, luaL_checkstring(L, 1));
  size_t position = 0;
  char option;
  size_t size;
  while (format.Next(&option, &size)) {
    position += format.Padding(position, option, size);
    if (option == 's') luaL_argerror(L, 1, "option 's' has no fixed size");
    if (option == 'c' && size == 0) luaL_argerror(L, 1, "option 'c0' has no fixed size");
    if (std::isalnum(static_cast<unsigned char>(option)) == 0) format.Control(option);
    position += size;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(position));
  return 1;
}

}  // namespace

void PushStructLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"pack", Pack}, {"unpack", Unpack}, {"size", Size}, {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
