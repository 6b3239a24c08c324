#include "storage/digest.h"

#include <string>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

std::string Text(std::string_view value) {
  const auto digits = FormatDigest(Digest(value));
  return {digits.data(), digits.size()};
}

TEST(Digest, IsXxh3InSixteenHexDigits) {
  EXPECT_EQ(Text("Hello world"), "b6acb9d84a38ff74");  // the example of DIGEST's reference page
  EXPECT_EQ(FormatDigest(0x1f)[0], '0');
}

TEST(Digest, IsReadBackInEitherCase) {
  EXPECT_EQ(ParseDigest("b6acb9d84a38ff74"), Digest("Hello world"));
  EXPECT_EQ(ParseDigest("B6ACB9D84A38FF74"), Digest("Hello world"));
  for (const char* digits : {"", "b6acb9d84a38ff7", "b6acb9d84a38ff740", "b6acb9d84a38ff7g",
                             "0xb6acb9d84a38ff", "-6acb9d84a38ff74", "+6acb9d84a38ff74"}) {
    EXPECT_EQ(ParseDigest(digits), std::nullopt) << digits;
  }
}

}  // namespace
}  // namespace larder::storage
