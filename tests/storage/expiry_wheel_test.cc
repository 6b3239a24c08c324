#include "storage/expiry_wheel.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kMinute = 60'000;
constexpr int64_t kDay = 24 * 60 * kMinute;

SliceBudget Unlimited() { return SliceBudget(std::chrono::steady_clock::time_point::max()); }

// A table of keys that are their own references, kept as the table keeps them.
class Keys {
 public:
  struct State {
    int64_t at_ms;
    bool deferred;
  };

  explicit Keys(int64_t now_ms) : now_ms_(now_ms) {}

  void SetExpiry(uint32_t key, int64_t at_ms) {
    const auto found = keys_.find(key);
    if (found != keys_.end() && at_ms >= found->second.at_ms) {
      found->second = {at_ms, true};
      return;
    }
    const bool exact = wheel_.Add(key, at_ms, now_ms_);
    keys_[key] = {at_ms, !exact};
  }
  void Delete(uint32_t key) { keys_.erase(key); }

  bool AdvanceTo(int64_t now_ms, SliceBudget budget = Unlimited()) {
    now_ms_ = now_ms;
    return wheel_.Advance(now_ms, budget, visitor_);
  }
  bool Compact(SliceBudget budget = Unlimited()) { return wheel_.Compact(budget, visitor_); }
  // Whether no key is alive that expired more than two ticks ago.
  bool AllGoneInTime() const {
    for (const auto& [key, state] : keys_) {
      if (state.at_ms < now_ms_ - 64) return false;
    }
    return true;
  }

  int64_t now_ms() const { return now_ms_; }
  ExpiryWheel& wheel() { return wheel_; }
  size_t size() const { return keys_.size(); }
  bool Has(uint32_t key) const { return keys_.contains(key); }
  const std::vector<int64_t>& late_ms() const { return late_ms_; }

 private:
  void Visit(uint32_t key, int64_t slot_end_ms) {
    const auto found = keys_.find(key);
    if (found == keys_.end()) return;
    State& state = found->second;
    if (state.at_ms <= now_ms_) {
      late_ms_.push_back(now_ms_ - state.at_ms);
      keys_.erase(found);
    } else if (state.at_ms < slot_end_ms || state.deferred) {
      state.deferred = !wheel_.Add(key, state.at_ms, now_ms_);
    }
  }

  const std::function<void(std::span<const uint32_t>, int64_t)> visitor_ =
      [this](std::span<const uint32_t> keys, int64_t slot_end_ms) {
        for (const uint32_t key : keys) Visit(key, slot_end_ms);
      };
  ExpiryWheel wheel_;
  std::map<uint32_t, State> keys_;
  std::vector<int64_t> late_ms_;
  int64_t now_ms_;
};

TEST(ExpiryWheel, AnEmptyWheelTakesNoMemoryAndHasNothingDue) {
  Keys keys(kStart);
  EXPECT_EQ(keys.wheel().MemoryBytes(), 0u);
  EXPECT_FALSE(keys.AdvanceTo(kStart + kDay));
  EXPECT_EQ(keys.wheel().Backlog(kStart), 0u);
  EXPECT_EQ(keys.wheel().LagMs(kStart), 0);
}

TEST(ExpiryWheel, AKeyGoesWithinTwoTicksOfItsTimeAndNeverBefore) {
  for (const int64_t ttl_ms : {int64_t{1}, int64_t{31}, int64_t{5000}, 3 * kMinute, 90 * kMinute,
                               2 * kDay, 40 * kDay, 1000 * kDay}) {
    Keys keys(kStart);
    keys.SetExpiry(1, kStart + ttl_ms);
    keys.AdvanceTo(kStart + ttl_ms - 1);
    EXPECT_TRUE(keys.Has(1)) << ttl_ms;
    keys.AdvanceTo(kStart + ttl_ms + 64);
    EXPECT_FALSE(keys.Has(1)) << ttl_ms;
    EXPECT_EQ(keys.wheel().reference_count(), 0u) << ttl_ms;
  }
}

TEST(ExpiryWheel, KeysOfAllSpansGoInTimeWhileTheClockTicks) {
  Keys keys(kStart);
  std::mt19937 random(1);
  for (uint32_t key = 0; key < 2000; ++key) {
    const int64_t span = int64_t{1} << (random() % 24);
    keys.SetExpiry(key, kStart + static_cast<int64_t>(random() % span));
  }
  while (keys.size() > 0) {
    keys.AdvanceTo(keys.now_ms() + 20 + random() % 50);
    ASSERT_TRUE(keys.AllGoneInTime()) << keys.now_ms() - kStart;
  }
  EXPECT_EQ(keys.wheel().reference_count(), 0u);
}

TEST(ExpiryWheel, PuttingAnExpiryOffFilesNothingAndStillFires) {
  Keys keys(kStart);
  keys.SetExpiry(1, kStart + 100);
  for (int i = 1; i <= 1000; ++i) keys.SetExpiry(1, kStart + 100 + i * 1000);
  EXPECT_EQ(keys.wheel().reference_count(), 1u);
  keys.AdvanceTo(kStart + 1000);
  EXPECT_TRUE(keys.Has(1));
  EXPECT_EQ(keys.wheel().reference_count(), 1u);
  keys.AdvanceTo(kStart + 100 + 1000 * 1000 + 64);
  EXPECT_FALSE(keys.Has(1));
}

TEST(ExpiryWheel, AnEarlierExpiryTakesEffect) {
  Keys keys(kStart);
  keys.SetExpiry(1, kStart + kDay);
  keys.SetExpiry(1, kStart + 100);
  keys.AdvanceTo(kStart + 200);
  EXPECT_FALSE(keys.Has(1));
}

TEST(ExpiryWheel, ReferencesOfAKeyThatIsDeletedAndSetAgainDieWithTheirSlots) {
  Keys keys(kStart);
  for (int i = 0; i < 1000; ++i) {
    keys.SetExpiry(1, kStart + 10'000 + i * 10'000);
    if (i < 999) keys.Delete(1);
  }
  EXPECT_EQ(keys.wheel().reference_count(), 1000u);
  for (int64_t now = kStart; now < kStart + 9'000'000; now += 1000) keys.AdvanceTo(now);
  EXPECT_TRUE(keys.Has(1));
  EXPECT_LT(keys.wheel().reference_count(), 120u);
}

TEST(ExpiryWheel, ALeapOfTheClockFiresEverything) {
  Keys keys(kStart);
  std::mt19937 random(2);
  for (uint32_t key = 0; key < 5000; ++key) {
    keys.SetExpiry(key, kStart + static_cast<int64_t>(random() % (1000 * kDay)));
  }
  keys.AdvanceTo(kStart + 1001 * kDay);
  EXPECT_EQ(keys.size(), 0u);
}

TEST(ExpiryWheel, AClockSetBackLosesNothing) {
  Keys keys(kStart);
  keys.SetExpiry(1, kStart + 1000);
  keys.AdvanceTo(kStart - kDay);
  keys.SetExpiry(2, kStart - kDay + 1000);
  keys.AdvanceTo(kStart + 2000);
  EXPECT_EQ(keys.size(), 0u);
}

TEST(ExpiryWheel, TheFarthestTimesAreAccepted) {
  Keys keys(kStart);
  keys.SetExpiry(1, std::numeric_limits<int64_t>::max());
  keys.SetExpiry(2, std::numeric_limits<int64_t>::max() - 1);
  keys.SetExpiry(3, kStart + 1'000'000 * kDay);
  keys.SetExpiry(4, 0);
  keys.AdvanceTo(kStart + 500'000 * kDay);
  EXPECT_TRUE(keys.Has(1));
  EXPECT_TRUE(keys.Has(2));
  EXPECT_TRUE(keys.Has(3));
  EXPECT_FALSE(keys.Has(4));
  for (int64_t year = 1370; year <= 4000; ++year) keys.AdvanceTo(kStart + year * 365 * kDay);
  EXPECT_TRUE(keys.Has(1));
  EXPECT_FALSE(keys.Has(3));
}

TEST(ExpiryWheel, ASliceEndsWithItsBudgetAndTheNextGoesOn) {
  Keys keys(kStart);
  for (uint32_t key = 0; key < 1000; ++key) keys.SetExpiry(key, kStart + 10);
  const SliceBudget spent(std::chrono::steady_clock::time_point::min());
  EXPECT_TRUE(keys.AdvanceTo(kStart + 500, spent));
  EXPECT_GT(keys.size(), 900u);
  EXPECT_LT(keys.size(), 1000u);
  EXPECT_EQ(keys.wheel().Backlog(kStart + 500), keys.size());
  EXPECT_NEAR(keys.wheel().LagMs(kStart + 500), 490, 32);
  int slices = 1;
  while (keys.AdvanceTo(kStart + 500, spent)) ++slices;
  EXPECT_EQ(keys.size(), 0u);
  EXPECT_GT(slices, 10);
  EXPECT_EQ(keys.wheel().Backlog(kStart + 500), 0u);
}

TEST(ExpiryWheel, CompactionDropsStaleReferencesAndKeepsOneOfEveryKey) {
  Keys keys(kStart);
  for (int round = 0; round < 10; ++round) {
    for (uint32_t key = 0; key < 1000; ++key) {
      keys.Delete(key);
      keys.SetExpiry(key, kStart + 10'000 + key * 100 + round * 500'000);
    }
  }
  EXPECT_EQ(keys.wheel().reference_count(), 10'000u);
  ASSERT_TRUE(keys.wheel().WantsCompaction(keys.size()));
  const SliceBudget spent(std::chrono::steady_clock::time_point::min());
  while (keys.Compact(spent)) {
  }
  EXPECT_FALSE(keys.wheel().WantsCompaction(keys.size()));
  EXPECT_LE(keys.wheel().reference_count(), 2000u);
  EXPECT_EQ(keys.size(), 1000u);
  for (int64_t now = kStart; keys.size() > 0; now += 500) {
    keys.AdvanceTo(now);
    ASSERT_TRUE(keys.AllGoneInTime());
  }
}

TEST(ExpiryWheel, ExpiryGoesOnDuringACompaction) {
  Keys keys(kStart);
  std::mt19937 random(3);
  const SliceBudget spent(std::chrono::steady_clock::time_point::min());
  int64_t now = kStart;
  for (int step = 0; step < 20'000; ++step) {
    now += random() % 20;
    const uint32_t key = random() % 500;
    if (random() % 4 == 0) keys.Delete(key);
    keys.SetExpiry(key, now + 1 + static_cast<int64_t>(random() % (1 << (random() % 22))));
    keys.AdvanceTo(now);
    if (keys.wheel().WantsCompaction(keys.size()) || step % 7 == 0) keys.Compact(spent);
    ASSERT_TRUE(keys.AllGoneInTime()) << step;
    ASSERT_LE(keys.wheel().reference_count(), 4000u);
  }
  keys.AdvanceTo(now + 5 * kDay);
  while (keys.Compact(spent)) keys.AdvanceTo(now + 5 * kDay);
  EXPECT_EQ(keys.size(), 0u);
}

TEST(ExpiryWheel, SaysFromWhenOnThereIsWork) {
  Keys keys(kStart);
  EXPECT_EQ(keys.wheel().next_due_ms(), kNeverDue);
  keys.SetExpiry(1, kStart + kDay);
  EXPECT_GT(keys.wheel().next_due_ms(), kStart + kDay / 2);
  keys.SetExpiry(2, kStart + 1000);
  EXPECT_NEAR(static_cast<double>(keys.wheel().next_due_ms() - kStart), 1000, 32);
  keys.AdvanceTo(kStart + 1032);
  EXPECT_FALSE(keys.Has(2));
  EXPECT_GT(keys.wheel().next_due_ms(), kStart + kDay / 2);
  EXPECT_LE(keys.wheel().next_due_ms(), kStart + kDay + 32);
}

TEST(ExpiryWheel, TheSoonestAreTakenFirst) {
  ExpiryWheel wheel;
  for (uint32_t i = 0; i < 100; ++i) wheel.Add(i, kStart + (100 - i) * kMinute, kStart);
  std::vector<uint32_t> out(4);
  int64_t end = 0;
  ASSERT_GE(wheel.TakeSoonest(out, &end), 1u);
  EXPECT_GE(out[0], 98u);
  EXPECT_GT(end, kStart + kMinute);
}

TEST(ExpiryWheel, RandomTakingReachesEveryReferenceOnce) {
  ExpiryWheel wheel;
  std::mt19937_64 random(4);
  constexpr uint32_t kCount = 10'000;
  for (uint32_t i = 0; i < kCount; ++i) {
    wheel.Add(i, kStart + static_cast<int64_t>(random() % (1 << (random() % 30))), kStart);
  }
  std::set<uint32_t> seen;
  std::vector<uint32_t> out(16);
  int64_t end = 0;
  while (const size_t taken = wheel.TakeRandom(random(), out, &end)) {
    for (size_t i = 0; i < taken; ++i) EXPECT_TRUE(seen.insert(out[i]).second);
  }
  EXPECT_EQ(seen.size(), kCount);
  EXPECT_EQ(wheel.reference_count(), 0u);
}

TEST(ExpiryWheel, CostsLittleMoreThanFourBytesAKeyAndGivesThemBack) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  {
    ExpiryWheel wheel;
    constexpr uint32_t kCount = 200'000;
    for (uint32_t i = 0; i < kCount; ++i) wheel.Add(i, kStart + i % kDay, kStart);
    EXPECT_LT(wheel.MemoryBytes(), kCount * 5);
    memory::Flush();
    EXPECT_GE(memory::UsedBytes() - before, static_cast<int64_t>(wheel.MemoryBytes()));
  }
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

TEST(ExpiryWheel, GoesInSlices) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  {
    ExpiryWheel wheel;
    for (uint32_t i = 0; i < 20'000; ++i) wheel.Add(i, kStart + i * kMinute, kStart);
    int slices = 1;
    while (!wheel.FreeSome(10)) ++slices;
    EXPECT_GT(slices, 30);
    EXPECT_TRUE(wheel.FreeSome(1));
  }
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

}  // namespace
}  // namespace larder::storage
