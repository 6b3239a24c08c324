#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class MemoryCommands : public CommandFixture {};

TEST_F(MemoryCommands, UsageGrowsWithTheValue) {
  EXPECT_THAT(Run("MEMORY USAGE nosuch"), IsNull());
  Run("SET small x");
  RunArgs({"SET", "large", std::string(100'000, 'x')});
  const int64_t small = Run("MEMORY USAGE small").integer;
  EXPECT_GT(small, 6);
  EXPECT_LT(small, 200);
  EXPECT_GE(Run("MEMORY USAGE large SAMPLES 5").integer, 100'000);
}

TEST_F(MemoryCommands, UsageRefusesBadOptions) {
  Run("SET k v");
  EXPECT_THAT(Run("MEMORY USAGE k SAMPLES x"),
              IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("MEMORY USAGE k SAMPLES -1"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("MEMORY USAGE k SAMPLE 1"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("MEMORY USAGE k SAMPLES"), IsError("ERR syntax error"));
}

TEST_F(MemoryCommands, UsageIsNoUseOfTheKey) {
  Run("SET k v");
  const uint64_t hits = engine.keyspace.Stats().hits;
  Run("MEMORY USAGE k");
  EXPECT_EQ(engine.keyspace.Stats().hits, hits);
}

TEST_F(MemoryCommands, StatsHasAMapForEachDatabaseInUse) {
  Run("SET k v");
  Run("HELLO 3");
  const protocol::Reply stats = Run("MEMORY STATS");
  EXPECT_EQ(stats.type, protocol::Reply::Type::kMap);
  std::map<std::string, protocol::Reply> fields;
  for (size_t i = 0; i + 1 < stats.items.size(); i += 2) {
    fields[stats.items[i].text] = stats.items[i + 1];
  }
  EXPECT_GT(fields["total.allocated"].integer, 0);
  EXPECT_GE(fields["peak.allocated"].integer, fields["total.allocated"].integer);
  EXPECT_EQ(fields["keys.count"].integer, 1);
  EXPECT_EQ(fields["db.0"].items.size(), 6u);
  EXPECT_FALSE(fields.contains("db.1"));
}

TEST_F(MemoryCommands, TheAllocatorIsAskedAndTidied) {
  EXPECT_THAT(Run("MEMORY PURGE"), IsOk());
  EXPECT_THAT(Run("MEMORY MALLOC-STATS").text, ::testing::Not(::testing::IsEmpty()));
  EXPECT_THAT(Run("MEMORY DOCTOR").text, AnyOf(HasSubstr("Sam"), HasSubstr("memory")));
}

TEST_F(MemoryCommands, WrongFormsAreRefused) {
  EXPECT_THAT(Run("MEMORY FOO"), IsError("ERR unknown subcommand 'FOO'. Try MEMORY HELP."));
  EXPECT_THAT(Run("MEMORY USAGE"),
              IsError("ERR wrong number of arguments for 'memory|usage' command"));
  EXPECT_EQ(Run("MEMORY HELP").items.size(), 14u);
}

}  // namespace
}  // namespace larder
