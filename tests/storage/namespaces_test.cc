// Namespaces in a keyspace with a manual clock: who has which key, exact counts, quotas, times.
#include "storage/namespaces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/entry_layout.h"
#include "storage/eviction.h"
#include "storage/hash_value.h"
#include "storage/match_purge.h"
#include "storage/set_value.h"
#include "storage/undo_log.h"

namespace larder::storage {
namespace {

using std::chrono::steady_clock;
constexpr auto kForever = steady_clock::time_point::max();
constexpr auto kNoTime = steady_clock::time_point::min();
constexpr int64_t kStart = 1'700'000'000'000;

class NamespacesTest : public testing::Test, public KeyspaceObserver {
 protected:
  void OnExpired(int, std::string_view) override {}
  void OnEvicted(int, std::string_view key) override { evicted.emplace(key); }

  Key K(std::string_view bytes) const { return keyspace.hasher()(bytes); }
  Database Db(int index = 0, UndoLog* undo = nullptr) { return {keyspace, index, now_ms, undo}; }
  void Set(const std::string& key, size_t bytes = 100, int database = 0) {
    Db(database).SetString(K(key), std::string(bytes, 'v'));
  }
  // As a command that adds members to a set does it.
  void Add(const std::string& key, int members, int database = 0) {
    Database in = Db(database);
    bool wrong_type = false;
    storage::Set* set = in.FindMutableObject<storage::Set>(K(key), &wrong_type);
    if (wrong_type) return;
    if (set == nullptr) {
      in.SetObject(K(key), Ref<Object>(new storage::Set(1)));
      set = in.FindMutableObject<storage::Set>(K(key), &wrong_type);
    }
    for (int i = 0; i < members; ++i) set->Add(std::to_string(next_member_++) + "-member", {});
    CommandEnds();
  }
  void CommandEnds() {
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      keyspace.CloseChanges(stripe);
    }
  }
  void Define(NamespaceSpec spec) {
    ASSERT_EQ(keyspace.DefineNamespace(spec), Namespaces::Refusal::kNone);
  }
  NamespaceStats Stats(std::string_view name) { return *keyspace.namespaces().StatsOf(name); }
  std::string OwnerOf(std::string_view key) {
    const NamespacePointer of = keyspace.namespaces().OfKey(key);
    return of == nullptr ? "-" : of->spec.name;
  }
  // All of the background's counting, in slices as short as can be.
  int Count() {
    int slices = 0;
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      while (keyspace.CountSlice(stripe, kNoTime)) ++slices;
    }
    return slices;
  }
  // What the counts must be, found by looking at every key there is.
  void ExpectExact() {
    const auto specs = keyspace.namespaces().Specs();
    std::map<std::string, std::pair<uint64_t, uint64_t>> found;
    for (int database = 0; database < keyspace.database_count(); ++database) {
      uint64_t cursor = 0;
      do {
        cursor = keyspace.Scan(database, cursor, 1000, now_ms, false, [&](const Entry& entry) {
          const NamespaceSpec* longest = nullptr;
          for (const NamespaceSpec& spec : specs) {
            if (!entry.key().starts_with(spec.prefix)) continue;
            if (longest == nullptr || spec.prefix.size() > longest->prefix.size()) longest = &spec;
          }
          if (longest == nullptr) return;
          auto& [items, bytes] = found[longest->name];
          ++items;
          bytes += entry.MemoryBytes();
        });
      } while (cursor != 0);
    }
    for (const NamespaceStats& stats : keyspace.namespaces().Stats()) {
      EXPECT_TRUE(stats.complete) << stats.spec.name;
      EXPECT_EQ(stats.items, found[stats.spec.name].first) << stats.spec.name;
      EXPECT_EQ(stats.bytes, found[stats.spec.name].second) << stats.spec.name;
    }
  }
  // As a command that writes does it.
  EvictOutcome Settle(size_t home = 0) {
    CommandEnds();
    if (!keyspace.OverLimit()) return EvictOutcome::kUnderLimit;
    return keyspace.Evict(home, now_ms, kForever);
  }

  std::set<std::string> evicted;
  int64_t now_ms = kStart;
  int next_member_ = 0;
  Keyspace keyspace{{.stripes = 4, .databases = 4, .hash_seed = 7}, this};
};

std::string Numbered(std::string_view name, size_t number) {
  return std::string(name) + std::to_string(number);
}

TEST_F(NamespacesTest, TheLongestPrefixHasTheKey) {
  Define({.name = "a", .prefix = "a"});
  Define({.name = "shop", .prefix = "shop:"});
  Define({.name = "eu", .prefix = "shop:eu:"});
  Define({.name = "eu-x", .prefix = "shop:eu:x"});
  Define({.name = "us", .prefix = "shop:us:"});
  EXPECT_EQ(OwnerOf("shop:1"), "shop");
  EXPECT_EQ(OwnerOf("shop:eu:1"), "eu");
  EXPECT_EQ(OwnerOf("shop:eu:xy"), "eu-x");
  EXPECT_EQ(OwnerOf("shop:eu:z"), "eu");
  EXPECT_EQ(OwnerOf("shop:ez"), "shop");
  EXPECT_EQ(OwnerOf("shop:us"), "shop");
  EXPECT_EQ(OwnerOf("shop:\xff"), "shop");
  EXPECT_EQ(OwnerOf("shop"), "-");
  EXPECT_EQ(OwnerOf("b"), "-");
  EXPECT_EQ(OwnerOf(""), "-");
  Define({.name = "rest", .prefix = ""});
  EXPECT_EQ(OwnerOf("b"), "rest");
  EXPECT_EQ(OwnerOf(""), "rest");
  EXPECT_EQ(OwnerOf("shop"), "rest");
  EXPECT_EQ(OwnerOf("shop:us:1"), "us");
}

TEST_F(NamespacesTest, FindsAsALookAtEveryPrefixDoes) {
  std::mt19937 random(1);
  const auto word = [&random] {
    std::string text(random() % 6, ' ');
    for (char& c : text) c = static_cast<char>("ab\xff"[random() % 3]);
    return text;
  };
  for (int i = 0; i < 60; ++i)
    keyspace.DefineNamespace({.name = Numbered("n", i), .prefix = word()});
  for (int i = 0; i < 2000; ++i) {
    const std::string key = word() + word();
    const NamespaceSpec* longest = nullptr;
    const auto specs = keyspace.namespaces().Specs();
    for (const NamespaceSpec& spec : specs) {
      if (!key.starts_with(spec.prefix)) continue;
      if (longest == nullptr || spec.prefix.size() > longest->prefix.size()) longest = &spec;
    }
    EXPECT_EQ(OwnerOf(key), longest == nullptr ? "-" : longest->name) << key;
  }
}

TEST_F(NamespacesTest, DefinitionsHaveLimits) {
  Define({.name = "a", .prefix = "a:"});
  EXPECT_EQ(keyspace.DefineNamespace({.name = "b", .prefix = "a:"}),
            Namespaces::Refusal::kPrefixTaken);
  for (size_t i = 1; i < kNamespacesMax; ++i) {
    Define({.name = Numbered("n", i), .prefix = Numbered("p", i)});
  }
  EXPECT_EQ(keyspace.DefineNamespace({.name = "more", .prefix = "more"}),
            Namespaces::Refusal::kTooMany);
  Define({.name = "a", .prefix = "b:"});  // another meaning of a name is no further one
  EXPECT_TRUE(keyspace.RemoveNamespace("a"));
  EXPECT_FALSE(keyspace.RemoveNamespace("a"));
}

TEST_F(NamespacesTest, ItemsAndBytesAreExact) {
  Define({.name = "s", .prefix = "s:"});
  Set("s:1", 100);
  Set("s:2", 5000);
  Set("other", 100);
  Set("s:1", 10, 3);
  ExpectExact();
  EXPECT_EQ(Stats("s").items, 3u);
  Set("s:1", 4000);
  Set("s:2", 3);
  ExpectExact();
  Db().ResizeString(K("s:1"), 60'000);
  CommandEnds();
  ExpectExact();
  Db().ResizeString(K("s:1"), 200'000);
  Db().ResizeString(K("s:new"), 30);
  CommandEnds();
  ExpectExact();
  Db().SetExpiry(K("s:2"), now_ms + 5000);
  Db().SetExpiry(K("s:1"), now_ms + 5000);
  ExpectExact();
  Db().SetExpiry(K("s:1"), kNoExpiry);
  ExpectExact();
  Db().Put(K("s:copy"), *Db().CopyOf(K("s:1")));
  Db().Put(K("elsewhere"), *Db().Take(K("s:1")));
  ExpectExact();
  Db().Delete(K("s:copy"));
  Db().Delete(K("s:new"));
  Db().Delete(K("s:2"));
  Db(3).Delete(K("s:1"));
  ExpectExact();
  EXPECT_EQ(Stats("s").items, 0u);
  EXPECT_EQ(Stats("s").bytes, 0u);
}

TEST_F(NamespacesTest, CollectionsThatGrowInPlaceCount) {
  Define({.name = "s", .prefix = "s:"});
  Add("s:set", 3);
  const uint64_t small = Stats("s").bytes;
  Add("s:set", 2000);
  EXPECT_GT(Stats("s").bytes, small + 20'000);
  ExpectExact();
  // Shared with a copy, and so cloned by the next change.
  Db().Put(K("s:copy"), *Db().CopyOf(K("s:set")));
  Add("s:set", 10);
  ExpectExact();
  // Changed and removed by one command.
  ASSERT_NE(Db().FindMutable(K("s:set")), nullptr);
  Db().Delete(K("s:set"));
  CommandEnds();
  ExpectExact();
  // Changed in place many times over before the end.
  for (int i = 0; i < 300; ++i) {
    const std::string key = Numbered("s:", i);
    Db().SetObject(K(key), Ref<Object>(new storage::Set(1)));
    auto* set = static_cast<storage::Set*>(Db().FindMutable(K(key))->object());
    for (int member = 0; member < 20; ++member) set->Add(std::to_string(member) + "x", {});
  }
  CommandEnds();
  ExpectExact();
}

TEST_F(NamespacesTest, FieldsThatExpireCount) {
  Define({.name = "h", .prefix = "h:"});
  Db().SetObject(K("h:1"), Ref<Object>(new Hash(1)));
  auto* hash = static_cast<Hash*>(Db().FindMutable(K("h:1"))->object());
  for (size_t i = 0; i < 50; ++i) hash->Set(Numbered("field", i), "value", {});
  for (int i = 0; i < 40; ++i) {
    hash->SetExpiry(Numbered("field", static_cast<size_t>(i)), now_ms + 10);
  }
  Db().FileFieldExpiry(K("h:1"));
  CommandEnds();
  ExpectExact();
  now_ms += 20;
  EXPECT_NE(Db().Find(K("h:1")), nullptr);
  ExpectExact();
}

TEST_F(NamespacesTest, WhatHappensIsCounted) {
  Define({.name = "s", .prefix = "s:"});
  Set("s:1");
  Set("s:1");
  Add("s:set", 1);
  Db().Find(K("s:1"));
  Db().Find(K("s:1"), Access::kCount);
  Db().Find(K("s:1"), Access::kPeek);
  Db().Find(K("s:nosuch"));
  Db().Find(K("other"));
  Db().SetExpiry(K("s:1"), now_ms + 10);
  now_ms += 10;
  Db().Find(K("s:1"));
  const NamespaceStats stats = Stats("s");
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 2u);
  EXPECT_EQ(stats.expired, 1u);
  EXPECT_EQ(stats.writes, 4u);  // two SETs; the set's making and its change
  ExpectExact();
}

TEST_F(NamespacesTest, KeysThatWereThereAreCountedInTheBackground) {
  for (int i = 0; i < 5000; ++i) Set(Numbered("s:", static_cast<size_t>(i)), 20, i % 3);
  Define({.name = "s", .prefix = "s:"});
  EXPECT_FALSE(Stats("s").complete);
  EXPECT_EQ(Stats("s").items, 0u);
  EXPECT_GT(Count(), 4);
  EXPECT_EQ(Stats("s").items, 5000u);
  ExpectExact();
}

// The heart of it: whatever changes while the walk is under way counts once.
TEST_F(NamespacesTest, ChangesDuringTheWalkCountOnce) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    const auto name = [&random] {
      static const char* const kPrefixes[] = {"s:", "s:long:", "other:"};
      return kPrefixes[random() % 3] + std::to_string(random() % 3000);
    };
    const auto change = [&] {
      const int database = static_cast<int>(random() % 3);
      switch (random() % 8) {
        case 0:
          Db(database).Delete(K(name()));
          break;
        case 1:
          if (auto value = Db(database).Take(K(name())))
            Db(database).Put(K(name()), *std::move(value));
          break;
        case 2:
          Add(name() + "set", 20, database);
          break;
        case 3: {
          const std::string key = name();
          const Entry* const entry = Db(database).Find(K(key));
          if (entry != nullptr && entry->type() != Type::kString) break;
          Db(database).ResizeString(K(key), random() % 9000);
          CommandEnds();
          break;
        }
        default:
          Set(name(), random() % 300, database);
          break;
      }
    };
    for (int i = 0; i < 6000; ++i) change();
    Define({.name = "s", .prefix = "s:"});
    for (int i = 0; i < 60; ++i) {
      if (i == 10) Define({.name = "long", .prefix = "s:long:"});
      if (i == 30 && seed % 2 == 0) keyspace.SwapDatabases(0, 1);
      if (i == 35 && seed % 3 == 0) keyspace.FlushDatabase(2, false);
      for (int j = 0; j < 100; ++j) change();
      keyspace.CountSlice(random() % 4, kNoTime);
    }
    Count();
    ExpectExact();
    if (HasFailure()) FAIL() << "seed " << seed;
    for (int database = 0; database < 3; ++database) keyspace.FlushDatabase(database, true);
    ExpectExact();
    EXPECT_EQ(Stats("s").items, 0u);
    keyspace.RemoveNamespace("s");
    keyspace.RemoveNamespace("long");
  }
}

TEST_F(NamespacesTest, KeysChangeTheirNamespaceWithTheDefinitions) {
  Define({.name = "s", .prefix = "s:"});
  for (size_t i = 0; i < 300; ++i) Set(Numbered(i % 3 == 0 ? "s:x:" : "s:", i));
  EXPECT_EQ(Stats("s").items, 300u);
  Define({.name = "x", .prefix = "s:x:"});
  EXPECT_FALSE(Stats("s").complete);
  Count();
  EXPECT_EQ(Stats("s").items, 200u);
  EXPECT_EQ(Stats("x").items, 100u);
  ExpectExact();
  keyspace.RemoveNamespace("x");
  Count();
  EXPECT_EQ(Stats("s").items, 300u);
  ExpectExact();
  Db().Find(K("s:1"));
  Define({.name = "s", .prefix = "s:", .ttl_s_max = 5});
  EXPECT_TRUE(Stats("s").complete);  // other limits for the same keys
  EXPECT_EQ(Stats("s").hits, 1u);
  ExpectExact();
}

TEST_F(NamespacesTest, FlushingOneDatabaseLeavesTheOthersCounts) {
  Define({.name = "s", .prefix = "s:"});
  for (size_t i = 0; i < 100; ++i) Set(Numbered("s:", i), 50, static_cast<int>(i % 2));
  keyspace.FlushDatabase(0, false);
  Count();
  EXPECT_EQ(Stats("s").items, 50u);
  ExpectExact();
  keyspace.FlushDatabase(1, false);
  EXPECT_EQ(Stats("s").items, 0u);  // at once: nothing is left to count
  ExpectExact();
}

TEST_F(NamespacesTest, WithoutNamespacesNothingIsCounted) {
  Define({.name = "s", .prefix = "s:"});
  Set("s:1");
  keyspace.RemoveNamespace("s");
  EXPECT_FALSE(keyspace.has_namespaces());
  Set("s:2");
  Add("s:set", 5);
  Define({.name = "s", .prefix = "s:"});
  Count();
  EXPECT_EQ(Stats("s").items, 3u);
  ExpectExact();
}

// ---- quotas

TEST_F(NamespacesTest, ANamespaceOverItsQuotaEvictsOnlyItsOwn) {
  constexpr EvictionPolicy kPolicies[] = {
      EvictionPolicy::kAllKeysLru,    EvictionPolicy::kAllKeysLfu,    EvictionPolicy::kAllKeysLrm,
      EvictionPolicy::kAllKeysRandom, EvictionPolicy::kVolatileLru,   EvictionPolicy::kVolatileLfu,
      EvictionPolicy::kVolatileTtl,   EvictionPolicy::kVolatileRandom};
  for (const EvictionPolicy policy : kPolicies) {
    keyspace.FlushDatabase(0, true);
    evicted.clear();
    keyspace.set_policy(policy);
    for (size_t i = 0; i < 3000; ++i) Set(Numbered("other:", i));
    Define({.name = "s", .prefix = "s:", .bytes_max = 50'000});
    Count();
    for (size_t i = 0; i < 2000; ++i) {
      now_ms += 1;
      const std::string name = Numbered("s:", i);
      const Key key = K(name);
      Database in = Db();
      in.SetString(key, std::string(100 + i % 50, 'v'), {.expire_at_ms = now_ms + 10'000'000});
      ASSERT_EQ(Settle(keyspace.StripeOf(key.hash)), EvictOutcome::kUnderLimit);
      ASSERT_LE(Stats("s").bytes, 50'000u) << static_cast<int>(policy);
    }
    EXPECT_GT(evicted.size(), 1000u) << static_cast<int>(policy);
    EXPECT_EQ(evicted.size(), Stats("s").evicted) << static_cast<int>(policy);
    EXPECT_GT(Stats("s").items, 250u);
    for (const std::string& key : evicted) ASSERT_TRUE(key.starts_with("s:")) << key;
    EXPECT_FALSE(keyspace.OverLimit());
    ExpectExact();
    keyspace.RemoveNamespace("s");
  }
}

TEST_F(NamespacesTest, AFewKeysAmongMillionsAreFound) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  for (size_t i = 0; i < 200'000; ++i) Set(Numbered("other:", i), 10);
  Define({.name = "s", .prefix = "s:", .bytes_max = 2000});
  Count();
  for (size_t i = 0; i < 40; ++i) {
    Set(Numbered("s:", i), 100);
    Settle(i % 4);
    ASSERT_LE(Stats("s").bytes, 2000u);
  }
  EXPECT_GT(Stats("s").items, 10u);
  EXPECT_EQ(keyspace.KeyCount(0), 200'000 + Stats("s").items);
}

TEST_F(NamespacesTest, GrowthInPlaceIsHeldByTheQuota) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  Define({.name = "s", .prefix = "s:", .bytes_max = 20'000});
  for (int i = 0; i < 30; ++i) {
    for (int key = 0; key < 8; ++key) Add(Numbered("s:set", static_cast<size_t>(key)), 20);
    Settle();
    ASSERT_LE(Stats("s").bytes, 20'000u);
  }
  EXPECT_GT(evicted.size(), 0u);
  ExpectExact();
}

TEST_F(NamespacesTest, WhereNothingMayGoTheNamespaceIsFull) {
  Define({.name = "s", .prefix = "s:", .bytes_max = 1000});
  for (size_t i = 0; i < 10; ++i) Set(Numbered("s:", i));
  EXPECT_EQ(Settle(), EvictOutcome::kUnderLimit);  // memory is not what is short
  EXPECT_NE(keyspace.FullNamespaceOf("s:new", now_ms), nullptr);
  EXPECT_EQ(keyspace.FullNamespaceOf("other", now_ms), nullptr);
  EXPECT_EQ(evicted.size(), 0u);
  // With no key that a volatile policy may take, either; with one again.
  keyspace.set_policy(EvictionPolicy::kVolatileLru);
  Settle();
  EXPECT_NE(keyspace.FullNamespaceOf("s:new", now_ms), nullptr);
  for (size_t i = 0; i < 10; ++i) Db().SetExpiry(K(Numbered("s:", i)), now_ms + 1'000'000);
  now_ms += Namespace::kBarrenForMs;
  Settle();
  EXPECT_EQ(keyspace.FullNamespaceOf("s:new", now_ms), nullptr);
  EXPECT_LE(Stats("s").bytes, 1000u);
  EXPECT_FALSE(keyspace.OverLimit());
}

TEST_F(NamespacesTest, AQuotaThatIsRaisedOrTakenAwayIsOverNoMore) {
  Define({.name = "s", .prefix = "s:", .bytes_max = 1000});
  for (size_t i = 0; i < 20; ++i) Set(Numbered("s:", i));
  EXPECT_TRUE(keyspace.OverLimit());
  Define({.name = "s", .prefix = "s:", .bytes_max = 1'000'000});
  EXPECT_FALSE(keyspace.OverLimit());
  Define({.name = "s", .prefix = "s:", .bytes_max = 500});
  EXPECT_TRUE(keyspace.OverLimit());
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  Settle();
  EXPECT_LE(Stats("s").bytes, 500u);
  EXPECT_FALSE(keyspace.OverLimit());
  keyspace.set_policy(EvictionPolicy::kNoEviction);
  for (size_t i = 0; i < 20; ++i) Set(Numbered("s:", i));
  EXPECT_TRUE(keyspace.OverLimit());
  keyspace.RemoveNamespace("s");
  EXPECT_FALSE(keyspace.OverLimit());
}

TEST_F(NamespacesTest, DeletionsMakeRoom) {
  Define({.name = "s", .prefix = "s:", .bytes_max = 1000});
  for (size_t i = 0; i < 10; ++i) Set(Numbered("s:", i));
  EXPECT_TRUE(keyspace.OverLimit());
  for (size_t i = 0; i < 5; ++i) Db().Delete(K(Numbered("s:", i)));
  Settle();
  EXPECT_EQ(keyspace.FullNamespaceOf("s:new", now_ms), nullptr);
  EXPECT_FALSE(keyspace.OverLimit());
}

TEST_F(NamespacesTest, KeysThatMayNotBeEvictedStay) {
  constexpr EvictionPolicy kPolicies[] = {
      EvictionPolicy::kAllKeysLru,    EvictionPolicy::kAllKeysLfu,  EvictionPolicy::kAllKeysRandom,
      EvictionPolicy::kVolatileLru,   EvictionPolicy::kVolatileLfu, EvictionPolicy::kVolatileTtl,
      EvictionPolicy::kVolatileRandom};
  for (const EvictionPolicy policy : kPolicies) {
    keyspace.FlushDatabase(0, true);
    evicted.clear();
    keyspace.set_policy(policy);
    Define({.name = "locks", .prefix = "lock:", .no_evict = true});
    const auto put = [&](const std::string& key) {
      Db().SetString(K(key), std::string(100, 'v'), {.expire_at_ms = now_ms + 1'000'000});
    };
    for (size_t i = 0; i < 3000; ++i) put(Numbered("lock:", i));
    memory::Flush();
    keyspace.set_memory_limit(memory::UsedBytes() + 100'000);
    for (size_t i = 0; i < 3000; ++i) {
      now_ms += 1;
      put(Numbered("key:", i));
      memory::Flush();
      if (keyspace.OverLimit()) {
        ASSERT_EQ(keyspace.Evict(i % 4, now_ms, kForever), EvictOutcome::kUnderLimit)
            << static_cast<int>(policy) << " " << i;
      }
    }
    EXPECT_GT(evicted.size(), 1000u);
    for (const std::string& key : evicted) ASSERT_TRUE(key.starts_with("key:")) << key;
    EXPECT_EQ(Stats("locks").items, 3000u);
    // And when they alone are left, nothing goes.
    keyspace.set_memory_limit(1);
    EXPECT_EQ(keyspace.Evict(0, now_ms, kForever), EvictOutcome::kNothingToEvict);
    EXPECT_EQ(Stats("locks").items, 3000u) << static_cast<int>(policy);
    keyspace.set_memory_limit(0);
    keyspace.RemoveNamespace("locks");
  }
}

TEST_F(NamespacesTest, AFewKeysThatMayGoAreFoundAmongThoseThatMayNot) {
  keyspace.set_policy(EvictionPolicy::kAllKeysLru);
  Define({.name = "locks", .prefix = "lock:", .no_evict = true});
  for (size_t i = 0; i < 100'000; ++i) Set(Numbered("lock:", i), 10);
  for (size_t i = 0; i < 4; ++i) Set(Numbered("key:", i), 10);
  keyspace.set_memory_limit(1);
  EXPECT_EQ(keyspace.Evict(0, now_ms, kForever), EvictOutcome::kNothingToEvict);
  EXPECT_EQ(evicted.size(), 4u);
  keyspace.set_memory_limit(0);
}

// ---- times

TEST_F(NamespacesTest, TheDefaultTtlIsForWritesWithoutOne) {
  Define({.name = "s", .prefix = "s:", .default_ttl_s = 100});
  const auto expiry = [this](std::string_view key) {
    return Db().Find(K(key))->expire_at_ms() == kNoExpiry
               ? -1
               : Db().Find(K(key))->expire_at_ms() - now_ms;
  };
  Set("s:1");
  EXPECT_EQ(expiry("s:1"), 100'000);
  Set("other");
  EXPECT_EQ(expiry("other"), -1);
  Db().SetString(K("s:2"), "v", {.expire_at_ms = now_ms + 7000});
  EXPECT_EQ(expiry("s:2"), 7000);
  now_ms += 50'000;
  Db().SetString(K("s:1"), "v", {.keep_expiry = true});
  EXPECT_EQ(expiry("s:1"), 50'000);
  Db().SetExpiry(K("s:1"), kNoExpiry);
  EXPECT_EQ(expiry("s:1"), -1);  // it was asked for
  Db().SetString(K("s:1"), "v", {.keep_expiry = true});
  EXPECT_EQ(expiry("s:1"), -1);
  Set("s:1");
  EXPECT_EQ(expiry("s:1"), 100'000);
  Add("s:set", 1);
  EXPECT_EQ(expiry("s:set"), 100'000);
  now_ms += 1000;
  Add("s:set", 1);
  EXPECT_EQ(expiry("s:set"), 99'000);
  Db().ResizeString(K("s:grown"), 5);
  EXPECT_EQ(expiry("s:grown"), 100'000);
  // What is renamed or copied keeps its time.
  Set("plain");
  Db().Put(K("s:copy"), *Db().CopyOf(K("plain")));
  EXPECT_EQ(expiry("s:copy"), -1);
}

TEST_F(NamespacesTest, TheGreatestTtlLimitsEveryOther) {
  Define({.name = "s", .prefix = "s:", .ttl_s_max = 100});
  const auto expiry = [this](std::string_view key) {
    return Db().Find(K(key))->expire_at_ms() - now_ms;
  };
  Set("s:1");
  EXPECT_EQ(expiry("s:1"), 100'000);
  Db().SetString(K("s:1"), "v", {.expire_at_ms = now_ms + 100'001});
  EXPECT_EQ(expiry("s:1"), 100'000);
  Db().SetString(K("s:1"), "v", {.expire_at_ms = now_ms + 99});
  EXPECT_EQ(expiry("s:1"), 99);
  Db().SetExpiry(K("s:1"), now_ms + 1'000'000);
  EXPECT_EQ(expiry("s:1"), 100'000);
  Db().SetExpiry(K("s:1"), kNoExpiry);
  EXPECT_EQ(expiry("s:1"), 100'000);
  Set("plain");
  Db().Put(K("s:copy"), *Db().CopyOf(K("plain")));
  EXPECT_EQ(expiry("s:copy"), 100'000);
  Define({.name = "s", .prefix = "s:", .default_ttl_s = 500, .ttl_s_max = 100});
  Set("s:1");
  EXPECT_EQ(expiry("s:1"), 100'000);
}

TEST_F(NamespacesTest, JitterSpreadsTimes) {
  Define({.name = "s", .prefix = "s:", .default_ttl_s = 1000, .jitter_percent = 10});
  Define({.name = "m", .prefix = "m:", .ttl_s_max = 1000, .jitter_percent = 10});
  int64_t least = INT64_MAX, most = 0, least_cut = INT64_MAX, most_cut = 0;
  for (size_t i = 0; i < 2000; ++i) {
    Set(Numbered("s:", i));
    Set(Numbered("m:", i));
    const int64_t ttl_ms = Db().Find(K(Numbered("s:", i)))->expire_at_ms() - now_ms;
    const int64_t cut_ms = Db().Find(K(Numbered("m:", i)))->expire_at_ms() - now_ms;
    least = std::min(least, ttl_ms);
    most = std::max(most, ttl_ms);
    least_cut = std::min(least_cut, cut_ms);
    most_cut = std::max(most_cut, cut_ms);
  }
  EXPECT_GE(least, 900'000);
  EXPECT_LT(least, 910'000);
  EXPECT_LE(most, 1'100'000);
  EXPECT_GT(most, 1'090'000);
  EXPECT_GE(least_cut, 900'000);
  EXPECT_LT(least_cut, 910'000);
  EXPECT_LE(most_cut, 1'000'000);  // a limit is a limit
  EXPECT_GT(most_cut, 990'000);
  Db().SetString(K("m:1"), "v", {.expire_at_ms = now_ms + 999'999});
  EXPECT_EQ(Db().Find(K("m:1"))->expire_at_ms() - now_ms, 999'999);
}

TEST_F(NamespacesTest, WhatAScriptUndoesIsAsItWas) {
  Set("s:old", 50);
  Define({.name = "s", .prefix = "s:", .default_ttl_s = 100, .ttl_s_max = 100});
  Count();
  UndoLog undo;
  Db(0, &undo).SetString(K("s:old"), "other");
  Db(0, &undo).SetString(K("s:new"), "other");
  EXPECT_EQ(Db().Find(K("s:old"))->expire_at_ms(), now_ms + 100'000);
  undo.Rollback(keyspace, now_ms);
  CommandEnds();
  EXPECT_EQ(Db().Find(K("s:old"))->expire_at_ms(), kNoExpiry);
  EXPECT_EQ(Stats("s").items, 1u);
  ExpectExact();
}

TEST_F(NamespacesTest, EntriesMayMove) {
  Define({.name = "s", .prefix = "s:"});
  for (size_t i = 0; i < 5000; ++i) Set(Numbered("s:", i), 20 + i % 200);
  for (size_t i = 0; i < 5000; ++i) {
    if (i % 8 != 0) Db().Delete(K(Numbered("s:", i)));
  }
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    while (keyspace.CompactSlice(stripe, kForever)) {
    }
  }
  ExpectExact();
}

TEST_F(NamespacesTest, MemoryOfRowsIsCountedAndGivenBack) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  for (size_t i = 0; i < 1000; ++i) Define({.name = Numbered("n", i), .prefix = Numbered("p", i)});
  memory::Flush();
  EXPECT_GE(memory::UsedBytes() - before, 1000 * 4 * 64);
  for (size_t i = 0; i < 1000; ++i) keyspace.RemoveNamespace(Numbered("n", i));
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

}  // namespace
}  // namespace larder::storage
