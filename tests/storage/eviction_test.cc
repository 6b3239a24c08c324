// Eviction through the keyspace: who goes under which policy, and that the limit holds.
#include "storage/eviction.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/database.h"
#include "storage/keyspace.h"
#include "storage/memory.h"
#include "storage/set_value.h"

namespace larder::storage {
namespace {

constexpr auto kForever = std::chrono::steady_clock::time_point::max();
constexpr auto kPast = std::chrono::steady_clock::time_point::min();
constexpr int64_t kStart = 1'700'000'000'000;

constexpr EvictionPolicy kEvictingPolicies[] = {
    EvictionPolicy::kAllKeysLru,    EvictionPolicy::kAllKeysLfu,     EvictionPolicy::kAllKeysLrm,
    EvictionPolicy::kAllKeysRandom, EvictionPolicy::kVolatileLru,    EvictionPolicy::kVolatileLfu,
    EvictionPolicy::kVolatileLrm,   EvictionPolicy::kVolatileRandom, EvictionPolicy::kVolatileTtl};

std::string Numbered(std::string_view name, size_t number) {
  return std::string(name) + ":" + std::to_string(number);
}

class EvictionTest : public testing::Test, public KeyspaceObserver {
 protected:
  void OnExpired(int, std::string_view key) override { expired.emplace(key); }
  void OnEvicted(int, std::string_view key) override { evicted.emplace(key); }

  Key K(std::string_view bytes) const { return keyspace.hasher()(bytes); }
  Database Db(int index = 0) { return Database(keyspace, index, now_ms); }
  static int64_t Used() {
    memory::Flush();
    return memory::UsedBytes();
  }
  // Leaves room for so many more bytes (or, when negative, for fewer than there are).
  void LimitTo(int64_t more_bytes) { keyspace.set_memory_limit(Used() + more_bytes); }
  EvictOutcome Evict(size_t home = 0) { return keyspace.Evict(home, now_ms, kForever); }

  void Put(const std::string& key, size_t bytes = 100, int64_t ttl_ms = 0, int database = 0) {
    Db(database).SetString(K(key), std::string(bytes, 'v'),
                           {.expire_at_ms = ttl_ms == 0 ? kNoExpiry : now_ms + ttl_ms});
  }
  // As a command that writes does it.
  void PutAndEvict(const std::string& key, size_t bytes = 100, int64_t ttl_ms = 0) {
    Put(key, bytes, ttl_ms);
    memory::Flush();
    if (!keyspace.OverLimit()) return;
    ASSERT_EQ(Evict(keyspace.StripeOf(K(key).hash)), EvictOutcome::kUnderLimit);
    ASSERT_LE(Used(), keyspace.memory_limit());
  }
  bool Has(const std::string& key, int database = 0) {
    return Db(database).Find(K(key), Access::kPeek) != nullptr;
  }
  void Use(const std::string& key) { Db().Find(K(key)); }
  size_t CountEvicted(std::string_view prefix) const {
    size_t count = 0;
    for (const std::string& key : evicted) count += key.starts_with(prefix) ? 1 : 0;
    return count;
  }

  std::set<std::string> expired, evicted;
  int64_t now_ms = kStart;
  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, this};
};

TEST_F(EvictionTest, EveryPolicyHoldsTheLimitAfterEveryWrite) {
  for (const EvictionPolicy policy : kEvictingPolicies) {
    keyspace.FlushDatabase(0, true);
    keyspace.set_policy(policy);
    evicted.clear();
    LimitTo(400'000);
    for (size_t i = 0; i < 8000; ++i) {
      now_ms += 1;
      PutAndEvict(Numbered("key", i), 20 + i * 37 % 400, 1'000'000);
      if (HasFatalFailure()) FAIL() << static_cast<int>(policy);
    }
    EXPECT_GT(evicted.size(), 5000u) << static_cast<int>(policy);
    EXPECT_GT(keyspace.KeyCount(0), 800u) << static_cast<int>(policy);
    EXPECT_EQ(evicted.size() + keyspace.KeyCount(0), 8000u) << static_cast<int>(policy);
    keyspace.set_memory_limit(0);
  }
}

TEST_F(EvictionTest, WithoutEvictionNothingGoes) {
  for (size_t i = 0; i < 100; ++i) Put(Numbered("key", i));
  keyspace.set_policy(EvictionPolicy::kNoEviction);
  LimitTo(-1000);
  EXPECT_TRUE(keyspace.OverLimit());
  EXPECT_EQ(Evict(), EvictOutcome::kNothingToEvict);
  EXPECT_EQ(keyspace.KeyCount(0), 100u);
}

TEST_F(EvictionTest, AnEmptyKeyspaceHasNothingToEvict) {
  for (const EvictionPolicy policy : kEvictingPolicies) {
    keyspace.set_policy(policy);
    LimitTo(-1000);
    EXPECT_EQ(Evict(), EvictOutcome::kNothingToEvict);
  }
}

TEST_F(EvictionTest, AllKeysPoliciesEmptyTheKeyspaceWhenTheyMust) {
  for (const EvictionPolicy policy :
       {EvictionPolicy::kAllKeysLru, EvictionPolicy::kAllKeysLfu, EvictionPolicy::kAllKeysLrm,
        EvictionPolicy::kAllKeysRandom}) {
    keyspace.set_policy(policy);
    for (size_t i = 0; i < 500; ++i) Put(Numbered("key", i));
    LimitTo(-100'000'000);
    EXPECT_EQ(Evict(), EvictOutcome::kNothingToEvict);
    EXPECT_EQ(keyspace.KeyCount(0), 0u);
    keyspace.set_memory_limit(0);
  }
}

TEST_F(EvictionTest, VolatilePoliciesTakeOnlyKeysWithAnExpiryAndFindThemWhenTheyAreFew) {
  for (const EvictionPolicy policy : kEvictingPolicies) {
    if (!IsVolatilePolicy(policy)) continue;
    keyspace.FlushDatabase(0, true);
    keyspace.set_policy(policy);
    evicted.clear();
    for (size_t i = 0; i < 5000; ++i) Put(Numbered("kept", i));
    for (size_t i = 0; i < 30; ++i) Put(Numbered("brief", i), 100, 1'000'000 + i);
    LimitTo(-1'000'000);
    EXPECT_EQ(Evict(), EvictOutcome::kNothingToEvict);
    EXPECT_EQ(evicted.size(), 30u) << static_cast<int>(policy);
    EXPECT_EQ(CountEvicted("brief"), 30u) << static_cast<int>(policy);
    EXPECT_EQ(keyspace.KeyCount(0), 5000u);
    keyspace.set_memory_limit(0);
  }
}

TEST_F(EvictionTest, VolatileTtlTakesTheSoonestFirst) {
  keyspace.set_policy(EvictionPolicy::kVolatileTtl);
  for (size_t i = 0; i < 2000; ++i) Put(Numbered("key", i), 100, 10'000 + i * 10'000);
  LimitTo(-30'000);
  EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
  ASSERT_GT(evicted.size(), 100u);
  size_t late = 0;
  for (size_t i = 2 * evicted.size(); i < 2000; ++i) late += evicted.count(Numbered("key", i));
  EXPECT_LT(late, evicted.size() / 20);
}

TEST_F(EvictionTest, VolatileTtlKnowsAlsoTheKeysThatWereSetUnderAnotherPolicy) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  for (size_t i = 0; i < 2000; ++i) Put(Numbered("key", i), 100, 100'000'000 + i * 1'000'000);
  keyspace.set_policy(EvictionPolicy::kVolatileTtl);
  LimitTo(-30'000);
  EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
  ASSERT_GT(evicted.size(), 100u);
  size_t late = 0;
  for (size_t i = 2 * evicted.size(); i < 2000; ++i) late += evicted.count(Numbered("key", i));
  EXPECT_LT(late, evicted.size() / 20);
}

TEST_F(EvictionTest, LruTakesWhatWasIdleLongest) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  for (size_t i = 0; i < 2000; ++i) Put(Numbered("key", i));
  now_ms += 100'000;
  for (size_t i = 0; i < 1000; ++i) Use(Numbered("key", i));
  LimitTo(-60'000);
  EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
  EXPECT_GT(evicted.size(), 300u);
  size_t used = 0;
  for (size_t i = 0; i < 1000; ++i) used += evicted.count(Numbered("key", i));
  EXPECT_LT(used, 10u);
}

TEST_F(EvictionTest, LrmLetsOnlyWritesProtect) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLrm);
  for (size_t i = 0; i < 2000; ++i) Put(Numbered(i < 1000 ? "written" : "read", i));
  now_ms += 100'000;
  for (size_t i = 0; i < 2000; ++i) {
    if (i < 1000) {
      Put(Numbered("written", i));
    } else {
      Use(Numbered("read", i));
    }
  }
  LimitTo(-60'000);
  EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
  EXPECT_GT(CountEvicted("read"), 300u);
  EXPECT_LT(CountEvicted("written"), 10u);
}

TEST_F(EvictionTest, TheDefaultKeepsUsedKeysThroughAFloodOfOneTimeKeys) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  LimitTo(600'000);
  for (size_t i = 0; i < 20'000; ++i) {
    now_ms += 1;
    if (i < 2000) PutAndEvict(Numbered("hot", i % 500));
    for (size_t j = 0; j < 5; ++j) Use(Numbered("hot", (i * 5 + j) % 500));
    PutAndEvict(Numbered("once", i));
  }
  size_t kept = 0;
  for (size_t i = 0; i < 500; ++i) kept += Has(Numbered("hot", i)) ? 1 : 0;
  EXPECT_GT(kept, 490u);
}

TEST_F(EvictionTest, AKeyThatComesBackSkipsProbation) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  LimitTo(600'000);
  size_t next = 0;
  const auto flood = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) PutAndEvict(Numbered("once", next++));
  };
  flood(6000);  // the cap is reached; the main part is full of keys from before
  std::vector<std::string> back;
  for (size_t i = 0; i < 50; ++i) {
    back.push_back(Numbered("back", i));
    PutAndEvict(back.back());
  }
  flood(1000);
  size_t gone = 0;
  for (const std::string& key : back) gone += Has(key) ? 0 : 1;
  EXPECT_GT(gone, 45u);
  for (const std::string& key : back) PutAndEvict(key);
  flood(1000);
  size_t kept = 0;
  for (const std::string& key : back) kept += Has(key) ? 1 : 0;
  EXPECT_GT(kept, 40u);
}

TEST_F(EvictionTest, WhatIsDueGoesBeforeAnythingIsEvicted) {
  for (const EvictionPolicy policy : kEvictingPolicies) {
    keyspace.FlushDatabase(0, true);
    expired.clear();
    evicted.clear();
    keyspace.set_policy(policy);
    for (size_t i = 0; i < 1000; ++i) {
      Put(Numbered("kept", i), 100, 1'000'000);
      Put(Numbered("due", i), 100, 1000);
    }
    now_ms += 2000;
    LimitTo(-50'000);
    EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
    EXPECT_EQ(evicted.size(), 0u) << static_cast<int>(policy);
    EXPECT_GT(expired.size(), 200u);
    keyspace.set_memory_limit(0);
  }
}

TEST_F(EvictionTest, FlushedDatabasesAreFreedBeforeAnythingIsEvicted) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  for (size_t i = 0; i < 3000; ++i) {
    Put(Numbered("gone", i), 100, 0, 0);
    Put(Numbered("kept", i), 100, 0, 1);
  }
  keyspace.FlushDatabase(0, false);
  LimitTo(-100'000);
  EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
  EXPECT_EQ(evicted.size(), 0u);
  EXPECT_EQ(keyspace.KeyCount(1), 3000u);
}

TEST_F(EvictionTest, KeysOfAllDatabasesAreEvicted) {
  for (const EvictionPolicy policy : {EvictionPolicy::kAllKeysLfu, EvictionPolicy::kAllKeysLru}) {
    keyspace.set_policy(policy);
    for (int database = 0; database < 4; ++database) {
      for (size_t i = 0; i < 500; ++i) Put(Numbered("key", i), 100, 0, database);
    }
    LimitTo(-150'000);
    EXPECT_EQ(Evict(), EvictOutcome::kUnderLimit);
    for (int database = 0; database < 4; ++database) {
      EXPECT_LT(keyspace.KeyCount(database), 450u);
      EXPECT_GT(keyspace.KeyCount(database), 10u);
      keyspace.FlushDatabase(database, true);
    }
    keyspace.set_memory_limit(0);
  }
}

TEST_F(EvictionTest, ABigValueIsFreedInSlices) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  Ref<storage::Set> big(new storage::Set(1));
  for (size_t i = 0; i < 100'000; ++i) big->Add(Numbered("member", i), {});
  Db().SetObject(K("big"), Ref<Object>::Adopt(big.Release()));
  now_ms += 100'000;
  Put("small");
  LimitTo(-1'000'000);
  int slices = 0;
  const size_t home = keyspace.StripeOf(K("big").hash);
  while (keyspace.Evict(home, now_ms, kPast) == EvictOutcome::kMoreToDo) {
    ASSERT_LT(++slices, 100'000);
  }
  EXPECT_GT(slices, 1);
  EXPECT_LE(Used(), keyspace.memory_limit());
  EXPECT_FALSE(Has("big"));
  EXPECT_TRUE(Has("small"));
}

TEST_F(EvictionTest, PoliciesMayChangeAtAnyTime) {
  LimitTo(300'000);
  size_t next = 0;
  for (int round = 0; round < 3; ++round) {
    for (const EvictionPolicy policy : kEvictingPolicies) {
      keyspace.set_policy(policy);
      for (size_t i = 0; i < 500; ++i) {
        PutAndEvict(Numbered("key", next), 100, 1'000'000);
        if (HasFatalFailure()) FAIL() << static_cast<int>(policy);
        ++next;
      }
    }
  }
}

TEST_F(EvictionTest, KeysThatComeAndGoBelowTheLimitLeaveNoReferencesBehind) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  for (size_t i = 0; i < 2000; ++i) Put(Numbered("kept", i));
  LimitTo(20'000);
  for (size_t i = 0; i < 50'000; ++i) {
    PutAndEvict("passing");
    Db().Delete(K("passing"));
  }
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    keyspace.ExpireSlice(stripe, now_ms, kForever);
  }
  EXPECT_LT(keyspace.Stats().ghost_bytes, 20'000u);
}

TEST_F(EvictionTest, MetadataIsReported) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  LimitTo(300'000);
  for (size_t i = 0; i < 5000; ++i) PutAndEvict(Numbered("key", i), 100, 100'000);
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    keyspace.ExpireSlice(stripe, now_ms, kForever);
  }
  EXPECT_GT(keyspace.Stats().wheel_bytes, keyspace.KeyCount(0) * 4);
  EXPECT_GT(keyspace.Stats().ghost_bytes, keyspace.KeyCount(0) * 2);
  EXPECT_EQ(keyspace.Stats().evicted, evicted.size());
}

TEST_F(EvictionTest, TheTableStaysDenseWhileKeysComeAndGoAtTheLimit) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLfu);
  LimitTo(6'000'000);
  for (size_t i = 0; i < 150'000; ++i) PutAndEvict(Numbered("key", i));
  constexpr size_t kTableBytesPerKeyMax = 17;
  EXPECT_LT(keyspace.Stats().table_bytes, keyspace.KeyCount(0) * kTableBytesPerKeyMax);
}

TEST_F(EvictionTest, IdleTimeAndFrequencyArePlausible) {
  Put("key");
  EXPECT_EQ(Db().IdleSeconds(K("key")), 0);
  EXPECT_EQ(Db().Frequency(K("key")), 5);
  now_ms += 5000;
  EXPECT_NEAR(static_cast<double>(*Db().IdleSeconds(K("key"))), 5, 1);
  for (int i = 0; i < 3; ++i) Use("key");
  EXPECT_EQ(Db().IdleSeconds(K("key")), 0);
  EXPECT_GT(Db().Frequency(K("key")), 5);
  for (int i = 0; i < 30; ++i) Use("key");
  EXPECT_EQ(Db().Frequency(K("key")), 255);
}

TEST_F(EvictionTest, IdleTimeDoesNotWrapAround) {
  Put("idle");
  for (int minute = 0; minute < 300; ++minute) {
    for (int step = 0; step < 60; ++step) {
      now_ms += 1000;
      for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
        keyspace.ExpireSlice(stripe, now_ms, kForever);
      }
    }
    // From about 51 minutes on it stands still.
    ASSERT_GE(*Db().IdleSeconds(K("idle")), std::min(minute * 60, 50 * 60)) << minute;
  }
}

TEST(EvictionThreads, WritersShareOneBudget) {
  constexpr int kThreads = 4;
  for (const EvictionPolicy policy : {EvictionPolicy::kAllKeysLfu, EvictionPolicy::kVolatileTtl}) {
    Keyspace keyspace({.stripes = 8, .single_thread = false, .hash_seed = 7}, nullptr);
    keyspace.set_policy(policy);
    memory::Flush();
    keyspace.set_memory_limit(memory::UsedBytes() + 500'000);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&keyspace, thread] {
        for (size_t i = 0; i < 3000; ++i) {
          const int64_t now_ms = kStart + static_cast<int64_t>(i);
          const std::string bytes = Numbered("key", i * kThreads + thread);
          Database db(keyspace, 0, now_ms);
          const Key key = db.HashedKey(bytes);
          const size_t home = keyspace.StripeOf(key.hash);
          keyspace.lock(home).Lock();
          db.SetString(key, std::string(200, 'v'), {.expire_at_ms = now_ms + 500});
          keyspace.lock(home).Unlock();
          while (keyspace.OverLimit() &&
                 keyspace.Evict(home, now_ms, kForever) == EvictOutcome::kMoreToDo) {
          }
          keyspace.ExpireSlice(i % 8, now_ms, kForever);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(keyspace.Evict(0, kStart + 3000, kForever), EvictOutcome::kUnderLimit);
    EXPECT_LE(memory::UsedBytes(), keyspace.memory_limit());
    EXPECT_GT(keyspace.KeyCount(0), 500u);
  }
}

}  // namespace
}  // namespace larder::storage
