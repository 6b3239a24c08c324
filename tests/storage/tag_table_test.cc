#include "storage/tag_table.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "storage/tag_set.h"

namespace larder::storage {
namespace {

class TagTableTest : public testing::Test {
 protected:
  uint64_t Purge(std::string_view name, int64_t now_ms = 0) {
    return tags.Purge(std::span(&name, 1), now_ms);
  }
  // As an entry does that is written now.
  uint32_t Carry(std::string_view name) {
    TagSet set;
    set.Add(tags, name);
    tags.Attach(*set.begin());
    return *set.begin();
  }
  void ForgetAll(int64_t now_ms) {
    for (int i = 0; i < 1000; ++i) tags.ForgetPurges(now_ms);
  }

  TagTable tags{1};
};

TEST_F(TagTableTest, ANameHasOneIdAndGoesWithItsLastReference) {
  const uint32_t id = tags.Acquire("news");
  EXPECT_EQ(tags.Acquire("news"), id);
  EXPECT_NE(tags.Acquire("other"), id);
  EXPECT_EQ(tags.NameOf(id), "news");
  EXPECT_EQ(tags.size(), 2u);
  tags.Release(id);
  EXPECT_EQ(tags.size(), 2u);
  tags.Release(id);
  EXPECT_EQ(tags.size(), 1u);
}

TEST_F(TagTableTest, NamesOfAnyBytesAndLengthsAreToldApart) {
  std::vector<std::string> names{
      "",  std::string(1, '\0'),           "a",
      "A", std::string(kTagBytesMax, 'x'), std::string(kTagBytesMax - 1, 'x')};
  for (int i = 0; i < 20000; ++i) names.push_back("tag:" + std::to_string(i));
  std::vector<uint32_t> ids;
  for (const std::string& name : names) ids.push_back(tags.Acquire(name));
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(tags.NameOf(ids[i]), names[i]);
  EXPECT_EQ(tags.size(), names.size());
  for (const uint32_t id : ids) tags.Release(id);
  EXPECT_EQ(tags.size(), 0u);
}

TEST_F(TagTableTest, IdsAndMemoryAreUsedAgain) {
  memory::Flush();
  int64_t after_first = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<uint32_t> ids;
    for (int i = 0; i < 5000; ++i) {
      ids.push_back(tags.Acquire(std::to_string(round) + ":" + std::to_string(i)));
      EXPECT_EQ(tags.PurgedAt(ids.back()), 0u);
    }
    for (const uint32_t id : ids) tags.Release(id);
    memory::Flush();
    if (round == 0) after_first = memory::UsedBytes();
  }
  EXPECT_NEAR(static_cast<double>(memory::UsedBytes()), static_cast<double>(after_first), 100e3);
}

TEST_F(TagTableTest, APurgeAnswersWhoCarriedItOnce) {
  for (int i = 0; i < 3; ++i) Carry("news");
  Carry("sport");
  EXPECT_EQ(Purge("news"), 3u);
  EXPECT_EQ(Purge("news"), 0u);
  EXPECT_EQ(Purge("sport"), 1u);
  EXPECT_EQ(Purge("nobody has it"), 0u);
}

TEST_F(TagTableTest, SeveralTagsArePurgedAtOnePointInTime) {
  Carry("a");
  Carry("b");
  const std::vector<std::string_view> names{"a", "b", "a", "c"};
  EXPECT_EQ(tags.Purge(names, 0), 2u);
  EXPECT_EQ(tags.PurgeClock(), 1u);
}

TEST_F(TagTableTest, WhoIsWrittenAfterThePurgeIsCountedByTheNextOneAlone) {
  const uint32_t id = Carry("news");
  Purge("news");
  EXPECT_GT(tags.PurgedAt(id), 0u) << "later than the clock of the first entry";
  Carry("news");
  EXPECT_EQ(tags.LiveCount("news"), 1u);
  EXPECT_TRUE(tags.has_unswept());
  tags.Detach(id, 0);  // the old entry is swept
  EXPECT_FALSE(tags.has_unswept());
  EXPECT_EQ(tags.LiveCount("news"), 1u);
  tags.Detach(id, 1);
  EXPECT_EQ(tags.LiveCount("news"), 0u);
}

TEST_F(TagTableTest, APurgeIsRememberedForAMinute) {
  EXPECT_FALSE(tags.PurgedSince("news", 0));
  Purge("news", 1000);
  EXPECT_TRUE(tags.PurgedSince("news", 0));
  EXPECT_FALSE(tags.PurgedSince("news", 1));
  EXPECT_FALSE(tags.PurgedSince("other", 0));
  ForgetAll(1000 + kPurgesRememberedMs - 1);
  EXPECT_TRUE(tags.PurgedSince("news", 0));
  EXPECT_EQ(tags.size(), 1u);
  ForgetAll(1000 + kPurgesRememberedMs);
  EXPECT_EQ(tags.size(), 0u);
}

TEST_F(TagTableTest, APurgeAgainIsRememberedAnew) {
  Purge("news", 0);
  Purge("news", 50'000);
  ForgetAll(kPurgesRememberedMs);
  EXPECT_TRUE(tags.PurgedSince("news", 1));
  ForgetAll(50'000 + kPurgesRememberedMs);
  EXPECT_EQ(tags.size(), 0u);
}

TEST_F(TagTableTest, ACarriedTagIsRememberedAsLongAsItIsCarried) {
  const uint32_t id = Carry("news");
  Purge("news", 0);
  ForgetAll(10 * kPurgesRememberedMs);
  EXPECT_TRUE(tags.PurgedSince("news", 0));
  tags.Detach(id, 0);
  EXPECT_EQ(tags.size(), 0u);
}

TEST_F(TagTableTest, AboveTheLimitTheOldestAreForgottenAndEverythingOlderCountsAsPurged) {
  for (size_t i = 0; i < kPurgedNamesMax; ++i) Purge("tag:" + std::to_string(i));
  EXPECT_FALSE(tags.PurgedSince("never purged", 0));
  Purge("one more");
  EXPECT_EQ(tags.size(), kPurgedNamesMax);
  EXPECT_TRUE(tags.PurgedSince("never purged", 0)) << "the purge at 1 is not known any more";
  EXPECT_FALSE(tags.PurgedSince("never purged", 1));
  EXPECT_TRUE(tags.PurgedSince("one more", kPurgedNamesMax));
}

TEST_F(TagTableTest, ASetHoldsEachTagOnceWithAReference) {
  TagSet set;
  EXPECT_TRUE(set.Add(tags, "a"));
  EXPECT_FALSE(set.Add(tags, "a"));
  EXPECT_TRUE(set.Add(tags, "b"));
  EXPECT_EQ(set.size(), 2u);
  TagSet copy = set;
  set = TagSet();
  EXPECT_EQ(tags.size(), 2u);
  EXPECT_TRUE(copy.Remove("a"));
  EXPECT_FALSE(copy.Remove("a"));
  EXPECT_EQ(tags.size(), 1u);
  TagSet moved = std::move(copy);
  EXPECT_EQ(tags.NameOf(*moved.begin()), "b");
  moved = TagSet();
  EXPECT_EQ(tags.size(), 0u);
}

TEST_F(TagTableTest, NamesThatComeAndGoOnAllThreadsAreNeverMixedUp) {
  const auto run = [this](int thread) {
    for (int i = 0; i < 20000; ++i) {
      const std::string name = "tag:" + std::to_string(i * (thread + 1) % 7);
      const uint32_t id = tags.Acquire(name);
      ASSERT_EQ(tags.NameOf(id), name);
      tags.AddReference(id);
      tags.Release(id);
      ASSERT_EQ(tags.NameOf(id), name);
      tags.Release(id);
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) threads.emplace_back(run, thread);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tags.size(), 0u);
}

}  // namespace
}  // namespace larder::storage
