#include "server/scripting/lua_engine.h"

#include <gmock/gmock.h>

#include "tests/support/script_fixture.h"

namespace larder {
namespace {

using testing::ElementsAre;

class LuaEngineTest : public ScriptTest {};

TEST_F(LuaEngineTest, ReturnsStringsNumbersAndTables) {
  EXPECT_EQ(Run("return 'x'"), "$1\r\nx\r\n");
  EXPECT_EQ(Run("return {1, 'a', {2}}"), "*3\r\n:1\r\n$1\r\na\r\n*1\r\n:2\r\n");
  EXPECT_EQ(Run(""), "$-1\r\n");
}

TEST_F(LuaEngineTest, KeysAndArgvReachTheScript) {
  EXPECT_EQ(Run("return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}", {"a", "b"}, {"c"}),
            "*5\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n:2\r\n:1\r\n");
}

TEST_F(LuaEngineTest, CallsReachTheHost) {
  host.replies["get k"] = "$1\r\nv\r\n";
  EXPECT_EQ(Run("return redis.call('get', KEYS[1])", {"k"}), "$1\r\nv\r\n");
  EXPECT_EQ(Run("return server.call('ping', 'x')"), "+OK\r\n");
  EXPECT_THAT(host.calls, ElementsAre("get k", "ping x"));
}

TEST_F(LuaEngineTest, AnErrorOfCallEndsTheScriptAndNamesItsPlace) {
  host.replies["incr k"] = "-WRONGTYPE bad\r\n";
  EXPECT_EQ(Run("\nreturn redis.call('incr', 'k')"),
            "-WRONGTYPE bad script: " + Sha1Hex("\nreturn redis.call('incr', 'k')") +
                ", on @user_script:2.\r\n");
  EXPECT_EQ(Run("return redis.pcall('incr', 'k')"), "-WRONGTYPE bad\r\n");
  EXPECT_EQ(Run("return {redis.pcall('incr', 'k').err}"), "*1\r\n$13\r\nWRONGTYPE bad\r\n");
}

TEST_F(LuaEngineTest, AnAbandonedCallUnwindsTheScriptUncatchably) {
  host.abandons = true;
  EXPECT_EQ(Run("pcall(function() redis.pcall('get', 'k') end) return 1"), "(abandoned)");
  EXPECT_EQ(Run("return xpcall(function() redis.call('x') end, function() return 1 end)"),
            "(abandoned)");
  EXPECT_EQ(Run("return coroutine.resume(coroutine.create(function() redis.call('x') end))"),
            "(abandoned)");
  host.abandons = false;
  EXPECT_EQ(Run("return 1"), ":1\r\n");
}

TEST_F(LuaEngineTest, CompileErrorsAreRedisOnes) {
  EXPECT_EQ(Error("return 1 +"),
            "ERR Error compiling script (new function): user_script:1: unexpected symbol near "
            "'<eof>'");
}

}  // namespace
}  // namespace larder
