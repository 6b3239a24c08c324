#include "server/admin/history.h"

#include <gtest/gtest.h>

#include "server/admin/metrics.h"

namespace larder::admin {
namespace {

Figures At(int64_t seconds, uint64_t commands) {
  Figures figures;
  figures.unix_ms = figures.uptime_ms = seconds * 1000;
  figures.commands = commands;
  return figures;
}

FamilyFigures Family(const TickClock& ticks, int64_t micros, int count) {
  LatencyHistogram histogram;
  for (int i = 0; i < count; ++i) histogram.Add(ticks.FromMicros(micros));
  FamilyFigures family{.name = "string", .calls = static_cast<uint64_t>(count)};
  family.ticks = ticks.FromMicros(micros * count);
  family.durations.Add(histogram);
  return family;
}

TEST(History, KeepsRatesOfIntervals) {
  const TickClock ticks;
  History history(ticks);
  history.Add(At(10, 1000));
  EXPECT_TRUE(history.Samples().empty());
  history.Add(At(15, 1500));
  ASSERT_EQ(history.Samples().size(), 1u);
  EXPECT_DOUBLE_EQ(history.Samples()[0].commands, 100);
  EXPECT_EQ(history.Samples()[0].unix_ms, 15'000);
  EXPECT_FALSE(history.Samples()[0].p99_us);
}

TEST(History, CountsFromZeroAfterCountersWereSetBack) {
  const TickClock ticks;
  History history(ticks);
  history.Add(At(10, 1000));
  history.Add(At(15, 50));
  EXPECT_DOUBLE_EQ(history.Samples()[0].commands, 10);
}

TEST(History, HoldsAnHour) {
  const TickClock ticks;
  History history(ticks);
  for (int i = 0; i < 2000; ++i) history.Add(At(i * 5 + 5, 0));
  EXPECT_EQ(history.Samples().size(), History::kSamplesMax);
  EXPECT_EQ(history.Samples().back().unix_ms, 2000 * 5 * 1000);
  EXPECT_EQ(History::kSamplesMax * History::kSampleSeconds, 3600u);
}

TEST(History, HasThePercentilesOfTheInterval) {
  const TickClock ticks;
  History history(ticks);
  Figures before = At(5, 0);
  before.families.push_back(Family(ticks, 1000, 50));
  Figures after = At(10, 0);
  after.families.push_back(Family(ticks, 1000, 50));
  after.families.push_back(Family(ticks, 20, 100));
  history.Add(before);
  history.Add(after);
  const Sample sample = history.Samples().back();
  EXPECT_NEAR(sample.p50_us.value_or(0), 20, 2);
  EXPECT_NEAR(sample.p999_us.value_or(0), 20, 2);
}

TEST(Metrics, WritesCumulativeHistogramsInSeconds) {
  const TickClock ticks;
  Figures figures;
  figures.families.push_back(Family(ticks, 30, 10));
  const std::string text = MetricsText(figures, {}, ticks);
  const auto has = [&](const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
  };
  EXPECT_TRUE(has("# TYPE larder_command_duration_seconds histogram"));
  EXPECT_TRUE(has("larder_command_duration_seconds_bucket{family=\"string\",le=\"0.00001\"} 0"));
  EXPECT_TRUE(has("larder_command_duration_seconds_bucket{family=\"string\",le=\"0.0001\"} 10"));
  EXPECT_TRUE(has("larder_command_duration_seconds_bucket{family=\"string\",le=\"+Inf\"} 10"));
  EXPECT_TRUE(has("larder_command_duration_seconds_count{family=\"string\"} 10"));
  EXPECT_TRUE(has("larder_commands_total{family=\"string\"} 10"));
  EXPECT_NE(text.find("larder_command_duration_seconds_sum{family=\"string\"} 0.000"),
            std::string::npos);
}

}  // namespace
}  // namespace larder::admin
