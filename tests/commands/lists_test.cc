#include <string>
#include <vector>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";
constexpr char kNotPositive[] = "ERR value is out of range, must be positive";
constexpr char kOutOfRange[] =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

class ListCommands : public CommandFixture {
 protected:
  void PushMany(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) Run("RPUSH " + key + " element:" + std::to_string(i));
  }
  protocol::Reply All(const std::string& key) { return Run("LRANGE " + key + " 0 -1"); }
};

TEST_F(ListCommands, PushAndPopAtBothEnds) {
  EXPECT_THAT(Run("RPUSH l b c"), IsInteger(2));
  EXPECT_THAT(Run("LPUSH l a 0"), IsInteger(4));
  EXPECT_THAT(All("l"), IsBulks({"0", "a", "b", "c"}));
  EXPECT_THAT(Run("LPOP l"), IsBulk("0"));
  EXPECT_THAT(Run("RPOP l"), IsBulk("c"));
  EXPECT_THAT(Run("LLEN l"), IsInteger(2));
  EXPECT_THAT(Run("LPOP l 5"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  Run("RPUSH l 1 2 3");
  EXPECT_THAT(Run("RPOP l 2"), IsBulks({"3", "2"}));
  EXPECT_THAT(Run("LPOP l 0"), IsEmptyArray());
  EXPECT_THAT(Run("TYPE l"), IsSimple("list"));
}

TEST_F(ListCommands, PushxNeedsAList) {
  EXPECT_THAT(Run("LPUSHX l a"), IsInteger(0));
  EXPECT_THAT(Run("RPUSHX l a"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  Run("RPUSH l x");
  EXPECT_THAT(Run("LPUSHX l a b"), IsInteger(3));
  EXPECT_THAT(Run("RPUSHX l c"), IsInteger(4));
  EXPECT_THAT(All("l"), IsBulks({"b", "a", "x", "c"}));
}

TEST_F(ListCommands, AMissingKeyIsAnEmptyList) {
  EXPECT_THAT(Run("LPOP l"), IsNull());
  EXPECT_EQ(client().RunRaw({"LPOP", "l", "3"}), "*-1\r\n");
  EXPECT_THAT(Run("LLEN l"), IsInteger(0));
  EXPECT_THAT(Run("LINDEX l x"), IsNull());
  EXPECT_THAT(Run("LRANGE l 0 -1"), IsEmptyArray());
  EXPECT_THAT(Run("LTRIM l 0 1"), IsOk());
  EXPECT_THAT(Run("LREM l 0 a"), IsInteger(0));
  EXPECT_THAT(Run("LINSERT l BEFORE a b"), IsInteger(0));
  EXPECT_THAT(Run("LSET l 0 a"), IsError("ERR no such key"));
  EXPECT_THAT(Run("LPOS l a"), IsNull());
  EXPECT_THAT(Run("LPOS l a COUNT 0"), IsEmptyArray());
  EXPECT_THAT(Run("LMOVE l m LEFT LEFT"), IsNull());
  EXPECT_THAT(Run("RPOPLPUSH l m"), IsNull());
  EXPECT_EQ(client().RunRaw({"LMPOP", "2", "l", "m", "LEFT"}), "*-1\r\n");
  EXPECT_THAT(Run("EXISTS l m"), IsInteger(0));
}

TEST_F(ListCommands, CountsAreChecked) {
  Run("RPUSH l a");
  EXPECT_THAT(Run("LPOP l -1"), IsError(kNotPositive));
  EXPECT_THAT(Run("RPOP l x"), IsError(kNotPositive));
  EXPECT_THAT(Run("LPOP l 1 2"), IsError("ERR wrong number of arguments for 'lpop' command"));
}

TEST_F(ListCommands, IndexAndSetCountFromBothEnds) {
  Run("RPUSH l a b c");
  EXPECT_THAT(Run("LINDEX l 0"), IsBulk("a"));
  EXPECT_THAT(Run("LINDEX l -1"), IsBulk("c"));
  EXPECT_THAT(Run("LINDEX l 3"), IsNull());
  EXPECT_THAT(Run("LINDEX l -4"), IsNull());
  EXPECT_THAT(Run("LINDEX l x"), IsError(kNotInteger));
  EXPECT_THAT(Run("LSET l 1 x"), IsOk());
  EXPECT_THAT(Run("LSET l -1 y"), IsOk());
  EXPECT_THAT(All("l"), IsBulks({"a", "x", "y"}));
  EXPECT_THAT(Run("LSET l 3 z"), IsError("ERR index out of range"));
  EXPECT_THAT(Run("LSET l -4 z"), IsError("ERR index out of range"));
  EXPECT_THAT(Run("LSET l x z"), IsError(kNotInteger));
}

TEST_F(ListCommands, RangesAreInclusiveAndCut) {
  Run("RPUSH l 0 1 2 3 4");
  EXPECT_THAT(Run("LRANGE l 1 3"), IsBulks({"1", "2", "3"}));
  EXPECT_THAT(Run("LRANGE l -2 -1"), IsBulks({"3", "4"}));
  EXPECT_THAT(Run("LRANGE l -100 1"), IsBulks({"0", "1"}));
  EXPECT_THAT(Run("LRANGE l 3 100"), IsBulks({"3", "4"}));
  EXPECT_THAT(Run("LRANGE l 3 2"), IsEmptyArray());
  EXPECT_THAT(Run("LRANGE l 5 9"), IsEmptyArray());
  EXPECT_THAT(Run("LRANGE l 0 -100"), IsEmptyArray());
  EXPECT_THAT(Run("LRANGE l x 1"), IsError(kNotInteger));
  EXPECT_THAT(Run("LTRIM l 1 -2"), IsOk());
  EXPECT_THAT(All("l"), IsBulks({"1", "2", "3"}));
  EXPECT_THAT(Run("LTRIM l 5 9"), IsOk());
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  EXPECT_THAT(Run("LTRIM l 0 x"), IsError(kNotInteger));
}

TEST_F(ListCommands, LinsertPutsBesideThePivot) {
  Run("RPUSH l a c 5");
  EXPECT_THAT(Run("LINSERT l BEFORE c b"), IsInteger(4));
  EXPECT_THAT(Run("LINSERT l after 5 6"), IsInteger(5));
  EXPECT_THAT(Run("LINSERT l BEFORE a 0"), IsInteger(6));
  EXPECT_THAT(Run("LINSERT l BEFORE x y"), IsInteger(-1));
  EXPECT_THAT(Run("LINSERT l BESIDE a y"), IsError(kSyntax));
  EXPECT_THAT(All("l"), IsBulks({"0", "a", "b", "c", "5", "6"}));
}

TEST_F(ListCommands, LremTakesFromEitherEnd) {
  Run("RPUSH l a b a c a 7 07 7");
  EXPECT_THAT(Run("LREM l 1 a"), IsInteger(1));
  EXPECT_THAT(Run("LREM l -1 a"), IsInteger(1));
  EXPECT_THAT(All("l"), IsBulks({"b", "a", "c", "7", "07", "7"}));
  EXPECT_THAT(Run("LREM l 0 7"), IsInteger(2));
  EXPECT_THAT(Run("LREM l 5 x"), IsInteger(0));
  EXPECT_THAT(All("l"), IsBulks({"b", "a", "c", "07"}));
  EXPECT_THAT(Run("LREM l x a"), IsError(kNotInteger));
  EXPECT_THAT(Run("LREM l -9223372036854775808 a"), IsError(kOutOfRange));
  Run("RPUSH all x x x");
  EXPECT_THAT(Run("LREM all 0 x"), IsInteger(3));
  EXPECT_THAT(Run("EXISTS all"), IsInteger(0));
}

TEST_F(ListCommands, LposFindsByRank) {
  Run("RPUSH l a b c 1 2 3 c c");
  EXPECT_THAT(Run("LPOS l c"), IsInteger(2));
  EXPECT_THAT(Run("LPOS l c RANK 2"), IsInteger(6));
  EXPECT_THAT(Run("LPOS l c RANK -1"), IsInteger(7));
  EXPECT_THAT(Run("LPOS l c RANK 4"), IsNull());
  EXPECT_THAT(Run("LPOS l 2"), IsInteger(4));
  EXPECT_THAT(Run("LPOS l c COUNT 2"), IsArray({IsInteger(2), IsInteger(6)}));
  EXPECT_THAT(Run("LPOS l c COUNT 0 RANK 2"), IsArray({IsInteger(6), IsInteger(7)}));
  EXPECT_THAT(Run("LPOS l c COUNT 0 RANK -1"), IsArray({IsInteger(7), IsInteger(6), IsInteger(2)}));
  EXPECT_THAT(Run("LPOS l c MAXLEN 2"), IsNull());
  EXPECT_THAT(Run("LPOS l c MAXLEN 3"), IsInteger(2));
  EXPECT_THAT(Run("LPOS l c MAXLEN 1 RANK -1 COUNT 0"), IsArray({IsInteger(7)}));
  EXPECT_THAT(Run("LPOS l x COUNT 5"), IsEmptyArray());
}

TEST_F(ListCommands, LposRefusesWhatMakesNoSense) {
  Run("RPUSH l a");
  EXPECT_THAT(Run("LPOS l a RANK 0"),
              IsError("ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                      "second ... or use negative to start from the end of the list"));
  EXPECT_THAT(Run("LPOS l a RANK x"), IsError(kNotInteger));
  EXPECT_THAT(Run("LPOS l a RANK -9223372036854775808"), IsError(kOutOfRange));
  EXPECT_THAT(Run("LPOS l a COUNT -1"), IsError("ERR COUNT can't be negative"));
  EXPECT_THAT(Run("LPOS l a MAXLEN x"), IsError("ERR MAXLEN can't be negative"));
  EXPECT_THAT(Run("LPOS l a COUNT"), IsError(kSyntax));
  EXPECT_THAT(Run("LPOS l a BOGUS 1"), IsError(kSyntax));
}

TEST_F(ListCommands, LmoveTakesFromOneEndToAnother) {
  Run("RPUSH l a b c");
  EXPECT_THAT(Run("LMOVE l m LEFT RIGHT"), IsBulk("a"));
  EXPECT_THAT(Run("LMOVE l m right left"), IsBulk("c"));
  EXPECT_THAT(All("m"), IsBulks({"c", "a"}));
  EXPECT_THAT(Run("RPOPLPUSH l m"), IsBulk("b"));
  EXPECT_THAT(Run("EXISTS l"), IsInteger(0));
  EXPECT_THAT(All("m"), IsBulks({"b", "c", "a"}));
  EXPECT_THAT(Run("LMOVE m m LEFT RIGHT"), IsBulk("b"));
  EXPECT_THAT(All("m"), IsBulks({"c", "a", "b"}));
  Run("RPUSH one x");
  EXPECT_THAT(Run("RPOPLPUSH one one"), IsBulk("x"));
  EXPECT_THAT(All("one"), IsBulks({"x"}));
  EXPECT_THAT(Run("LMOVE m n UP LEFT"), IsError(kSyntax));
  Run("SET s v");
  EXPECT_THAT(Run("LMOVE m s LEFT LEFT"), IsError(kWrongType));
  EXPECT_THAT(Run("LLEN m"), IsInteger(3));
}

TEST_F(ListCommands, LmpopPopsFromTheFirstListThatHasSome) {
  Run("RPUSH b 1 2 3");
  EXPECT_THAT(Run("LMPOP 2 a b LEFT"), IsArray({IsBulk("b"), IsBulks({"1"})}));
  EXPECT_THAT(Run("LMPOP 2 a b RIGHT COUNT 10"), IsArray({IsBulk("b"), IsBulks({"3", "2"})}));
  EXPECT_THAT(Run("EXISTS b"), IsInteger(0));
  EXPECT_THAT(Run("LMPOP 0 a LEFT"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("LMPOP x a LEFT"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("LMPOP 2 a LEFT"), IsError(kSyntax));
  EXPECT_THAT(Run("LMPOP 1 a UP"), IsError(kSyntax));
  EXPECT_THAT(Run("LMPOP 1 a LEFT COUNT 0"), IsError("ERR count should be greater than 0"));
  EXPECT_THAT(Run("LMPOP 1 a LEFT COUNT 1 COUNT 2"), IsError(kSyntax));
  EXPECT_THAT(Run("LMPOP 1 a LEFT COUNT"), IsError(kSyntax));
}

// ---- form

TEST_F(ListCommands, EncodingsFollowTheSize) {
  PushMany("l", 1, 400);
  EXPECT_THAT(Run("OBJECT ENCODING l"), IsBulk("listpack"));
  PushMany("l", 401, 900);
  EXPECT_THAT(Run("OBJECT ENCODING l"), IsBulk("quicklist"));
  Run("LTRIM l 0 10");
  EXPECT_THAT(Run("OBJECT ENCODING l"), IsBulk("listpack"));
  Run("CONFIG SET list-max-listpack-size 3");
  Run("RPUSH small 1 2 3");
  EXPECT_THAT(Run("OBJECT ENCODING small"), IsBulk("listpack"));
  Run("RPUSH small 4");
  EXPECT_THAT(Run("OBJECT ENCODING small"), IsBulk("quicklist"));
}

TEST_F(ListCommands, LongListsAnswerEveryPosition) {
  PushMany("l", 0, 4999);
  EXPECT_THAT(Run("LINDEX l 2500"), IsBulk("element:2500"));
  EXPECT_THAT(Run("LINDEX l -2"), IsBulk("element:4998"));
  EXPECT_THAT(Run("LRANGE l 1999 2001"), IsBulks({"element:1999", "element:2000", "element:2001"}));
  EXPECT_THAT(Run("LPOS l element:4321"), IsInteger(4321));
  EXPECT_THAT(Run("COPY l copy"), IsInteger(1));
  Run("LSET copy 100 changed");
  EXPECT_THAT(Run("LINDEX l 100"), IsBulk("element:100"));
  EXPECT_THAT(Run("RENAME copy other"), IsOk());
  EXPECT_THAT(Run("LLEN other"), IsInteger(5000));
  EXPECT_GT(Run("MEMORY USAGE l").integer, 50000);
  EXPECT_THAT(Run("SCAN 0 TYPE list COUNT 1000"),
              IsArray({IsBulk("0"), IsUnorderedBulks({"l", "other"})}));
  EXPECT_THAT(Run("UNLINK l other"), IsInteger(2));
}

TEST_F(ListCommands, AScriptThatStartsAgainLeavesTheListAsItWas) {
  Run("RPUSH l a");
  EXPECT_THAT(Run("EVAL \"redis.call('RPUSH', KEYS[1], 'b'); redis.call('GET', 'other'); "
                  "return redis.call('LRANGE', KEYS[1], 0, -1)\" 1 l"),
              IsBulks({"a", "b"}));
  EXPECT_THAT(All("l"), IsBulks({"a", "b"}));
  PushMany("large", 1, 3000);
  EXPECT_THAT(Run("EVAL \"redis.call('LPOP', KEYS[1]); redis.call('GET', 'more'); "
                  "return redis.call('LLEN', KEYS[1])\" 1 large"),
              IsInteger(2999));
}

// ---- events

using ListEvents = EventFixture;

TEST_F(ListEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("RPUSH l a b c a b"), "new l\nrpush l\n");
  EXPECT_EQ(EventsOf("LPUSH l a"), "lpush l\n");
  EXPECT_EQ(EventsOf("LPUSHX l a"), "lpush l\n");
  EXPECT_EQ(EventsOf("RPUSHX l a"), "rpush l\n");
  EXPECT_EQ(EventsOf("LSET l 0 x"), "lset l\n");
  EXPECT_EQ(EventsOf("LINSERT l BEFORE x y"), "linsert l\n");
  EXPECT_EQ(EventsOf("LREM l 1 x"), "lrem l\n");
  EXPECT_EQ(EventsOf("LREM l 1 x"), "");
  EXPECT_EQ(EventsOf("LPOP l"), "lpop l\n");
  EXPECT_EQ(EventsOf("RPOP l 2"), "rpop l\n");
  EXPECT_EQ(EventsOf("LMOVE l m LEFT RIGHT"), "new m\nrpush m\nlpop l\n");
  EXPECT_EQ(EventsOf("LMPOP 1 m LEFT"), "lpop m\ndel m\n");
  EXPECT_EQ(EventsOf("LTRIM l 0 0"), "ltrim l\n");
  EXPECT_EQ(EventsOf("RPOPLPUSH l m"), "new m\nlpush m\nrpop l\ndel l\n");
  EXPECT_EQ(EventsOf("LTRIM m 1 0"), "ltrim m\ndel m\n");
}

}  // namespace
}  // namespace larder
