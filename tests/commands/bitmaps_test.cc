#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kSyntax[] = "ERR syntax error";
constexpr char kBadOffset[] = "ERR bit offset is not an integer or out of range";

using BitmapCommands = CommandFixture;

TEST_F(BitmapCommands, SetAndGetBits) {
  EXPECT_THAT(Run("SETBIT k 7 1"), IsInteger(0));
  EXPECT_THAT(Run("SETBIT k 7 0"), IsInteger(1));
  EXPECT_THAT(Run("SETBIT k 1 1"), IsInteger(0));
  EXPECT_THAT(Run("GET k"), IsBulk("@"));
  EXPECT_THAT(Run("SETBIT k 100 1"), IsInteger(0));
  EXPECT_THAT(Run("STRLEN k"), IsInteger(13));
  EXPECT_THAT(Run("GETBIT k 100"), IsInteger(1));
  EXPECT_THAT(Run("GETBIT k 99"), IsInteger(0));
  EXPECT_THAT(Run("GETBIT k 10000"), IsInteger(0));
  EXPECT_THAT(Run("GETBIT none 1"), IsInteger(0));
  Run("SET n 1");
  Run("SETBIT n 6 1");
  EXPECT_THAT(Run("GET n"), IsBulk("3"));
  EXPECT_THAT(Run("OBJECT ENCODING n"), IsBulk("raw"));
  Run("BITOP OR combined n n");
  EXPECT_THAT(Run("OBJECT ENCODING combined"), IsBulk("raw"));
}

TEST_F(BitmapCommands, BitsOutOfReachAreRefused) {
  for (const char* line : {"SETBIT k -1 1", "SETBIT k x 1", "SETBIT k 4294967296 1", "GETBIT k -1",
                           "SETBIT k #1 1", "GETBIT k 9223372036854775807"}) {
    EXPECT_THAT(Run(line), IsError(kBadOffset)) << line;
  }
  EXPECT_THAT(Run("SETBIT k 1 2"), IsError("ERR bit is not an integer or out of range"));
  EXPECT_THAT(Run("SETBIT k 1 x"), IsError("ERR bit is not an integer or out of range"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(BitmapCommands, CountBitsOfARange) {
  Run("SET k foobar");
  EXPECT_THAT(Run("BITCOUNT k"), IsInteger(26));
  EXPECT_THAT(Run("BITCOUNT k 0 0"), IsInteger(4));
  EXPECT_THAT(Run("BITCOUNT k 1 1 BYTE"), IsInteger(6));
  EXPECT_THAT(Run("BITCOUNT k 5 30 BIT"), IsInteger(17));
  EXPECT_THAT(Run("BITCOUNT k -2 -1"), IsInteger(7));
  EXPECT_THAT(Run("BITCOUNT k -1 -2"), IsInteger(0));
  EXPECT_THAT(Run("BITCOUNT k 4 2"), IsInteger(0));
  EXPECT_THAT(Run("BITCOUNT k 0 100"), IsInteger(26));
  EXPECT_THAT(Run("BITCOUNT none"), IsInteger(0));
  EXPECT_THAT(Run("BITCOUNT k 1"), IsError(kSyntax));
  EXPECT_THAT(Run("BITCOUNT k 1 2 WORD"), IsError(kSyntax));
  RunArgs({"SET", "long", std::string(1000, '\xff')});
  EXPECT_THAT(Run("BITCOUNT long 3 7990 BIT"), IsInteger(7988));
}

TEST_F(BitmapCommands, FindTheFirstBit) {
  RunArgs({"SET", "k", std::string("\xff\xf0\x00", 3)});
  EXPECT_THAT(Run("BITPOS k 0"), IsInteger(12));
  EXPECT_THAT(Run("BITPOS k 1 2"), IsInteger(-1));
  EXPECT_THAT(Run("BITPOS k 0 2"), IsInteger(16));
  EXPECT_THAT(Run("BITPOS k 1 0 2 BIT"), IsInteger(0));
  EXPECT_THAT(Run("BITPOS k 0 0 11 BIT"), IsInteger(-1));
  EXPECT_THAT(Run("BITPOS k 0 3 13 BIT"), IsInteger(12));
  EXPECT_THAT(Run("BITPOS none 0"), IsInteger(0));
  EXPECT_THAT(Run("BITPOS none 1"), IsInteger(-1));
  RunArgs({"SET", "ones", std::string(20, '\xff')});
  EXPECT_THAT(Run("BITPOS ones 0"), IsInteger(160));
  EXPECT_THAT(Run("BITPOS ones 0 0 -1"), IsInteger(-1));
  EXPECT_THAT(Run("BITPOS ones 0 5"), IsInteger(160));
  EXPECT_THAT(Run("BITPOS k 2"), IsError("ERR The bit argument must be 1 or 0."));
  EXPECT_THAT(Run("BITPOS k 1 0 1 WORD"), IsError(kSyntax));
  EXPECT_THAT(Run("BITPOS k 1 0 1 BIT x"), IsError(kSyntax));
}

TEST_F(BitmapCommands, CombineStrings) {
  RunArgs({"SET", "a", "\x0f\xff"});
  RunArgs({"SET", "b", "\x3c"});
  RunArgs({"SET", "c", std::string("\x01\x00\x80", 3)});
  const auto result = [&](const std::string& line) {
    Run(line);
    return Run("GET d").text;
  };
  EXPECT_THAT(Run("BITOP AND d a b"), IsInteger(2));
  EXPECT_EQ(result("BITOP AND d a b"), std::string("\x0c\x00", 2));
  EXPECT_EQ(result("BITOP OR d a b c"), std::string("\x3f\xff\x80", 3));
  EXPECT_EQ(result("BITOP XOR d a b"), std::string("\x33\xff", 2));
  EXPECT_EQ(result("BITOP NOT d a"), std::string("\xf0\x00", 2));
  EXPECT_EQ(result("BITOP DIFF d a b c"), std::string("\x02\xff\x00", 3));
  EXPECT_EQ(result("BITOP DIFF1 d a b c"), std::string("\x30\x00\x80", 3));
  EXPECT_EQ(result("BITOP ANDOR d a b c"), std::string("\x0d\x00\x00", 3));
  EXPECT_EQ(result("BITOP ONE d a b c"), std::string("\x32\xff\x80", 3));
  EXPECT_THAT(Run("BITOP OR d none"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
  EXPECT_THAT(Run("BITOP NAND d a"), IsError(kSyntax));
  EXPECT_THAT(Run("BITOP NOT d a b"),
              IsError("ERR BITOP NOT must be called with a single source key."));
  EXPECT_THAT(Run("BITOP diff d a"),
              IsError("ERR BITOP DIFF must be called with at least two source keys."));
}

TEST_F(BitmapCommands, FieldsAreSetAndIncremented) {
  EXPECT_THAT(Run("BITFIELD k SET u8 0 255 GET u4 0 INCRBY i5 100 1"),
              IsArray({IsInteger(0), IsInteger(15), IsInteger(1)}));
  EXPECT_THAT(Run("BITFIELD k GET i8 0 GET u8 #0"), IsArray({IsInteger(-1), IsInteger(255)}));
  EXPECT_THAT(Run("BITFIELD k INCRBY u2 #0 1"), IsArray({IsInteger(0)}));
  EXPECT_THAT(Run("BITFIELD k SET u2 0 3 OVERFLOW SAT INCRBY u2 0 5 OVERFLOW FAIL INCRBY u2 0 1"),
              IsArray({IsInteger(0), IsInteger(3), IsNull()}));
  EXPECT_THAT(Run("BITFIELD k OVERFLOW SAT SET i8 8 200 GET i8 8 INCRBY i8 8 -300"),
              IsArray({IsInteger(0), IsInteger(127), IsInteger(-128)}));
  EXPECT_THAT(Run("BITFIELD k SET i64 0 -9223372036854775808 INCRBY i64 0 -1").items.at(1),
              IsInteger(9223372036854775807));
  EXPECT_THAT(Run("BITFIELD none GET u8 0"), IsArray({IsInteger(0)}));
  EXPECT_THAT(Run("BITFIELD none"), IsEmptyArray());
  EXPECT_THAT(Run("EXISTS none"), IsInteger(0));
  EXPECT_THAT(Run("BITFIELD_RO k GET u8 1000"), IsArray({IsInteger(0)}));
}

TEST_F(BitmapCommands, FieldsRefuseWhatMakesNoSense) {
  const char kBadType[] =
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
      "i64 is.";
  for (const char* type : {"u64", "i65", "i0", "x8", "U8", "u", "i-1"}) {
    EXPECT_THAT(Run(std::string("BITFIELD k GET ") + type + " 0"), IsError(kBadType)) << type;
  }
  EXPECT_THAT(Run("BITFIELD k GET u8 -1"), IsError(kBadOffset));
  EXPECT_THAT(Run("BITFIELD k SET u8 #9223372036854775807 1"), IsError(kBadOffset));
  EXPECT_THAT(Run("BITFIELD k OVERFLOW MAYBE"), IsError("ERR Invalid OVERFLOW type specified"));
  EXPECT_THAT(Run("BITFIELD k SET u8 0"), IsError(kSyntax));
  EXPECT_THAT(Run("BITFIELD k SET u8 0 x"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("BITFIELD_RO k SET u8 0 1"),
              IsError("ERR BITFIELD_RO only supports the GET subcommand"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

using BitmapEvents = EventFixture;

TEST_F(BitmapEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("SETBIT k 1 1"), "new k\nsetbit k\n");
  EXPECT_EQ(EventsOf("SETBIT k 1 1"), "");
  EXPECT_EQ(EventsOf("BITFIELD k SET u8 0 7"), "setbit k\n");
  EXPECT_EQ(EventsOf("BITFIELD k SET u8 0 7"), "");
  EXPECT_EQ(EventsOf("BITOP NOT d k"), "new d\nset d\n");
}

}  // namespace
}  // namespace larder
