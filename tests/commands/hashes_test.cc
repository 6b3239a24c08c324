#include <algorithm>
#include <set>
#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";

class HashCommands : public CommandFixture {
 protected:
  void SetMany(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) {
      Run("HSET " + key + " field:" + std::to_string(i) + " " + std::to_string(i));
    }
  }
};

TEST_F(HashCommands, SetGetAndDelete) {
  EXPECT_THAT(Run("HSET h a 1 b 2 a 3"), IsInteger(2));
  EXPECT_THAT(Run("HSET h b 4 c 5"), IsInteger(1));
  EXPECT_THAT(Run("HGET h a"), IsBulk("3"));
  EXPECT_THAT(Run("HGET h x"), IsNull());
  EXPECT_THAT(Run("HMGET h a x c"), IsArray({IsBulk("3"), IsNull(), IsBulk("5")}));
  EXPECT_THAT(Run("HLEN h"), IsInteger(3));
  EXPECT_THAT(Run("HEXISTS h b"), IsInteger(1));
  EXPECT_THAT(Run("HEXISTS h x"), IsInteger(0));
  EXPECT_THAT(Run("HSTRLEN h c"), IsInteger(1));
  EXPECT_THAT(Run("HSTRLEN h x"), IsInteger(0));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"a", "3", "b", "4", "c", "5"}));
  EXPECT_THAT(Run("HKEYS h"), IsBulks({"a", "b", "c"}));
  EXPECT_THAT(Run("HVALS h"), IsBulks({"3", "4", "5"}));
  EXPECT_THAT(Run("HDEL h a x a"), IsInteger(1));
  EXPECT_THAT(Run("HDEL h b c d"), IsInteger(2));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_F(HashCommands, AMissingKeyIsAnEmptyHash) {
  EXPECT_THAT(Run("HGET h a"), IsNull());
  EXPECT_THAT(Run("HMGET h a b"), IsArray({IsNull(), IsNull()}));
  EXPECT_THAT(Run("HDEL h a"), IsInteger(0));
  EXPECT_THAT(Run("HLEN h"), IsInteger(0));
  EXPECT_THAT(Run("HSTRLEN h a"), IsInteger(0));
  EXPECT_THAT(Run("HEXISTS h a"), IsInteger(0));
  for (const char* line : {"HGETALL h", "HKEYS h", "HVALS h", "HRANDFIELD h 3"}) {
    EXPECT_THAT(Run(line), IsEmptyArray()) << line;
  }
  EXPECT_THAT(Run("HRANDFIELD h"), IsNull());
  EXPECT_THAT(Run("HSCAN h 5"), IsArray({IsBulk("0"), IsEmptyArray()}));
  EXPECT_THAT(Run("EXISTS h"), IsInteger(0));
}

TEST_F(HashCommands, OddArgumentsAreRefused) {
  EXPECT_THAT(Run("HSET h a 1 b"), IsError("ERR wrong number of arguments for 'hset' command"));
  EXPECT_THAT(Run("HMSET h a 1 b"), IsError("ERR wrong number of arguments for 'hmset' command"));
  EXPECT_THAT(Run("HMSET h a 1 b 2"), IsOk());
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"a", "1", "b", "2"}));
}

TEST_F(HashCommands, HsetnxSetsOnlyMissingFields) {
  EXPECT_THAT(Run("HSETNX h a 1"), IsInteger(1));
  EXPECT_THAT(Run("HSETNX h a 2"), IsInteger(0));
  EXPECT_THAT(Run("HSETNX h b 2"), IsInteger(1));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"a", "1", "b", "2"}));
}

TEST_F(HashCommands, HincrbyCounts) {
  EXPECT_THAT(Run("HINCRBY h n 5"), IsInteger(5));
  EXPECT_THAT(Run("HINCRBY h n -7"), IsInteger(-2));
  EXPECT_THAT(Run("HGET h n"), IsBulk("-2"));
  EXPECT_THAT(Run("HINCRBY h n 9223372036854775807"), IsInteger(9223372036854775805));
  EXPECT_THAT(Run("HINCRBY h n 10"), IsError("ERR increment or decrement would overflow"));
  EXPECT_THAT(Run("HINCRBY h n x"), IsError(kNotInteger));
  EXPECT_THAT(Run("HINCRBY missing n x"), IsError(kNotInteger));
  EXPECT_THAT(Run("EXISTS missing"), IsInteger(0));
  Run("HSET h t text");
  EXPECT_THAT(Run("HINCRBY h t 1"), IsError("ERR hash value is not an integer"));
}

TEST_F(HashCommands, HincrbyfloatCounts) {
  EXPECT_THAT(Run("HINCRBYFLOAT h f 10.5"), IsBulk("10.5"));
  EXPECT_THAT(Run("HINCRBYFLOAT h f 0.1"), IsBulk("10.6"));
  EXPECT_THAT(Run("HINCRBYFLOAT h f -5.6"), IsBulk("5"));
  EXPECT_THAT(Run("HINCRBYFLOAT h f 5.0e3"), IsBulk("5005"));
  EXPECT_THAT(Run("HINCRBYFLOAT h f x"), IsError("ERR value is not a valid float"));
  EXPECT_THAT(Run("HINCRBYFLOAT h f inf"), IsError("ERR value is NaN or Infinity"));
  Run("HSET h t text i inf");
  EXPECT_THAT(Run("HINCRBYFLOAT h t 1"), IsError("ERR hash value is not a float"));
  EXPECT_THAT(Run("HINCRBYFLOAT h i 1"), IsError("ERR increment would produce NaN or Infinity"));
}

TEST_F(HashCommands, EncodingsFollowTheFields) {
  SetMany("h", 1, 512);
  EXPECT_THAT(Run("OBJECT ENCODING h"), IsBulk("listpack"));
  SetMany("h", 513, 513);
  EXPECT_THAT(Run("OBJECT ENCODING h"), IsBulk("hashtable"));
  EXPECT_THAT(Run("HGET h field:77"), IsBulk("77"));
  RunArgs({"HSET", "long", "f", std::string(64, 'x')});
  EXPECT_THAT(Run("OBJECT ENCODING long"), IsBulk("listpack"));
  RunArgs({"HSET", "long", "f", std::string(65, 'x')});
  EXPECT_THAT(Run("OBJECT ENCODING long"), IsBulk("hashtable"));
  EXPECT_THAT(Run("TYPE long"), IsSimple("hash"));
}

TEST_F(HashCommands, TheThresholdsAreOptions) {
  Run("CONFIG SET hash-max-listpack-entries 2 hash-max-ziplist-value 3");
  Run("HSET h a 1 b 2");
  EXPECT_THAT(Run("OBJECT ENCODING h"), IsBulk("listpack"));
  Run("HSET h c 3");
  EXPECT_THAT(Run("OBJECT ENCODING h"), IsBulk("hashtable"));
  Run("HSET long a 1234");
  EXPECT_THAT(Run("OBJECT ENCODING long"), IsBulk("hashtable"));
}

TEST_F(HashCommands, CopiesAreIndependentAndRenamesMove) {
  SetMany("h", 1, 1000);
  EXPECT_THAT(Run("COPY h copy"), IsInteger(1));
  Run("HSET copy field:1 changed");
  EXPECT_THAT(Run("HGET h field:1"), IsBulk("1"));
  EXPECT_THAT(Run("HLEN copy"), IsInteger(1000));
  EXPECT_THAT(Run("RENAME copy other"), IsOk());
  EXPECT_THAT(Run("HGET other field:1"), IsBulk("changed"));
  EXPECT_THAT(Run("SCAN 0 TYPE hash COUNT 1000"),
              IsArray({IsBulk("0"), IsUnorderedBulks({"h", "other"})}));
  EXPECT_GT(Run("MEMORY USAGE h").integer, 20000);
  EXPECT_THAT(Run("UNLINK h other"), IsInteger(2));
}

TEST_F(HashCommands, AScriptThatStartsAgainLeavesTheHashAsItWas) {
  Run("HSET h n 1");
  EXPECT_THAT(Run("EVAL \"redis.call('HINCRBY', KEYS[1], 'n', 1); redis.call('GET', 'other'); "
                  "return redis.call('HGET', KEYS[1], 'n')\" 1 h"),
              IsBulk("2"));
  EXPECT_THAT(Run("HGETALL h"), IsBulks({"n", "2"}));
  SetMany("large", 1, 3000);
  EXPECT_THAT(Run("EVAL \"redis.call('HDEL', KEYS[1], 'field:1'); redis.call('GET', 'more'); "
                  "return redis.call('HLEN', KEYS[1])\" 1 large"),
              IsInteger(2999));
}

// ---- drawing

TEST_F(HashCommands, HrandfieldDrawsWithAndWithoutRepetition) {
  SetMany("h", 1, 200);
  std::set<std::string> drawn;
  for (const auto& field : Run("HRANDFIELD h 150").items) drawn.insert(field.text);
  EXPECT_EQ(drawn.size(), 150u);
  EXPECT_EQ(Run("HRANDFIELD h 1000").items.size(), 200u);
  EXPECT_EQ(Run("HRANDFIELD h -1000").items.size(), 1000u);
  EXPECT_EQ(Run("HRANDFIELD h 0").items.size(), 0u);
  EXPECT_THAT(Run("HEXISTS h " + Run("HRANDFIELD h").text), IsInteger(1));
  const auto pairs = Run("HRANDFIELD h 3 WITHVALUES").items;
  ASSERT_EQ(pairs.size(), 6u);
  EXPECT_EQ(pairs[0].text, "field:" + pairs[1].text);
  EXPECT_EQ(Run("HRANDFIELD h -3 withvalues").items.size(), 6u);
}

TEST_F(HashCommands, HrandfieldRefusesWhatMakesNoSense) {
  Run("HSET h a 1");
  EXPECT_THAT(Run("HRANDFIELD h x"), IsError(kNotInteger));
  EXPECT_THAT(Run("HRANDFIELD h 1 2"), IsError(kSyntax));
  EXPECT_THAT(Run("HRANDFIELD h 1 WITHVALUES 2"), IsError(kSyntax));
  EXPECT_THAT(Run("HRANDFIELD h -9223372036854775808"),
              IsError("ERR value is out of range, value must between -9223372036854775807 and "
                      "9223372036854775807"));
  EXPECT_THAT(Run("HRANDFIELD h -9223372036854775807 WITHVALUES"),
              IsError("ERR value is out of range"));
}

// ---- scanning

TEST_F(HashCommands, HscanReturnsEveryField) {
  SetMany("h", 1, 1000);
  std::multiset<std::string> seen;
  std::string cursor = "0";
  do {
    const protocol::Reply reply = Run("HSCAN h " + cursor + " MATCH field:* COUNT 20");
    ASSERT_EQ(reply.items.size(), 2u);
    cursor = reply.items[0].text;
    const auto& items = reply.items[1].items;
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      EXPECT_EQ(items[i].text, "field:" + items[i + 1].text);
      seen.insert(items[i].text);
    }
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1000u);
}

TEST_F(HashCommands, HscanNovaluesAnswersNamesAlone) {
  Run("HSET h a 1 b 2");
  EXPECT_THAT(Run("HSCAN h 0 NOVALUES"), IsArray({IsBulk("0"), IsBulks({"a", "b"})}));
  EXPECT_THAT(Run("HSCAN h 0 novalues MATCH b"), IsArray({IsBulk("0"), IsBulks({"b"})}));
  EXPECT_THAT(Run("HSCAN h 0"), IsArray({IsBulk("0"), IsBulks({"a", "1", "b", "2"})}));
  Run("SADD s m");
  EXPECT_THAT(Run("SSCAN s 0 NOVALUES"), IsError("ERR NOVALUES option can only be used in HSCAN"));
}

TEST_F(HashCommands, HscanRefusesWhatMakesNoSense) {
  Run("HSET h a 1");
  EXPECT_THAT(Run("HSCAN h x"), IsError("ERR invalid cursor"));
  EXPECT_THAT(Run("HSCAN h 0 COUNT 0"), IsError(kSyntax));
  EXPECT_THAT(Run("HSCAN h 0 TYPE hash"), IsError(kSyntax));
}

// ---- protocol and events

TEST_F(HashCommands, Resp3AnswersMapsAndPairs) {
  Run("HSET h a 1");
  Run("HELLO 3");
  EXPECT_EQ(Run("HGETALL h").type, protocol::Reply::Type::kMap);
  EXPECT_EQ(Run("HGETALL missing").type, protocol::Reply::Type::kMap);
  EXPECT_EQ(Run("HKEYS h").type, protocol::Reply::Type::kArray);
  EXPECT_THAT(Run("HRANDFIELD h 2 WITHVALUES"), IsArray({IsBulks({"a", "1"})}));
  EXPECT_THAT(Run("HRANDFIELD h -2 WITHVALUES"),
              IsArray({IsBulks({"a", "1"}), IsBulks({"a", "1"})}));
}

TEST_F(HashCommands, WrongTypesAreRefused) {
  Run("SET k v");
  for (const char* line :
       {"HSET k a 1", "HSETNX k a 1", "HMSET k a 1", "HGET k a", "HMGET k a", "HGETALL k",
        "HDEL k a", "HEXISTS k a", "HLEN k", "HSTRLEN k a", "HKEYS k", "HVALS k", "HINCRBY k a 1",
        "HINCRBYFLOAT k a 1", "HSCAN k 0", "HRANDFIELD k", "HRANDFIELD k 2"}) {
    EXPECT_THAT(Run(line), IsError(kWrongType)) << line;
  }
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

using HashEvents = EventFixture;

TEST_F(HashEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("HSET h a 1"), "new h\nhset h\n");
  EXPECT_EQ(EventsOf("HSET h a 1"), "hset h\n");
  EXPECT_EQ(EventsOf("HMSET h a 1"), "hset h\n");
  EXPECT_EQ(EventsOf("HSETNX h a 1"), "");
  EXPECT_EQ(EventsOf("HSETNX h b 1"), "hset h\n");
  EXPECT_EQ(EventsOf("HINCRBY h a 1"), "hincrby h\n");
  EXPECT_EQ(EventsOf("HINCRBYFLOAT h a 1"), "hincrbyfloat h\n");
  EXPECT_EQ(EventsOf("HDEL h x"), "");
  EXPECT_EQ(EventsOf("HDEL h a"), "hdel h\n");
  EXPECT_EQ(EventsOf("HDEL h b"), "hdel h\ndel h\n");
}

}  // namespace
}  // namespace larder
