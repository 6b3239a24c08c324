#include <set>
#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNotInteger[] = "ERR value is not an integer or out of range";

class SetCommands : public CommandFixture {
 protected:
  void AddMany(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) Run("SADD " + key + " member:" + std::to_string(i));
  }
};

TEST_F(SetCommands, AddRemoveAndCount) {
  EXPECT_THAT(Run("SADD s a b a"), IsInteger(2));
  EXPECT_THAT(Run("SADD s b c"), IsInteger(1));
  EXPECT_THAT(Run("SCARD s"), IsInteger(3));
  EXPECT_THAT(Run("SISMEMBER s a"), IsInteger(1));
  EXPECT_THAT(Run("SISMEMBER s x"), IsInteger(0));
  EXPECT_THAT(Run("SMISMEMBER s a x c"), IsArray({IsInteger(1), IsInteger(0), IsInteger(1)}));
  EXPECT_THAT(Run("SREM s a x"), IsInteger(1));
  EXPECT_THAT(Run("SMEMBERS s"), IsUnorderedBulks({"b", "c"}));
  EXPECT_THAT(Run("SREM s b c"), IsInteger(2));
  EXPECT_THAT(Run("EXISTS s"), IsInteger(0));
}

TEST_F(SetCommands, AMissingKeyIsAnEmptySet) {
  EXPECT_THAT(Run("SCARD s"), IsInteger(0));
  EXPECT_THAT(Run("SMEMBERS s"), IsEmptyArray());
  EXPECT_THAT(Run("SREM s a"), IsInteger(0));
  EXPECT_THAT(Run("SISMEMBER s a"), IsInteger(0));
  EXPECT_THAT(Run("SMISMEMBER s a b"), IsArray({IsInteger(0), IsInteger(0)}));
  EXPECT_THAT(Run("SPOP s"), IsNull());
  EXPECT_THAT(Run("SPOP s 3"), IsEmptyArray());
  EXPECT_THAT(Run("SRANDMEMBER s"), IsNull());
  EXPECT_THAT(Run("SRANDMEMBER s 3"), IsEmptyArray());
  EXPECT_THAT(Run("SSCAN s 5"), IsArray({IsBulk("0"), IsEmptyArray()}));
}

TEST_F(SetCommands, SetCommandsRefuseOtherTypes) {
  Run("SET k v");
  Run("SADD s m");
  for (const char* line :
       {"SADD k m",       "SREM k m",    "SISMEMBER k m",   "SMISMEMBER k m",   "SCARD k",
        "SMEMBERS k",     "SPOP k",      "SPOP k 1",        "SRANDMEMBER k",    "SRANDMEMBER k 1",
        "SMOVE k s m",    "SMOVE s k m", "SINTER s k",      "SINTER missing k", "SINTERSTORE d k",
        "SINTERCARD 1 k", "SUNION s k",  "SUNIONSTORE d k", "SDIFF s k",        "SDIFFSTORE d k",
        "SSCAN k 0"}) {
    EXPECT_THAT(Run(line), IsError(kWrongType)) << line;
  }
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

TEST_F(SetCommands, EncodingsFollowTheMembers) {
  Run("SADD ints 1 2 3");
  EXPECT_THAT(Run("OBJECT ENCODING ints"), IsBulk("intset"));
  Run("SADD ints x");
  EXPECT_THAT(Run("OBJECT ENCODING ints"), IsBulk("listpack"));
  RunArgs({"SADD", "ints", std::string(65, 'x')});
  EXPECT_THAT(Run("OBJECT ENCODING ints"), IsBulk("hashtable"));
  AddMany("many", 1, 128);
  EXPECT_THAT(Run("OBJECT ENCODING many"), IsBulk("listpack"));
  AddMany("many", 129, 129);
  EXPECT_THAT(Run("OBJECT ENCODING many"), IsBulk("hashtable"));
}

TEST_F(SetCommands, SmoveMovesOneMember) {
  Run("SADD a 1 2");
  EXPECT_THAT(Run("SMOVE a b 1"), IsInteger(1));
  EXPECT_THAT(Run("SMOVE a b 1"), IsInteger(0));
  EXPECT_THAT(Run("SMOVE a a 2"), IsInteger(1));
  EXPECT_THAT(Run("SMOVE missing b 1"), IsInteger(0));
  EXPECT_THAT(Run("SMOVE a b 2"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS a"), IsInteger(0));
  EXPECT_THAT(Run("SMEMBERS b"), IsBulks({"1", "2"}));
}

// ---- drawing

TEST_F(SetCommands, SpopTakesMembersOut) {
  Run("SADD s a b c");
  const std::string popped = Run("SPOP s").text;
  EXPECT_THAT(Run("SISMEMBER s " + popped), IsInteger(0));
  EXPECT_EQ(Run("SPOP s 0").items.size(), 0u);
  EXPECT_EQ(Run("SPOP s 5").items.size(), 2u);
  EXPECT_THAT(Run("EXISTS s"), IsInteger(0));
}

TEST_F(SetCommands, SpopWithCountTakesDifferentMembers) {
  AddMany("s", 1, 500);
  std::set<std::string> popped;
  for (const auto& member : Run("SPOP s 450").items) popped.insert(member.text);
  EXPECT_EQ(popped.size(), 450u);
  EXPECT_THAT(Run("SCARD s"), IsInteger(50));
  EXPECT_THAT(Run("OBJECT ENCODING s"), IsBulk("listpack"));
  for (const std::string& member : popped) {
    EXPECT_THAT(Run("SISMEMBER s " + member), IsInteger(0));
  }
}

TEST_F(SetCommands, SpopRefusesBadCounts) {
  Run("SADD s a");
  EXPECT_THAT(Run("SPOP s -1"), IsError("ERR value is out of range, must be positive"));
  EXPECT_THAT(Run("SPOP s x"), IsError("ERR value is out of range, must be positive"));
  EXPECT_THAT(Run("SPOP s 1 2"), IsError(kSyntax));
}

TEST_F(SetCommands, SrandmemberDrawsWithAndWithoutRepetition) {
  AddMany("s", 1, 200);
  std::set<std::string> drawn;
  for (const auto& member : Run("SRANDMEMBER s 150").items) drawn.insert(member.text);
  EXPECT_EQ(drawn.size(), 150u);
  EXPECT_EQ(Run("SRANDMEMBER s 1000").items.size(), 200u);
  EXPECT_EQ(Run("SRANDMEMBER s -1000").items.size(), 1000u);
  EXPECT_EQ(Run("SRANDMEMBER s 0").items.size(), 0u);
  EXPECT_THAT(Run("SISMEMBER s " + Run("SRANDMEMBER s").text), IsInteger(1));
  EXPECT_THAT(Run("SCARD s"), IsInteger(200));
  EXPECT_THAT(Run("SRANDMEMBER s x"), IsError(kNotInteger));
  EXPECT_THAT(Run("SRANDMEMBER s 1 2"), IsError(kSyntax));
  EXPECT_THAT(Run("SRANDMEMBER s -9223372036854775808"),
              IsError("ERR value is out of range, value must between -9223372036854775807 and "
                      "9223372036854775807"));
}

// ---- algebra

TEST_F(SetCommands, IntersectUniteAndSubtract) {
  Run("SADD a 1 2 3 4");
  Run("SADD b 3 4 5");
  Run("SADD c 4 x");
  EXPECT_THAT(Run("SINTER a b"), IsUnorderedBulks({"3", "4"}));
  EXPECT_THAT(Run("SINTER a b c"), IsBulks({"4"}));
  EXPECT_THAT(Run("SINTER a missing"), IsEmptyArray());
  EXPECT_THAT(Run("SINTER a a"), IsUnorderedBulks({"1", "2", "3", "4"}));
  EXPECT_THAT(Run("SUNION a c missing"), IsUnorderedBulks({"1", "2", "3", "4", "x"}));
  EXPECT_THAT(Run("SUNION missing"), IsEmptyArray());
  EXPECT_THAT(Run("SDIFF a b"), IsUnorderedBulks({"1", "2"}));
  EXPECT_THAT(Run("SDIFF a missing b c"), IsUnorderedBulks({"1", "2"}));
  EXPECT_THAT(Run("SDIFF a b a"), IsEmptyArray());
  EXPECT_THAT(Run("SDIFF missing a"), IsEmptyArray());
}

TEST_F(SetCommands, ManySetsAreSubtractedAsOne) {
  Run("SADD a 1 2 3 4 5 6 7 8 9 10 11 12");
  std::string line = "SDIFF a";
  for (int i = 1; i <= 11; ++i) {
    Run("SADD s" + std::to_string(i) + " " + std::to_string(i));
    line += " s" + std::to_string(i);
  }
  EXPECT_THAT(Run(line), IsBulks({"12"}));
}

TEST_F(SetCommands, StoringReplacesTheTarget) {
  Run("SADD a 1 2 3");
  Run("SADD b 2 3 x");
  Run("SET d string EX 10");
  EXPECT_THAT(Run("SINTERSTORE d a b"), IsInteger(2));
  EXPECT_THAT(Run("TTL d"), IsInteger(-1));
  EXPECT_THAT(Run("OBJECT ENCODING d"), IsBulk("intset"));
  EXPECT_THAT(Run("SUNIONSTORE d a b"), IsInteger(4));
  EXPECT_THAT(Run("OBJECT ENCODING d"), IsBulk("listpack"));
  EXPECT_THAT(Run("SDIFFSTORE a a b"), IsInteger(1));
  EXPECT_THAT(Run("SMEMBERS a"), IsBulks({"1"}));
  EXPECT_THAT(Run("SINTERSTORE d a missing"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
}

TEST_F(SetCommands, SintercardStopsAtItsLimit) {
  Run("SADD a 1 2 3 4");
  Run("SADD b 2 3 4 5");
  EXPECT_THAT(Run("SINTERCARD 2 a b"), IsInteger(3));
  EXPECT_THAT(Run("SINTERCARD 2 a b LIMIT 2"), IsInteger(2));
  EXPECT_THAT(Run("SINTERCARD 2 a b LIMIT 0"), IsInteger(3));
  EXPECT_THAT(Run("SINTERCARD 2 a missing"), IsInteger(0));
  EXPECT_THAT(Run("SINTERCARD 0 a"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("SINTERCARD x a"), IsError("ERR numkeys should be greater than 0"));
  EXPECT_THAT(Run("SINTERCARD 2 a"),
              IsError("ERR Number of keys can't be greater than number of args"));
  EXPECT_THAT(Run("SINTERCARD 1 a LIMIT -1"), IsError("ERR LIMIT can't be negative"));
  EXPECT_THAT(Run("SINTERCARD 1 a LIMIT x"), IsError("ERR LIMIT can't be negative"));
  EXPECT_THAT(Run("SINTERCARD 1 a foo"), IsError(kSyntax));
}

// ---- scanning

TEST_F(SetCommands, SscanReturnsEveryMember) {
  AddMany("s", 1, 1000);
  std::multiset<std::string> seen;
  std::string cursor = "0";
  do {
    const protocol::Reply reply = Run("SSCAN s " + cursor + " MATCH member:* COUNT 20");
    ASSERT_EQ(reply.items.size(), 2u);
    cursor = reply.items[0].text;
    for (const auto& member : reply.items[1].items) seen.insert(member.text);
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1000u);
}

TEST_F(SetCommands, SscanRefusesWhatMakesNoSense) {
  Run("SADD s a");
  EXPECT_THAT(Run("SSCAN s x"), IsError("ERR invalid cursor"));
  EXPECT_THAT(Run("SSCAN s 0 COUNT 0"), IsError(kSyntax));
  EXPECT_THAT(Run("SSCAN s 0 TYPE set"), IsError(kSyntax));
  EXPECT_THAT(Run("SSCAN s 0 MATCH b"), IsArray({IsBulk("0"), IsEmptyArray()}));
}

// ---- protocol and events

TEST_F(SetCommands, Resp3AnswersSets) {
  Run("SADD s a");
  Run("HELLO 3");
  EXPECT_EQ(Run("SMEMBERS s").type, protocol::Reply::Type::kSet);
  EXPECT_EQ(Run("SINTER s s").type, protocol::Reply::Type::kSet);
  EXPECT_EQ(Run("SRANDMEMBER s 1").type, protocol::Reply::Type::kArray);
  EXPECT_EQ(Run("SPOP s 1").type, protocol::Reply::Type::kSet);
}

using SetEvents = EventFixture;

TEST_F(SetEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("SADD s a b c d"), "new s\nsadd s\n");
  EXPECT_EQ(EventsOf("SADD s a"), "");
  EXPECT_EQ(EventsOf("SREM s a"), "srem s\n");
  EXPECT_EQ(EventsOf("SMOVE s t b"), "srem s\nnew t\nsadd t\n");
  EXPECT_EQ(EventsOf("SPOP s"), "spop s\n");
  EXPECT_EQ(EventsOf("SPOP s 5"), "spop s\ndel s\n");
  EXPECT_EQ(EventsOf("SUNIONSTORE u t"), "new u\nsunionstore u\n");
  EXPECT_EQ(EventsOf("SDIFFSTORE u t t"), "del u\n");
  EXPECT_EQ(EventsOf("SREM t b"), "srem t\ndel t\n");
}

}  // namespace
}  // namespace larder
