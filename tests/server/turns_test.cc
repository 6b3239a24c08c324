// How a worker shares its turns between its clients. A turn without any budget ends after every
// command, so that whatever can be interrupted is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/connection_queue.h"
#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using ::testing::Optional;

class Turns : public testing::Test {
 protected:
  Turns() : server({{"threads", "1"}, {"enable-debug-command", "yes"}}) {
    EXPECT_THAT(server.Connect()->Run({"DEBUG", "TURNS", "BUDGET", "0"}), Optional(IsOk()));
  }

  void Fill(int keys) {
    const auto client = server.Connect();
    for (int i = 0; i < keys; ++i) {
      ASSERT_TRUE(client->Send(Encode({"SET", "key:" + std::to_string(i), "value"})));
    }
    for (int i = 0; i < keys; ++i) ASSERT_THAT(client->Read(), Optional(IsOk()));
  }

  RunningServer server;
};

std::string Echoes(int client, int count) {
  std::string requests;
  for (int i = 0; i < count; ++i) {
    requests += Encode({"ECHO", std::to_string(client) + "/" + std::to_string(i)});
  }
  return requests;
}

TEST_F(Turns, PipelinesOfManyClientsAreAnsweredInOrder) {
  constexpr int kClients = 20;
  constexpr int kRequests = 500;
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(server.Connect());
  for (int i = 0; i < kClients; ++i) ASSERT_TRUE(clients[i]->Send(Echoes(i, kRequests)));
  for (int i = 0; i < kClients; ++i) {
    for (int n = 0; n < kRequests; ++n) {
      ASSERT_THAT(clients[i]->Read(),
                  Optional(IsBulk(std::to_string(i) + "/" + std::to_string(n))));
    }
  }
}

TEST_F(Turns, ARequestMayArriveInPiecesWhileOthersOfItsClientWait) {
  const auto client = server.Connect();
  const std::string requests = Echoes(1, 300);
  const size_t cut = requests.size() - 7;
  ASSERT_TRUE(client->Send(requests.substr(0, cut)));
  ASSERT_THAT(client->Read(), Optional(IsBulk("1/0")));
  ASSERT_TRUE(client->Send(requests.substr(cut)));
  for (int i = 1; i < 300; ++i) {
    ASSERT_THAT(client->Read(), Optional(IsBulk("1/" + std::to_string(i))));
  }
}

TEST_F(Turns, EmptyRequestsBetweenOthersOfItsClientTakeNothingAway) {
  const auto client = server.Connect();
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += "\r\nECHO " + std::to_string(i) + "\r\n*0\r\n";
  ASSERT_TRUE(client->Send(requests));
  for (int i = 0; i < 300; ++i) ASSERT_THAT(client->Read(), Optional(IsBulk(std::to_string(i))));
}

TEST_F(Turns, TransactionsStayWhole) {
  const auto writer = server.Connect();
  const auto reader = server.Connect();
  std::string transactions;
  for (int i = 0; i < 200; ++i) {
    transactions +=
        Encode({"MULTI"}) + Encode({"INCR", "a"}) + Encode({"INCR", "a"}) + Encode({"EXEC"});
  }
  ASSERT_TRUE(writer->Send(transactions));
  for (int i = 0; i < 200; ++i) {
    const auto seen = reader->Run({"GET", "a"});
    ASSERT_TRUE(seen.has_value());
    const int value = seen->text.empty() ? 0 : std::stoi(seen->text);
    EXPECT_EQ(value % 2, 0);
  }
  for (int i = 0; i < 4 * 200; ++i) ASSERT_TRUE(writer->Read().has_value());
  EXPECT_THAT(reader->Run({"GET", "a"}), Optional(IsBulk("400")));
}

TEST_F(Turns, AClientThatLeavesInTheMiddleDisturbsNobody) {
  for (int i = 0; i < 20; ++i) {
    const auto leaving = server.Connect();
    ASSERT_TRUE(leaving->Send(Echoes(i, 200)));
  }
  EXPECT_THAT(server.Connect()->Run({"PING"}), Optional(IsSimple("PONG")));
}

TEST_F(Turns, QuitEndsAPipeline) {
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send(Echoes(1, 100) + Encode({"QUIT"}) + Encode({"PING"})));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->Read().has_value());
  EXPECT_EQ(client->ReadToEnd(), "+OK\r\n");
}

TEST_F(Turns, AWalkOverAllKeysLetsOthersIn) {
  constexpr int kKeys = 20'000;
  Fill(kKeys);
  const auto walker = server.Connect();
  const auto other_walker = server.Connect();
  const auto client = server.Connect();
  ASSERT_TRUE(walker->Send(Encode({"KEYS", "*"})));
  ASSERT_TRUE(other_walker->Send(Encode({"KEYS", "key:1*"})));
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(client->Run({"GET", "key:7"}), Optional(IsBulk("value")));
  }
  const auto all = walker->Read();
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->items.size(), size_t{kKeys});
  std::set<std::string> names;
  for (const auto& item : all->items) names.insert(item.text);
  EXPECT_EQ(names.size(), size_t{kKeys});
  const auto some = other_walker->Read();
  ASSERT_TRUE(some.has_value());
  EXPECT_EQ(some->items.size(), 11'111u);
}

TEST_F(Turns, AScanReturnsAllKeysWhateverItsCount) {
  constexpr int kKeys = 20'000;
  Fill(kKeys);
  const auto client = server.Connect();
  for (const char* const count : {"10", "3000", "1000000"}) {
    std::multiset<std::string> names;
    std::string cursor = "0";
    do {
      const auto reply = client->Run({"SCAN", cursor, "COUNT", count});
      ASSERT_TRUE(reply.has_value());
      cursor = reply->items[0].text;
      for (const auto& item : reply->items[1].items) names.insert(item.text);
    } while (cursor != "0");
    EXPECT_EQ(names.size(), size_t{kKeys}) << count;
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), size_t{kKeys}) << count;
  }
}

TEST_F(Turns, DueKeysOfAllStripesGoByThemselves) {
  const auto client = server.Connect();
  constexpr int kKeys = 5000;
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(client->Send(Encode({"SET", std::to_string(i), "value", "PX", "1"})));
  }
  for (int i = 0; i < kKeys; ++i) ASSERT_THAT(client->Read(), Optional(IsOk()));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  auto left = client->Run({"DBSIZE"});
  while (left && left->integer > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    left = client->Run({"DBSIZE"});
  }
  EXPECT_THAT(left, Optional(IsInteger(0)));
}

TEST_F(Turns, AreMeasuredOnDemand) {
  const auto client = server.Connect();
  ASSERT_THAT(client->Run({"DEBUG", "TURNS", "ON"}), Optional(IsOk()));
  for (int i = 0; i < 10; ++i) client->Run({"PING"});
  const auto shown = client->Run({"DEBUG", "TURNS"});
  ASSERT_TRUE(shown.has_value());
  ASSERT_EQ(shown->items.size(), 2u);  // a worker, and the tables
  const auto& worker = shown->items[0].items;
  ASSERT_EQ(worker.size(), 18u);
  EXPECT_EQ(worker[0].text, "turns");
  EXPECT_GE(std::stod(worker[1].text), 10);
  EXPECT_EQ(worker[14].text, "cpu_us_longest");
  EXPECT_GT(std::stod(worker[15].text), 0);
  EXPECT_THAT(client->Run({"DEBUG", "TURNS", "OFF"}), Optional(IsOk()));
  EXPECT_THAT(client->Run({"DEBUG", "TURNS", "MAYBE"}), Optional(IsError("ERR syntax error")));
}

Connection* Numbered(size_t number) { return reinterpret_cast<Connection*>(number * 64); }

TEST(ConnectionQueue, ServesInOrder) {
  ConnectionQueue queue;
  size_t pushed = 1;
  size_t popped = 1;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) queue.Push(Numbered(pushed++));
    for (int i = 0; i < 15; ++i) ASSERT_EQ(queue.Pop(), Numbered(popped++));
    ASSERT_EQ(queue.size(), pushed - popped);
  }
  while (!queue.empty()) ASSERT_EQ(queue.Pop(), Numbered(popped++));
  EXPECT_EQ(popped, pushed);
}

TEST(ConnectionQueue, ForgetsThoseThatAreGone) {
  ConnectionQueue queue;
  for (size_t i = 1; i <= 10; ++i) queue.Push(Numbered(i));
  EXPECT_EQ(queue.Pop(), Numbered(1));
  queue.EraseIf([](Connection* each) { return each == Numbered(2) || each == Numbered(5); });
  std::vector<Connection*> left;
  while (!queue.empty()) left.push_back(queue.Pop());
  EXPECT_THAT(left, testing::ElementsAre(Numbered(3), Numbered(4), Numbered(6), Numbered(7),
                                         Numbered(8), Numbered(9), Numbered(10)));
}

}  // namespace
}  // namespace larder
