// Writers in and out of a namespace with a quota, while others define further ones and flush, over
// four workers. Under TSan it must report nothing; a namespace over its quota must evict only its
// own; whoever is answered finds it within its quota, but for what others are just writing; and at
// the end all counts must equal a recount.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/stress/stress_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

constexpr int kWriters = 4;
constexpr int kOutsideKeys = 500;
constexpr int64_t kQuotaBytes = 200'000;
constexpr size_t kValueBytesMax = 6000;  // inline and not
// What the writers may have under way at a time: a set grows by less than a value.
constexpr int64_t kUnderWayBytes = kWriters * 4 * static_cast<int64_t>(kValueBytesMax);

class NamespacesStress : public StressTest {
 protected:
  static std::string Value(std::mt19937& random) {
    return std::string(random() % kValueBytesMax, 'v');
  }

  // A change of some key of `prefix`, of whatever kind.
  static std::vector<std::string> Change(std::mt19937& random, const std::string& prefix) {
    const std::string number = std::to_string(random() % 400);
    switch (random() % 9) {
      case 0:
        return {"DEL", prefix + number};
      case 1:
        return {"RENAME", prefix + number, prefix + std::to_string(random() % 400)};
      case 2:
        return {"APPEND", prefix + number, std::string(random() % 300, 'a')};
      case 3:
        return {"SADD", prefix + "set:" + std::to_string(random() % 20), std::to_string(random()),
                std::to_string(random())};
      case 4:
        return {"SPOP", prefix + "set:" + std::to_string(random() % 20), "3"};
      case 5:
        return {"SET", prefix + number, Value(random), "PX", std::to_string(1 + random() % 50)};
      case 6:
        return {"EVAL",
                "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return redis.call('DEL', KEYS[2])",
                "2",
                prefix + "hash:" + std::to_string(random() % 20),
                prefix + number,
                std::to_string(random() % 50),
                "value"};
      default:
        return {"SET", prefix + number, Value(random)};
    }
  }

  static int64_t Figure(const Reply& stats, std::string_view name) {
    for (size_t i = 0; i + 1 < stats.items.size(); i += 2) {
      if (stats.items[i].text == name) return stats.items[i + 1].integer;
    }
    return -1;
  }

  // The namespace's bytes after some changes; -1 while its keys are being counted.
  int64_t BytesAfterChanges(StressClient& client, std::mt19937& random) {
    std::vector<Reply> replies;
    for (int i = 0; i < 3; ++i) client.Queue(Change(random, "shop:"));
    client.Queue({"CACHE.NS", "STATS", "shop"});
    if (!client.Exchange(&replies)) return -1;
    ++answers_;
    return Figure(replies.back(), "complete") == 1 ? Figure(replies.back(), "bytes") : -1;
  }

  void RunInside(int writer) {
    std::mt19937 random(static_cast<uint32_t>(writer));
    auto client = Connect();
    while (!stop_) {
      int64_t bytes = BytesAfterChanges(*client, random);
      // A count that has just become complete may show that it was over for a while: from the next
      // answers on it is not.
      for (int i = 0; i < 3 && bytes > kQuotaBytes + kUnderWayBytes; ++i) {
        bytes = BytesAfterChanges(*client, random);
      }
      ASSERT_LE(bytes, kQuotaBytes + kUnderWayBytes);
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> answers_{0};
};

TEST_F(NamespacesStress, QuotasEvictTheirOwnAndCountsAreExact) {
  auto control = Connect();
  Reply reply;
  ASSERT_TRUE(control->Run({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"}, &reply));
  for (int i = 0; i < kOutsideKeys; ++i) {
    ASSERT_TRUE(control->Run({"SET", "outside:" + std::to_string(i), "v"}, &reply));
  }
  ASSERT_TRUE(control->Run(
      {"CACHE.NS", "SET", "shop", "PREFIX", "shop:", "MAXMEMORY", std::to_string(kQuotaBytes)},
      &reply));
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) threads.emplace_back([this, i] { RunInside(i); });
  threads.emplace_back([this] {  // outside, and across the border
    std::mt19937 random(99);
    auto client = Connect();
    Reply answer;
    while (!stop_) {
      ASSERT_TRUE(client->Run(Change(random, "free:"), &answer));
      const std::string number = std::to_string(random() % 400);
      ASSERT_TRUE(client->Run({"RENAME", "free:" + number, "shop:" + number}, &answer));
    }
  });
  threads.emplace_back([this] {  // definitions that take keys away and give them back
    std::mt19937 random(7);
    auto client = Connect();
    Reply answer;
    while (!stop_) {
      ASSERT_TRUE(client->Run(
          {"CACHE.NS", "SET", "part", "PREFIX", "shop:" + std::to_string(random() % 10)}, &answer));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      ASSERT_TRUE(client->Run({"CACHE.NS", "FLUSH", "part"}, &answer));
      ASSERT_TRUE(client->Run({"CACHE.NS", "DEL", "part"}, &answer));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  std::this_thread::sleep_for(std::chrono::seconds(StressSeconds()));
  stop_ = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(answers_.load(), 100u);

  for (int i = 0; i < kOutsideKeys; ++i) {
    ASSERT_TRUE(control->Run({"EXISTS", "outside:" + std::to_string(i)}, &reply));
    ASSERT_EQ(reply.integer, 1) << "evicted for another's quota";
  }
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(control->Run({"CACHE.NS", "STATS", "shop"}, &reply));
    if (Figure(reply, "complete") == 1) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // what is due has expired
  ASSERT_TRUE(control->Run({"CACHE.NS", "STATS", "shop"}, &reply));
  EXPECT_EQ(Figure(reply, "complete"), 1);
  EXPECT_GT(Figure(reply, "evictions"), 0);
  int64_t items = 0, bytes = 0;
  uint64_t cursor = 0;
  do {
    cursor = engine_.keyspace.Scan(0, cursor, 1000, 0, false, [&](const storage::Entry& entry) {
      if (!entry.key().starts_with("shop:")) return;
      ++items;
      bytes += static_cast<int64_t>(entry.MemoryBytes());
    });
  } while (cursor != 0);
  EXPECT_EQ(Figure(reply, "items"), items);
  EXPECT_EQ(Figure(reply, "bytes"), bytes);
  EXPECT_LE(bytes, kQuotaBytes);
}

}  // namespace
}  // namespace larder
