// CACHE.HOT.
#include <string>
#include <string_view>

#include "server/errors.h"
#include "server/hot_sample.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

class CacheHot : public CommandFixture {};

TEST_F(CacheHot, TellsTheHottestKeysWithTheirRates) {
  EXPECT_THAT(Run("CACHE.HOT"), IsArray({}));
  for (int i = 0; i < 20'000; ++i) {
    Run("GET hot");
    if (i % 4 == 0) Run("MGET warm " + std::to_string(i));
  }
  clock.Advance(10s);
  dispatcher.UpdateTime();
  const Reply reply = Run("CACHE.HOT COUNT 2");
  ASSERT_EQ(reply.items.size(), 4u);
  EXPECT_EQ(reply.items[0].text, "hot");
  EXPECT_EQ(reply.items[2].text, "warm");
  EXPECT_GT(reply.items[1].integer, 1000);  // 2,000 a second
  EXPECT_LT(reply.items[1].integer, 3000);
  client().Run("HELLO 3");
  EXPECT_EQ(Run("CACHE.HOT COUNT 2").type, Reply::Type::kMap);
}

TEST_F(CacheHot, ForgetsWhatWasHot) {
  for (int i = 0; i < 5000; ++i) Run("GET hot");
  clock.Advance(61s);
  EXPECT_THAT(Run("CACHE.HOT"), IsArray({}));
  for (int i = 0; i < 5000; ++i) Run("GET other");
  const Reply reply = Run("CACHE.HOT");
  ASSERT_EQ(reply.items.size(), 2u);
  EXPECT_EQ(reply.items[0].text, "other");
}

TEST_F(CacheHot, RefusesOtherForms) {
  EXPECT_THAT(Run("CACHE.HOT COUNT 0"), IsError(std::string(errors::kBadHotCount)));
  EXPECT_THAT(Run("CACHE.HOT COUNT 65"), IsError(std::string(errors::kBadHotCount)));
  EXPECT_THAT(Run("CACHE.HOT 5"), IsError(std::string(errors::kSyntax)));
  EXPECT_THAT(Run("CACHE.HOT COUNT 5 6"), IsError(std::string(errors::kSyntax)));
  Run("ACL SETUSER limited on nopass +@all -@dangerous ~*");
  TestClient& limited = NewClient();
  limited.Run("AUTH limited x");
  EXPECT_EQ(limited.Run("CACHE.HOT").text.substr(0, 6), "NOPERM");
}

TEST(HotSampleTest, DistancesAreUnevenAndRightOnAverage) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 10'000; ++i) {
    const uint32_t distance = HotSample::NextDistance(64, i * 1000);
    ASSERT_GE(distance, 32u);
    ASSERT_LE(distance, 96u);
    sum += distance;
  }
  EXPECT_NEAR(static_cast<double>(sum) / 10'000, 64, 1);
}

TEST(HotSampleTest, LooksLessOftenWhereThereIsMore) {
  EXPECT_EQ(HotSample::NextRatio(64, 100), 128u);
  EXPECT_EQ(HotSample::NextRatio(HotSample::kRatioMax, 100), HotSample::kRatioMax);
  EXPECT_EQ(HotSample::NextRatio(64, 1000), 64u);
  EXPECT_EQ(HotSample::NextRatio(64, 5000), 32u);
  EXPECT_EQ(HotSample::NextRatio(HotSample::kRatioMin, 5000), HotSample::kRatioMin);
}

TEST(HotSampleTest, AddsUpWorkersAndWindows) {
  HotSample sample(2);
  const std::string_view keys[] = {"a", "b"};
  sample.Note(0, keys, 64, 0);
  sample.Note(1, std::span(keys).first(1), 64, 0);
  sample.Note(0, std::span(keys).first(1), 64, HotSample::kWindowMs);  // the next window
  const auto hottest = sample.Hottest(10, HotSample::kWindowMs + 2000);
  ASSERT_EQ(hottest.size(), 2u);
  EXPECT_EQ(hottest[0].key, "a");
  EXPECT_NEAR(hottest[0].operations_per_second, 3 * 64 / 32.0, 0.01);
  EXPECT_NEAR(hottest[1].operations_per_second, 64 / 32.0, 0.01);
  EXPECT_EQ(sample.Hottest(1, HotSample::kWindowMs + 2000).size(), 1u);
  EXPECT_TRUE(sample.Hottest(10, 10 * HotSample::kWindowMs).empty());
}

}  // namespace
}  // namespace larder
