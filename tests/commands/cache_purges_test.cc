// CACHE.PURGE, CACHE.PURGETAG, CACHE.PURGEMATCH.
#include <chrono>
#include <string>
#include <vector>

#include "server/errors.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

class CachePurges : public EventFixture {
 protected:
  void Sweep() {
    using std::chrono::steady_clock;
    for (size_t stripe = 0; stripe < engine.keyspace.stripe_count(); ++stripe) {
      engine.keyspace.PurgeSlice(stripe, dispatcher.now_ms(), steady_clock::time_point::max());
    }
  }
};

TEST_F(CachePurges, PurgeRemovesKeysAndCountsThem) {
  Run("SET a 1");
  Run("RPUSH b 1");
  EXPECT_THAT(Run("CACHE.PURGE a b nosuch a"), IsInteger(2));
  EXPECT_THAT(Run("EXISTS a b"), IsInteger(0));
  Run("SET a 1");
  EventsOf("PING");  // those so far
  EXPECT_EQ(EventsOf("CACHE.PURGE a"), "del a\n");
}

TEST_F(CachePurges, PurgeTagRemovesWhatCarriesATagInAllDatabases) {
  Run("SET a 1 TAGS 1 news");
  Run("SET b 1 TAGS 2 news sport");
  Run("SET c 1 TAGS 1 sport");
  Run("SET d 1");
  Run("SELECT 1");
  Run("SET a 1 TAGS 1 news");
  EXPECT_THAT(Run("CACHE.PURGETAG news"), IsInteger(3));
  EXPECT_THAT(Run("EXISTS a"), IsInteger(0));
  Run("SELECT 0");
  EXPECT_THAT(Run("MGET a b c d"), IsArray({IsNull(), IsNull(), IsBulk("1"), IsBulk("1")}));
  EXPECT_THAT(Run("CACHE.PURGETAG news"), IsInteger(0));
  EXPECT_THAT(Run("CACHE.PURGETAG news sport nosuch"), IsInteger(1));
}

TEST_F(CachePurges, AnEntryWithTwoOfTheTagsCountsTwice) {
  Run("SET a 1 TAGS 2 x y");
  EXPECT_THAT(Run("CACHE.PURGETAG x y"), IsInteger(2));
}

TEST_F(CachePurges, NoCommandSeesAPurgedKey) {
  Run("SET k v EX 100 TAGS 1 t");
  Run("HSET h f v");
  Run("CACHE.TAG h 1 t");
  Run("SET stays v");
  Run("CACHE.PURGETAG t");
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("TTL k"), IsInteger(-2));
  EXPECT_THAT(Run("TYPE h"), IsSimple("none"));
  EXPECT_THAT(Run("HGET h f"), IsNull());
  EXPECT_THAT(Run("KEYS *"), IsArray({IsBulk("stays")}));
  EXPECT_THAT(Run("RANDOMKEY"), IsBulk("stays"));
  EXPECT_THAT(Run("RENAME k x"), IsError(std::string(errors::kNoSuchKey)));
  EXPECT_THAT(Run("SET k w NX"), IsOk());
  EXPECT_THAT(Run("HSET h g w"), IsInteger(1));
  EXPECT_THAT(Run("HLEN h"), IsInteger(1));
}

TEST_F(CachePurges, EventsFollowWithTheFindingOrTheSweep) {
  Run("SET a 1 TAGS 1 t");
  Run("SET b 1 TAGS 1 t");
  EventsOf("PING");  // those so far
  EXPECT_EQ(EventsOf("CACHE.PURGETAG t"), "");
  EXPECT_EQ(EventsOf("GET a"), "del a\nkeymiss a\n");
  Sweep();
  EXPECT_EQ(EventsOf("PING"), "del b\n");
  EXPECT_THAT(Run("DBSIZE"), IsInteger(0));
}

TEST_F(CachePurges, WatchersAndWaitersLearnOfIt) {
  Run("SET k v TAGS 1 t");
  TestClient& other = NewClient();
  Run("WATCH k");
  other.Run("CACHE.PURGETAG t");
  Run("MULTI");
  Run("PING");
  EXPECT_THAT(Run("EXEC"), IsNull()) << "though nobody has swept yet";

  Run("XGROUP CREATE s g $ MKSTREAM");
  Run("CACHE.TAG s 1 t");
  other.Run("XREADGROUP GROUP g c BLOCK 0 STREAMS s >");
  ASSERT_TRUE(other.blocked());
  Run("CACHE.PURGETAG t");
  clock.Advance(std::chrono::seconds(1));
  Run("PING");
  Sweep();
  Settle();
  EXPECT_FALSE(other.blocked());
}

TEST_F(CachePurges, ClientsThatCacheAPurgedKeyAreTold) {
  TestClient& cacher = NewClient();
  cacher.Run("HELLO 3");
  cacher.Run("CLIENT TRACKING ON");
  Run("SET k v TAGS 1 t");
  cacher.Run("GET k");
  Run("CACHE.PURGETAG t");
  Sweep();
  Settle();
  EXPECT_EQ(cacher.TakePushes().size(), 1u);
  Run("SET k v");
  cacher.Run("GET k");
  Run("CACHE.PURGEMATCH k*");
  Settle();
  EXPECT_EQ(cacher.TakePushes().size(), 1u);
}

TEST_F(CachePurges, InsideATransactionEachCommandSeesThePurgesBeforeIt) {
  Run("SET old v TAGS 1 t");
  Run("MULTI");
  Run("SET k v TAGS 1 t");
  Run("CACHE.PURGETAG t");
  Run("GET k");
  Run("SET k w TAGS 1 t");
  Run("GET k");
  const Reply replies = Run("EXEC");
  ASSERT_EQ(replies.items.size(), 5u);
  EXPECT_EQ(replies.items[1].integer, 2);
  EXPECT_THAT(replies.items[2], IsNull());
  EXPECT_THAT(replies.items[4], IsBulk("w"));
  EXPECT_THAT(Run("GET k"), IsBulk("w"));
}

TEST_F(CachePurges, WorkInsideScripts) {
  Run("SET a v TAGS 1 t");
  Run("SET key:1 v");
  Run("SET key:2 v");
  EXPECT_THAT(RunArgs({"EVAL", "return redis.call('CACHE.PURGETAG', 't')", "0"}), IsInteger(1));
  EXPECT_THAT(RunArgs({"EVAL", "return redis.call('CACHE.PURGEMATCH', 'key:*')", "0"}),
              IsInteger(2));
  EXPECT_THAT(Run("EXISTS a key:1 key:2"), IsInteger(0));
}

TEST_F(CachePurges, PurgeMatchRemovesMatchesOfTheSelectedDatabase) {
  for (int i = 0; i < 3000; ++i) Run("SET user:" + std::to_string(i) + " v");
  Run("SET other v");
  Run("SELECT 1");
  Run("SET user:1 v");
  Run("SELECT 0");
  EXPECT_THAT(Run("CACHE.PURGEMATCH user:*"), IsInteger(3000));
  EXPECT_THAT(Run("KEYS *"), IsArray({IsBulk("other")}));
  EXPECT_THAT(Run("CACHE.PURGEMATCH user:*"), IsInteger(0));
  Run("SELECT 1");
  EXPECT_THAT(Run("EXISTS user:1"), IsInteger(1));
  EventsOf("PING");  // those so far
  EXPECT_EQ(EventsOf("CACHE.PURGEMATCH [tu]ser:?"), "del user:1\n");
}

TEST_F(CachePurges, PurgeMatchInATransactionAndItsLimit) {
  Run("SET user:1 v");
  Run("MULTI");
  Run("CACHE.PURGEMATCH *");
  Run("SET user:1 w");
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(1), IsOk()}));
  EXPECT_THAT(Run("GET user:1"), IsBulk("w"));
  EXPECT_THAT(Run("CACHE.PURGEMATCH " + std::string(1025, '*')),
              IsError(std::string(errors::kPatternTooLong)));
  EXPECT_THAT(Run("CACHE.PURGETAG " + std::string(1025, 't')),
              IsError(std::string(errors::kTagTooLong)));
}

TEST_F(CachePurges, PurgeMatchRemovesOnlyWhatTheUserMayWrite) {
  Run("SET mine:1 v");
  Run("SET read:1 v");
  Run("SET other:1 v");
  Run("ACL SETUSER u on nopass +@all ~mine:* %R~read:*");
  TestClient& user = NewClient();
  user.Run("AUTH u x");
  EXPECT_THAT(user.Run("CACHE.PURGEMATCH *"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS mine:1 read:1 other:1"), IsInteger(2));
}

TEST_F(CachePurges, ARenameDuringPurgeMatchHidesNothing) {
  for (int i = 0; i < 5000; ++i) Run("SET user:" + std::to_string(i) + " v");
  TestClient& other = NewClient();
  int turns = 0;
  // In each turn of the walk somebody moves what it has not seen yet to where it may have been.
  dispatcher.take_turn = [&] {
    if (turns == 0) engine.keyspace.lock(1).Unlock();
    for (int i = 0; i < 100; ++i) {
      const std::string key = "user:" + std::to_string(turns * 100 + i);
      other.Run("RENAME " + key + " user:new:" + key);
      other.Run("COPY " + key + " " + key + ":copy DB 3");
      other.Run("MOVE " + key + " 4");
    }
    ++turns;
  };
  engine.keyspace.lock(1).Lock();  // the walk has to wait there
  EXPECT_THAT(Run("CACHE.PURGEMATCH user:*"), IsInteger(5000));
  dispatcher.take_turn = nullptr;
  EXPECT_GT(turns, 0);
  for (const char* database : {"0", "3", "4"}) {
    Run(std::string("SELECT ") + database);
    EXPECT_THAT(Run("DBSIZE"), IsInteger(0)) << database;
  }
}

TEST_F(CachePurges, InfoCountsThem) {
  Run("SET a v TAGS 1 t");
  Run("CACHE.PURGETAG t");
  Run("GET a");
  EXPECT_THAT(Run("INFO stats").text, ::testing::HasSubstr("purged_keys:1\r\n"));
}

}  // namespace
}  // namespace larder
