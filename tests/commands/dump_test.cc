#include <string>
#include <vector>

#include "storage/dump.h"
#include "tests/commands/blocking_fixture.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

class DumpCommands : public BlockingFixture {
 protected:
  std::string DumpOf(std::string_view key) { return RunArgs({"DUMP", key}).text; }
  protocol::Reply Restore(std::string_view key, std::string_view dump,
                          std::vector<std::string> options = {}, std::string_view ttl = "0") {
    std::vector<std::string> args = {"RESTORE", std::string(key), std::string(ttl),
                                     std::string(dump)};
    args.insert(args.end(), options.begin(), options.end());
    return client().RunArgs(args);
  }
};

TEST_F(DumpCommands, AValueComesBack) {
  Run("SET k hello");
  const std::string dump = DumpOf("k");
  EXPECT_THAT(Restore("copy", dump), IsSimple("OK"));
  EXPECT_THAT(Run("GET copy"), IsBulk("hello"));
  EXPECT_THAT(Run("DUMP missing"), IsNull());
}

TEST_F(DumpCommands, TheDumpIsRedisOwn) {
  Run("SET k 10");
  // What the documentation of DUMP shows, with the version and checksum of Redis 7.0.
  EXPECT_EQ(DumpOf("k").substr(0, 5), std::string("\x00\xc0\n\n\x00", 5));
}

TEST_F(DumpCommands, AKeyThatIsThereIsReplacedOnlyWhereAsked) {
  Run("SET k hello");
  const std::string dump = DumpOf("k");
  Run("RPUSH other a");
  EXPECT_THAT(Restore("other", dump), IsError("BUSYKEY Target key name already exists."));
  EXPECT_THAT(Run("TYPE other"), IsSimple("list"));
  EXPECT_THAT(Restore("other", dump, {"replace"}), IsSimple("OK"));
  EXPECT_THAT(Run("GET other"), IsBulk("hello"));
}

TEST_F(DumpCommands, TheExpiryIsGivenAnew) {
  Run("SET k hello PX 5");
  const std::string dump = DumpOf("k");
  Restore("never", dump);
  EXPECT_THAT(Run("PTTL never"), IsInteger(-1));
  Restore("later", dump, {}, "1000");
  EXPECT_THAT(Run("PTTL later"), IsInteger(1000));
  const std::string at = std::to_string(clock.UnixMicros() / 1000 + 70);
  Restore("at", dump, {"ABSTTL"}, at);
  EXPECT_THAT(Run("PTTL at"), IsInteger(70));
  EXPECT_THAT(Restore("past", dump, {"ABSTTL"}, "1"), IsSimple("OK"));
  EXPECT_THAT(Run("EXISTS past"), IsInteger(0));
  EXPECT_THAT(Restore("later", dump, {"ABSTTL", "REPLACE"}, "1"), IsSimple("OK"));
  EXPECT_THAT(Run("EXISTS later"), IsInteger(0));
}

TEST_F(DumpCommands, AgeAndFrequencyAreGiven) {
  Run("SET k hello");
  const std::string dump = DumpOf("k");
  Restore("idle", dump, {"IDLETIME", "1000"});
  const int64_t idle = Run("OBJECT IDLETIME idle").integer;
  EXPECT_GE(idle, 1000);
  EXPECT_LE(idle, 1010);
  Restore("often", dump, {"FREQ", "255"});
  EXPECT_THAT(Run("OBJECT FREQ often"), IsInteger(255));
  Restore("seldom", dump, {"FREQ", "0"});
  EXPECT_THAT(Run("OBJECT FREQ seldom"), IsInteger(5));  // the least there is
}

TEST_F(DumpCommands, ArgumentsAreChecked) {
  Run("SET k hello");
  const std::string dump = DumpOf("k");
  EXPECT_THAT(Restore("r", dump, {}, "-1"), IsError("ERR Invalid TTL value, must be >= 0"));
  EXPECT_THAT(Restore("r", dump, {}, "9223372036854775807"),
              IsError("ERR Invalid TTL value, must be >= 0"));
  EXPECT_THAT(Restore("r", dump, {}, "x"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Restore("r", dump, {"IDLETIME", "-1"}),
              IsError("ERR Invalid IDLETIME value, must be >= 0"));
  EXPECT_THAT(Restore("r", dump, {"FREQ", "256"}),
              IsError("ERR Invalid FREQ value, must be >= 0 and <= 255"));
  EXPECT_THAT(Restore("r", dump, {"FREQ", "1", "IDLETIME", "1"}), IsError("ERR syntax error"));
  EXPECT_THAT(Restore("r", dump, {"IDLETIME"}), IsError("ERR syntax error"));
  EXPECT_THAT(Restore("r", dump, {"NX"}), IsError("ERR syntax error"));
  EXPECT_THAT(Run("EXISTS r"), IsInteger(0));
}

TEST_F(DumpCommands, AStreamComesBackWithItsGroups) {
  Run("XADD s 1-1 a 1 b 2");
  Run("XADD s 2-0 a 3 b 4");
  Run("XADD s 3-5 other x");
  Run("XDEL s 2-0");
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c COUNT 1 STREAMS s >");
  const std::string info = testing::PrintToString(Run("XINFO STREAM s FULL"));
  const std::string dump = DumpOf("s");
  EXPECT_THAT(Restore("copy", dump), IsSimple("OK"));
  EXPECT_EQ(testing::PrintToString(Run("XINFO STREAM copy FULL")), info);
  EXPECT_EQ(DumpOf("copy"), dump);
  EXPECT_THAT(Run("XADD copy 3-5 f v").text, testing::StartsWith("ERR The ID"));
  Run("CONFIG SET stream-idmp-duration 9");
  Restore("later", dump);
  EXPECT_THAT(testing::PrintToString(Run("XINFO STREAM later")),
              testing::HasSubstr("\"idmp-duration\", :9"));
}

TEST_F(DumpCommands, ARestoredStreamServesWhoWaits) {
  Run("XADD s 1-1 a 1");
  TestClient& waiting = Waiting("XREAD BLOCK 0 STREAMS r 0");
  Restore("r", DumpOf("s"));
  EXPECT_EQ(testing::PrintToString(ReplyOf(waiting)), "[[\"r\", [[\"1-1\", [\"a\", \"1\"]]]]]");
}

// HARDENING.md, rows 47 and 48.
TEST_F(DumpCommands, BadPayloadsAreRefused) {
  Run("SET k hello");
  std::string dump = DumpOf("k");
  dump.back() = static_cast<char>(dump.back() ^ 1);
  const char* const kBadFooter = "ERR DUMP payload version or checksum are wrong";
  EXPECT_THAT(Restore("r", dump), IsError(kBadFooter));
  EXPECT_THAT(Restore("r", ""), IsError(kBadFooter));
  std::string newer = "hello";
  storage::AppendFooter(99, &newer);
  EXPECT_THAT(Restore("r", newer), IsError(kBadFooter));
  for (const std::string body : {"", "\x05", "\x0fstream", "\x06module", "\x02\x7f"}) {
    std::string bad = body;
    storage::AppendFooter(10, &bad);
    EXPECT_THAT(Restore("r", bad), IsError("ERR Bad data format"));
  }
  EXPECT_THAT(Run("EXISTS r"), IsInteger(0));
}

TEST_F(DumpCommands, AStringBeyondTheLimitIsRefused) {
  // A megabyte and a byte, in a few bytes: LZF.
  Run("SETRANGE k 1048576 x");
  const std::string dump = DumpOf("k");
  EXPECT_LT(dump.size(), 20'000u);
  EXPECT_THAT(Restore("fits", dump), IsSimple("OK"));
  Run("CONFIG SET proto-max-bulk-len 1mb");
  EXPECT_THAT(Restore("r", dump), IsError("ERR Bad data format"));
}

TEST_F(DumpCommands, FieldsKeepTheirExpiry) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 1000 FIELDS 1 a");
  const std::string dump = DumpOf("h");
  EXPECT_THAT(Restore("copy", dump), IsSimple("OK"));
  EXPECT_THAT(Run("HPTTL copy FIELDS 2 a b"), IsArray({IsInteger(1000), IsInteger(-1)}));
  clock.Advance(1s);
  EXPECT_THAT(Run("HGETALL copy"), IsBulks({"b", "2"}));
  Run("HPEXPIRE copy 5 FIELDS 1 b");
  const std::string expiring = DumpOf("copy");
  clock.Advance(1s);
  Run("SET taken v");
  EXPECT_THAT(Restore("gone", expiring), IsSimple("OK"));
  EXPECT_THAT(Restore("taken", expiring, {"REPLACE"}), IsSimple("OK"));
  EXPECT_THAT(Run("EXISTS gone taken"), IsInteger(0));
}

TEST_F(DumpCommands, ARestoredValueServesWhoWaits) {
  Run("RPUSH list a b");
  Run("ZADD zset 1 m");
  const std::string list = DumpOf("list"), zset = DumpOf("zset");
  TestClient& waiting = Waiting("BLPOP q 0");
  TestClient& waiting_for_member = Waiting("BZPOPMIN q z 0");
  Restore("q", list);
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"q", "a"}));
  Restore("z", zset);
  EXPECT_THAT(ReplyOf(waiting_for_member), IsBulks({"z", "m", "1"}));
}

TEST_F(DumpCommands, ScriptsAndTransactionsRestore) {
  Run("SADD s a b");
  EXPECT_THAT(Run("EVAL \"redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1])); "
                  "return redis.call('SCARD', KEYS[2])\" 2 s t"),
              IsInteger(2));
  EXPECT_THAT(Run("EVAL \"redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1])); "
                  "redis.call('GET', 'undeclared'); return redis.call('SCARD', KEYS[2])\" 2 s u"),
              IsInteger(2));
}

class DumpEvents : public EventFixture {};

TEST_F(DumpEvents, NameTheRestore) {
  Run("SET k v");
  EventsOf("PING");  // hears of what was before
  const std::string script = "redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1]))";
  EXPECT_EQ(EventsOf("EVAL \"" + script + "\" 2 k r"), "new r\nrestore r\n");
}

}  // namespace
}  // namespace larder
