// redis.register_function, in its two forms: (name, callback), and one table of named arguments.
#include <strings.h>

#include <string>
#include <utility>

#include "server/scripting/lua_replies.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

// Of all declarations of one library: they are kept outside of Lua's memory.
constexpr size_t kDeclarationBytesMax = 4 * 1024 * 1024;
constexpr size_t kDeclarationOverheadBytes = 512;

constexpr char kUnknownArgument[] = "unknown argument given to redis.register_function";

bool EqualsIgnoringCase(std::string_view text, std::string_view word) {
  return text.size() == word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0;
}

// A string, or a number as its text.
bool ReadText(lua_State* L, int index, std::string* text) {
  if (lua_isstring(L, index) == 0) return false;
  *text = CheckBytes(L, index);
  return true;
}

bool SetFlag(std::string_view name, ScriptFlags* flags) {
  for (const ScriptFlagName& flag : kScriptFlagNames) {
    if (!EqualsIgnoringCase(name, flag.name)) continue;
    flags->*flag.member = true;
    return true;
  }
  return false;
}

bool ReadFlags(lua_State* L, int index, ScriptFlags* flags) {
  for (int i = 1;; ++i) {
    Charge(L, 1);
    lua_pushinteger(L, i);
    lua_gettable(L, index);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      return true;
    }
    if (lua_isstring(L, -1) == 0 || !SetFlag(CheckBytes(L, -1), flags)) return false;
    lua_pop(L, 1);
  }
}

constexpr int kCallback = 2, kKey = 3, kValue = 4;  // where they lie on the stack

// Reads one named argument. Returns what is wrong with it, or null.
const char* ReadNamedArgument(lua_State* L, FunctionDeclaration* declared, bool* has_name) {
  if (lua_isstring(L, kKey) == 0) {
    return "named argument key given to redis.register_function is not a string";
  }
  // A number is left alone: lua_next must find it as it was.
  if (lua_type(L, kKey) == LUA_TNUMBER) return kUnknownArgument;
  const std::string_view key = CheckBytes(L, kKey);
  if (EqualsIgnoringCase(key, "function_name")) {
    *has_name = true;
    if (ReadText(L, kValue, &declared->name)) return nullptr;
    return "function_name argument given to redis.register_function must be a string";
  }
  if (EqualsIgnoringCase(key, "description")) {
    if (ReadText(L, kValue, &declared->description.emplace())) return nullptr;
    return "description argument given to redis.register_function must be a string";
  }
  if (EqualsIgnoringCase(key, "callback")) {
    if (!lua_isfunction(L, kValue)) {
      return "callback argument given to redis.register_function must be a function";
    }
    lua_pushvalue(L, kValue);
    lua_replace(L, kCallback);
    return nullptr;
  }
  if (!EqualsIgnoringCase(key, "flags")) return kUnknownArgument;
  if (!lua_istable(L, kValue)) {
    return "flags argument to redis.register_function must be a table representing function flags";
  }
  return ReadFlags(L, kValue, &declared->flags) ? nullptr : "unknown flag given";
}

// These leave the callback at kCallback, and nothing above it.
const char* ReadNamedArguments(lua_State* L, FunctionDeclaration* declared) {
  if (!lua_istable(L, 1)) {
    return "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).";
  }
  UseContents(L, 1);
  bool has_name = false;
  lua_pushnil(L);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    Charge(L, 1);
    if (const char* refusal = ReadNamedArgument(L, declared, &has_name)) return refusal;
    lua_settop(L, kKey);
  }
  if (!has_name) return "redis.register_function must get a function name argument";
  if (lua_isnil(L, kCallback)) return "redis.register_function must get a callback argument";
  return nullptr;
}

const char* ReadPositionalArguments(lua_State* L, FunctionDeclaration* declared) {
  if (!ReadText(L, 1, &declared->name)) {
    return "first argument to redis.register_function must be a string";
  }
  if (!lua_isfunction(L, kCallback)) {
    return "second argument to redis.register_function must be a function";
  }
  return nullptr;
}

// What speaks against taking it, or null.
const char* Admit(const FunctionDeclaration& declared, LibraryLoading* loading) {
  if (!IsFunctionName(declared.name)) {
    return "Library names can only contain letters, numbers, or underscores(_) and must be at "
           "least one character long";
  }
  loading->bytes += kDeclarationOverheadBytes + 2 * declared.name.size();
  if (declared.description) loading->bytes += declared.description->size();
  if (loading->bytes > kDeclarationBytesMax) return "not enough memory";
  if (!loading->names.insert(declared.name).second) {
    return "Function already exists in the library";
  }
  return nullptr;
}

}  // namespace

int RegisterFunction(lua_State* L) {
  LibraryLoading* loading = VmOf(L).loading;
  const int count = lua_gettop(L);
  FunctionDeclaration declared;
  declared.flags.declared = true;
  const char* refusal = nullptr;
  if (loading == nullptr) {
    refusal = "redis.register_function can only be called on FUNCTION LOAD command";
  } else if (count < 1 || count > 2) {
    refusal = "wrong number of arguments to redis.register_function";
  } else {
    refusal = count == 1 ? ReadNamedArguments(L, &declared) : ReadPositionalArguments(L, &declared);
    if (refusal == nullptr) refusal = Admit(declared, loading);
  }
  if (refusal != nullptr) {
    PushErrorTable(L, refusal);
    return lua_error(L);
  }
  lua_settop(L, kCallback);
  loading->references.push_back(luaL_ref(L, LUA_REGISTRYINDEX));
  loading->declarations.push_back(std::move(declared));
  return 0;
}

}  // namespace larder
