// CLIENT TRACKING and what it brings: invalidations of what clients may have cached.
#include <string>
#include <vector>

#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReplyMatcher Invalidation(std::vector<std::string> keys) {
  return IsArray({IsBulk("invalidate"), IsBulks(std::move(keys))});
}
ReplyMatcher InvalidationOfAll() { return IsArray({IsBulk("invalidate"), IsNull()}); }
ReplyMatcher Message(std::vector<std::string> keys) {
  return IsArray({IsBulk("message"), IsBulk("__redis__:invalidate"), IsBulks(std::move(keys))});
}

class TrackingCommands : public CommandFixture {
 protected:
  // A client that speaks RESP3 and tracks.
  TestClient& Tracker(std::string_view options = "") {
    TestClient& tracker = NewClient();
    tracker.Run("HELLO 3");
    EXPECT_THAT(tracker.Run("CLIENT TRACKING ON " + std::string(options)), IsOk());
    return tracker;
  }
  std::vector<Reply> Pushes(TestClient& of) {
    Settle();
    return of.TakePushes();
  }
  std::string Id(const TestClient& of) { return std::to_string(of.id()); }
  std::string InfoLine(const std::string& field) {
    const std::string info = Run("INFO everything").text;
    const size_t at = info.find(field + ":");
    return at == std::string::npos ? "" : info.substr(at, info.find('\r', at) - at);
  }
};

// ---- what is invalidated

TEST_F(TrackingCommands, AReaderIsToldOfTheFirstChangeOnly) {
  TestClient& reader = Tracker();
  EXPECT_THAT(reader.Run("GET k"), IsNull());
  Run("SET k 1");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
  Run("SET k 2");
  EXPECT_THAT(Pushes(reader), IsEmpty());
  EXPECT_THAT(reader.Run("GET k"), IsBulk("2"));
  Run("SET k 3");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, WhatNobodyReadIsNobodysConcern) {
  TestClient& reader = Tracker();
  reader.Run("GET a");
  Run("SET b 1");
  EXPECT_THAT(Pushes(reader), IsEmpty());
}

TEST_F(TrackingCommands, EveryKeyOfAReadIsRemembered) {
  TestClient& reader = Tracker();
  reader.Run("MGET a b c");
  Run("MSET a 1 c 3");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"a"}), Invalidation({"c"})));
  Run("DEL b");  // there is none
  EXPECT_THAT(Pushes(reader), IsEmpty());
}

TEST_F(TrackingCommands, ReadsOfEveryTypeAreRemembered) {
  const std::pair<const char*, const char*> pairs[] = {{"HGET k f", "HSET k f v"},
                                                       {"LRANGE k 0 -1", "RPUSH k v"},
                                                       {"SISMEMBER k m", "SADD k m"},
                                                       {"ZRANGE k 0 -1", "ZADD k 1 m"},
                                                       {"XRANGE k - +", "XADD k * f v"},
                                                       {"GETBIT k 1", "SETBIT k 1 1"},
                                                       {"PFCOUNT k", "PFADD k e"},
                                                       {"GEOPOS k m", "GEOADD k 1 1 m"},
                                                       {"TYPE k", "SET k v"},
                                                       {"TTL k", "SET k v"},
                                                       {"EXISTS k", "SET k v"},
                                                       {"STRLEN k", "APPEND k v"},
                                                       {"OBJECT ENCODING k", "SET k v"}};
  TestClient& reader = Tracker();
  for (const auto& [read, write] : pairs) {
    Run("DEL k");
    Pushes(reader);
    reader.Run(read);
    Run(write);
    EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"}))) << read;
  }
}

TEST_F(TrackingCommands, WritesAreNotReads) {
  TestClient& writer = Tracker();
  writer.Run("SET k 1");
  writer.Run("INCR k");
  writer.Run("GETSET k 5");
  writer.Run("GETEX k");
  EXPECT_THAT(Pushes(writer), IsEmpty());
  Run("SET k 2");
  EXPECT_THAT(Pushes(writer), IsEmpty());
}

TEST_F(TrackingCommands, EveryKindOfChangeIsOne) {
  const std::vector<std::vector<const char*>> changes = {{"DEL k"},
                                                         {"UNLINK k"},
                                                         {"EXPIRE k 100"},
                                                         {"PEXPIREAT k 1"},
                                                         {"RENAME k other"},
                                                         {"RENAME source k"},
                                                         {"COPY source k REPLACE"},
                                                         {"MOVE k 3"},
                                                         {"APPEND k x"},
                                                         {"GETDEL k"},
                                                         {"GETEX k EX 10"},
                                                         {"SETRANGE k 0 x"},
                                                         {"EXPIRE k 9", "PERSIST k"},
                                                         {"RESTORE k 0 broken"}};
  TestClient& reader = Tracker();
  for (const auto& change : changes) {
    Run("FLUSHALL");
    Run("MSET k v source s");
    Pushes(reader);
    reader.Run("GET k");
    for (const char* command : change) Run(command);
    const bool refused = std::string_view(change[0]).starts_with("RESTORE");
    if (refused) {
      EXPECT_THAT(Pushes(reader), IsEmpty());
    } else {
      EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"}))) << change[0];
    }
  }
}

TEST_F(TrackingCommands, AnExpiredKeyIsInvalidatedWhenItIsFoundSo) {
  TestClient& reader = Tracker();
  Run("SET k v PX 20");
  reader.Run("GET k");
  clock.Advance(20ms);
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, AnExpiredKeyIsInvalidatedWhenUpkeepRemovesIt) {
  TestClient& reader = Tracker();
  Run("SET k v PX 20");
  reader.Run("GET k");
  clock.Advance(1s);
  dispatcher.UpdateTime();
  for (size_t stripe = 0; stripe < engine.keyspace.stripe_count(); ++stripe) {
    engine.keyspace.ExpireSlice(stripe, dispatcher.now_ms(),
                                std::chrono::steady_clock::time_point::max());
  }
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, AnExpiredFieldInvalidatesItsHash) {
  TestClient& reader = Tracker();
  Run("HSET k f v g w");
  Run("HPEXPIRE k 20 FIELDS 1 f");
  reader.Run("HGETALL k");
  clock.Advance(20ms);
  EXPECT_THAT(Run("HGET k f"), IsNull());
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, AnEvictedKeyIsInvalidated) {
  TestClient& reader = Tracker();
  const std::string value(10'000, 'v');
  for (int i = 0; i < 100; ++i) {
    Run("SET k" + std::to_string(i) + " " + value);
    reader.Run("GET k" + std::to_string(i));
  }
  EXPECT_THAT(Pushes(reader), IsEmpty());
  Run("CONFIG SET maxmemory-policy allkeys-lru");
  Run("CONFIG SET maxmemory 200kb");
  Run("SET new v");
  const std::vector<Reply> pushes = Pushes(reader);
  EXPECT_GE(pushes.size(), 50u);
  for (const Reply& push : pushes) {
    ASSERT_EQ(push.items.size(), 2u);
    ASSERT_EQ(push.items[1].items.size(), 1u);
    EXPECT_THAT(Run("EXISTS " + push.items[1].items[0].text), IsInteger(0));
  }
}

TEST_F(TrackingCommands, FlushingInvalidatesEverythingForEveryTracker) {
  TestClient& reader = Tracker();
  TestClient& idle = Tracker();
  TestClient& listener = Tracker("BCAST PREFIX x");
  TestClient& silent = Tracker("NOLOOP");
  reader.Run("GET k");
  for (const char* flush : {"FLUSHALL", "FLUSHDB"}) {
    Run(flush);
    for (TestClient* each : {&reader, &idle, &listener, &silent}) {
      EXPECT_THAT(Pushes(*each), ElementsAre(InvalidationOfAll()));
    }
  }
  Run("SET k 1");  // forgotten
  EXPECT_THAT(Pushes(reader), IsEmpty());
  EXPECT_EQ(engine.tracking.key_count(), 0);
  EXPECT_EQ(engine.tracking.item_count(), 0);
}

TEST_F(TrackingCommands, SwappingDatabasesInvalidatesEverything) {
  TestClient& reader = Tracker();
  reader.Run("GET k");
  Run("SWAPDB 0 0");
  EXPECT_THAT(Pushes(reader), IsEmpty());
  Run("SWAPDB 0 1");
  EXPECT_THAT(Pushes(reader), ElementsAre(InvalidationOfAll()));
}

TEST_F(TrackingCommands, NamesAreTheSameInAllDatabases) {
  TestClient& reader = Tracker();
  reader.Run("GET k");
  Run("SELECT 5");
  Run("SET k v");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, ABlockedClientsServiceIsAChange) {
  TestClient& reader = Tracker();
  TestClient& waiting = NewClient();
  waiting.Run("BLMOVE from to LEFT LEFT 0");
  reader.Run("LLEN to");
  Run("RPUSH from v");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"to"})));
}

// ---- order and transactions

TEST_F(TrackingCommands, OwnChangesAreToldAfterTheReply) {
  TestClient& client = Tracker();
  client.Run("GET k");
  EXPECT_EQ(client.RunRaw({"SET", "k", "1"}), "+OK\r\n");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, WithNoLoopOwnChangesAreNotTold) {
  TestClient& client = Tracker("NOLOOP");
  client.Run("GET k");
  client.Run("SET k 1");
  EXPECT_THAT(Pushes(client), IsEmpty());
  Run("SET k 2");  // the read was forgotten with the change
  EXPECT_THAT(Pushes(client), IsEmpty());
  client.Run("GET k");
  Run("SET k 3");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, AnExecIsNotInterleavedWithWhatItInvalidates) {
  TestClient& client = Tracker();
  client.Run("MULTI");
  client.Run("GET a");
  client.Run("SET a 1");
  client.Run("GET a");
  EXPECT_THAT(client.Run("EXEC"), IsArray({IsNull(), IsOk(), IsBulk("1")}));
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"a"})));
  Run("SET a 2");  // read again after its change
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"a"})));
}

TEST_F(TrackingCommands, MessagesWaitForTheEndOfAReplyOfSeveralParts) {
  TestClient& client = Tracker();
  client.Run("GET k");
  client.BeginParts();
  Run("SET k 1");
  Run("FLUSHALL");
  EXPECT_THAT(Pushes(client), IsEmpty());
  client.EndParts();
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"k"}), InvalidationOfAll()));
}

TEST_F(TrackingCommands, OfAScriptTheCommandsThatItCallsRead) {
  TestClient& client = Tracker();
  client.Run("EVAL \"return redis.call('GET', KEYS[1])\" 2 read unread");
  Run("SET unread 1");
  EXPECT_THAT(Pushes(client), IsEmpty());
  Run("SET read 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"read"})));
  client.Run("EVAL_RO \"return redis.call('GET', 'undeclared')\" 0");
  Run("EVAL \"redis.call('SET', KEYS[1], 1)\" 1 undeclared");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"undeclared"})));
}

TEST_F(TrackingCommands, AScriptThatStartsAgainInvalidatesAndBroadcasts) {
  TestClient& reader = Tracker();
  TestClient& listener = Tracker("BCAST");
  reader.Run("MGET a b");
  Run("EVAL \"redis.call('SET', KEYS[1], 1) redis.call('SET', 'b', 1)\" 1 a");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"a"}), Invalidation({"b"})));
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"a", "b"})));
}

TEST_F(TrackingCommands, ClientReplyOffSilencesNoInvalidation) {
  TestClient& client = Tracker();
  client.Run("GET k");
  client.Run("CLIENT REPLY OFF");
  Run("SET k 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"k"})));
}

// ---- OPTIN, OPTOUT

TEST_F(TrackingCommands, WithOptInOnlyTheCommandAfterCachingYesIsRemembered) {
  TestClient& client = Tracker("OPTIN");
  client.Run("GET a");
  EXPECT_THAT(client.Run("CLIENT CACHING YES"), IsOk());
  client.Run("GET b");
  client.Run("GET c");
  Run("MSET a 1 b 1 c 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"b"})));
}

TEST_F(TrackingCommands, CachingYesHoldsForAWholeTransaction) {
  TestClient& client = Tracker("OPTIN");
  client.Run("CLIENT CACHING YES");
  client.Run("MULTI");
  client.Run("PTTL a");
  client.Run("GET b");
  client.Run("EXEC");
  client.Run("GET c");
  Run("MSET a 1 b 1 c 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"a"}), Invalidation({"b"})));
}

TEST_F(TrackingCommands, CachingYesInsideOfATransactionHoldsForItsRest) {
  TestClient& client = Tracker("OPTIN");
  client.Run("MULTI");
  client.Run("GET a");
  client.Run("CLIENT CACHING YES");
  client.Run("GET b");
  EXPECT_THAT(client.Run("EXEC"), IsArray({IsNull(), IsOk(), IsNull()}));
  client.Run("GET c");
  Run("MSET a 1 b 1 c 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"b"})));
}

TEST_F(TrackingCommands, CachingYesEndsWithACommandThatWasRefusedToo) {
  for (const char* refused : {"NOSUCH", "GET", "CONFIG NOSUCH"}) {
    TestClient& client = Tracker("OPTIN");
    client.Run("CLIENT CACHING YES");
    client.Run("CLIENT ID");  // not with another of CLIENT
    EXPECT_THAT(client.RunRaw({"CLIENT", "TRACKINGINFO"}), HasSubstr("caching-yes"));
    client.Run(refused);
    EXPECT_THAT(client.RunRaw({"CLIENT", "TRACKINGINFO"}),
                ::testing::Not(HasSubstr("caching-yes")));
  }
}

TEST_F(TrackingCommands, WithOptOutTheCommandAfterCachingNoIsNotRemembered) {
  TestClient& client = Tracker("OPTOUT");
  client.Run("GET a");
  EXPECT_THAT(client.Run("CLIENT CACHING NO"), IsOk());
  client.Run("GET b");
  client.Run("GET c");
  Run("MSET a 1 b 1 c 1");
  EXPECT_THAT(Pushes(client), ElementsAre(Invalidation({"a"}), Invalidation({"c"})));
}

TEST_F(TrackingCommands, CachingNeedsItsMode) {
  EXPECT_THAT(Run("CLIENT CACHING YES"),
              IsError("ERR CLIENT CACHING can be called only when the client is in tracking mode "
                      "with OPTIN or OPTOUT mode enabled"));
  Run("CLIENT TRACKING ON");
  EXPECT_THAT(Run("CLIENT CACHING YES"),
              IsError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN "
                      "mode."));
  EXPECT_THAT(Run("CLIENT CACHING NO"),
              IsError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT "
                      "mode."));
  EXPECT_THAT(Run("CLIENT CACHING x"), IsError("ERR syntax error"));
}

// ---- BCAST

TEST_F(TrackingCommands, BroadcastGoesByPrefixWhetherReadOrNot) {
  TestClient& listener = Tracker("BCAST PREFIX user: PREFIX item:");
  Run("MSET user:2 b user:1 a item:1 c other 1");
  EXPECT_THAT(Pushes(listener),
              ElementsAre(Invalidation({"item:1"}), Invalidation({"user:1", "user:2"})));
  Run("DEL user:1 user:none");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"user:1"})));
  listener.Run("GET other");
  Run("SET other 2");
  EXPECT_THAT(Pushes(listener), IsEmpty());
}

TEST_F(TrackingCommands, BroadcastWithoutAPrefixIsForAllKeys) {
  TestClient& listener = Tracker("BCAST");
  Run("SET a 1");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"a"})));
  Run("MULTI");
  Run("SET b 1");
  Run("SET a 2");
  Run("SET b 2");
  Run("EXEC");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"a", "b"})));
  listener.Run("SET c 1");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"c"})));
}

TEST_F(TrackingCommands, BroadcastWithNoLoopLeavesOwnChangesOut) {
  TestClient& listener = Tracker("BCAST NOLOOP");
  listener.Run("SET a 1");
  EXPECT_THAT(Pushes(listener), IsEmpty());
  Run("SET a 2");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"a"})));
  EXPECT_THAT(listener.Run("CLIENT TRACKING ON BCAST PREFIX x"),
              IsError("ERR Prefix 'x' overlaps with an existing prefix ''. Prefixes for a single "
                      "client must not overlap."));
  EXPECT_THAT(listener.Run("CLIENT TRACKING ON BCAST"), IsOk());  // without NOLOOP
  listener.Run("SET a 3");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"a"})));
}

TEST_F(TrackingCommands, BroadcastHearsOfExpiryAndEviction) {
  TestClient& listener = Tracker("BCAST PREFIX k");
  Run("SET k v PX 20");
  Pushes(listener);
  clock.Advance(20ms);
  Run("GET k");
  EXPECT_THAT(Pushes(listener), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, ManyChangesOfOneCommandAreToldInParts) {
  TestClient& listener = Tracker("BCAST");
  Run("EVAL \"for i = 1, 10000 do redis.call('SET', 'k' .. i % 5000, i) end\" 0");
  size_t keys = 0;
  for (const Reply& push : Pushes(listener)) keys += push.items[1].items.size();
  EXPECT_GE(keys, 5000u);
  EXPECT_LE(keys, 10'000u);
}

TEST_F(TrackingCommands, PrefixesOfOneClientMustNotOverlap) {
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST PREFIX z PREFIX a PREFIX ab"),
              IsError("ERR Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a "
                      "single client must not overlap."));
  EXPECT_THAT(Run("CLIENT GETREDIR"), IsInteger(-1));  // nothing has happened
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST PREFIX b PREFIX a"), IsOk());
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST PREFIX ab"),
              IsError("ERR Prefix 'ab' overlaps with an existing prefix 'a'. Prefixes for a single "
                      "client must not overlap."));
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST PREFIX c"), IsOk());
  EXPECT_THAT(Run("CLIENT TRACKINGINFO"),
              IsArray({IsBulk("flags"), IsBulks({"on", "bcast"}), IsBulk("redirect"), IsInteger(0),
                       IsBulk("prefixes"), IsBulks({"a", "b", "c"})}));
}

TEST_F(TrackingCommands, PrefixesAreLimitedInNumberAndBytes) {
  std::vector<std::string> args = {"CLIENT", "TRACKING", "ON", "BCAST"};
  for (size_t i = 0; i <= kTrackingPrefixesMax; ++i) {
    args.insert(args.end(), {"PREFIX", std::to_string(10'000 + i)});
  }
  const auto too_many = IsError("ERR too many or too long prefixes for one client");
  EXPECT_THAT(client().RunArgs(args), too_many);
  const std::string long_one(kTrackingPrefixBytesMax + 1, 'p');
  EXPECT_THAT(client().RunArgs({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", long_one}),
              too_many);
  EXPECT_EQ(engine.tracking.prefix_count(), 0);
}

// ---- REDIRECT

TEST_F(TrackingCommands, InvalidationsGoToAnotherClientAsMessages) {
  TestClient& target = NewClient();
  TestClient& reader = NewClient();
  EXPECT_THAT(reader.Run("CLIENT TRACKING ON REDIRECT " + Id(target)), IsOk());
  EXPECT_THAT(reader.Run("CLIENT GETREDIR"), IsInteger(static_cast<int64_t>(target.id())));
  reader.Run("GET k");
  Run("SET k 1");
  EXPECT_THAT(Pushes(target), IsEmpty());  // RESP2, and no subscriber
  target.Run("SUBSCRIBE __redis__:invalidate");
  reader.Run("GET k");
  Run("SET k 2");
  EXPECT_THAT(Pushes(target), ElementsAre(Message({"k"})));
  EXPECT_THAT(Pushes(reader), IsEmpty());
  Run("FLUSHALL");
  EXPECT_THAT(Pushes(target),
              ElementsAre(IsArray({IsBulk("message"), IsBulk("__redis__:invalidate"), IsNull()})));
}

TEST_F(TrackingCommands, ATargetThatSpeaksResp3GetsPushes) {
  TestClient& target = NewClient();
  target.Run("HELLO 3");
  TestClient& reader = NewClient();
  reader.Run("CLIENT TRACKING ON BCAST REDIRECT " + Id(target));
  Run("SET k 1");
  EXPECT_THAT(Pushes(target), ElementsAre(Invalidation({"k"})));
}

TEST_F(TrackingCommands, ATargetThatIsGoneBreaksTheRedirect) {
  TestClient& target = NewClient();
  TestClient& reader = Tracker("REDIRECT " + Id(target));
  reader.Run("GET k");
  engine.clients.Remove(target.id());
  EXPECT_THAT(Pushes(reader), IsEmpty());
  Run("SET k 1");
  EXPECT_THAT(Pushes(reader), ElementsAre(IsArray({IsBulk("tracking-redir-broken"),
                                                   IsInteger(static_cast<int64_t>(target.id()))})));
  EXPECT_THAT(reader.Run("CLIENT TRACKINGINFO").items[1], IsBulks({"on", "broken_redirect"}));
  EXPECT_THAT(reader.Run("CLIENT INFO").text, HasSubstr(" flags=tR "));
  EXPECT_THAT(reader.Run("CLIENT TRACKING ON"), IsOk());
  EXPECT_THAT(reader.Run("CLIENT TRACKINGINFO").items[1], IsBulks({"on"}));
}

TEST_F(TrackingCommands, AResp2ClientWithoutARedirectIsToldNothing) {
  TestClient& reader = NewClient();
  EXPECT_THAT(reader.Run("CLIENT TRACKING ON"), IsOk());
  reader.Run("GET k");
  Run("SET k 1");
  EXPECT_THAT(Pushes(reader), IsEmpty());
  reader.Run("HELLO 3");
  reader.Run("GET k");
  Run("SET k 1");
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({"k"})));
}

// ---- the command itself

TEST_F(TrackingCommands, ModesThatDoNotFitAreRefused) {
  EXPECT_THAT(Run("CLIENT TRACKING"),
              IsError("ERR wrong number of arguments for 'client|tracking' command"));
  for (const char* wrong : {"x", "ON x", "ON REDIRECT", "ON BCAST PREFIX", "OFF x"}) {
    EXPECT_THAT(Run("CLIENT TRACKING " + std::string(wrong)), IsError("ERR syntax error")) << wrong;
  }
  EXPECT_THAT(Run("CLIENT TRACKING ON REDIRECT 99999"),
              IsError("ERR The client ID you want redirect to does not exist"));
  EXPECT_THAT(Run("CLIENT TRACKING ON REDIRECT x"),
              IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("CLIENT TRACKING ON REDIRECT " + Id(client()) + " REDIRECT " + Id(client())),
              IsError("ERR A client can only redirect to a single other client"));
  EXPECT_THAT(Run("CLIENT TRACKING ON PREFIX a"),
              IsError("ERR PREFIX option requires BCAST mode to be enabled"));
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST OPTIN"),
              IsError("ERR OPTIN and OPTOUT are not compatible with BCAST"));
  EXPECT_THAT(Run("CLIENT TRACKING ON OPTIN OPTOUT"),
              IsError("ERR You can't specify both OPTIN mode and OPTOUT mode"));
  EXPECT_THAT(Run("CLIENT TRACKING ON OPTIN"), IsOk());
  EXPECT_THAT(Run("CLIENT TRACKING ON OPTOUT"),
              IsError("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this "
                      "client, and then re-enabling it with a different mode."));
  EXPECT_THAT(Run("CLIENT TRACKING ON BCAST"),
              IsError("ERR You can't switch BCAST mode on/off before disabling tracking for this "
                      "client, and then re-enabling it with a different mode."));
  EXPECT_THAT(Run("CLIENT TRACKING off"), IsOk());
  EXPECT_THAT(Run("CLIENT TRACKING on bcast"), IsOk());
}

TEST_F(TrackingCommands, InfoTellsEveryFlag) {
  EXPECT_THAT(Run("CLIENT TRACKINGINFO"),
              IsArray({IsBulk("flags"), IsBulks({"off"}), IsBulk("redirect"), IsInteger(-1),
                       IsBulk("prefixes"), IsEmptyArray()}));
  Run("CLIENT TRACKING ON OPTOUT NOLOOP");
  Run("CLIENT CACHING NO");
  EXPECT_THAT(Run("CLIENT TRACKINGINFO").items[1],
              IsBulks({"on", "optout", "caching-no", "noloop"}));
}

TEST_F(TrackingCommands, ClientListShowsWhoTracks) {
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" redir=-1 "));
  Run("CLIENT TRACKING ON BCAST");
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" flags=tB "));
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" redir=0 "));
  Run("RESET");
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" flags=N "));
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" redir=-1 "));
}

TEST_F(TrackingCommands, AfterOffAndResetNothingIsTold) {
  for (const char* end : {"CLIENT TRACKING OFF", "RESET"}) {
    TestClient& reader = Tracker();
    reader.Run("GET k");
    reader.Run(end);
    Run("SET k 1");
    EXPECT_THAT(Pushes(reader), IsEmpty());
  }
  EXPECT_EQ(engine.tracking.client_count(), 0);
}

TEST_F(TrackingCommands, WhatWasReadBeforeBroadcastBeganIsForgotten) {
  TestClient& reader = Tracker();
  reader.Run("GET k");
  reader.Run("CLIENT TRACKING OFF");
  reader.Run("CLIENT TRACKING ON BCAST PREFIX other");
  Run("SET k 1");
  EXPECT_THAT(Pushes(reader), IsEmpty());
}

// ---- figures and limits

TEST_F(TrackingCommands, InfoCountsClientsKeysItemsAndPrefixes) {
  TestClient& one = Tracker();
  TestClient& two = Tracker();
  Tracker("BCAST PREFIX a PREFIX b");
  Tracker("BCAST PREFIX b");
  one.Run("MGET x y");
  two.Run("GET x");
  EXPECT_EQ(InfoLine("tracking_clients"), "tracking_clients:4");
  EXPECT_EQ(InfoLine("tracking_total_keys"), "tracking_total_keys:2");
  EXPECT_EQ(InfoLine("tracking_total_items"), "tracking_total_items:3");
  EXPECT_EQ(InfoLine("tracking_total_prefixes"), "tracking_total_prefixes:2");
  Run("SET x 1");
  EXPECT_EQ(InfoLine("tracking_total_keys"), "tracking_total_keys:1");
  EXPECT_EQ(InfoLine("tracking_total_items"), "tracking_total_items:1");
  EXPECT_GT(engine.tracking.memory_bytes(), 0);
}

TEST_F(TrackingCommands, AFullTableForgetsKeysAndSaysSo) {
  Run("CONFIG SET tracking-table-max-keys 20");
  TestClient& reader = Tracker();
  for (int i = 0; i < 100; ++i) reader.Run("GET k" + std::to_string(i));
  EXPECT_LE(engine.tracking.key_count(), 20);
  const std::vector<Reply> pushes = Pushes(reader);
  EXPECT_EQ(pushes.size() + static_cast<size_t>(engine.tracking.key_count()), 100u);
  for (int i = 0; i < 100; ++i) Run("SET k" + std::to_string(i) + " v");
  EXPECT_EQ(pushes.size() + Pushes(reader).size(), 100u);  // each key once
}

TEST_F(TrackingCommands, ALoweredLimitIsReachedByUpkeep) {
  TestClient& reader = Tracker();
  for (int i = 0; i < 1000; ++i) reader.Run("GET k" + std::to_string(i));
  EXPECT_EQ(engine.tracking.key_count(), 1000);
  Run("CONFIG SET tracking-table-max-keys 100");
  while (engine.tracking.key_count() > 100) {
    engine.tracking.Tend(engine.keyspace, std::chrono::steady_clock::time_point::max());
  }
  EXPECT_EQ(Pushes(reader).size(), 900u);
}

TEST_F(TrackingCommands, WhenNobodyTracksTheTableIsGivenBack) {
  TestClient& reader = Tracker();
  for (int i = 0; i < 1000; ++i) reader.Run("GET k" + std::to_string(i));
  reader.Run("CLIENT TRACKING OFF");
  EXPECT_TRUE(engine.tracking.any());
  engine.tracking.Tend(engine.keyspace, std::chrono::steady_clock::time_point::max());
  EXPECT_FALSE(engine.tracking.any());
  EXPECT_EQ(engine.tracking.memory_bytes(), 0);
}

TEST_F(TrackingCommands, ANameTooLongToRememberIsInvalidatedAtOnce) {
  TestClient& reader = Tracker();
  const std::string name(kTrackedNameBytesMax + 1, 'k');
  reader.RunArgs({"GET", name});
  EXPECT_THAT(Pushes(reader), ElementsAre(Invalidation({name})));
  EXPECT_EQ(engine.tracking.key_count(), 0);
}

}  // namespace
}  // namespace larder
