#include "storage/eviction_clock.h"

#include <gtest/gtest.h>

namespace larder::storage {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;

TEST(EvictionClock, TellsIdleTimeToAboutASecond) {
  EvictionClock clock;
  clock.Pass(kStart);
  const uint32_t stamp = clock.tick();
  for (int64_t second = 1; second <= 2000; ++second) {
    clock.Pass(kStart + second * 1000);
    EXPECT_NEAR(clock.IdleMs(stamp, kStart + second * 1000), second * 1000, 1000);
  }
}

TEST(EvictionClock, TellsIdleTimeAfterAPause) {
  EvictionClock clock;
  clock.Pass(kStart);
  const uint32_t stamp = clock.tick();
  clock.Pass(kStart + 10'000);
  EXPECT_NEAR(clock.IdleMs(stamp, kStart + 10'000), 10'000, 1000);
  clock.Pass(kStart + 10'000'000);
  EXPECT_NEAR(clock.IdleMs(stamp, kStart + 10'000'000), 10'000'000, 300'000);
  EXPECT_EQ(clock.IdleMs(clock.tick(), kStart + 10'000'000), 0);
}

TEST(EvictionClock, TicksWithTurnoverToo) {
  EvictionClock clock;
  clock.Pass(kStart);
  for (int i = 0; i < 10'000; ++i) clock.CountAdded(10'000, kStart);
  EXPECT_NEAR(static_cast<double>(clock.ticks()), 128, 3);
}

TEST(EvictionClock, HoldsAgesAtTheirMaximumBeforeTheyWrap) {
  EvictionClock clock;
  clock.Pass(kStart);
  const uint32_t stamp = clock.tick();
  for (int64_t second = 1; second <= 4000; ++second) clock.Pass(kStart + second * 1000);
  EXPECT_EQ(clock.AgeOf(stamp), EvictionClock::kAgeMax);
  EXPECT_TRUE(clock.IsStale(stamp));
  EXPECT_FALSE(clock.IsStale(clock.OldestStamp()));
  EXPECT_EQ(clock.AgeOf(clock.OldestStamp()), EvictionClock::kAgeMax);
  EXPECT_EQ(clock.AgeOf(clock.tick()), 0u);
}

TEST(EvictionClock, StampsAKeyThatWasUsedElsewhere) {
  EvictionClock clock;
  clock.Pass(kStart);
  for (const int64_t uptime_s : {0, 100, 5000}) {
    for (int64_t second = 0; second <= uptime_s; ++second) clock.Pass(kStart + second * 1000);
    const int64_t now = kStart + uptime_s * 1000;
    for (const int64_t idle_s : {0, 1, 50, 1000, 3000}) {
      EXPECT_NEAR(clock.IdleMs(clock.StampOf(idle_s * 1000, now), now), idle_s * 1000, 1000)
          << uptime_s << " " << idle_s;
    }
    EXPECT_EQ(clock.AgeOf(clock.StampOf(1'000'000'000, now)), EvictionClock::kAgeMax);
  }
}

TEST(EvictionClock, AClockSetBackDoesNoHarm) {
  EvictionClock clock;
  clock.Pass(kStart);
  clock.Pass(kStart + 5000);
  const uint32_t stamp = clock.tick();
  clock.Pass(kStart - 100'000);
  EXPECT_EQ(clock.IdleMs(stamp, kStart - 100'000), 0);
}

}  // namespace
}  // namespace larder::storage
