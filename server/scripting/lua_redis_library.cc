// The table `redis` (also `server`) that scripts see.
#include <array>
#include <cmath>
#include <cstdio>
#include <string>

#include "server/scripting/lua_replies.h"
#include "server/scripting/lua_vm.h"
#include "server/scripting/script.h"

namespace larder {
namespace {

// Scripts gate features on it: the version whose commands this server speaks.
constexpr char kRedisVersion[] = "8.4.0";
constexpr int kRedisVersionNumber = 0x00080400;

constexpr size_t kReplyKeptBytesMax = 256 * 1024;  // a larger reply's buffer is not kept

int RaiseErrorTable(lua_State* L, const char* text) {
  PushErrorTable(L, text);
  return lua_error(L);
}

// A number argument prints as an integer when it is one, and otherwise reads back the same.
size_t PrintNumber(double number, char* out, size_t size) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::trunc(number) == number && number >= -kLimit && number < kLimit &&
      !(number == 0 && std::signbit(number))) {
    return static_cast<size_t>(std::snprintf(out, size, "%lld", static_cast<long long>(number)));
  }
  return static_cast<size_t>(std::snprintf(out, size, "%.17g", number));
}

// Collects the arguments on the stack into vm.arguments. On failure pushes an error table.
bool CollectArguments(lua_State* L, LuaVm& vm) {
  const int count = lua_gettop(L);
  if (count == 0) {
    PushErrorTable(L, "Please specify at least one argument for this redis lib call");
    return false;
  }
  vm.arguments.clear();
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(L, i);
    if (type == LUA_TNUMBER) {
      char digits[48];
      const size_t size = PrintNumber(lua_tonumber(L, i), digits, sizeof(digits));
      lua_pushlstring(L, digits, size);
      lua_replace(L, i);
    } else if (type != LUA_TSTRING) {
      PushErrorTable(L, "Lua redis lib command arguments must be strings or integers");
      return false;
    }
    vm.arguments.push_back(CheckBytes(L, i));
  }
  return true;
}

int Call(lua_State* L, bool raises) {
  LuaVm& vm = VmOf(L);
  if (!CollectArguments(L, vm)) return raises ? lua_error(L) : 1;
  vm.reply.clear();
  const CallOutcome outcome = vm.host->Call(vm.arguments, vm.call_version, &vm.reply);
  if (outcome == CallOutcome::kAbandon) {
    vm.stop = VmStop::kAbandoned;
    RaiseStop(L);
  }
  lua_settop(L, 0);
  PushReply(L, vm.reply);
  const bool failed = !vm.reply.empty() && vm.reply.front() == '-';
  if (vm.reply.capacity() > kReplyKeptBytesMax) std::string().swap(vm.reply);
  if (!failed) return 1;
  MarkErrorOfCall(L);
  return raises ? lua_error(L) : 1;
}

int CallRaising(lua_State* L) { return Call(L, true); }
int CallReturning(lua_State* L) { return Call(L, false); }

int ReturnField(lua_State* L, const char* field) {
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) {
    PushErrorTable(L, "wrong number or type of arguments");
    return 1;
  }
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, field);
  return 1;
}

int ErrorReply(lua_State* L) {
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) return ReturnField(L, "err");
  std::string text(CheckBytes(L, 1));
  if (!text.starts_with('-')) text.insert(0, 1, '-');
  PushErrorTable(L, text);
  return 1;
}

int StatusReply(lua_State* L) { return ReturnField(L, "ok"); }

int Sha1HexFunction(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseErrorTable(L, "wrong number of arguments");
  size_t size = 0;
  const char* data = lua_tolstring(L, 1, &size);
  Charge(L, size);
  PushBytes(L, Sha1Hex(data == nullptr ? std::string_view() : std::string_view(data, size)));
  return 1;
}

int Log(lua_State* L) {
  constexpr int kLevelMax = 3;
  const int count = lua_gettop(L);
  if (count < 2) return RaiseErrorTable(L, "redis.log() requires two arguments or more.");
  if (lua_isnumber(L, -count) == 0) {
    return RaiseErrorTable(L, "First argument must be a number (log level).");
  }
  const int64_t level = ToInteger(lua_tonumber(L, 1));
  if (level < 0 || level > kLevelMax) return RaiseErrorTable(L, "Invalid debug level.");
  std::string message;
  for (int i = 2; i <= count; ++i) {
    size_t size = 0;
    const char* text = lua_tolstring(L, i, &size);
    if (text == nullptr) continue;
    if (!message.empty()) message += ' ';
    message.append(text, size);
  }
  Charge(L, message.size());
  VmOf(L).host->Log(static_cast<int>(level), message);
  return 0;
}

int SetResp(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseErrorTable(L, "redis.setresp() requires one argument.");
  const int64_t version = ToInteger(lua_tonumber(L, 1));
  if (version != 2 && version != 3) return RaiseErrorTable(L, "RESP version must be 2 or 3.");
  VmOf(L).call_version = version == 3 ? protocol::Version::kResp3 : protocol::Version::kResp2;
  return 0;
}

int ReplicateCommands(lua_State* L) {
  lua_pushboolean(L, 1);  // effects are all there is to replicate
  return 1;
}

int SetRepl(lua_State* L) {
  if (lua_gettop(L) != 1) return RaiseErrorTable(L, "redis.set_repl() requires two arguments.");
  const int64_t flags = ToInteger(lua_tonumber(L, 1));
  if ((flags & ~3) != 0) {
    return RaiseErrorTable(L,
                           "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                           "REPL_NONE.");
  }
  return 0;
}

int Breakpoint(lua_State* L) {
  lua_pushboolean(L, 0);  // no debugger is attached
  return 1;
}

int Debug(lua_State*) { return 0; }

int AclCheckCommand(lua_State* L) {
  LuaVm& vm = VmOf(L);
  if (!CollectArguments(L, vm)) return lua_error(L);
  const AclAnswer answer = vm.host->CheckAcl(vm.arguments);
  if (answer == AclAnswer::kUnknownCommand) {
    return RaiseErrorTable(L, "Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(L, answer == AclAnswer::kAllowed);
  return 1;
}

struct Constant {
  const char* name;
  int value;
};

template <size_t kCount>
void SetConstants(lua_State* L, const std::array<Constant, kCount>& constants) {
  for (const Constant& constant : constants) {
    lua_pushinteger(L, constant.value);
    lua_setfield(L, -2, constant.name);
  }
}

// What both forms of the table have.
void SetLevelsAndVersion(lua_State* L) {
  SetConstants(L, std::array{Constant{"LOG_DEBUG", 0}, Constant{"LOG_VERBOSE", 1},
                             Constant{"LOG_NOTICE", 2}, Constant{"LOG_WARNING", 3},
                             Constant{"REDIS_VERSION_NUM", kRedisVersionNumber}});
  lua_pushstring(L, kRedisVersion);
  lua_setfield(L, -2, "REDIS_VERSION");
}

}  // namespace

void PushLoadingRedisLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"register_function", RegisterFunction},
      {"log", Log},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
  SetLevelsAndVersion(L);
}

void PushRedisLibrary(lua_State* L) {
  static constexpr luaL_Reg kFunctions[] = {
      {"call", CallRaising},
      {"pcall", CallReturning},
      {"error_reply", ErrorReply},
      {"status_reply", StatusReply},
      {"sha1hex", Sha1HexFunction},
      {"log", Log},
      {"setresp", SetResp},
      {"replicate_commands", ReplicateCommands},
      {"set_repl", SetRepl},
      {"breakpoint", Breakpoint},
      {"debug", Debug},
      {"acl_check_cmd", AclCheckCommand},
      {nullptr, nullptr},
  };
  lua_newtable(L);
  luaL_register(L, nullptr, kFunctions);
  SetConstants(
      L, std::array{Constant{"REPL_NONE", 0}, Constant{"REPL_AOF", 1}, Constant{"REPL_SLAVE", 2},
                    Constant{"REPL_REPLICA", 2}, Constant{"REPL_ALL", 3}});
  SetLevelsAndVersion(L);
}

}  // namespace larder
