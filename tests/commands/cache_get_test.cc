// CACHE.GET: states, stale copies, leases, early refreshes; SET's options for it; CACHE.RELEASE and
// CACHE.PASS.
#include "tests/commands/blocking_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

// A reply of CACHE.GET, its fields by place.
std::string State(const Reply& reply) { return reply.items.at(0).text; }
std::string ValueOf(const Reply& reply) { return reply.items.at(1).text; }
std::string Token(const Reply& reply) { return reply.items.at(5).text; }

class CacheGet : public BlockingFixture {
 protected:
  std::string StateOf(const std::string& line) { return State(Run(line)); }
  // A token for a key that is missing.
  std::string Lease(const std::string& key, TestClient* by = nullptr) {
    return Token((by == nullptr ? client() : *by).Run("CACHE.GET " + key + " LEASE 1000"));
  }
};

TEST_F(CacheGet, AHitHasValueEtagAndTimes) {
  Run("SET k value EX 10 SWR 30");
  clock.Advance(4s);
  const Reply reply = Run("CACHE.GET k");
  ASSERT_EQ(reply.items.size(), 6u);
  EXPECT_EQ(State(reply), "HIT");
  EXPECT_EQ(ValueOf(reply), "value");
  EXPECT_EQ(reply.items[2].text, Run("DIGEST k").text);
  EXPECT_THAT(reply.items[3], IsInteger(6000));
  EXPECT_THAT(reply.items[4], IsInteger(30000));
  EXPECT_THAT(reply.items[5], IsNull());
}

TEST_F(CacheGet, Resp3NamesTheFields) {
  Run("SET k value");
  Run("HELLO 3");
  const Reply reply = Run("CACHE.GET k");
  ASSERT_EQ(reply.items.size(), 12u);
  std::vector<std::string> names;
  for (size_t i = 0; i < 12; i += 2) names.push_back(reply.items[i].text);
  EXPECT_EQ(names,
            (std::vector<std::string>{"state", "value", "etag", "fresh_ms", "stale_ms", "token"}));
}

TEST_F(CacheGet, AMissWithoutLeaseHasNoToken) {
  const Reply reply = Run("CACHE.GET k");
  EXPECT_EQ(State(reply), "MISS");
  for (size_t i = 1; i < 6; ++i) EXPECT_THAT(reply.items[i], IsNull());
}

TEST_F(CacheGet, WhoHasTheValueIsToldThatItIsTheSame) {
  Run("SET k value EX 10");
  const std::string etag = Run("DIGEST k").text;
  const Reply same = Run("CACHE.GET k IFNE " + etag);
  EXPECT_EQ(State(same), "NOTMODIFIED");
  EXPECT_THAT(same.items[1], IsNull());
  EXPECT_EQ(same.items[2].text, etag);
  EXPECT_EQ(StateOf("CACHE.GET k IFNE 0123456789abcdef"), "HIT");
}

TEST_F(CacheGet, ANegativeAnswerIsAValueToPlainGet) {
  Run("SET k nothing EX 10 NEG 404");
  EXPECT_EQ(StateOf("CACHE.GET k"), "NEGATIVE");
  EXPECT_THAT(Run("GET k"), IsBulk("nothing"));
}

TEST_F(CacheGet, AnEmptyNegativeAnswerSaysItsCode) {
  RunArgs({"SET", "k", "", "NEG", "404"});
  EXPECT_EQ(ValueOf(Run("CACHE.GET k")), "404");
}

TEST_F(CacheGet, OtherTypesAreRefused) {
  Run("RPUSH k a");
  EXPECT_THAT(Run("CACHE.GET k"), IsError("WRONGTYPE Operation against a key holding the wrong "
                                          "kind of value"));
}

// ---- stale copies

TEST_F(CacheGet, AStaleCopyIsGoneToEverybodyElse) {
  Run("SET k value EX 10 SWR 30");
  clock.Advance(10s);
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
  EXPECT_THAT(Run("TTL k"), IsInteger(-2));
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
  EXPECT_THAT(Run("EXPIRE k 100"), IsInteger(0));
  EXPECT_THAT(Run("PERSIST k"), IsInteger(0));
  const Reply reply = Run("CACHE.GET k");
  EXPECT_EQ(State(reply), "STALE");
  EXPECT_EQ(ValueOf(reply), "value");
  EXPECT_THAT(reply.items[3], IsInteger(0));
  EXPECT_THAT(reply.items[4], IsInteger(30000));
}

TEST_F(CacheGet, AStaleCopyEndsWithItsWindow) {
  Run("SET k value EX 10 SWR 30");
  clock.Advance(39999ms);
  EXPECT_EQ(StateOf("CACHE.GET k"), "STALE");
  clock.Advance(1ms);
  EXPECT_EQ(StateOf("CACHE.GET k"), "MISS");
}

TEST_F(CacheGet, AFailedOriginHasAWindowOfItsOwn) {
  Run("SET k value EX 10 SWR 5 SIE 60");
  clock.Advance(20s);
  EXPECT_EQ(StateOf("CACHE.GET k"), "MISS");
  EXPECT_EQ(StateOf("CACHE.GET k ONERROR"), "STALE");
}

TEST_F(CacheGet, ALargeValueIsServedStaleToo) {
  const std::string value(100'000, 'v');
  RunArgs({"SET", "k", value, "EX", "10", "SWR", "30"});
  clock.Advance(10s);
  EXPECT_EQ(ValueOf(Run("CACHE.GET k")), value);
}

TEST_F(CacheGet, APlainWriteReplacesAStaleCopy) {
  Run("SET k old EX 10 SWR 30");
  clock.Advance(10s);
  EXPECT_THAT(Run("SET k new NX EX 1"), IsOk());
  EXPECT_EQ(ValueOf(Run("CACHE.GET k")), "new");
  clock.Advance(1s);
  EXPECT_EQ(StateOf("CACHE.GET k"), "MISS");
}

TEST_F(CacheGet, DeletingDropsAStaleCopyAndAnswersNothing) {
  for (const char* command : {"DEL k", "UNLINK k", "FLUSHDB", "FLUSHALL"}) {
    Run("SET k old EX 10 SWR 30");
    clock.Advance(10s);
    Run(command);
    EXPECT_EQ(StateOf("CACHE.GET k"), "MISS") << command;
  }
  Run("SET k old EX 10 SWR 30");
  clock.Advance(10s);
  EXPECT_THAT(Run("DEL k"), IsInteger(0));
}

TEST_F(CacheGet, AStaleCopyStaysBehindWhenDatabasesAreSwapped) {
  Run("SET k old EX 10 SWR 30");
  clock.Advance(10s);
  EXPECT_EQ(StateOf("CACHE.GET k"), "STALE");
  Run("SWAPDB 0 1");
  EXPECT_EQ(StateOf("CACHE.GET k"), "MISS");
  Run("SELECT 1");
  EXPECT_EQ(StateOf("CACHE.GET k"), "STALE");
}

TEST_F(CacheGet, GetAnswersStaleCopiesWhereTheOptionSaysSo) {
  Run("CONFIG SET cache-stale-on-get yes");
  Run("SET k value EX 10 SWR 30 SIE 60");
  clock.Advance(39s);
  EXPECT_THAT(Run("GET k"), IsBulk("value"));
  clock.Advance(1s);
  EXPECT_THAT(Run("GET k"), IsNull());
}

TEST_F(CacheGet, StaleCopiesGoBeforeAnyKeyDoes) {
  for (const char* policy : {"noeviction", "allkeys-lru"}) {
    Run("FLUSHALL");
    Run("CONFIG SET maxmemory 0");
    Run(std::string("CONFIG SET maxmemory-policy ") + policy);
    for (int i = 0; i < 200; ++i) {
      RunArgs({"SET", "old" + std::to_string(i), std::string(1000, 'v'), "PX", "10", "SWR", "100"});
    }
    clock.Advance(10ms);
    EXPECT_EQ(StateOf("CACHE.GET old0"), "STALE");
    Run("SCAN 0 COUNT 1000");
    for (int i = 0; i < 200; ++i) Run("EXISTS old" + std::to_string(i));
    storage::memory::Flush();
    Run("CONFIG SET maxmemory " + std::to_string(storage::memory::UsedBytes() + 1000));
    for (int i = 0; i < 100; ++i) {
      EXPECT_THAT(RunArgs({"SET", "new" + std::to_string(i), std::string(1000, 'v')}), IsOk());
    }
    EXPECT_THAT(Run("DBSIZE"), IsInteger(100)) << policy;
  }
}

TEST_F(CacheGet, IncrementsKeepWhatAnEntryHas) {
  Run("SET k 1 EX 10 SWR 30");
  Run("INCR k");
  clock.Advance(10s);
  EXPECT_EQ(ValueOf(Run("CACHE.GET k")), "2");
}

// ---- leases

TEST_F(CacheGet, OneOfThoseWhoMissGetsTheLease) {
  const std::string token = Lease("k");
  EXPECT_FALSE(token.empty());
  EXPECT_NE(token, "0");
  EXPECT_EQ(Lease("k", &NewClient()), "");
  EXPECT_THAT(Run("SET k value LEASE " + token), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk("value"));
}

TEST_F(CacheGet, OneOfThoseWhoFindItStaleRefreshesIt) {
  Run("SET k old EX 10 SWR 30");
  clock.Advance(10s);
  const Reply first = Run("CACHE.GET k LEASE 1000");
  EXPECT_EQ(State(first), "STALE");
  EXPECT_NE(Token(first), "");
  const Reply second = Run("CACHE.GET k LEASE 1000 WAIT 1000");
  EXPECT_EQ(ValueOf(second), "old");
  EXPECT_EQ(Token(second), "");
  EXPECT_THAT(Run("SET k new EX 10 LEASE " + Token(first)), IsOk());
  EXPECT_EQ(ValueOf(Run("CACHE.GET k")), "new");
}

TEST_F(CacheGet, ALeaseIsGoodForOneFill) {
  const std::string token = Lease("k");
  EXPECT_THAT(Run("SET k one LEASE " + token), IsOk());
  EXPECT_THAT(Run("SET k two LEASE " + token), IsNull());
  EXPECT_THAT(Run("GET k"), IsBulk("one"));
}

TEST_F(CacheGet, ALeaseEndsWithItsTime) {
  const std::string token = Lease("k");
  clock.Advance(1s);
  EXPECT_THAT(Run("SET k value LEASE " + token), IsNull());
  EXPECT_NE(Lease("k"), "");
}

TEST_F(CacheGet, WhatWritesOrRemovesTheKeyVoidsItsLease) {
  for (const std::string command :
       {"DEL k", "UNLINK k", "SET k other", "APPEND k x", "INCR k", "HSET k f v", "LPUSH k a",
        "RENAME from k", "COPY from k REPLACE", "FLUSHDB", "FLUSHALL", "SWAPDB 0 1",
        "CACHE.PASS k EX 1", "SETRANGE k 1 a", "EVAL \"redis.call('SET', KEYS[1], 1)\" 1 k"}) {
    Run("FLUSHALL");
    Run("SET from value");
    const std::string token = Lease("k");
    Run(command);
    EXPECT_THAT(Run("SET k late LEASE " + token), IsNull()) << command;
  }
}

TEST_F(CacheGet, WhatMovesTheValueAwayVoidsItsLease) {
  for (const std::string command : {"RENAME k to", "MOVE k 1", "GETDEL k"}) {
    Run("FLUSHALL");
    Run("SET k value EX 100 COST 1000000");
    const std::string token = Token(Run("CACHE.GET k LEASE 1000 EARLY 1000"));
    ASSERT_NE(token, "");
    Run(command);
    EXPECT_THAT(Run("SET k late LEASE " + token), IsNull()) << command;
  }
}

TEST_F(CacheGet, ExpiryAndTagsLeaveALeaseAlone) {
  Run("SET k value EX 100 COST 1000000");
  const std::string token = Token(Run("CACHE.GET k LEASE 1000 EARLY 1000"));
  Run("EXPIRE k 50");
  Run("PERSIST k");
  EXPECT_THAT(Run("SET k new LEASE " + token), IsOk());
}

TEST_F(CacheGet, AWrongTokenStoresNothingAndVoidsNothing) {
  const std::string token = Lease("k");
  EXPECT_THAT(Run("SET k value LEASE 12345"), IsNull());
  EXPECT_THAT(Run("SET k value LEASE " + token), IsOk());
}

TEST_F(CacheGet, AReleasedLeaseIsSomebodyElses) {
  const std::string token = Lease("k");
  EXPECT_THAT(Run("CACHE.RELEASE k 12345"), IsInteger(0));
  EXPECT_THAT(Run("CACHE.RELEASE k " + token), IsInteger(1));
  EXPECT_THAT(Run("CACHE.RELEASE k " + token), IsInteger(0));
  EXPECT_NE(Lease("k"), "");
}

TEST_F(CacheGet, LeasesAreLimited) {
  Run("CONFIG SET cache-leases-max 2");
  EXPECT_NE(Lease("a"), "");
  EXPECT_NE(Lease("b"), "");
  EXPECT_EQ(Lease("c"), "");
  clock.Advance(1s);
  Settle();
  EXPECT_THAT(RunArgs({"CACHE.GET", std::string(5000, 'k'), "LEASE", "1000"}).items.at(5),
              IsNull());
}

TEST_F(CacheGet, AScriptMayTakeALeaseOnce) {
  const Reply reply =
      Run("EVAL \"local got = redis.call('CACHE.GET', KEYS[1], 'LEASE', 1000) return {got[1], "
          "got[6]}\" "
          "1 k");
  EXPECT_EQ(reply.items.at(0).text, "MISS");
  EXPECT_THAT(Run("SET k value LEASE " + reply.items.at(1).text), IsOk());
}

TEST_F(CacheGet, AScriptMayFillWithALease) {
  const std::string token = Lease("k");
  EXPECT_THAT(Run("EVAL \"return redis.call('SET', KEYS[1], 'v', 'LEASE', ARGV[1])\" 1 k " + token),
              IsOk());
}

// ---- early refreshes

TEST_F(CacheGet, OneIsToldToRefreshEarly) {
  Run("SET k value EX 10 COST 1000000");
  const Reply first = Run("CACHE.GET k LEASE 1000 EARLY 1000");
  EXPECT_EQ(State(first), "REFRESH");
  EXPECT_EQ(ValueOf(first), "value");
  EXPECT_NE(Token(first), "");
  EXPECT_EQ(StateOf("CACHE.GET k LEASE 1000 EARLY 1000"), "HIT");
}

TEST_F(CacheGet, NobodyRefreshesACheapValueEarly) {
  Run("SET k value EX 10000 COST 1");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(StateOf("CACHE.GET k LEASE 1000 EARLY 1"), "HIT");
}

// ---- waiting

TEST_F(CacheGet, TheFillServesAllWhoWait) {
  const std::string token = Lease("k");
  TestClient& second = NewClient();
  TestClient& third = NewClient();
  second.Run("CACHE.GET k LEASE 1000 WAIT 1000");
  third.Run("CACHE.GET k LEASE 1000 WAIT 1000");
  EXPECT_TRUE(second.blocked() && third.blocked());
  Run("SET k value LEASE " + token);
  Settle();
  for (TestClient* waiter : {&second, &third}) {
    const Reply reply = waiter->TakeReply();
    EXPECT_EQ(State(reply), "HIT");
    EXPECT_EQ(ValueOf(reply), "value");
  }
}

TEST_F(CacheGet, AReleasePassesTheLeaseOnToWhoWaitsLongest) {
  const std::string token = Lease("k");
  TestClient& second = NewClient();
  TestClient& third = NewClient();
  second.Run("CACHE.GET k LEASE 1000 WAIT 5000");
  third.Run("CACHE.GET k LEASE 1000 WAIT 5000");
  Run("CACHE.RELEASE k " + token);
  Settle();
  const Reply reply = second.TakeReply();
  EXPECT_EQ(State(reply), "MISS");
  EXPECT_NE(Token(reply), "");
  EXPECT_TRUE(third.blocked());
}

TEST_F(CacheGet, WhoCachesWhatItWaitedForIsToldOfItsChanges) {
  Lease("k");
  TestClient& cacher = NewClient();
  cacher.Run("HELLO 3");
  cacher.Run("CLIENT TRACKING ON");
  cacher.Run("CACHE.GET k LEASE 1000 WAIT 5000");
  Run("SET k value");
  Settle();
  cacher.TakePushes();  // word of the fill, and the value
  Run("SET k other");
  Settle();
  EXPECT_EQ(cacher.TakePushes().size(), 1u);
}

TEST_F(CacheGet, AnInvalidationPassesTheLeaseOn) {
  Lease("k");
  TestClient& second = NewClient();
  second.Run("CACHE.GET k LEASE 1000 WAIT 5000");
  Run("DEL k");
  Settle();
  EXPECT_NE(Token(second.TakeReply()), "");
}

TEST_F(CacheGet, WhoWaitsForAListDoesNotStandInTheWayOfTheNextLease) {
  Lease("k");
  TestClient& popper = Waiting("BLPOP k 0");
  TestClient& second = Waiting("CACHE.GET k LEASE 1000 WAIT 5000");
  Run("DEL k");
  EXPECT_NE(Token(ReplyOf(second)), "");
  EXPECT_TRUE(StillWaits(popper));
}

TEST_F(CacheGet, TheEndOfALeaseWakesTheNext) {
  Lease("k");
  TestClient& second = NewClient();
  TestClient& third = NewClient();
  second.Run("CACHE.GET k LEASE 500 WAIT 9000");
  third.Run("CACHE.GET k LEASE 500 WAIT 9000");
  clock.Advance(1s);
  Settle();
  EXPECT_NE(Token(second.TakeReply()), "");
  EXPECT_TRUE(third.blocked());
  clock.Advance(500ms);
  Settle();
  EXPECT_NE(Token(third.TakeReply()), "");
}

TEST_F(CacheGet, ATimeoutIsAMissWithoutToken) {
  Lease("k");
  TestClient& second = NewClient();
  second.Run("CACHE.GET k LEASE 500 WAIT 300");
  clock.Advance(300ms);
  Settle();
  const Reply reply = second.TakeReply();
  EXPECT_EQ(State(reply), "MISS");
  EXPECT_EQ(Token(reply), "");
}

TEST_F(CacheGet, UnblockedIsLikeTimedOut) {
  Lease("k");
  TestClient& second = NewClient();
  second.Run("CACHE.GET k LEASE 500 WAIT 300");
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(second.id())), IsInteger(1));
  Settle();
  EXPECT_EQ(State(second.TakeReply()), "MISS");
}

TEST_F(CacheGet, TransactionsAndScriptsDoNotWait) {
  Lease("k");
  TestClient& second = NewClient();
  second.Run("MULTI");
  second.Run("CACHE.GET k LEASE 500 WAIT 300");
  EXPECT_EQ(State(second.Run("EXEC").items.at(0)), "MISS");
  const Reply reply = second.Run(
      "EVAL \"return redis.call('CACHE.GET', KEYS[1], 'LEASE', 500, 'WAIT', 300)[1]\" 1 k");
  EXPECT_THAT(reply, IsBulk("MISS"));
}

TEST_F(CacheGet, APassServesAllWhoWait) {
  Lease("k");
  TestClient& second = NewClient();
  second.Run("CACHE.GET k LEASE 500 WAIT 300");
  Run("CACHE.PASS k EX 10");
  Settle();
  EXPECT_EQ(State(second.TakeReply()), "PASS");
}

// ---- CACHE.PASS

TEST_F(CacheGet, APassIsATypeOfItsOwn) {
  EXPECT_THAT(Run("CACHE.PASS k EX 10"), IsOk());
  EXPECT_THAT(Run("TYPE k"), IsSimple("pass"));
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("MGET k"), IsArray({IsNull()}));
  EXPECT_EQ(StateOf("CACHE.GET k LEASE 1000 WAIT 1000"), "PASS");
  EXPECT_THAT(Run("INCR k"),
              IsError("WRONGTYPE Operation against a key holding the wrong kind of value"));
  EXPECT_THAT(Run("SET k value"), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk("value"));
}

TEST_F(CacheGet, APassEndsWithItsTime) {
  Run("CACHE.PASS k PX 10");
  clock.Advance(10ms);
  EXPECT_EQ(StateOf("CACHE.GET k"), "MISS");
}

TEST_F(CacheGet, EveryCommandCopesWithAPass) {
  for (const std::string command :
       {"OBJECT ENCODING k", "MEMORY USAGE k",  "DEBUG OBJECT k", "COPY k to",
        "RENAME to other",   "SORT k",          "DUMP k",         "TYPE other",
        "SCAN 0 TYPE pass",  "KEYS *",          "OBJECT FREQ k",  "GETEX k EX 10",
        "GETDEL k",          "STRLEN k",        "DIGEST k",       "DELEX k IFEQ a",
        "SET k v IFEQ a",    "SMEMBERS k",      "PFCOUNT k",      "BITCOUNT k",
        "INFO keysizes",     "SUNIONSTORE to k"}) {
    Run("FLUSHALL");
    Run("CACHE.PASS k EX 10");
    Run("CACHE.PASS to EX 10");
    Run(command);
  }
}

// ---- arguments and rights

TEST_F(CacheGet, ArgumentsAreChecked) {
  for (const auto& [line, error] : std::initializer_list<std::pair<const char*, const char*>>{
           {"CACHE.GET k LEASE 0", "ERR LEASE must be between 1 and 60000 ms"},
           {"CACHE.GET k LEASE 60001", "ERR LEASE must be between 1 and 60000 ms"},
           {"CACHE.GET k LEASE 1 WAIT 10001", "ERR WAIT must be between 1 and 10000 ms"},
           {"CACHE.GET k WAIT 1", "ERR syntax error"},
           {"CACHE.GET k LEASE 1 EARLY 0", "ERR EARLY must be greater than 0"},
           {"CACHE.GET k LEASE 1 EARLY x", "ERR value is not a valid float"},
           {"CACHE.GET k EARLY 1", "ERR EARLY needs LEASE"},
           {"CACHE.GET k IFNE", "ERR syntax error"},
           {"CACHE.RELEASE k 0", "ERR token is not a positive integer"},
           {"CACHE.PASS k PERSIST 1", "ERR syntax error"},
           {"CACHE.PASS k EX 0", "ERR invalid expire time in 'cache.pass' command"},
           {"SET k v LEASE x", "ERR token is not a positive integer"},
           {"SET k v GET LEASE 1", "ERR GET and LEASE are not compatible"},
           {"SET k v SWR 0", "ERR SWR must be between 1 and 4294967295 s"},
           {"SET k v SIE x", "ERR SIE must be between 1 and 4294967295 s"},
           {"SET k v NEG 70000", "ERR NEG must be between 1 and 65535"},
           {"SET k v COST", "ERR syntax error"}}) {
    EXPECT_THAT(Run(line), IsError(error)) << line;
  }
}

TEST_F(CacheGet, ALeaseNeedsTheRightToWrite) {
  Run("ACL SETUSER reader on nopass %R~* +@all");
  TestClient& reader = NewClient();
  reader.Run("AUTH reader x");
  EXPECT_EQ(State(reader.Run("CACHE.GET k IFNE LEASE")), "MISS");
  EXPECT_THAT(reader.Run("CACHE.GET k LEASE 1000"),
              IsError("NOPERM No permissions to access a key"));
}

}  // namespace
}  // namespace larder
