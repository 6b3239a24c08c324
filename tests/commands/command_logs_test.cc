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

TEST_F(SlowLogCommands, TheCommandThatLowersTheThresholdIsTheFirstEntry) {
  LogAll();
  Run("CONFIG SET slowlog-log-slower-than -1");
  const auto entries = Run("SLOWLOG GET -1").items;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].items[3], IsBulks({"CONFIG", "SET", "slowlog-log-slower-than", "0"}));
}

TEST_F(SlowLogCommands, SecretsAreRedacted) {
  Run("ACL SETUSER app on >secret +@all ~*");
  LogAll();
  Run("ACL SETUSER app >secret");
  Run("AUTH app secret");
  Run("AUTH secret");
  Run("HELLO 2 SETNAME auth AUTH app secret");
  Run("CONFIG SET maxmemory 1gb masterauth secret");
  Run("MIGRATE 127.0.0.1 1 missing 0 10 COPY AUTH2 app secret KEYS auth x");
  Run("MIGRATE 127.0.0.1 1 missing 0 10 AUTH secret");
  Run("CONFIG SET slowlog-log-slower-than -1");
  constexpr const char* kHidden = "(redacted)";
  const std::vector<std::vector<std::string>> expected = {
      {"MIGRATE", "127.0.0.1", "1", "missing", "0", "10", "AUTH", kHidden},
      {"MIGRATE", "127.0.0.1", "1", "missing", "0", "10", "COPY", "AUTH2", kHidden, kHidden, "KEYS",
       "auth", "x"},
      {"CONFIG", "SET", "maxmemory", "1gb", "masterauth", kHidden},
      {"HELLO", "2", "SETNAME", "auth", "AUTH", kHidden, kHidden},
      {"AUTH", kHidden},
      {"AUTH", kHidden, kHidden},
      {"ACL", "SETUSER", kHidden, kHidden},
      {"CONFIG", "SET", "slowlog-log-slower-than", "0"},
  };
  const auto entries = Run("SLOWLOG GET -1").items;
  ASSERT_EQ(entries.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_THAT(entries[i].items[3], IsBulks(expected[i])) << i;
  }
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

TEST_F(SlowLogCommands, OptionsSayHowMuchOfTheArgumentsIsKept) {
  Run("CONFIG SET slowlog-entry-max-argc 3 slowlog-entry-max-string-len 2");
  LogAll();
  Run("DEL abc d e f");
  Run("CONFIG SET slowlog-log-slower-than -1");
  EXPECT_THAT(Run("SLOWLOG GET 1").items.at(0).items.at(3),
              IsBulks({"DE... (1 more bytes)", "ab... (1 more bytes)", "... (3 more arguments)"}));
  EXPECT_THAT(Run("CONFIG SET slowlog-entry-max-argc 1"),
              IsError("ERR CONFIG SET failed (possibly related to argument "
                      "'slowlog-entry-max-argc') - argument must be between 2 and 2147483647 "
                      "inclusive"));
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

class CommandLogCommands : public CommandFixture {
 protected:
  static constexpr char kBadType[] =
      "ERR type should be one of the following: slow, large-request, large-reply";

  void SetUp() override {
    Run("CONFIG SET slowlog-log-slower-than -1");
    Run("CONFIG SET commandlog-request-larger-than 1000 commandlog-reply-larger-than 1000");
  }
};

TEST_F(CommandLogCommands, LargeRequestsAreKeptWithTheirSize) {
  client().RunArgs({"SET", "key", std::string(900, 'v')});
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(0));
  Run("CLIENT SETNAME me");
  const std::string value(1000, 'v');
  client().RunArgs({"SET", "key", value});
  EXPECT_THAT(Run("COMMANDLOG LEN Large-Request"), IsInteger(1));
  EXPECT_THAT(Run("COMMANDLOG LEN large-reply"), IsInteger(0));
  const auto entries = Run("COMMANDLOG GET -1 large-request").items;
  ASSERT_EQ(entries.size(), 1u);
  const auto& entry = entries[0].items;
  ASSERT_EQ(entry.size(), 6u);
  EXPECT_THAT(entry[1], IsInteger(1'700'000'000));
  // *3 $3 SET $3 key $1000 ...
  EXPECT_THAT(entry[2], IsInteger(4 + 9 + 9 + 7 + 1002));
  EXPECT_THAT(entry[3], IsBulks({"SET", "key", value.substr(0, 128) + "... (872 more bytes)"}));
  EXPECT_THAT(entry[4], IsBulk(client().record->address));
  EXPECT_THAT(entry[5], IsBulk("me"));
}

TEST_F(CommandLogCommands, LargeRepliesAreKeptWithTheirSize) {
  client().RunArgs({"SET", "key", std::string(995, 'v')});
  Run("COMMANDLOG RESET large-request");
  Run("GETRANGE key 0 900");
  EXPECT_THAT(Run("COMMANDLOG LEN large-reply"), IsInteger(0));
  Run("GET key");
  const auto entries = Run("COMMANDLOG GET 10 large-reply").items;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].items.at(2), IsInteger(6 + 995 + 2));
  EXPECT_THAT(entries[0].items.at(3), IsBulks({"GET", "key"}));
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(0));
}

TEST_F(CommandLogCommands, CommandsOfTransactionsAndScriptsAreKept) {
  const std::string value(1000, 'v');
  Run("MULTI");
  client().RunArgs({"SET", "key", value});
  Run("GET key");
  Run("EXEC");
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(1));
  EXPECT_THAT(Run("COMMANDLOG LEN large-reply"), IsInteger(1));
  client().RunArgs({"EVAL", "return #redis.call('GET', KEYS[1])", "1", "key"});
  const auto entries = Run("COMMANDLOG GET 1 large-reply").items;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].items.at(3), IsBulks({"GET", "key"}));
}

TEST_F(CommandLogCommands, RepliesThatStillWaitAreNotAddedUp) {
  client().output.Append(std::string(2000, 'x'));
  client().RunRaw({"PING"});
  EXPECT_THAT(Run("COMMANDLOG LEN large-reply"), IsInteger(0));
}

TEST_F(CommandLogCommands, SlowCommandsAreThoseOfSlowlog) {
  Run("CONFIG SET commandlog-execution-slower-than 0");
  EXPECT_THAT(Run("CONFIG GET slowlog-log-slower-than"), IsBulks({"slowlog-log-slower-than", "0"}));
  Run("PING");
  Run("CONFIG SET slowlog-log-slower-than -1");
  EXPECT_EQ(Run("COMMANDLOG LEN slow").integer, Run("SLOWLOG LEN").integer);
  EXPECT_THAT(Run("COMMANDLOG GET 1 slow").items.at(0).items.at(3), IsBulks({"PING"}));
  EXPECT_THAT(Run("COMMANDLOG RESET slow"), IsOk());
  EXPECT_THAT(Run("SLOWLOG LEN"), IsInteger(0));
  EXPECT_THAT(Run("CONFIG SET commandlog-slow-execution-max-len 7"), IsOk());
  EXPECT_THAT(Run("CONFIG GET slowlog-max-len"), IsBulks({"slowlog-max-len", "7"}));
}

TEST_F(CommandLogCommands, LogsAreSwitchedOffAndBounded) {
  const std::string value(1000, 'v');
  Run("CONFIG SET commandlog-request-larger-than -1");
  client().RunArgs({"SET", "key", value});
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(0));
  Run("CONFIG SET commandlog-request-larger-than 1000 commandlog-large-request-max-len 2");
  for (int i = 0; i < 5; ++i) client().RunArgs({"SET", "key", value});
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(2));
  EXPECT_THAT(Run("COMMANDLOG RESET large-request"), IsOk());
  EXPECT_THAT(Run("COMMANDLOG LEN large-request"), IsInteger(0));
}

TEST_F(CommandLogCommands, PasswordsAreInNoLog) {
  Run("CONFIG SET slowlog-log-slower-than 0 commandlog-request-larger-than 0");
  Run("AUTH default secret");
  Run("CONFIG SET requirepass secret");
  for (const char* kind : {"slow", "large-request"}) {
    for (const protocol::Reply& entry : Run(std::string("COMMANDLOG GET -1 ") + kind).items) {
      for (const protocol::Reply& arg : entry.items.at(3).items) EXPECT_NE(arg.text, "secret");
    }
  }
}

TEST_F(CommandLogCommands, WrongFormsAreRefused) {
  EXPECT_THAT(Run("COMMANDLOG GET 1 other"), IsError(kBadType));
  EXPECT_THAT(Run("COMMANDLOG LEN other"), IsError(kBadType));
  EXPECT_THAT(Run("COMMANDLOG RESET other"), IsError(kBadType));
  EXPECT_THAT(Run("COMMANDLOG GET -2 slow"),
              IsError("ERR count should be greater than or equal to -1"));
  EXPECT_THAT(Run("COMMANDLOG GET 1"),
              IsError("ERR wrong number of arguments for 'commandlog|get' command"));
  EXPECT_THAT(Run("COMMANDLOG HELP").items.front(),
              IsSimple("COMMANDLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

}  // namespace
}  // namespace larder
