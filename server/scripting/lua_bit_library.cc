// bit: bitwise operations on 32-bit numbers, as LuaBitOp documents them.
#include <bit>
#include <cmath>
#include <cstdint>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// A number modulo 2^32; fractions are rounded to even, as LuaBitOp's conversion does.
uint32_t CheckBits(lua_State* L, int argument) {
  const double number = luaL_checknumber(L, argument);
  if (!std::isfinite(number)) return 0;
  constexpr double kModulus = 4294967296.0;  // 2^32
  double rest = std::fmod(std::nearbyint(number), kModulus);
  if (rest < 0) rest += kModulus;
  return static_cast<uint32_t>(static_cast<uint64_t>(rest));
}

int PushBits(lua_State* L, uint32_t bits) {
  lua_pushnumber(L, static_cast<int32_t>(bits));
  return 1;
}

int ToBit(lua_State* L) { return PushBits(L, CheckBits(L, 1)); }
int Not(lua_State* L) { return PushBits(L, ~CheckBits(L, 1)); }
int Swap(lua_State* L) { return PushBits(L, __builtin_bswap32(CheckBits(L, 1))); }

template <typename Operation>
int Fold(lua_State* L, Operation operation) {
  uint32_t bits = CheckBits(L, 1);
  for (int i = lua_gettop(L); i > 1; --i) bits = operation(bits, CheckBits(L, i));
  return PushBits(L, bits);
}

int And(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a & b; });
}
int Or(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a | b; });
}
int Xor(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a ^ b; });
}

int LeftShift(lua_State* L) { return PushBits(L, CheckBits(L, 1) << (CheckBits(L, 2) & 31)); }
int RightShift(lua_State* L) { return PushBits(L, CheckBits(L, 1) >> (CheckBits(L, 2) & 31)); }
int ArithmeticRightShift(lua_State* L) {
  const auto value = static_cast<int32_t>(CheckBits(L, 1));
  return PushBits(L, static_cast<uint32_t>(value >> (CheckBits(L, 2) & 31)));
}
int RotateLeft(lua_State* L) {
  return PushBits(L, std::rotl(CheckBits(L, 1), static_cast<int>(CheckBits(L, 2) & 31)));
}
int RotateRight(lua_State* L) {
  return PushBits(L, std::rotr(CheckBits(L, 1), static_cast<int>(CheckBits(L, 2) & 31)));
}

int ToHex(lua_State* L) {
  constexpr int kDigitsMax = 8;
  uint32_t bits = CheckBits(L, 1);
  int64_t digits = lua_isnone(L, 2) ? kDigitsMax : static_cast<int32_t>(CheckBits(L, 2));
  const char* alphabet = "0123456789abcdef";
  if (digits < 0) {
    digits = -digits;
    alphabet = "0123456789ABCDEF";
  }
  if (digits > kDigitsMax) digits = kDigitsMax;
  char text[kDigitsMax];
  for (int64_t i = digits - 1; i >= 0; --i) {
    text[i] = alphabet[bits & 15];
    bits >>= 4;
  }
  lua_pushlstring(L, text, static_cast<size_t>(digits));
  return 1;
}

}  // namespace

void PushBitLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"tobit", ToBit},       {"bnot", Not},
      {"band", And},          {"bor", Or},
      {"bxor", Xor},          {"lshift", LeftShift},
      {"rshift", RightShift}, {"arshift", ArithmeticRightShift},
      {"rol", RotateLeft},    {"ror", RotateRight},
      {"bswap", Swap},        {"tohex", ToHex},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
}

}  // namespace larder
