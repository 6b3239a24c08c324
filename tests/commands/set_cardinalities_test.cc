#include <cstdlib>
#include <string>

#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";

class SetCardinalities : public CommandFixture {
 protected:
  void AddMany(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) Run("SADD " + key + " member:" + std::to_string(i));
  }
};

TEST_F(SetCardinalities, SunioncardCountsEachMemberOnce) {
  Run("SADD a 1 2 x");
  Run("SADD b 2 x y z");
  Run("SADD c z 9");
  EXPECT_THAT(Run("SUNIONCARD 1 a"), IsInteger(3));
  EXPECT_THAT(Run("SUNIONCARD 2 a b"), IsInteger(5));
  EXPECT_THAT(Run("SUNIONCARD 4 a b missing c"), IsInteger(6));
  EXPECT_THAT(Run("SUNIONCARD 3 b b b"), IsInteger(4));
  EXPECT_THAT(Run("SUNIONCARD 2 missing nothing"), IsInteger(0));
  EXPECT_THAT(Run("KEYS *").items, testing::SizeIs(3));
}

TEST_F(SetCardinalities, SdiffcardCountsWhatTheFirstHasAlone) {
  Run("SADD a 1 2 3 x");
  Run("SADD b 2");
  Run("SADD c x y");
  EXPECT_THAT(Run("SDIFFCARD 1 a"), IsInteger(4));
  EXPECT_THAT(Run("SDIFFCARD 2 a b"), IsInteger(3));
  EXPECT_THAT(Run("SDIFFCARD 4 a b missing c"), IsInteger(2));
  EXPECT_THAT(Run("SDIFFCARD 2 a a"), IsInteger(0));
  EXPECT_THAT(Run("SDIFFCARD 2 missing a"), IsInteger(0));
  EXPECT_THAT(Run("SDIFFCARD 2 a missing"), IsInteger(4));
  // So many that they are united first.
  EXPECT_THAT(Run("SDIFFCARD 11 a b c b c b c b c b c"), IsInteger(2));
}

TEST_F(SetCardinalities, ALimitEndsTheCount) {
  Run("SADD a 1 2 3 4");
  Run("SADD b 4 5 6");
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 3"), IsInteger(3));
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 5"), IsInteger(5));
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 6"), IsInteger(6));
  EXPECT_THAT(Run("SUNIONCARD 2 a b limit 100"), IsInteger(6));
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 0"), IsInteger(6));
  EXPECT_THAT(Run("SDIFFCARD 2 a b LIMIT 1"), IsInteger(1));
  EXPECT_THAT(Run("SDIFFCARD 2 a b LIMIT 3"), IsInteger(3));
  EXPECT_THAT(Run("SDIFFCARD 2 a b LIMIT 9"), IsInteger(3));
  EXPECT_THAT(Run("SDIFFCARD 2 a b LIMIT 0"), IsInteger(3));
}

TEST_F(SetCardinalities, AnEstimateIsThatOfPfcount) {
  AddMany("a", 1, 900);
  AddMany("b", 600, 1500);
  for (int i = 1; i <= 1500; ++i) Run("PFADD h member:" + std::to_string(i));
  const int64_t estimate = Run("PFCOUNT h").integer;
  EXPECT_LT(std::abs(estimate - 1500), 50);
  EXPECT_THAT(Run("SUNIONCARD 2 a b APPROX"), IsInteger(estimate));
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 0 APPROX"), IsInteger(estimate));
  EXPECT_THAT(Run("SUNIONCARD 2 a b approx LIMIT 1000"), IsInteger(1000));
  EXPECT_THAT(Run("SUNIONCARD 2 a b LIMIT 5000 APPROX"), IsInteger(estimate));
  EXPECT_THAT(Run("SUNIONCARD 2 missing nothing APPROX"), IsInteger(0));
  EXPECT_THAT(Run("SUNIONCARD 2 a b"), IsInteger(1500));
}

TEST_F(SetCardinalities, WrongArgumentsAreRefused) {
  Run("SADD a 1");
  Run("SET k v");
  for (const std::string name : {"SUNIONCARD", "SDIFFCARD"}) {
    EXPECT_THAT(Run(name + " 0 a"), IsError("ERR numkeys should be greater than 0")) << name;
    EXPECT_THAT(Run(name + " x a"), IsError("ERR numkeys should be greater than 0")) << name;
    EXPECT_THAT(Run(name + " 2 a"),
                IsError("ERR Number of keys can't be greater than number of args"))
        << name;
    EXPECT_THAT(Run(name + " 1 a LIMIT -1"), IsError("ERR LIMIT can't be negative")) << name;
    EXPECT_THAT(Run(name + " 1 a LIMIT x"), IsError("ERR LIMIT can't be negative")) << name;
    EXPECT_THAT(Run(name + " 1 a LIMIT"), IsError(kSyntax)) << name;
    EXPECT_THAT(Run(name + " 1 a b"), IsError(kSyntax)) << name;
    EXPECT_THAT(Run(name + " 2 a k"), IsError(kWrongType)) << name;
    EXPECT_THAT(Run(name + " 2 missing k LIMIT 1"), IsError(kWrongType)) << name;
  }
  EXPECT_THAT(Run("SDIFFCARD 1 a APPROX"), IsError(kSyntax));
}

TEST_F(SetCardinalities, TheirKeysAreCounted) {
  EXPECT_THAT(Run("COMMAND GETKEYS SUNIONCARD 2 a b APPROX"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS SDIFFCARD 2 a b LIMIT 1"), IsBulks({"a", "b"}));
}

TEST_F(SetCardinalities, TheyRunInTransactionsAndScripts) {
  Run("SADD a 1 2");
  Run("SADD b 2 3");
  Run("MULTI");
  Run("SUNIONCARD 2 a b");
  Run("SDIFFCARD 2 a b");
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(3), IsInteger(1)}));
  EXPECT_THAT(
      RunArgs({"EVAL_RO", "return redis.call('SUNIONCARD', 2, KEYS[1], KEYS[2])", "2", "a", "b"}),
      IsInteger(3));
}

}  // namespace
}  // namespace larder
