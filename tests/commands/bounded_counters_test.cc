#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class BoundedCounters : public CommandFixture {};

ReplyMatcher Both(int64_t value, int64_t applied) {
  return IsArray({IsInteger(value), IsInteger(applied)});
}

TEST_F(BoundedCounters, CountByOneOrByAsMuchAsAsked) {
  EXPECT_THAT(Run("INCREX k"), Both(1, 1));
  EXPECT_THAT(Run("INCREX k"), Both(2, 1));
  EXPECT_THAT(Run("INCREX k BYINT 5"), Both(7, 5));
  EXPECT_THAT(Run("increx k byint -10"), Both(-3, -10));
  EXPECT_THAT(Run("GET k"), IsBulk("-3"));
}

TEST_F(BoundedCounters, FloatsAreTextsInResp2AndDoublesInResp3) {
  Run("SET k 1.5");
  EXPECT_THAT(Run("INCREX k BYFLOAT 0.25"), IsBulks({"1.75", "0.25"}));
  Run("HELLO 3");
  EXPECT_THAT(Run("INCREX k BYFLOAT 0.25"), IsArray({IsDouble(2), IsDouble(0.25)}));
  EXPECT_THAT(Run("GET k"), IsBulk("2"));
}

TEST_F(BoundedCounters, BeyondABoundNothingHappens) {
  Run("SET k 99 PX 1000");
  EXPECT_THAT(Run("INCREX k BYINT 5 UBOUND 100 EX 500"), Both(99, 0));
  EXPECT_THAT(Run("PTTL k"), IsInteger(1000));
  EXPECT_THAT(Run("INCREX k BYINT -100 LBOUND 0"), Both(99, 0));
  EXPECT_THAT(Run("INCREX k UBOUND 100"), Both(100, 1));
  EXPECT_THAT(Run("INCREX missing BYINT 5 UBOUND 4"), Both(0, 0));
  EXPECT_THAT(Run("EXISTS missing"), IsInteger(0));
  Run("SET f 1.5");
  EXPECT_THAT(Run("INCREX f BYFLOAT 1 UBOUND 2"), IsBulks({"1.5", "0"}));
}

TEST_F(BoundedCounters, SaturateStopsAtTheBound) {
  Run("SET k 99");
  EXPECT_THAT(Run("INCREX k BYINT 5 UBOUND 100 SATURATE"), Both(100, 1));
  EXPECT_THAT(Run("INCREX k BYINT -500 SATURATE LBOUND -7"), Both(-7, -107));
  EXPECT_THAT(Run("INCREX new BYINT 5 UBOUND 3 SATURATE EX 10"), Both(3, 3));
  EXPECT_THAT(Run("TTL new"), IsInteger(10));
}

TEST_F(BoundedCounters, TheTypeHasBoundsToo) {
  Run("SET k 9223372036854775800");
  EXPECT_THAT(Run("INCREX k BYINT 100"), Both(9223372036854775800, 0));
  EXPECT_THAT(Run("INCREX k BYINT 100 SATURATE"), Both(9223372036854775807, 7));
  EXPECT_THAT(Run("INCREX k BYINT 1 UBOUND -9223372036854775808 SATURATE"),
              IsError("ERR increment or decrement would overflow"));
  EXPECT_THAT(Run("INCREX f BYFLOAT inf"), IsError("ERR increment would produce NaN or Infinity"));
}

TEST_F(BoundedCounters, TheExpiryIsKeptSetOrTakenAway) {
  Run("SET k 5 EX 1000");
  EXPECT_THAT(Run("INCREX k"), Both(6, 1));
  EXPECT_THAT(Run("TTL k"), IsInteger(1000));
  EXPECT_THAT(Run("INCREX k EX 10 ENX"), Both(7, 1));
  EXPECT_THAT(Run("TTL k"), IsInteger(1000));
  EXPECT_THAT(Run("INCREX k PX 500"), Both(8, 1));
  EXPECT_THAT(Run("PTTL k"), IsInteger(500));
  EXPECT_THAT(Run("INCREX k PERSIST"), Both(9, 1));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
  EXPECT_THAT(Run("INCREX k EX 10 ENX"), Both(10, 1));
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
  EXPECT_THAT(Run("INCREX k EXAT 1"), Both(11, 1));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(BoundedCounters, LimitARateInAWindow) {
  for (int i = 1; i <= 3; ++i) {
    EXPECT_THAT(Run("INCREX rate UBOUND 3 EX 60 ENX"), Both(i, 1));
    clock.Advance(10s);
  }
  EXPECT_THAT(Run("INCREX rate UBOUND 3 EX 60 ENX"), Both(3, 0));
  clock.Advance(30s);
  EXPECT_THAT(Run("INCREX rate UBOUND 3 EX 60 ENX"), Both(1, 1));
}

TEST_F(BoundedCounters, ArgumentsAreChecked) {
  Run("RPUSH l a");
  Run("SET text hello");
  Run("SET float 1.5");
  EXPECT_THAT(Run("INCREX l"),
              IsError("WRONGTYPE Operation against a key holding the wrong kind of value"));
  EXPECT_THAT(Run("INCREX text"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("INCREX float"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("INCREX text BYFLOAT 1"), IsError("ERR value is not a valid float"));
  EXPECT_THAT(Run("INCREX k BYINT x"), IsError("ERR Increment is not an integer or out of range"));
  EXPECT_THAT(Run("INCREX k BYFLOAT x"), IsError("ERR Increment is not a valid float"));
  EXPECT_THAT(Run("INCREX k LBOUND 1.5"), IsError("ERR LBOUND is not an integer or out of range"));
  EXPECT_THAT(Run("INCREX k BYFLOAT 1 UBOUND x"), IsError("ERR UBOUND is not a valid float"));
  EXPECT_THAT(Run("INCREX k LBOUND 10 UBOUND 5"),
              IsError("ERR LBOUND can't be greater than UBOUND"));
  EXPECT_THAT(Run("INCREX k ENX"), IsError("ERR ENX flag requires an expiration"));
  for (const char* line : {"BYINT 1 BYFLOAT 1", "BYINT 1 BYINT 1", "BYINT", "LBOUND", "UP",
                           "LBOUND 1 LBOUND 1", "SATURATE SATURATE", "ENX ENX EX 1", "EX 1 PX 1",
                           "EX 1 EX 1", "PERSIST ENX", "PERSIST EX 1", "EX", "KEEPTTL"}) {
    EXPECT_THAT(Run("INCREX k " + std::string(line)), IsError("ERR syntax error")) << line;
  }
  EXPECT_THAT(Run("INCREX k EX 0"), IsError("ERR invalid expire time in 'increx' command"));
  EXPECT_THAT(Run("INCREX k PX x"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

class BoundedCounterEvents : public EventFixture {};

TEST_F(BoundedCounterEvents, TellOfTheIncrementAndTheExpiry) {
  EXPECT_EQ(EventsOf("INCREX k EX 10"), "new k\nincrby k\nexpire k\n");
  EXPECT_EQ(EventsOf("INCREX k BYFLOAT 1 PERSIST"), "incrbyfloat k\npersist k\n");
  EXPECT_EQ(EventsOf("INCREX k UBOUND 0"), "");
  EXPECT_EQ(EventsOf("INCREX k EXAT 1"), "incrby k\ndel k\n");
}

}  // namespace
}  // namespace larder
