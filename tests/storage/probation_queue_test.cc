#include "storage/probation_queue.h"

#include <gtest/gtest.h>

namespace larder::storage {
namespace {

TEST(ProbationQueue, GivesBackInOrder) {
  ProbationQueue queue;
  uint32_t next_in = 0, next_out = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 70; ++i) queue.Push(next_in++);
    for (int i = 0; i < 60; ++i) ASSERT_EQ(queue.Pop(), next_out++);
    ASSERT_EQ(queue.size(), next_in - next_out);
  }
  while (!queue.empty()) ASSERT_EQ(queue.Pop(), next_out++);
  EXPECT_EQ(next_in, next_out);
}

TEST(ProbationQueue, AnEmptyOneTakesNoMemory) {
  ProbationQueue queue;
  for (uint32_t i = 0; i < 1000; ++i) queue.Push(i);
  EXPECT_LE(queue.MemoryBytes(), 5000u);
  while (!queue.empty()) queue.Pop();
  EXPECT_EQ(queue.MemoryBytes(), 0u);
  queue.Push(1);
  queue.Clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.MemoryBytes(), 0u);
}

TEST(ProbationQueue, GoesInSlices) {
  ProbationQueue queue;
  for (uint32_t i = 0; i < 3000; ++i) queue.Push(i);
  for (int i = 0; i < 300; ++i) queue.Pop();
  int slices = 1;
  size_t before = queue.size();
  while (!queue.FreeSome(2)) {
    EXPECT_LT(queue.size(), before);
    before = queue.size();
    ++slices;
  }
  EXPECT_GT(slices, 3);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.MemoryBytes(), 0u);
  queue.Push(7);
  EXPECT_EQ(queue.Pop(), 7u);
}

}  // namespace
}  // namespace larder::storage
