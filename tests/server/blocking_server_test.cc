// Clients that wait for a key, over real sockets and with several workers.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using std::chrono::steady_clock;

class BlockingServer : public testing::Test {
 protected:
  // Until so many clients wait.
  void AwaitBlocked(int count) { Await("blocked_clients:" + std::to_string(count) + "\r\n"); }
  void Await(const std::string& field) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(60);
    while (steady_clock::now() < deadline) {
      const auto info = control_->Run({"INFO", "clients"});
      if (info && info->text.find(field) != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    FAIL() << "never saw " << field;
  }

  RunningServer server_{RunningServer::Options{{"threads", "2"}}};
  std::unique_ptr<SocketClient> control_ = server_.Connect();
};

TEST_F(BlockingServer, WhatWasSentBehindItRunsAfterIt) {
  auto waiting = server_.Connect();
  waiting->Send(Encode({"BLPOP", "q", "0"}) + Encode({"SET", "k", "v"}) + Encode({"GET", "k"}));
  AwaitBlocked(1);
  EXPECT_THAT(*control_->Run({"GET", "k"}), IsNull());
  EXPECT_THAT(*control_->Run({"RPUSH", "q", "a"}), IsInteger(1));
  EXPECT_THAT(*waiting->Read(), IsBulks({"q", "a"}));
  EXPECT_THAT(*waiting->Read(), IsOk());
  EXPECT_THAT(*waiting->Read(), IsBulk("v"));
}

TEST_F(BlockingServer, EmptyRequestsBehindItTakeNothingAwayFromTheOthers) {
  auto waiting = server_.Connect();
  waiting->Send("BLPOP q 0\r\nSET k v\r\n\r\nGET k\r\n\r\n");
  AwaitBlocked(1);
  EXPECT_THAT(*control_->Run({"RPUSH", "q", "a"}), IsInteger(1));
  EXPECT_THAT(*waiting->Read(), IsBulks({"q", "a"}));
  EXPECT_THAT(*waiting->Read(), IsOk());
  EXPECT_THAT(*waiting->Read(), IsBulk("v"));
}

TEST_F(BlockingServer, APipelinedPushAndPopOfOneClientStayInOrder) {
  auto waiting = server_.Connect();
  waiting->Send(Encode({"BLPOP", "q", "0"}));
  AwaitBlocked(1);
  control_->Send(Encode({"LPUSH", "q", "a"}) + Encode({"LLEN", "q"}) + Encode({"LPUSH", "q", "b"}) +
                 Encode({"LLEN", "q"}));
  EXPECT_THAT(*control_->Read(), IsInteger(1));
  EXPECT_THAT(*control_->Read(), IsInteger(0));
  EXPECT_THAT(*control_->Read(), IsInteger(1));
  EXPECT_THAT(*control_->Read(), IsInteger(1));
  EXPECT_THAT(*waiting->Read(), IsBulks({"q", "a"}));
}

TEST_F(BlockingServer, EveryElementGoesToOneOfMany) {
  constexpr int kClients = 40;
  std::vector<std::unique_ptr<SocketClient>> waiting;
  for (int i = 0; i < kClients; ++i) {
    waiting.push_back(server_.Connect());
    waiting.back()->Send(Encode({"BLPOP", "other" + std::to_string(i), "q", "0"}));
    AwaitBlocked(i + 1);
  }
  for (int i = 0; i < kClients; ++i) {
    EXPECT_THAT(*control_->Run({"RPUSH", "q", std::to_string(i)}), IsInteger(1));
  }
  for (int i = 0; i < kClients; ++i) {
    EXPECT_THAT(*waiting[static_cast<size_t>(i)]->Read(), IsBulks({"q", std::to_string(i)}));
  }
  Await("total_blocking_keys:0\r\n");
  EXPECT_THAT(*control_->Run({"DBSIZE"}), IsInteger(0));
}

TEST_F(BlockingServer, MovesChainAcrossWorkers) {
  std::vector<std::unique_ptr<SocketClient>> moving;
  for (int i = 0; i < 8; ++i) {
    moving.push_back(server_.Connect());
    moving.back()->Send(Encode({"BLMOVE", "list" + std::to_string(i),
                                "list" + std::to_string(i + 1), "LEFT", "RIGHT", "0"}));
    AwaitBlocked(i + 1);
  }
  EXPECT_THAT(*control_->Run({"RPUSH", "list0", "x"}), IsInteger(1));
  for (const auto& client : moving) EXPECT_THAT(*client->Read(), IsBulk("x"));
  EXPECT_THAT(*control_->Run({"LRANGE", "list8", "0", "-1"}), IsBulks({"x"}));
}

TEST_F(BlockingServer, TheTimeoutIsAnswered) {
  auto waiting = server_.Connect();
  EXPECT_THAT(*waiting->Run({"BLPOP", "q", "0.05"}), IsNull());
  EXPECT_THAT(*waiting->Run({"BLMOVE", "q", "r", "LEFT", "LEFT", "0.05"}), IsNull());
  EXPECT_THAT(*waiting->Run({"PING"}), IsSimple("PONG"));
  Await("total_blocking_keys:0\r\n");
}

TEST_F(BlockingServer, AClientThatGoesTakesNothing) {
  auto gone = server_.Connect();
  gone->Send(Encode({"BLPOP", "q", "0"}));
  AwaitBlocked(1);
  gone.reset();
  AwaitBlocked(0);
  EXPECT_THAT(*control_->Run({"RPUSH", "q", "a"}), IsInteger(1));
  EXPECT_THAT(*control_->Run({"LRANGE", "q", "0", "-1"}), IsBulks({"a"}));
}

TEST_F(BlockingServer, AClientThatGoesWithRequestsLeftTakesNothing) {
  constexpr int kClients = 20;
  for (int i = 0; i < kClients; ++i) {
    auto gone = server_.Connect();
    ASSERT_THAT(*gone->Run({"PING"}), IsSimple("PONG"));  // it counts as connected from now on
    gone->Send(Encode({"BLPOP", "q", "0"}) + Encode({"SET", "left", "over"}));
    gone.reset();  // perhaps before it was even read
  }
  Await("connected_clients:1\r\n");
  EXPECT_THAT(*control_->Run({"RPUSH", "q", "a"}), IsInteger(1));
  EXPECT_THAT(*control_->Run({"LLEN", "q"}), IsInteger(1));
  EXPECT_THAT(*control_->Run({"EXISTS", "left"}), IsInteger(0));
}

TEST_F(BlockingServer, KillAndUnblockReachWhoWaits) {
  auto killed = server_.Connect();
  auto unblocked = server_.Connect();
  const std::string killed_id = std::to_string(killed->Run({"CLIENT", "ID"})->integer);
  const std::string unblocked_id = std::to_string(unblocked->Run({"CLIENT", "ID"})->integer);
  killed->Send(Encode({"BLPOP", "q", "0"}));
  unblocked->Send(Encode({"BLPOP", "q", "0"}));
  AwaitBlocked(2);
  EXPECT_THAT(*control_->Run({"CLIENT", "KILL", "ID", killed_id}), IsInteger(1));
  EXPECT_TRUE(killed->WaitForClose());
  AwaitBlocked(1);
  EXPECT_THAT(*control_->Run({"CLIENT", "UNBLOCK", unblocked_id, "ERROR"}), IsInteger(1));
  EXPECT_THAT(*unblocked->Read(), IsError("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  EXPECT_THAT(*control_->Run({"RPUSH", "q", "a"}), IsInteger(1));
  EXPECT_THAT(*control_->Run({"LLEN", "q"}), IsInteger(1));
}

TEST_F(BlockingServer, TheServerStopsWhileTheyWait) {
  auto waiting = server_.Connect();
  waiting->Send(Encode({"BLPOP", "q", "0"}));
  AwaitBlocked(1);
  server_.RequestStop();
  EXPECT_TRUE(waiting->WaitForClose());
  EXPECT_EQ(server_.Join(), 0);
}

// A long script has its worker take turns, in which waits of its other clients end.
TEST_F(BlockingServer, WaitsEndWhileAScriptHoldsTheirKey) {
  std::vector<std::unique_ptr<SocketClient>> waiting;
  for (int i = 0; i < 6; ++i) {
    waiting.push_back(server_.Connect());
    waiting.back()->Send(Encode({"BLPOP", "q", "0.3"}));
  }
  AwaitBlocked(6);
  control_->Send(Encode({"EVAL",
                         "local t = redis.call('TIME'); local stop = t[1] * 1000000 + t[2] + "
                         "1500000; repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] > "
                         "stop; return redis.call('RPUSH', KEYS[1], 'a')",
                         "1", "q"}));
  for (const auto& client : waiting) EXPECT_THAT(*client->Read(), IsNull());
  EXPECT_THAT(*control_->Read(), IsInteger(1));
  Await("total_blocking_keys:0\r\n");
  EXPECT_THAT(*control_->Run({"LLEN", "q"}), IsInteger(1));
}

}  // namespace
}  // namespace larder
