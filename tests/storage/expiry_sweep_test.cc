#include "storage/expiry_sweep.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace larder::storage {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kPass = ExpirySweep::kPassMs;
constexpr int kSegmentBits = 6;

// Keys spread over the segments of a table; the sweep's caller files them as Stripe does.
class SweptKeys {
 public:
  struct KeyState {
    uint64_t position;
    int64_t at_ms;
    bool filed = false;
  };

  ExpirySweep sweep;
  std::vector<KeyState> keys;
  int64_t now_ms = kStart;
  int segments_visited = 0;

  void Add(uint64_t position, int64_t ttl_ms) {
    if (!sweep.running()) sweep.Start(now_ms, false);
    const int64_t at_ms = now_ms + ttl_ms;
    keys.push_back({position, at_ms, at_ms < sweep.HorizonAt(position)});
  }
  void VisitSegment(bool files_all = false) {
    const uint64_t end = ((sweep.position() >> (64 - kSegmentBits)) + 1) << (64 - kSegmentBits);
    for (KeyState& key : keys) {
      if (key.position < sweep.position() || (end != 0 && key.position >= end)) continue;
      if (key.at_ms >= sweep.new_horizon_ms()) continue;
      EXPECT_EQ(key.filed, key.at_ms < sweep.HorizonAt(key.position));
      key.filed = true;
    }
    ++segments_visited;
    sweep.VisitedUpTo(end, now_ms, files_all);
  }
  void SweepAt(int64_t at_ms, bool files_all = false) {
    now_ms = at_ms;
    while (sweep.next_due_ms() <= now_ms) VisitSegment(files_all);
  }
  bool AllFiledThatExpireBefore(int64_t at_ms) const {
    for (const KeyState& key : keys) {
      if (key.at_ms < at_ms && !key.filed) return false;
    }
    return true;
  }
};

TEST(ExpirySweep, RestsUntilItIsStarted) {
  ExpirySweep sweep;
  EXPECT_FALSE(sweep.running());
  EXPECT_EQ(sweep.next_due_ms(), kNeverDue);
  sweep.Start(kStart, false);
  EXPECT_GT(sweep.next_due_ms(), kStart);
  sweep.Stop();
  EXPECT_EQ(sweep.next_due_ms(), kNeverDue);
}

TEST(ExpirySweep, OnlyNearExpiriesAreFiledAtOnce) {
  SweptKeys swept;
  swept.Add(5, kPass);
  swept.Add(5, 4 * kPass);
  EXPECT_TRUE(swept.keys[0].filed);
  EXPECT_FALSE(swept.keys[1].filed);
}

TEST(ExpirySweep, EveryKeyIsFiledAPassBeforeItsTime) {
  SweptKeys swept;
  std::mt19937_64 random(1);
  for (int64_t now_ms = kStart; now_ms < kStart + 12 * kPass;) {
    for (int i = 0; i < 4; ++i) {
      swept.Add(random(), static_cast<int64_t>(random() % (8 * kPass)));
    }
    now_ms += static_cast<int64_t>(random() % (kPass / 40));
    swept.SweepAt(now_ms);
    ASSERT_TRUE(swept.AllFiledThatExpireBefore(now_ms + kPass * 9 / 10)) << now_ms - kStart;
  }
}

TEST(ExpirySweep, OnePassVisitsEachSegmentOnceAndNotAtOnce) {
  SweptKeys swept;
  swept.Add(1, 100 * kPass);
  swept.SweepAt(kStart + kPass / 2);
  EXPECT_NEAR(swept.segments_visited, 1 << (kSegmentBits - 1), 1);
  swept.SweepAt(kStart + 10 * kPass);
  const int before = swept.segments_visited;
  for (int i = 1; i <= 100; ++i) swept.SweepAt(kStart + 10 * kPass + kPass * i / 100);
  EXPECT_NEAR(swept.segments_visited - before, 1 << kSegmentBits, 1);
}

TEST(ExpirySweep, ALeapOfTheClockSweepsTheWholeTableAtOnceAndNotForEver) {
  SweptKeys swept;
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    swept.Add(random(), static_cast<int64_t>(random() % (1000 * kPass)));
  }
  swept.SweepAt(kStart + kPass / 3);
  swept.segments_visited = 0;
  swept.SweepAt(kStart + 1000 * kPass);
  EXPECT_TRUE(swept.AllFiledThatExpireBefore(kStart + 1001 * kPass));
  EXPECT_LE(swept.segments_visited, 3 << kSegmentBits);
}

TEST(ExpirySweep, AClockSetBackLosesNothing) {
  SweptKeys swept;
  swept.Add(7, 10 * kPass);
  swept.SweepAt(kStart + kPass / 2);
  swept.SweepAt(kStart - 5 * kPass);
  swept.Add(9, kPass);
  EXPECT_TRUE(swept.keys[1].filed);
  for (int i = -50; i < 100; ++i) swept.SweepAt(kStart + kPass * i / 10);
  EXPECT_TRUE(swept.keys[0].filed);
}

TEST(ExpirySweep, FilesAllWhereEvictionNeedsIt) {
  ExpirySweep sweep;
  sweep.Start(kStart, true);
  EXPECT_TRUE(sweep.FilesAll());
  EXPECT_EQ(sweep.HorizonAt(5), kNeverDue);

  SweptKeys swept;
  std::mt19937_64 random(3);
  for (int i = 0; i < 100; ++i) swept.Add(random(), 1000 * kPass);
  swept.SweepAt(kStart + kPass / 2);
  EXPECT_FALSE(swept.sweep.FilesAll());
  int visits = 0;
  while (!swept.sweep.FilesAll()) {
    swept.sweep.FileAll(swept.now_ms);
    swept.VisitSegment(true);
    ASSERT_LE(++visits, 1 << kSegmentBits);
  }
  EXPECT_TRUE(swept.AllFiledThatExpireBefore(kNeverDue));
}

TEST(ExpirySweep, NoLongerFilesAllFromThePassAfterOn) {
  SweptKeys swept;
  swept.sweep.Start(kStart, true);
  for (int i = 1; i <= 30; ++i) swept.SweepAt(kStart + kPass * i / 10);
  EXPECT_FALSE(swept.sweep.FilesAll());
  swept.Add(0, 100 * kPass);
  EXPECT_FALSE(swept.keys[0].filed);
}

}  // namespace
}  // namespace larder::storage
