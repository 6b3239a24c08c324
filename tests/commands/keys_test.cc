#include <set>
#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";
constexpr char kDbOutOfRange[] = "ERR DB index is out of range";

class KeyCommands : public CommandFixture {
 protected:
  // A whole iteration with SCAN.
  std::multiset<std::string> ScanAll(const std::string& options) {
    std::multiset<std::string> keys;
    std::string cursor = "0";
    do {
      const protocol::Reply reply = Run("SCAN " + cursor + " " + options);
      if (reply.items.size() != 2) return keys;
      cursor = reply.items[0].text;
      for (const auto& key : reply.items[1].items) keys.insert(key.text);
    } while (cursor != "0");
    return keys;
  }
};

// ---- existence

TEST_F(KeyCommands, DelAndUnlinkCountWhatTheyDeleted) {
  Run("MSET a 1 b 2 c 3");
  Run("SADD s m");
  EXPECT_THAT(Run("DEL a missing a s"), IsInteger(2));
  EXPECT_THAT(Run("UNLINK b c b"), IsInteger(2));
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
}

TEST_F(KeyCommands, ExistsCountsRepeatedKeysAndTouchToo) {
  Run("MSET a 1 b 2");
  EXPECT_THAT(Run("EXISTS a a b missing"), IsInteger(3));
  EXPECT_THAT(Run("TOUCH a a missing"), IsInteger(2));
}

TEST_F(KeyCommands, TypeNamesTheType) {
  Run("SET k v");
  Run("SADD s m");
  EXPECT_THAT(Run("TYPE k"), IsSimple("string"));
  EXPECT_THAT(Run("TYPE s"), IsSimple("set"));
  EXPECT_THAT(Run("TYPE missing"), IsSimple("none"));
}

TEST_F(KeyCommands, ObjectLooksInside) {
  Run("SET k v");
  EXPECT_THAT(Run("OBJECT ENCODING k"), IsBulk("embstr"));
  EXPECT_THAT(Run("OBJECT REFCOUNT k"), IsInteger(1));
  EXPECT_THAT(Run("OBJECT IDLETIME k"), IsInteger(0));
  EXPECT_EQ(Run("OBJECT FREQ k").type, protocol::Reply::Type::kInteger);
  for (const char* line : {"ENCODING", "REFCOUNT", "IDLETIME", "FREQ"}) {
    EXPECT_THAT(Run(std::string("OBJECT ") + line + " missing"), IsNull());
  }
  EXPECT_THAT(Run("OBJECT BOGUS"), IsError("ERR unknown subcommand 'BOGUS'. Try OBJECT HELP."));
  EXPECT_THAT(Run("OBJECT ENCODING"),
              IsError("ERR wrong number of arguments for 'object|encoding' command"));
  EXPECT_EQ(Run("OBJECT HELP").items.size(), 15u);
}

TEST_F(KeyCommands, TheFrequencyOfAnUnusedKeyFallsWithLfuDecayTime) {
  Run("SET k v");
  for (int i = 0; i < 20; ++i) Run("GET k");
  const int64_t used = Run("OBJECT FREQ k").integer;
  EXPECT_GT(used, 3);
  Run("CONFIG SET lfu-decay-time 10");
  clock.Advance(35min);
  const int64_t fallen = used - Run("OBJECT FREQ k").integer;  // ages are known about
  EXPECT_GE(fallen, 2);
  EXPECT_LE(fallen, 4);
  Run("CONFIG SET lfu-decay-time 0");
  EXPECT_THAT(Run("OBJECT FREQ k"), IsInteger(used));
}

// ---- expiry

TEST_F(KeyCommands, ExpireInEveryUnitAndTtl) {
  Run("MSET a 1 b 1 c 1 d 1");
  EXPECT_THAT(Run("EXPIRE a 10"), IsInteger(1));
  EXPECT_THAT(Run("PEXPIRE b 1500"), IsInteger(1));
  EXPECT_THAT(Run("EXPIREAT c 1700000100"), IsInteger(1));
  EXPECT_THAT(Run("PEXPIREAT d 1700000000400"), IsInteger(1));
  EXPECT_THAT(Run("TTL a"), IsInteger(10));
  EXPECT_THAT(Run("TTL b"), IsInteger(2));
  EXPECT_THAT(Run("PTTL b"), IsInteger(1500));
  EXPECT_THAT(Run("EXPIRETIME c"), IsInteger(1700000100));
  EXPECT_THAT(Run("PEXPIRETIME d"), IsInteger(1700000000400));
  EXPECT_THAT(Run("TTL d"), IsInteger(0));
  clock.Advance(400ms);
  EXPECT_THAT(Run("TTL d"), IsInteger(-2));
  EXPECT_THAT(Run("GET d"), IsNull());
  EXPECT_THAT(Run("EXPIRE missing 10"), IsInteger(0));
}

TEST_F(KeyCommands, TtlTellsMissingFromLasting) {
  Run("SET k v");
  for (const char* command : {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
    EXPECT_THAT(Run(std::string(command) + " missing"), IsInteger(-2));
    EXPECT_THAT(Run(std::string(command) + " k"), IsInteger(-1));
  }
}

TEST_F(KeyCommands, ExpireInThePastDeletes) {
  Run("MSET a 1 b 1");
  EXPECT_THAT(Run("EXPIRE a -1"), IsInteger(1));
  EXPECT_THAT(Run("PEXPIREAT b 1"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS a b"), IsInteger(0));
}

TEST_F(KeyCommands, FarFutureTimesAreTaken) {
  Run("SET k v");
  EXPECT_THAT(Run("EXPIREAT k 9223372036854775"), IsInteger(1));
  EXPECT_THAT(Run("EXPIRETIME k"), IsInteger(9223372036854775));
  EXPECT_THAT(Run("PEXPIREAT k 9223372036854775807"), IsInteger(1));
  EXPECT_THAT(Run("PEXPIRETIME k"), IsInteger(9223372036854775807));
  EXPECT_THAT(Run("EXPIRETIME k"), IsInteger(9223372036854776));
}

TEST_F(KeyCommands, ExpireTakesConditions) {
  Run("SET k v");
  EXPECT_THAT(Run("EXPIRE k 100 XX"), IsInteger(0));
  EXPECT_THAT(Run("EXPIRE k 100 GT"), IsInteger(0));
  EXPECT_THAT(Run("EXPIRE k 100 LT"), IsInteger(1));
  EXPECT_THAT(Run("EXPIRE k 200 LT"), IsInteger(0));
  EXPECT_THAT(Run("EXPIRE k 200 nx"), IsInteger(0));
  EXPECT_THAT(Run("EXPIRE k 200 GT XX"), IsInteger(1));
  EXPECT_THAT(Run("TTL k"), IsInteger(200));
  Run("PERSIST k");
  EXPECT_THAT(Run("EXPIREAT k 1700000100 NX"), IsInteger(1));
}

TEST_F(KeyCommands, ExpireRefusesWhatMakesNoSense) {
  Run("SET k v");
  EXPECT_THAT(Run("EXPIRE k 1 NX XX"),
              IsError("ERR NX and XX, GT or LT options at the same time are not compatible"));
  EXPECT_THAT(Run("EXPIRE k 1 GT LT"),
              IsError("ERR GT and LT options at the same time are not compatible"));
  EXPECT_THAT(Run("EXPIRE k 1 foo"), IsError("ERR Unsupported option foo"));
  EXPECT_THAT(Run("EXPIRE k x"), IsError(kNotInteger));
  EXPECT_THAT(Run("EXPIRE k 9223372036854775807"),
              IsError("ERR invalid expire time in 'expire' command"));
  EXPECT_THAT(Run("EXPIREAT k -9223372036854775808"),
              IsError("ERR invalid expire time in 'expireat' command"));
  EXPECT_THAT(Run("PEXPIRE k 9223372036854775807"),
              IsError("ERR invalid expire time in 'pexpire' command"));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
}

TEST_F(KeyCommands, PersistRemovesTheExpiry) {
  Run("SET k v EX 10");
  EXPECT_THAT(Run("PERSIST k"), IsInteger(1));
  EXPECT_THAT(Run("PERSIST k"), IsInteger(0));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
  EXPECT_THAT(Run("PERSIST missing"), IsInteger(0));
}

// ---- moving

TEST_F(KeyCommands, RenameCarriesValueAndExpiry) {
  Run("SET a 1 EX 10");
  Run("SADD b m");
  EXPECT_THAT(Run("RENAME a b"), IsOk());
  EXPECT_THAT(Run("GET b"), IsBulk("1"));
  EXPECT_THAT(Run("TTL b"), IsInteger(10));
  EXPECT_THAT(Run("EXISTS a"), IsInteger(0));
  EXPECT_THAT(Run("RENAME b b"), IsOk());
  EXPECT_THAT(Run("RENAME a b"), IsError("ERR no such key"));
  EXPECT_THAT(Run("RENAMENX a b"), IsError("ERR no such key"));
  Run("SET c 3");
  EXPECT_THAT(Run("RENAMENX b c"), IsInteger(0));
  EXPECT_THAT(Run("RENAMENX b b"), IsInteger(0));
  EXPECT_THAT(Run("RENAMENX b d"), IsInteger(1));
  EXPECT_THAT(Run("GET d"), IsBulk("1"));
}

TEST_F(KeyCommands, CopyLeavesTheSourceAlone) {
  Run("SADD a m");
  Run("EXPIRE a 10");
  EXPECT_THAT(Run("COPY a b"), IsInteger(1));
  Run("SADD b n");
  EXPECT_THAT(Run("SCARD a"), IsInteger(1));
  EXPECT_THAT(Run("TTL b"), IsInteger(10));
  EXPECT_THAT(Run("COPY a b"), IsInteger(0));
  EXPECT_THAT(Run("COPY a b REPLACE"), IsInteger(1));
  EXPECT_THAT(Run("SCARD b"), IsInteger(1));
  EXPECT_THAT(Run("COPY a a DB 3"), IsInteger(1));
  EXPECT_THAT(Run("COPY missing b"), IsInteger(0));
  EXPECT_THAT(Run("COPY a a"), IsError("ERR source and destination objects are the same"));
  EXPECT_THAT(Run("COPY a b DB 16"), IsError(kDbOutOfRange));
  EXPECT_THAT(Run("COPY a b DB x"), IsError(kNotInteger));
  EXPECT_THAT(Run("COPY a b foo"), IsError(kSyntax));
  Run("SELECT 3");
  EXPECT_THAT(Run("SMEMBERS a"), IsBulks({"m"}));
}

TEST_F(KeyCommands, MoveTakesAKeyToAnotherDatabase) {
  Run("SET k v EX 10");
  EXPECT_THAT(Run("MOVE k 1"), IsInteger(1));
  EXPECT_THAT(Run("MOVE k 1"), IsInteger(0));
  Run("SET k other");
  EXPECT_THAT(Run("MOVE k 1"), IsInteger(0));
  EXPECT_THAT(Run("MOVE k 0"), IsError("ERR source and destination objects are the same"));
  EXPECT_THAT(Run("MOVE k 16"), IsError(kDbOutOfRange));
  EXPECT_THAT(Run("MOVE k x"), IsError(kNotInteger));
  Run("SELECT 1");
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
  EXPECT_THAT(Run("TTL k"), IsInteger(10));
}

// ---- databases

TEST_F(KeyCommands, KeysMatchesPatterns) {
  Run("MSET user:1 a user:2 b session:1 c");
  EXPECT_THAT(Run("KEYS user:*"), IsUnorderedBulks({"user:1", "user:2"}));
  EXPECT_THAT(Run("KEYS *"), IsUnorderedBulks({"user:1", "user:2", "session:1"}));
  EXPECT_THAT(Run("KEYS [us]*:1"), IsUnorderedBulks({"user:1", "session:1"}));
  EXPECT_THAT(Run("KEYS nothing"), IsEmptyArray());
  Run("SET user:1 a PX 5");
  clock.Advance(5ms);
  EXPECT_THAT(Run("KEYS user:*"), IsBulks({"user:2"}));
}

TEST_F(KeyCommands, ScanReturnsEveryKeyOnce) {
  std::multiset<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    Run("SET key:" + std::to_string(i) + " v");
    expected.insert("key:" + std::to_string(i));
  }
  Run("SADD a:set m");
  EXPECT_EQ(ScanAll("MATCH key:*"), expected);
  EXPECT_EQ(ScanAll("COUNT 1000 TYPE SET"), std::multiset<std::string>{"a:set"});
  EXPECT_EQ(ScanAll("TYPE stream").size(), 0u);
  EXPECT_EQ(ScanAll("").size(), 3001u);
}

TEST_F(KeyCommands, ScanRefusesWhatMakesNoSense) {
  EXPECT_THAT(Run("SCAN x"), IsError("ERR invalid cursor"));
  EXPECT_THAT(Run("SCAN 99999999999999999999999"), IsError("ERR invalid cursor"));
  EXPECT_THAT(Run("SCAN 0 COUNT 0"), IsError(kSyntax));
  EXPECT_THAT(Run("SCAN 0 COUNT x"), IsError(kNotInteger));
  EXPECT_THAT(Run("SCAN 0 COUNT"), IsError(kSyntax));
  EXPECT_THAT(Run("SCAN 0 foo bar"), IsError(kSyntax));
  EXPECT_THAT(Run("SCAN 18446744073709551615"), IsArray({IsBulk("0"), IsEmptyArray()}));
}

TEST_F(KeyCommands, RandomkeyAnswersAKeyOrNull) {
  EXPECT_THAT(Run("RANDOMKEY"), IsNull());
  Run("SET k v");
  EXPECT_THAT(Run("RANDOMKEY"), IsBulk("k"));
}

TEST_F(KeyCommands, FlushEmptiesOneDatabaseOrAll) {
  Run("SET a 1");
  Run("SELECT 1");
  Run("SET b 1");
  EXPECT_THAT(Run("FLUSHDB ASYNC"), IsOk());
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
  Run("SET b 1");
  Run("SELECT 0");
  EXPECT_THAT(Run("GET a"), IsBulk("1"));
  EXPECT_THAT(Run("FLUSHALL sync"), IsOk());
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
  Run("SELECT 1");
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
  EXPECT_THAT(Run("FLUSHALL foo"), IsError(kSyntax));
  EXPECT_THAT(Run("FLUSHDB SYNC ASYNC"), IsError(kSyntax));
}

TEST_F(KeyCommands, SwapdbExchangesDatabases) {
  Run("SET k zero");
  EXPECT_THAT(Run("SWAPDB 0 1"), IsOk());
  EXPECT_THAT(Run("GET k"), IsNull());
  Run("SELECT 1");
  EXPECT_THAT(Run("GET k"), IsBulk("zero"));
  EXPECT_THAT(Run("SWAPDB x 1"), IsError("ERR invalid first DB index"));
  EXPECT_THAT(Run("SWAPDB 1 x"), IsError("ERR invalid second DB index"));
  EXPECT_THAT(Run("SWAPDB 0 16"), IsError(kDbOutOfRange));
}

TEST_F(KeyCommands, WorkInsideTransactions) {
  Run("MULTI");
  Run("SET a 1");
  Run("KEYS *");
  Run("SCAN 0");
  Run("RANDOMKEY");
  Run("FLUSHDB");
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk(), IsBulks({"a"}), IsArray({IsBulk("0"), IsBulks({"a"})}),
                                    IsBulk("a"), IsOk()}));
}

// ---- events

using KeyEvents = EventFixture;

TEST_F(KeyEvents, FollowTheChange) {
  Run("MSET a 1 b 2");
  EventsOf("PING");
  EXPECT_EQ(EventsOf("EXPIRE a 10"), "expire a\n");
  EXPECT_EQ(EventsOf("EXPIRE a 10 NX"), "");
  EXPECT_EQ(EventsOf("PERSIST a"), "persist a\n");
  EXPECT_EQ(EventsOf("RENAME a c"), "new c\nrename_from a\nrename_to c\n");
  EXPECT_EQ(EventsOf("COPY c d"), "copy_to d\n");
  EXPECT_EQ(EventsOf("MOVE c 1"), "move_from c\nmove_to c\n");
  EXPECT_EQ(EventsOf("DEL d missing"), "del d\n");
  EXPECT_EQ(EventsOf("EXPIRE b -1"), "del b\n");
}

}  // namespace
}  // namespace larder
