#include "protocol/byte_block.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace larder::protocol {
namespace {

TEST(ByteBlock, GrowsByAppending) {
  ByteBlock block;
  EXPECT_EQ(block.view(), "");
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    block.append("abc");
    block.append("");
    block.push_back('d');
    expected += "abcd";
  }
  EXPECT_EQ(block.view(), expected);
  EXPECT_GE(block.capacity(), block.size());
}

TEST(ByteBlock, CountsWhatWasWrittenInPlace) {
  ByteBlock block;
  block.append("ab");
  char* at = block.Reserve(100);
  *at++ = 'c';
  block.CommitTo(at);
  EXPECT_EQ(block.view(), "abc");
}

TEST(ByteBlock, DropsBytesAtBothEnds) {
  ByteBlock block;
  block.append("abcdef");
  block.resize(4);
  EXPECT_EQ(block.view(), "abcd");
  block.EraseFront(3);
  EXPECT_EQ(block.view(), "d");
  block.EraseFront(1);
  EXPECT_TRUE(block.empty());
}

TEST(ByteBlock, ReplacesByLessAsMuchAndMore) {
  ByteBlock block;
  block.append("abcdef");
  block.Replace(2, 2, "XY");
  EXPECT_EQ(block.view(), "abXYef");
  block.Replace(2, 2, "");
  EXPECT_EQ(block.view(), "abef");
  const std::string longer(1000, 'z');
  block.Replace(2, 1, longer);
  EXPECT_EQ(block.view(), "ab" + longer + "f");
  block.Replace(block.size(), 0, "end");
  EXPECT_EQ(block.view(), "ab" + longer + "fend");
}

TEST(ByteBlock, MovesItsBytes) {
  ByteBlock block;
  block.append("abc");
  ByteBlock moved = std::move(block);
  EXPECT_EQ(moved.view(), "abc");
  block = {};
  block.append("x");
  moved = std::move(block);
  EXPECT_EQ(moved.view(), "x");
}

}  // namespace
}  // namespace larder::protocol
