#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class DebugCommand : public CommandFixture {
 protected:
  DebugCommand() { Allow("yes"); }
  void Allow(const std::string& whom) {
    EXPECT_TRUE(options.SetAtStart("enable-debug-command", std::vector{whom}).ok());
  }
};

TEST_F(DebugCommand, IsRefusedByDefault) {
  EXPECT_EQ(OptionStore().live().enable_debug_command, static_cast<int64_t>(ProtectedAction::kNo));
  Allow("no");
  EXPECT_THAT(Run("DEBUG DIGEST").text, StartsWith("ERR DEBUG command not allowed."));
  EXPECT_THAT(Run("DEBUG FOO").text, StartsWith("ERR DEBUG command not allowed."));
}

TEST_F(DebugCommand, MayBeAllowedToLocalClientsOnly) {
  Allow("local");
  EXPECT_THAT(Run("DEBUG SLEEP 0"), IsOk());
  TestClient& remote = NewClient();
  remote.from_loopback = false;
  EXPECT_THAT(remote.Run("DEBUG SLEEP 0").text, StartsWith("ERR DEBUG command not allowed."));
}

TEST_F(DebugCommand, ObjectTellsTheEncoding) {
  Run("SET k v");
  EXPECT_THAT(Run("DEBUG OBJECT k").text,
              HasSubstr(" refcount:1 encoding:embstr serializedlength:"));
  EXPECT_THAT(Run("DEBUG OBJECT nosuch"), IsError("ERR no such key"));
}

TEST_F(DebugCommand, DigestsAreThoseOfRedis) {
  EXPECT_THAT(Run("DEBUG DIGEST"), IsSimple(std::string(40, '0')));
  Run("SET k v");
  EXPECT_THAT(Run("DEBUG DIGEST-VALUE k nosuch"),
              IsArray({IsSimple("d79ee9fe5d5ad902d7f6620efc3b07b75ddd742f"),
                       IsSimple(std::string(40, '0'))}));
  Run("SET n 12");
  EXPECT_THAT(Run("DEBUG DIGEST"), IsSimple("6dc4225ea2daae0d8912125446d9d6e4d1cdd2d7"));
  Run("SADD s c b a");
  EXPECT_THAT(Run("DEBUG DIGEST-VALUE s"),
              IsArray({IsSimple("593c2414786d75446e97f4ea5d4b731f3313da72")}));
  EXPECT_THAT(Run("DEBUG DIGEST"), IsSimple("51d3bb037dc9e3a9bc5510ae614c7834651a57a2"));
}

TEST_F(DebugCommand, PopulateMakesKeysThatAreMissing) {
  Run("SET key:1 mine");
  EXPECT_THAT(Run("DEBUG POPULATE 3"), IsOk());
  EXPECT_THAT(Run("GET key:0"), IsBulk("value:0"));
  EXPECT_THAT(Run("GET key:1"), IsBulk("mine"));
  EXPECT_THAT(Run("DEBUG POPULATE 1 p 10"), IsOk());
  EXPECT_THAT(Run("GET p:0"), IsBulk(std::string("value:0\0\0\0", 10)));
  EXPECT_THAT(Run("DEBUG POPULATE x"), IsError("ERR value is out of range, must be positive"));
}

TEST_F(DebugCommand, ReloadKeepsTheData) {
  Run("SET k v");
  EXPECT_THAT(Run("DEBUG RELOAD"), IsOk());
  EXPECT_THAT(Run("DEBUG LOADAOF"), IsOk());
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

TEST_F(DebugCommand, ProtocolShowsEachType) {
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "double"}), "$5\r\n3.141\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "true"}), ":1\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "push"}),
            "-ERR RESP2 is not supported by this command\r\n");
  Run("HELLO 3");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "set"}), "~3\r\n:0\r\n:1\r\n:2\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "map"}),
            "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "bignum"}),
            "(1234567999999999999999999999999999999\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "verbatim"}),
            "=29\r\ntxt:This is a verbatim\nstring\r\n");
  EXPECT_EQ(client().RunRaw({"DEBUG", "PROTOCOL", "null"}), "_\r\n");
  EXPECT_THAT(Run("DEBUG PROTOCOL foo").text, StartsWith("ERR Wrong protocol type name."));
}

TEST_F(DebugCommand, SwitchesAreAccepted) {
  for (const char* line : {"DEBUG SET-ACTIVE-EXPIRE 1", "DEBUG QUICKLIST-PACKED-THRESHOLD 100b",
                           "DEBUG CHANGE-REPL-ID", "DEBUG LOG hello", "DEBUG PAUSE-CRON 0",
                           "DEBUG REPLYBUFFER resizing 0", "DEBUG DICT-RESIZING 1"}) {
    EXPECT_THAT(Run(line), IsOk()) << line;
  }
  EXPECT_THAT(Run("DEBUG QUICKLIST-PACKED-THRESHOLD x"),
              IsError("ERR argument must be a memory value bigger than 1 and smaller than 4gb"));
  EXPECT_THAT(Run("DEBUG STRINGMATCH-LEN a*c abc"), IsInteger(1));
  EXPECT_THAT(RunArgs({"DEBUG", "ERROR", "CODE text"}), IsError("CODE text"));
}

TEST_F(DebugCommand, WrongFormsAreRefused) {
  EXPECT_THAT(Run("DEBUG FOO"),
              IsError("ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG "
                      "HELP."));
  EXPECT_THAT(Run("DEBUG SLEEP"),
              IsError("ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG "
                      "HELP."));
  EXPECT_THAT(Run("DEBUG HELP").items.front(),
              IsSimple("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

}  // namespace
}  // namespace larder
