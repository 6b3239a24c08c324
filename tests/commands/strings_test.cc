#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";
constexpr char kNotFloat[] = "ERR value is not a valid float";
constexpr char kTooLong[] = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
constexpr char kHelloDigest[] = "9555e8555c62dcfd";  // of "hello"

class StringCommands : public CommandFixture {};

// ---- GET and SET

TEST_F(StringCommands, GetAnswersWhatSetWrote) {
  EXPECT_THAT(Run("SET k v"), IsOk());
  EXPECT_THAT(Run("get k"), IsBulk("v"));
  EXPECT_THAT(Run("GET missing"), IsNull());
  EXPECT_THAT(RunArgs({"SET", std::string_view("\0k", 2), std::string_view("\r\n\0", 3)}), IsOk());
  EXPECT_THAT(RunArgs({"GET", std::string_view("\0k", 2)}), IsBulk(std::string("\r\n\0", 3)));
}

TEST_F(StringCommands, LargeValuesComeBackWhole) {
  const std::string large(3 << 20, 'x');
  EXPECT_THAT(RunArgs({"SET", "k", large}), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk(large));
  EXPECT_THAT(Run("APPEND k y"), IsInteger((3 << 20) + 1));
  EXPECT_THAT(Run("GETDEL k"), IsBulk(large + "y"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(StringCommands, StringCommandsRefuseOtherTypes) {
  Run("SADD s m");
  for (const char* line :
       {"GET s", "GETDEL s", "GETSET s v", "GETEX s", "GETRANGE s 0 1", "SUBSTR s 0 1", "STRLEN s",
        "APPEND s v", "SETRANGE s 0 v", "INCR s", "DECR s", "INCRBY s 1", "DECRBY s 1",
        "INCRBYFLOAT s 1", "SET s v GET", "SET s v IFEQ v", "DIGEST s", "DELIFEQ s v"}) {
    EXPECT_THAT(Run(line), IsError(kWrongType)) << line;
  }
  EXPECT_THAT(Run("SCARD s"), IsInteger(1));
  EXPECT_THAT(Run("SET s v"), IsOk());
}

TEST_F(StringCommands, SetExpiresKeysInEveryUnit) {
  Run("SET a v EX 10");
  Run("SET b v PX 1500");
  Run("SET c v EXAT 1700000100");
  Run("SET d v PXAT 1700000000500");
  EXPECT_THAT(Run("TTL a"), IsInteger(10));
  EXPECT_THAT(Run("PTTL b"), IsInteger(1500));
  EXPECT_THAT(Run("TTL c"), IsInteger(100));
  EXPECT_THAT(Run("PTTL d"), IsInteger(500));
  clock.Advance(500ms);
  EXPECT_THAT(Run("GET d"), IsNull());
  EXPECT_THAT(Run("GET b"), IsBulk("v"));
  EXPECT_THAT(Run("SET past v PXAT 1"), IsOk());
  EXPECT_THAT(Run("GET past"), IsNull());
}

TEST_F(StringCommands, SetDropsTheExpiryUnlessItIsToKeepIt) {
  Run("SET k v EX 10");
  Run("SET k w KEEPTTL");
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
  Run("SET k w");
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
}

TEST_F(StringCommands, SetWithNxAndXx) {
  EXPECT_THAT(Run("SET k v XX"), IsNull());
  EXPECT_THAT(Run("SET k v NX EX 10"), IsOk());
  EXPECT_THAT(Run("SET k w NX"), IsNull());
  EXPECT_THAT(Run("SET k w XX GET"), IsBulk("v"));
  EXPECT_THAT(Run("SET k x NX GET PX 5"), IsBulk("w"));
  EXPECT_THAT(Run("SET new x NX GET"), IsNull());
  EXPECT_THAT(Run("GET new"), IsBulk("x"));
}

TEST_F(StringCommands, SetRefusesBadOptionsAndTimes) {
  for (const char* options : {"NX XX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL PXAT 1", "EX", "bogus",
                              "PERSIST", "NX IFEQ v", "IFEQ v XX", "IFEQ a IFNE b", "IFEQ"}) {
    EXPECT_THAT(Run(std::string("SET k v ") + options), IsError(kSyntax)) << options;
  }
  for (const char* options :
       {"EX 0", "EX -1", "PX 0", "EX 9223372036854775807", "EXAT 0", "PX 9223372036854775807"}) {
    EXPECT_THAT(Run(std::string("SET k v ") + options),
                IsError("ERR invalid expire time in 'set' command"))
        << options;
  }
  EXPECT_THAT(Run("SET k v EX 1.5"), IsError(kNotInteger));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(StringCommands, SetComparesTheOldValue) {
  Run("SET k hello");
  EXPECT_THAT(Run("SET k a IFEQ other"), IsNull());
  EXPECT_THAT(Run("SET k hello IFEQ hello EX 10"), IsOk());
  EXPECT_THAT(Run("SET k a IFNE hello"), IsNull());
  EXPECT_THAT(Run(std::string("SET k a IFDNE ") + kHelloDigest), IsNull());
  EXPECT_THAT(Run(std::string("SET k a IFDEQ ") + kHelloDigest + " GET"), IsBulk("hello"));
  EXPECT_THAT(Run("SET missing v IFEQ v"), IsNull());
  EXPECT_THAT(Run("SET missing v IFNE v"), IsOk());
  EXPECT_THAT(Run("SET k v IFDEQ 12"), IsError("ERR must be exactly 16 hexadecimal characters"));
}

TEST_F(StringCommands, SetnxSetexPsetexGetset) {
  EXPECT_THAT(Run("SETNX k v"), IsInteger(1));
  EXPECT_THAT(Run("SETNX k w"), IsInteger(0));
  EXPECT_THAT(Run("SETEX k 10 w"), IsOk());
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
  EXPECT_THAT(Run("PSETEX k 5 x"), IsOk());
  EXPECT_THAT(Run("SETEX k 0 x"), IsError("ERR invalid expire time in 'setex' command"));
  EXPECT_THAT(Run("PSETEX k -1 x"), IsError("ERR invalid expire time in 'psetex' command"));
  EXPECT_THAT(Run("SETEX k x x"), IsError(kNotInteger));
  EXPECT_THAT(Run("GETSET k y"), IsBulk("x"));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
  EXPECT_THAT(Run("GETSET missing y"), IsNull());
}

TEST_F(StringCommands, GetexChangesTheExpiry) {
  Run("SET k v");
  EXPECT_THAT(Run("GETEX k EX 10"), IsBulk("v"));
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
  EXPECT_THAT(Run("GETEX k"), IsBulk("v"));
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
  EXPECT_THAT(Run("GETEX k PERSIST"), IsBulk("v"));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
  EXPECT_THAT(Run("GETEX k EX 0"), IsError("ERR invalid expire time in 'getex' command"));
  EXPECT_THAT(Run("GETEX k KEEPTTL"), IsError(kSyntax));
  EXPECT_THAT(Run("GETEX k EX 1 PERSIST"), IsError(kSyntax));
  EXPECT_THAT(Run("GETEX missing EX abc"), IsNull());
  EXPECT_THAT(Run("GETEX k PXAT 1"), IsBulk("v"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

// ---- several keys

TEST_F(StringCommands, MgetAnswersNullForWhatIsNoString) {
  Run("MSET a 1 b 2");
  Run("SADD s m");
  EXPECT_THAT(Run("MGET a s missing b"), IsArray({IsBulk("1"), IsNull(), IsNull(), IsBulk("2")}));
}

TEST_F(StringCommands, MsetAndMsetnx) {
  EXPECT_THAT(Run("MSET a 1 b 2 a 3"), IsOk());
  EXPECT_THAT(Run("GET a"), IsBulk("3"));
  EXPECT_THAT(Run("MSETNX c 1 a 1"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS c"), IsInteger(0));
  EXPECT_THAT(Run("MSETNX c 1 d 1"), IsInteger(1));
  EXPECT_THAT(Run("MSET a 1 b"), IsError("ERR wrong number of arguments for 'mset' command"));
  EXPECT_THAT(Run("MSETNX a 1 b"), IsError("ERR wrong number of arguments for 'msetnx' command"));
}

TEST_F(StringCommands, MsetexSetsAllWithOneExpiryOrNone) {
  EXPECT_THAT(Run("MSETEX 2 a 1 b 2 EX 10"), IsInteger(1));
  EXPECT_THAT(Run("TTL b"), IsInteger(10));
  EXPECT_THAT(Run("MSETEX 2 a 5 c 5 NX"), IsInteger(0));
  EXPECT_THAT(Run("MSETEX 2 a 5 c 5 XX"), IsInteger(0));
  EXPECT_THAT(Run("MSETEX 1 a 6 XX KEEPTTL"), IsInteger(1));
  EXPECT_THAT(Run("TTL a"), IsInteger(10));
  EXPECT_THAT(Run("MGET a b c"), IsArray({IsBulk("6"), IsBulk("2"), IsNull()}));
  EXPECT_THAT(Run("MSETEX 0 a 1"), IsError("ERR invalid numkeys value"));
  EXPECT_THAT(Run("MSETEX x a 1"), IsError("ERR invalid numkeys value"));
  EXPECT_THAT(Run("MSETEX 2 a 1 b"), IsError("ERR wrong number of key-value pairs"));
  EXPECT_THAT(Run("MSETEX 1 a 1 NX XX"), IsError(kSyntax));
  EXPECT_THAT(Run("MSETEX 1 a 1 EX 0"), IsError("ERR invalid expire time in 'msetex' command"));
}

// ---- parts of strings

TEST_F(StringCommands, GetrangeCountsFromBothEnds) {
  Run("SET k \"This is a string\"");
  EXPECT_THAT(Run("GETRANGE k 0 3"), IsBulk("This"));
  EXPECT_THAT(Run("GETRANGE k -3 -1"), IsBulk("ing"));
  EXPECT_THAT(Run("SUBSTR k 10 100"), IsBulk("string"));
  EXPECT_THAT(Run("GETRANGE k 5 3"), IsBulk(""));
  EXPECT_THAT(Run("GETRANGE k -100 -200"), IsBulk(""));
  EXPECT_THAT(Run("GETRANGE k -9223372036854775808 9223372036854775807"),
              IsBulk("This is a string"));
  EXPECT_THAT(Run("GETRANGE missing 0 -1"), IsBulk(""));
  EXPECT_THAT(Run("GETRANGE k 0 x"), IsError(kNotInteger));
}

TEST_F(StringCommands, SetrangePadsWithZeros) {
  EXPECT_THAT(Run("SETRANGE k 3 ab"), IsInteger(5));
  EXPECT_THAT(Run("GET k"), IsBulk(std::string("\0\0\0ab", 5)));
  EXPECT_THAT(Run("SETRANGE k 0 xyz"), IsInteger(5));
  EXPECT_THAT(Run("GET k"), IsBulk("xyzab"));
  EXPECT_THAT(Run("SETRANGE missing 5 \"\""), IsInteger(0));
  EXPECT_THAT(Run("EXISTS missing"), IsInteger(0));
  EXPECT_THAT(Run("SETRANGE k 100 \"\""), IsInteger(5));
  EXPECT_THAT(Run("SETRANGE k -1 x"), IsError("ERR offset is out of range"));
  EXPECT_THAT(Run("SETRANGE k 9223372036854775807 x"), IsError(kTooLong));
  EXPECT_THAT(Run("SETRANGE k 536870912 x"), IsError(kTooLong));
}

TEST_F(StringCommands, AppendAndStrlen) {
  EXPECT_THAT(Run("APPEND k ab"), IsInteger(2));
  EXPECT_THAT(Run("APPEND k cd"), IsInteger(4));
  EXPECT_THAT(Run("STRLEN k"), IsInteger(4));
  EXPECT_THAT(Run("STRLEN missing"), IsInteger(0));
}

TEST_F(StringCommands, EncodingsFollowTheHistory) {
  Run("SET n 123");
  EXPECT_THAT(Run("OBJECT ENCODING n"), IsBulk("int"));
  Run("APPEND n 4");
  EXPECT_THAT(Run("OBJECT ENCODING n"), IsBulk("raw"));
  Run("INCR n");
  EXPECT_THAT(Run("OBJECT ENCODING n"), IsBulk("int"));
  Run("SET t text");
  EXPECT_THAT(Run("OBJECT ENCODING t"), IsBulk("embstr"));
  RunArgs({"SET", "t", std::string(45, 'x')});
  EXPECT_THAT(Run("OBJECT ENCODING t"), IsBulk("raw"));
  Run("APPEND fresh 5");
  EXPECT_THAT(Run("OBJECT ENCODING fresh"), IsBulk("int"));
}

// ---- numbers

TEST_F(StringCommands, CountersCount) {
  EXPECT_THAT(Run("INCR n"), IsInteger(1));
  EXPECT_THAT(Run("INCRBY n 41"), IsInteger(42));
  EXPECT_THAT(Run("DECR n"), IsInteger(41));
  EXPECT_THAT(Run("DECRBY n 50"), IsInteger(-9));
  EXPECT_THAT(Run("GET n"), IsBulk("-9"));
}

TEST_F(StringCommands, CountersKeepTheirExpiry) {
  Run("SET n 1 EX 10");
  Run("INCR n");
  Run("INCRBYFLOAT n 0.5");
  EXPECT_THAT(Run("TTL n"), IsInteger(10));
}

TEST_F(StringCommands, CountersRefuseWhatIsNoNumberAndOverflow) {
  Run("MSET text abc max 9223372036854775807 min -9223372036854775808 padded 01");
  EXPECT_THAT(Run("INCR text"), IsError(kNotInteger));
  EXPECT_THAT(Run("INCR padded"), IsError(kNotInteger));
  EXPECT_THAT(Run("INCRBY max x"), IsError(kNotInteger));
  EXPECT_THAT(Run("INCR max"), IsError("ERR increment or decrement would overflow"));
  EXPECT_THAT(Run("DECR min"), IsError("ERR increment or decrement would overflow"));
  EXPECT_THAT(Run("DECRBY max -9223372036854775808"), IsError("ERR decrement would overflow"));
  EXPECT_THAT(Run("GET max"), IsBulk("9223372036854775807"));
}

TEST_F(StringCommands, IncrbyfloatPrintsPlainDecimals) {
  EXPECT_THAT(Run("INCRBYFLOAT f 10.5"), IsBulk("10.5"));
  EXPECT_THAT(Run("INCRBYFLOAT f 0.1"), IsBulk("10.6"));
  EXPECT_THAT(Run("INCRBYFLOAT f -5e-1"), IsBulk("10.1"));
  EXPECT_THAT(Run("INCRBYFLOAT g inf"), IsError("ERR increment would produce NaN or Infinity"));
  EXPECT_THAT(Run("INCRBYFLOAT g nan"), IsError(kNotFloat));
  EXPECT_THAT(Run("INCRBYFLOAT g \" 1\""), IsError(kNotFloat));
  Run("SET text abc");
  EXPECT_THAT(Run("INCRBYFLOAT text 1"), IsError(kNotFloat));
}

// ---- comparisons

TEST_F(StringCommands, LcsAnswersTextLengthOrRanges) {
  Run("MSET a ohmytext b mynewtext");
  EXPECT_THAT(Run("LCS a b"), IsBulk("mytext"));
  EXPECT_THAT(Run("LCS a b LEN"), IsInteger(6));
  EXPECT_THAT(Run("LCS a missing"), IsBulk(""));
  const auto range = [](int first, int last) {
    return IsArray({IsInteger(first), IsInteger(last)});
  };
  EXPECT_THAT(
      Run("LCS a b IDX"),
      IsArray({IsBulk("matches"),
               IsArray({IsArray({range(4, 7), range(5, 8)}), IsArray({range(2, 3), range(0, 1)})}),
               IsBulk("len"), IsInteger(6)}));
  EXPECT_THAT(
      Run("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"),
      IsArray({IsBulk("matches"), IsArray({IsArray({range(4, 7), range(5, 8), IsInteger(4)})}),
               IsBulk("len"), IsInteger(6)}));
}

TEST_F(StringCommands, LcsRefusesWhatMakesNoSense) {
  Run("MSET a 1 b 2");
  Run("SADD s m");
  EXPECT_THAT(Run("LCS a s"), IsError("ERR The specified keys must contain string values"));
  EXPECT_THAT(Run("LCS a b LEN IDX"),
              IsError("ERR If you want both the length and indexes, please just use IDX."));
  EXPECT_THAT(Run("LCS a b MINMATCHLEN"), IsError(kSyntax));
  EXPECT_THAT(Run("LCS a b bogus"), IsError(kSyntax));
  RunArgs({"SET", "a", std::string(20000, 'x')});
  RunArgs({"SET", "b", std::string(20000, 'x')});
  EXPECT_THAT(Run("LCS a b LEN"),
              IsError("ERR Insufficient memory, transient memory for LCS exceeds "
                      "proto-max-bulk-len"));
}

TEST_F(StringCommands, DigestIsTheHashOfTheValue) {
  Run("SET k hello");
  EXPECT_THAT(Run("DIGEST k"), IsBulk(kHelloDigest));
  EXPECT_THAT(Run("DIGEST missing"), IsNull());
}

TEST_F(StringCommands, DelexAndDelifeqDeleteByValue) {
  Run("SET k hello");
  EXPECT_THAT(Run("DELEX k IFEQ world"), IsInteger(0));
  EXPECT_THAT(Run("DELEX k IFNE hello"), IsInteger(0));
  EXPECT_THAT(Run(std::string("DELEX k IFDEQ ") + kHelloDigest), IsInteger(1));
  EXPECT_THAT(Run("DELEX k IFEQ hello"), IsInteger(0));
  Run("SADD s m");
  EXPECT_THAT(Run("DELEX s IFEQ m"),
              IsError("ERR Key should be of string type if conditions are specified"));
  EXPECT_THAT(Run("DELEX s"), IsInteger(1));
  EXPECT_THAT(Run("DELEX k IFEQ"), IsError("ERR wrong number of arguments for 'delex' command"));
  Run("SET k hello");
  EXPECT_THAT(Run("DELEX k BOGUS x"),
              IsError("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"));
  EXPECT_THAT(Run("DELIFEQ k world"), IsInteger(0));
  EXPECT_THAT(Run("DELIFEQ k hello"), IsInteger(1));
  EXPECT_THAT(Run("DELIFEQ k hello"), IsInteger(0));
}

// ---- events

using StringEvents = EventFixture;

TEST_F(StringEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("SET k v EX 10"), "new k\nset k\nexpire k\n");
  EXPECT_EQ(EventsOf("SET k v"), "overwritten k\nset k\n");
  EXPECT_EQ(EventsOf("APPEND k w"), "append k\n");
  EXPECT_EQ(EventsOf("SETRANGE k 0 w"), "setrange k\n");
  EXPECT_EQ(EventsOf("GETEX k EX 10"), "expire k\n");
  EXPECT_EQ(EventsOf("GETEX k PERSIST"), "persist k\n");
  EXPECT_EQ(EventsOf("GETDEL k"), "del k\n");
  EXPECT_EQ(EventsOf("INCR n"), "new n\nincrby n\n");
  EXPECT_EQ(EventsOf("INCRBYFLOAT n 1"), "incrbyfloat n\n");
  EXPECT_EQ(EventsOf("DELIFEQ n 2"), "del n\n");
  EXPECT_EQ(EventsOf("GET missing"), "keymiss missing\n");
  EXPECT_EQ(EventsOf("SET k v XX"), "");
}

}  // namespace
}  // namespace larder
