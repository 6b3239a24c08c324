#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ClientCommands : public CommandFixture {
 protected:
  static std::string IdOf(const TestClient& client) { return std::to_string(client.id()); }
};

TEST_F(ClientCommands, EachHasAnIdThatGrows) {
  TestClient& second = NewClient();
  EXPECT_THAT(Run("CLIENT ID"), IsInteger(static_cast<int64_t>(client().id())));
  EXPECT_GT(second.Run("CLIENT ID").integer, Run("CLIENT ID").integer);
}

TEST_F(ClientCommands, ANameIsKeptAndTakenBack) {
  EXPECT_THAT(Run("CLIENT GETNAME"), IsNull());
  EXPECT_THAT(Run("CLIENT SETNAME worker"), IsOk());
  EXPECT_THAT(Run("CLIENT GETNAME"), IsBulk("worker"));
  EXPECT_THAT(RunArgs({"CLIENT", "SETNAME", "two words"}),
              IsError("ERR Client names cannot contain spaces, newlines or special characters."));
  EXPECT_THAT(Run("CLIENT GETNAME"), IsBulk("worker"));
  EXPECT_THAT(RunArgs({"CLIENT", "SETNAME", ""}), IsOk());
  EXPECT_THAT(Run("CLIENT GETNAME"), IsNull());
}

TEST_F(ClientCommands, TheLibraryTellsItsNameAndVersion) {
  EXPECT_THAT(Run("CLIENT SETINFO lib-name redis-py"), IsOk());
  EXPECT_THAT(Run("CLIENT SETINFO LIB-VER 5.0"), IsOk());
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr("lib-name=redis-py lib-ver=5.0"));
  EXPECT_THAT(RunArgs({"CLIENT", "SETINFO", "lib-name", "a b"}),
              IsError("ERR lib-name cannot contain spaces, newlines or special characters."));
  EXPECT_THAT(Run("CLIENT SETINFO colour blue"), IsError("ERR Unrecognized option 'colour'"));
}

TEST_F(ClientCommands, InfoTellsTheClientsState) {
  Run("CLIENT SETNAME me");
  Run("SELECT 3");
  clock.Advance(7s);
  const std::string info = Run("CLIENT INFO").text;
  EXPECT_THAT(info, HasSubstr("id=" + IdOf(client()) + " addr=127.0.0.1:"));
  EXPECT_THAT(info, HasSubstr(" name=me age=7 "));
  EXPECT_THAT(info, HasSubstr(" db=3 sub=0 psub=0 ssub=0 multi=-1 "));
  EXPECT_THAT(info, HasSubstr(" cmd=client|info user=default "));
  EXPECT_EQ(info.back(), '\n');
}

TEST_F(ClientCommands, InfoShowsTransactionsAndSubscriptions) {
  TestClient& other = NewClient();
  other.Run("WATCH a b");
  other.Run("MULTI");
  other.Run("PING");
  const std::string line = Run("CLIENT LIST ID " + IdOf(other)).text;
  EXPECT_THAT(line, HasSubstr(" flags=x "));
  EXPECT_THAT(line, HasSubstr(" multi=1 watch=2 "));
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a b");
  EXPECT_THAT(Run("CLIENT LIST TYPE pubsub").text, HasSubstr(" flags=P "));
  EXPECT_THAT(Run("CLIENT LIST TYPE pubsub").text, HasSubstr(" sub=2 "));
}

TEST_F(ClientCommands, ListHasALineForEach) {
  TestClient& other = NewClient();
  const std::string lines = Run("CLIENT LIST").text;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(lines, HasSubstr("id=" + IdOf(client()) + " "));
  EXPECT_THAT(lines, HasSubstr("id=" + IdOf(other) + " "));
}

TEST_F(ClientCommands, ListTakesTypesAndIds) {
  TestClient& other = NewClient();
  EXPECT_THAT(Run("CLIENT LIST ID " + IdOf(other) + " 99999").text,
              ::testing::StartsWith("id=" + IdOf(other)));
  EXPECT_THAT(Run("CLIENT LIST TYPE master").text, IsEmpty());
  EXPECT_THAT(Run("CLIENT LIST TYPE foo"), IsError("ERR Unknown client type 'foo'"));
  EXPECT_THAT(Run("CLIENT LIST ID x"), IsError("ERR Invalid client ID"));
  EXPECT_THAT(Run("CLIENT LIST FOO"), IsError("ERR syntax error"));
}

TEST_F(ClientCommands, KillByAddress) {
  TestClient& other = NewClient();
  EXPECT_THAT(Run("CLIENT KILL " + other.record->address), IsOk());
  EXPECT_TRUE(other.record->killed);
  EXPECT_THAT(Run("CLIENT KILL 1.2.3.4:5"), IsError("ERR No such client"));
}

TEST_F(ClientCommands, KillByFiltersCounts) {
  TestClient& first = NewClient();
  TestClient& second = NewClient();
  EXPECT_THAT(Run("CLIENT KILL ID " + IdOf(first)), IsInteger(1));
  EXPECT_TRUE(first.record->killed);
  EXPECT_FALSE(second.record->killed);
  EXPECT_THAT(Run("CLIENT KILL ADDR nobody"), IsInteger(0));
  EXPECT_THAT(Run("CLIENT KILL ID " + IdOf(second) + " ADDR nobody"), IsInteger(0));
  EXPECT_THAT(Run("CLIENT KILL LADDR 127.0.0.1:6379 TYPE normal SKIPME yes"), IsInteger(2));
  EXPECT_FALSE(client().close_after_reply);
}

TEST_F(ClientCommands, KillingItselfStillAnswers) {
  EXPECT_THAT(Run("CLIENT KILL ID " + IdOf(client()) + " SKIPME no"), IsInteger(1));
  EXPECT_TRUE(client().close_after_reply);
}

TEST_F(ClientCommands, KillByTypeFindsSubscribers) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a");
  TestClient& other = NewClient();
  EXPECT_THAT(Run("CLIENT KILL TYPE pubsub"), IsInteger(1));
  EXPECT_TRUE(subscriber.record->killed);
  EXPECT_FALSE(other.record->killed);
}

TEST_F(ClientCommands, KillByAge) {
  TestClient& old = NewClient();
  clock.Advance(100s);
  TestClient& young = NewClient();
  EXPECT_THAT(Run("CLIENT KILL MAXAGE 50"), IsInteger(1));
  EXPECT_TRUE(old.record->killed);
  EXPECT_FALSE(young.record->killed);
}

TEST_F(ClientCommands, KillRefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Run("CLIENT KILL ID 0"), IsError("ERR client-id should be greater than 0"));
  EXPECT_THAT(Run("CLIENT KILL ID x"), IsError("ERR client-id should be greater than 0"));
  EXPECT_THAT(Run("CLIENT KILL TYPE foo"), IsError("ERR Unknown client type 'foo'"));
  EXPECT_THAT(Run("CLIENT KILL USER nobody"), IsError("ERR No such user 'nobody'"));
  EXPECT_THAT(Run("CLIENT KILL SKIPME maybe"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT KILL FOO bar"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("CLIENT KILL ID 1 ADDR"), IsError("ERR syntax error"));
}

TEST_F(ClientCommands, PauseHoldsCommandsBackUntilItsEnd) {
  EXPECT_THAT(Run("CLIENT PAUSE 1000"), IsOk());
  TestClient& other = NewClient();
  other.Run("GET k");
  EXPECT_TRUE(other.parked());
  clock.Advance(1000ms);
  EXPECT_THAT(other.Run("GET k"), IsNull());
  EXPECT_FALSE(other.parked());
}

TEST_F(ClientCommands, PauseOfWritesLetsReadsPass) {
  Run("CLIENT PAUSE 1000 WRITE");
  EXPECT_THAT(Run("GET k"), IsNull());
  Run("SET k v");
  EXPECT_TRUE(client().parked());
  EXPECT_THAT(Run("CLIENT UNPAUSE"), IsOk());
  EXPECT_THAT(Run("SET k v"), IsOk());
}

TEST_F(ClientCommands, PauseRefusesBadTimes) {
  EXPECT_THAT(Run("CLIENT PAUSE x"), IsError("ERR timeout is not an integer or out of range"));
  EXPECT_THAT(Run("CLIENT PAUSE -1"), IsError("ERR timeout is negative"));
  EXPECT_THAT(Run("CLIENT PAUSE 1 SOME"), IsError("ERR CLIENT PAUSE mode must be WRITE or ALL"));
}

TEST_F(ClientCommands, RepliesCanBeSwitchedOff) {
  EXPECT_EQ(client().RunRaw({"CLIENT", "REPLY", "OFF"}), "");
  EXPECT_EQ(client().RunRaw({"SET", "k", "v"}), "");
  EXPECT_EQ(client().RunRaw({"NOSUCH"}), "");
  EXPECT_EQ(client().RunRaw({"CLIENT", "REPLY", "ON"}), "+OK\r\n");
  EXPECT_THAT(Run("GET k"), IsBulk("v"));
}

TEST_F(ClientCommands, OneReplyCanBeSkipped) {
  EXPECT_EQ(client().RunRaw({"CLIENT", "REPLY", "SKIP"}), "");
  EXPECT_EQ(client().RunRaw({"PING"}), "");
  EXPECT_EQ(client().RunRaw({"PING"}), "+PONG\r\n");
  EXPECT_THAT(Run("CLIENT REPLY MAYBE"), IsError("ERR syntax error"));
}

TEST_F(ClientCommands, NoEvictAndNoTouchAreSwitches) {
  EXPECT_THAT(Run("CLIENT NO-EVICT on"), IsOk());
  EXPECT_THAT(Run("CLIENT NO-TOUCH ON"), IsOk());
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" flags=eT "));
  EXPECT_THAT(Run("CLIENT NO-TOUCH off"), IsOk());
  EXPECT_THAT(Run("CLIENT INFO").text, Not(HasSubstr("T ")));
  EXPECT_THAT(Run("CLIENT NO-EVICT x"), IsError("ERR syntax error"));
}

TEST_F(ClientCommands, QueuedCommandsTakeMemory) {
  EXPECT_THAT(Run("CLIENT INFO").text, HasSubstr(" multi-mem=0 "));
  TestClient& other = NewClient();
  other.Run("MULTI");
  other.Run("SET key value");
  EXPECT_THAT(Run("CLIENT LIST ID " + IdOf(other)).text, Not(HasSubstr(" multi-mem=0 ")));
  other.Run("DISCARD");
  EXPECT_THAT(Run("CLIENT LIST ID " + IdOf(other)).text, HasSubstr(" multi-mem=0 "));
}

TEST_F(ClientCommands, AnyCapabilityIsWelcome) {
  EXPECT_THAT(Run("CLIENT CAPA redirect"), IsOk());
  EXPECT_THAT(Run("CLIENT CAPA this that"), IsOk());
  EXPECT_THAT(Run("CLIENT CAPA"),
              IsError("ERR wrong number of arguments for 'client|capa' command"));
}

TEST_F(ClientCommands, ThereIsNoImportMode) {
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE ON"), IsError("ERR Server is not in import mode"));
  EXPECT_THAT(Run("CLIENT IMPORT-SOURCE off"), IsOk());
}

TEST_F(ClientCommands, UnblockFindsNobodyWhoIsNotBlocked) {
  EXPECT_THAT(Run("CLIENT UNBLOCK " + IdOf(client())), IsInteger(0));
  EXPECT_THAT(Run("CLIENT UNBLOCK 99999 ERROR"), IsInteger(0));
  EXPECT_THAT(Run("CLIENT UNBLOCK x"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(ClientCommands, AnUnknownSubcommandKeepsTheConnection) {
  EXPECT_THAT(Run("CLIENT MAINT_NOTIFICATIONS on"),
              IsError("ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP."));
  EXPECT_THAT(Run("CLIENT"), IsError("ERR wrong number of arguments for 'client' command"));
  EXPECT_FALSE(client().close_after_reply);
  EXPECT_THAT(Run("CLIENT HELP").items.front(),
              IsSimple("CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

}  // namespace
}  // namespace larder
