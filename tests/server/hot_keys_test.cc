#include "server/hot_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace larder {
namespace {

void Note(HotKeys& hot_keys, size_t worker, std::string_view key, uint64_t bytes) {
  const std::string_view keys[] = {key};
  hot_keys.Note(worker, {.ticks = 1, .bytes = bytes}, keys);
}

TEST(HotKeys, AddsUpWhatAllWorkersSaw) {
  HotKeys hot_keys(3);
  ASSERT_TRUE(hot_keys.Start({.net = true}, 1000));
  Note(hot_keys, 0, "a", 10);
  Note(hot_keys, 1, "a", 10);
  Note(hot_keys, 2, "b", 15);
  const auto report = hot_keys.Report(1500);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->active);
  EXPECT_EQ(report->duration_ms, 500);
  EXPECT_EQ(report->all_bytes, 35u);
  ASSERT_EQ(report->by_bytes.size(), 2u);
  EXPECT_EQ(report->by_bytes[0].key, "a");
  EXPECT_EQ(report->by_bytes[0].weight, 20u);
  EXPECT_TRUE(report->by_ticks.empty());
}

TEST(HotKeys, NotesNothingWithoutASession) {
  HotKeys hot_keys(1);
  Note(hot_keys, 0, "a", 10);
  EXPECT_FALSE(hot_keys.Report(0));
  ASSERT_TRUE(hot_keys.Start({.net = true}, 0));
  ASSERT_TRUE(hot_keys.Stop(10));
  Note(hot_keys, 0, "a", 10);
  EXPECT_EQ(hot_keys.Report(20)->all_bytes, 0u);
}

TEST(HotKeys, SamplesOneCommandInSoMany) {
  HotKeys hot_keys(1);
  ASSERT_TRUE(hot_keys.Start({.net = true, .sample_ratio = 10}, 0));
  for (int i = 0; i < 10'000; ++i) Note(hot_keys, 0, "a", 1);
  const auto report = hot_keys.Report(0);
  EXPECT_EQ(report->all_bytes, 10'000u);  // of all commands
  ASSERT_EQ(report->by_bytes.size(), 1u);
  EXPECT_GT(report->by_bytes[0].weight, 700u);
  EXPECT_LT(report->by_bytes[0].weight, 1300u);
}

TEST(HotKeys, PartsOfACommandDoNotCountTwiceInAll) {
  HotKeys hot_keys(1);
  ASSERT_TRUE(hot_keys.Start({.net = true}, 0));
  const std::string_view keys[] = {"a"};
  hot_keys.Note(0, {.bytes = 10, .whole = false}, keys);
  hot_keys.Note(0, {.bytes = 15}, {});
  EXPECT_EQ(hot_keys.Report(0)->all_bytes, 15u);
  EXPECT_EQ(hot_keys.Report(0)->by_bytes.at(0).weight, 10u);
}

TEST(HotKeys, LongKeysAreNotFollowed) {
  HotKeys hot_keys(1);
  ASSERT_TRUE(hot_keys.Start({.net = true}, 0));
  Note(hot_keys, 0, std::string(HotKeys::kKeyBytesMax + 1, 'k'), 10);
  EXPECT_TRUE(hot_keys.Report(0)->by_bytes.empty());
}

TEST(HotKeys, EndsWhenItsDurationHasPassed) {
  HotKeys hot_keys(1);
  ASSERT_TRUE(hot_keys.Start({.net = true, .duration_ms = 100}, 0));
  hot_keys.StopIfDue(99);
  EXPECT_TRUE(hot_keys.active());
  hot_keys.StopIfDue(250);
  EXPECT_FALSE(hot_keys.active());
  EXPECT_EQ(hot_keys.Report(300)->duration_ms, 100);
  EXPECT_TRUE(hot_keys.Reset());
  EXPECT_FALSE(hot_keys.Report(300));
}

}  // namespace
}  // namespace larder
