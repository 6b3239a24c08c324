#include "storage/stale_copies.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "storage/blob.h"
#include "storage/leases.h"

namespace larder::storage {
namespace {

class StaleCopiesTest : public testing::Test {
 protected:
  void Add(const std::string& key, std::string_view value, int64_t until_ms) {
    copies_.Add(key, {.value = Ref<Object>(new Blob(value)),
                      .tags = {},
                      .purge_clock = 0,
                      .stale_until_ms = until_ms,
                      .error_until_ms = 0});
  }

  LazyFree lazy_free_;
  StaleCopies copies_{1, lazy_free_};
};

TEST_F(StaleCopiesTest, ACopyIsFoundUntilItIsErased) {
  Add("k", "value", 10);
  ASSERT_NE(copies_.Find("k"), nullptr);
  EXPECT_EQ(copies_.Find("k")->bytes(), "value");
  EXPECT_TRUE(copies_.Erase("k"));
  EXPECT_FALSE(copies_.Erase("k"));
  EXPECT_EQ(copies_.Find("k"), nullptr);
}

TEST_F(StaleCopiesTest, ALaterCopyTakesThePlaceOfAnEarlierOne) {
  Add("k", "one", 10);
  Add("k", "two", 20);
  EXPECT_EQ(copies_.size(), 1u);
  EXPECT_EQ(copies_.Find("k")->bytes(), "two");
  EXPECT_EQ(copies_.next_end_ms(), 20);
}

TEST_F(StaleCopiesTest, ThoseThatHaveEndedGoInOrder) {
  for (int i = 0; i < 1000; ++i) Add(std::to_string(i), "v", 1000 - i);
  SliceBudget budget(std::chrono::steady_clock::time_point::max());
  EXPECT_FALSE(copies_.EraseEnded(500, budget));
  EXPECT_EQ(copies_.size(), 500u);
  EXPECT_EQ(copies_.next_end_ms(), 501);
  copies_.EraseFirst();
  EXPECT_EQ(copies_.next_end_ms(), 502);
}

TEST_F(StaleCopiesTest, AWalkErasesWhatItPicks) {
  for (int i = 0; i < 1000; ++i) Add(std::to_string(i), "v", 1);
  uint64_t cursor = 0;
  do {
    cursor = copies_.EraseSome(
        cursor, 10, [](std::string_view key, const StaleCopy&) { return key.ends_with('7'); });
  } while (cursor != 0);
  EXPECT_EQ(copies_.size(), 900u);
}

TEST_F(StaleCopiesTest, EveryByteComesBack) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  {
    StaleCopies copies(2, lazy_free_);
    for (int i = 0; i < 1000; ++i) {
      copies.Add(std::to_string(i), {.value = Ref<Object>(new Blob(std::string_view("value"))),
                                     .tags = {},
                                     .purge_clock = 0,
                                     .stale_until_ms = i,
                                     .error_until_ms = 0});
    }
    while (!copies.FreeSome(10)) {
    }
  }
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

TEST(LeasesTest, OneAtATimeThatEnds) {
  std::atomic<int64_t> count{0};
  Leases leases(count);
  leases.Grant("k", {.token = 1, .until_ms = 10, .purge_clock = 0});
  EXPECT_EQ(count, 1);
  ASSERT_NE(leases.Find("k", 9), nullptr);
  EXPECT_EQ(leases.Find("k", 10), nullptr);
  leases.Grant("k", {.token = 2, .until_ms = 30, .purge_clock = 0});
  EXPECT_EQ(count, 1);
  EXPECT_EQ(leases.next_end_ms(), 30);
  leases.EndOverdue(30);
  EXPECT_EQ(leases.size(), 0u);
  EXPECT_EQ(count, 0);
}

TEST(LeasesTest, SomeEndByTheirKeys) {
  std::atomic<int64_t> count{0};
  Leases leases(count);
  for (uint64_t i = 1; i <= 100; ++i) {
    leases.Grant(std::to_string(i), {.token = i, .until_ms = 10, .purge_clock = 0});
  }
  leases.EndIf([](std::string_view key) { return key.size() == 1; });
  EXPECT_EQ(leases.size(), 91u);
  leases.Clear();
  EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace larder::storage
