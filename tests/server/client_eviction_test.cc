#include "server/client_eviction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;

constexpr int64_t kMegabyte = 1024 * 1024;

class ClientEvictionTest : public testing::Test {
 protected:
  std::shared_ptr<ClientRecord> Client(int64_t bytes) {
    auto record = std::make_shared<ClientRecord>();
    record->id = ++last_id;
    record->mailbox = &mailbox;
    record->close = [this, id = record->id] { closed.push_back(id); };
    eviction.Update(record, bytes);
    return record;
  }
  std::vector<uint64_t> Closed() {
    mailbox.Drain([](uint64_t) { return nullptr; });
    return std::exchange(closed, {});
  }

  Logger log;
  Mailbox mailbox{[] {}};
  ClientEviction eviction{log};
  std::vector<uint64_t> closed;
  uint64_t last_id = 0;
};

TEST_F(ClientEvictionTest, WithoutALimitNobodyIsClosed) {
  Client(100 * kMegabyte);
  eviction.EvictIfOver();
  EXPECT_THAT(Closed(), IsEmpty());
  EXPECT_EQ(eviction.total_bytes(), 100 * kMegabyte);
}

TEST_F(ClientEvictionTest, TheBiggestGoesFirst) {
  eviction.set_limit(16 * kMegabyte);
  Client(kMegabyte);
  const auto big = Client(9 * kMegabyte);
  const auto grows = Client(1000);
  eviction.Update(grows, 7 * kMegabyte);
  EXPECT_THAT(Closed(), ElementsAre(big->id));
  EXPECT_TRUE(big->killed);
  EXPECT_FALSE(grows->killed);
  EXPECT_EQ(eviction.evicted(), 1u);
}

TEST_F(ClientEvictionTest, WhoIsBeingClosedCountsNoMore) {
  eviction.set_limit(10 * kMegabyte);
  const auto big = Client(16 * kMegabyte);
  eviction.EvictIfOver();
  const auto other = Client(9 * kMegabyte);
  EXPECT_THAT(Closed(), ElementsAre(big->id));
  eviction.Remove(*big);
  EXPECT_EQ(eviction.total_bytes(), 9 * kMegabyte);
  eviction.Update(other, 11 * kMegabyte);
  EXPECT_THAT(Closed(), ElementsAre(other->id));
}

TEST_F(ClientEvictionTest, WhoHasShrunkIsNotTakenForBig) {
  const auto shrunk = Client(64 * kMegabyte);
  eviction.Update(shrunk, 1000);
  const auto big = Client(4 * kMegabyte);
  eviction.set_limit(2 * kMegabyte);
  eviction.EvictIfOver();
  EXPECT_THAT(Closed(), ElementsAre(big->id));
}

TEST_F(ClientEvictionTest, ProtectedClientsStayAndCount) {
  const auto kept = Client(64 * kMegabyte);
  kept->SetFlag(ClientFlag::kNoEvict, true);
  const auto one = Client(2000);
  const auto other = Client(1000);
  eviction.set_limit(kMegabyte);
  eviction.EvictIfOver();
  EXPECT_THAT(Closed(), UnorderedElementsAre(one->id, other->id));
  EXPECT_FALSE(kept->killed);
  kept->SetFlag(ClientFlag::kNoEvict, false);
  eviction.EvictIfOver();
  EXPECT_THAT(Closed(), ElementsAre(kept->id));
}

TEST_F(ClientEvictionTest, ManySmallClientsAreClosedAFewAtATime) {
  std::vector<std::shared_ptr<ClientRecord>> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(Client(10'000));
  eviction.set_limit(1);
  size_t all = 0;
  for (int i = 0; i < 1000 && all < clients.size(); ++i) {
    eviction.EvictIfOver();
    const size_t together = Closed().size();
    EXPECT_LE(together, ClientEviction::kClosedTogetherMax);
    all += together;
  }
  EXPECT_EQ(all, clients.size());
  for (const auto& client : clients) eviction.Remove(*client);
  EXPECT_EQ(eviction.total_bytes(), 0);
}

// ---- over sockets

std::string EvictedClients(SocketClient& of) {
  const std::string info = of.Run({"INFO", "stats"})->text;
  const size_t at = info.find("evicted_clients:");
  return info.substr(at, info.find('\r', at) - at);
}

TEST(ClientEvictionServer, AClientWithTooMuchWaitingIsClosedOthersGoOn) {
  RunningServer server{RunningServer::Options{{"threads", "2"}, {"maxmemory-clients", "8mb"}}};
  const auto other = server.Connect();
  const auto greedy = server.Connect();
  // Half of a request: the rest does not come.
  ASSERT_TRUE(greedy->Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000000\r\n"));
  const std::string part(64 * 1024, 'x');
  for (int i = 0; i < 300 && greedy->Send(part); ++i) {
  }
  EXPECT_TRUE(greedy->WaitForClose());
  EXPECT_THAT(other->Run({"PING"}), Optional(IsSimple("PONG")));
  EXPECT_EQ(EvictedClients(*other), "evicted_clients:1");
  EXPECT_THAT(other->Run({"CONFIG", "RESETSTAT"}), Optional(IsOk()));
  EXPECT_EQ(EvictedClients(*other), "evicted_clients:0");
}

TEST(ClientEvictionServer, QueuedTransactionsCount) {
  RunningServer server{RunningServer::Options{{"threads", "2"}, {"maxmemory-clients", "8mb"}}};
  const auto other = server.Connect();
  const auto greedy = server.Connect();
  ASSERT_THAT(greedy->Run({"MULTI"}), Optional(IsOk()));
  const std::vector<std::string> command = {"SET", "k", std::string(100'000, 'v')};
  int queued = 0;
  while (queued < 200 && greedy->Run(command).has_value()) ++queued;
  EXPECT_LT(queued, 100);
  EXPECT_GT(queued, 40);
  EXPECT_EQ(EvictedClients(*other), "evicted_clients:1");
}

TEST(ClientEvictionServer, NoEvictProtects) {
  RunningServer server{RunningServer::Options{{"threads", "2"}, {"maxmemory-clients", "0"}}};
  const auto kept = server.Connect();
  const auto admin = server.Connect();
  ASSERT_THAT(kept->Run({"CLIENT", "NO-EVICT", "ON"}), Optional(IsOk()));
  ASSERT_THAT(admin->Run({"CLIENT", "NO-EVICT", "ON"}), Optional(IsOk()));
  ASSERT_THAT(kept->Run({"MULTI"}), Optional(IsOk()));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(kept->Run({"SET", "k", std::string(100'000, 'v')}), Optional(IsSimple("QUEUED")));
  }
  const auto victim = server.Connect();
  ASSERT_THAT(victim->Run({"PING"}), Optional(IsSimple("PONG")));
  ASSERT_THAT(admin->Run({"CONFIG", "SET", "maxmemory-clients", "1mb"}), Optional(IsOk()));
  EXPECT_TRUE(victim->WaitForClose());
  EXPECT_TRUE(kept->Run({"EXEC"}).has_value());
  EXPECT_THAT(admin->Run({"CONFIG", "SET", "maxmemory-clients", "0"}), Optional(IsOk()));
}

}  // namespace
}  // namespace larder
