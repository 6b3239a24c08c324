#include "storage/keyspace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "storage/database.h"

namespace larder::storage {
namespace {

constexpr auto kForever = std::chrono::steady_clock::time_point::max();

std::string Numbered(size_t number) { return "key:" + std::to_string(number); }

class KeyspaceTest : public testing::Test {
 protected:
  Key K(std::string_view bytes) { return keyspace.hasher()(bytes); }
  void Fill(size_t from, size_t to, int database = 0) {
    Database db(keyspace, database, 0);
    for (size_t i = from; i < to; ++i) db.SetString(K(Numbered(i)), std::to_string(i));
  }
  std::multiset<std::string> ScanAll(int database = 0, int64_t now_ms = 0) {
    std::multiset<std::string> found;
    uint64_t cursor = 0;
    do {
      cursor = keyspace.Scan(database, cursor, 10, now_ms, false,
                             [&](const Entry& entry) { found.emplace(entry.key()); });
      EXPECT_LT(cursor, uint64_t{1} << 48);
    } while (cursor != 0);
    return found;
  }

  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, nullptr};
};

TEST_F(KeyspaceTest, BehavesLikeAMapUnderRandomChanges) {
  std::map<std::string, std::string> expected;
  std::mt19937 random(1);
  Database db(keyspace, 0, 0);
  // Grows, shrinks and grows again, so that segments split and merge.
  for (int phase = 0; phase < 6; ++phase) {
    for (int step = 0; step < 30000; ++step) {
      const std::string key = Numbered(random() % 20000);
      const bool removes = (phase % 2 == 0) ? random() % 4 == 0 : random() % 8 != 0;
      if (removes) {
        ASSERT_EQ(db.Delete(K(key)), expected.erase(key) == 1);
      } else {
        const std::string value(random() % 60, static_cast<char>('a' + step % 26));
        db.SetString(K(key), value);
        expected[key] = value;
      }
    }
    ASSERT_EQ(keyspace.KeyCount(0), expected.size());
    for (size_t i = 0; i < 20000; ++i) {
      const Entry* entry = db.Find(K(Numbered(i)));
      const auto it = expected.find(Numbered(i));
      ASSERT_EQ(entry != nullptr, it != expected.end()) << i;
      if (entry != nullptr) {
        ASSERT_EQ(entry->string(), it->second);
      }
    }
    ASSERT_EQ(ScanAll().size(), expected.size());
  }
}

TEST_F(KeyspaceTest, TablesShrinkWithTheirKeys) {
  Fill(0, 50000);
  const size_t full_bytes = keyspace.Stats().table_bytes;
  EXPECT_LT(full_bytes, 50000u * 24);
  Database db(keyspace, 0, 0);
  for (size_t i = 0; i < 50000; ++i) db.Delete(K(Numbered(i)));
  EXPECT_LT(keyspace.Stats().table_bytes, full_bytes / 10);
  EXPECT_EQ(keyspace.Stats().entry_bytes, 0u);
}

// Segments are at every stage of filling at any time, so that there is no number of keys at which
// all of them have just been split.
TEST_F(KeyspaceTest, TableBytesAKeyHardlyVaryWithTheNumberOfKeys) {
  size_t keys = 40000;
  Fill(0, keys);
  for (int step = 0; step < 8; ++step) {
    const double bytes_a_key =
        static_cast<double>(keyspace.Stats().table_bytes) / static_cast<double>(keys);
    EXPECT_GT(bytes_a_key, 13) << keys;
    EXPECT_LT(bytes_a_key, 16.5) << keys;
    Fill(keys, keys + 6000);
    keys += 6000;
  }
}

TEST_F(KeyspaceTest, AllMemoryIsCountedAndGivenBack) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  {
    Keyspace other({.stripes = 2}, nullptr);
    Database db(other, 3, 0);
    for (size_t i = 0; i < 10000; ++i) {
      db.SetString(other.hasher()(Numbered(i)), std::string(i % 5000, 'v'));
    }
    memory::Flush();
    EXPECT_GT(memory::UsedBytes() - before, 20 * 1000 * 1000);
  }
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

TEST_F(KeyspaceTest, DatabasesAreIsolated) {
  Fill(0, 100, 0);
  Fill(50, 100, 15);
  EXPECT_EQ(keyspace.KeyCount(0), 100u);
  EXPECT_EQ(keyspace.KeyCount(15), 50u);
  EXPECT_EQ(ScanAll(15).size(), 50u);
  keyspace.SwapDatabases(0, 15);
  EXPECT_EQ(keyspace.KeyCount(0), 50u);
  EXPECT_EQ(keyspace.FlushDatabase(15, false), 100u);
  EXPECT_EQ(keyspace.KeyCount(15), 0u);
  EXPECT_EQ(ScanAll(0).size(), 50u);
}

TEST_F(KeyspaceTest, FlushedEntriesAreFreedInSlices) {
  Fill(0, 20000);
  keyspace.FlushDatabase(0, false);
  EXPECT_EQ(Database(keyspace, 0, 0).Find(K(Numbered(1))), nullptr);
  EXPECT_GT(keyspace.Stats().entry_bytes, 0u);
  Fill(0, 10);
  EXPECT_TRUE(keyspace.FreeSlice(std::chrono::steady_clock::time_point::min()));
  EXPECT_FALSE(keyspace.FreeSlice(kForever));
  EXPECT_EQ(keyspace.KeyCount(0), 10u);
  keyspace.FlushDatabase(0, true);
  EXPECT_EQ(keyspace.Stats().entry_bytes, 0u);
}

TEST_F(KeyspaceTest, ScanVisitsEachKeyOnceWhenNothingChanges) {
  Fill(0, 30000);
  const auto found = ScanAll();
  EXPECT_EQ(found.size(), 30000u);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 30000u);
}

TEST_F(KeyspaceTest, ScanSkipsExpiredKeys) {
  Fill(0, 10);
  Database(keyspace, 0, 0).SetExpiry(K(Numbered(3)), 50);
  EXPECT_EQ(ScanAll(0, 49).size(), 10u);
  EXPECT_EQ(ScanAll(0, 50).size(), 9u);
}

TEST_F(KeyspaceTest, ScanOfFewKeysTakesFewSteps) {
  Fill(0, 20);
  int steps = 0;
  uint64_t cursor = 0;
  do {
    cursor = keyspace.Scan(0, cursor, 10, 0, false, [](const Entry&) {});
    ++steps;
  } while (cursor != 0);
  EXPECT_LE(steps, 4);
}

TEST_F(KeyspaceTest, ScanTakesAnyCursor) {
  Fill(0, 1000);
  for (const uint64_t cursor : {uint64_t{1}, uint64_t{12345678901234}, (uint64_t{1} << 48) - 1,
                                uint64_t{1} << 48, ~uint64_t{0}}) {
    EXPECT_LT(keyspace.Scan(0, cursor, 1, 0, false, [](const Entry&) {}), uint64_t{1} << 48);
  }
}

TEST_F(KeyspaceTest, ScanReturnsWhatStaysWhileTheTableGrowsAndShrinks) {
  constexpr size_t kStaying = 500;
  Fill(0, kStaying);
  Database db(keyspace, 0, 0);
  for (const bool grows : {true, false}) {
    std::set<std::string> found;
    uint64_t cursor = 0;
    size_t next = kStaying;
    if (!grows) Fill(kStaying, 60000);
    do {
      cursor = keyspace.Scan(0, cursor, 5, 0, false,
                             [&](const Entry& entry) { found.emplace(entry.key()); });
      for (int i = 0; i < 1500 && next < 60000; ++i, ++next) {
        if (grows) {
          Fill(next, next + 1);
        } else {
          db.Delete(K(Numbered(next)));
        }
      }
    } while (cursor != 0);
    for (size_t i = 0; i < kStaying; ++i) EXPECT_TRUE(found.contains(Numbered(i))) << i;
  }
}

TEST_F(KeyspaceTest, RandomKeyReachesAllKeysAndSkipsExpiredOnes) {
  std::string key;
  EXPECT_EQ(keyspace.RandomKey(0, 1, 0, false, &key), Keyspace::Drawn::kNothing);
  Fill(0, 20);
  Database(keyspace, 0, 0).SetExpiry(K(Numbered(7)), 10);
  std::map<std::string, int> drawn;
  for (uint64_t i = 0; i < 4000; ++i) {
    ASSERT_EQ(keyspace.RandomKey(0, i * 0x9e3779b97f4a7c15u, 10, false, &key),
              Keyspace::Drawn::kKey);
    ++drawn[key];
  }
  EXPECT_EQ(drawn.size(), 19u);
  EXPECT_FALSE(drawn.contains(Numbered(7)));
  for (const auto& [name, times] : drawn) EXPECT_GT(times, 80) << name;
}

// The lower end of the hash range is denser: its keys must not be drawn less or more often.
TEST_F(KeyspaceTest, RandomKeysComeEvenlyFromAllOfTheHashRange) {
  constexpr int kDraws = 20000;
  constexpr int kParts = 4;
  Fill(0, 60000);
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < 60000; ++i)
    hashes.push_back(K(Numbered(i)).hash << 2);  // below the stripe
  std::sort(hashes.begin(), hashes.end());
  std::array<int, kParts> drawn{};
  std::mt19937_64 random(3);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::string key;
    ASSERT_EQ(keyspace.RandomKey(0, random(), 0, false, &key), Keyspace::Drawn::kKey);
    const auto rank = std::lower_bound(hashes.begin(), hashes.end(), K(key).hash << 2);
    ++drawn[static_cast<size_t>(rank - hashes.begin()) * kParts / hashes.size()];
  }
  for (const int count : drawn) EXPECT_NEAR(count, kDraws / kParts, kDraws / kParts / 10);
}

TEST_F(KeyspaceTest, RandomKeyOfExpiredKeysEnds) {
  Fill(0, 50);
  for (size_t i = 0; i < 50; ++i) Database(keyspace, 0, 0).SetExpiry(K(Numbered(i)), 10);
  std::string key;
  EXPECT_EQ(keyspace.RandomKey(0, 5, 10, false, &key), Keyspace::Drawn::kNothing);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(KeyspaceTest, ExpireSliceRemovesDueKeys) {
  Fill(0, 1000);
  for (size_t i = 0; i < 500; ++i) {
    Database(keyspace, 0, 0).SetExpiry(K(Numbered(i)), 1000 + static_cast<int64_t>(i));
  }
  EXPECT_NEAR(static_cast<double>(keyspace.AverageTtlMs(0, 0)), 1250, 1000);
  const auto sweep = [&](int64_t now_ms) {
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      while (keyspace.ExpireSlice(stripe, now_ms, kForever)) {
      }
    }
  };
  sweep(1280);  // a full tick of the wheel: keys go at its end
  EXPECT_EQ(keyspace.KeyCount(0), 720u);
  sweep(5000);
  EXPECT_EQ(keyspace.KeyCount(0), 500u);
  EXPECT_EQ(keyspace.ExpiryCount(0), 0u);
  keyspace.set_active_expire(false);
  Database(keyspace, 0, 0).SetExpiry(K(Numbered(600)), 6000);
  sweep(7000);
  EXPECT_EQ(keyspace.KeyCount(0), 500u);
}

TEST_F(KeyspaceTest, EvictionHoldsTheLimit) {
  memory::Flush();
  const int64_t limit = memory::UsedBytes() + 1024 * 1024;
  keyspace.set_memory_limit(limit);
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  for (size_t i = 0; i < 60000; ++i) {
    Fill(i, i + 1);
    if (keyspace.OverLimit()) {
      ASSERT_EQ(keyspace.Evict(0, 0, kForever), EvictOutcome::kUnderLimit);
    }
    ASSERT_LE(memory::UsedBytes(), limit);
  }
  EXPECT_GT(keyspace.Stats().evicted, 100u);
  EXPECT_GT(keyspace.KeyCount(0), 5000u);
  keyspace.set_policy(EvictionPolicy::kNoEviction);
  keyspace.set_other_bytes(1024 * 1024);
  EXPECT_TRUE(keyspace.OverLimit());
  EXPECT_EQ(keyspace.Evict(0, 0, kForever), EvictOutcome::kNothingToEvict);
  keyspace.set_memory_limit(0);
  EXPECT_FALSE(keyspace.OverLimit());
}

TEST_F(KeyspaceTest, CompactionGivesSparsePagesBack) {
  constexpr size_t kKeys = 60000;
  Database db(keyspace, 0, 0);
  for (size_t i = 0; i < kKeys; ++i) db.SetString(K(Numbered(i)), std::string(300, 'v'));
  for (size_t i = 0; i < kKeys; ++i) {
    if (i % 8 != 0) db.Delete(K(Numbered(i)));
  }
  Fill(0, 100, 3);
  const size_t before = keyspace.Stats().slab_bytes_reserved;
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    while (keyspace.CompactSlice(stripe, kForever)) {
    }
  }
  while (keyspace.FreeSlice(std::chrono::steady_clock::time_point::min())) {
  }
  const KeyspaceStats stats = keyspace.Stats();
  if (stats.slab_bytes_reserved != stats.entry_bytes) {  // there is no slab under sanitizers
    EXPECT_LT(stats.slab_bytes_reserved, before / 2);
    EXPECT_LT(stats.slab_bytes_reserved, stats.entry_bytes * 13 / 12 + 6 * 1024 * 1024);
  }
  for (size_t i = 0; i < kKeys; i += 8) {
    ASSERT_EQ(db.Find(K(Numbered(i)))->string(), std::string(300, 'v'));
  }
  EXPECT_EQ(Database(keyspace, 3, 0).Find(K(Numbered(5)))->string(), "5");
}

TEST_F(KeyspaceTest, VolatilePoliciesLeaveOtherKeysAlone) {
  Fill(0, 100);
  for (size_t i = 0; i < 10; ++i) Database(keyspace, 0, 0).SetExpiry(K(Numbered(i)), 1000000);
  keyspace.set_policy(EvictionPolicy::kVolatileLru);
  keyspace.set_memory_limit(1);
  EXPECT_EQ(keyspace.Evict(0, 0, kForever), EvictOutcome::kNothingToEvict);
  EXPECT_EQ(keyspace.KeyCount(0), 90u);
}

// Runs in the tsan preset too: real writers, real scanners, prefetchers without a lock.
TEST(KeyspaceThreadsTest, ScanKeepsItsGuaranteeUnderConcurrentWriters) {
  constexpr size_t kStaying = 2000;
  constexpr size_t kChanging = 20000;
  Keyspace keyspace({.stripes = 8, .single_thread = false, .hash_seed = 3}, nullptr);
  const auto with_lock = [&](std::string_view bytes, auto use) {
    const Key key = keyspace.hasher()(bytes);
    StripeLock& lock = keyspace.lock(keyspace.StripeOf(key.hash));
    lock.Lock();
    use(Database(keyspace, 0, 0), key);
    lock.Unlock();
  };
  for (size_t i = 0; i < kStaying; ++i) {
    with_lock("stays:" + std::to_string(i),
              [](Database db, const Key& key) { db.SetString(key, "v"); });
  }
  std::atomic<bool> stop{false};
  const auto write = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (bool grows = true; !stop; grows = !grows) {
      for (size_t i = 0; i < kChanging && !stop; ++i) {
        const std::string name = Numbered(random() % kChanging);
        keyspace.Prefetch(0, keyspace.hasher()(name));
        keyspace.PrefetchEntry(0, keyspace.hasher()(name));
        with_lock(name, [&](Database db, const Key& key) {
          if (grows) {
            db.SetString(key, name);
          } else {
            db.Delete(key);
          }
        });
      }
    }
  };
  std::vector<std::thread> writers;
  for (unsigned seed = 1; seed <= 3; ++seed) writers.emplace_back(write, seed);
  for (int round = 0; round < 5; ++round) {
    std::set<std::string> found;
    uint64_t cursor = 0;
    do {
      cursor = keyspace.Scan(0, cursor, 20, 0, false,
                             [&](const Entry& entry) { found.emplace(entry.key()); });
    } while (cursor != 0);
    for (size_t i = 0; i < kStaying; ++i) {
      EXPECT_TRUE(found.contains("stays:" + std::to_string(i))) << i;
    }
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
}

TEST_F(KeyspaceTest, AllThatWasKeptAboutFlushedKeysGoesInSlices) {
  memory::Flush();
  const int64_t empty = memory::UsedBytes();
  keyspace.set_memory_limit(empty + 64 * 1024 * 1024);
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  keyspace.set_other_bytes(64 * 1024 * 1024);  // so that new keys are on probation
  Database db(keyspace, 0, 0);
  for (size_t i = 0; i < 20000; ++i) {
    db.SetString(K(Numbered(i)), "value", {.expire_at_ms = static_cast<int64_t>(1000 + i)});
  }
  keyspace.FlushDatabase(0, false);
  int slices = 1;
  while (keyspace.FreeSlice(std::chrono::steady_clock::now() + std::chrono::microseconds(1))) {
    ++slices;
  }
  EXPECT_GT(slices, 4);
  EXPECT_EQ(keyspace.Stats().entry_bytes, 0u);
  EXPECT_EQ(keyspace.ExpiryCount(0), 0u);
}

TEST_F(KeyspaceTest, ChangesOfTheTablesAreMeasuredOnDemand) {
  Fill(0, 5000);
  EXPECT_EQ(keyspace.table_work().pieces(), 0u);
  keyspace.table_work().set_on(true);
  Fill(5000, 10000);
  EXPECT_GT(keyspace.table_work().pieces(), 5u);
  EXPECT_GT(keyspace.table_work().longest_ns(), 0);
  keyspace.table_work().Reset();
  EXPECT_EQ(keyspace.table_work().pieces(), 0u);
}

}  // namespace
}  // namespace larder::storage
