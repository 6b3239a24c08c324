#include <string>
#include <vector>

#include "server/hash_fieldsets.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

constexpr char kWrongType[] = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kNoFieldset[] = "ERR no such fieldset";
constexpr char kBadValueCount[] = "ERR value count does not match fieldset field count";

class HashImports : public EventFixture {};

TEST_F(HashImports, ValuesGoToTheFieldsInTheOrderOfTheirPreparation) {
  EXPECT_THAT(Run("HIMPORT PREPARE u name email age"), IsOk());
  EXPECT_THAT(Run("HIMPORT SET user:1 u alice a@example.com 30"), IsOk());
  EXPECT_THAT(Run("himport set user:2 u bob b@example.com 25"), IsOk());
  EXPECT_THAT(Run("HMGET user:1 name email age"), IsBulks({"alice", "a@example.com", "30"}));
  EXPECT_THAT(Run("HMGET user:2 name email age"), IsBulks({"bob", "b@example.com", "25"}));
  EXPECT_THAT(Run("HLEN user:1"), IsInteger(3));
  EXPECT_THAT(Run("TYPE user:1"), IsSimple("hash"));
}

TEST_F(HashImports, ShorterNamesComeFirst) {
  Run("HIMPORT PREPARE f bb a aa \"\"");
  Run("HIMPORT SET k f 1 2 3 4");
  EXPECT_THAT(Run("HGETALL k"), IsBulks({"", "4", "a", "2", "aa", "3", "bb", "1"}));
}

TEST_F(HashImports, AnImportReplacesTheWholeHash) {
  Run("HIMPORT PREPARE f a b");
  Run("HSET k old 1 a 2");
  Run("EXPIRE k 100");
  EXPECT_THAT(Run("HIMPORT SET k f 3 4"), IsOk());
  EXPECT_THAT(Run("HGETALL k"), IsBulks({"a", "3", "b", "4"}));
  EXPECT_THAT(Run("TTL k"), IsInteger(-1));
}

TEST_F(HashImports, LargeOnesAreHashtables) {
  Run("HIMPORT PREPARE f a b");
  Run("HIMPORT SET small f 1 2");
  EXPECT_THAT(RunArgs({"HIMPORT", "SET", "large", "f", "1", std::string(65, 'x')}), IsOk());
  EXPECT_THAT(Run("OBJECT ENCODING small"), IsBulk("listpack"));
  EXPECT_THAT(Run("OBJECT ENCODING large"), IsBulk("hashtable"));
}

TEST_F(HashImports, OtherTypesAreRefusedBeforeAnythingElse) {
  Run("HIMPORT PREPARE f a");
  Run("SET k v EX 100");
  EXPECT_THAT(Run("HIMPORT SET k f 1"), IsError(kWrongType));
  EXPECT_THAT(Run("HIMPORT SET k nothing 1"), IsError(kWrongType));
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
  EXPECT_THAT(Run("TTL k"), IsInteger(100));
}

TEST_F(HashImports, ThereMustBeAFieldsetAndAValueForEachField) {
  EXPECT_THAT(Run("HIMPORT SET k f 1"), IsError(kNoFieldset));
  Run("HIMPORT PREPARE f a b");
  EXPECT_THAT(Run("HIMPORT SET k F 1 2"), IsError(kNoFieldset));
  EXPECT_THAT(Run("HIMPORT SET k f 1"), IsError(kBadValueCount));
  EXPECT_THAT(Run("HIMPORT SET k f 1 2 3"), IsError(kBadValueCount));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
  EXPECT_THAT(Run("HIMPORT PREPARE f"),
              IsError("ERR wrong number of arguments for 'himport|prepare' command"));
  EXPECT_THAT(Run("HIMPORT"), IsError("ERR wrong number of arguments for 'himport' command"));
}

TEST_F(HashImports, APreparationThatFailsLeavesTheOneBefore) {
  Run("HIMPORT PREPARE f a b");
  EXPECT_THAT(Run("HIMPORT PREPARE f c d c"), IsError("ERR duplicate field name in fieldset"));
  EXPECT_THAT(RunArgs({"HIMPORT", "PREPARE", "f", std::string(kFieldsetBytesMax, 'x')}),
              IsError("ERR the fieldsets of a client may have 16777216 bytes at the most"));
  EXPECT_THAT(Run("HIMPORT SET k f 1 2"), IsOk());
  EXPECT_THAT(Run("HKEYS k"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("HIMPORT PREPARE f c"), IsOk());
  EXPECT_THAT(Run("HIMPORT SET k f 1"), IsOk());
  EXPECT_THAT(Run("HKEYS k"), IsBulks({"c"}));
}

TEST_F(HashImports, FieldsetsAreDiscarded) {
  EXPECT_THAT(Run("HIMPORT DISCARD f"), IsInteger(0));
  EXPECT_THAT(Run("HIMPORT DISCARDALL"), IsInteger(0));
  for (const char* name : {"f", "g", "h"}) Run(std::string("HIMPORT PREPARE ") + name + " a");
  Run("HIMPORT SET k f 1");
  EXPECT_THAT(Run("HIMPORT DISCARD f"), IsInteger(1));
  EXPECT_THAT(Run("HIMPORT DISCARD f"), IsInteger(0));
  EXPECT_THAT(Run("HIMPORT SET k f 2"), IsError(kNoFieldset));
  EXPECT_THAT(Run("HGET k a"), IsBulk("1"));
  EXPECT_THAT(Run("HIMPORT DISCARDALL"), IsInteger(2));
  EXPECT_THAT(Run("HIMPORT SET k g 2"), IsError(kNoFieldset));
}

TEST_F(HashImports, FieldsetsAreTheirClientsAndEndWithReset) {
  TestClient& other = NewClient();
  other.Run("HIMPORT PREPARE f a");
  EXPECT_THAT(Run("HIMPORT SET k f 1"), IsError(kNoFieldset));
  other.Run("SELECT 3");
  EXPECT_THAT(other.Run("HIMPORT SET k f 1"), IsOk());
  other.Run("RESET");
  EXPECT_THAT(other.Run("HIMPORT SET k f 1"), IsError(kNoFieldset));
}

TEST_F(HashImports, TransactionsAndScriptsUseTheClientsFieldsets) {
  Run("MULTI");
  Run("HIMPORT PREPARE f a");
  Run("HIMPORT SET k f 1");
  Run("HIMPORT DISCARD g");
  EXPECT_THAT(Run("EXEC"), IsArray({IsOk(), IsOk(), IsInteger(0)}));
  EXPECT_THAT(Run("HGET k a"), IsBulk("1"));
  // `k` is not declared: the script starts again.
  EXPECT_THAT(RunArgs({"EVAL",
                       "redis.call('HIMPORT', 'SET', 'k', 'f', '2') "
                       "local removed = redis.call('HIMPORT', 'DISCARD', 'f') "
                       "redis.call('HIMPORT', 'PREPARE', 'g', 'b') "
                       "redis.call('HIMPORT', 'SET', 'l', 'g', '3') return removed",
                       "0"}),
              IsInteger(1));
  EXPECT_THAT(Run("HGET k a"), IsBulk("2"));
  EXPECT_THAT(Run("HGET l b"), IsBulk("3"));
}

TEST_F(HashImports, TheirEventsAreThoseOfHset) {
  Run("HIMPORT PREPARE f a b");
  EXPECT_EQ(EventsOf("HIMPORT SET k f 1 2"), "new k\nhset k\n");
  EXPECT_EQ(EventsOf("HIMPORT SET k f 3 4"), "hset k\n");
  EXPECT_EQ(EventsOf("HIMPORT SET k f 3"), "");
}

TEST_F(HashImports, TheKeyIsToldToRouters) {
  EXPECT_THAT(Run("COMMAND GETKEYS HIMPORT SET k f 1 2"), IsBulks({"k"}));
}

}  // namespace
}  // namespace larder
