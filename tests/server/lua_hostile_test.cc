// Scripts that try to hang, crash, escape or spoil the server. Each must end in an error, and the
// engine must run the next script as if nothing had happened.
#include <gmock/gmock.h>

#include "tests/support/script_fixture.h"

namespace larder {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class HostileScript : public ScriptTest {
 protected:
  ~HostileScript() override {
    host.ticks_max = -1;
    EXPECT_EQ(Run("return 1"), ":1\r\n") << "the engine works on";
  }

  // What `body` answers when the host kills it after a few ticks.
  std::string Killed(std::string_view body) {
    host.ticks = 0;
    host.ticks_max = 20;
    const std::string error = Error(body);
    EXPECT_LE(host.ticks, host.ticks_max + 1) << "no tick after the one that kills";
    return error;
  }

  static constexpr const char* kKilled = "ERR Script killed by user with SCRIPT KILL...";
};

TEST_F(HostileScript, EndlessLoopsAreKilled) {
  EXPECT_EQ(Killed("while true do end"), kKilled);
  EXPECT_EQ(Killed("repeat until false"), kKilled);
  EXPECT_EQ(Killed("for i = 1, math.huge do end"), kKilled);
  EXPECT_EQ(Killed("local function f() return f() end f()"), kKilled);
  EXPECT_EQ(Killed("local t = setmetatable({}, {__index = function(t, k) while true do end end}) "
                   "return t.x"),
            kKilled);
}

TEST_F(HostileScript, AKillNamesThePlace) {
  host.ticks_max = 3;
  EXPECT_THAT(Run("\nwhile true do end"), HasSubstr(", on @user_script:2."));
}

TEST_F(HostileScript, AKillPassesPcall) {
  EXPECT_EQ(Killed("while true do pcall(function() while true do end end) end"), kKilled);
  EXPECT_EQ(Killed("pcall(pcall, pcall, function() while true do end end) while true do end"),
            kKilled);
  EXPECT_EQ(Killed("while true do pcall(error, 'x') end"), kKilled);
}

TEST_F(HostileScript, AKillPassesXpcallAndItsHandler) {
  EXPECT_EQ(Killed("xpcall(function() while true do end end, function() return 1 end) return 1"),
            kKilled);
  EXPECT_EQ(Killed("xpcall(error, function() while true do end end) return 1"), kKilled);
  EXPECT_EQ(Killed("local function h() return xpcall(error, h) end while true do h() end"),
            kKilled);
}

TEST_F(HostileScript, AKillPassesCoroutines) {
  EXPECT_EQ(Killed("local c = coroutine.create(function() while true do end end) "
                   "coroutine.resume(c) return 1"),
            kKilled);
  EXPECT_EQ(Killed("local f = coroutine.wrap(function() while true do coroutine.yield() end end) "
                   "while true do f() end"),
            kKilled);
  EXPECT_EQ(Killed("while true do coroutine.resume(coroutine.create(function() "
                   "pcall(function() while true do end end) end)) end"),
            kKilled);
}

TEST_F(HostileScript, AKillPassesCallbacksOfTheLibraries) {
  EXPECT_EQ(Killed("string.gsub(string.rep('x', 10), 'x', function() while true do end end)"),
            kKilled);
  EXPECT_EQ(Killed("table.sort({1, 2, 3}, function() while true do end end)"), kKilled);
  EXPECT_EQ(Killed("table.foreach({1}, function() while true do end end)"), kKilled);
  EXPECT_EQ(Killed("load(function() while true do end end)"), kKilled);
  EXPECT_THAT(Killed("load(function() return 'x = 1 ' end)"),
              AnyOf(kKilled, "ERR not enough memory"));
}

TEST_F(HostileScript, PatternsThatBacktrackForEverAreKilled) {
  EXPECT_EQ(Killed("string.find(string.rep('a', 10000), string.rep('a-', 30) .. 'b')"), kKilled);
  EXPECT_EQ(Killed("string.match(string.rep('a', 300), '.-.-.-.-.-b')"), kKilled);
  EXPECT_EQ(Killed("string.gsub(string.rep('a', 100000), '(.-)(.-)(.-)b', '')"), kKilled);
  EXPECT_EQ(Killed("for _ in string.gmatch(string.rep('a', 100000), '.-.-.-b') do end"), kKilled);
}

TEST_F(HostileScript, LongLoopsOfTheLibrariesAreKilled) {
  host.ticks_max = 20;
  EXPECT_EQ(Killed("local s = string.rep('x', 1000000) while true do s:upper() end"), kKilled);
  EXPECT_EQ(Killed("local t = {} for i = 1, 1e5 do t[i] = i end "
                   "while true do table.insert(t, 1, 0) table.remove(t, 1) end"),
            kKilled);
  EXPECT_EQ(Killed("local t = {} for i = 1, 1e5 do t[i] = 'x' end "
                   "while true do table.concat(t) end"),
            kKilled);
  EXPECT_EQ(Killed("local s = '[' .. string.rep('1,', 1e5) .. '1]' "
                   "while true do cjson.decode(s) end"),
            kKilled);
  EXPECT_EQ(Killed("while true do collectgarbage() end"), kKilled);
}

TEST_F(HostileScript, DeepPatternsAreRefused) {
  EXPECT_THAT(Error("return string.find(string.rep('a', 220000), string.rep('.?', 220000))"),
              HasSubstr("pattern too complex"));
  EXPECT_THAT(Error("return string.match('x', string.rep('(', 100))"),
              HasSubstr("too many captures"));
  EXPECT_THAT(Error("return string.find(string.rep('a', 300), string.rep('a?', 300) .. 'b')"),
              HasSubstr("pattern too complex"));
}

TEST_F(HostileScript, UnpackIsBounded) {
  EXPECT_THAT(Error("return unpack({}, 1, 1e8)"), HasSubstr("too many results to unpack"));
  EXPECT_THAT(Error("return unpack({}, 0, 2^31 - 1)"), HasSubstr("too many results to unpack"));
  EXPECT_THAT(Error("return unpack({}, -2^31, 2^31 - 1)"), HasSubstr("too many results"));
  EXPECT_THAT(Error("return unpack({}, 1, 1e300)"), HasSubstr("too many results"));
  EXPECT_THAT(Error("return unpack({}, -1e300, 1e300)"), HasSubstr("too many results"));
  EXPECT_EQ(Run("return #{unpack({}, 1, 0)}"), ":0\r\n");
  EXPECT_EQ(Run("local t = {} for i = 1, 5000 do t[i] = i end return select('#', unpack(t))"),
            ":5000\r\n");
}

TEST_F(HostileScript, HugeStringsAreRefused) {
  EXPECT_THAT(Error("return string.rep('x', 1e10)"), HasSubstr("resulting string too large"));
  EXPECT_THAT(Error("return string.rep('xy', 2^53)"), HasSubstr("resulting string too large"));
  EXPECT_THAT(Error("return string.rep('x', 1e300)"), HasSubstr("resulting string too large"));
  EXPECT_THAT(Error("local s = 'x' while true do s = s .. s end"), HasSubstr("not enough memory"));
  EXPECT_THAT(Error("return string.format('%99999999d', 1)"), HasSubstr("invalid format"));
  EXPECT_THAT(Error("return ('x'):rep(1e6):gsub('x', string.rep('y', 1000))"),
              HasSubstr("not enough memory"));
}

TEST_F(HostileScript, MemoryIsCapped) {
  EXPECT_THAT(Error("local t = {} while true do t[#t + 1] = {} end"),
              HasSubstr("not enough memory"));
  EXPECT_THAT(Error("local t = {} local i = 0 while true do i = i + 1 t['k' .. i] = i end"),
              HasSubstr("not enough memory"));
  EXPECT_EQ(Killed("local function f(...) return f(1, 2, 3, ...) end f()"), kKilled);
  EXPECT_LE(budget.reserved(), budget.bytes_max());
}

TEST_F(HostileScript, MemoryIsGivenBackAfterAScript) {
  const size_t before = engine.memory_bytes();
  EXPECT_EQ(Run("local t = {} for i = 1, 5e4 do t[i] = {} end return #t"), ":50000\r\n");
  EXPECT_LE(engine.memory_bytes(), before + 1024 * 1024);
  EXPECT_LE(budget.reserved(), before + 2 * 1024 * 1024);
}

TEST_F(HostileScript, MemoryIsSharedByAllEngines) {
  LuaEngine other(budget);
  EXPECT_LE(engine.memory_bytes() + other.memory_bytes(), budget.reserved());
}

TEST_F(HostileScript, AnErrorForLackOfMemoryCanBeCaughtAndNothingBreaks) {
  EXPECT_EQ(Run("local ok, e = pcall(function() local t = {} while true do t[#t + 1] = {} end end) "
                "return {tostring(ok), e}"),
            "*2\r\n$5\r\nfalse\r\n$17\r\nnot enough memory\r\n");
}

TEST_F(HostileScript, DeepRecursionIsAnError) {
  EXPECT_THAT(Error("local function f() return 1 + f() end return f()"),
              HasSubstr("stack overflow"));
  EXPECT_THAT(Error("local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) "
                    "return t[k .. 'x'] end return t.x"),
              HasSubstr("stack overflow"));
  EXPECT_THAT(Error("local function f() string.gsub('x', 'x', f) end f()"),
              HasSubstr("stack overflow"));
  EXPECT_THAT(Error("local function f() return pcall(f) end local ok, e = f() error(e)"),
              AnyOf(HasSubstr("stack overflow"), HasSubstr("ERR nil"), HasSubstr("true")));
  EXPECT_THAT(Error("local s = string.rep('(', 5000) .. '1' .. string.rep(')', 5000) "
                    "error(select(2, loadstring('return ' .. s)))"),
              HasSubstr("too many syntax levels"));
}

TEST_F(HostileScript, NestedCoroutinesCannotOverflowTheStack) {
  const std::string error = Error("local function f() return coroutine.wrap(f)() end return f()");
  EXPECT_THAT(error, HasSubstr("C stack overflow"));
  EXPECT_THAT(Run("local function f() return coroutine.resume(coroutine.create(f)) end "
                  "f() return 'survived'"),
              "$8\r\nsurvived\r\n");
}

TEST_F(HostileScript, JsonNestedTooDeeplyIsRefused) {
  EXPECT_THAT(Error("local t = {} for i = 1, 2000 do t = {t} end return cjson.encode(t)"),
              HasSubstr("Cannot serialise, excessive nesting (1001)"));
  EXPECT_THAT(Error("return cjson.decode(string.rep('[', 2000))"),
              HasSubstr("Found too many nested data structures (1001)"));
  // Not even when the script asks for it.
  EXPECT_THAT(Error("cjson.decode_max_depth(1e9) return cjson.decode(string.rep('[', 1e6))"),
              StartsWith("ERR user_script:1:"));
  EXPECT_THAT(Error("cjson.encode_max_depth(1e9) local t = {} t[1] = t return cjson.encode(t)"),
              StartsWith("ERR user_script:1:"));
  EXPECT_THAT(Error("return cmsgpack.unpack(string.rep('\\145', 1e6))"),
              StartsWith("ERR user_script:1:"));
}

TEST_F(HostileScript, MessagePackThatClaimsMoreThanItHasIsRefused) {
  for (const char* packed : {"\\221\\255\\255\\255\\255", "\\220\\255\\255", "\\223\\255\\255",
                             "\\219\\255\\255\\255\\255abc", "\\199", "\\198\\255"}) {
    EXPECT_THAT(
        Error("return cmsgpack.unpack('" + std::string(packed) + "')"),
        AnyOf(HasSubstr("Missing bytes in input."), HasSubstr("Bad data format in input.")));
  }
}

TEST_F(HostileScript, BytecodeIsNeverLoaded) {
  EXPECT_THAT(Text("local f, e = loadstring('\\27Lua\\81\\0\\1\\4\\8\\4\\8\\0') return e"),
              HasSubstr("unexpected symbol near 'char(27)'"));
  EXPECT_THAT(Text("local n = 0 local f, e = load(function() n = n + 1 return "
                   "({'\\27', 'Lua'})[n] end) return e"),
              HasSubstr("unexpected symbol near 'char(27)'"));
  EXPECT_THAT(Error("\x1bLuaQ"), HasSubstr("Error compiling script"));
  EXPECT_EQ(Text("return type(string.dump)"), "nil");
}

TEST_F(HostileScript, GlobalsCannotBeWritten) {
  for (const char* body :
       {"x = 1", "_G.x = 1", "_G._G = 1", "KEYS = {}", "string = nil", "string.rep = 1",
        "table.insert = nil", "redis.call = 1", "cjson.null = 1", "server.x = 1", "math.pi = 3",
        "getmetatable('').__index = {}", "('').upper = 1"}) {
    EXPECT_EQ(Error(body),
              "ERR user_script:1: " + std::string(body == std::string("('').upper = 1")
                                                      ? "attempt to index a string value"
                                                      : "Attempt to modify a readonly table"))
        << body;
  }
  for (const char* body :
       {"rawset(_G, 'x', 1)", "rawset(string, 'x', 1)", "table.insert(_G, 1)",
        "table.remove(_G, 1)", "table.sort(_G)", "setmetatable(_G, {})", "setmetatable(string, {})",
        "setmetatable(getmetatable(''), {})", "rawset(getmetatable(''), '__index', {})"}) {
    EXPECT_EQ(Error(body), "ERR Attempt to modify a readonly table") << body;
  }
}

TEST_F(HostileScript, IteratingTheLibrariesGivesNoWayToWriteThem) {
  EXPECT_EQ(Error("local f, t = pairs(string) t.x = 1"),
            "ERR user_script:1: Attempt to modify a readonly table");
  EXPECT_EQ(Error("for k, v in pairs(_G) do if k == 'string' then v.x = 1 end end"),
            "ERR user_script:1: Attempt to modify a readonly table");
}

TEST_F(HostileScript, MetatablesAreLocked) {
  EXPECT_EQ(Run("return {type(getmetatable(_G)), type(getmetatable(string)), "
                "type(getmetatable(redis)), type(getmetatable('').__metatable)}"),
            "*4\r\n$3\r\nnil\r\n$3\r\nnil\r\n$3\r\nnil\r\n$3\r\nnil\r\n");
  EXPECT_EQ(Run("return ('x'):upper()"), "$1\r\nX\r\n");
}

TEST_F(HostileScript, NothingIsKeptBetweenScripts) {
  Run("KEYS.leak = 1 ARGV.leak = 1 cjson.encode_max_depth(1) math.randomseed(7) "
      "redis.setresp(3) cjson.decode_array_with_array_mt(true)");
  EXPECT_EQ(Run("return {tostring(KEYS.leak), tostring(ARGV.leak), cjson.encode_max_depth()}"),
            "*3\r\n$3\r\nnil\r\n$3\r\nnil\r\n:1000\r\n");
  Run("return redis.call('x')");
  EXPECT_EQ(host.last_version, protocol::Version::kResp2);
  EXPECT_EQ(Text("return cjson.encode(cjson.decode('[]'))"), "{}");
}

TEST_F(HostileScript, ATableThatHoldsItselfManyTimesIsKilledWhileItIsWritten) {
  EXPECT_EQ(Killed("local t = {} t[1] = t t[2] = t return t"), kKilled);
}

TEST_F(HostileScript, AResultThatNestsTooDeeplyEndsInAnError) {
  EXPECT_THAT(Run("local t = {} t[1] = t return t"), HasSubstr("-ERR reached lua stack limit\r\n"));
}

TEST_F(HostileScript, ErrorRepliesAreOneLine) {
  EXPECT_EQ(Run("return redis.error_reply('ERR a\\r\\nb\\0c')"), "-ERR a  b c\r\n");
  EXPECT_EQ(Run("return {err = 'ERR a\\r\\nb'}"), "-ERR a  b\r\n");
  EXPECT_EQ(Run("return {{err = 'ERR a\\r\\nb'}}"), "*1\r\n-ERR a  b\r\n");
  EXPECT_EQ(Run("return {ok = 'a\\r\\nb'}"), "+a  b\r\n");
}

TEST_F(HostileScript, ErrorsOfAnyTypeAreAnswered) {
  for (const char* value : {"{}", "nil", "true", "false", "print", "function() end", "1.5",
                            "{err = {}}", "coroutine.create(function() end)"}) {
    EXPECT_THAT(Run("error(" + std::string(value) + ")"), StartsWith("-ERR ")) << value;
  }
  EXPECT_THAT(Run("error({err = 'MYCODE text'})"), StartsWith("-MYCODE text script: "));
}

TEST_F(HostileScript, SortSurvivesAnInconsistentOrder) {
  Run("local t = {} for i = 1, 1000 do t[i] = i end "
      "pcall(table.sort, t, function() return true end)");
  EXPECT_THAT(Error("table.sort({1, 'a', {}})"), HasSubstr("attempt to compare"));
}

TEST_F(HostileScript, EveryGlobalIsOnTheList) {
  EXPECT_EQ(
      Text("local names = {} for name, value in pairs(_G) do names[#names + 1] = name "
           "if type(value) == 'table' and name ~= '_G' and name ~= 'KEYS' and name ~= 'ARGV' then "
           "for member in pairs(value) do names[#names + 1] = name .. '.' .. member end end end "
           "table.sort(names) return table.concat(names, ' ')"),
      "ARGV KEYS _G _VERSION assert bit bit.arshift bit.band bit.bnot bit.bor bit.bswap bit.bxor "
      "bit.lshift bit.rol bit.ror bit.rshift bit.tobit bit.tohex cjson cjson._NAME cjson._VERSION "
      "cjson.decode cjson.decode_array_with_array_mt cjson.decode_invalid_numbers "
      "cjson.decode_max_depth cjson.encode cjson.encode_invalid_numbers cjson.encode_keep_buffer "
      "cjson.encode_max_depth cjson.encode_number_precision cjson.encode_sparse_array cjson.new "
      "cjson.null cmsgpack cmsgpack._NAME cmsgpack._VERSION cmsgpack.pack cmsgpack.unpack "
      "cmsgpack.unpack_limit cmsgpack.unpack_one collectgarbage coroutine coroutine.create "
      "coroutine.resume coroutine.running coroutine.status coroutine.wrap coroutine.yield error "
      "gcinfo getmetatable ipairs load loadstring math math.abs math.acos math.asin math.atan "
      "math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.floor math.fmod math.frexp "
      "math.huge math.ldexp math.log math.log10 math.max math.min math.mod math.modf math.pi "
      "math.pow math.rad math.random math.randomseed math.sin math.sinh math.sqrt math.tan "
      "math.tanh next os os.clock pairs pcall rawequal rawget rawset redis redis.LOG_DEBUG "
      "redis.LOG_NOTICE redis.LOG_VERBOSE redis.LOG_WARNING redis.REDIS_VERSION "
      "redis.REDIS_VERSION_NUM redis.REPL_ALL redis.REPL_AOF redis.REPL_NONE redis.REPL_REPLICA "
      "redis.REPL_SLAVE redis.acl_check_cmd redis.breakpoint redis.call redis.debug "
      "redis.error_reply redis.log redis.pcall redis.replicate_commands redis.set_repl "
      "redis.setresp redis.sha1hex redis.status_reply select server server.LOG_DEBUG "
      "server.LOG_NOTICE server.LOG_VERBOSE server.LOG_WARNING server.REDIS_VERSION "
      "server.REDIS_VERSION_NUM server.REPL_ALL server.REPL_AOF server.REPL_NONE "
      "server.REPL_REPLICA server.REPL_SLAVE server.acl_check_cmd server.breakpoint server.call "
      "server.debug server.error_reply server.log server.pcall server.replicate_commands "
      "server.set_repl server.setresp server.sha1hex server.status_reply setmetatable string "
      "string.byte string.char string.find string.format string.gfind string.gmatch string.gsub "
      "string.len string.lower string.match string.rep string.reverse string.sub string.upper "
      "struct struct.pack struct.size struct.unpack table table.concat table.foreach "
      "table.foreachi table.getn table.insert table.maxn table.remove table.setn table.sort "
      "tonumber tostring type unpack xpcall");
}

}  // namespace
}  // namespace larder
