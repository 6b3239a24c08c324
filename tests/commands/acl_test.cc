// Users and what they may do, through the dispatcher.
#include <filesystem>

#include "server/acl/acl_categories.h"
#include "server/acl/acl_loading.h"
#include "server/config/config_file.h"
#include "tests/support/command_fixture.h"
#include "tests/support/temporary_folder.h"

namespace larder {
namespace {

using protocol::Reply;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kWrongPass[] = "WRONGPASS invalid username-password pair or user is disabled.";
constexpr char kNoKey[] = "NOPERM No permissions to access a key";
constexpr char kNoChannel[] = "NOPERM No permissions to access a channel";

std::string NoCommand(const std::string& command, const std::string& user = "app") {
  return "NOPERM User " + user + " has no permissions to run the '" + command + "' command";
}

class AclTest : public CommandFixture {
 protected:
  // A user with these rules beyond "on nopass", and a client logged in as it.
  TestClient& As(const std::string& name, const std::string& rules) {
    EXPECT_THAT(Run("ACL SETUSER " + name + " on nopass " + rules), IsOk());
    TestClient& client = NewClient();
    EXPECT_THAT(client.Run("AUTH " + name + " any"), IsOk());
    return client;
  }
  TestClient& App(const std::string& rules) { return As("app", rules); }

  // A field of a map that came as a flat array.
  static const Reply& Field(const Reply& map, std::string_view name) {
    for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (map.items[i].text == name) return map.items[i + 1];
    }
    ADD_FAILURE() << "no field " << name;
    static const Reply kNone;
    return kNone;
  }
  Reply LatestOfLog() {
    const Reply log = Run("ACL LOG 1");
    return log.items.empty() ? Reply() : log.items[0];
  }
};

// ---- who may log in

TEST_F(AclTest, AUserLogsInByPassword) {
  EXPECT_THAT(Run("ACL SETUSER app on >one >two"), IsOk());
  TestClient& client = NewClient();
  EXPECT_THAT(client.Run("AUTH app three"), IsError(kWrongPass));
  EXPECT_THAT(client.Run("AUTH app two"), IsOk());
  EXPECT_THAT(client.Run("PING"), IsError(NoCommand("ping")));
  EXPECT_THAT(NewClient().Run("HELLO 2 AUTH app one").text, Not(StartsWith("WRONGPASS")));
}

TEST_F(AclTest, OneWhoIsOffDoesNot) {
  Run("ACL SETUSER app off nopass");
  EXPECT_THAT(NewClient().Run("AUTH app x"), IsError(kWrongPass));
  EXPECT_THAT(NewClient().Run("AUTH nobody x"), IsError(kWrongPass));
}

TEST_F(AclTest, WhoWasSwitchedOffMayStay) {
  TestClient& app = App("+ping");
  Run("ACL SETUSER app off");
  EXPECT_THAT(app.Run("PING"), IsSimple("PONG"));
}

TEST_F(AclTest, RequirepassIsThePasswordOfTheDefaultUser) {
  Run("CONFIG SET requirepass secret");
  EXPECT_THAT(Run("ACL LIST").items[0].text,
              AllOf(StartsWith("user default on sanitize-payload #2bb80d537b1da3e3"),
                    EndsWith(" ~* &* +@all")));
  EXPECT_THAT(NewClient().Run("PING"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(NewClient().Run("AUTH secret"), IsOk());
  Run("ACL SETUSER default >other");
  EXPECT_THAT(NewClient().Run("AUTH other"), IsOk());
  Run("CONFIG SET maxmemory 1gb");  // sets no passwords back
  EXPECT_THAT(NewClient().Run("AUTH other"), IsOk());
  Run("CONFIG SET requirepass third");
  EXPECT_THAT(NewClient().Run("AUTH other"), IsError(kWrongPass));
}

TEST_F(AclTest, WithoutADefaultUserEverybodyMustLogIn) {
  TestClient& early = NewClient();
  Run("ACL SETUSER app on nopass +@all ~* &*");
  Run("ACL SETUSER default off");
  EXPECT_THAT(early.Run("PING"), IsSimple("PONG"));
  TestClient& late = NewClient();
  EXPECT_THAT(late.Run("PING"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(late.Run("HELLO").text, StartsWith("NOAUTH HELLO must be called"));
  EXPECT_THAT(late.Run("AUTH default x"), IsError(kWrongPass));
  EXPECT_THAT(late.Run("AUTH app x"), IsOk());
  EXPECT_THAT(late.Run("PING"), IsSimple("PONG"));
  TestClient& waiting = NewClient();
  Run("ACL SETUSER default on");
  EXPECT_THAT(waiting.Run("PING"), IsSimple("PONG"));
}

TEST_F(AclTest, ResetIsTheDefaultUserAgain) {
  TestClient& app = App("+ping");
  EXPECT_THAT(app.Run("RESET"), IsSimple("RESET"));
  EXPECT_THAT(app.Run("ACL WHOAMI"), IsBulk("default"));
}

TEST_F(AclTest, WhoAmITellsTheUser) {
  EXPECT_THAT(Run("ACL WHOAMI"), IsBulk("default"));
  EXPECT_THAT(App("+acl|whoami").Run("ACL WHOAMI"), IsBulk("app"));
}

TEST_F(AclTest, ClientListAndKillKnowTheUser) {
  TestClient& app = App("+client|info");
  EXPECT_THAT(app.Run("CLIENT INFO").text, HasSubstr(" user=app "));
  EXPECT_THAT(Run("CLIENT KILL USER nobody"), IsError("ERR No such user 'nobody'"));
  EXPECT_THAT(Run("CLIENT KILL USER app"), IsInteger(1));
  EXPECT_TRUE(app.record->killed);
}

// ---- HARDENING.md, rows 28 and 29

TEST_F(AclTest, ADeniedCommandSaysWhoAndWhich) {
  TestClient& app = App("+set ~*");
  EXPECT_THAT(app.Run("GET k"), IsError(NoCommand("get")));
  EXPECT_THAT(app.Run("CONFIG GET x"), IsError(NoCommand("config|get")));
  EXPECT_THAT(app.Run("SET k v"), IsOk());
}

TEST_F(AclTest, ADeniedKeySaysSo) {
  TestClient& app = App("+@all ~cache:*");
  EXPECT_THAT(app.Run("SET cache:1 v"), IsOk());
  EXPECT_THAT(app.Run("GET other"), IsError(kNoKey));
  EXPECT_THAT(app.Run("MGET cache:1 other"), IsError(kNoKey));
  EXPECT_THAT(app.Run("SINTERCARD 2 cache:2 other"), IsError(kNoKey));
}

// ---- in Redis's order

TEST_F(AclTest, ArityAndUnknownNamesComeBeforeRights) {
  TestClient& app = App("");
  EXPECT_THAT(app.Run("NOSUCH").text, StartsWith("ERR unknown command"));
  EXPECT_THAT(app.Run("CONFIG NOSUCH").text, StartsWith("ERR unknown subcommand"));
  EXPECT_THAT(app.Run("GET"), IsError("ERR wrong number of arguments for 'get' command"));
}

TEST_F(AclTest, LoggingInNeedsNoRight) {
  TestClient& app = App("");
  EXPECT_THAT(app.Run("AUTH app x"), IsOk());
  EXPECT_THAT(app.Run("HELLO 2").items.size(), 14u);
  EXPECT_THAT(app.Run("QUIT"), IsOk());
}

// ---- what a command does with its keys

TEST_F(AclTest, ReadingNeedsTheRightToRead) {
  TestClient& app = App("+@all %R~r:* %W~w:* ~b:*");
  EXPECT_THAT(app.Run("GET r:1"), IsNull());
  EXPECT_THAT(app.Run("GET w:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("SET w:1 v"), IsOk());
  EXPECT_THAT(app.Run("SET r:1 v"), IsError(kNoKey));
  EXPECT_THAT(app.Run("EXISTS w:1 r:1"), IsInteger(1));
  EXPECT_THAT(app.Run("INCR w:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("GETEX r:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("GETEX b:1"), IsNull());
}

TEST_F(AclTest, SetReadsOnlyWhatItIsAskedFor) {
  TestClient& app = App("+@all %W~w:*");
  EXPECT_THAT(app.Run("SET w:1 v NX"), IsOk());
  EXPECT_THAT(app.Run("SET w:1 v GET"), IsError(kNoKey));
  EXPECT_THAT(app.Run("SET w:1 v IFEQ v"), IsError(kNoKey));
}

TEST_F(AclTest, BitFieldOfGetsOnlyReads) {
  TestClient& app = App("+@all %R~r:*");
  EXPECT_THAT(app.Run("BITFIELD r:1 GET u8 0 OVERFLOW SAT GET u8 8").items.size(), 2u);
  EXPECT_THAT(app.Run("BITFIELD r:1 GET u8 0 SET u8 0 1"), IsError(kNoKey));
}

TEST_F(AclTest, WhatIsStoredIsWritten) {
  TestClient& app = App("+@all %R~r:* %W~w:*");
  EXPECT_THAT(app.Run("SUNIONSTORE w:1 r:1 r:2"), IsInteger(0));
  EXPECT_THAT(app.Run("SUNIONSTORE r:1 r:1 r:2"), IsError(kNoKey));
  EXPECT_THAT(app.Run("SUNIONSTORE w:1 w:1 r:2"), IsError(kNoKey));
  EXPECT_THAT(app.Run("GEORADIUS r:1 0 0 1 km STORE r:2"), IsError(kNoKey));
  EXPECT_THAT(app.Run("GEORADIUS r:1 0 0 1 km STORE w:2 STORE r:2"), IsError(kNoKey));
  EXPECT_THAT(app.Run("GEORADIUS r:1 0 0 1 km STORE w:2"), IsInteger(0));
  EXPECT_THAT(app.Run("COPY r:1 w:1"), IsInteger(0));
  EXPECT_THAT(app.Run("COPY w:1 w:2"), IsError(kNoKey));
}

TEST_F(AclTest, SortByOtherKeysNeedsTheRightToReadThemAll) {
  Run("RPUSH l 2 1");
  Run("SET w:1 5");
  TestClient& app = App("+@all ~l");
  EXPECT_THAT(app.Run("SORT l BY w:*"),
              IsError("ERR BY option of SORT denied due to insufficient ACL permissions"));
  EXPECT_THAT(app.Run("SORT_RO l GET #"),
              IsError("ERR GET option of SORT denied due to insufficient ACL permissions"));
  EXPECT_THAT(app.Run("SORT l BY nosort"), IsBulks({"2", "1"}));
  EXPECT_THAT(As("reader", "+@all %R~*").Run("SORT_RO l BY w:* GET #"), IsBulks({"2", "1"}));
}

TEST_F(AclTest, KeysOfScriptsAreReadAndWritten) {
  TestClient& app = App("+eval ~a:* %R~r:*");
  EXPECT_THAT(app.Run("EVAL \"return 1\" 1 a:1"), IsInteger(1));
  EXPECT_THAT(app.Run("EVAL \"return 1\" 1 b:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("EVAL \"return 1\" 1 r:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("EVAL \"return 1\" 0"), IsInteger(1));
}

TEST_F(AclTest, SelectorsAreTriedInTurn) {
  TestClient& app = App("+set ~w:* (+get ~r:*)");
  EXPECT_THAT(app.Run("SET w:1 v"), IsOk());
  EXPECT_THAT(app.Run("GET r:1"), IsNull());
  EXPECT_THAT(app.Run("GET w:1"), IsError(kNoKey));
  EXPECT_THAT(app.Run("DEL w:1"), IsError(NoCommand("del")));
}

TEST_F(AclTest, AFirstArgumentMayBeAllowedAlone) {
  TestClient& app = App("+select|2");
  EXPECT_THAT(app.Run("SELECT 2"), IsOk());
  EXPECT_THAT(app.Run("SELECT 3"), IsError(NoCommand("select")));
}

// ---- changes

TEST_F(AclTest, ChangesHoldFromTheNextCommandOn) {
  TestClient& app = App("+get ~*");
  EXPECT_THAT(app.Run("GET k"), IsNull());
  Run("ACL SETUSER app -get");
  EXPECT_THAT(app.Run("GET k"), IsError(NoCommand("get")));
  Run("ACL SETUSER app +@all &*");
  EXPECT_THAT(app.Run("GET k"), IsNull());
  EXPECT_THAT(app.Run("SET k v"), IsOk());
  EXPECT_TRUE(app.Unrestricted(engine.acl.version()));
  Run("ACL SETUSER app resetkeys");
  EXPECT_THAT(app.Run("GET k"), IsError(kNoKey));
}

TEST_F(AclTest, AWrongRuleChangesNothing) {
  Run("ACL SETUSER app on +get");
  EXPECT_THAT(Run("ACL SETUSER app +set ~a foo"),
              IsError("ERR Error in ACL SETUSER modifier 'foo': Syntax error"));
  EXPECT_THAT(Run("ACL SETUSER fresh foo").text, StartsWith("ERR Error in ACL SETUSER"));
  EXPECT_THAT(Run("ACL USERS"), IsBulks({"app", "default"}));
  EXPECT_THAT(Run("ACL LIST").items[0].text,
              "user app on sanitize-payload resetchannels -@all +get");
}

TEST_F(AclTest, AMalformedSelectorIsAnError) {  // HARDENING.md, row 31
  EXPECT_THAT(Run("ACL SETUSER app (+get ~a"),
              IsError("ERR Unmatched parenthesis in acl selector starting at '(+get'."));
  for (const char* rule : {"(%~)", "(()", "(on)", "(~a %)", "(%R)x", "((", "(%RW", ")"}) {
    EXPECT_THAT(RunArgs({"ACL", "SETUSER", "app", rule}).text, StartsWith("ERR ")) << rule;
  }
  EXPECT_THAT(RunArgs({"ACL", "SETUSER", "a b"}),
              IsError("ERR Usernames can't contain spaces or null characters"));
  EXPECT_THAT(Run("PING"), IsSimple("PONG"));
}

TEST_F(AclTest, ADeletedUsersClientsAreClosed) {
  TestClient& app = App("+ping");
  EXPECT_THAT(Run("ACL DELUSER app nobody"), IsInteger(1));
  EXPECT_TRUE(app.record->killed);
  // Even one that had not heard of it would get no further, not as another user of that name
  // either.
  Run("ACL SETUSER app on nopass +@all");
  EXPECT_THAT(app.Run("PING"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(Run("ACL DELUSER app default"), IsError("ERR The 'default' user cannot be removed"));
  EXPECT_THAT(Run("ACL USERS"), IsBulks({"app", "default"}));
}

TEST_F(AclTest, WhoDeletesItsOwnUserStillGetsTheAnswer) {
  TestClient& app = App("+@all");
  EXPECT_THAT(app.Run("ACL DELUSER app"), IsInteger(1));
  EXPECT_TRUE(app.close_after_reply);
}

// ---- transactions

TEST_F(AclTest, ADeniedCommandIsNotQueued) {
  TestClient& app = App("+multi +exec +get ~*");
  app.Run("MULTI");
  EXPECT_THAT(app.Run("GET k"), IsSimple("QUEUED"));
  EXPECT_THAT(app.Run("SET k v"), IsError(NoCommand("set")));
  EXPECT_THAT(app.Run("EXEC"),
              IsError("EXECABORT Transaction discarded because of previous errors."));
}

TEST_F(AclTest, RightsAreCheckedAgainAtExec) {  // HARDENING.md, row 30
  TestClient& app = App("+@all ~a* &c");
  app.Run("MULTI");
  app.Run("GET a");
  app.Run("SET a 1");
  app.Run("PUBLISH c x");
  app.Run("ECHO fine");
  Run("ACL SETUSER app -get resetkeys ~b* resetchannels");
  const std::string text =
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
      "call. This command is no longer allowed for the following reason: ";
  EXPECT_THAT(
      app.Run("EXEC"),
      IsArray({IsError(text + "no permission to execute the command or subcommand"),
               IsError(text + "no permission to touch the specified keys"),
               IsError(text + "no permission to access one of the channels used as arguments"),
               IsBulk("fine")}));
  EXPECT_THAT(Run("GET a"), IsNull());
}

TEST_F(AclTest, ATransactionThatTakesItsOwnRightsLosesThem) {
  TestClient& app = App("+@all ~* &*");
  app.Run("MULTI");
  app.Run("ACL SETUSER app -set");
  app.Run("SET k v");
  EXPECT_THAT(app.Run("EXEC").items[1].text, StartsWith("NOPERM ACLs rules changed"));
  EXPECT_THAT(Run("GET k"), IsNull());
}

TEST_F(AclTest, ExecItselfMayBeDenied) {
  TestClient& app = App("+multi");
  app.Run("MULTI");
  EXPECT_THAT(app.Run("EXEC"),
              IsError("EXECABORT Transaction discarded because of: " + NoCommand("exec")));
  EXPECT_FALSE(app.in_multi());
}

// ---- scripts

TEST_F(AclTest, AScriptMayDoWhatItsCallerMay) {
  TestClient& app = App("+eval +get +publish ~a* &c");
  EXPECT_THAT(app.Run("EVAL \"return redis.call('get','a')\" 0"), IsNull());
  EXPECT_THAT(app.Run("EVAL \"return redis.call('set','a','1')\" 0").text,
              StartsWith("ERR ACL failure in script: User app has no permissions to run the 'set' "
                         "command script: "));
  EXPECT_THAT(app.Run("EVAL \"return redis.pcall('get','b')\" 0"),
              IsError("ERR ACL failure in script: No permissions to access a key"));
  EXPECT_THAT(app.Run("EVAL \"return redis.pcall('publish','d','x')\" 0"),
              IsError("ERR ACL failure in script: No permissions to access a channel"));
  EXPECT_THAT(Field(LatestOfLog(), "context"), IsBulk("lua"));
}

TEST_F(AclTest, AScriptMayAsk) {
  TestClient& app = App("+eval +get ~a*");
  EXPECT_THAT(app.Run("EVAL \"return redis.acl_check_cmd('get','a1')\" 0"), IsInteger(1));
  EXPECT_THAT(app.Run("EVAL \"return redis.acl_check_cmd('get','b')\" 0"), IsNull());
  EXPECT_THAT(app.Run("EVAL \"return redis.acl_check_cmd('set','a1','x')\" 0"), IsNull());
  EXPECT_THAT(app.Run("EVAL \"return redis.acl_check_cmd('get')\" 0"), IsInteger(1));
  EXPECT_THAT(app.Run("EVAL \"return redis.acl_check_cmd('nosuch')\" 0").text,
              StartsWith("ERR Invalid command passed to redis.acl_check_cmd()"));
}

// ---- channels

TEST_F(AclTest, ChannelsNeedARight) {
  TestClient& app = App("+@all &news:*");
  EXPECT_THAT(app.Run("PUBLISH news:1 x"), IsInteger(0));
  EXPECT_THAT(app.Run("PUBLISH other x"), IsError(kNoChannel));
  EXPECT_THAT(app.Run("SPUBLISH other x"), IsError(kNoChannel));
  EXPECT_THAT(app.Run("SUBSCRIBE news:1 other"), IsError(kNoChannel));
  EXPECT_THAT(app.Run("SSUBSCRIBE other"), IsError(kNoChannel));
  EXPECT_THAT(app.Run("PSUBSCRIBE news:1*"), IsError(kNoChannel));
  EXPECT_THAT(app.Run("PSUBSCRIBE news:*").items[0], IsBulk("psubscribe"));
  EXPECT_THAT(app.Run("UNSUBSCRIBE other").items[0], IsBulk("unsubscribe"));
}

TEST_F(AclTest, WhoListensToWhatWasForbiddenIsClosed) {
  TestClient& app = App("+@all &news:* &other");
  TestClient& fine = NewClient();
  fine.Run("AUTH app x");
  app.Run("SUBSCRIBE news:1");
  fine.Run("SUBSCRIBE other");
  Run("ACL SETUSER app resetchannels &other &more");
  Settle();
  EXPECT_TRUE(app.record->killed);
  EXPECT_FALSE(fine.record->killed);
  Run("ACL SETUSER app allchannels");
  Settle();
  EXPECT_FALSE(fine.record->killed);
}

TEST_F(AclTest, APatternMustStayAllowedAsItIs) {
  TestClient& app = App("+@all &news:*");
  app.Run("PSUBSCRIBE news:*");
  Run("ACL SETUSER app resetchannels &news:?*");
  Settle();
  EXPECT_TRUE(app.record->killed);
}

TEST_F(AclTest, ADefaultOfAllChannelsIsForNewUsers) {
  EXPECT_THAT(Run("CONFIG SET acl-pubsub-default allchannels"), IsOk());
  EXPECT_THAT(App("+publish").Run("PUBLISH c x"), IsInteger(0));
}

// ---- telling

TEST_F(AclTest, GetUserShowsAllOfAUser) {
  Run("ACL SETUSER app on >a ~k %R~r +get +@set &c (+set ~s)");
  const Reply user = Run("ACL GETUSER app");
  EXPECT_THAT(Field(user, "flags"), IsBulks({"on", "sanitize-payload"}));
  EXPECT_THAT(Field(user, "passwords"),
              IsBulks({"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}));
  EXPECT_THAT(Field(user, "commands"), IsBulk("-@all +get +@set"));
  EXPECT_THAT(Field(user, "keys"), IsBulk("~k %R~r"));
  EXPECT_THAT(Field(user, "channels"), IsBulk("&c"));
  EXPECT_THAT(Field(user, "selectors"),
              IsArray({IsBulks({"commands", "-@all +set", "keys", "~s", "channels", ""})}));
  EXPECT_THAT(Run("ACL GETUSER nobody"), IsNull());
  client().Run("HELLO 3");
  EXPECT_EQ(Run("ACL GETUSER app").type, Reply::Type::kMap);
}

TEST_F(AclTest, ListAndUsersAreInOrder) {
  Run("ACL SETUSER b");
  Run("ACL SETUSER a nopass");
  EXPECT_THAT(Run("ACL USERS"), IsBulks({"a", "b", "default"}));
  EXPECT_THAT(Run("ACL LIST"), IsBulks({"user a off nopass sanitize-payload resetchannels -@all",
                                        "user b off sanitize-payload resetchannels -@all",
                                        "user default on nopass sanitize-payload ~* &* +@all"}));
}

TEST_F(AclTest, CatListsCategoriesAndTheirCommands) {
  EXPECT_EQ(Run("ACL CAT").items.size(), 22u);
  const Reply scripting = Run("ACL CAT scripting");
  EXPECT_GE(scripting.items.size(), 8u);
  EXPECT_THAT(Run("ACL CAT nosuch"), IsError("ERR Unknown category 'nosuch'"));
  EXPECT_THAT(Run("ACL CAT a b").text, StartsWith("ERR unknown subcommand or wrong number"));
}

TEST_F(AclTest, EveryCommandIsInTheCategoriesItNames) {
  TestClient& app = App("+@all -@dangerous ~* &*");
  for (const CommandInfo& info : engine.commands.all()) {
    const AclUserPointer user = engine.acl.Find("app");
    const uint64_t categories = engine.acl.commands().at(info.index).categories;
    const bool dangerous = (categories >> *FindAclCategory("dangerous") & 1) != 0;
    EXPECT_EQ(user->root.commands[static_cast<size_t>(info.index)], !dangerous) << info.full_name;
  }
  EXPECT_THAT(app.Run("KEYS *"), IsError(NoCommand("keys")));
}

TEST_F(AclTest, DryRunTriesWithoutRunning) {
  Run("ACL SETUSER app +set +publish ~a &c");
  EXPECT_THAT(Run("ACL DRYRUN app SET a 1"), IsOk());
  EXPECT_THAT(Run("GET a"), IsNull());
  EXPECT_THAT(Run("ACL DRYRUN app SET b 1"),
              IsBulk("User app has no permissions to access the 'b' key"));
  EXPECT_THAT(Run("ACL DRYRUN app GET a"),
              IsBulk("User app has no permissions to run the 'get' command"));
  EXPECT_THAT(Run("ACL DRYRUN app PUBLISH d x"),
              IsBulk("User app has no permissions to access the 'd' channel"));
  EXPECT_THAT(Run("ACL DRYRUN nobody GET a"), IsError("ERR User 'nobody' not found"));
  EXPECT_THAT(Run("ACL DRYRUN app NOSUCH"), IsError("ERR Command 'NOSUCH' not found"));
  EXPECT_THAT(Run("ACL DRYRUN app SET a"),
              IsError("ERR wrong number of arguments for 'set' command"));
  EXPECT_THAT(Run("ACL LOG"), IsEmptyArray());
}

TEST_F(AclTest, GenPassDrawsDigits) {
  const std::string password = Run("ACL GENPASS").text;
  EXPECT_EQ(password.size(), 64u);
  EXPECT_NE(password, Run("ACL GENPASS").text);
  EXPECT_EQ(Run("ACL GENPASS 5").text.size(), 2u);
  for (const char* bits : {"0", "4097", "-1"}) {
    EXPECT_THAT(RunArgs({"ACL", "GENPASS", bits}).text, HasSubstr("a positive number up to 4096"));
  }
  EXPECT_THAT(Run("ACL GENPASS x"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(AclTest, HelpNamesTheSubcommands) { EXPECT_EQ(Run("ACL HELP").items.size(), 29u); }

// ---- the log

TEST_F(AclTest, TheLogTellsWhatWasRefused) {
  TestClient& app = App("+get +multi +publish ~a");
  app.Run("SET k v");
  Reply entry = LatestOfLog();
  EXPECT_THAT(Field(entry, "count"), IsInteger(1));
  EXPECT_THAT(Field(entry, "reason"), IsBulk("command"));
  EXPECT_THAT(Field(entry, "context"), IsBulk("toplevel"));
  EXPECT_THAT(Field(entry, "object"), IsBulk("set"));
  EXPECT_THAT(Field(entry, "username"), IsBulk("app"));
  EXPECT_THAT(Field(entry, "client-info").text, HasSubstr(" cmd=set user=app "));
  EXPECT_THAT(Field(entry, "entry-id"), IsInteger(0));
  app.Run("PUBLISH c x");
  EXPECT_THAT(Field(LatestOfLog(), "reason"), IsBulk("channel"));
  app.Run("MULTI");
  app.Run("GET b");
  entry = LatestOfLog();
  EXPECT_THAT(Field(entry, "reason"), IsBulk("key"));
  EXPECT_THAT(Field(entry, "context"), IsBulk("multi"));
  EXPECT_THAT(Field(entry, "object"), IsBulk("b"));
  NewClient().Run("auth app2 wrong");
  entry = LatestOfLog();
  EXPECT_THAT(Field(entry, "reason"), IsBulk("auth"));
  EXPECT_THAT(Field(entry, "object"), IsBulk("auth"));
  EXPECT_THAT(Field(entry, "username"), IsBulk("app2"));
}

TEST_F(AclTest, TheLogCountsTheSameAndAges) {
  TestClient& app = App("");
  app.Run("GET k");
  clock.Advance(2500ms);
  app.Run("GET k");
  clock.Advance(500ms);
  const Reply entry = LatestOfLog();
  EXPECT_THAT(Field(entry, "count"), IsInteger(2));
  EXPECT_THAT(Field(entry, "age-seconds"), IsBulk("0.5"));
  EXPECT_EQ(
      Field(entry, "timestamp-last-updated").integer - Field(entry, "timestamp-created").integer,
      2500);
  EXPECT_THAT(Run("ACL LOG RESET"), IsOk());
  EXPECT_THAT(Run("ACL LOG"), IsEmptyArray());
}

TEST_F(AclTest, TheLogIsAsLongAsTheOptionSays) {
  TestClient& app = App("");
  Run("CONFIG SET acllog-max-len 2");
  for (const char* command : {"GET", "TTL", "TYPE"}) app.RunArgs({command, "k"});
  EXPECT_EQ(Run("ACL LOG").items.size(), 2u);
  EXPECT_EQ(Run("ACL LOG 1").items.size(), 1u);
  EXPECT_THAT(Run("ACL LOG -1"), IsEmptyArray());
  EXPECT_THAT(Run("ACL LOG x"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(AclTest, InfoCountsRefusals) {
  TestClient& app = App("+get");
  app.Run("SET k v");
  app.Run("GET k");
  app.Run("AUTH app2 x");
  const std::string stats = Run("INFO stats").text;
  EXPECT_THAT(stats, HasSubstr("acl_access_denied_auth:1\r\n"));
  EXPECT_THAT(stats, HasSubstr("acl_access_denied_cmd:1\r\n"));
  EXPECT_THAT(stats, HasSubstr("acl_access_denied_key:1\r\n"));
  EXPECT_THAT(stats, HasSubstr("acl_access_denied_channel:0\r\n"));
}

TEST_F(AclTest, PasswordsAreKeptOutOfSlowlogAndMonitor) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  TestClient& watching = NewClient();
  watching.Run("MONITOR");
  Run("ACL SETUSER app >secret");
  Run("PING");
  Settle();
  for (const Reply& line : watching.TakePushes()) EXPECT_THAT(line.text, Not(HasSubstr("secret")));
  for (const Reply& entry : Run("SLOWLOG GET -1").items) {
    for (const Reply& word : entry.items[3].items) EXPECT_THAT(word.text, Not(HasSubstr("secret")));
  }
}

// ---- files

class AclFile : public AclTest {
 protected:
  AclFile() { EXPECT_TRUE(options.LoadText("aclfile " + path, "test").ok()); }
  void Write(const std::string& text) { EXPECT_TRUE(ReplaceFile(path, text).ok()); }
  std::string Read() {
    std::string text;
    EXPECT_TRUE(ReadWholeFile(path, text).ok());
    return text;
  }

  TemporaryFolder folder;
  std::string path = folder.path() + "/users.acl";
};

TEST_F(AclTest, WithoutAFileThereIsNothingToLoad) {
  EXPECT_THAT(Run("ACL LOAD").text, StartsWith("ERR This Redis instance is not configured to use"));
  EXPECT_THAT(Run("ACL SAVE").text, StartsWith("ERR This Redis instance is not configured to use"));
}

TEST_F(AclFile, IsLoadedAtStart) {
  Write("\nuser app on nopass  ~a \"quoted\" +get (+set ~b)\r\nuser default on >x ~* +@all\n");
  EXPECT_FALSE(LoadUsersAtStart(engine).ok());
  Write("user app on nopass  ~a +get (+set ~b)\r\n\nuser default on >x ~* +@all\n");
  ASSERT_TRUE(LoadUsersAtStart(engine).ok());
  TestClient& client = NewClient();
  EXPECT_THAT(client.Run("PING"), IsError("NOAUTH Authentication required."));
  EXPECT_THAT(client.Run("AUTH app x"), IsOk());
  EXPECT_THAT(client.Run("SET b 1"), IsOk());
}

TEST_F(AclFile, IsWrittenAndReadBack) {
  Run("ACL SETUSER app on >p ~a* %R~b +@read -get &c (+set ~d)");
  const Reply before = Run("ACL LIST");
  EXPECT_THAT(Run("ACL SAVE"), IsOk());
  Run("ACL DELUSER app");
  Run("ACL SETUSER other");
  EXPECT_THAT(Run("ACL LOAD"), IsOk());
  EXPECT_EQ(Run("ACL LIST").items.size(), before.items.size());
  EXPECT_EQ(Run("ACL LIST").items[0].text, before.items[0].text);
  EXPECT_EQ(Read(), before.items[0].text + "\n" + before.items[1].text + "\n");
}

TEST_F(AclFile, LoadClosesClientsOfUsersThatAreGone) {
  TestClient& gone = As("gone", "+ping");
  TestClient& stays = As("stays", "+ping");
  Write("user stays on nopass +get ~*\n");
  EXPECT_THAT(Run("ACL LOAD"), IsOk());
  EXPECT_TRUE(gone.record->killed);
  EXPECT_FALSE(stays.record->killed);
  EXPECT_THAT(stays.Run("PING"), IsError(NoCommand("ping", "stays")));
  EXPECT_THAT(stays.Run("GET k"), IsNull());
  EXPECT_THAT(Run("ACL USERS"), IsBulks({"default", "stays"}));
}

TEST_F(AclFile, WrongLinesAreNamedAndChangeNothing) {
  Run("ACL SETUSER app on");
  Write("user a on\nuser a off\nnonsense\nuser b +nosuch >x foo\nuser c (+get\n");
  EXPECT_THAT(Run("ACL LOAD").text,
              AllOf(HasSubstr("WARNING: Duplicate user 'a' found on line 2. "),
                    HasSubstr(":3 should start with user keyword followed by the username. "),
                    HasSubstr(":4: Error in applying operation '+nosuch': Unknown command or "
                              "category name in ACL. "),
                    HasSubstr(":4: Syntax error. "),
                    HasSubstr(":5: Unmatched parenthesis in selector definition."),
                    HasSubstr("no change to the previously active ACL rules was performed")));
  EXPECT_THAT(Run("ACL USERS"), IsBulks({"app", "default"}));
}

TEST_F(AclFile, ThatIsMissingIsAnError) {
  std::filesystem::remove(path);
  EXPECT_THAT(Run("ACL LOAD").text, HasSubstr("No such file or directory"));
  EXPECT_FALSE(LoadUsersAtStart(engine).ok());
}

TEST_F(AclFile, ExcludesUsersInTheConfiguration) {
  ASSERT_TRUE(options.LoadText("user a on", "test").ok());
  EXPECT_THAT(LoadUsersAtStart(engine).error(), HasSubstr("but not both"));
}

TEST_F(AclTest, UsersMayBeInTheConfiguration) {
  ASSERT_TRUE(options
                  .LoadText("user app on nopass ~a* (+get ~b)\nuser \"b\" on >x\n"
                            "user default on nopass +@all -@dangerous ~*\n",
                            "test")
                  .ok());
  ASSERT_TRUE(LoadUsersAtStart(engine).ok());
  EXPECT_THAT(Run("ACL USERS"), IsError(NoCommand("acl|users", "default")));
  EXPECT_THAT(engine.acl.Find("app")->Describe(),
              "on nopass sanitize-payload ~a* resetchannels -@all (~b resetchannels -@all +get)");
}

TEST_F(AclTest, AWrongUserLineIsAnError) {
  for (const char* line :
       {"user app foo", "user app on\nuser app off", "user \"a b\"", "user", "user app (+get"}) {
    OptionStore store;
    ASSERT_TRUE(store.LoadText(line, "test").ok());
    Engine other(clock, store, log, 1);
    EXPECT_FALSE(LoadUsersAtStart(other).ok()) << line;
  }
}

TEST_F(AclTest, ConfigRewriteWritesTheUsers) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/larder.conf";
  ASSERT_TRUE(ReplaceFile(path, "# mine\nuser old on\nport 6379\nuser older on\n").ok());
  ASSERT_TRUE(options.LoadFile(path).ok());
  EXPECT_THAT(RunArgs({"ACL", "SETUSER", "app", "on", ">p", "~a\"*", "(+get ~b)"}), IsOk());
  EXPECT_THAT(Run("CONFIG REWRITE"), IsOk());
  std::string text;
  ASSERT_TRUE(ReadWholeFile(path, text).ok());
  EXPECT_THAT(text,
              StartsWith("# mine\nuser app on sanitize-payload \"#148de9c5a7a44d19e56cd9ae1a554b"
                         "f67847afb0c58f6e12fa29ac7ddfca9940\" \"~a\\\"*\" resetchannels -@all "
                         "(~b resetchannels -@all +get)\nport 6379\n"));
  OptionStore again;
  ASSERT_TRUE(again.LoadFile(path).ok());
  Engine other(clock, again, log, 1);
  ASSERT_TRUE(LoadUsersAtStart(other).ok());
  EXPECT_EQ(other.acl.Find("app")->Describe(), engine.acl.Find("app")->Describe());
  EXPECT_EQ(other.acl.Find("default")->Describe(), engine.acl.Find("default")->Describe());
}

}  // namespace
}  // namespace larder
