// SET … TAGS, CACHE.TAG, CACHE.UNTAG, CACHE.TAGS.
#include <string>
#include <vector>

#include "server/errors.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CacheTags : public CommandFixture {
 protected:
  std::vector<std::string> TagsOf(const std::string& key) {
    std::vector<std::string> tags;
    for (const Reply& tag : RunArgs({"CACHE.TAGS", key}).items) tags.push_back(tag.text);
    return tags;
  }
};

TEST_F(CacheTags, SetGivesTagsInTheOrderGivenEachOnce) {
  EXPECT_THAT(Run("SET k v TAGS 3 b a b"), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
  EXPECT_THAT(TagsOf("k"), ElementsAre("b", "a"));
}

TEST_F(CacheTags, SetTakesThemBesideAllItsOptions) {
  EXPECT_THAT(Run("SET k v EX 100 TAGS 1 a NX"), IsOk());
  EXPECT_THAT(Run("TTL k"), IsInteger(100));
  EXPECT_THAT(TagsOf("k"), ElementsAre("a"));
  EXPECT_THAT(Run("SET k w TAGS 1 b NX"), IsNull());
  EXPECT_THAT(TagsOf("k"), ElementsAre("a"));
  EXPECT_THAT(Run("SET k w TAGS 2 GET c GET KEEPTTL"), IsBulk("v"));
  EXPECT_THAT(TagsOf("k"), ElementsAre("GET", "c"));
  EXPECT_THAT(Run("TTL k"), IsInteger(100));
  EXPECT_THAT(Run("SET k x IFEQ w TAGS 1 IFEQ"), IsOk());
  EXPECT_THAT(TagsOf("k"), ElementsAre("IFEQ"));
}

TEST_F(CacheTags, AnotherWriteOfTheValueDropsThem) {
  const std::string writes[] = {"SET k v",         "SET k v KEEPTTL", "SETEX k 10 v",
                                "GETSET k v",      "MSET k v x y",    "MSETEX 1 k v KEEPTTL",
                                "SUNIONSTORE k s", "SET k v EX 10"};
  Run("SADD s m");
  for (const std::string& write : writes) {
    Run("SET k v TAGS 1 a");
    EXPECT_THAT(TagsOf("k"), ElementsAre("a"));
    Run(write);
    EXPECT_THAT(TagsOf("k"), IsEmpty()) << write;
  }
}

TEST_F(CacheTags, ChangesInPlaceAndOfTheExpiryKeepThem) {
  Run("SET k 1 EX 100 TAGS 2 a b");
  for (const char* change :
       {"INCR k", "INCRBYFLOAT k 1", "APPEND k 123", "SETRANGE k 5000 x", "SETBIT k 7 1",
        "EXPIRE k 50", "PERSIST k", "EXPIRE k 70", "GETEX k PERSIST", "TOUCH k"}) {
    Run(change);
    EXPECT_THAT(TagsOf("k"), ElementsAre("a", "b")) << change;
  }
  Run("SADD s m");
  Run("CACHE.TAG s 1 a");
  Run("SADD s n");
  EXPECT_THAT(TagsOf("s"), ElementsAre("a"));
}

TEST_F(CacheTags, RenameMoveAndCopyCarryThemAndDumpDoesNot) {
  Run("SET k v TAGS 1 a");
  Run("RENAME k renamed");
  EXPECT_THAT(TagsOf("renamed"), ElementsAre("a"));
  Run("COPY renamed copy");
  EXPECT_THAT(TagsOf("copy"), ElementsAre("a"));
  Run("MOVE renamed 1");
  Run("SELECT 1");
  EXPECT_THAT(TagsOf("renamed"), ElementsAre("a"));
  const std::string dump = Run("DUMP renamed").text;
  EXPECT_THAT(RunArgs({"RESTORE", "restored", "0", dump}), IsOk());
  EXPECT_THAT(TagsOf("restored"), IsEmpty());
}

TEST_F(CacheTags, EveryTypeCanBeTaggedAndTagsAreCountedWhenNew) {
  Run("RPUSH list 1");
  Run("HSET hash f v");
  for (const char* key : {"list", "hash"}) {
    const std::string name = key;
    EXPECT_THAT(Run("CACHE.TAG " + name + " 2 a b"), IsInteger(2));
    EXPECT_THAT(Run("CACHE.TAG " + name + " 2 b c"), IsInteger(1));
    EXPECT_THAT(Run("CACHE.TAG " + name + " 1 a"), IsInteger(0));
    EXPECT_THAT(TagsOf(name), ElementsAre("a", "b", "c"));
    EXPECT_THAT(Run("CACHE.UNTAG " + name + " 3 b a nosuch"), IsInteger(2));
    EXPECT_THAT(TagsOf(name), ElementsAre("c"));
    EXPECT_THAT(Run("CACHE.UNTAG " + name + " 1 c"), IsInteger(1));
    EXPECT_THAT(TagsOf(name), IsEmpty());
  }
  EXPECT_THAT(Run("LLEN list"), IsInteger(1));
  EXPECT_EQ(engine.keyspace.tags().size(), 0u);
}

TEST_F(CacheTags, AMissingKeyHasNoneAndGetsNone) {
  EXPECT_THAT(Run("CACHE.TAG k 1 a"), IsInteger(0));
  EXPECT_THAT(Run("CACHE.UNTAG k 1 a"), IsInteger(0));
  EXPECT_THAT(TagsOf("k"), IsEmpty());
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(CacheTags, AreASetInResp3) {
  Run("SET k v TAGS 1 a");
  Run("HELLO 3");
  EXPECT_EQ(client().RunRaw({"CACHE.TAGS", "k"}), "~1\r\n$1\r\na\r\n");
}

TEST_F(CacheTags, LimitsAndFormsAreHeld) {
  Run("SET k v");
  const auto refused = [&](const std::string& rest, std::string_view error) {
    EXPECT_THAT(Run("SET k w TAGS" + rest), IsError(std::string(error))) << rest;
    if (rest.empty() || rest.find(' ', 1) == std::string::npos) return;  // another arity
    EXPECT_THAT(Run("CACHE.TAG k" + rest), IsError(std::string(error))) << rest;
    EXPECT_THAT(Run("CACHE.UNTAG k" + rest), IsError(std::string(error))) << rest;
  };
  refused("", errors::kSyntax);
  refused(" 0", errors::kBadTagCount);
  refused(" 1", errors::kMissingTags);
  refused(" 0 a", errors::kBadTagCount);
  refused(" -1 a", errors::kBadTagCount);
  refused(" x a", errors::kBadTagCount);
  refused(" 65 a", errors::kBadTagCount);
  refused(" 2 a", errors::kMissingTags);
  refused(" 1 a b", errors::kSyntax);
  refused(" 1 " + std::string(1025, 't'), errors::kTagTooLong);
  EXPECT_THAT(Run("SET k w TAGS 1 a TAGS 1 b"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
  EXPECT_THAT(TagsOf("k"), IsEmpty());
  EXPECT_THAT(Run("SET k w TAGS 1 " + std::string(1024, 't')), IsOk());
}

TEST_F(CacheTags, AnEntryHasSixtyFourAtTheMost) {
  std::string tags;
  for (int i = 0; i < 64; ++i) tags += " t" + std::to_string(i);
  EXPECT_THAT(Run("SET k v TAGS 64" + tags), IsOk());
  EXPECT_EQ(TagsOf("k").size(), 64u);
  EXPECT_THAT(Run("CACHE.TAG k 2 t0 more"), IsError(std::string(errors::kTooManyTags)));
  EXPECT_THAT(Run("CACHE.TAG k 1 t0"), IsInteger(0));
  EXPECT_EQ(TagsOf("k").size(), 64u);
}

TEST_F(CacheTags, WatchersOfAKeyThatIsTaggedLearnOfIt) {
  Run("SET k v");
  TestClient& other = NewClient();
  Run("WATCH k");
  other.Run("CACHE.TAG k 1 a");
  Run("MULTI");
  Run("GET k");
  EXPECT_THAT(Run("EXEC"), IsNull());
}

TEST_F(CacheTags, WorkInsideTransactionsAndScripts) {
  Run("MULTI");
  Run("SET k v TAGS 1 a");
  Run("CACHE.TAG k 1 b");
  Run("CACHE.TAGS k");
  const Reply replies = Run("EXEC");
  ASSERT_EQ(replies.items.size(), 3u);
  EXPECT_EQ(replies.items[2].items.size(), 2u);
  const Reply from_script = RunArgs({"EVAL",
                                     "redis.call('SET', KEYS[1], 'w', 'TAGS', 1, 'c') "
                                     "return redis.call('CACHE.TAGS', KEYS[1])",
                                     "1", "k"});
  ASSERT_EQ(from_script.items.size(), 1u);
  EXPECT_EQ(from_script.items[0].text, "c");
}

TEST_F(CacheTags, AScriptThatStartsAgainLeavesThemAsTheyWere) {
  Run("SET k v TAGS 1 a");
  Run("SET other x TAGS 1 a");
  RunArgs({"EVAL",
           "redis.call('SET', KEYS[1], 'w') redis.call('GET', ARGV[1]) "
           "return redis.error_reply('ERR enough')",
           "1", "k", "other"});
  Run("CACHE.TAG k 1 z");
  EXPECT_THAT(TagsOf("k"), ElementsAre("z"));
  EXPECT_THAT(Run("CACHE.PURGETAG a"), IsInteger(1));
}

// ---- rights

class CacheTagRights : public CacheTags {
 protected:
  // A client of a user with these rules.
  TestClient& As(const std::string& rules) {
    Run("ACL SETUSER u on nopass " + rules);
    TestClient& client = NewClient();
    client.Run("AUTH u x");
    return client;
  }
  static constexpr std::string_view kDenied = "NOPERM No permissions to access a key";
};

TEST_F(CacheTagRights, ATagCountsAsAKeyThatIsWritten) {
  TestClient& user = As("+@all ~k* %W~tag:* %R~read:*");
  EXPECT_THAT(user.Run("SET k v TAGS 2 tag:1 k2"), IsOk());
  EXPECT_THAT(user.Run("SET k v TAGS 2 tag:1 other"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("SET k v EX 10 TAGS 1 read:1"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("CACHE.TAG k 1 tag:2"), IsInteger(1));
  EXPECT_THAT(user.Run("CACHE.TAG k 1 other"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("CACHE.UNTAG k 1 other"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("CACHE.PURGETAG tag:1 other"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("CACHE.PURGETAG tag:1"), IsInteger(1));
}

TEST_F(CacheTagRights, ATagThatLooksLikeAnOptionAsksForNoRightToRead) {
  TestClient& writer = As("+@all %W~*");
  EXPECT_THAT(writer.Run("SET k v TAGS 2 GET IFEQ"), IsOk());
  EXPECT_THAT(writer.Run("SET k v TAGS 1 TAGS EX 10"), IsOk());
  EXPECT_THAT(writer.Run("SET k v GET"), IsError(std::string(kDenied)));
  EXPECT_THAT(writer.Run("SET k v TAGS 1 a GET"), IsError(std::string(kDenied)));
  EXPECT_THAT(writer.Run("SET k v IFEQ TAGS"), IsError(std::string(kDenied)));
}

TEST_F(CacheTagRights, AValueThatLooksLikeTagsHidesNoTag) {
  TestClient& user = As("+@all ~k*");
  EXPECT_THAT(user.Run("SET k v IFEQ TAGS TAGS 1 other"), IsError(std::string(kDenied)));
  EXPECT_THAT(user.Run("SET k TAGS"), IsOk());
  EXPECT_THAT(user.Run("SET k w IFEQ TAGS TAGS 1 k1"), IsOk());
}

TEST_F(CacheTagRights, KeysAreToldWithoutTags) {
  EXPECT_EQ(Run("COMMAND GETKEYS SET k v TAGS 2 a b").items.size(), 1u);
  EXPECT_EQ(Run("COMMAND GETKEYS CACHE.TAG k 2 a b").items.size(), 1u);
}

TEST_F(CacheTagRights, TheCategoryHoldsTheVerbs) {
  std::vector<std::string> names;
  for (const Reply& name : Run("ACL CAT cache").items) names.push_back(name.text);
  EXPECT_THAT(names,
              ::testing::IsSupersetOf({"cache.tag", "cache.untag", "cache.tags", "cache.purge",
                                       "cache.purgetag", "cache.purgematch"}));
}

class CacheTagEvents : public EventFixture {};

TEST_F(CacheTagEvents, ArePublished) {
  EXPECT_EQ(EventsOf("SET k v TAGS 1 a"), "new k\nset k\n");
  EXPECT_EQ(EventsOf("CACHE.TAG k 1 b"), "tag k\n");
  EXPECT_EQ(EventsOf("CACHE.TAG k 1 b"), "");
  EXPECT_EQ(EventsOf("CACHE.UNTAG k 1 b"), "untag k\n");
  EXPECT_EQ(EventsOf("CACHE.UNTAG k 1 b"), "");
}

}  // namespace
}  // namespace larder
