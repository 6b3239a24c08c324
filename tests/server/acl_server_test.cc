// ACL over several workers: what one client changes holds for the next command of any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using ::testing::Optional;

class AclServer : public testing::Test {
 protected:
  std::unique_ptr<SocketClient> As(const std::string& user) {
    auto client = server.Connect();
    EXPECT_THAT(client->Run({"AUTH", user, "x"}), Optional(IsOk()));
    return client;
  }

  RunningServer server{RunningServer::Options{{"threads", "4"}}};
  std::unique_ptr<SocketClient> admin = server.Connect();
};

TEST_F(AclServer, AChangeHoldsForTheNextCommandOfEveryConnection) {
  ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", "on", "nopass", "~*"}), Optional(IsOk()));
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(As("app"));
  for (int round = 0; round < 100; ++round) {
    const bool allowed = round % 2 == 0;
    ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", allowed ? "+get" : "-get"}), Optional(IsOk()));
    for (const auto& client : clients) {
      const auto reply = client->Run({"GET", "k"});
      ASSERT_TRUE(reply.has_value());
      ASSERT_EQ(reply->type == protocol::Reply::Type::kNull, allowed) << reply->text;
    }
  }
}

TEST_F(AclServer, ADeletedUsersConnectionsEnd) {
  ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", "on", "nopass", "+@all"}), Optional(IsOk()));
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(As("app"));
  ASSERT_THAT(admin->Run({"ACL", "DELUSER", "app"}), Optional(IsInteger(1)));
  for (const auto& client : clients) EXPECT_TRUE(client->WaitForClose());
  auto self = server.Connect();
  ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", "on", "nopass", "+@all"}), Optional(IsOk()));
  ASSERT_THAT(self->Run({"AUTH", "app", "x"}), Optional(IsOk()));
  EXPECT_THAT(self->Run({"ACL", "DELUSER", "app"}), Optional(IsInteger(1)));
  EXPECT_TRUE(self->WaitForClose());
}

TEST_F(AclServer, ListenersOfForbiddenChannelsAreClosedBeforeTheNextMessage) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_THAT(
        admin->Run({"ACL", "SETUSER", "app", "on", "nopass", "+@all", "resetchannels", "&c"}),
        Optional(IsOk()));
    const auto listener = As("app");
    ASSERT_TRUE(listener->Send(Encode({"SUBSCRIBE", "c"})));
    ASSERT_TRUE(listener->Read().has_value());
    ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", "resetchannels"}), Optional(IsOk()));
    ASSERT_TRUE(admin->Run({"PUBLISH", "c", "secret"}).has_value());
    EXPECT_EQ(listener->ReadToEnd(), "");
  }
}

TEST_F(AclServer, ChangesUnderLoadNeitherMixUpNorLoseReplies) {
  ASSERT_THAT(admin->Run({"ACL", "SETUSER", "app", "on", "nopass", "~a:*", "+@all"}),
              Optional(IsOk()));
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, client = std::shared_ptr<SocketClient>(As("app"))] {
      while (!stop.load()) {
        const auto mine = client->Run({"SET", "a:1", "v"});
        const auto other = client->Run({"GET", "b:1"});
        if (!mine || !other || !other->text.starts_with("NOPERM")) ++wrong;
        if (mine && mine->text != "OK" && !mine->text.starts_with("NOPERM")) ++wrong;
      }
    });
  }
  for (int round = 0; round < 300; ++round) {
    const char* rule = round % 3 == 0 ? "-set" : round % 3 == 1 ? "+set" : "(+ping)";
    EXPECT_THAT(admin->Run({"ACL", "SETUSER", "app", "clearselectors", rule}), Optional(IsOk()));
    EXPECT_TRUE(admin->Run({"ACL", "LOG"}).has_value());
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_THAT(admin->Run({"GET", "b:1"})->type, protocol::Reply::Type::kNull);
}

}  // namespace
}  // namespace larder
