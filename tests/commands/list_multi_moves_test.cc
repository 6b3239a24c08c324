#include <string>
#include <vector>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kBadCount[] = "ERR count should be greater than 0";

class ListMultiMoves : public BlockingFixture {
 protected:
  protocol::Reply All(const std::string& key) { return Run("LRANGE " + key + " 0 -1"); }
  void Fill(const std::string& key, const std::string& elements) {
    Run("DEL " + key);
    Run("RPUSH " + key + " " + elements);
  }
};

TEST_F(ListMultiMoves, WithoutACountOneElementMoves) {
  Run("RPUSH l 1 2 3");
  EXPECT_THAT(Run("LMOVEM l m LEFT RIGHT"), IsBulks({"1"}));
  EXPECT_THAT(Run("LMOVEM l m right left"), IsBulks({"3"}));
  EXPECT_THAT(All("l"), IsBulks({"2"}));
  EXPECT_THAT(All("m"), IsBulks({"3", "1"}));
}

TEST_F(ListMultiMoves, OneByOneTheyArriveInTheOrderOfTheirMoves) {
  struct Case {
    std::string from, to;
    std::vector<std::string> moved;
    std::vector<std::string> target;
  };
  for (const Case& each : std::vector<Case>{{"LEFT", "LEFT", {"2", "1"}, {"2", "1", "x"}},
                                            {"LEFT", "RIGHT", {"1", "2"}, {"x", "1", "2"}},
                                            {"RIGHT", "LEFT", {"3", "4"}, {"3", "4", "x"}},
                                            {"RIGHT", "RIGHT", {"4", "3"}, {"x", "4", "3"}}}) {
    Fill("l", "1 2 3 4");
    Fill("m", "x");
    const std::string ends = each.from + " " + each.to;
    EXPECT_THAT(Run("LMOVEM l m " + ends + " COUNT 2 OBO"), IsBulks(each.moved)) << ends;
    EXPECT_THAT(All("m"), IsBulks(each.target)) << ends;
    EXPECT_THAT(Run("LLEN l"), IsInteger(2)) << ends;
  }
}

TEST_F(ListMultiMoves, InBulkTheyKeepTheirOrder) {
  for (const std::string from : {"LEFT", "RIGHT"}) {
    const std::vector<std::string> moved =
        from == "LEFT" ? std::vector<std::string>{"1", "2"} : std::vector<std::string>{"3", "4"};
    Fill("l", "1 2 3 4");
    Fill("m", "x");
    EXPECT_THAT(Run("LMOVEM l m " + from + " LEFT EXACTLY 2 BULK"), IsBulks(moved)) << from;
    EXPECT_THAT(All("m"), IsBulks({moved[0], moved[1], "x"})) << from;
    Fill("l", "1 2 3 4");
    Fill("m", "x");
    EXPECT_THAT(Run("LMOVEM l m " + from + " RIGHT exactly 2 bulk"), IsBulks(moved)) << from;
    EXPECT_THAT(All("m"), IsBulks({"x", moved[0], moved[1]})) << from;
  }
}

TEST_F(ListMultiMoves, ACountIsTheMost) {
  Run("RPUSH l 1 2 3");
  EXPECT_THAT(Run("LMOVEM l m LEFT RIGHT COUNT 9223372036854775807 BULK"),
              IsBulks({"1", "2", "3"}));
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  EXPECT_THAT(All("m"), IsBulks({"1", "2", "3"}));
}

TEST_F(ListMultiMoves, WhereThereAreTooFewNothingMoves) {
  Run("RPUSH l 1 2");
  EXPECT_EQ(client().RunRaw({"LMOVEM", "l", "m", "LEFT", "LEFT", "EXACTLY", "3", "BULK"}),
            "*-1\r\n");
  EXPECT_EQ(client().RunRaw({"LMOVEM", "no", "m", "LEFT", "LEFT", "COUNT", "3", "OBO"}), "*-1\r\n");
  EXPECT_EQ(client().RunRaw({"LMOVEM", "no", "m", "LEFT", "LEFT"}), "*-1\r\n");
  Run("HELLO 3");
  EXPECT_EQ(client().RunRaw({"LMOVEM", "no", "m", "LEFT", "LEFT"}), "_\r\n");
  EXPECT_THAT(All("l"), IsBulks({"1", "2"}));
  EXPECT_THAT(Run("EXISTS m no"), IsInteger(0));
}

TEST_F(ListMultiMoves, AListMayMoveOntoItself) {
  Run("RPUSH l a b c");
  EXPECT_THAT(Run("LMOVEM l l LEFT LEFT EXACTLY 2 OBO"), IsBulks({"b", "a"}));
  EXPECT_THAT(All("l"), IsBulks({"b", "a", "c"}));
  EXPECT_THAT(Run("LMOVEM l l RIGHT RIGHT COUNT 2 BULK"), IsBulks({"a", "c"}));
  EXPECT_THAT(All("l"), IsBulks({"b", "a", "c"}));
  EXPECT_THAT(Run("LMOVEM l l LEFT RIGHT COUNT 2 BULK"), IsBulks({"b", "a"}));
  EXPECT_THAT(All("l"), IsBulks({"c", "b", "a"}));
  EXPECT_THAT(Run("LMOVEM l l RIGHT LEFT COUNT 9 OBO"), IsBulks({"c", "b", "a"}));
  EXPECT_THAT(All("l"), IsBulks({"c", "b", "a"}));
}

TEST_F(ListMultiMoves, WrongArgumentsAreRefused) {
  Run("RPUSH l 1 2 3");
  for (const char* count : {"0", "-1", "x"}) {
    for (const char* selector : {"COUNT", "EXACTLY"}) {
      const std::string how_many = std::string(selector) + " " + count + " OBO";
      EXPECT_THAT(Run("LMOVEM l m LEFT LEFT " + how_many), IsError(kBadCount)) << how_many;
      EXPECT_THAT(Run("BLMOVEM l m LEFT LEFT 0 " + how_many), IsError(kBadCount)) << how_many;
    }
  }
  for (const char* rest :
       {"UP LEFT", "LEFT DOWN", "LEFT LEFT COUNT", "LEFT LEFT COUNT 2", "LEFT LEFT COUNT 2 ALL",
        "LEFT LEFT SOME 2 OBO", "LEFT LEFT COUNT 2 OBO BULK", "LEFT LEFT OBO COUNT 2"}) {
    EXPECT_THAT(Run(std::string("LMOVEM l m ") + rest), IsError(kSyntax)) << rest;
  }
  EXPECT_THAT(Run("BLMOVEM l m LEFT LEFT x"),
              IsError("ERR timeout is not a float or out of range"));
  EXPECT_THAT(Run("BLMOVEM l m LEFT LEFT 0 COUNT 2"), IsError(kSyntax));
  EXPECT_THAT(All("l"), IsBulks({"1", "2", "3"}));
}

TEST_F(ListMultiMoves, OtherTypesAreRefused) {
  Run("RPUSH l 1 2 3");
  Run("SET s v");
  EXPECT_THAT(Run("LMOVEM l s LEFT LEFT COUNT 2 OBO"), IsError(kWrongType));
  EXPECT_THAT(Run("LMOVEM s l LEFT LEFT COUNT 2 OBO"), IsError(kWrongType));
  EXPECT_THAT(Run("BLMOVEM s l LEFT LEFT 0"), IsError(kWrongType));
  EXPECT_THAT(All("l"), IsBulks({"1", "2", "3"}));
}

TEST_F(ListMultiMoves, ScriptsAndTransactionsDoNotWait) {
  Run("RPUSH l 1 2 3");
  Run("MULTI");
  Run("LMOVEM l m LEFT RIGHT COUNT 2 BULK");
  Run("BLMOVEM l m LEFT RIGHT 0 EXACTLY 2 BULK");
  EXPECT_THAT(Run("EXEC"), IsArray({IsBulks({"1", "2"}), IsNull()}));
  EXPECT_THAT(RunArgs({"EVAL", "return redis.call('BLMOVEM', KEYS[1], KEYS[2], 'LEFT', 'RIGHT', 0)",
                       "2", "l", "m"}),
              IsBulks({"3"}));
  EXPECT_THAT(
      RunArgs({"EVAL",
               "return redis.call('BLMOVEM', KEYS[1], KEYS[2], 'LEFT', 'RIGHT', 0) == false", "2",
               "l", "m"}),
      IsInteger(1));
}

TEST_F(ListMultiMoves, AScriptThatStartsAgainMovesOnce) {
  Run("RPUSH l 1 2 3");
  EXPECT_THAT(RunArgs({"EVAL",
                       "redis.call('LMOVEM', KEYS[1], 'm', 'LEFT', 'RIGHT', 'COUNT', 2, 'OBO') "
                       "return redis.call('LRANGE', 'm', 0, -1)",
                       "1", "l"}),
              IsBulks({"1", "2"}));
  EXPECT_THAT(All("l"), IsBulks({"3"}));
}

// ---- waiting

TEST_F(ListMultiMoves, ACountWaitsForTheFirstElement) {
  TestClient& waiting = Waiting("BLMOVEM l m LEFT LEFT 0 COUNT 2 BULK");
  Run("RPUSH l 1");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"1"}));
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  Run("RPUSH l 2 3 4");
  EXPECT_THAT(Run("BLMOVEM l m LEFT LEFT 0 COUNT 2 BULK"), IsBulks({"2", "3"}));
  EXPECT_THAT(All("m"), IsBulks({"2", "3", "1"}));
}

TEST_F(ListMultiMoves, AnExactNumberWaitsForEnough) {
  Run("RPUSH l 1");
  TestClient& waiting = Waiting("BLMOVEM l m LEFT RIGHT 0 EXACTLY 3 OBO");
  Run("RPUSH l 2");
  EXPECT_TRUE(StillWaits(waiting));
  EXPECT_THAT(All("l"), IsBulks({"1", "2"}));
  Run("RPUSH l 3 4");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"1", "2", "3"}));
  EXPECT_THAT(All("l"), IsBulks({"4"}));
  EXPECT_THAT(All("m"), IsBulks({"1", "2", "3"}));
}

TEST_F(ListMultiMoves, WhoeverIsContentWithFewerIsServedBefore) {
  TestClient& many = Waiting("BLMOVEM l m LEFT RIGHT 0 EXACTLY 3 BULK");
  TestClient& one = Waiting("BLPOP l 0");
  Run("RPUSH l 1 2");
  EXPECT_THAT(ReplyOf(one), IsBulks({"l", "1"}));
  EXPECT_TRUE(StillWaits(many));
  Run("RPUSH l 3 4");
  EXPECT_THAT(ReplyOf(many), IsBulks({"2", "3", "4"}));
}

TEST_F(ListMultiMoves, ATimeoutAnswersNull) {
  TestClient& waiting = Waiting("BLMOVEM l m LEFT RIGHT 0.5");
  clock.Advance(600ms);
  EXPECT_THAT(ReplyOf(waiting), IsNull());
}

TEST_F(ListMultiMoves, AWaitForAnotherTypesTargetEndsInAnError) {
  TestClient& waiting = Waiting("BLMOVEM l s LEFT RIGHT 0");
  Run("SET s v");
  Run("RPUSH l 1");
  EXPECT_THAT(ReplyOf(waiting), IsError(kWrongType));
  EXPECT_THAT(All("l"), IsBulks({"1"}));
}

TEST_F(ListMultiMoves, AWaitOntoItselfEndsToo) {
  TestClient& waiting = Waiting("BLMOVEM l l LEFT RIGHT 0 EXACTLY 2 BULK");
  Run("RPUSH l 1 2 3");
  EXPECT_THAT(ReplyOf(waiting), IsBulks({"1", "2"}));
  EXPECT_THAT(All("l"), IsBulks({"3", "1", "2"}));
}

using ListMultiMoveEvents = EventFixture;

TEST_F(ListMultiMoveEvents, AreThoseOfLmove) {
  EventsOf("RPUSH l 1 2 3 4 5");
  EXPECT_EQ(EventsOf("LMOVEM l m LEFT RIGHT"), "new m\nrpush m\nlpop l\n");
  EXPECT_EQ(EventsOf("LMOVEM l m RIGHT LEFT COUNT 2 BULK"), "lpush m\nrpop l\n");
  EXPECT_EQ(EventsOf("LMOVEM l m LEFT RIGHT EXACTLY 3 BULK"), "");
  EXPECT_EQ(EventsOf("LMOVEM m m LEFT RIGHT COUNT 9 BULK"), "rpush m\nlpop m\n");
  EXPECT_EQ(EventsOf("LMOVEM l m LEFT RIGHT COUNT 9 BULK"), "rpush m\nlpop l\ndel l\n");
}

}  // namespace
}  // namespace larder
