// Who waits, beside all that may happen to it: elements that come by every way, kills, CLIENT
// UNBLOCK, rights that go, keys that expire, are evicted, renamed or flushed, turns that are
// interrupted, subscribers and monitors. Any client may be killed at any time, and comes again.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/stress/stress_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;
using Args = std::vector<std::string>;

class WaitingStress : public StressTest {
 protected:
  // A client that is made anew whenever it was killed.
  class Lasting {
   public:
    Lasting(WaitingStress& test, Args hello) : test_(test), hello_(std::move(hello)) {}

    // One reply for each, or none at all where the client was killed.
    bool Run(const std::vector<Args>& requests, std::vector<Reply>* replies) {
      if (client_ == nullptr) {
        client_ = test_.Connect();
        if (!hello_.empty()) client_->Queue(hello_);
        if (!client_->Exchange(replies)) return Lose();
      }
      for (const Args& request : requests) client_->Queue(request);
      if (!client_->Exchange(replies)) return Lose();
      EXPECT_EQ(replies->size(), requests.size());
      ++test_.exchanges_;
      return true;
    }
    void Leave() { client_ = nullptr; }

   private:
    bool Lose() {
      client_ = nullptr;
      ++test_.losses_;
      return false;
    }

    WaitingStress& test_;
    Args hello_;
    std::unique_ptr<StressClient> client_;
  };

  using Draw = std::function<std::vector<Args>(std::mt19937&)>;

  // A client of its own thread that sends what it draws until the time is over.
  void Start(Args hello, Draw draw, std::chrono::milliseconds pause = {}) {
    const auto seed = static_cast<uint32_t>(threads_of_clients_.size());
    threads_of_clients_.emplace_back(
        [this, seed, pause, hello = std::move(hello), draw = std::move(draw)] {
          std::mt19937 random(seed);
          Lasting client(*this, hello);
          std::vector<Reply> replies;
          while (steady_clock::now() < end_) {
            client.Run(draw(random), &replies);
            if (random() % 500 == 0) client.Leave();
            if (pause.count() > 0) std::this_thread::sleep_for(pause);
          }
        });
  }

  void Join() {
    for (std::thread& thread : threads_of_clients_) thread.join();
    threads_of_clients_.clear();
  }

  int64_t BlockedClients() {
    Reply reply;
    EXPECT_TRUE(Connect()->Run({"INFO", "clients"}, &reply));
    const size_t at = reply.text.find("blocked_clients:");
    return at == std::string::npos ? -1 : std::atoll(reply.text.c_str() + at + 16);
  }

  const steady_clock::time_point end_ = steady_clock::now() + std::chrono::seconds(StressSeconds());
  std::atomic<uint64_t> exchanges_{0}, losses_{0};
  std::vector<std::thread> threads_of_clients_;
};

std::string Numbered(const char* name, std::mt19937& random, uint32_t limit) {
  return name + std::to_string(random() % limit);
}

std::vector<Args> Wait(std::mt19937& random) {
  const std::string list = Numbered("q", random, 3), other = Numbered("q", random, 3);
  const std::string sorted = Numbered("z", random, 2), stream = Numbered("x", random, 2);
  switch (random() % 8) {
    case 0:
      return {{"BLPOP", list, other, "0.02"}};
    case 1:
      return {{"BRPOP", list, "0.01"}, {"PING"}};
    case 2:
      return {{"BLMOVE", list, other, "LEFT", "RIGHT", "0.02"}};
    case 3:
      return {{"BLMPOP", "0.02", "2", list, other, "RIGHT", "COUNT", "3"}};
    case 4:
      return {{"BZPOPMIN", sorted, "0.02"}, {"GET", "k"}};
    case 5:
      return {{"BZMPOP", "0.02", "1", sorted, "MAX"}};
    case 6:
      return {{"XREAD", "COUNT", "5", "BLOCK", "20", "STREAMS", stream, "$"}};
    default:
      return {{"XREADGROUP", "GROUP", "g", "c", "BLOCK", "20", "STREAMS", stream, ">"}};
  }
}

std::vector<Args> Feed(std::mt19937& random) {
  const std::string list = Numbered("q", random, 3), other = Numbered("q", random, 3);
  const std::string sorted = Numbered("z", random, 2), stream = Numbered("x", random, 2);
  switch (random() % 16) {
    case 0:
    case 1:
      return {{"RPUSH", list, "a", "b"}, {"LLEN", list}};
    case 2:
      return {{"ZADD", sorted, "1", "a", "2", "b"}};
    case 3:
    case 4:
      return {{"XADD", stream, "MAXLEN", "~", "100", "*", "f", "v"}};
    case 5:
      return {{"XGROUP", "CREATE", stream, "g", "$", "MKSTREAM"}};
    case 6:
      return {{"MULTI"}, {"RPUSH", list, "a"}, {"RPUSH", other, "b"}, {"DEL", list}, {"EXEC"}};
    case 7:
      return {{"EVAL", "return redis.call('LPUSH', KEYS[1], 'x')", "1", list}};
    case 8:
      return {{"EVAL",
               "redis.call('LPUSH', ARGV[1], 'x') return redis.call('ZADD', ARGV[2], 1, 'y')", "0",
               list, sorted}};
    case 9:
      return {{"RPUSH", "from", "a"}, {"RENAME", "from", list}};
    case 10:
      return {{"RPUSH", list, "a"}, {"PEXPIRE", list, std::to_string(random() % 5)}};
    case 11:
      return {{"DEL", stream, sorted}};
    case 12:
      return {{"SELECT", "1"}, {"RPUSH", list, "a"}, {"SWAPDB", "0", "1"}, {"SELECT", "0"}};
    case 13:
      return {{"SET", Numbered("k", random, 300), std::string(random() % 3000, 'v'), "PX", "40"}};
    case 14:
      return {{"LMOVE", list, other, "LEFT", "LEFT"}, {"SET", list, "no list"}, {"DEL", list}};
    default:
      return random() % 50 == 0 ? std::vector<Args>{{"FLUSHALL"}} : std::vector<Args>{{"DBSIZE"}};
  }
}

// Ids are small and grow: one of the last hundred or so.
std::vector<Args> Kill(std::mt19937& random, uint64_t newest) {
  const std::string id = std::to_string(newest - std::min<uint64_t>(newest, random() % 60));
  switch (random() % 8) {
    case 0:
      return {{"CLIENT", "KILL", "ID", id}};
    case 1:
      return {{"CLIENT", "KILL", "TYPE", "pubsub"}};
    case 2:
      return {{"CLIENT", "KILL", "USER", "stranger"}};
    case 3:
      return {{"CLIENT", "LIST"}};
    case 4:
      return {{"CLIENT", "UNBLOCK", id, "ERROR"}};
    default:
      return {{"CLIENT", "UNBLOCK", id}};
  }
}

std::vector<Args> ChangeRights(std::mt19937& random) {
  switch (random() % 6) {
    case 0:
      return {{"ACL", "SETUSER", "stranger", "on", ">secret", "~*", "&*", "+@all"}};
    case 1:
      return {{"ACL", "SETUSER", "stranger", "-@blocking"}};
    case 2:
      return {{"ACL", "SETUSER", "stranger", "resetkeys", "~q*", "resetchannels", "&channel*"}};
    case 3:
      return {{"ACL", "LIST"}, {"ACL", "LOG", "10"}};
    case 4:
      return {{"ACL", "DELUSER", "stranger"}};
    default:
      return {{"ACL", "DRYRUN", "stranger", "GET", "k"}, {"ACL", "WHOAMI"}};
  }
}

std::vector<Args> Listen(std::mt19937& random) {
  switch (random() % 6) {
    case 0:
      return {{"SUBSCRIBE", Numbered("channel", random, 3)}};
    case 1:
      return {{"PSUBSCRIBE", "channel*"}};
    case 2:
      return {{"SSUBSCRIBE", Numbered("shard", random, 3)}};
    case 3:
      return {{"UNSUBSCRIBE", "channel0"}};
    case 4:
      return {{"PUNSUBSCRIBE", "channel*"}};
    default:
      return {{"SUNSUBSCRIBE", "shard0"}};
  }
}

std::vector<Args> Tell(std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      return {{"PUBLISH", Numbered("channel", random, 3), "text"}};
    case 1:
      return {{"SPUBLISH", Numbered("shard", random, 3), "text"}};
    case 2:
      return {{"EVAL", "return redis.call('PUBLISH', 'channel1', 'of a script')", "0"}};
    default:
      return {{"PUBSUB", "CHANNELS"}, {"PUBSUB", "NUMPAT"}};
  }
}

std::vector<Args> Configure(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return {{"CONFIG", "SET", "notify-keyspace-events", random() % 2 == 0 ? "KEA" : ""}};
    case 1:
      return {{"CONFIG", "SET", "maxmemory", random() % 2 == 0 ? "4mb" : "64mb"}};
    case 2:
      return {{"CONFIG", "SET", "slowlog-log-slower-than", random() % 2 == 0 ? "0" : "10000"}};
    case 3:
      return {{"INFO", "everything"}, {"CONFIG", "RESETSTAT"}, {"SLOWLOG", "GET", "5"}};
    case 4:
      return {{"SCRIPT", "FLUSH"}, {"SCRIPT", "LOAD", "return 1"}};
    case 5:
      return {{"DEBUG", "TURNS", "BUDGET", random() % 2 == 0 ? "0" : "300"}};
    case 6:
      return {{"CLIENT", "PAUSE", "1", random() % 2 == 0 ? "WRITE" : "ALL"}};
    default:
      return {{"MEMORY", "STATS"}, {"LATENCY", "HISTOGRAM"}, {"RANDOMKEY"}};
  }
}

TEST_F(WaitingStress, WhoWaitsIsServedOrEndedOnce) {
  const std::pair<std::string_view, std::string_view> start[] = {
      {"maxmemory", "64mb"}, {"enable-debug-command", "yes"}, {"maxmemory-policy", "allkeys-lru"}};
  for (const auto& [name, value] : start) {
    const std::string words[] = {std::string(value)};
    ASSERT_TRUE(options_.SetAtStart(name, words).ok());
  }
  for (int i = 0; i < 4; ++i) Start({}, Wait);
  Start({"AUTH", "stranger", "secret"}, Wait);
  for (int i = 0; i < 3; ++i) Start({}, Feed);
  Start({"AUTH", "stranger", "secret"}, Feed);
  // A listener's commands are answered by pushes alone: the PING has the reply.
  for (int i = 0; i < 2; ++i) {
    threads_of_clients_.emplace_back([this, i] {
      std::mt19937 random(static_cast<uint32_t>(1000 + i));
      while (steady_clock::now() < end_) {
        auto client = Connect();
        Reply reply;
        bool lives = client->Run({"HELLO", "3"}, &reply);
        for (int n = 0; lives && n < 50; ++n) {
          client->QueueSilent(Listen(random)[0]);
          lives = client->Run({"PING"}, &reply);
        }
      }
    });
  }
  Start({}, Tell);
  Start({}, ChangeRights, std::chrono::milliseconds(1));
  Start({}, Configure, std::chrono::milliseconds(2));
  threads_of_clients_.emplace_back([this] {
    std::mt19937 random(1);
    std::vector<Reply> replies;
    Lasting killer(*this, {});
    while (steady_clock::now() < end_) {
      uint64_t newest = 0;
      Reply reply;
      if (Connect()->Run({"CLIENT", "ID"}, &reply)) newest = static_cast<uint64_t>(reply.integer);
      for (int i = 0; i < 20; ++i) killer.Run(Kill(random, newest), &replies);
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  });
  threads_of_clients_.emplace_back([this] {  // a monitor that comes and goes
    while (steady_clock::now() < end_) {
      auto monitor = Connect();
      monitor->LimitSilence(1);
      std::vector<Reply> lines;
      monitor->Queue({"MONITOR"});
      monitor->ExpectMore(100);
      monitor->Exchange(&lines);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  Join();
  EXPECT_GT(exchanges_.load(), 0u);
  EXPECT_GT(losses_.load(), 0u);
  const auto deadline = steady_clock::now() + std::chrono::seconds(60);
  while (BlockedClients() != 0 && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(BlockedClients(), 0);
}

}  // namespace
}  // namespace larder
