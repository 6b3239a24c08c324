// Caches in clients that track, beside writers, expiry, eviction, flushes and clients that come and
// go, over four workers. Under TSan it must report nothing; and in the end no client may hold a
// value that it was not told to drop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/running_server.h"

namespace larder {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;

constexpr int kKeys = 300;

int Seconds() {
  const char* seconds = std::getenv("LARDER_STRESS_SECONDS");
  return seconds == nullptr ? 5 : std::atoi(seconds);
}

// A client with a cache, as client libraries have one.
class CachingClient {
 public:
  CachingClient(const RunningServer& server, const std::vector<std::string>& options)
      : connection_(server.Connect()) {
    EXPECT_TRUE(Run({"HELLO", "3"}).has_value());
    std::vector<std::string> args = {"CLIENT", "TRACKING", "ON"};
    args.insert(args.end(), options.begin(), options.end());
    EXPECT_TRUE(Run(args).has_value());
  }

  // Answers the reply; pushes on the way to it empty the cache.
  std::optional<Reply> Run(const std::vector<std::string>& args) {
    if (!connection_->Send(Encode(args))) return std::nullopt;
    while (true) {
      std::optional<Reply> reply = connection_->Read();
      if (!reply || reply->type != Reply::Type::kPush) return reply;
      Drop(*reply);
    }
  }

  void Read(const std::string& key) {
    if (cache_.contains(key)) return;
    const std::optional<Reply> reply = Run({"GET", key});
    ASSERT_TRUE(reply.has_value());
    cache_[key] = reply->text;
  }

  std::map<std::string, std::string> cache() const { return cache_; }

 private:
  void Drop(const Reply& push) {
    ASSERT_EQ(push.items.size(), 2u);
    ASSERT_EQ(push.items[0].text, "invalidate");
    if (push.items[1].type == Reply::Type::kNull) cache_.clear();
    for (const Reply& key : push.items[1].items) cache_.erase(key.text);
  }

  std::unique_ptr<SocketClient> connection_;
  std::map<std::string, std::string> cache_;
};

std::string RandomKey(std::mt19937& random) { return "k" + std::to_string(random() % kKeys); }

std::vector<std::string> RandomWrite(std::mt19937& random, int number) {
  const std::string key = RandomKey(random);
  const std::string other = RandomKey(random);
  const std::string value = std::to_string(number) + std::string(random() % 16'000, 'v');
  switch (random() % 10) {
    case 0:
      return {"DEL", key, other};
    case 1:
      return {"SET", key, value, "PX", std::to_string(1 + random() % 20)};
    case 2:
      return {"PEXPIRE", key, std::to_string(random() % 20)};
    case 3:
      return {"RENAME", key, other};
    case 4:
      return {"EVAL", "redis.call('SET', KEYS[1], ARGV[1]) redis.call('SET', ARGV[2], ARGV[1])",
              "1",    key,
              value,  other};
    case 5:
      return {"MSET", key, value, other, value};
    case 6:
      if (random() % 100 == 0) return {"FLUSHALL"};
      return {"APPEND", key, "x"};
    default:
      return {"SET", key, value};
  }
}

TEST(TrackingStress, NoCacheKeepsWhatHasChanged) {
  RunningServer server{RunningServer::Options{{"threads", "4"},
                                              {"maxmemory", "2mb"},
                                              {"maxmemory-clients", "0"},
                                              {"tracking-table-max-keys", "250"}}};
  const auto end = steady_clock::now() + std::chrono::seconds(Seconds());
  const std::vector<std::vector<std::string>> modes = {
      {}, {"NOLOOP"}, {"OPTOUT"}, {"BCAST", "PREFIX", "k"}, {"BCAST"}};
  std::vector<std::unique_ptr<CachingClient>> readers;
  for (const auto& mode : modes) readers.push_back(std::make_unique<CachingClient>(server, mode));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < readers.size(); ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(static_cast<uint32_t>(i));
      while (steady_clock::now() < end) {
        readers[i]->Read(RandomKey(random));
        if (random() % 20 == 0) {
          ASSERT_TRUE(readers[i]->Run({"PING"}).has_value());
        }
      }
    });
  }
  for (uint32_t seed = 100; seed < 103; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      const auto writer = server.Connect();
      for (int number = 0; steady_clock::now() < end; ++number) {
        ASSERT_TRUE(writer->Run(RandomWrite(random, number)).has_value());
      }
    });
  }
  threads.emplace_back([&] {  // clients that come, read, write, and go
    std::mt19937 random(7);
    for (size_t i = 0; steady_clock::now() < end; ++i) {
      CachingClient passing(server, modes[i % modes.size()]);
      for (int j = 0; j < 20; ++j) passing.Read(RandomKey(random));
      ASSERT_TRUE(passing.Run(RandomWrite(random, 0)).has_value());
      if (i % 3 == 0) {
        ASSERT_TRUE(passing.Run({"CLIENT", "TRACKING", "OFF"}).has_value());
      }
    }
  });
  for (std::thread& thread : threads) thread.join();

  // What a reader still holds must be what the server has: asking for a key removes it where its
  // time is over, and the PING brings what is under way.
  const auto checker = server.Connect();
  for (const auto& reader : readers) {
    std::map<std::string, std::string> now;
    for (const auto& [key, value] : reader->cache()) {
      const auto reply = checker->Run({"GET", key});
      ASSERT_TRUE(reply.has_value());
      now[key] = reply->text;
    }
    ASSERT_TRUE(reader->Run({"PING"}).has_value());
    for (const auto& [key, value] : reader->cache()) EXPECT_EQ(value, now[key]) << key;
  }
}

}  // namespace
}  // namespace larder
