#include "storage/hyperloglog.h"

#include <algorithm>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace larder::storage::hyperloglog {
namespace {

TEST(HyperLogLog, SparseAndDenseHoldTheSameRegisters) {
  std::string sparse = Empty(), dense = Empty();
  ASSERT_TRUE(ToDense(&dense));
  Registers expected{};
  for (int i = 0; i < 3000; ++i) {
    const Hit hit = HitOf("element " + std::to_string(i));
    const bool raised = expected[hit.index] < hit.count;
    expected[hit.index] = std::max(expected[hit.index], hit.count);
    ASSERT_EQ(Raise(&sparse, hit, 100000) == Change::kDone, raised);
    ASSERT_EQ(Raise(&dense, hit, 0) == Change::kDone, raised);
  }
  Registers from_sparse{}, from_dense{};
  EXPECT_TRUE(MergeInto(sparse, &from_sparse));
  EXPECT_TRUE(MergeInto(dense, &from_dense));
  EXPECT_EQ(EncodingOf(sparse), Encoding::kSparse);
  EXPECT_EQ(from_sparse, expected);
  EXPECT_EQ(from_dense, expected);
  EXPECT_NEAR(static_cast<double>(Count(expected)), 3000, 90);
  EXPECT_TRUE(ToDense(&sparse));
  EXPECT_EQ(sparse.substr(kHeaderBytes), dense.substr(kHeaderBytes));
}

TEST(HyperLogLog, ASparseOneThatGrowsBecomesDense) {
  std::string bytes = Empty();
  for (int i = 0; i < 100 || EncodingOf(bytes) == Encoding::kSparse; ++i) {
    Raise(&bytes, HitOf(std::to_string(i)), 300);
    ASSERT_TRUE(bytes.size() <= 300 || bytes.size() == kDenseBytes);
    ASSERT_LT(i, 1000);
  }
  std::string large = Empty();
  EXPECT_EQ(Raise(&large, {5, 40}, 3000), Change::kDone);  // a count that opcodes cannot hold
  EXPECT_EQ(EncodingOf(large), Encoding::kDense);
}

TEST(HyperLogLog, TheCacheIsStaleAfterAChange) {
  std::string bytes = Empty();
  EXPECT_EQ(CachedCount(bytes), 0u);
  Raise(&bytes, HitOf("a"), 3000);
  EXPECT_EQ(CachedCount(bytes), std::nullopt);
  StoreCount(bytes.data(), 77);
  EXPECT_EQ(CachedCount(bytes), 77u);
}

TEST(HyperLogLog, NoBytesBreakIt) {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = Empty();
    bytes.resize(kHeaderBytes + random() % 40);
    for (size_t i = kHeaderBytes; i < bytes.size(); ++i) bytes[i] = static_cast<char>(random());
    ASSERT_TRUE(IsValid(bytes));
    Registers registers{};
    std::string copy = bytes;
    EXPECT_EQ(MergeInto(bytes, &registers), ToDense(&copy));
    Opcodes(bytes);
    for (int i = 0; i < 20; ++i) {
      Raise(&bytes, {random() % kRegisters, static_cast<uint8_t>(1 + random() % 50)}, 100);
      if (!IsValid(bytes)) break;
    }
  }
}

}  // namespace
}  // namespace larder::storage::hyperloglog
