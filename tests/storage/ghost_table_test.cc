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

void Resize(GhostTable& ghosts, size_t objects) {
  ghosts.Resize(objects);
  while (!ghosts.MoveSome(10)) {
  }
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
  Resize(ghosts, 100);
  ghosts.Add(1234567);
  EXPECT_TRUE(ghosts.Take(1234567));
  EXPECT_FALSE(ghosts.Take(1234567));
}

TEST(GhostTable, RemembersTheNewestAndForgetsTheOldest) {
  GhostTable ghosts;
  Resize(ghosts, 10'000);
  const auto old = Hashes(30'000, 1);
  for (const uint64_t hash : old) ghosts.Add(hash);
  const auto recent = Hashes(5'000, 2);
  for (const uint64_t hash : recent) ghosts.Add(hash);
  EXPECT_GT(CountTaken(ghosts, recent), 4'900u);
  EXPECT_LT(CountTaken(ghosts, old), 7'000u);
}

TEST(GhostTable, RarelyTakesAStrangerForAGhost) {
  GhostTable ghosts;
  Resize(ghosts, 10'000);
  for (const uint64_t hash : Hashes(30'000, 1)) ghosts.Add(hash);
  EXPECT_LT(CountTaken(ghosts, Hashes(100'000, 3)), 200u);
}

TEST(GhostTable, KeepsItsGhostsWhenItDoublesAndMostAtAnyOtherGrowth) {
  GhostTable ghosts;
  Resize(ghosts, 4'000);
  const auto hashes = Hashes(2'000, 1);
  for (const uint64_t hash : hashes) ghosts.Add(hash);
  Resize(ghosts, 8'060);
  EXPECT_GT(CountTaken(ghosts, hashes), 1'950u);

  for (const uint64_t hash : hashes) ghosts.Add(hash);
  Resize(ghosts, 12'000);
  EXPECT_GT(CountTaken(ghosts, hashes), 1'000u);
}

TEST(GhostTable, KeepsItsGhostsWhileTheyMove) {
  GhostTable ghosts;
  Resize(ghosts, 8'000);
  const auto hashes = Hashes(2'000, 1);
  for (const uint64_t hash : hashes) ghosts.Add(hash);
  ghosts.Resize(16'058);
  EXPECT_FALSE(ghosts.MoveSome(200));
  const auto added = Hashes(2'000, 2);
  for (const uint64_t hash : added) ghosts.Add(hash);
  ghosts.Resize(100);  // one after the other
  EXPECT_FALSE(ghosts.MoveSome(100));
  while (!ghosts.MoveSome(10)) {
  }
  EXPECT_GT(CountTaken(ghosts, hashes), 1'950u);
  EXPECT_GT(CountTaken(ghosts, added), 1'950u);
}

TEST(GhostTable, GivesMemoryBackWhenItShrinks) {
  GhostTable ghosts;
  Resize(ghosts, 100'000);
  EXPECT_NEAR(static_cast<double>(ghosts.MemoryBytes()), 206'000, 1000);
  Resize(ghosts, 1'000);
  EXPECT_LT(ghosts.MemoryBytes(), 2200u);
}

}  // namespace
}  // namespace larder::storage
