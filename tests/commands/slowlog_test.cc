#include "tests/support/command_fixture.h"

namespace larder {
namespace {

class SlowLogCommands : public CommandFixture {
 protected:
  // Everything is slow enough.
  void LogAll() { Run("CONFIG SET slowlog-log-slower-than 0"); }
};

TEST_F(SlowLogCommands, IsEmptyWhileNothingIsSlow) {
  Run("CONFIG SET slowlog-log-slower-than -1");
  Run("PING");
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInteger(0));
  EXPECT_THAT(Run("SLOWLOG GET"), IsEmptyArray());
}

TEST_F(SlowLogCommands, AnEntryTellsWhoAskedForWhatAndWhen) {
  Run("CLIENT SETNAME me");
  LogAll();
  Run("SLOWLOG RESET");
  Run("SET key value");
  Run("CONFIG SET slowlog-log-slower-than -1");
  const protocol::Reply entries = Run("SLOWLOG GET 1");
  ASSERT_EQ(entries.items.size(), 1u);
  const auto& entry = entries.items[0].items;
  ASSERT_EQ(entry.size(), 6u);
  EXPECT_THAT(entry[1], IsInteger(1'700'000'000));
  EXPECT_GE(entry[2].integer, 0);
  EXPECT_THAT(entry[3], IsBulks({"SET", "key", "value"}));
  EXPECT_THAT(entry[4], IsBulk(client().record->address));
  EXPECT_THAT(entry[5], IsBulk("me"));
}

TEST_F(SlowLogCommands, TheNewestComesFirstAndIdsGrow) {
  LogAll();
  for (int i = 0; i < 20; ++i) Run("ECHO " + std::to_string(i));
  Run("CONFIG SET slowlog-log-slower-than -1");
  EXPECT_EQ(Run("SLOWLOG GET").items.size(), 10u);
  const auto entries = Run("SLOWLOG GET -1").items;
  ASSERT_GE(entries.size(), 20u);
  EXPECT_GT(entries[0].items[0].integer, entries[1].items[0].integer);
  EXPECT_THAT(Run("SLOWLOG GET 0"), IsEmptyArray());
}

TEST_F(SlowLogCommands, KeepsNoMoreThanItsLimit) {
  Run("CONFIG SET slowlog-max-len 3");
  LogAll();
  for (int i = 0; i < 10; ++i) Run("PING");
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInteger(3));
  Run("CONFIG SET slowlog-log-slower-than -1");
  EXPECT_THAT(Run("SLOWLOG RESET"), IsOk());
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInteger(0));
}

TEST_F(SlowLogCommands, ShortensLongArguments) {
  LogAll();
  std::vector<std::string> args(40, "x");
  args[0] = "DEL";
  args[1] = std::string(200, 'y');
  client().RunArgs(args);
  Run("CONFIG SET slowlog-log-slower-than -1");
  const auto shown = Run("SLOWLOG GET 1").items.at(0).items.at(3).items;
  ASSERT_EQ(shown.size(), 32u);
  EXPECT_THAT(shown[1], IsBulk(std::string(128, 'y') + "... (72 more bytes)"));
  EXPECT_THAT(shown[31], IsBulk("... (9 more arguments)"));
}

TEST_F(SlowLogCommands, NeverHoldsAPassword) {
  LogAll();
  Run("AUTH default secret");
  Run("HELLO 2 AUTH default secret");
  Run("CONFIG SET requirepass secret");
  Run("PING");
  for (const protocol::Reply& entry : Run("SLOWLOG GET -1").items) {
    for (const protocol::Reply& arg : entry.items.at(3).items) EXPECT_NE(arg.text, "secret");
  }
}

TEST_F(SlowLogCommands, WrongFormsAreRefused) {
  EXPECT_THAT(Run("SLOWLOG GET -2"), IsError("ERR count should be greater than or equal to -1"));
  EXPECT_THAT(Run("SLOWLOG GET x"), IsError("ERR count should be greater than or equal to -1"));
  EXPECT_THAT(Run("SLOWLOG GET 1 2"),
              IsError("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG "
                      "HELP."));
  EXPECT_THAT(Run("SLOWLOG FOO"), IsError("ERR unknown subcommand 'FOO'. Try SLOWLOG HELP."));
  EXPECT_EQ(Run("SLOWLOG HELP").items.size(), 12u);
}

}  // namespace
}  // namespace larder
