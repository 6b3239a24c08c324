// What only a real socket shows. Nothing here depends on how long anything takes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/errors.h"
#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StartsWith;

std::string Numbers(int count) {
  std::string requests;
  for (int i = 0; i < count; ++i) requests += Encode({"ECHO", std::to_string(i)});
  return requests;
}

void ExpectNumbers(SocketClient& client, int count) {
  for (int i = 0; i < count; ++i) {
    ASSERT_THAT(client.Read(), Optional(IsBulk(std::to_string(i))));
  }
}

TEST(Connection, RequestsMayComeByteByByte) {
  RunningServer server;
  const auto client = server.Connect();
  for (const char byte : Encode({"SET", "key", "some value"}) + Encode({"GET", "key"})) {
    ASSERT_TRUE(client->Send({&byte, 1}));
  }
  EXPECT_THAT(client->Read(), Optional(IsOk()));
  EXPECT_THAT(client->Read(), Optional(IsBulk("some value")));
}

TEST(Connection, NothingCountsAsWaitingOnceItIsSent) {
  RunningServer server;
  const auto client = server.Connect();
  const auto other = server.Connect();
  const std::string id = std::to_string(client->Run({"CLIENT", "ID"})->integer);
  ASSERT_THAT(client->Run({"SET", "key", std::string(100'000, 'x')}), Optional(IsOk()));
  ASSERT_TRUE(client->Run({"GET", "key"}).has_value());
  // Sizes are noted after the reply has gone.
  std::string line;
  do {
    line = other->Run({"CLIENT", "LIST", "ID", id})->text;
  } while (line.find(" omem=0 ") == std::string::npos);
  EXPECT_THAT(line, HasSubstr(" qbuf=0 "));
}

TEST(Connection, APipelineIsAnsweredInOrder) {
  RunningServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send(Numbers(10'000)));
  ExpectNumbers(*client, 10'000);
}

TEST(Connection, NothingRunsBehindQuitHoweverLongItsReplyWaits) {
  RunningServer server(RunningServer::Options{{"threads", "1"}});
  const auto control = server.Connect();
  const auto client = server.Connect();
  ASSERT_THAT(control->Run({"SET", "big", std::string(16 << 20, 'x')}), Optional(IsOk()));
  ASSERT_TRUE(client->Send(Encode({"GET", "big"}) + Encode({"QUIT"})));
  while (control->Run({"CLIENT", "LIST"})->text.find("cmd=quit") == std::string::npos) {
  }
  ASSERT_TRUE(client->Send(Encode({"SET", "left", "over"})));
  ASSERT_THAT(control->Run({"PING"}), Optional(IsSimple("PONG")));  // served after it
  client->ReadToEnd();
  EXPECT_THAT(control->Run({"EXISTS", "left"}), Optional(IsInteger(0)));
}

TEST(Connection, ManyClientsHaveTheirOwnReplies) {
  RunningServer server;
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(server.Connect());
  for (const auto& client : clients) ASSERT_TRUE(client->Send(Numbers(100)));
  for (const auto& client : clients) ExpectNumbers(*client, 100);
}

TEST(Connection, ClientsAreSpreadEvenlyOverTheWorkers) {
  RunningServer server(RunningServer::Options{{"threads", "4"}});
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(server.Connect());
  for (const auto& client : clients) ASSERT_THAT(client->Run({"PING"}), Optional(IsSimple("PONG")));
  const std::string list = clients.front()->Run({"CLIENT", "LIST"})->text;
  for (int worker = 0; worker < 4; ++worker) {
    const std::string field = fmt::format(" io-thread={} ", worker);
    int count = 0;
    for (size_t at = list.find(field); at != std::string::npos; at = list.find(field, at + 1)) {
      ++count;
    }
    EXPECT_EQ(count, 10) << "of worker " << worker;
  }
}

TEST(Connection, InlineRequestsWorkToo) {
  RunningServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send("SET key \"a\\x00b\"\r\nGET key\nPING\r\n"));
  EXPECT_THAT(client->Read(), Optional(IsOk()));
  EXPECT_THAT(client->Read(), Optional(IsBulk(std::string("a\0b", 3))));
  EXPECT_THAT(client->Read(), Optional(IsSimple("PONG")));
}

TEST(Connection, LargeValuesPassThrough) {
  RunningServer server;
  const auto client = server.Connect();
  std::string value(64 * 1024 * 1024, '\0');
  for (size_t i = 0; i < value.size(); i += 4096) value[i] = static_cast<char>(i / 4096);
  EXPECT_THAT(client->Run({"SET", "large", value}), Optional(IsOk()));
  EXPECT_THAT(client->Run({"STRLEN", "large"}),
              Optional(IsInteger(static_cast<int64_t>(value.size()))));
  const auto reply = client->Run({"GET", "large"});
  ASSERT_TRUE(reply.has_value());
  EXPECT_TRUE(reply->text == value);
  EXPECT_THAT(client->Run({"DEL", "large"}), Optional(IsInteger(1)));
}

TEST(Connection, AHalfClosedClientIsStillAnswered) {
  RunningServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send(Numbers(1000)));
  client->FinishSending();
  ExpectNumbers(*client, 1000);
  EXPECT_EQ(client->ReadToEnd(), "");
}

TEST(Connection, AHalfClosedClientIsAnsweredOverManyTurns) {
  RunningServer server({{"enable-debug-command", "local"}, {"requirepass", "secret"}});
  const auto other = server.Connect();
  ASSERT_THAT(other->Run({"AUTH", "secret"}), Optional(IsOk()));
  ASSERT_THAT(other->Run({"DEBUG", "TURNS", "BUDGET", "0"}), Optional(IsOk()));
  const auto client = server.Connect();
  // Before login they run one by one, so that each turn ends between two of them.
  ASSERT_TRUE(client->Send(Numbers(500) + Encode({"AUTH", "secret"}) + Numbers(500)));
  client->FinishSending();
  for (int i = 0; i < 500; ++i)
    ASSERT_THAT(client->Read(), Optional(IsError(std::string(errors::kNoAuth))));
  EXPECT_THAT(client->Read(), Optional(IsOk()));
  ExpectNumbers(*client, 500);
  EXPECT_EQ(client->ReadToEnd(), "");
}

TEST(Connection, APipelineOfLargeValuesMayExceedTheOutputLimit) {
  RunningServer server(RunningServer::Options{{"client-output-buffer-limit", "normal 32mb 0 0"}});
  const auto client = server.Connect();
  const std::string value(1 << 20, 'v');
  ASSERT_THAT(client->Run({"SET", "big", value}), Optional(IsOk()));
  std::string requests;
  for (int i = 0; i < 60; ++i) requests += Encode({"GET", "big"});
  // All that is sent behind them is taken in before anything is read.
  for (int i = 0; i < 10; ++i) requests += Encode({"SET", "key " + std::to_string(i), value});
  ASSERT_TRUE(client->Send(requests));
  client->FinishSending();
  for (int i = 0; i < 60; ++i) ASSERT_THAT(client->Read(), Optional(IsBulk(value)));
  for (int i = 0; i < 10; ++i) ASSERT_THAT(client->Read(), Optional(IsOk()));
  EXPECT_EQ(client->ReadToEnd(), "");
}

TEST(Connection, QuitIsAnsweredAndClosed) {
  RunningServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send("PING\r\nQUIT\r\nPING\r\n"));
  EXPECT_EQ(client->ReadToEnd(), "+PONG\r\n+OK\r\n");
}

TEST(Connection, AProtocolErrorIsToldAndCloses) {
  RunningServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client->Send("PING\r\n*1\r\n$x\r\n"));
  EXPECT_EQ(client->ReadToEnd(), "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n");
}

TEST(Connection, AWebBrowserIsTurnedAway) {
  RunningServer server;
  const auto client = server.Connect();
  client->Send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nFLUSHALL\r\n");
  EXPECT_EQ(client->ReadToEnd(), "");
}

TEST(Connection, ASlowReaderIsClosedAtItsLimit) {
  RunningServer server(RunningServer::Options{{"client-output-buffer-limit", "normal 1mb 0 0"}});
  const auto slow = server.Connect();
  EXPECT_THAT(slow->Run({"SET", "key", std::string(1500, 'x')}), Optional(IsOk()));
  std::string requests;
  for (int i = 0; i < 50'000; ++i) requests += Encode({"GET", "key"});
  slow->Send(requests);  // refused once the server has closed
  EXPECT_TRUE(slow->WaitForClose());
  EXPECT_THAT(server.Connect()->Run({"PING"}), Optional(IsSimple("PONG")));
  EXPECT_THAT(server.Connect()->Run({"INFO", "stats"})->text,
              HasSubstr("client_output_buffer_limit_disconnections:1"));
}

TEST(Connection, AnEndlessRequestIsClosedAtItsLimit) {
  RunningServer server(RunningServer::Options{{"client-query-buffer-limit", "1mb"}});
  const auto client = server.Connect();
  client->Send("*2\r\n$4\r\nECHO\r\n$8000000\r\n");
  client->Send(std::string(4'000'000, 'x'));
  EXPECT_TRUE(client->WaitForClose());
  EXPECT_THAT(server.Connect()->Run({"INFO", "stats"})->text,
              HasSubstr("client_query_buffer_limit_disconnections:1"));
}

TEST(Connection, ClientsBeyondTheLimitAreTold) {
  RunningServer server(RunningServer::Options{{"maxclients", "2"}});
  std::vector<std::unique_ptr<SocketClient>> clients;
  int served = 0;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.Connect());
    clients.back()->Send(Encode({"PING"}));  // may find the connection closed
    const auto reply = clients.back()->Read();
    ASSERT_TRUE(reply.has_value());
    if (reply->type == protocol::Reply::Type::kSimple) {
      ++served;
    } else {
      EXPECT_THAT(*reply, IsError("ERR max number of clients reached"));
      EXPECT_EQ(clients.back()->ReadToEnd(), "");
    }
  }
  // The connection with which the server's start was awaited may have counted for a moment.
  EXPECT_GE(served, 1);
  EXPECT_LE(served, 2);
  clients.clear();
}

TEST(Connection, StoppingAnswersEveryCompleteRequest) {
  RunningServer server(RunningServer::Options{{"shutdown-timeout", "60"}});
  std::vector<std::unique_ptr<SocketClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.Connect());
    EXPECT_THAT(clients.back()->Run({"PING"}), Optional(IsSimple("PONG")));  // it was taken
  }
  for (const auto& client : clients) {
    ASSERT_TRUE(client->Send(Numbers(1000) + "*2\r\n$4\r\nECHO\r\n$100\r\nincomplete"));
  }
  server.RequestStop();
  for (const auto& client : clients) {
    ExpectNumbers(*client, 1000);
    EXPECT_EQ(client->ReadToEnd(), "");
  }
  EXPECT_EQ(server.Join(), 0);
}

TEST(Connection, AKilledClientIsClosed) {
  RunningServer server;
  const auto victim = server.Connect();
  const auto id = victim->Run({"CLIENT", "ID"});
  ASSERT_TRUE(id.has_value());
  const auto killer = server.Connect();
  EXPECT_THAT(killer->Run({"CLIENT", "KILL", "ID", std::to_string(id->integer)}),
              Optional(IsInteger(1)));
  EXPECT_EQ(victim->ReadToEnd(), "");
}

TEST(Connection, MessagesCrossFromWorkerToWorker) {
  RunningServer server;
  std::vector<std::unique_ptr<SocketClient>> subscribers;
  for (int i = 0; i < 8; ++i) {
    subscribers.push_back(server.Connect());
    EXPECT_THAT(subscribers.back()->Run({"SUBSCRIBE", "news"}),
                Optional(IsArray({IsBulk("subscribe"), IsBulk("news"), IsInteger(1)})));
  }
  const auto publisher = server.Connect();
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(publisher->Run({"PUBLISH", "news", std::to_string(i)}), Optional(IsInteger(8)));
  }
  for (const auto& subscriber : subscribers) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_THAT(subscriber->Read(), Optional(IsBulks({"message", "news", std::to_string(i)})));
    }
  }
}

TEST(Connection, APausedClientIsAnsweredAfterTheEnd) {
  RunningServer server;
  const auto client = server.Connect();
  EXPECT_THAT(client->Run({"CLIENT", "PAUSE", "100000", "WRITE"}), Optional(IsOk()));
  const auto writer = server.Connect();
  ASSERT_TRUE(writer->Send(Encode({"SET", "k", "v"}) + Encode({"GET", "k"})));
  EXPECT_THAT(client->Run({"GET", "k"}), Optional(IsNull()));
  EXPECT_THAT(client->Run({"CLIENT", "UNPAUSE"}), Optional(IsOk()));
  EXPECT_THAT(writer->Read(), Optional(IsOk()));
  EXPECT_THAT(writer->Read(), Optional(IsBulk("v")));
}

TEST(Connection, AStrangerMayNotFillTheMemory) {
  RunningServer server(RunningServer::Options{{"requirepass", "secret"}});
  const auto stranger = server.Connect();
  EXPECT_THAT(stranger->Run({"GET", "k"}), Optional(IsError("NOAUTH Authentication required.")));
  stranger->Send("*2\r\n$4\r\nAUTH\r\n$100000000\r\n");
  EXPECT_THAT(stranger->ReadToEnd(),
              StartsWith("-ERR Protocol error: unauthenticated bulk length"));
  const auto friendly = server.Connect();
  EXPECT_THAT(friendly->Run({"AUTH", "secret"}), Optional(IsOk()));
  EXPECT_THAT(friendly->Run({"PING"}), Optional(IsSimple("PONG")));
}

}  // namespace
}  // namespace larder
