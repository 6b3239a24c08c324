#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kNotInteger[] = "ERR value is not an integer or out of range";
constexpr char kNoFields[] =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr char kMismatch[] = "ERR The `numfields` parameter must match the number of arguments";

ReplyMatcher Codes(std::vector<int64_t> codes) {
  std::vector<ReplyMatcher> items;
  for (const int64_t code : codes) items.push_back(IsInteger(code));
  return IsArray(std::move(items));
}

// Everything holds for both forms of a hash.
class HashExpiryCommands : public CommandFixture, public testing::WithParamInterface<const char*> {
 protected:
  HashExpiryCommands() {
    if (std::string(GetParam()) == "hashtable") Run("CONFIG SET hash-max-listpack-entries 0");
  }
  // The maintenance that a worker does.
  void Maintain() {
    dispatcher.UpdateTime();
    for (size_t stripe = 0; stripe < engine.keyspace.stripe_count(); ++stripe) {
      engine.keyspace.ExpireSlice(stripe, dispatcher.now_ms(),
                                  std::chrono::steady_clock::now() + 10s);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Forms, HashExpiryCommands, testing::Values("listpack", "hashtable"),
                         [](const auto& form) { return std::string(form.param); });

TEST_P(HashExpiryCommands, AFieldIsGoneFromItsMillisecondOn) {
  Run("HSET h a 1 b 2 c 3");
  EXPECT_THAT(Run("HPEXPIRE h 20 FIELDS 1 a"), Codes({1}));
  clock.Advance(19ms);
  EXPECT_THAT(Run("HGET h a"), IsBulk("1"));
  EXPECT_THAT(Run("HPTTL h FIELDS 1 a"), Codes({1}));
  clock.Advance(1ms);
  EXPECT_THAT(Run("HGET h a"), IsNull());
  EXPECT_THAT(Run("HLEN h"), IsInteger(2));
  EXPECT_THAT(Run("HGETALL h"), IsUnorderedBulks({"b", "2", "c", "3"}));
  EXPECT_THAT(Run("HEXISTS h a"), IsInteger(0));
  EXPECT_THAT(Run("HTTL h FIELDS 2 a b"), Codes({-2, -1}));
}

TEST_P(HashExpiryCommands, TheKeyGoesWithItsLastField) {
  for (const char* line : {"EXISTS h", "HLEN h", "DEL h", "TTL h", "OBJECT ENCODING h"}) {
    Run("HSET h a 1 b 2");
    Run("HPEXPIRE h 10 FIELDS 2 a b");
    EXPECT_THAT(Run("EXISTS h"), IsInteger(1));
    clock.Advance(10ms);
    Run(line);
    EXPECT_THAT(Run("EXISTS h"), IsInteger(0)) << line;
    EXPECT_THAT(Run("DBSIZE"), IsInteger(0)) << line;
  }
}

TEST_P(HashExpiryCommands, MaintenanceRemovesFieldsThatNobodyReads) {
  Run("HSET h a 1 b 2 c 3");
  Run("HSET g a 1");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  Run("HPEXPIRE h 500 FIELDS 1 b");
  Run("HPEXPIRE g 10 FIELDS 1 a");
  EXPECT_THAT(Run("INFO keyspace").text, testing::HasSubstr("subexpiry=2"));
  clock.Advance(9ms);
  Maintain();
  EXPECT_THAT(Run("DBSIZE"), IsInteger(2));
  clock.Advance(1ms);
  Maintain();
  EXPECT_THAT(Run("DBSIZE"), IsInteger(1));
  EXPECT_THAT(Run("INFO keyspace").text, testing::HasSubstr("subexpiry=1"));
  EXPECT_THAT(Run("INFO stats").text, testing::HasSubstr("expired_subkeys:2"));
  clock.Advance(490ms);
  Maintain();
  EXPECT_THAT(Run("INFO stats").text, testing::HasSubstr("expired_subkeys:3"));
  EXPECT_THAT(Run("INFO keyspace").text, testing::HasSubstr("subexpiry=0"));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"c", "3"}));
}

TEST_P(HashExpiryCommands, MaintenanceFollowsTheKeyWhereverItGoes) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  Run("COPY h copied");
  Run("RENAME h renamed");
  Run("MOVE copied 1");
  Run("SWAPDB 0 2");
  clock.Advance(10ms);
  Maintain();
  EXPECT_THAT(Run("INFO stats").text, testing::HasSubstr("expired_subkeys:2"));
  Run("SELECT 2");
  EXPECT_THAT(Run("HGETALL renamed"), IsBulks({"b", "2"}));
  Run("SELECT 1");
  EXPECT_THAT(Run("HGETALL copied"), IsBulks({"b", "2"}));
}

TEST_P(HashExpiryCommands, AFlushedHashLeavesNothingToExpire) {
  Run("HSET h a 1");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  Run("HSET g a 1");
  Run("HPEXPIRE g 10 FIELDS 1 a");
  Run("DEL g");
  Run("FLUSHALL");
  Run("HSET h a 1");
  clock.Advance(10ms);
  Maintain();
  EXPECT_THAT(Run("HGET h a"), IsBulk("1"));
  EXPECT_THAT(Run("INFO stats").text, testing::HasSubstr("expired_subkeys:0"));
}

TEST_P(HashExpiryCommands, ExpireAnswersForEachField) {
  Run("HSET h a 1 b 2");
  EXPECT_THAT(Run("HEXPIRE h 100 FIELDS 3 a x b"), Codes({1, -2, 1}));
  EXPECT_THAT(Run("HEXPIRE missing 100 FIELDS 2 a b"), Codes({-2, -2}));
  EXPECT_THAT(Run("EXISTS missing"), IsInteger(0));
  EXPECT_THAT(Run("HTTL h FIELDS 3 a x b"), Codes({100, -2, 100}));
  EXPECT_THAT(Run("HTTL missing FIELDS 1 a"), Codes({-2}));
  EXPECT_THAT(Run("HEXPIRE h 0 FIELDS 1 a"), Codes({2}));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"b", "2"}));
  EXPECT_THAT(Run("HEXPIREAT h 1 FIELDS 1 b"), Codes({2}));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_P(HashExpiryCommands, TimesAreAbsoluteOrRelativeInBothUnits) {
  Run("HSET h a 1");
  Run("HEXPIREAT h 9999999999 FIELDS 1 a");
  EXPECT_THAT(Run("HEXPIRETIME h FIELDS 1 a"), Codes({9999999999}));
  EXPECT_THAT(Run("HPEXPIRETIME h FIELDS 1 a"), Codes({9999999999000}));
  Run("HPEXPIREAT h 9999999999001 FIELDS 1 a");
  EXPECT_THAT(Run("HEXPIRETIME h FIELDS 1 a"), Codes({10000000000}));
  Run("HPEXPIRE h 1500 FIELDS 1 a");
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({2}));
  EXPECT_THAT(Run("HPTTL h FIELDS 1 a"), Codes({1500}));
  Run("HEXPIRE h 10 FIELDS 1 a");
  EXPECT_THAT(Run("HPTTL h FIELDS 1 a"), Codes({10000}));
}

TEST_P(HashExpiryCommands, ConditionsCompareWithTheOldTime) {
  Run("HSET h a 1 b 2");
  EXPECT_THAT(Run("HEXPIRE h 100 XX FIELDS 1 a"), Codes({0}));
  EXPECT_THAT(Run("HEXPIRE h 100 GT FIELDS 1 a"), Codes({0}));
  EXPECT_THAT(Run("HEXPIRE h 100 NX FIELDS 1 a"), Codes({1}));
  EXPECT_THAT(Run("HEXPIRE h 100 LT FIELDS 1 b"), Codes({1}));
  EXPECT_THAT(Run("HEXPIRE h 200 NX FIELDS 1 a"), Codes({0}));
  EXPECT_THAT(Run("HEXPIRE h 100 GT FIELDS 1 a"), Codes({0}));
  EXPECT_THAT(Run("HEXPIRE h 200 gt FIELDS 1 a"), Codes({1}));
  EXPECT_THAT(Run("HEXPIRE h 200 LT FIELDS 1 a"), Codes({0}));
  EXPECT_THAT(Run("HEXPIRE h 50 LT FIELDS 2 a b"), Codes({1, 1}));
  EXPECT_THAT(Run("HEXPIRE h 60 XX FIELDS 2 a b"), Codes({1, 1}));
  EXPECT_THAT(Run("HTTL h FIELDS 2 a b"), Codes({60, 60}));
}

TEST_P(HashExpiryCommands, PersistTakesTheTimeAway) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  EXPECT_THAT(Run("HPERSIST h FIELDS 3 a b x"), Codes({1, -1, -2}));
  EXPECT_THAT(Run("HPERSIST missing FIELDS 1 a"), Codes({-2}));
  clock.Advance(10ms);
  Maintain();
  EXPECT_THAT(Run("HGET h a"), IsBulk("1"));
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({-1}));
}

TEST_P(HashExpiryCommands, SettingEndsTheTimeAndCountingKeepsIt) {
  Run("HSET h a 1 b 2 c 3");
  Run("HEXPIRE h 100 FIELDS 3 a b c");
  Run("HSET h a 5");
  Run("HINCRBY h b 1");
  Run("HINCRBYFLOAT h c 1");
  EXPECT_THAT(Run("HTTL h FIELDS 3 a b c"), Codes({-1, 100, 100}));
}

TEST_P(HashExpiryCommands, TheFieldsClauseIsChecked) {
  Run("HSET h a 1");
  for (const char* start : {"HEXPIRE h 10", "HPEXPIRE h 10", "HEXPIREAT h 10", "HPEXPIREAT h 10",
                            "HEXPIRE missing 10"}) {
    const std::string line(start);
    EXPECT_THAT(Run(line + " FIELD 1 a"), IsError(kNoFields)) << line;
    EXPECT_THAT(Run(line + " NX 1 a b"), IsError(kNoFields)) << line;
    EXPECT_THAT(Run(line + " FIELDS 0 a"),
                IsError("ERR Parameter `numFields` should be greater than 0"));
    EXPECT_THAT(Run(line + " FIELDS x a"),
                IsError("ERR Parameter `numFields` should be greater than 0"));
    EXPECT_THAT(Run(line + " FIELDS 2 a"), IsError(kMismatch)) << line;
    EXPECT_THAT(Run(line + " FIELDS 1 a b"), IsError(kMismatch)) << line;
  }
  for (const char* start : {"HTTL h", "HPTTL h", "HEXPIRETIME h", "HPEXPIRETIME h", "HPERSIST h",
                            "HGETDEL h", "HGETEX h", "HTTL missing"}) {
    const std::string line(start);
    EXPECT_THAT(Run(line + " FIELD 1 a"), IsError(kNoFields)) << line;
    EXPECT_THAT(Run(line + " FIELDS 0 a"),
                IsError("ERR Number of fields must be a positive integer"));
    EXPECT_THAT(Run(line + " FIELDS 2 a"), IsError(kMismatch)) << line;
  }
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"a", "1"}));
}

TEST_P(HashExpiryCommands, TimesAreChecked) {
  Run("HSET h a 1");
  EXPECT_THAT(Run("HEXPIRE h x FIELDS 1 a"), IsError(kNotInteger));
  EXPECT_THAT(Run("HEXPIRE h -1 FIELDS 1 a"), IsError("ERR invalid expire time, must be >= 0"));
  EXPECT_THAT(Run("HEXPIRE h 70368744177 FIELDS 1 a"),
              IsError("ERR invalid expire time in 'hexpire' command"));
  EXPECT_THAT(Run("HPEXPIREAT h 70368744177664 FIELDS 1 a"),
              IsError("ERR invalid expire time in 'hpexpireat' command"));
  EXPECT_THAT(Run("HPEXPIREAT h 70368744177663 FIELDS 1 a"), Codes({1}));
  EXPECT_THAT(Run("HPEXPIRE h 9223372036854775807 FIELDS 1 a"),
              IsError("ERR invalid expire time in 'hpexpire' command"));
  EXPECT_THAT(Run("HGETEX h EX 99999999999 FIELDS 1 a"),
              IsError("ERR invalid expire time in 'hgetex' command"));
  EXPECT_THAT(Run("HSETEX h PX -1 FIELDS 1 a 1"), IsError("ERR invalid expire time, must be >= 0"));
}

// ---- values with their expiry

TEST_P(HashExpiryCommands, HgetexAnswersAndChangesTheTime) {
  Run("HSET h a 1 b 2");
  EXPECT_THAT(Run("HGETEX h EX 100 FIELDS 2 a x"), IsArray({IsBulk("1"), IsNull()}));
  EXPECT_THAT(Run("HTTL h FIELDS 2 a b"), Codes({100, -1}));
  EXPECT_THAT(Run("HGETEX h FIELDS 1 a"), IsBulks({"1"}));
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({100}));
  Run("HGETEX h PX 2500 FIELDS 1 a");
  EXPECT_THAT(Run("HPTTL h FIELDS 1 a"), Codes({2500}));
  Run("HGETEX h EXAT 9999999999 FIELDS 1 a");
  EXPECT_THAT(Run("HEXPIRETIME h FIELDS 1 a"), Codes({9999999999}));
  Run("HGETEX h pxat 9999999999999 FIELDS 1 a");
  EXPECT_THAT(Run("HPEXPIRETIME h FIELDS 1 a"), Codes({9999999999999}));
  EXPECT_THAT(Run("HGETEX h PERSIST FIELDS 1 a"), IsBulks({"1"}));
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({-1}));
  EXPECT_THAT(Run("HGETEX missing EX 10 FIELDS 2 a b"), IsArray({IsNull(), IsNull()}));
  EXPECT_THAT(Run("HGETEX h PXAT 1 FIELDS 2 a b"), IsBulks({"1", "2"}));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_P(HashExpiryCommands, HgetdelTakesFieldsOut) {
  Run("HSET h a 1 b 2 c 3");
  EXPECT_THAT(Run("HGETDEL h FIELDS 3 a x a"), IsArray({IsBulk("1"), IsNull(), IsNull()}));
  EXPECT_THAT(Run("HLEN h"), IsInteger(2));
  EXPECT_THAT(Run("HGETDEL h FIELDS 2 b c"), IsBulks({"2", "3"}));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
  EXPECT_THAT(Run("HGETDEL h FIELDS 1 a"), IsArray({IsNull()}));
}

TEST_P(HashExpiryCommands, HsetexSetsFieldsWithATime) {
  EXPECT_THAT(Run("HSETEX h EX 100 FIELDS 2 a 1 b 2"), IsInteger(1));
  EXPECT_THAT(Run("HTTL h FIELDS 2 a b"), Codes({100, 100}));
  EXPECT_THAT(Run("HSETEX h KEEPTTL FIELDS 1 a 5"), IsInteger(1));
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({100}));
  EXPECT_THAT(Run("HSETEX h FIELDS 1 a 6"), IsInteger(1));
  EXPECT_THAT(Run("HTTL h FIELDS 1 a"), Codes({-1}));
  EXPECT_THAT(Run("HGETALL h"), IsUnorderedBulks({"a", "6", "b", "2"}));
  Run("HSETEX h PXAT 9999999999999 FIELDS 1 a 7");
  EXPECT_THAT(Run("HPEXPIRETIME h FIELDS 1 a"), Codes({9999999999999}));
  EXPECT_THAT(Run("HSETEX h EXAT 1 FIELDS 2 a 1 b 2"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_P(HashExpiryCommands, HsetexConditionsHoldForAllFields) {
  EXPECT_THAT(Run("HSETEX h FXX FIELDS 1 a 1"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
  EXPECT_THAT(Run("HSETEX h FNX FIELDS 2 a 1 b 2"), IsInteger(1));
  EXPECT_THAT(Run("HSETEX h FNX EX 10 FIELDS 2 a 9 c 9"), IsInteger(0));
  EXPECT_THAT(Run("HSETEX h EX 10 FXX FIELDS 2 a 9 c 9"), IsInteger(0));
  EXPECT_THAT(Run("HGETALL h"), IsUnorderedBulks({"a", "1", "b", "2"}));
  EXPECT_THAT(Run("HSETEX h FXX FIELDS 2 a 3 b 4"), IsInteger(1));
  EXPECT_THAT(Run("HGETALL h"), IsUnorderedBulks({"a", "3", "b", "4"}));
}

TEST_P(HashExpiryCommands, HsetexRefusesWhatMakesNoSense) {
  const std::string arity = "ERR wrong number of arguments for 'hsetex' command";
  EXPECT_THAT(Run("HSETEX h FIELDS 2 a 1"), IsError(arity));
  EXPECT_THAT(Run("HSETEX h FIELDS 1 a 1 b"), IsError(arity));
  EXPECT_THAT(Run("HSETEX h EX 10 FIELDS 1"), IsError(arity));
  EXPECT_THAT(Run("HSETEX h FIELDS 0 a 1"), IsError("ERR invalid number of fields"));
  EXPECT_THAT(Run("HSETEX h BOGUS FIELDS 1 a 1"), IsError("ERR unknown argument: BOGUS"));
  EXPECT_THAT(Run("HSETEX h FNX FXX FIELDS 1 a 1"),
              IsError("ERR Only one of FXX or FNX arguments can be specified"));
  EXPECT_THAT(Run("HSETEX h EX 10 KEEPTTL FIELDS 1 a 1"),
              IsError("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"));
  EXPECT_THAT(Run("HSETEX h FNX EX 10 FXX EX"),
              IsError("ERR Only one of FXX or FNX arguments can be specified"));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_P(HashExpiryCommands, WatchersSeeAFieldExpire) {
  TestClient& other = NewClient();
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  other.Run("WATCH h");
  clock.Advance(10ms);
  Maintain();
  other.Run("MULTI");
  other.Run("PING");
  EXPECT_THAT(other.Run("EXEC"), IsNull());
}

TEST_P(HashExpiryCommands, AScriptThatStartsAgainPutsTheTimeBack) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 50 FIELDS 1 a");
  Run("EVAL \"redis.call('HPERSIST', KEYS[1], 'FIELDS', 1, 'a'); redis.call('GET', 'other'); "
      "redis.call('HPEXPIRE', KEYS[1], 10, 'FIELDS', 1, 'b') return 1\" 1 h");
  EXPECT_THAT(Run("HPTTL h FIELDS 2 a b"), Codes({-1, 10}));
  clock.Advance(10ms);
  Maintain();
  EXPECT_THAT(Run("INFO stats").text, testing::HasSubstr("expired_subkeys:1"));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"a", "1"}));
}

// ---- events

class HashExpiryEvents : public EventFixture {};

TEST_F(HashExpiryEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("HSETEX h EX 10 FIELDS 3 a 1 b 2 c 3"), "new h\nhset h\nhexpire h\n");
  EXPECT_EQ(EventsOf("HSETEX h FIELDS 1 d 4"), "hset h\n");
  EXPECT_EQ(EventsOf("HEXPIRE h 10 FIELDS 1 a"), "hexpire h\n");
  EXPECT_EQ(EventsOf("HEXPIRE h 10 NX FIELDS 1 a"), "");
  EXPECT_EQ(EventsOf("HPERSIST h FIELDS 1 a"), "hpersist h\n");
  EXPECT_EQ(EventsOf("HPERSIST h FIELDS 1 a"), "");
  EXPECT_EQ(EventsOf("HGETEX h FIELDS 1 a"), "");
  EXPECT_EQ(EventsOf("HGETEX h PX 10 FIELDS 1 a"), "hexpire h\n");
  EXPECT_EQ(EventsOf("HGETEX h PERSIST FIELDS 1 a"), "hpersist h\n");
  EXPECT_EQ(EventsOf("HGETEX h PERSIST FIELDS 1 a"), "");
  EXPECT_EQ(EventsOf("HGETEX h PXAT 1 FIELDS 1 a"), "hdel h\n");
  EXPECT_EQ(EventsOf("HGETDEL h FIELDS 1 b"), "hdel h\n");
  EXPECT_EQ(EventsOf("HEXPIRE h 0 FIELDS 1 c"), "hdel h\n");
  EXPECT_EQ(EventsOf("HSETEX h PXAT 1 FIELDS 1 d 1"), "hset h\nhdel h\ndel h\n");
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  Run("HPEXPIRE h 20 FIELDS 1 b");
  EventsOf("PING");
  clock.Advance(10ms);
  EXPECT_EQ(EventsOf("HGET h b"), "hexpired h\n");
  clock.Advance(10ms);
  EXPECT_EQ(EventsOf("HDEL h x"), "hexpired h\ndel h\n");
}

}  // namespace
}  // namespace larder
