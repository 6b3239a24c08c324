#include "storage/lcs.h"

#include <limits>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

TEST(Lcs, FindsTheSequenceAndItsRanges) {
  const LcsResult result = FindLcs("ohmytext", "mynewtext");
  EXPECT_EQ(result.sequence, "mytext");
  ASSERT_EQ(result.matches.size(), 2u);
  EXPECT_EQ(result.matches[0].a_first, 4u);
  EXPECT_EQ(result.matches[0].a_last, 7u);
  EXPECT_EQ(result.matches[0].b_first, 5u);
  EXPECT_EQ(result.matches[0].b_last, 8u);
  EXPECT_EQ(result.matches[0].length(), 4u);
  EXPECT_EQ(result.matches[1].a_first, 2u);
  EXPECT_EQ(result.matches[1].b_last, 1u);
  EXPECT_EQ(LcsLength("ohmytext", "mynewtext"), 6u);
}

TEST(Lcs, OfNothingInCommonIsEmpty) {
  EXPECT_EQ(FindLcs("abc", "xyz").sequence, "");
  EXPECT_TRUE(FindLcs("abc", "").matches.empty());
  EXPECT_EQ(LcsLength("", "abc"), 0u);
}

TEST(Lcs, LengthAgreesWithTheSequence) {
  const std::string a = "the quick brown fox", b = "a quirky crown of oaks";
  EXPECT_EQ(LcsLength(a, b), FindLcs(a, b).sequence.size());
}

TEST(Lcs, TableSizesDoNotWrapAround) {
  EXPECT_EQ(LcsTableBytes(2, 3), 48u);
  EXPECT_EQ(LcsTableBytes(size_t{1} << 33, size_t{1} << 33), std::numeric_limits<size_t>::max());
}

}  // namespace
}  // namespace larder::storage
