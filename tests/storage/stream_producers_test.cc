#include "storage/stream_producers.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/memory.h"

namespace larder::storage {
namespace {

TEST(StreamProducers, FindsWhatAProducerAdded) {
  StreamProducers producers;
  EXPECT_TRUE(producers.Add("p", "a", {1, 0}, 10));
  EXPECT_TRUE(producers.Add("q", "a", {2, 0}, 10));
  EXPECT_EQ(producers.Find("p", "a"), StreamId({1, 0}));
  EXPECT_EQ(producers.Find("q", "a"), StreamId({2, 0}));
  EXPECT_EQ(producers.Find("p", "b"), std::nullopt);
  EXPECT_EQ(producers.Find("r", "a"), std::nullopt);
}

TEST(StreamProducers, AnIdAndAnEntryAreThereOnce) {
  StreamProducers producers;
  EXPECT_TRUE(producers.Add("p", "a", {1, 0}, 10));
  EXPECT_FALSE(producers.Add("p", "a", {2, 0}, 10));
  EXPECT_FALSE(producers.Add("q", "b", {1, 0}, 10));
  EXPECT_EQ(producers.id_count(), 1u);
  EXPECT_EQ(producers.producer_count(), 1u);
}

TEST(StreamProducers, TheOldestOfAProducerGoFirst) {
  StreamProducers producers;
  for (uint64_t i = 1; i <= 5; ++i) producers.Add("p", std::to_string(i), {i, 0}, 3);
  producers.Add("q", "1", {9, 0}, 3);
  EXPECT_EQ(producers.Find("p", "2"), std::nullopt);
  EXPECT_EQ(producers.Find("p", "3"), StreamId({3, 0}));
  EXPECT_EQ(producers.id_count(), 4u);
}

TEST(StreamProducers, IdsAreForgottenWithTime) {
  StreamProducers producers;
  for (uint64_t i = 1; i <= 9; ++i)
    producers.Add(i % 2 ? "odd" : "even", std::to_string(i), {i, 0}, 10);
  EXPECT_EQ(producers.CountsBehind(8).ids, 1u);
  EXPECT_EQ(producers.CountsBehind(8).producers, 1u);
  producers.ForgetUpTo(4);
  EXPECT_EQ(producers.id_count(), 5u);
  EXPECT_EQ(producers.Find("even", "4"), std::nullopt);
  producers.ForgetUpTo(8);
  EXPECT_EQ(producers.producer_count(), 1u);
  producers.ForgetAll();
  EXPECT_EQ(producers.producer_count(), 0u);
  EXPECT_EQ(producers.id_count(), 0u);
}

TEST(StreamProducers, AreFreedInSlicesDownToNothing) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  {
    StreamProducers producers;
    for (uint64_t i = 1; i <= 1000; ++i) {
      producers.Add("producer:" + std::to_string(i % 7), "id:" + std::to_string(i), {i, 0}, 1000);
    }
    memory::Flush();
    const auto full = static_cast<double>(memory::UsedBytes() - before);
    const auto reported = static_cast<double>(producers.MemoryBytes());
    EXPECT_GT(reported, 0.7 * full);
    EXPECT_LT(reported, 1.3 * full);
    int slices = 1;
    while (!producers.FreeSome(100)) ++slices;
    EXPECT_GE(slices, 10);
  }
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

TEST(StreamProducers, AnIdMadeOfFieldsDoesNotDependOnTheirOrder) {
  const std::vector<std::string_view> fields = {"a", "1", "b", "2"};
  const std::vector<std::string_view> turned = {"b", "2", "a", "1"};
  const std::vector<std::string_view> other = {"a", "2", "b", "1"};
  const std::vector<std::string_view> shifted = {"a1", "", "b", "2"};
  const std::vector<std::string_view> doubled = {"a", "1", "a", "1", "b", "2"};
  EXPECT_EQ(IdempotentIdOf(fields), IdempotentIdOf(turned));
  EXPECT_NE(IdempotentIdOf(fields), IdempotentIdOf(other));
  EXPECT_NE(IdempotentIdOf(fields), IdempotentIdOf(shifted));
  EXPECT_NE(IdempotentIdOf(fields), IdempotentIdOf(doubled));
}

}  // namespace
}  // namespace larder::storage
