// Entries that carry tags, and purges by tag and by name, in a keyspace with a manual clock.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/hash_value.h"
#include "storage/match_purge.h"
#include "storage/undo_log.h"

namespace larder::storage {
namespace {

using std::chrono::steady_clock;
constexpr auto kForever = steady_clock::time_point::max();
constexpr auto kNoTime = steady_clock::time_point::min();

class Recorder final : public KeyspaceObserver {
 public:
  void OnExpired(int, std::string_view key) override { expired.emplace_back(key); }
  void OnEvicted(int, std::string_view key) override { evicted.emplace_back(key); }
  void OnPurged(int database, std::string_view key) override {
    purged.push_back(std::to_string(database) + ":" + std::string(key));
  }
  std::vector<std::string> expired, evicted, purged;
};

class PurgesTest : public testing::Test {
 protected:
  Key K(std::string_view bytes) { return keyspace.hasher()(bytes); }
  void Set(std::string_view key, std::vector<std::string> tags, int database = 0,
           int64_t expire_at_ms = kNoExpiry) {
    Extra extra;
    for (const std::string& tag : tags) extra.tags.Add(keyspace.tags(), tag);
    In(database).SetString(K(key), "v", {.expire_at_ms = expire_at_ms, .extra = &extra});
  }
  Database In(int database, UndoLog* undo = nullptr) { return {keyspace, database, 0, undo}; }
  bool Has(std::string_view key, int database = 0) { return In(database).Find(K(key)) != nullptr; }
  uint64_t Purge(std::vector<std::string_view> tags) { return keyspace.PurgeTags(tags, 0); }
  // All the slices of all stripes. How many there were.
  int Sweep(steady_clock::time_point deadline = kForever) {
    int slices = 0;
    now_ms_ += 1000;  // passes are not made at once
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      while (keyspace.PurgeSlice(stripe, now_ms_, deadline)) ++slices;
    }
    return slices;
  }
  static std::string Name(size_t number) { return "key:" + std::to_string(number); }
  uint64_t PurgeMatching(MatchPurge::Picks picks, int database = 0) {
    MatchPurge purge(keyspace, database, 0, std::move(picks));
    EXPECT_EQ(purge.Slice(0, kForever, false), MatchPurge::Outcome::kDone);
    return purge.purged();
  }

  Recorder recorder;
  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, &recorder};
  int64_t now_ms_ = 0;
};

TEST_F(PurgesTest, AnEntryIsGoneFromThePurgeOfOneOfItsTagsOn) {
  Set("both", {"a", "b"});
  Set("one", {"a"});
  Set("other", {"b"});
  Set("none", {});
  EXPECT_EQ(Purge({"a"}), 2u);
  EXPECT_FALSE(Has("both"));
  EXPECT_FALSE(Has("one"));
  EXPECT_TRUE(Has("other"));
  EXPECT_TRUE(Has("none"));
  EXPECT_EQ(recorder.purged, (std::vector<std::string>{"0:both", "0:one"}));
  EXPECT_EQ(keyspace.Stats().purged, 2u);
}

TEST_F(PurgesTest, WhatIsWrittenAfterThePurgeLives) {
  Set("k", {"a"});
  Purge({"a"});
  Set("k", {"a"});
  EXPECT_TRUE(Has("k"));
  EXPECT_EQ(Purge({"a"}), 1u);
  EXPECT_FALSE(Has("k"));
}

TEST_F(PurgesTest, ATagThatIsAddedLaterIsPurgedFromThenOnAlone) {
  Set("k", {"a"});
  Purge({"b"});
  Database db = In(0);
  Extra extra = db.ExtraOf(*db.Find(K("k")));
  extra.tags.Add(keyspace.tags(), "b");
  db.SetExtra(K("k"), extra);
  EXPECT_TRUE(Has("k")) << "b was purged before it came";
  EXPECT_EQ(Purge({"b"}), 1u);
  EXPECT_FALSE(Has("k"));
}

TEST_F(PurgesTest, AllDatabasesAreMeantAndNamesGoWithTheLastEntry) {
  Set("k", {"a"}, 0);
  Set("k", {"a"}, 3);
  EXPECT_EQ(Purge({"a"}), 2u);
  EXPECT_FALSE(Has("k", 0));
  EXPECT_FALSE(Has("k", 3));
  keyspace.tags().ForgetPurges(kPurgesRememberedMs);
  EXPECT_EQ(keyspace.tags().size(), 0u);
}

TEST_F(PurgesTest, TagsGoWithTheirEntryHoweverItGoes) {
  const auto tags = [this] { return keyspace.tags().size(); };
  Database db = In(0);
  Set("k", {"a"});
  db.Delete(K("k"));
  EXPECT_EQ(tags(), 0u);
  Set("k", {"a"});
  db.SetString(K("k"), "plain", {.keep_expiry = true});
  EXPECT_EQ(tags(), 0u);
  Set("k", {"a"}, 0, 10);
  EXPECT_EQ(Database(keyspace, 0, 10).Find(K("k")), nullptr);
  EXPECT_EQ(tags(), 0u);
  Set("k", {"a"});
  keyspace.FlushDatabase(0, true);
  EXPECT_EQ(tags(), 0u);
  Set("k", {"a"});
  db.SetExtra(K("k"), {});
  EXPECT_EQ(tags(), 0u);
  Set("k", {"a", "b"});
  Set("k", {"b", "c"});
  EXPECT_EQ(tags(), 2u);
}

TEST_F(PurgesTest, WritesThatKeepTheTagsKeepTheCounts) {
  Database db = In(0);
  Set("k", {"a"});
  db.SetString(K("k"), "12", {.keep_expiry = true, .keep_extra = true});
  db.ResizeString(K("k"), 500);
  db.ResizeString(K("k"), 9000);
  db.SetExpiry(K("k"), 100);
  db.SetExpiry(K("k"), kNoExpiry);
  db.Put(K("copy"), *db.CopyOf(K("k")));
  db.Put(K("moved"), *db.Take(K("k")));
  EXPECT_EQ(keyspace.tags().LiveCount("a"), 2u);
  EXPECT_EQ(Purge({"a"}), 2u);
  EXPECT_FALSE(Has("copy"));
  EXPECT_FALSE(Has("moved"));
}

TEST_F(PurgesTest, AnUndoPutsTagsAndCountsBack) {
  Set("k", {"a"});
  UndoLog undo;
  Database script = In(0, &undo);
  script.Delete(K("k"));
  EXPECT_EQ(keyspace.tags().LiveCount("a"), 0u);
  undo.Rollback(keyspace, 0);
  EXPECT_EQ(Purge({"a"}), 1u);
  EXPECT_FALSE(Has("k"));
}

TEST_F(PurgesTest, WatchersLearnOfIt) {
  Set("k", {"a"});
  WatchMark mark{false};
  keyspace.watches(keyspace.StripeOf(K("k").hash)).Add(0, "k", &mark);
  Purge({"a"});
  Sweep();
  EXPECT_TRUE(mark.load());
}

TEST_F(PurgesTest, TheSweepRemovesAllThatIsDeadAndNothingElse) {
  constexpr size_t kKeys = 20000;
  for (size_t i = 0; i < kKeys; ++i) {
    Set(Name(i), {i % 3 == 0 ? "gone" : "stays"}, static_cast<int>(i % 2));
  }
  const uint64_t purged = Purge({"gone"});
  EXPECT_EQ(purged, (kKeys + 2) / 3);
  EXPECT_EQ(keyspace.KeyCount(0) + keyspace.KeyCount(1), kKeys) << "until the sweep";
  Sweep();
  EXPECT_EQ(recorder.purged.size(), purged);
  EXPECT_EQ(keyspace.KeyCount(0) + keyspace.KeyCount(1), kKeys - purged);
  EXPECT_FALSE(keyspace.tags().has_unswept());
  for (size_t i = 0; i < kKeys; ++i) {
    ASSERT_EQ(Has(Name(i), static_cast<int>(i % 2)), i % 3 != 0);
  }
}

TEST_F(PurgesTest, ASweepGoesInSlicesAndASwapOfDatabasesHidesNothingFromIt) {
  constexpr size_t kKeys = 20000;
  for (size_t i = 0; i < kKeys; ++i) Set(Name(i), {"gone"}, i < kKeys / 2 ? 0 : 1);
  Purge({"gone"});
  now_ms_ += 1000;
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    for (int slice = 0; slice < 3; ++slice) keyspace.PurgeSlice(stripe, now_ms_, kNoTime);
  }
  EXPECT_LT(recorder.purged.size(), kKeys);
  keyspace.SwapDatabases(0, 1);
  EXPECT_GT(Sweep(kNoTime), 3);
  EXPECT_EQ(recorder.purged.size(), kKeys);
  EXPECT_EQ(keyspace.KeyCount(0) + keyspace.KeyCount(1), 0u);
}

TEST_F(PurgesTest, PurgesDuringASweepAreSweptByTheNext) {
  for (size_t i = 0; i < 5000; ++i) Set(Name(i), {i % 2 == 0 ? "a" : "b"});
  Purge({"a"});
  now_ms_ += 1000;
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    keyspace.PurgeSlice(stripe, now_ms_, kNoTime);
  }
  Purge({"b"});
  Sweep();
  Sweep();
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
}

TEST_F(PurgesTest, WalksPassOverTheDead) {
  for (size_t i = 0; i < 100; ++i) Set(Name(i), {"gone"});
  Set("lives", {});
  Purge({"gone"});
  std::vector<std::string> found;
  uint64_t cursor = 0;
  do {
    cursor = keyspace.Scan(0, cursor, 10, 0, false,
                           [&](const Entry& entry) { found.emplace_back(entry.key()); });
  } while (cursor != 0);
  EXPECT_EQ(found, std::vector<std::string>{"lives"});
  std::string key;
  for (uint64_t random = 0; random < 20; ++random) {
    ASSERT_EQ(keyspace.RandomKey(0, random, 0, false, &key), Keyspace::Drawn::kKey);
    EXPECT_EQ(key, "lives");
  }
}

TEST_F(PurgesTest, APurgedKeyWhoseTimeHasComeIsToldAsPurged) {
  Set("k", {"a"}, 0, 10);
  Purge({"a"});
  EXPECT_EQ(Database(keyspace, 0, 20).Find(K("k")), nullptr);
  EXPECT_TRUE(recorder.expired.empty());
  EXPECT_EQ(recorder.purged.size(), 1u);
}

TEST_F(PurgesTest, APurgedHashWithExpiringFieldsIsGone) {
  Database db = In(0);
  const HashLimits limits{};
  auto* hash = new Hash(1);
  db.SetObject(K("h"), Ref<Object>(hash));
  hash->Set("f", "v", limits);
  hash->SetExpiry("f", 50);
  db.FileFieldExpiry(K("h"));
  Extra extra;
  extra.tags.Add(keyspace.tags(), "a");
  db.SetExtra(K("h"), extra);
  EXPECT_EQ(keyspace.FieldExpiryCount(0), 1u);
  Purge({"a"});
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    keyspace.ExpireSlice(stripe, 100, kForever);
  }
  EXPECT_EQ(recorder.purged, std::vector<std::string>{"0:h"});
  EXPECT_EQ(keyspace.FieldExpiryCount(0), 0u);
}

// ---- by name

TEST_F(PurgesTest, KeysThatAreMatchedGoAndOthersStay) {
  constexpr size_t kKeys = 20000;
  for (size_t i = 0; i < kKeys; ++i) Set(Name(i), {});
  const auto ends_in_seven = [](std::string_view key) { return key.back() == '7'; };
  EXPECT_EQ(PurgeMatching(ends_in_seven), kKeys / 10);
  EXPECT_EQ(recorder.purged.size(), kKeys / 10);
  for (size_t i = 0; i < kKeys; ++i) ASSERT_EQ(Has(Name(i)), i % 10 != 7);
}

TEST_F(PurgesTest, AMatchPurgeSeesItsDatabaseAloneAndDoesNotCountTheDead) {
  Set("k", {}, 0);
  Set("k", {}, 1);
  Set("expired", {}, 0, 0);
  Set("purged", {"a"}, 0);
  Purge({"a"});
  EXPECT_EQ(PurgeMatching([](std::string_view) { return true; }), 1u);
  EXPECT_FALSE(Has("k", 0));
  EXPECT_TRUE(Has("k", 1));
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
  EXPECT_EQ(recorder.expired, std::vector<std::string>{"expired"});
}

class MatchPurgeUnderWay : public PurgesTest {
 protected:
  static constexpr size_t kKeys = 20000;
  // Some keys, of which every "key:" one is to go; the walk has come halfway.
  MatchPurgeUnderWay() {
    for (size_t i = 0; i < kKeys; ++i) Set(Name(i), {});
    Set("kept", {});
    purge.emplace(keyspace, 0, 0, [](std::string_view key) { return key.starts_with("key:"); });
    while (purge->purged() < kKeys / 2) {
      EXPECT_EQ(purge->Slice(0, kNoTime, false), MatchPurge::Outcome::kMoreToDo);
    }
    for (size_t i = 0; i < kKeys; ++i) {
      if (Has(Name(i))) {
        ahead = Name(i);
      } else {
        behind = Name(i);
      }
    }
  }
  void Finish() { EXPECT_EQ(purge->Slice(0, kForever, false), MatchPurge::Outcome::kDone); }

  std::optional<MatchPurge> purge;
  std::string ahead, behind;  // of the walk: one that is still there, one that has gone
};

TEST_F(MatchPurgeUnderWay, EverythingThatWasThereGoes) {
  Finish();
  EXPECT_EQ(purge->purged(), kKeys);
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
}

TEST_F(MatchPurgeUnderWay, WhatIsWrittenBehindItStays) {
  Set(behind, {});
  Finish();
  EXPECT_TRUE(Has(behind));
  EXPECT_EQ(purge->purged(), kKeys);
}

TEST_F(MatchPurgeUnderWay, AKeyThatIsToBeMovedGoesFirst) {
  In(0).AboutToMove(K(ahead));
  EXPECT_FALSE(Has(ahead));
  EXPECT_EQ(recorder.purged.back(), "0:" + ahead);
  Finish();
  EXPECT_EQ(purge->purged(), kKeys) << "it counts, once";
}

TEST_F(MatchPurgeUnderWay, WhatWasWrittenBehindItMayBeMoved) {
  Set(behind, {});
  In(0).AboutToMove(K(behind));
  In(0).AboutToMove(K("kept"));
  In(1).AboutToMove(K(ahead));
  EXPECT_TRUE(Has(behind));
  EXPECT_TRUE(Has("kept"));
  EXPECT_TRUE(Has(ahead));
}

TEST_F(MatchPurgeUnderWay, ItFollowsItsTablesWhenDatabasesAreSwapped) {
  Set(ahead, {}, 5);
  keyspace.SwapDatabases(0, 5);
  Finish();
  EXPECT_TRUE(Has(ahead, 0)) << "it was in another database when the purge began";
  EXPECT_EQ(keyspace.KeyCount(5), 1u);
  EXPECT_EQ(purge->purged(), kKeys);
}

TEST_F(MatchPurgeUnderWay, SplitsAndMergesOfSegmentsHideNothing) {
  for (size_t i = 0; i < 60000; ++i) Set("more:" + std::to_string(i), {});
  for (int step = 0; step < 5; ++step) purge->Slice(0, kNoTime, false);
  for (size_t i = 0; i < 60000; ++i) In(0).Delete(K("more:" + std::to_string(i)));
  Finish();
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  EXPECT_EQ(purge->purged(), kKeys);
}

TEST_F(MatchPurgeUnderWay, ATakenStripeMakesItWait) {
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) keyspace.lock(stripe).Lock();
  EXPECT_EQ(purge->Slice(0, kForever, false), MatchPurge::Outcome::kBusy);
  EXPECT_EQ(purge->Slice(0, kForever, true), MatchPurge::Outcome::kDone);
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    keyspace.lock(stripe).Unlock();
  }
}

}  // namespace
}  // namespace larder::storage
