// Leases with real threads: one holder at a time, nobody who waits is forgotten, and no value that
// was computed before an invalidation is there after it.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/stress_fixture.h"

namespace larder {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;
using Args = std::vector<std::string>;

constexpr int kKeys = 4;
const std::string kNewest = "18446744073709551615";  // of no origin

class LeaseStress : public StressTest {
 protected:
  using Work = std::function<void(StressClient&, std::mt19937&)>;

  // A client of its own thread that works until the time is over.
  void Start(Work work) {
    const auto seed = static_cast<uint32_t>(clients_.size());
    clients_.emplace_back([this, seed, work = std::move(work)] {
      std::mt19937 random(seed);
      const auto client = Connect();
      while (steady_clock::now() < end_) work(*client, random);
    });
  }
  void Join() {
    for (std::thread& client : clients_) client.join();
  }

  static Reply Ask(StressClient& client, const Args& request) {
    Reply reply;
    EXPECT_TRUE(client.Run(request, &reply));
    EXPECT_NE(reply.type, Reply::Type::kError) << reply.text;
    return reply;
  }
  // The fields of CACHE.GET that are looked at here.
  struct Got {
    std::string state, value, token;
  };
  static Got Get(StressClient& client, const std::string& key) {
    const Reply reply = Ask(client, {"CACHE.GET", key, "LEASE", "60000", "WAIT", "10000"});
    if (reply.items.size() != 6) return {};
    return {reply.items[0].text, reply.items[1].text, reply.items[5].text};
  }

  const steady_clock::time_point end_ = steady_clock::now() + std::chrono::seconds(StressSeconds());
  std::vector<std::thread> clients_;
};

TEST_F(LeaseStress, OneHolderAtATimeAndNobodyIsForgotten) {
  std::array<std::atomic<int>, kKeys> holders{};
  std::atomic<uint64_t> leases{0}, values{0};
  for (int i = 0; i < 12; ++i) {
    Start([&](StressClient& client, std::mt19937& random) {
      const size_t number = random() % kKeys;
      const std::string key = "k" + std::to_string(number);
      const Got got = Get(client, key);
      if (got.token.empty()) {
        // Every holder fills or releases soon: who waits for ten seconds was forgotten.
        EXPECT_EQ(got.state, "HIT");
        ++values;
        return;
      }
      ++leases;
      EXPECT_EQ(holders[number].fetch_add(1), 0);
      if (random() % 8 == 0) std::this_thread::yield();
      holders[number].fetch_sub(1);
      if (random() % 2 == 0) {
        Ask(client, {"CACHE.RELEASE", key, got.token});
      } else {
        Ask(client, {"SET", key, "v", "PX", std::to_string(1 + random() % 2), "LEASE", got.token});
      }
    });
  }
  Join();
  std::cout << leases << " leases, " << values << " values\n";  // LARDER_STRESS_SECONDS=300: rounds
  EXPECT_GT(leases.load(), 0u);
  EXPECT_GT(values.load(), 0u);
}

TEST_F(LeaseStress, NoFillLandsAfterAnInvalidation) {
  // What the origin has, and what it had when the last invalidation was acknowledged.
  std::array<std::atomic<uint64_t>, kKeys> truth{}, acknowledged{};
  std::atomic<uint64_t> fills{0}, refused{0}, reads{0};
  const auto raise = [](std::atomic<uint64_t>& to, uint64_t value) {
    uint64_t before = to.load();
    while (before < value && !to.compare_exchange_weak(before, value)) {
    }
  };
  for (int i = 0; i < 6; ++i) {
    Start([&](StressClient& client, std::mt19937& random) {
      const size_t number = random() % kKeys;
      const std::string key = "k" + std::to_string(number), tag = "t" + std::to_string(number);
      const uint64_t least = acknowledged[number];
      const Got got = Get(client, key);
      if (!got.value.empty() && got.state == "HIT") {
        EXPECT_GE(std::stoull(got.value), least);
        ++reads;
      }
      if (got.token.empty()) return;
      const uint64_t value = truth[number];
      if (random() % 4 == 0) std::this_thread::yield();
      Args fill = {"SET", key, std::to_string(value), "PX", "20", "SWR", "1", "LEASE", got.token};
      if (random() % 2 == 0) fill.insert(fill.end(), {"TAGS", "1", tag});
      const bool stored = Ask(client, fill).text == "OK";
      ++(stored ? fills : refused);
    });
  }
  for (int i = 0; i < 2; ++i) {
    Start([&](StressClient& client, std::mt19937& random) {
      const size_t number = random() % kKeys;
      const std::string key = "k" + std::to_string(number);
      const uint64_t value = ++truth[number];
      switch (random() % 6) {
        case 0:
          Ask(client, {"DEL", key});
          break;
        case 1:
          Ask(client, {"CACHE.PURGE", key});
          break;
        case 2:
          Ask(client, {"CACHE.PURGE", key, "SOFT", "1"});
          break;
        case 3:
          Ask(client, {"CACHE.PURGEMATCH", key});
          break;
        case 4:
          Ask(client, {"EVAL", "return redis.call('DEL', KEYS[1])", "1", key});
          break;
        default:
          Ask(client, {"SET", key, kNewest, "PX", "20"});
          break;
      }
      raise(acknowledged[number], value);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    });
  }
  for (int i = 0; i < 2; ++i) {  // plain readers
    Start([&](StressClient& client, std::mt19937& random) {
      const size_t number = random() % kKeys;
      const uint64_t least = acknowledged[number];
      const Reply reply = Ask(client, {"GET", "k" + std::to_string(number)});
      if (reply.type == Reply::Type::kBulk) {
        EXPECT_GE(std::stoull(reply.text), least);
      }
    });
  }
  Join();
  EXPECT_GT(fills.load(), 0u);
  EXPECT_GT(refused.load(), 0u);
  EXPECT_GT(reads.load(), 0u);
}

// Purges by tag, of entries that all carry it: a fill with the tag that began before is refused.
TEST_F(LeaseStress, NoTaggedFillLandsAfterAPurgeOfItsTag) {
  std::atomic<uint64_t> truth{0}, acknowledged{0}, fills{0}, reads{0};
  for (int i = 0; i < 6; ++i) {
    Start([&](StressClient& client, std::mt19937& random) {
      const std::string key = "k" + std::to_string(random() % kKeys);
      const uint64_t least = acknowledged;
      const Got got = Get(client, key);
      if (got.state == "HIT") {
        EXPECT_GE(std::stoull(got.value), least);
        ++reads;
      }
      if (got.token.empty()) return;
      const std::string value = std::to_string(truth);
      if (random() % 4 == 0) std::this_thread::yield();
      const Reply stored =
          Ask(client, {"SET", key, value, "PX", "50", "TAGS", "2", "all", key, "LEASE", got.token});
      if (stored.text == "OK") ++fills;
    });
  }
  Start([&](StressClient& client, std::mt19937& random) {
    const uint64_t value = ++truth;
    Ask(client, {"CACHE.PURGETAG", "all"});
    acknowledged = value;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
  });
  Join();
  EXPECT_GT(fills.load(), 0u);
  EXPECT_GT(reads.load(), 0u);
}

}  // namespace
}  // namespace larder
