#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";

class SortCommands : public CommandFixture {};

TEST_F(SortCommands, NumbersInEitherDirection) {
  Run("RPUSH l 10 9 1.5 -3 1e2");
  EXPECT_THAT(Run("SORT l"), IsBulks({"-3", "1.5", "9", "10", "1e2"}));
  EXPECT_THAT(Run("SORT l DESC"), IsBulks({"1e2", "10", "9", "1.5", "-3"}));
  EXPECT_THAT(Run("SORT_RO l desc ASC"), IsBulks({"-3", "1.5", "9", "10", "1e2"}));
  EXPECT_THAT(Run("SORT missing"), IsBulks({}));
}

TEST_F(SortCommands, TextsByTheirBytes) {
  Run("SADD s b a 10 9 B");
  EXPECT_THAT(Run("SORT s ALPHA"), IsBulks({"10", "9", "B", "a", "b"}));
  EXPECT_THAT(Run("SORT s ALPHA DESC"), IsBulks({"b", "a", "B", "9", "10"}));
  EXPECT_THAT(Run("SORT s"), IsError("ERR One or more scores can't be converted into double"));
}

TEST_F(SortCommands, EqualNumbersByTheirBytes) {
  Run("RPUSH l 1.0 1 01");
  EXPECT_THAT(Run("SORT l"), IsBulks({"01", "1", "1.0"}));
  EXPECT_THAT(Run("SORT l DESC"), IsBulks({"1.0", "1", "01"}));
}

TEST_F(SortCommands, LimitTakesAPart) {
  Run("RPUSH l 5 4 3 2 1");
  EXPECT_THAT(Run("SORT l LIMIT 1 2"), IsBulks({"2", "3"}));
  EXPECT_THAT(Run("SORT l LIMIT 3 100"), IsBulks({"4", "5"}));
  EXPECT_THAT(Run("SORT l LIMIT -5 2"), IsBulks({"1", "2"}));
  EXPECT_THAT(Run("SORT l LIMIT 2 -1"), IsBulks({"3", "4", "5"}));
  EXPECT_THAT(Run("SORT l LIMIT 9 1"), IsBulks({}));
  EXPECT_THAT(Run("SORT l LIMIT 0 0"), IsBulks({}));
  EXPECT_THAT(Run("SORT l LIMIT 9223372036854775807 9223372036854775807"), IsBulks({}));
}

TEST_F(SortCommands, ByOtherKeys) {
  Run("RPUSH l 1 2 3");
  Run("MSET w_1 30 w_2 10 w_3 20");
  EXPECT_THAT(Run("SORT l BY w_*"), IsBulks({"2", "3", "1"}));
  EXPECT_THAT(Run("SORT l BY w_* DESC LIMIT 0 1"), IsBulks({"1"}));
  Run("DEL w_1");  // missing counts as 0
  EXPECT_THAT(Run("SORT l BY w_*"), IsBulks({"1", "2", "3"}));
  Run("MSET w_1 c w_2 b w_3 a");
  EXPECT_THAT(Run("SORT l BY w_*"),
              IsError("ERR One or more scores can't be converted into double"));
  EXPECT_THAT(Run("SORT l BY w_* ALPHA"), IsBulks({"3", "2", "1"}));
}

TEST_F(SortCommands, ByAndGetFieldsOfHashes) {
  Run("RPUSH l 1 2");
  Run("HSET o_1 weight 5 name one");
  Run("HSET o_2 weight 3 name two");
  EXPECT_THAT(Run("SORT l BY o_*->weight GET o_*->name GET #"), IsBulks({"two", "2", "one", "1"}));
  EXPECT_THAT(Run("SORT l GET o_*->none").items.at(0), IsNull());
  EXPECT_THAT(Run("SORT l GET o_*").items.at(0), IsNull());  // a hash is no string
  Run("SET o_1-> arrow");
  EXPECT_THAT(Run("SORT l GET o_*->").items.at(0), IsBulk("arrow"));
  EXPECT_THAT(Run("SORT l GET constant").items.at(0), IsNull());
}

TEST_F(SortCommands, AConstantLeavesTheOrder) {
  Run("RPUSH l b c a");
  EXPECT_THAT(Run("SORT l BY nosort"), IsBulks({"b", "c", "a"}));
  EXPECT_THAT(Run("SORT l BY nosort DESC LIMIT 0 2"), IsBulks({"a", "c"}));
  Run("ZADD z 3 c 1 a 2 b");
  EXPECT_THAT(Run("SORT z BY nosort"), IsBulks({"a", "b", "c"}));
  EXPECT_THAT(Run("SORT z BY nosort DESC LIMIT 1 1"), IsBulks({"b"}));
  Run("SADD s c a b");
  EXPECT_THAT(Run("EVAL \"return redis.call('SORT', KEYS[1], 'BY', 'nosort')\" 1 s"),
              IsBulks({"a", "b", "c"}));
  Run("SORT s BY nosort STORE target");
  EXPECT_THAT(Run("LRANGE target 0 -1"), IsBulks({"a", "b", "c"}));
}

TEST_F(SortCommands, StoreKeepsAList) {
  Run("RPUSH l 3 1 2");
  Run("SET target old");
  EXPECT_THAT(Run("SORT l STORE ignored STORE target"), IsInteger(3));
  EXPECT_THAT(Run("LRANGE target 0 -1"), IsBulks({"1", "2", "3"}));
  EXPECT_THAT(Run("EXISTS ignored"), IsInteger(0));
  EXPECT_THAT(Run("SORT l STORE l DESC"), IsInteger(3));
  EXPECT_THAT(Run("LRANGE l 0 -1"), IsBulks({"3", "2", "1"}));
  EXPECT_THAT(Run("SORT l GET none_* STORE target LIMIT 0 1"), IsInteger(1));
  EXPECT_THAT(Run("LRANGE target 0 -1"), IsBulks({""}));
  EXPECT_THAT(Run("SORT missing STORE target"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS target"), IsInteger(0));
}

TEST_F(SortCommands, ArgumentsAreChecked) {
  Run("SET s v");
  Run("HSET h f v");
  EXPECT_THAT(Run("SORT s"), IsError(kWrongType));
  EXPECT_THAT(Run("SORT_RO h"), IsError(kWrongType));
  EXPECT_THAT(Run("SORT l UP"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SORT l LIMIT 1"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SORT l BY"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SORT_RO l STORE x"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SORT l LIMIT a 1"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(SortCommands, PatternsReachKeysOfAnyStripe) {
  for (int i = 0; i < 200; ++i) {
    Run("RPUSH l " + std::to_string(i));
    Run("SET w_" + std::to_string(i) + " " + std::to_string(1000 - i));
  }
  EXPECT_THAT(Run("SORT l BY w_* LIMIT 0 2"), IsBulks({"199", "198"}));
  EXPECT_THAT(Run("EVAL \"return redis.call('SORT', KEYS[1], 'BY', 'w_*', 'LIMIT', 0, 2)\" 1 l"),
              IsBulks({"199", "198"}));
  Run("MULTI");
  Run("SORT l BY w_* LIMIT 0 1 GET w_*");
  EXPECT_THAT(Run("EXEC"), IsArray({IsBulks({"801"})}));
}

TEST_F(SortCommands, ExpiredKeysAreNotSortedBy) {
  Run("RPUSH l 1 2 3 4 5 6 7 8");
  for (int i = 1; i <= 8; ++i) {
    const std::string key = "w_" + std::to_string(i);
    Run("SET " + key + " " + std::string(20, static_cast<char>('z' - i)));
    if (i % 2 == 0) Run("PEXPIRE " + key + " 1");
  }
  clock.Advance(1ms);
  EXPECT_THAT(Run("SORT l BY w_* ALPHA LIMIT 4 4"), IsBulks({"7", "5", "3", "1"}));
}

TEST_F(SortCommands, StoringServesWhoWaits) {
  Run("RPUSH l 2 1");
  TestClient& waiting = NewClient();
  waiting.Run("BLPOP target 0");
  EXPECT_THAT(Run("SORT l STORE target"), IsInteger(2));
  Settle();
  EXPECT_THAT(waiting.TakeReply(), IsBulks({"target", "1"}));
}

TEST_F(SortCommands, KeysAreTold) {
  EXPECT_THAT(Run("COMMAND GETKEYS SORT k STORE a BY STORE STORE b"), IsBulks({"k", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS SORT_RO k BY w_*"), IsBulks({"k"}));
}

class SortEvents : public EventFixture {};

TEST_F(SortEvents, NameTheTarget) {
  EXPECT_EQ(EventsOf("RPUSH l 2 1"), "new l\nrpush l\n");
  EXPECT_EQ(EventsOf("SORT l STORE target"), "new target\nsortstore target\n");
  EXPECT_EQ(EventsOf("SORT l LIMIT 5 1 STORE target"), "del target\n");
}

}  // namespace
}  // namespace larder
