#include <string>
#include <vector>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

class BlockingSortedSets : public BlockingFixture {};

TEST_F(BlockingSortedSets, WhatIsThereIsPoppedAtOnce) {
  Run("ZADD b 1 one 2 two 3 three 4 four");
  EXPECT_THAT(Run("BZPOPMIN a b c 0"), IsBulks({"b", "one", "1"}));
  EXPECT_THAT(Run("BZPOPMAX a b c 0"), IsBulks({"b", "four", "4"}));
  EXPECT_THAT(Run("BZMPOP 0 2 a b MAX COUNT 5"),
              IsArray({IsBulk("b"), IsArray({IsBulks({"three", "3"}), IsBulks({"two", "2"})})}));
  EXPECT_THAT(Run("EXISTS b"), IsInteger(0));
  EXPECT_FALSE(engine.waiters.any());
}

TEST_F(BlockingSortedSets, AnAdditionServesWhoWaits) {
  TestClient& lowest = Waiting("BZPOPMIN z 0");
  TestClient& highest = Waiting("BZPOPMAX other z 0");
  TestClient& several = Waiting("BZMPOP 0 1 z MIN COUNT 2");
  TestClient& last = Waiting("BZPOPMIN z 0");
  EXPECT_THAT(Run("ZADD z 1 a 2 b 3 c 4 d"), IsInteger(4));
  EXPECT_THAT(ReplyOf(lowest), IsBulks({"z", "a", "1"}));
  EXPECT_THAT(ReplyOf(highest), IsBulks({"z", "d", "4"}));
  EXPECT_THAT(ReplyOf(several),
              IsArray({IsBulk("z"), IsArray({IsBulks({"b", "2"}), IsBulks({"c", "3"})})}));
  EXPECT_TRUE(StillWaits(last));
  EXPECT_THAT(Run("EXISTS z"), IsInteger(0));
  EXPECT_THAT(Run("ZINCRBY z 1.5 e"), IsBulk("1.5"));
  EXPECT_THAT(ReplyOf(last), IsBulks({"z", "e", "1.5"}));
}

TEST_F(BlockingSortedSets, ScoresAreDoublesInResp3) {
  TestClient& waiting = NewClient();
  waiting.Run("HELLO 3");
  EXPECT_EQ(waiting.RunRaw({"BZPOPMIN", "z", "0"}), "");
  Run("ZADD z 1.5 a");
  EXPECT_THAT(ReplyOf(waiting), IsArray({IsBulk("z"), IsBulk("a"), IsDouble(1.5)}));
}

TEST_F(BlockingSortedSets, AnyCommandThatMakesOneServes) {
  Run("ZADD from 1 a");
  Run("SADD members a");
  const std::vector<std::string> makers = {
      "ZUNIONSTORE z 1 from", "ZINTERSTORE z 2 from members",
      "ZDIFFSTORE z 1 from",  "ZRANGESTORE z from 0 -1",
      "GEOADD z 13.4 52.5 a", "COPY from z",
      "ZINCRBY z 1 a",        "EVAL \"redis.call('ZADD', KEYS[1], 1, 'a')\" 1 z",
      "RENAME from z"};
  for (const std::string& maker : makers) {
    TestClient& waiting = Waiting("BZPOPMIN z 0");
    EXPECT_NE(Run(maker).type, protocol::Reply::Type::kError) << maker;
    EXPECT_THAT(ReplyOf(waiting).items.at(1), IsBulk("a")) << maker;
  }
}

TEST_F(BlockingSortedSets, AnotherTypeLeavesThemWaiting) {
  TestClient& waiting = Waiting("BZPOPMIN k 0");
  TestClient& list_waiting = Waiting("BLPOP k 0");
  Run("SADD k member");
  EXPECT_TRUE(StillWaits(waiting));
  Run("DEL k");
  Run("RPUSH k element");
  EXPECT_THAT(ReplyOf(list_waiting), IsBulks({"k", "element"}));
  EXPECT_TRUE(StillWaits(waiting));
  Run("ZADD k 1 a");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"k", "a", "1"}));
}

TEST_F(BlockingSortedSets, ATransactionServesAtItsEnd) {
  TestClient& waiting = Waiting("BZPOPMIN z 0");
  Run("MULTI");
  Run("ZADD z 1 a 2 b");
  Run("ZREM z a");
  EXPECT_TRUE(StillWaits(waiting));
  Run("EXEC");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"z", "b", "2"}));
}

TEST_F(BlockingSortedSets, TransactionsAndScriptsDoNotWait) {
  Run("MULTI");
  for (const char* line : {"BZPOPMIN z 0", "BZPOPMAX z 0", "BZMPOP 0 1 z MIN"}) {
    EXPECT_THAT(Run(line), IsSimple("QUEUED"));
  }
  EXPECT_EQ(client().RunRaw({"EXEC"}), "*3\r\n*-1\r\n*-1\r\n*-1\r\n");
  EXPECT_THAT(Run("EVAL \"return redis.pcall('BZPOPMIN', KEYS[1], 0).err\" 1 z").text,
              testing::HasSubstr("This Redis command is not allowed from script"));
  EXPECT_THAT(Run("EVAL \"return redis.call('BZMPOP', 0, 1, KEYS[1], 'MIN')\" 1 z"), IsNull());
}

TEST_F(BlockingSortedSets, TheTimeoutEndsIt) {
  TestClient& waiting = Waiting("BZPOPMIN z 0.5");
  clock.Advance(499ms);
  EXPECT_TRUE(StillWaits(waiting));
  clock.Advance(1ms);
  EXPECT_THAT(ReplyOf(waiting), IsNull());
  EXPECT_THAT(Run("ZADD z 1 a"), IsInteger(1));
  EXPECT_THAT(Run("ZCARD z"), IsInteger(1));
}

TEST_F(BlockingSortedSets, ArgumentsAreChecked) {
  Run("SET s v");
  for (const char* line : {"BZPOPMIN missing s 0", "BZPOPMAX s 0", "BZMPOP 0 1 s MIN"}) {
    EXPECT_THAT(Run(line), IsError(kWrongType)) << line;
  }
  EXPECT_THAT(Run("BZPOPMIN z -1"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("BZPOPMAX z x"), IsError("ERR timeout is not a float or out of range"));
  EXPECT_THAT(Run("BZMPOP x 0 z MIN"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("BZMPOP 0 1 z MIN COUNT 0"), IsError("ERR count should be greater than 0"));
  EXPECT_THAT(Run("BZMPOP 0 1 z LEFT"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("BZMPOP 0 2 z MIN"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("BZMPOP 0 1 z MIN COUNT 1 COUNT 1"), IsError("ERR syntax error"));
}

class BlockingSortedSetEvents : public EventFixture {};

TEST_F(BlockingSortedSetEvents, FollowTheAddition) {
  TestClient& waiting = NewClient();
  waiting.Run("BZPOPMAX z 0");
  EXPECT_EQ(EventsOf("ZADD z 1 a"), "new z\nzadd z\nzpopmax z\ndel z\n");
}

}  // namespace
}  // namespace larder
