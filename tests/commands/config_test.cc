#include "server/config/config_file.h"
#include "tests/support/command_fixture.h"
#include "tests/support/temporary_folder.h"

namespace larder {
namespace {

using ::testing::HasSubstr;

class ConfigCommands : public CommandFixture {};

TEST_F(ConfigCommands, GetAnswersNamesAndValues) {
  EXPECT_THAT(Run("CONFIG GET maxclients"), IsBulks({"maxclients", "10000"}));
  EXPECT_THAT(Run("config get Port nothing"), IsBulks({"Port", "6379"}));
  EXPECT_THAT(Run("CONFIG GET nothing"), IsEmptyArray());
  EXPECT_GT(Run("CONFIG GET *").items.size(), 400u);
}

TEST_F(ConfigCommands, SetTakesSeveralPairsAtOnce) {
  EXPECT_THAT(Run("CONFIG SET maxmemory 100mb maxmemory-policy noeviction"), IsOk());
  EXPECT_THAT(Run("CONFIG GET maxmemory maxmemory-policy"),
              IsBulks({"maxmemory", "104857600", "maxmemory-policy", "noeviction"}));
  EXPECT_EQ(engine.keyspace.memory_limit(), 104857600);
  EXPECT_EQ(engine.keyspace.policy(), storage::EvictionPolicy::kNoEviction);
}

TEST_F(ConfigCommands, SetRefusesAllWhenOneIsWrong) {
  EXPECT_THAT(Run("CONFIG SET timeout 5 maxmemory lots"),
              IsError("ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument "
                      "must be a memory value"));
  EXPECT_THAT(Run("CONFIG GET timeout"), IsBulks({"timeout", "0"}));
  EXPECT_THAT(Run("CONFIG SET timeout 5 maxmemory"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CONFIG SET foo 1"),
              IsError("ERR Unknown option or number of arguments for CONFIG SET - 'foo'"));
}

TEST_F(ConfigCommands, WrongArityIsThatOfTheSubcommand) {
  EXPECT_THAT(Run("CONFIG GET"), IsError("ERR wrong number of arguments for 'config|get' command"));
  EXPECT_THAT(Run("CONFIG SET maxmemory"),
              IsError("ERR wrong number of arguments for 'config|set' command"));
  EXPECT_THAT(Run("CONFIG REWRITE x"),
              IsError("ERR wrong number of arguments for 'config|rewrite' command"));
  EXPECT_THAT(Run("CONFIG FOO"), IsError("ERR unknown subcommand 'FOO'. Try CONFIG HELP."));
}

TEST_F(ConfigCommands, APasswordIsAskedForFromThenOn) {
  EXPECT_THAT(Run("CONFIG SET requirepass secret"), IsOk());
  EXPECT_THAT(NewClient().Run("GET k"), IsError("NOAUTH Authentication required."));
}

TEST_F(ConfigCommands, ProtectedOptionsNeedTheirSwitch) {
  EXPECT_THAT(Run("CONFIG SET dbfilename x.rdb"),
              IsError("ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't "
                      "set protected config"));
  ASSERT_TRUE(options.LoadText("enable-protected-configs local", "test").ok());
  EXPECT_THAT(Run("CONFIG SET dbfilename x.rdb"), IsOk());
  client().from_loopback = false;
  EXPECT_THAT(Run("CONFIG SET dbfilename y.rdb"),
              IsError("ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't "
                      "set protected config"));
}

TEST_F(ConfigCommands, RewriteWritesTheFile) {
  EXPECT_THAT(Run("CONFIG REWRITE"), IsError("ERR The server is running without a config file"));
  TemporaryFolder folder;
  ASSERT_TRUE(options.LoadFile(folder.Write("larder.conf", "timeout 3\n")).ok());
  EXPECT_THAT(Run("CONFIG SET timeout 4"), IsOk());
  EXPECT_THAT(Run("CONFIG REWRITE"), IsOk());
  EXPECT_EQ(folder.Read("larder.conf"), "timeout 4\n");
}

TEST_F(ConfigCommands, ResetStatSetsTheCountersToZero) {
  Run("PING");
  EXPECT_GT(engine.Sum(&WorkerStatistics::commands_processed), 0u);
  EXPECT_THAT(Run("CONFIG RESETSTAT"), IsOk());
  EXPECT_LE(engine.Sum(&WorkerStatistics::commands_processed), 1u);
  EXPECT_EQ(engine.keyspace.Stats().misses, 0u);
}

TEST_F(ConfigCommands, HelpListsTheSubcommands) {
  EXPECT_THAT(Run("CONFIG HELP").items.at(0).text, HasSubstr("CONFIG <subcommand>"));
}

}  // namespace
}  // namespace larder
