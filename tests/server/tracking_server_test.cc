// Client-side caching over several workers: what arrives on the sockets, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/reply_matchers.h"
#include "tests/support/running_server.h"

namespace larder {
namespace {

using protocol::Reply;
using ::testing::Optional;

ReplyMatcher Invalidation(const std::string& key) {
  return IsArray({IsBulk("invalidate"), IsBulks({key})});
}

class TrackingServer : public testing::Test {
 protected:
  std::unique_ptr<SocketClient> Tracker(std::vector<std::string> options = {}) {
    auto client = server.Connect();
    EXPECT_TRUE(client->Run({"HELLO", "3"}).has_value());
    std::vector<std::string> args = {"CLIENT", "TRACKING", "ON"};
    args.insert(args.end(), options.begin(), options.end());
    EXPECT_THAT(client->Run(args), Optional(IsOk()));
    return client;
  }

  RunningServer server{RunningServer::Options{{"threads", "4"}}};
  std::unique_ptr<SocketClient> writer = server.Connect();
};

// The word is under way before the writer is answered: whoever has seen that answer, and asks the
// reader's connection anything, finds the invalidation before the reply.
TEST_F(TrackingServer, AnInvalidationComesBeforeWhateverIsAskedAfterTheWrite) {
  std::vector<std::unique_ptr<SocketClient>> readers;
  for (int i = 0; i < 8; ++i) readers.push_back(Tracker());
  for (int round = 0; round < 100; ++round) {
    const std::string key = "k" + std::to_string(round % 7);
    for (const auto& reader : readers) ASSERT_TRUE(reader->Run({"GET", key}).has_value());
    ASSERT_THAT(writer->Run({"SET", key, std::to_string(round)}), Optional(IsOk()));
    for (const auto& reader : readers) {
      ASSERT_TRUE(reader->Send(Encode({"PING"})));
      ASSERT_THAT(reader->Read(), Optional(Invalidation(key)));
      ASSERT_THAT(reader->Read(), Optional(IsSimple("PONG")));
    }
  }
}

TEST_F(TrackingServer, OwnChangesComeAfterTheReply) {
  const auto client = Tracker();
  ASSERT_TRUE(client->Run({"GET", "k"}).has_value());
  ASSERT_TRUE(client->Send(Encode({"SET", "k", "1"})));
  EXPECT_THAT(client->Read(), Optional(IsOk()));
  EXPECT_THAT(client->Read(), Optional(Invalidation("k")));
}

// A script in a transaction lets other clients have turns: their words, and the transaction's own,
// must not come in the middle of its reply.
TEST_F(TrackingServer, NothingComesBetweenThePartsOfALongTransaction) {
  const auto client = Tracker();
  const std::string script =
      "local n = 0 for i = 1, 3000000 do n = n + i % 7 end return n";  // a few turns long
  ASSERT_TRUE(client->Run({"GET", "k"}).has_value());
  ASSERT_TRUE(client->Send(Encode({"MULTI"}) + Encode({"SET", "k", "1"}) +
                           Encode({"EVAL", script, "0"}) + Encode({"GET", "k"}) +
                           Encode({"EXEC"})));
  EXPECT_THAT(client->Read(), Optional(IsOk()));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(client->Read(), Optional(IsSimple("QUEUED")));
  const auto reply = client->Read();
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->items.size(), 3u);
  EXPECT_THAT(reply->items[0], IsOk());
  EXPECT_THAT(reply->items[2], IsBulk("1"));
  EXPECT_THAT(client->Read(), Optional(Invalidation("k")));
}

TEST_F(TrackingServer, ARedirectReachesASubscriberOfAnotherWorker) {
  const auto target = server.Connect();
  const auto id = target->Run({"CLIENT", "ID"});
  ASSERT_TRUE(id.has_value());
  ASSERT_TRUE(target->Run({"SUBSCRIBE", "__redis__:invalidate"}).has_value());
  std::vector<std::unique_ptr<SocketClient>> readers;
  for (int i = 0; i < 4; ++i) {
    readers.push_back(Tracker({"REDIRECT", std::to_string(id->integer)}));
    ASSERT_TRUE(readers.back()->Run({"GET", "k" + std::to_string(i)}).has_value());
  }
  for (int i = 0; i < 4; ++i) {
    const std::string key = "k" + std::to_string(i);
    ASSERT_THAT(writer->Run({"SET", key, "v"}), Optional(IsOk()));
    EXPECT_THAT(
        target->Read(),
        Optional(IsArray({IsBulk("message"), IsBulk("__redis__:invalidate"), IsBulks({key})})));
  }
}

TEST_F(TrackingServer, ATargetThatClosesBreaksTheRedirect) {
  auto target = server.Connect();
  const auto id = target->Run({"CLIENT", "ID"});
  ASSERT_TRUE(id.has_value());
  const auto reader = Tracker({"REDIRECT", std::to_string(id->integer)});
  ASSERT_TRUE(reader->Run({"GET", "k"}).has_value());
  ASSERT_THAT(writer->Run({"CLIENT", "KILL", "ID", std::to_string(id->integer)}),
              Optional(IsInteger(1)));
  ASSERT_TRUE(target->WaitForClose());
  ASSERT_THAT(writer->Run({"SET", "k", "1"}), Optional(IsOk()));
  EXPECT_THAT(reader->Read(),
              Optional(IsArray({IsBulk("tracking-redir-broken"), IsInteger(id->integer)})));
}

TEST_F(TrackingServer, UpkeepTellsOfKeysThatExpireWhileNobodyAsks) {
  const auto reader = Tracker();
  ASSERT_THAT(writer->Run({"SET", "k", "v", "PX", "30"}), Optional(IsOk()));
  ASSERT_TRUE(reader->Run({"GET", "k"}).has_value());
  EXPECT_THAT(reader->Read(), Optional(Invalidation("k")));
}

TEST_F(TrackingServer, ClientsThatGoLeaveNothingBehind) {
  for (int i = 0; i < 20; ++i) {
    const auto reader = Tracker(i % 2 == 0 ? std::vector<std::string>{"BCAST", "PREFIX", "k"}
                                           : std::vector<std::string>{});
    ASSERT_TRUE(reader->Run({"GET", "k" + std::to_string(i)}).has_value());
  }
  std::string info;
  do {  // their ends are seen one after the other
    const auto reply = writer->Run({"INFO", "everything"});
    ASSERT_TRUE(reply.has_value());
    info = reply->text;
  } while (info.find("tracking_clients:0\r") == std::string::npos ||
           info.find("tracking_total_keys:0\r") == std::string::npos);
  EXPECT_NE(info.find("tracking_total_prefixes:0\r"), std::string::npos);
  EXPECT_NE(info.find("tracking_total_items:0\r"), std::string::npos);
}

}  // namespace
}  // namespace larder
