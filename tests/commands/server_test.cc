#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class ServerCommands : public CommandFixture {};

TEST_F(ServerCommands, TimeIsTheClocks) {
  EXPECT_THAT(Run("TIME"), IsBulks({"1700000000", "0"}));
  clock.Advance(1500ms);
  EXPECT_THAT(Run("TIME"), IsBulks({"1700000001", "500000"}));
}

TEST_F(ServerCommands, TheRoleIsAMasterWithoutReplicas) {
  EXPECT_THAT(Run("ROLE"), IsArray({IsBulk("master"), IsInteger(0), IsEmptyArray()}));
}

TEST_F(ServerCommands, SavingHasAlwaysJustSucceeded) {
  clock.Advance(100s);
  EXPECT_THAT(Run("LASTSAVE"), IsInteger(1'700'000'000));
  EXPECT_THAT(Run("SAVE"), IsOk());
  EXPECT_THAT(Run("LASTSAVE"), IsInteger(1'700'000'100));
  EXPECT_THAT(Run("BGSAVE"), IsSimple("Background saving started"));
  EXPECT_THAT(Run("BGSAVE SCHEDULE"), IsSimple("Background saving started"));
  EXPECT_THAT(Run("BGSAVE FOO"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("BGREWRITEAOF"), IsSimple("Background append only file rewriting started"));
}

TEST_F(ServerCommands, ThereAreNoModules) {
  EXPECT_THAT(Run("MODULE LIST"), IsEmptyArray());
  EXPECT_THAT(Run("MODULE LOAD x").text, HasSubstr("ERR MODULE command not allowed"));
  EXPECT_THAT(Run("MODULE UNLOAD x").text, HasSubstr("ERR MODULE command not allowed"));
  EXPECT_THAT(Run("MODULE FOO"), IsError("ERR unknown subcommand 'FOO'. Try MODULE HELP."));
  EXPECT_THAT(Run("MODULE HELP").items.back(), IsSimple("    Prints this help."));
  EXPECT_THAT(Run("LOLWUT").text, HasSubstr("Larder"));
}

TEST_F(ServerCommands, ShutdownAsksTheProcess) {
  EXPECT_THAT(Run("SHUTDOWN"), IsError("ERR Errors trying to SHUTDOWN. Check logs."));
  bool stopped = false, at_once = false;
  engine.hooks.shut_down = [&](bool now, bool) {
    stopped = true;
    at_once = now;
  };
  EXPECT_THAT(Run("SHUTDOWN FOO"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SHUTDOWN SAVE NOSAVE"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SHUTDOWN ABORT NOW"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("SHUTDOWN ABORT"), IsError("ERR No shutdown in progress."));
  EXPECT_FALSE(stopped);
  EXPECT_EQ(client().RunRaw({"SHUTDOWN", "NOSAVE", "NOW"}), "");
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(at_once);
}

class MonitorCommand : public CommandFixture {
 protected:
  std::vector<std::string> Lines() {
    Settle();
    std::vector<std::string> lines;
    for (const protocol::Reply& push : monitor.TakePushes()) lines.push_back(push.text);
    return lines;
  }
  TestClient& monitor = NewClient();
};

TEST_F(MonitorCommand, ShowsTimeDatabaseAddressAndArguments) {
  EXPECT_THAT(monitor.Run("MONITOR"), IsOk());
  Run("SELECT 2");
  Lines();
  clock.Advance(250ms);
  RunArgs({"SET", "key", "a \"b\"\r\n\x01"});
  EXPECT_THAT(Lines(), ElementsAre("1700000000.250000 [2 " + client().record->address +
                                   "] \"SET\" \"key\" \"a \\\"b\\\"\\r\\n\\x01\""));
}

TEST_F(MonitorCommand, HidesPasswordsAndAdministration) {
  monitor.Run("MONITOR");
  Run("AUTH default secret");
  Run("HELLO 2 AUTH default secret");
  Run("CONFIG GET port");
  EXPECT_THAT(Lines(), ElementsAre(MatchesRegex(".*\"AUTH\" \"\\(redacted\\)\" \"\\(redacted\\)\""),
                                   MatchesRegex(".*\"HELLO\" \"2\" \"AUTH\" \"\\(redacted\\)\" "
                                                "\"\\(redacted\\)\"")));
}

TEST_F(MonitorCommand, ShowsAScriptThatStartsAgainOnce) {
  monitor.Run("MONITOR");
  Run("EVAL \"redis.call('SET', KEYS[1], 1) return redis.call('GET', 'undeclared')\" 1 key");
  EXPECT_THAT(Lines(),
              ElementsAre(MatchesRegex(".*\"EVAL\" .*"), MatchesRegex(".* lua. \"SET\" .*"),
                          MatchesRegex(".* lua. \"GET\" \"undeclared\"")));
}

TEST_F(MonitorCommand, ShowsScriptsThatAreRefused) {
  monitor.Run("MONITOR");
  Run("EVALSHA ffffffffffffffffffffffffffffffffffffffff 0");
  Run("EVAL \"x=\" 0");
  Run("EVAL \"return 1\" abc");
  EXPECT_EQ(Lines().size(), 3u);
}

TEST_F(MonitorCommand, ShowsATransactionsCommandsBeforeItsExec) {
  monitor.Run("MONITOR");
  Run("MULTI");
  Run("SET key 1");
  Run("EVAL \"return redis.call('GET', KEYS[1])\" 1 key");
  Run("AUTH default secret");
  Run("EXEC");
  EXPECT_THAT(Lines(),
              ElementsAre(MatchesRegex(".*\"MULTI\""), MatchesRegex(".*\"SET\" \"key\" \"1\""),
                          MatchesRegex(".*\"EVAL\" .*"), MatchesRegex(".* lua. \"GET\" \"key\""),
                          MatchesRegex(".*\"AUTH\" .*redacted.*"), MatchesRegex(".*\"EXEC\"")));
}

TEST_F(MonitorCommand, EndsWithReset) {
  monitor.Run("MONITOR");
  Run("PING");
  EXPECT_THAT(Lines(), ElementsAre(MatchesRegex(".*\"PING\"")));
  monitor.Run("RESET");
  Run("PING");
  EXPECT_THAT(Lines(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace larder
