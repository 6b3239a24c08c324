// Writers with tags, purgers by tag and by pattern, and readers, over four workers. Under TSan it
// must report nothing; no read that begins after a purge's reply may see a value that was
// acknowledged before the purge was asked for; and no entry may be missed by a purge of its tag.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/stress_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;

constexpr int kWriters = 3;
constexpr int kKeysPerWriter = 40;
constexpr int kKeys = kWriters * kKeysPerWriter;
constexpr int kTags = 5;

std::string KeyName(int key) { return "k" + std::to_string(key); }
std::string TagName(int tag) { return "tag:" + std::to_string(tag); }

class PurgesStress : public StressTest {
 protected:
  // Of each key: the newest value whose write was acknowledged (a key has one writer, and its
  // values rise), and the newest that is known to be purged.
  using Values = std::array<std::atomic<int64_t>, kKeys>;

  // Runs a purge; what of these keys was acknowledged before it must be gone after it.
  template <class Concerns>
  void Purge(StressClient& client, const std::vector<std::string>& request, Concerns concerns) {
    std::array<int64_t, kKeys> before;
    for (int key = 0; key < kKeys; ++key)
      before[static_cast<size_t>(key)] = acknowledged_[static_cast<size_t>(key)].load();
    Reply reply;
    ASSERT_TRUE(client.Run(request, &reply));
    ASSERT_EQ(reply.type, Reply::Type::kInteger) << reply.text;
    for (int key = 0; key < kKeys; ++key) {
      if (!concerns(key)) continue;
      auto& purged = purged_[static_cast<size_t>(key)];
      int64_t now = purged.load();
      while (now < before[static_cast<size_t>(key)] &&
             !purged.compare_exchange_weak(now, before[static_cast<size_t>(key)])) {
      }
    }
  }

  // One of several ways to give a key a value with its tags. False when it was purged midway.
  bool Write(StressClient& client, std::mt19937& random, int key, int64_t value) {
    const std::string name = KeyName(key), text = std::to_string(value);
    const std::string own = TagName(key % kTags), all = "all";
    std::vector<Reply> replies;
    switch (random() % 4) {
      case 0:  // tagged later; a read in between may see it
        client.Queue({"SET", name, text});
        client.Queue({"CACHE.TAG", name, "2", own, all});
        EXPECT_TRUE(client.Exchange(&replies));
        return replies[1].integer == 2;
      case 1:
        client.Queue({"SET", "t" + name, text, "TAGS", "2", own, all});
        client.Queue({"RENAME", "t" + name, name});
        EXPECT_TRUE(client.Exchange(&replies));
        return replies[1].type != Reply::Type::kError;
      case 2:
        client.Queue({"EVAL",
                      "return redis.call('SET', KEYS[1], ARGV[1], 'TAGS', 2, ARGV[2], ARGV[3])",
                      "1", name, text, own, all});
        break;
      default:
        client.Queue({"SET", name, text, "EX", "100", "TAGS", "2", all, own});
        break;
    }
    EXPECT_TRUE(client.Exchange(&replies));
    EXPECT_NE(replies[0].type, Reply::Type::kError) << replies[0].text;
    return true;
  }

  void RunWriter(int writer) {
    std::mt19937 random(static_cast<uint32_t>(writer));
    auto client = Connect();
    for (int64_t value = 1; !stop_; ++value) {
      const int key = writer * kKeysPerWriter + static_cast<int>(random() % kKeysPerWriter);
      if (Write(*client, random, key, value)) acknowledged_[static_cast<size_t>(key)] = value;
    }
  }

  void RunReader(int reader) {
    std::mt19937 random(static_cast<uint32_t>(100 + reader));
    auto client = Connect();
    while (!stop_) {
      const int key = static_cast<int>(random() % kKeys);
      const int64_t purged = purged_[static_cast<size_t>(key)].load();
      Reply reply;
      ASSERT_TRUE(reader == 0 ? client->Run({"GET", KeyName(key)}, &reply)
                              : client->Run({"EVAL", "return redis.call('GET', KEYS[1])", "1",
                                             KeyName(key)},
                                            &reply));
      ++reads_;
      if (reply.type != Reply::Type::kBulk) continue;
      ASSERT_GT(std::stoll(reply.text), purged) << KeyName(key);
    }
  }

  Values acknowledged_{}, purged_{};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> reads_{0}, purges_{0};
};

TEST_F(PurgesStress, NoReadAfterAPurgeSeesAnOlderValueAndNothingIsMissed) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) threads.emplace_back([this, i] { RunWriter(i); });
  for (int i = 0; i < 2; ++i) threads.emplace_back([this, i] { RunReader(i); });
  threads.emplace_back([this] {
    std::mt19937 random(7);
    auto client = Connect();
    for (; !stop_; ++purges_) {
      const int tag = static_cast<int>(random() % kTags);
      Purge(*client, {"CACHE.PURGETAG", TagName(tag), "nobody:" + std::to_string(random() % 1000)},
            [tag](int key) { return key % kTags == tag; });
    }
  });
  threads.emplace_back([this] {
    auto client = Connect();
    for (; !stop_; ++purges_) {
      Purge(*client, {"CACHE.PURGEMATCH", "k*7"}, [](int key) { return key % 10 == 7; });
      Purge(*client, {"CACHE.PURGETAG", "all"}, [](int) { return true; });
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  std::this_thread::sleep_for(std::chrono::seconds(StressSeconds()));
  stop_ = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(reads_.load(), 1000u);
  EXPECT_GT(purges_.load(), 100u);

  auto client = Connect();
  std::mt19937 random(1);
  for (int key = 0; key < kKeys; ++key) ASSERT_TRUE(Write(*client, random, key, 1'000'000'000));
  Reply reply;
  ASSERT_TRUE(client->Run({"CACHE.PURGETAG", "all"}, &reply));
  EXPECT_GE(reply.integer, kKeys);
  for (int key = 0; key < kKeys; ++key) {
    ASSERT_TRUE(client->Run({"EXISTS", KeyName(key), "t" + KeyName(key)}, &reply));
    EXPECT_EQ(reply.integer, 0) << "missed by its tag";
  }
  EXPECT_FALSE(engine_.keyspace.tags().LiveCount("all"));
}

}  // namespace
}  // namespace larder
