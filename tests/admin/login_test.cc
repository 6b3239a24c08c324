#include "server/admin/login.h"

#include <gtest/gtest.h>

namespace larder::admin {
namespace {

TEST(Base64, DecodesWhatTheRfcShows) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("Zg=="), "f");
  EXPECT_EQ(DecodeBase64("Zm8="), "fo");
  EXPECT_EQ(DecodeBase64("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(DecodeBase64("+/+/"), "\xfb\xff\xbf");
}

TEST(Base64, RefusesAnythingElse) {
  EXPECT_EQ(DecodeBase64("Zg"), std::nullopt);
  EXPECT_EQ(DecodeBase64("Zg=a"), std::nullopt);
  EXPECT_EQ(DecodeBase64("Z-9v"), std::nullopt);
  EXPECT_EQ(DecodeBase64("Zm9v\n"), std::nullopt);
}

TEST(WrongLogins, AreLimitedPerAddressAndSecond) {
  WrongLogins wrong;
  for (int i = 0; i < WrongLogins::kPerSecondMax; ++i) {
    EXPECT_TRUE(wrong.MayTry("a", 1));
    wrong.Note("a", 1);
  }
  EXPECT_FALSE(wrong.MayTry("a", 1));
  EXPECT_TRUE(wrong.MayTry("b", 1));
  EXPECT_TRUE(wrong.MayTry("a", 2));
}

TEST(WrongLogins, RememberABoundedNumberOfAddresses) {
  WrongLogins wrong;
  for (size_t i = 0; i < WrongLogins::kAddressesMax; ++i) wrong.Note(std::to_string(i), 1);
  EXPECT_FALSE(wrong.MayTry("another", 1));
  EXPECT_TRUE(wrong.MayTry("another", 2));
}

}  // namespace
}  // namespace larder::admin
