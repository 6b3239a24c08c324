// How values pass between Lua and RESP, and what others' clones got wrong there (the numbers are
// those of CLIENTS.md's list).
#include <gmock/gmock.h>

#include "tests/support/script_fixture.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScriptValues : public ScriptTest {};

TEST_F(ScriptValues, AReturnedNumberTruncates) {  // clone failure 3
  EXPECT_EQ(Run("return 3.99"), ":3\r\n");
  EXPECT_EQ(Run("return -3.99"), ":-3\r\n");
  EXPECT_EQ(Run("return {1.5, '1.5'}"), "*2\r\n:1\r\n$3\r\n1.5\r\n");
  EXPECT_EQ(Run("return 1e20"), ":-9223372036854775808\r\n");
  EXPECT_EQ(Run("return 0/0"), ":-9223372036854775808\r\n");
}

TEST_F(ScriptValues, NumberArgumentsPrintAsIntegersOrRoundTrip) {
  Run("redis.call('x', 1e9, 3.0, 123456789012345678, 0.1, -0.5, 1/3, 2^53, 1e17)");
  EXPECT_THAT(host.calls, ElementsAre("x 1000000000 3 123456789012345680 0.10000000000000001 -0.5 "
                                      "0.33333333333333331 9007199254740992 100000000000000000"));
}

TEST_F(ScriptValues, JsonNumbersConcatenateAsIntegers) {  // clone failure 4
  EXPECT_EQ(Text("return 'user:' .. cjson.decode('{\"id\":101}').id"), "user:101");
  EXPECT_EQ(Text("return cjson.encode({101, 1.5, 1e14})"), "[101,1.5,1e+14]");
}

TEST_F(ScriptValues, OldTableFunctionsExist) {  // clone failure 5
  EXPECT_EQ(Run("return {table.getn({1, 2, 3}), table.maxn({1, 2, [10] = 3}), "
                "select('#', unpack({1, 2, 3}))}"),
            "*3\r\n:3\r\n:10\r\n:3\r\n");
}

TEST_F(ScriptValues, RandomSeedTakesFractions) {  // clone failure 6
  EXPECT_EQ(Run("math.randomseed(1700000000.123456) math.randomseed(1.7e15) return 1"), ":1\r\n");
  EXPECT_EQ(Run("math.randomseed(1.7e9*1000+0.5) return {math.random(1000), "
                "tostring(math.random())}"),
            Run("math.randomseed(1.7e9*1000+0.5) return {math.random(1000), "
                "tostring(math.random())}"));
}

TEST_F(ScriptValues, ScriptsDrawDifferentNumbers) {
  EXPECT_NE(Text("return tostring(math.random())"), Text("return tostring(math.random())"));
}

TEST_F(ScriptValues, TimeInAScriptIsAnArrayOfStrings) {  // clone failure 7
  host.replies["TIME"] = "*2\r\n$10\r\n1700000000\r\n$6\r\n123456\r\n";
  EXPECT_EQ(Run("redis.replicate_commands() local t = redis.call('TIME') "
                "redis.call('set', 'k', t[1]) return t[1] * 1000 + math.floor(t[2] / 1000)"),
            ":1700000000123\r\n");
  EXPECT_EQ(host.calls.back(), "set k 1700000000");
}

TEST_F(ScriptValues, CallRaisesAndPcallReturns) {  // clone failure 8
  host.replies["bad"] = "-WRONGTYPE no\r\n";
  EXPECT_THAT(Run("redis.call('bad') return 1"), testing::StartsWith("-WRONGTYPE no script: "));
  EXPECT_EQ(Run("redis.pcall('bad') return 1"), ":1\r\n");
  EXPECT_EQ(Run("local r = redis.pcall('bad') return r.err"), "$12\r\nWRONGTYPE no\r\n");
  EXPECT_EQ(Run("local ok, e = pcall(redis.call, 'bad') return {tostring(ok), e}"),
            "*2\r\n$5\r\nfalse\r\n$12\r\nWRONGTYPE no\r\n");
  EXPECT_EQ(Run("return pcall(redis.call, 'good')"), ":1\r\n");
}

TEST_F(ScriptValues, ErrorReplyPutsErrBeforeASingleWordOnly) {  // clone failure 8
  EXPECT_EQ(Run("return redis.error_reply('MYCODE text')"), "-MYCODE text\r\n");
  EXPECT_EQ(Run("return redis.error_reply('-MYCODE text')"), "-MYCODE text\r\n");
  EXPECT_EQ(Run("return redis.error_reply('word')"), "-ERR word\r\n");
  EXPECT_EQ(Run("return redis.error_reply({})"), "-ERR wrong number or type of arguments\r\n");
  EXPECT_EQ(Run("return redis.status_reply('FINE')"), "+FINE\r\n");
}

TEST_F(ScriptValues, LibrariesThatClonesLack) {  // clone failure 24
  EXPECT_EQ(Run("return tostring(redis.replicate_commands())"), "$4\r\ntrue\r\n");
  EXPECT_EQ(Run("return cmsgpack.unpack(cmsgpack.pack({1, {2, 'x'}, 'a'}))"),
            "*3\r\n:1\r\n*2\r\n:2\r\n$1\r\nx\r\n$1\r\na\r\n");
  EXPECT_EQ(Text("return redis.sha1hex('')"), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(Run("return {redis.REDIS_VERSION, redis.REDIS_VERSION_NUM}"),
            "*2\r\n$5\r\n8.4.0\r\n:525312\r\n");
}

TEST_F(ScriptValues, NilRepliesAreFalseAndFalseIsNil) {  // clone failure 25
  host.replies["get k"] = "$-1\r\n";
  host.replies["blpop"] = "*-1\r\n";
  host.replies["mget"] = "*3\r\n$1\r\na\r\n$-1\r\n$1\r\nc\r\n";
  EXPECT_EQ(Run("return tostring(redis.call('get', 'k'))"), "$5\r\nfalse\r\n");
  EXPECT_EQ(Run("return redis.call('get', 'k') == false and redis.call('get', 'k') ~= nil"),
            ":1\r\n");
  EXPECT_EQ(Run("return tostring(redis.call('blpop'))"), "$5\r\nfalse\r\n");
  EXPECT_EQ(Run("return redis.call('mget')"), "*3\r\n$1\r\na\r\n$-1\r\n$1\r\nc\r\n");
  EXPECT_EQ(Run("return {true, false, 1}"), "*3\r\n:1\r\n$-1\r\n:1\r\n");
  EXPECT_EQ(Run("return false"), "$-1\r\n");
  EXPECT_EQ(Run("return {1, nil, 3}"), "*1\r\n:1\r\n");
}

TEST_F(ScriptValues, KeysCanBeChangedByTheScript) {  // clone failure 25
  EXPECT_EQ(Run("KEYS[1] = KEYS[1] .. 'x' table.insert(KEYS, 'new') ARGV[1] = 5 "
                "return {KEYS[1], KEYS[2], ARGV[1]}",
                {"k"}, {"a"}),
            "*3\r\n$2\r\nkx\r\n$3\r\nnew\r\n:5\r\n");
  EXPECT_EQ(Run("return {#KEYS, tostring(KEYS[1])}"), "*2\r\n:0\r\n$3\r\nnil\r\n");
}

TEST_F(ScriptValues, StatusRepliesAreTables) {
  host.replies["type k"] = "+string\r\n";
  EXPECT_EQ(Run("return redis.call('type', 'k').ok"), "$6\r\nstring\r\n");
  EXPECT_EQ(Run("return redis.call('type', 'k')"), "+string\r\n");
  EXPECT_EQ(Run("return redis.call('type', 'k')['ok'] == 'string'"), ":1\r\n");
}

TEST_F(ScriptValues, StringArithmeticAndBinarySubjects) {
  EXPECT_EQ(Run("return '10' + 5"), ":15\r\n");
  EXPECT_EQ(Run("return ARGV[1] * 2", {}, {"21"}), ":42\r\n");
  EXPECT_EQ(Text("return (string.gsub('a\\0b\\0c', '%z', '-'))"), "a-b-c");
  EXPECT_EQ(Text("return (string.gsub('a\\255\\0', '.', function(c) return "
                 "string.format('%02x', string.byte(c)) end))"),
            "61ff00");
}

TEST_F(ScriptValues, StructPacksWhatLibrariesUse) {
  EXPECT_EQ(Text("return struct.pack('<dLhIBc0', 1.5, 2, 3, 4, 5, 'abc')"),
            std::string("\0\0\0\0\0\0\xf8\x3f\2\0\0\0\0\0\0\0\3\0\4\0\0\0\5abc", 26));
  EXPECT_EQ(
      Run("return {struct.unpack('<dLhIBc0', struct.pack('<dLhIBc0', 7, 2, 3, 4, 3, 'abc'))}"),
      "*6\r\n:7\r\n:2\r\n:3\r\n:4\r\n$3\r\nabc\r\n:27\r\n");
}

TEST_F(ScriptValues, BitOperationsAreOf32Bits) {
  EXPECT_EQ(Run("return {bit.band(0xff, 0x0f), bit.bor(1, 2, 4), bit.bxor(5, 1), bit.bnot(0), "
                "bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-16, 2), bit.tobit(2^32 + 5), "
                "bit.rol(0x12345678, 12), bit.bswap(1), bit.tohex(-1)}"),
            "*11\r\n:15\r\n:7\r\n:4\r\n:-1\r\n:-2147483648\r\n:15\r\n:-4\r\n:5\r\n:1164411171\r\n"
            ":16777216\r\n$8\r\nffffffff\r\n");
}

TEST_F(ScriptValues, JsonArraysCanKeepTheirKind) {
  EXPECT_EQ(Text("cjson.decode_array_with_array_mt(true) return cjson.encode(cjson.decode('[]'))"),
            "[]");
  EXPECT_EQ(Text("return cjson.encode({a = cjson.null})"), "{\"a\":null}");
  EXPECT_EQ(Run("return cjson.decode('[null]')[1] == cjson.null"), ":1\r\n");
}

TEST_F(ScriptValues, SpecialTablesBecomeTheirTypes) {
  EXPECT_EQ(Run("return {double = 1.5}"), "$3\r\n1.5\r\n");
  EXPECT_EQ(Run("return {map = {a = 1}}"), "*2\r\n$1\r\na\r\n:1\r\n");
  version = protocol::Version::kResp3;
  EXPECT_EQ(Run("return {double = 1.5}"), ",1.5\r\n");
  EXPECT_EQ(Run("return {map = {a = 1}}"), "%1\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(Run("return {set = {a = true}}"), "~1\r\n$1\r\na\r\n");
  EXPECT_EQ(Run("return {big_number = '12\\r\\n'}"), "(12  \r\n");
  EXPECT_EQ(Run("return {verbatim_string = {string = 'x', format = 'txt'}}"), "=5\r\ntxt:x\r\n");
  EXPECT_EQ(Run("return {true, false}"), "*2\r\n:1\r\n_\r\n");
  EXPECT_EQ(Run("redis.setresp(3) return {true, false}"), "*2\r\n#t\r\n#f\r\n");
}

TEST_F(ScriptValues, Resp3RepliesBecomeTables) {
  host.replies["map"] = "%1\r\n+a\r\n:1\r\n";
  host.replies["set"] = "~1\r\n$1\r\nx\r\n";
  host.replies["null"] = "_\r\n";
  host.replies["double"] = ",2.5\r\n";
  host.replies["true"] = "#t\r\n";
  host.replies["big"] = "(123\r\n";
  host.replies["verbatim"] = "=7\r\ntxt:abc\r\n";
  host.replies["attribute"] = "|1\r\n+k\r\n+v\r\n:5\r\n";
  EXPECT_EQ(
      Run("redis.setresp(3) local r = redis.call('set').set "
          "return {tostring(r.x), tostring(redis.call('null')), redis.call('double').double * 2,"
          "tostring(redis.call('true')), redis.call('big').big_number, "
          "redis.call('verbatim').verbatim_string.string, "
          "redis.call('verbatim').verbatim_string.format, redis.call('attribute')}"),
      "*8\r\n$4\r\ntrue\r\n$3\r\nnil\r\n:5\r\n$4\r\ntrue\r\n$3\r\n123\r\n$3\r\nabc\r\n"
      "$3\r\ntxt\r\n:5\r\n");
  EXPECT_EQ(host.last_version, protocol::Version::kResp3);
}

TEST_F(ScriptValues, LogReachesTheHost) {
  Run("redis.log(redis.LOG_WARNING, 'a', 1, 'b')");
  EXPECT_THAT(host.log, ElementsAre("3 a 1 b"));
}

TEST_F(ScriptValues, AclCheckAsksTheHost) {
  EXPECT_EQ(Run("return {tostring(redis.acl_check_cmd('get', 'k')), "
                "tostring(redis.acl_check_cmd('denied'))}"),
            "*2\r\n$4\r\ntrue\r\n$5\r\nfalse\r\n");
  EXPECT_EQ(Error("return redis.acl_check_cmd('nosuch')"),
            "ERR Invalid command passed to redis.acl_check_cmd()");
}

TEST_F(ScriptValues, UnknownGlobalsAreErrors) {
  EXPECT_EQ(Error("return foo"),
            "ERR user_script:1: Script attempted to access nonexistent global variable 'foo'");
}

TEST_F(ScriptValues, ShebangAndDirectiveLines) {
  EXPECT_EQ(Run("#!lua flags=no-writes,allow-stale\nreturn 1"), ":1\r\n");
  EXPECT_EQ(Run("--!df flags=allow-undeclared-keys,disable-atomicity\nreturn 1"), ":1\r\n");
  EXPECT_EQ(Run("#!lua"), "-ERR Invalid script shebang\r\n");
  EXPECT_EQ(Run("#!js\n"), "-ERR Unexpected engine in script shebang: #!js\r\n");
  EXPECT_EQ(Run("#!lua flags=foo\n"), "-ERR Unexpected flag in script shebang: foo\r\n");
  EXPECT_EQ(Run("#!lua x=1\n"), "-ERR Unknown lua shebang option: x=1\r\n");
  EXPECT_THAT(Run("#!lua\n\nerror('x')"), HasSubstr("user_script:3: x"));
}

TEST_F(ScriptValues, ErrorHandlingFunctions) {
  EXPECT_EQ(Run("return {xpcall(function() error('x', 0) end, function(e) return 'H' .. e end)}"),
            "*2\r\n$-1\r\n$2\r\nHx\r\n");
  EXPECT_EQ(Run("local ok, e = xpcall(function() error('x') end, function() error('y') end) "
                "return e"),
            "$23\r\nerror in error handling\r\n");
  EXPECT_EQ(Run("local c = coroutine.create(function(a) local b = coroutine.yield(a + 1) "
                "return b * 2 end) local _, x = coroutine.resume(c, 1) "
                "local _, y = coroutine.resume(c, 10) return {x, y, coroutine.status(c)}"),
            "*3\r\n:2\r\n:20\r\n$4\r\ndead\r\n");
  EXPECT_EQ(Run("return {pcall(error, {err = 'X y'})}"), "*2\r\n$-1\r\n$3\r\nX y\r\n");
}

TEST_F(ScriptValues, LoadedChunksSeeTheSameGlobals) {
  EXPECT_EQ(Run("return loadstring('return KEYS[1] .. ...')('!')", {"k"}), "$2\r\nk!\r\n");
  EXPECT_EQ(Run("local parts = {'return', ' 4', '2'} local i = 0 "
                "return load(function() i = i + 1 return parts[i] end)()"),
            ":42\r\n");
}

}  // namespace
}  // namespace larder
