#include <set>
#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotFloat[] = "ERR value is not a valid float";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";

// Every test runs with sorted sets in the small and in the large form.
class SortedSetCommands : public CommandFixture, public ::testing::WithParamInterface<bool> {
 protected:
  SortedSetCommands() {
    if (GetParam()) Run("CONFIG SET zset-max-listpack-entries 0");
  }
  // 10 to `count`: m00010 scores 10.
  void AddMany(const std::string& key, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(10 + i);
      Run("ZADD " + key + " " + number + " m" + std::string(5 - number.size(), '0') + number);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Forms, SortedSetCommands, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Skiplist" : "Listpack"; });

// ---- members

TEST_P(SortedSetCommands, AddScoreAndRemove) {
  EXPECT_THAT(Run("ZADD z 1 a 2 b 3.5 c"), IsInteger(3));
  EXPECT_THAT(Run("ZADD z 1 a 5 b 4 d"), IsInteger(1));
  EXPECT_THAT(Run("ZCARD z"), IsInteger(4));
  EXPECT_THAT(Run("ZSCORE z b"), IsBulk("5"));
  EXPECT_THAT(Run("ZSCORE z c"), IsBulk("3.5"));
  EXPECT_THAT(Run("ZSCORE z x"), IsNull());
  EXPECT_THAT(Run("ZMSCORE z a x d"), IsArray({IsBulk("1"), IsNull(), IsBulk("4")}));
  EXPECT_THAT(Run("ZRANGE z 0 -1"), IsBulks({"a", "c", "d", "b"}));
  EXPECT_THAT(Run("ZREM z a x b"), IsInteger(2));
  EXPECT_THAT(Run("ZRANGE z 0 -1 WITHSCORES"), IsBulks({"c", "3.5", "d", "4"}));
  EXPECT_THAT(Run("ZREM z c d"), IsInteger(2));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
}

TEST_P(SortedSetCommands, AddTakesConditions) {
  Run("ZADD z 5 a");
  EXPECT_THAT(Run("ZADD z NX 6 a 1 b"), IsInteger(1));
  EXPECT_THAT(Run("ZADD z XX 6 a 1 c"), IsInteger(0));
  EXPECT_THAT(Run("ZADD z XX CH 7 a 1 c"), IsInteger(1));
  EXPECT_THAT(Run("ZADD z GT CH 6 a 2 b 3 d"), IsInteger(2));
  EXPECT_THAT(Run("ZADD z LT CH 6 a 3 b"), IsInteger(1));
  EXPECT_THAT(Run("ZADD z CH 6 a"), IsInteger(0));
  EXPECT_THAT(Run("ZRANGE z 0 -1 WITHSCORES"), IsBulks({"b", "2", "d", "3", "a", "6"}));
  EXPECT_THAT(Run("ZADD missing XX 1 a"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS missing"), IsInteger(0));
}

TEST_P(SortedSetCommands, AddIncrements) {
  EXPECT_THAT(Run("ZADD z INCR 5 a"), IsBulk("5"));
  EXPECT_THAT(Run("ZADD z INCR -1.5 a"), IsBulk("3.5"));
  EXPECT_THAT(Run("ZADD z INCR NX 1 a"), IsNull());
  EXPECT_THAT(Run("ZADD z INCR XX 1 b"), IsNull());
  EXPECT_THAT(Run("ZADD z INCR GT -1 a"), IsNull());
  EXPECT_THAT(Run("ZADD z INCR LT -1 a"), IsBulk("2.5"));
  EXPECT_THAT(Run("ZADD z INCR 0 a"), IsBulk("2.5"));
  EXPECT_THAT(Run("ZINCRBY z 2 a"), IsBulk("4.5"));
  EXPECT_THAT(Run("ZINCRBY z 0.1 b"), IsBulk("0.10000000000000001"));
  EXPECT_THAT(Run("ZINCRBY z inf b"), IsBulk("inf"));
  EXPECT_THAT(Run("ZINCRBY z -inf b"), IsError("ERR resulting score is not a number (NaN)"));
  EXPECT_THAT(Run("ZADD z INCR -inf b"), IsError("ERR resulting score is not a number (NaN)"));
  EXPECT_THAT(Run("ZSCORE z b"), IsBulk("inf"));
  EXPECT_THAT(Run("ZINCRBY z x b"), IsError(kNotFloat));
}

TEST_P(SortedSetCommands, AddRefusesWhatMakesNoSense) {
  EXPECT_THAT(Run("ZADD z 1 a 2"), IsError(kSyntax));
  EXPECT_THAT(Run("ZADD z NX CH"), IsError(kSyntax));
  EXPECT_THAT(Run("ZADD z NX XX 1 a"),
              IsError("ERR XX and NX options at the same time are not compatible"));
  for (const char* options : {"GT NX", "LT NX", "GT LT"}) {
    EXPECT_THAT(Run(std::string("ZADD z ") + options + " 1 a"),
                IsError("ERR GT, LT, and/or NX options at the same time are not compatible"));
  }
  EXPECT_THAT(Run("ZADD z INCR 1 a 2 b"),
              IsError("ERR INCR option supports a single increment-element pair"));
  EXPECT_THAT(Run("ZADD z 1 a nan b"), IsError(kNotFloat));
  EXPECT_THAT(Run("ZADD z 1 a x b"), IsError(kNotFloat));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
}

TEST_P(SortedSetCommands, AMissingKeyIsAnEmptySet) {
  for (const char* line : {"ZCARD z", "ZREM z a", "ZCOUNT z 0 1", "ZLEXCOUNT z - +",
                           "ZREMRANGEBYRANK z 0 1", "ZREMRANGEBYSCORE z 0 1", "ZINTERCARD 1 z",
                           "ZREMRANGEBYLEX z - +", "ZRANGESTORE d z 0 -1", "ZDIFFSTORE d 1 z"}) {
    EXPECT_THAT(Run(line), IsInteger(0)) << line;
  }
  for (const char* line : {"ZRANGE z 0 -1", "ZPOPMIN z", "ZPOPMAX z 2", "ZRANDMEMBER z 2",
                           "ZUNION 1 z", "ZINTER 1 z", "ZDIFF 1 z", "ZREVRANGE z 0 -1"}) {
    EXPECT_THAT(Run(line), IsEmptyArray()) << line;
  }
  for (const char* line : {"ZSCORE z a", "ZRANK z a", "ZREVRANK z a", "ZRANDMEMBER z"}) {
    EXPECT_THAT(Run(line), IsNull()) << line;
  }
  EXPECT_THAT(Run("ZRANK z a WITHSCORE"), IsNullArray());
  EXPECT_THAT(Run("ZMPOP 1 z MIN"), IsNullArray());
  EXPECT_THAT(Run("ZSCAN z 5"), IsArray({IsBulk("0"), IsEmptyArray()}));
}

TEST_P(SortedSetCommands, RanksCountFromEitherEnd) {
  Run("ZADD z 1 a 1 b 2 c");
  EXPECT_THAT(Run("ZRANK z a"), IsInteger(0));
  EXPECT_THAT(Run("ZRANK z c"), IsInteger(2));
  EXPECT_THAT(Run("ZREVRANK z a"), IsInteger(2));
  EXPECT_THAT(Run("ZRANK z b WITHSCORE"), IsArray({IsInteger(1), IsBulk("1")}));
  EXPECT_THAT(Run("ZREVRANK z b withscore"), IsArray({IsInteger(1), IsBulk("1")}));
  EXPECT_THAT(Run("ZRANK z x"), IsNull());
  EXPECT_THAT(Run("ZREVRANK z x WITHSCORE"), IsNullArray());
  EXPECT_THAT(Run("ZRANK z a WITHSCORES"), IsError(kSyntax));
  EXPECT_THAT(Run("ZRANK z a WITHSCORE x"),
              IsError("ERR wrong number of arguments for 'zrank' command"));
}

// ---- ranges

TEST_P(SortedSetCommands, RangesByRank) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  EXPECT_THAT(Run("ZRANGE z 1 2"), IsBulks({"b", "c"}));
  EXPECT_THAT(Run("ZRANGE z -2 -1"), IsBulks({"c", "d"}));
  EXPECT_THAT(Run("ZRANGE z -100 100"), IsBulks({"a", "b", "c", "d"}));
  EXPECT_THAT(Run("ZRANGE z 3 1"), IsEmptyArray());
  EXPECT_THAT(Run("ZRANGE z 4 10"), IsEmptyArray());
  EXPECT_THAT(Run("ZRANGE z 0 1 REV"), IsBulks({"d", "c"}));
  EXPECT_THAT(Run("ZREVRANGE z 0 1 WITHSCORES"), IsBulks({"d", "4", "c", "3"}));
  EXPECT_THAT(Run("ZREVRANGE z -1 -1"), IsBulks({"a"}));
  EXPECT_THAT(Run("ZRANGE z 0 x"), IsError(kNotInteger));
  EXPECT_THAT(Run("ZRANGE z 0 -1 LIMIT 0 -1"), IsBulks({"a", "b", "c", "d"}));
  EXPECT_THAT(Run("ZRANGE z 0 -1 LIMIT 0 1"),
              IsError("ERR syntax error, LIMIT is only supported in combination with either "
                      "BYSCORE or BYLEX"));
  EXPECT_THAT(Run("ZRANGE z 0 -1 REV REV"), IsError(kSyntax));
  EXPECT_THAT(Run("ZREVRANGE z 0 -1 REV"), IsError(kSyntax));
}

TEST_P(SortedSetCommands, RangesByScore) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  EXPECT_THAT(Run("ZRANGE z 2 3 BYSCORE"), IsBulks({"b", "c"}));
  EXPECT_THAT(Run("ZRANGE z (2 +inf BYSCORE LIMIT 1 5"), IsBulks({"d"}));
  EXPECT_THAT(Run("ZRANGE z +inf (2 BYSCORE REV LIMIT 0 1 WITHSCORES"), IsBulks({"d", "4"}));
  EXPECT_THAT(Run("ZRANGEBYSCORE z -inf (3"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 10 LIMIT 1 2 WITHSCORES"), IsBulks({"b", "2", "c", "3"}));
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 10 LIMIT 1 -1"), IsBulks({"b", "c", "d"}));
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 10 LIMIT 1 0"), IsEmptyArray());
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 10 LIMIT -1 2"), IsEmptyArray());
  EXPECT_THAT(Run("ZREVRANGEBYSCORE z 3 2"), IsBulks({"c", "b"}));
  EXPECT_THAT(Run("ZREVRANGEBYSCORE z 10 0 LIMIT 1 2"), IsBulks({"c", "b"}));
  EXPECT_THAT(Run("ZREVRANGEBYSCORE z 2 3"), IsEmptyArray());
  EXPECT_THAT(Run("ZCOUNT z 2 (4"), IsInteger(2));
  for (const char* line : {"ZRANGEBYSCORE z a 1", "ZCOUNT z 1 (nan", "ZREMRANGEBYSCORE z 1 1x"}) {
    EXPECT_THAT(Run(line), IsError("ERR min or max is not a float")) << line;
  }
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 1 LIMIT 1"), IsError(kSyntax));
  EXPECT_THAT(Run("ZRANGEBYSCORE z 0 1 LIMIT a 1"), IsError(kNotInteger));
}

TEST_P(SortedSetCommands, RangesByMember) {
  Run("ZADD z 0 a 0 b 0 c 0 d");
  EXPECT_THAT(Run("ZRANGE z [b (d BYLEX"), IsBulks({"b", "c"}));
  EXPECT_THAT(Run("ZRANGE z + [b BYLEX REV LIMIT 1 1"), IsBulks({"c"}));
  EXPECT_THAT(Run("ZRANGEBYLEX z - [b"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("ZRANGEBYLEX z - + LIMIT 2 10"), IsBulks({"c", "d"}));
  EXPECT_THAT(Run("ZREVRANGEBYLEX z (c -"), IsBulks({"b", "a"}));
  EXPECT_THAT(Run("ZLEXCOUNT z (a ["), IsInteger(0));
  EXPECT_THAT(Run("ZLEXCOUNT z (a +"), IsInteger(3));
  EXPECT_THAT(Run("ZRANGE z [a [b BYLEX WITHSCORES"),
              IsError("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
  for (const char* line : {"ZRANGEBYLEX z a +", "ZLEXCOUNT z - -x", "ZREMRANGEBYLEX z - \"\""}) {
    EXPECT_THAT(Run(line), IsError("ERR min or max not valid string range item")) << line;
  }
}

TEST_P(SortedSetCommands, RangesAreRemoved) {
  AddMany("z", 300);
  EXPECT_THAT(Run("ZREMRANGEBYRANK z 0 9"), IsInteger(10));
  EXPECT_THAT(Run("ZREMRANGEBYRANK z -1 -1"), IsInteger(1));
  EXPECT_THAT(Run("ZREMRANGEBYSCORE z (20 30"), IsInteger(10));
  EXPECT_THAT(Run("ZCARD z"), IsInteger(279));
  EXPECT_THAT(Run("ZREMRANGEBYRANK z 500 600"), IsInteger(0));
  EXPECT_THAT(Run("ZREMRANGEBYSCORE z -inf +inf"), IsInteger(279));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
  Run("ZADD z 0 a 0 b 0 c");
  EXPECT_THAT(Run("ZREMRANGEBYLEX z [a (c"), IsInteger(2));
  EXPECT_THAT(Run("ZREMRANGEBYLEX z - +"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
}

TEST_P(SortedSetCommands, ARangeIsStored) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  Run("SET d string EX 10");
  EXPECT_THAT(Run("ZRANGESTORE d z 1 2"), IsInteger(2));
  EXPECT_THAT(Run("TTL d"), IsInteger(-1));
  EXPECT_THAT(Run("ZRANGE d 0 -1 WITHSCORES"), IsBulks({"b", "2", "c", "3"}));
  EXPECT_THAT(Run("ZRANGESTORE d z +inf 2 BYSCORE REV LIMIT 0 1"), IsInteger(1));
  EXPECT_THAT(Run("ZRANGE d 0 -1"), IsBulks({"d"}));
  EXPECT_THAT(Run("ZRANGESTORE d d 5 6"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
  EXPECT_THAT(Run("ZRANGESTORE d z 0 -1 WITHSCORES"), IsError(kSyntax));
}

// ---- popping and drawing

TEST_P(SortedSetCommands, PopTakesFromTheEnds) {
  Run("ZADD z 1 a 2 b 3 c 4 d 5 e");
  EXPECT_THAT(Run("ZPOPMIN z"), IsBulks({"a", "1"}));
  EXPECT_THAT(Run("ZPOPMAX z 2"), IsBulks({"e", "5", "d", "4"}));
  EXPECT_THAT(Run("ZPOPMIN z 0"), IsEmptyArray());
  EXPECT_THAT(Run("ZPOPMAX z 10"), IsBulks({"c", "3", "b", "2"}));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
  EXPECT_THAT(Run("ZPOPMIN z -1"), IsError("ERR value is out of range, must be positive"));
  EXPECT_THAT(Run("ZPOPMAX z x"), IsError("ERR value is out of range, must be positive"));
  EXPECT_THAT(Run("ZPOPMAX z 1 2"), IsError(kSyntax));
}

TEST_P(SortedSetCommands, ZmpopTakesFromTheFirstSetThatHasAny) {
  Run("ZADD z 1 a 2 b 3 c");
  EXPECT_THAT(Run("ZMPOP 2 none z MIN"), IsArray({IsBulk("z"), IsArray({IsBulks({"a", "1"})})}));
  EXPECT_THAT(Run("ZMPOP 1 z MAX COUNT 5"),
              IsArray({IsBulk("z"), IsArray({IsBulks({"c", "3"}), IsBulks({"b", "2"})})}));
  EXPECT_THAT(Run("ZMPOP 0 z MIN"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("ZMPOP 9 z MIN"), IsError(kSyntax));
  EXPECT_THAT(Run("ZMPOP 1 z MID"), IsError(kSyntax));
  EXPECT_THAT(Run("ZMPOP 1 z MIN COUNT"), IsError(kSyntax));
  EXPECT_THAT(Run("ZMPOP 1 z MIN COUNT 0"), IsError("ERR count should be greater than 0"));
  EXPECT_THAT(Run("ZMPOP 1 z MIN COUNT 1 COUNT 2"), IsError(kSyntax));
}

TEST_P(SortedSetCommands, ZrandmemberDrawsWithAndWithoutRepetition) {
  AddMany("z", 200);
  std::set<std::string> drawn;
  for (const auto& member : Run("ZRANDMEMBER z 150").items) drawn.insert(member.text);
  EXPECT_EQ(drawn.size(), 150u);
  EXPECT_EQ(Run("ZRANDMEMBER z 1000").items.size(), 200u);
  EXPECT_EQ(Run("ZRANDMEMBER z -1000").items.size(), 1000u);
  EXPECT_EQ(Run("ZRANDMEMBER z 10 WITHSCORES").items.size(), 20u);
  EXPECT_EQ(Run("ZRANDMEMBER z -10 withscores").items.size(), 20u);
  EXPECT_EQ(Run("ZRANDMEMBER z 0").items.size(), 0u);
  EXPECT_EQ(Run("ZSCORE z " + Run("ZRANDMEMBER z").text).type, protocol::Reply::Type::kBulk);
  EXPECT_THAT(Run("ZRANDMEMBER z x"), IsError(kNotInteger));
  EXPECT_THAT(Run("ZRANDMEMBER z 1 x"), IsError(kSyntax));
  EXPECT_THAT(Run("ZRANDMEMBER z -9223372036854775808"),
              IsError("ERR value is out of range, value must between -9223372036854775807 and "
                      "9223372036854775807"));
  EXPECT_THAT(Run("ZRANDMEMBER z -4611686018427387905 WITHSCORES"),
              IsError("ERR value is out of range"));
}

// ---- algebra

TEST_P(SortedSetCommands, UniteIntersectAndSubtract) {
  Run("ZADD a 1 x 2 y 3 z");
  Run("ZADD b 10 y 20 z 30 w");
  Run("SADD s y q");
  EXPECT_THAT(Run("ZUNION 2 a b WITHSCORES"), IsBulks({"x", "1", "y", "12", "z", "23", "w", "30"}));
  EXPECT_THAT(Run("ZINTER 2 a b WITHSCORES WEIGHTS 2 0.5"), IsBulks({"y", "9", "z", "16"}));
  EXPECT_THAT(Run("ZINTER 2 a b AGGREGATE MIN WITHSCORES"), IsBulks({"y", "2", "z", "3"}));
  EXPECT_THAT(Run("ZUNION 2 a b AGGREGATE MAX WITHSCORES"),
              IsBulks({"x", "1", "y", "10", "z", "20", "w", "30"}));
  EXPECT_THAT(Run("ZDIFF 3 a b missing WITHSCORES"), IsBulks({"x", "1"}));
  EXPECT_THAT(Run("ZDIFF 2 a a"), IsEmptyArray());
  EXPECT_THAT(Run("ZUNION 2 a s WEIGHTS 1 100 WITHSCORES"),
              IsBulks({"x", "1", "z", "3", "q", "100", "y", "102"}));
  EXPECT_THAT(Run("ZINTER 2 s a"), IsBulks({"y"}));
  EXPECT_THAT(Run("ZINTER 2 a missing"), IsEmptyArray());
  EXPECT_THAT(Run("ZINTERCARD 2 a b"), IsInteger(2));
  EXPECT_THAT(Run("ZINTERCARD 2 a b LIMIT 1"), IsInteger(1));
}

TEST_P(SortedSetCommands, AlgebraTakesInfinitiesWithoutNan) {
  Run("ZADD a inf x");
  Run("ZADD b -inf x");
  EXPECT_THAT(Run("ZUNION 2 a b WITHSCORES"), IsBulks({"x", "0"}));
  EXPECT_THAT(Run("ZINTER 1 a WEIGHTS 0 WITHSCORES"), IsBulks({"x", "0"}));
}

TEST_P(SortedSetCommands, AggregateCountAddsUpWeights) {
  Run("ZADD a 5 x 7 y");
  Run("ZADD b 9 y inf z");
  Run("SADD s y");
  EXPECT_THAT(Run("ZUNION 3 a b s AGGREGATE COUNT WITHSCORES"),
              IsBulks({"x", "1", "z", "1", "y", "3"}));
  EXPECT_THAT(Run("ZINTER 2 a b WEIGHTS 2 0.5 AGGREGATE count WITHSCORES"), IsBulks({"y", "2.5"}));
  EXPECT_THAT(Run("ZINTERSTORE d 2 a b AGGREGATE COUNT"), IsInteger(1));
  EXPECT_THAT(Run("ZSCORE d y"), IsBulk("2"));
}

TEST_P(SortedSetCommands, StoringReplacesTheTarget) {
  Run("ZADD a 1 x 2 y");
  Run("ZADD b 10 y");
  Run("SET d string EX 10");
  EXPECT_THAT(Run("ZUNIONSTORE d 2 a b WEIGHTS 1 2 AGGREGATE SUM"), IsInteger(2));
  EXPECT_THAT(Run("TTL d"), IsInteger(-1));
  EXPECT_THAT(Run("ZRANGE d 0 -1 WITHSCORES"), IsBulks({"x", "1", "y", "22"}));
  EXPECT_THAT(Run("OBJECT ENCODING d"), IsBulk(GetParam() ? "skiplist" : "listpack"));
  EXPECT_THAT(Run("ZINTERSTORE d 2 a b"), IsInteger(1));
  EXPECT_THAT(Run("ZDIFFSTORE a 2 a b"), IsInteger(1));
  EXPECT_THAT(Run("ZRANGE a 0 -1"), IsBulks({"x"}));
  EXPECT_THAT(Run("ZINTERSTORE d 2 a b"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
}

TEST_P(SortedSetCommands, AlgebraRefusesWhatMakesNoSense) {
  Run("ZADD a 1 x");
  EXPECT_THAT(Run("ZUNION 0 a"),
              IsError("ERR at least 1 input key is needed for 'zunion' command"));
  EXPECT_THAT(Run("ZINTERSTORE d -1 a"),
              IsError("ERR at least 1 input key is needed for 'zinterstore' command"));
  EXPECT_THAT(Run("ZUNION x a"), IsError(kNotInteger));
  EXPECT_THAT(Run("ZUNION 5 a"), IsError(kSyntax));
  EXPECT_THAT(Run("ZUNION 1 a WEIGHTS x"), IsError("ERR weight value is not a float"));
  EXPECT_THAT(Run("ZUNION 1 a WEIGHTS"), IsError(kSyntax));
  EXPECT_THAT(Run("ZUNION 1 a AGGREGATE AVG"), IsError(kSyntax));
  EXPECT_THAT(Run("ZDIFF 1 a WEIGHTS 1"), IsError(kSyntax));
  EXPECT_THAT(Run("ZUNIONSTORE d 1 a WITHSCORES"), IsError(kSyntax));
  EXPECT_THAT(Run("ZINTERCARD 1 a LIMIT -1"), IsError("ERR LIMIT can't be negative"));
}

// ---- scanning, copying, protocol

TEST_P(SortedSetCommands, ZscanReturnsEveryMember) {
  AddMany("z", 500);
  std::multiset<std::string> seen;
  std::string cursor = "0";
  do {
    const protocol::Reply reply = Run("ZSCAN z " + cursor + " MATCH m* COUNT 20");
    ASSERT_EQ(reply.items.size(), 2u);
    cursor = reply.items[0].text;
    const auto& items = reply.items[1].items;
    ASSERT_EQ(items.size() % 2, 0u);
    for (size_t i = 0; i < items.size(); i += 2) {
      seen.insert(items[i].text);
      EXPECT_EQ(std::stoi(items[i].text.substr(1)), std::stoi(items[i + 1].text));
    }
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 500u);
}

TEST_P(SortedSetCommands, ACopyIsIndependentAndARenameKeepsIt) {
  AddMany("z", 300);
  EXPECT_THAT(Run("COPY z copy"), IsInteger(1));
  Run("ZADD copy 0 first");
  EXPECT_THAT(Run("ZCARD z"), IsInteger(300));
  EXPECT_THAT(Run("ZRANGE copy 0 0"), IsBulks({"first"}));
  EXPECT_THAT(Run("RENAME copy other"), IsOk());
  EXPECT_THAT(Run("TYPE other"), IsSimple("zset"));
  EXPECT_THAT(Run("ZRANK other m00309"), IsInteger(300));
  EXPECT_EQ(Run("DEBUG DIGEST-VALUE z").text, Run("DEBUG DIGEST-VALUE z").text);
}

TEST_P(SortedSetCommands, AScriptThatStartsAgainLeavesNoTrace) {
  AddMany("z", 5);
  const char* script =
      "redis.call('ZADD', KEYS[1], 99, 'x'); redis.call('ZREM', KEYS[1], 'm00010'); "
      "redis.call('ZADD', 'undeclared' .. ARGV[1], 1, 'a'); return redis.call('ZCARD', KEYS[1])";
  EXPECT_THAT(client().RunArgs({"EVAL", script, "1", "z", "7"}), IsInteger(5));
  EXPECT_THAT(Run("ZCARD undeclared7"), IsInteger(1));
  EXPECT_THAT(Run("ZINCRBY z 1 x"), IsBulk("100"));
}

TEST_P(SortedSetCommands, Resp3AnswersDoublesAndPairs) {
  Run("ZADD z 1.5 a inf b");
  Run("HELLO 3");
  EXPECT_THAT(Run("ZSCORE z a"), IsDouble(1.5));
  EXPECT_THAT(Run("ZINCRBY z 1 a"), IsDouble(2.5));
  EXPECT_THAT(Run("ZRANGE z 0 0 WITHSCORES"), IsArray({IsArray({IsBulk("a"), IsDouble(2.5)})}));
  EXPECT_THAT(Run("ZRANK z a WITHSCORE"), IsArray({IsInteger(0), IsDouble(2.5)}));
  EXPECT_THAT(Run("ZUNION 1 z WITHSCORES").items.at(0), IsArray({IsBulk("a"), IsDouble(2.5)}));
  EXPECT_EQ(Run("ZRANDMEMBER z -3 WITHSCORES").items.size(), 3u);
  EXPECT_EQ(Run("ZSCAN z 0").items.at(1).items.at(1).type, protocol::Reply::Type::kBulk);
  EXPECT_THAT(Run("ZPOPMIN z"), IsArray({IsBulk("a"), IsDouble(2.5)}));
  EXPECT_EQ(Run("ZPOPMIN z 1").items.at(0).items.size(), 2u);
}

TEST_F(CommandFixture, SortedSetsChangeTheirEncoding) {
  Run("ZADD z 1 a");
  EXPECT_THAT(Run("OBJECT ENCODING z"), IsBulk("listpack"));
  RunArgs({"ZADD", "z", "1", std::string(65, 'x')});
  EXPECT_THAT(Run("OBJECT ENCODING z"), IsBulk("skiplist"));
  std::vector<std::string> request = {"ZADD", "many"};
  for (int i = 0; i < 128; ++i) {
    request.insert(request.end(), {std::to_string(i), "m" + std::to_string(i)});
  }
  client().RunArgs(request);
  EXPECT_THAT(Run("OBJECT ENCODING many"), IsBulk("listpack"));
  Run("ZADD many 1 one-more");
  EXPECT_THAT(Run("OBJECT ENCODING many"), IsBulk("skiplist"));
}

using SortedSetEvents = EventFixture;

TEST_F(SortedSetEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("ZADD z 1 a 2 b 3 c 4 d"), "new z\nzadd z\n");
  EXPECT_EQ(EventsOf("ZADD z 1 a"), "");
  EXPECT_EQ(EventsOf("ZADD z INCR 1 a"), "zincr z\n");
  EXPECT_EQ(EventsOf("ZINCRBY z 1 a"), "zincr z\n");
  EXPECT_EQ(EventsOf("ZREM z a"), "zrem z\n");
  EXPECT_EQ(EventsOf("ZPOPMIN z"), "zpopmin z\n");
  EXPECT_EQ(EventsOf("ZUNIONSTORE u 1 z"), "new u\nzunionstore u\n");
  EXPECT_EQ(EventsOf("ZRANGESTORE u z 0 -1"), "zrangestore u\n");
  EXPECT_EQ(EventsOf("ZDIFFSTORE u 2 z z"), "del u\n");
  EXPECT_EQ(EventsOf("ZREMRANGEBYSCORE z 3 3"), "zremrangebyscore z\n");
  EXPECT_EQ(EventsOf("ZMPOP 1 z MAX"), "zpopmax z\ndel z\n");
  EXPECT_EQ(EventsOf("ZADD z 1 a"), "new z\nzadd z\n");
  EXPECT_EQ(EventsOf("ZREMRANGEBYRANK z 0 -1"), "zremrangebyrank z\ndel z\n");
}

}  // namespace
}  // namespace larder
