// Clients that wait, and lose the right to what they wait for.
#include "tests/commands/blocking_fixture.h"

namespace larder {
namespace {

class BlockedRights : public BlockingFixture {
 protected:
  // A client of the user `app` that waits.
  TestClient& WaitingUser(const std::string& line) {
    EXPECT_THAT(Run("ACL SETUSER app on nopass ~* +@all"), IsOk());
    TestClient& user = NewClient();
    EXPECT_THAT(user.Run("AUTH app x"), IsOk());
    EXPECT_EQ(user.Run(line).text, "(no reply)");
    EXPECT_TRUE(user.blocked());
    return user;
  }
};

TEST_F(BlockedRights, WhoLostTheKeyIsRefusedInsteadOfServed) {
  TestClient& user = WaitingUser("BLPOP list 0");
  Run("ACL SETUSER app resetkeys ~other");
  EXPECT_THAT(Run("RPUSH list v"), IsInteger(1));
  EXPECT_THAT(ReplyOf(user), IsError("NOPERM No permissions to access a key"));
  EXPECT_THAT(Run("LRANGE list 0 -1"), IsBulks({"v"}));
}

TEST_F(BlockedRights, WhoLostTheCommandIsRefusedInsteadOfServed) {
  const std::pair<const char*, const char*> waits[] = {
      {"BZPOPMIN k 0", "ZADD k 1 m"},
      {"BLMOVE k other LEFT LEFT 0", "RPUSH k v"},
      {"XREAD BLOCK 0 STREAMS k $", "XADD k * f v"}};
  for (const auto& [wait, write] : waits) {
    Run("FLUSHALL");
    TestClient& user = WaitingUser(wait);
    Run("ACL SETUSER app -@blocking");
    Run(write);
    EXPECT_TRUE(ReplyOf(user).text.starts_with("NOPERM User app has no permissions to run the '"))
        << wait;
  }
}

TEST_F(BlockedRights, TheNextInLineIsServedInstead) {
  TestClient& user = WaitingUser("BLPOP list 0");
  TestClient& next = Waiting("BLPOP list 0");
  Run("ACL SETUSER app -blpop");
  Run("RPUSH list v");
  EXPECT_EQ(ReplyOf(user).type, protocol::Reply::Type::kError);
  EXPECT_THAT(ReplyOf(next), IsBulks({"list", "v"}));
  EXPECT_THAT(Run("EXISTS list"), IsInteger(0));
}

TEST_F(BlockedRights, ADeletedUserTakesNothing) {
  TestClient& user = WaitingUser("BLPOP list 0");
  Run("ACL DELUSER app");
  Run("RPUSH list v");
  EXPECT_THAT(Run("LLEN list"), IsInteger(1));
  EXPECT_TRUE(user.record->killed);
}

TEST_F(BlockedRights, AChangeThatLeavesTheRightsLeavesTheWait) {
  TestClient& user = WaitingUser("BLPOP list 0");
  Run("ACL SETUSER app -get");
  Run("ACL SETUSER someone on");
  Run("RPUSH list v");
  EXPECT_THAT(ReplyOf(user), IsBulks({"list", "v"}));
}

TEST_F(BlockedRights, ARefusalIsLogged) {
  TestClient& user = WaitingUser("BLPOP list 0");
  Run("ACL SETUSER app -blpop");
  Run("ACL LOG RESET");
  Run("RPUSH list v");
  ReplyOf(user);
  const protocol::Reply log = Run("ACL LOG");
  ASSERT_EQ(log.items.size(), 1u);
  EXPECT_THAT(log.items[0].items[3], IsBulk("command"));
}

}  // namespace
}  // namespace larder
