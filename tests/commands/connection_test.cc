#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::HasSubstr;

class ConnectionCommands : public CommandFixture {};

TEST_F(ConnectionCommands, PingAnswersPongOrItsArgument) {
  EXPECT_THAT(Run("PING"), IsSimple("PONG"));
  EXPECT_THAT(Run("ping hello"), IsBulk("hello"));
  EXPECT_THAT(Run("PING a b"), IsError("ERR wrong number of arguments for 'ping' command"));
}

TEST_F(ConnectionCommands, EchoAnswersAnyBytes) {
  const std::string bytes("\0\r\n\xff", 4);
  EXPECT_THAT(RunArgs({"ECHO", bytes}), IsBulk(bytes));
}

TEST_F(ConnectionCommands, DatabasesAreApart) {
  Run("SET k zero");
  EXPECT_THAT(Run("SELECT 15"), IsOk());
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Run("SELECT 16"), IsError("ERR DB index is out of range"));
  EXPECT_THAT(Run("SELECT -1"), IsError("ERR DB index is out of range"));
  EXPECT_THAT(Run("SELECT one"), IsError("ERR value is not an integer or out of range"));
  Run("SELECT 0");
  EXPECT_THAT(Run("GET k"), IsBulk("zero"));
}

TEST_F(ConnectionCommands, HelloTellsTheServerAndTheProtocol) {
  const protocol::Reply reply = Run("HELLO 2");
  EXPECT_THAT(reply, IsArray({IsBulk("server"), IsBulk("redis"), IsBulk("version"), IsBulk("8.4.0"),
                              IsBulk("proto"), IsInteger(2), IsBulk("id"),
                              IsInteger(static_cast<int64_t>(client().id())), IsBulk("mode"),
                              IsBulk("standalone"), IsBulk("role"), IsBulk("master"),
                              IsBulk("modules"), IsEmptyArray()}));
}

TEST_F(ConnectionCommands, HelloChoosesTheProtocol) {
  EXPECT_EQ(Run("HELLO 3").type, protocol::Reply::Type::kMap);
  EXPECT_EQ(client().RunRaw({"GET", "nosuch"}), "_\r\n");
  EXPECT_EQ(Run("HELLO").type, protocol::Reply::Type::kMap);
  Run("HELLO 2");
  EXPECT_EQ(client().RunRaw({"GET", "nosuch"}), "$-1\r\n");
}

TEST_F(ConnectionCommands, HelloRefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Run("HELLO 4"), IsError("NOPROTO unsupported protocol version"));
  EXPECT_THAT(Run("HELLO x"), IsError("ERR Protocol version is not an integer or out of range"));
  EXPECT_THAT(Run("HELLO 3 FOO"), IsError("ERR Syntax error in HELLO option 'FOO'"));
  EXPECT_THAT(Run("HELLO 3 AUTH u"), IsError("ERR Syntax error in HELLO option 'AUTH'"));
}

TEST_F(ConnectionCommands, HelloNamesTheClient) {
  Run("HELLO 3 SETNAME worker-1");
  EXPECT_THAT(Run("CLIENT GETNAME"), IsBulk("worker-1"));
  EXPECT_THAT(RunArgs({"HELLO", "3", "SETNAME", "a b"}),
              IsError("ERR Client names cannot contain spaces, newlines or special characters."));
}

TEST_F(ConnectionCommands, ResetForgetsTheConnectionsState) {
  Run("HELLO 3 SETNAME a");
  Run("SELECT 4");
  Run("CLIENT NO-TOUCH on");
  EXPECT_THAT(Run("RESET"), IsSimple("RESET"));
  EXPECT_THAT(Run("CLIENT GETNAME"), IsNull());
  EXPECT_EQ(client().database, 0);
  EXPECT_FALSE(client().no_touch);
  EXPECT_EQ(client().reply.version(), protocol::Version::kResp2);
}

TEST_F(ConnectionCommands, QuitAnswersAndCloses) {
  EXPECT_THAT(Run("QUIT now"), IsOk());
  EXPECT_TRUE(client().close_after_reply);
}

TEST_F(ConnectionCommands, NamesOfCommandsAreTakenInAnyCase) {
  EXPECT_THAT(Run("pInG"), IsSimple("PONG"));
  EXPECT_THAT(Run("client ID"), IsInteger(static_cast<int64_t>(client().id())));
}

TEST_F(ConnectionCommands, AnUnknownCommandIsQuotedShortened) {
  EXPECT_THAT(Run("NOSUCH"), IsError("ERR unknown command 'NOSUCH', with args beginning with: "));
  const std::string long_name(200, 'x');
  EXPECT_THAT(RunArgs({long_name}).text,
              HasSubstr("'" + std::string(128, 'x') + "', with args beginning with: "));
}

class Authentication : public CommandFixture {
 protected:
  // Connects once there is a password.
  TestClient& Stranger() {
    engine.acl.SetDefaultPassword("secret");
    return NewClient();
  }
  TestClient& stranger = Stranger();
};

TEST_F(Authentication, StrangersMayDoNothing) {
  EXPECT_THAT(stranger.Run("GET k"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(stranger.Run("PING"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(stranger.Run("NOSUCH a").text, HasSubstr("ERR unknown command 'NOSUCH'"));
  EXPECT_THAT(stranger.Run("HELLO 3").text, HasSubstr("NOAUTH HELLO must be called with"));
  EXPECT_THAT(stranger.Run("QUIT"), IsOk());
}

TEST_F(Authentication, ThePasswordLetsIn) {
  EXPECT_THAT(stranger.Run("AUTH secret"), IsOk());
  EXPECT_THAT(stranger.Run("PING"), IsSimple("PONG"));
  EXPECT_THAT(NewClient().Run("AUTH default secret"), IsOk());
}

TEST_F(Authentication, WrongOnesDoNot) {
  constexpr char kWrong[] = "WRONGPASS invalid username-password pair or user is disabled.";
  EXPECT_THAT(stranger.Run("AUTH secreT"), IsError(kWrong));
  EXPECT_THAT(stranger.Run("AUTH secre"), IsError(kWrong));
  EXPECT_THAT(stranger.Run("AUTH nobody secret"), IsError(kWrong));
  EXPECT_THAT(RunArgs({"AUTH", ""}), IsError(kWrong));
  EXPECT_THAT(stranger.Run("PING"), IsError("NOAUTH Authentication required."));
}

TEST_F(Authentication, AFailedAttemptDoesNotLogOut) {
  stranger.Run("AUTH secret");
  stranger.Run("AUTH wrong");
  EXPECT_THAT(stranger.Run("PING"), IsSimple("PONG"));
}

TEST_F(Authentication, HelloMayCarryThePassword) {
  EXPECT_THAT(stranger.Run("HELLO 3 AUTH default wrong"),
              IsError("WRONGPASS invalid username-password pair or user is disabled."));
  EXPECT_EQ(stranger.reply.version(), protocol::Version::kResp2);
  EXPECT_EQ(stranger.Run("HELLO 3 AUTH default secret SETNAME me").type,
            protocol::Reply::Type::kMap);
  EXPECT_THAT(stranger.Run("CLIENT GETNAME"), IsBulk("me"));
}

TEST_F(Authentication, ResetLogsOut) {
  stranger.Run("AUTH secret");
  stranger.Run("RESET");
  EXPECT_THAT(stranger.Run("PING"), IsError("NOAUTH Authentication required."));
}

TEST_F(Authentication, WithoutAPasswordAuthSaysSo) {
  engine.acl.SetDefaultPassword("");
  EXPECT_THAT(Run("AUTH x"),
              IsError("ERR AUTH <password> called without any password configured for the default "
                      "user. Are you sure your configuration is correct?"));
  EXPECT_THAT(Run("AUTH default x"), IsOk());
  EXPECT_THAT(Run("AUTH a b c"), IsError("ERR syntax error"));
}

}  // namespace
}  // namespace larder
