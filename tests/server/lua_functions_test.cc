// Libraries of functions in one VM, without a server.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/script_fixture.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class LuaFunctions : public ScriptTest {
 protected:
  // Loads a library of that code; the error, or nothing.
  std::string Load(std::string_view code) {
    std::string error;
    library_ = ParseLibrary("#!lua name=lib\n" + std::string(code), &error);
    if (library_ == nullptr) return error;
    declared_.clear();
    error = engine.LoadLibrary(library_, host, &declared_);
    for (const FunctionDeclaration& declaration : declared_) {
      library_->functions.emplace_back(declaration);
    }
    return error;
  }

  // As ScriptTest::Run, of a function of the library that was loaded last.
  std::string Call(std::string_view name, std::vector<std::string_view> keys = {},
                   std::vector<std::string_view> args = {}) {
    for (const Function& function : library_->functions) {
      if (function.declaration.name == name) return Call(function, keys, args);
    }
    return "(no such function)";
  }

  std::string Call(const Function& function, std::vector<std::string_view> keys = {},
                   std::vector<std::string_view> args = {}) {
    protocol::OutputBuffer out;
    protocol::ReplyWriter writer(out, version);
    const ScriptResult result = engine.RunFunction(library_, function, {keys, args}, host, writer);
    if (result.outcome == ScriptOutcome::kAbandoned) return "(abandoned)";
    if (result.outcome == ScriptOutcome::kError) {
      EXPECT_TRUE(out.empty());
      writer.Error(result.error);
    }
    return std::string(out.tail().data(), out.tail().size());
  }

  std::shared_ptr<FunctionLibrary> library_;
  std::vector<FunctionDeclaration> declared_;
};

TEST_F(LuaFunctions, KeysAndArgumentsAreParameters) {
  ASSERT_EQ(Load("redis.register_function('f', function(keys, args)\n"
                 "  return {keys[1], keys[2], args[1], #keys, #args} end)"),
            "");
  EXPECT_EQ(Call("f", {"a", "b"}, {"c"}), "*5\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n:2\r\n:1\r\n");
  EXPECT_EQ(Call("f"), "*0\r\n") << "a nil ends it";
}

TEST_F(LuaFunctions, BothFormsOfRegistering) {
  ASSERT_EQ(Load("redis.register_function('plain', function() return 1 end)\n"
                 "redis.register_function{function_name = 'named', description = 'what it does',\n"
                 "  callback = function() return 2 end, flags = {'no-writes', 'ALLOW-OOM'}}"),
            "");
  ASSERT_EQ(declared_.size(), 2u);
  EXPECT_EQ(declared_[0].name, "plain");
  EXPECT_FALSE(declared_[0].description.has_value());
  EXPECT_TRUE(declared_[0].flags.declared);
  EXPECT_FALSE(declared_[0].flags.no_writes);
  EXPECT_EQ(declared_[1].name, "named");
  EXPECT_EQ(declared_[1].description, "what it does");
  EXPECT_TRUE(declared_[1].flags.no_writes);
  EXPECT_TRUE(declared_[1].flags.allow_oom);
  EXPECT_FALSE(declared_[1].flags.allow_stale);
  EXPECT_EQ(Call("plain"), ":1\r\n");
  EXPECT_EQ(Call("named"), ":2\r\n");
}

TEST_F(LuaFunctions, WhatRegisteringRefuses) {
  const auto refusal = [this](const std::string& arguments) {
    const std::string error = Load("redis.register_function" + arguments);
    constexpr std::string_view kPrefix = "ERR Error registering functions: ERR ";
    return error.starts_with(kPrefix) ? error.substr(kPrefix.size()) : "(other) " + error;
  };
  EXPECT_EQ(refusal("()"), "wrong number of arguments to redis.register_function");
  EXPECT_EQ(refusal("('f', function() end, 1)"),
            "wrong number of arguments to redis.register_function");
  EXPECT_EQ(refusal("('f')"),
            "calling redis.register_function with a single argument is only applicable to Lua "
            "table (representing named arguments).");
  EXPECT_EQ(refusal("({}, function() end)"),
            "first argument to redis.register_function must be a string");
  EXPECT_EQ(refusal("('f', 1)"), "second argument to redis.register_function must be a function");
  EXPECT_EQ(refusal("('a-b', function() end)"),
            "Library names can only contain letters, numbers, or underscores(_) and must be at "
            "least one character long");
  EXPECT_EQ(refusal("{}"), "redis.register_function must get a function name argument");
  EXPECT_EQ(refusal("{function_name='f'}"), "redis.register_function must get a callback argument");
  EXPECT_EQ(refusal("{function_name={}}"),
            "function_name argument given to redis.register_function must be a string");
  EXPECT_EQ(refusal("{description={}}"),
            "description argument given to redis.register_function must be a string");
  EXPECT_EQ(refusal("{callback=1}"),
            "callback argument given to redis.register_function must be a function");
  EXPECT_EQ(refusal("{flags=1}"),
            "flags argument to redis.register_function must be a table representing function "
            "flags");
  EXPECT_EQ(refusal("{flags={'nosuch'}}"), "unknown flag given");
  EXPECT_EQ(refusal("{flags={{}}}"), "unknown flag given");
  EXPECT_EQ(refusal("{other=1}"), "unknown argument given to redis.register_function");
  EXPECT_EQ(refusal("{[1]=1}"), "unknown argument given to redis.register_function");
  EXPECT_EQ(refusal("{[{}]=1}"),
            "named argument key given to redis.register_function is not a string");
  EXPECT_EQ(refusal("('f', function() end) redis.register_function('f', function() end)"),
            "Function already exists in the library");
}

TEST_F(LuaFunctions, ALibraryHasToRegisterSomething) {
  EXPECT_EQ(Load(""), "ERR No functions registered");
  EXPECT_EQ(Load("syntax error"),
            "ERR Error compiling function: user_function:2: '=' expected near 'error'");
}

TEST_F(LuaFunctions, LittleIsThereWhileItIsLoaded) {
  const auto unknown = [](const std::string& name) {
    return "ERR Error registering functions: ERR user_function:2: Script attempted to access "
           "nonexistent global variable '" +
           name + "'";
  };
  for (const char* name : {"call", "pcall", "setresp", "sha1hex", "error_reply", "REPL_ALL"}) {
    EXPECT_EQ(Load("return redis." + std::string(name)), unknown(name));
  }
  for (const char* name : {"pairs", "pcall", "math", "KEYS", "_G", "loadstring", "error"}) {
    EXPECT_EQ(Load("return " + std::string(name)), unknown(name));
  }
  for (const char* code : {"x = 1", "redis = 1", "redis.x = 1", "redis.log = 1"}) {
    EXPECT_EQ(Load(code),
              "ERR Error registering functions: ERR user_function:2: Attempt to modify a readonly "
              "table");
  }
  EXPECT_EQ(Load("redis.log(redis.LOG_NOTICE, redis.REDIS_VERSION, redis.REDIS_VERSION_NUM)\n"
                 "server.register_function('f', function() end)"),
            "");
  EXPECT_THAT(host.log, ElementsAre(StartsWith("2 8.")));
}

TEST_F(LuaFunctions, EverythingElseIsThereWhenItRuns) {
  ASSERT_EQ(Load("local redis_then = redis\n"
                 "redis.register_function('f', function() return redis.call('get', 'k') end)\n"
                 "redis.register_function('global', function() x = 1 end)\n"
                 "redis.register_function('keys', function() return KEYS end)\n"
                 "redis.register_function('then', function() return redis_then.call('x') end)\n"
                 "redis.register_function('late', function()\n"
                 "  redis_then.register_function('g', function() end) end)\n"
                 "redis.register_function('library', function()\n"
                 "  return {type(math.floor), type(cjson.encode), type(redis.register_function)} "
                 "end)"),
            "");
  EXPECT_EQ(Call("f"), "+OK\r\n");
  EXPECT_THAT(host.calls, ElementsAre("get k"));
  EXPECT_EQ(Call("global"),
            "-ERR user_function:4: Attempt to modify a readonly table script: global, on "
            "@user_function:4.\r\n");
  EXPECT_THAT(Call("keys"), HasSubstr("nonexistent global variable 'KEYS' script: keys, on"));
  EXPECT_THAT(Call("then"), HasSubstr("nonexistent global variable 'call'"));
  EXPECT_THAT(Call("late"),
              StartsWith("-ERR redis.register_function can only be called on FUNCTION LOAD "
                         "command script: late"));
  EXPECT_EQ(Call("library"), "*3\r\n$8\r\nfunction\r\n$8\r\nfunction\r\n$3\r\nnil\r\n");
  EXPECT_EQ(Run("return KEYS[1]", {"k"}), "$1\r\nk\r\n") << "scripts have theirs";
}

TEST_F(LuaFunctions, AFailedLoadLeavesNothing) {
  const size_t before = engine.memory_bytes();
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(Load("local large = ('x'):rep(100000)\n"
                     "redis.register_function('f', function() return large end)\n"
                     "redis.register_function('f', function() return large end)"),
                HasSubstr("Function already exists in the library"));
  }
  Run("return collectgarbage()");
  EXPECT_LT(engine.memory_bytes(), before + 64 * 1024);
  EXPECT_EQ(Run("return type(redis.call)"), "$8\r\nfunction\r\n") << "the globals are back";
}

TEST_F(LuaFunctions, ItsVariablesLiveFromCallToCall) {
  ASSERT_EQ(Load("local n = 0\n"
                 "redis.register_function('f', function() n = n + 1 return n end)"),
            "");
  EXPECT_EQ(Call("f"), ":1\r\n");
  EXPECT_EQ(Call("f"), ":2\r\n");
  EXPECT_EQ(Run("return 1"), ":1\r\n");
  EXPECT_EQ(Call("f"), ":3\r\n");
  engine.UnloadLibrary(*library_);
  EXPECT_EQ(Call("f"), ":1\r\n") << "it is loaded again";
}

TEST_F(LuaFunctions, AnUnwoundFunctionLeavesNoTraceInThem) {
  ASSERT_EQ(Load("local n = 0\n"
                 "redis.register_function('f', function()\n"
                 "  n = n + 1 redis.call('x') return n end)"),
            "");
  host.abandons = true;
  EXPECT_EQ(Call("f"), "(abandoned)");
  host.abandons = false;
  EXPECT_EQ(Call("f"), ":1\r\n");
}

TEST_F(LuaFunctions, DroppedLibrariesAreLetGoOf) {
  ASSERT_EQ(Load("local large = ('x'):rep(400000)\n"
                 "redis.register_function('f', function() return #large end)"),
            "");
  EXPECT_EQ(Call("f"), ":400000\r\n");
  const std::weak_ptr<FunctionLibrary> watched = library_;
  library_->dropped = true;
  library_.reset();
  engine.DropLibrariesBefore(7);
  EXPECT_TRUE(watched.expired());
  Run("collectgarbage()");
  EXPECT_LT(engine.memory_bytes(), 400'000u);
}

TEST_F(LuaFunctions, HostileLibrariesEnd) {
  constexpr const char* kKilled =
      "ERR Error registering functions: ERR Script killed by user with SCRIPT KILL...";
  for (const char* code : {"while true do end", "local function f() return f() end f()",
                           "local s = ('a'):rep(30) s:find(('a-'):rep(30) .. 'b')",
                           "local t = {} for i = 1, 1e9 do t[i % 10] = i end"}) {
    host.ticks = 0;
    host.ticks_max = 20;
    EXPECT_EQ(Load(code), kKilled) << code;
  }
  host.ticks_max = -1;
  EXPECT_EQ(Load("local function f() return f() + 1 end f()"),
            "ERR Error registering functions: ERR user_function:2: stack overflow");
  EXPECT_THAT(Load("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"),
              HasSubstr("not enough memory"));
  EXPECT_THAT(Load("local d = ('x'):rep(1000000)\n"
                   "for i = 1, 100 do redis.register_function{function_name = 'f' .. i,\n"
                   "  description = d, callback = function() end} end"),
              HasSubstr("not enough memory"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += '(';
  EXPECT_THAT(Load("return " + deep), StartsWith("ERR Error compiling function: "));
  EXPECT_THAT(Load("\x1bLua bytecode"), StartsWith("ERR Error compiling function: "));
  EXPECT_EQ(Load("redis.register_function('f', function() return 1 end)"), "");
  EXPECT_EQ(Call("f"), ":1\r\n");
}

TEST_F(LuaFunctions, OneThatHoldsTooMuchIsLetGoOf) {
  ASSERT_EQ(Load("local held, n = {}, 0\n"
                 "redis.register_function('grow', function()\n"
                 "  n = n + 1 held[n] = ('x'):rep(100000) .. n return n end)"),
            "");
  bool began_again = false;
  for (int i = 0; i < 200 && !began_again; ++i) {
    const std::string reply = Call("grow");
    ASSERT_TRUE(reply.starts_with(':')) << reply;
    began_again = i > 0 && reply == ":1\r\n";
    EXPECT_LT(engine.memory_bytes(), budget.bytes_max() / 2 + 1024 * 1024);
  }
  EXPECT_TRUE(began_again);
}

TEST_F(LuaFunctions, ErrorsNameTheFunctionAndItsLine) {
  host.replies["get k"] = "-WRONGTYPE bad\r\n";
  ASSERT_EQ(Load("redis.register_function('f', function()\n"
                 "  return redis.call('get', 'k') end)\n"
                 "redis.register_function('p', function() return redis.pcall('get', 'k') end)\n"
                 "redis.register_function('reply', function()\n"
                 "  return redis.error_reply('MY bad') end)"),
            "");
  EXPECT_EQ(Call("f"), "-WRONGTYPE bad script: f, on @user_function:3.\r\n");
  EXPECT_EQ(Call("p"), "-WRONGTYPE bad\r\n");
  EXPECT_EQ(Call("reply"), "-MY bad\r\n");
}

TEST_F(LuaFunctions, ACallbackMayBeAnyFunction) {
  ASSERT_EQ(Load("redis.register_function('log', redis.log)\n"
                 "redis.register_function('rep', ('x').rep)"),
            "");
  EXPECT_EQ(Call("log"), "-ERR First argument must be a number (log level).\r\n");
  EXPECT_THAT(Call("rep"), StartsWith("-ERR bad argument #1"));
}

TEST_F(LuaFunctions, AKilledFunctionEndsAndItsLibraryStays) {
  ASSERT_EQ(Load("redis.register_function('spin', function()\n"
                 "  pcall(function() while true do end end) return 1 end)\n"
                 "redis.register_function('f', function() return 1 end)"),
            "");
  host.ticks_max = 20;
  EXPECT_EQ(Call("spin"),
            "-ERR Script killed by user with SCRIPT KILL... script: spin, on "
            "@user_function:3.\r\n");
  host.ticks_max = -1;
  EXPECT_EQ(Call("f"), ":1\r\n");
}

}  // namespace
}  // namespace larder
