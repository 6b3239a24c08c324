// Expiry through the keyspace: due keys go without being asked for.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "storage/database.h"
#include "storage/keyspace.h"

namespace larder::storage {
namespace {

constexpr auto kForever = std::chrono::steady_clock::time_point::max();
constexpr auto kPast = std::chrono::steady_clock::time_point::min();
constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kDay = 86'400'000;
constexpr int64_t kTickMs = 64;  // how late a key may go at the most, with time in hand

class ExpiryTest : public testing::Test, public KeyspaceObserver {
 protected:
  void OnExpired(int, std::string_view key) override { expired.emplace(key); }
  void OnEvicted(int, std::string_view) override {}

  Key K(std::string_view bytes) const { return keyspace.hasher()(bytes); }
  Database Db(int index = 0) { return Database(keyspace, index, now_ms); }
  void Set(const std::string& key, int64_t ttl_ms, int database = 0) {
    Db(database).SetString(K(key), "value",
                           {.expire_at_ms = ttl_ms == 0 ? kNoExpiry : now_ms + ttl_ms});
  }
  // Lets time pass in steps, as a worker would.
  void Pass(int64_t duration_ms, int64_t step_ms = 100) {
    for (const int64_t end_ms = now_ms + duration_ms; now_ms < end_ms;) {
      now_ms = std::min(now_ms + step_ms, end_ms);
      Expire();
    }
  }
  void Expire() {
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      while (keyspace.ExpireSlice(stripe, now_ms, kForever)) {
      }
    }
  }

  std::multiset<std::string> expired;
  int64_t now_ms = kStart;
  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, this};
};

TEST_F(ExpiryTest, DueKeysGoWithinATickAndAreReportedOnce) {
  for (int i = 0; i < 3000; ++i) Set("key" + std::to_string(i), 1000 + i);
  Set("kept", 0);
  Pass(900);
  EXPECT_EQ(keyspace.KeyCount(0), 3001u);
  Pass(1600, 10);
  EXPECT_EQ(keyspace.KeyCount(0) - keyspace.ExpiryCount(0), 1u);
  EXPECT_NEAR(static_cast<double>(keyspace.KeyCount(0)), 1501, static_cast<double>(kTickMs));
  Pass(2000);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  EXPECT_EQ(expired.size(), 3000u);
  EXPECT_EQ(expired.count("key7"), 1u);
  EXPECT_EQ(keyspace.Stats().expired, 3000u);
}

TEST_F(ExpiryTest, TheLastExpiryCounts) {
  Set("later", 1000);
  Db().SetExpiry(K("later"), now_ms + 5000);
  Set("sooner", 1'000'000);
  Db().SetExpiry(K("sooner"), now_ms + 1000);
  Set("never", 1000);
  Db().SetExpiry(K("never"), kNoExpiry);
  Set("replaced", 1000);
  Set("replaced", 0);
  Set("again", 1000);
  Db().SetExpiry(K("again"), kNoExpiry);
  Db().SetExpiry(K("again"), now_ms + 3000);
  Pass(2000);
  EXPECT_EQ(expired, (std::multiset<std::string>{"sooner"}));
  Pass(2000);
  EXPECT_EQ(expired, (std::multiset<std::string>{"again", "sooner"}));
  Pass(2000);
  EXPECT_EQ(expired, (std::multiset<std::string>{"again", "later", "sooner"}));
  Pass(2'000'000, 10'000);
  EXPECT_EQ(keyspace.KeyCount(0), 2u);
}

TEST_F(ExpiryTest, AKeyThatIsSetAgainAndAgainKeepsOneReference) {
  for (int i = 0; i < 2000; ++i) {
    Set("session", 100'000);
    Set("lock", 30'000);
    Db().Delete(K("lock"));
    Set("cached", 50'000);
    Pass(100);
  }
  EXPECT_EQ(keyspace.KeyCount(0), 2u);
  EXPECT_LT(keyspace.Stats().wheel_bytes, 150'000u);
  Pass(100'100);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(ExpiryTest, StaleReferencesAreCompacted) {
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = "key" + std::to_string(i % 100);
    Set(key, 200'000 + i);
    Db().Delete(K(key));
    if (i % 1000 == 0) Pass(1);
  }
  Set("kept", 200'000);
  Pass(10);
  // Four levels' worth of slots stay allocated.
  EXPECT_LT(keyspace.Stats().wheel_bytes, 4 * 30'000u);
  Pass(200'100, 10'000);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(ExpiryTest, FarExpiriesTakeNoReferenceAndGoInTime) {
  constexpr int kKeys = 2000;
  for (int i = 0; i < kKeys; ++i) Set("key" + std::to_string(i), 2 * kDay);
  Expire();
  EXPECT_EQ(keyspace.Stats().wheel_bytes, 0u);
  Pass(2 * kDay - 1, 60'000);
  EXPECT_EQ(keyspace.KeyCount(0), static_cast<size_t>(kKeys));
  Pass(kTickMs, 8);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
  EXPECT_EQ(expired.size(), static_cast<size_t>(kKeys));
}

TEST_F(ExpiryTest, FarExpiriesMayComeNearAndNearOnesGoFar) {
  Set("nearer", 10 * kDay);
  Db().SetExpiry(K("nearer"), now_ms + 1000);
  Set("farther", 1000);
  Db().SetExpiry(K("farther"), now_ms + 10 * kDay);
  Set("there and back", 5000);
  Db().SetExpiry(K("there and back"), now_ms + 10 * kDay);
  Db().SetExpiry(K("there and back"), now_ms + 3000);
  Set("never", 10 * kDay);
  Db().SetExpiry(K("never"), kNoExpiry);
  Pass(2000);
  EXPECT_EQ(expired, (std::multiset<std::string>{"nearer"}));
  Pass(2000);
  EXPECT_EQ(expired, (std::multiset<std::string>{"nearer", "there and back"}));
  Pass(10 * kDay - 5000, 60'000);
  EXPECT_EQ(expired.count("farther"), 0u);
  Pass(5000);
  EXPECT_EQ(expired.count("farther"), 1u);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
}

TEST_F(ExpiryTest, ALeapOfTheClockIsMadeUpForInSlices) {
  for (int i = 0; i < 20'000; ++i) Set("key" + std::to_string(i), kDay + i);
  Set("later", 9 * kDay);
  now_ms += 3 * kDay;
  int slices = 0;
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    while (keyspace.ExpireSlice(stripe, now_ms, kPast)) ++slices;
  }
  EXPECT_GT(slices, 100);
  Pass(kTickMs, 8);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  Pass(6 * kDay + 1000, 60'000);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(ExpiryTest, AnythingThatHappensToKeysLosesNoExpiry) {
  std::mt19937_64 random(5);
  std::map<std::string, int64_t> alive;  // and when it expires
  for (int step = 0; step < 3000; ++step) {
    for (int i = 0; i < 12; ++i) {
      const std::string key = "key" + std::to_string(random() % 4000);
      const auto ttl_ms = static_cast<int64_t>(1 + random() % (uint64_t{1} << (random() % 23)));
      switch (random() % 6) {
        case 0:
          Db().Delete(K(key));
          alive.erase(key);
          break;
        case 1:
        case 2:
          if (Db().Find(K(key)) == nullptr) break;
          Db().SetExpiry(K(key), now_ms + ttl_ms);
          alive[key] = now_ms + ttl_ms;
          break;
        default:
          Set(key, ttl_ms);
          alive[key] = now_ms + ttl_ms;
      }
    }
    Pass(static_cast<int64_t>(random() % 8000), 4000);
    size_t due = 0;
    for (auto it = alive.begin(); it != alive.end();) {
      if (it->second > now_ms - kTickMs) {
        due += it->second <= now_ms ? 1 : 0;
        ++it;
      } else {
        it = alive.erase(it);
      }
    }
    ASSERT_LE(keyspace.KeyCount(0), alive.size()) << step;
    ASSERT_GE(keyspace.KeyCount(0), alive.size() - due) << step;
  }
}

TEST_F(ExpiryTest, ReferencesFollowTheirDatabase) {
  Set("swapped", 1000, 0);
  Set("other", 3000, 1);
  keyspace.SwapDatabases(0, 1);
  Pass(2000);
  EXPECT_EQ(keyspace.KeyCount(1), 0u);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  Set("flushed", 1000, 2);
  keyspace.FlushDatabase(2, false);
  Set("flushed", 5000, 2);
  Pass(2000);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
  EXPECT_EQ(keyspace.KeyCount(2), 1u);
  while (keyspace.FreeSlice(kForever)) {
  }
  Pass(4000);
  EXPECT_EQ(keyspace.KeyCount(2), 0u);
  EXPECT_EQ(expired, (std::multiset<std::string>{"flushed", "other", "swapped"}));
  Set("far", kDay, 1);
  Pass(kDay / 2, 60'000);
  keyspace.SwapDatabases(1, 3);
  Pass(kDay / 2 + kTickMs, 60'000);
  EXPECT_EQ(keyspace.KeyCount(3), 0u);
}

TEST_F(ExpiryTest, ExtremeTimesDoNoHarm) {
  Set("far", 0);
  Db().SetExpiry(K("far"), std::numeric_limits<int64_t>::max());
  Set("farther", 0);
  Db().SetExpiry(K("farther"), std::numeric_limits<int64_t>::max() - 1);
  Set("past", 0);
  Db().SetExpiry(K("past"), 1);
  Pass(500);
  EXPECT_EQ(keyspace.KeyCount(0), 2u);
  EXPECT_EQ(Db().Find(K("far"))->expire_at_ms(), std::numeric_limits<int64_t>::max());
  now_ms += int64_t{365} * 86'400'000 * 1000;
  Pass(500);
  EXPECT_EQ(keyspace.KeyCount(0), 2u);
  EXPECT_EQ(Db().Find(K("farther"))->expire_at_ms(), std::numeric_limits<int64_t>::max() - 1);
}

TEST_F(ExpiryTest, ABacklogIsWorkedOffInSlicesAndReported) {
  for (int i = 0; i < 20'000; ++i) Set("key" + std::to_string(i), 100);
  now_ms += 500;
  ASSERT_TRUE(keyspace.ExpireSlice(0, now_ms, kPast));
  EXPECT_GT(keyspace.Stats().expire_backlog, 4000u);
  EXPECT_NEAR(static_cast<double>(keyspace.Stats().expire_lag_ms), 400, 64);
  EXPECT_EQ(keyspace.ExpiryLagMs(), keyspace.Stats().expire_lag_ms);
  int slices = 0;
  while (keyspace.ExpireSlice(0, now_ms, kPast)) ++slices;
  EXPECT_GT(slices, 50);
  EXPECT_EQ(keyspace.Stats().expire_backlog, 0u);
  EXPECT_EQ(keyspace.ExpiryLagMs(), 0);
  Expire();
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(ExpiryTest, MayBeTurnedOff) {
  Set("key", 100);
  keyspace.set_active_expire(false);
  Pass(1000);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  EXPECT_EQ(Db().Find(K("key")), nullptr);
  Set("key", 100);
  keyspace.set_active_expire(true);
  Pass(1000);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

}  // namespace
}  // namespace larder::storage
