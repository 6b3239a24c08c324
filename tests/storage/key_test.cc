#include "storage/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace larder::storage {
namespace {

constexpr uint64_t kSeed = 9;
constexpr int kStripeBits = 4;
constexpr int kKeys = 100000;

std::string Numbered(int number) { return "key:" + std::to_string(number); }

TEST(KeyHasher, BendingKeepsTheStripeAndTheFingerprint) {
  const KeyHasher straight(kSeed);
  const KeyHasher bending(kSeed, kStripeBits);
  for (int i = 0; i < kKeys; ++i) {
    const uint64_t from = straight.Hash(Numbered(i));
    const uint64_t to = bending.Hash(Numbered(i));
    ASSERT_EQ(from >> (64 - kStripeBits), to >> (64 - kStripeBits));
    ASSERT_EQ(from & 0xff, to & 0xff);
  }
}

TEST(KeyHasher, BentHashesAreTwiceAsDenseAtTheLowerEnd) {
  const KeyHasher bending(kSeed, kStripeBits);
  constexpr int kParts = 16;
  int in_part[kParts] = {};
  for (int i = 0; i < kKeys; ++i) {
    ++in_part[(bending.Hash(Numbered(i)) << kStripeBits) >> 60];
  }
  for (int part = 1; part < kParts; ++part) EXPECT_LT(in_part[part], in_part[part - 1] * 1.1);
  EXPECT_NEAR(static_cast<double>(in_part[0]) / in_part[kParts - 1], 2, 0.2);
}

TEST(KeyHasher, BendingWorksWithOneStripe) {
  const KeyHasher bending(kSeed, 0);
  uint64_t highest = 0;
  uint64_t lowest = ~uint64_t{0};
  for (int i = 0; i < kKeys; ++i) {
    const uint64_t hash = bending.Hash(Numbered(i));
    highest = std::max(highest, hash);
    lowest = std::min(lowest, hash);
  }
  EXPECT_GT(highest >> 48, 0xfff0u);
  EXPECT_LT(lowest >> 48, 0x10u);
}

}  // namespace
}  // namespace larder::storage
