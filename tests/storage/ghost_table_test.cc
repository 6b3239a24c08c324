#include "storage/ghost_table.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace larder::storage {
namespace {

std::vector<uint64_t> Hashes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> hashes(count);
  // All of one stripe of 16: the same four bits on top.
  for (uint64_t& hash : hashes) hash = random() >> 4;
  return hashes;
}

size_t CountTaken(GhostTable& ghosts, const std::vector<uint64_t>& hashes) {
  size_t taken = 0;
  for (const uint64_t hash : hashes) taken += ghosts.Take(hash) ? 1 : 0;
  return taken;
}

TEST(GhostTable, WithoutRoomItRemembersNothing) {
  GhostTable ghosts;
  ghosts.Add(1);
  EXPECT_FALSE(ghosts.Take(1));
  EXPECT_EQ(ghosts.MemoryBytes(), 0u);
}

TEST(GhostTable, AGhostIsFoundOnce) {
  GhostTable ghosts;
  ghosts.Resize(100);
  ghosts.Add(1234567);
  EXPECT_TRUE(ghosts.Take(1234567));
  EXPECT_FALSE(ghosts.Take(1234567));
}

TEST(GhostTable, RemembersTheNewestAndForgetsTheOldest) {
  GhostTable ghosts;
  ghosts.Resize(10'000);
  const auto old = Hashes(30'000, 1);
  for (const uint64_t hash : old) ghosts.Add(hash);
  const auto recent = Hashes(5'000, 2);
  for (const uint64_t hash : recent) ghosts.Add(hash);
  EXPECT_GT(CountTaken(ghosts, recent), 4'900u);
  EXPECT_LT(CountTaken(ghosts, old), 7'000u);
}

TEST(GhostTable, RarelyTakesAStrangerForAGhost) {
  GhostTable ghosts;
  ghosts.Resize(10'000);
  for (const uint64_t hash : Hashes(30'000, 1)) ghosts.Add(hash);
  EXPECT_LT(CountTaken(ghosts, Hashes(100'000, 3)), 200u);
}

TEST(GhostTable, KeepsItsGhostsWhenItDoublesAndMostAtAnyOtherGrowth) {
  GhostTable ghosts;
  ghosts.Resize(4'000);
  const auto hashes = Hashes(2'000, 1);
  for (const uint64_t hash : hashes) ghosts.Add(hash);
  ghosts.Resize(8'060);
  EXPECT_GT(CountTaken(ghosts, hashes), 1'950u);

  for (const uint64_t hash : hashes) ghosts.Add(hash);
  ghosts.Resize(12'000);
  EXPECT_GT(CountTaken(ghosts, hashes), 1'000u);
}

TEST(GhostTable, GivesMemoryBackWhenItShrinks) {
  GhostTable ghosts;
  ghosts.Resize(100'000);
  EXPECT_NEAR(static_cast<double>(ghosts.MemoryBytes()), 206'000, 1000);
  ghosts.Resize(1'000);
  EXPECT_LT(ghosts.MemoryBytes(), 2200u);
}

}  // namespace
}  // namespace larder::storage
