#include "server/admin/json.h"

#include <gtest/gtest.h>

namespace larder::admin {
namespace {

TEST(JsonText, KeepsTextAsItIs) {
  EXPECT_EQ(JsonText("käse \xF0\x9F\xA7\x80 <b>\n"), "käse \xF0\x9F\xA7\x80 <b>\n");
  EXPECT_EQ(JsonText(""), "");
}

TEST(JsonText, ShowsBytesThatAreNoText) {
  EXPECT_EQ(JsonText("a\xff\x80z"), "a\\xff\\x80z");
  EXPECT_EQ(JsonText("\xc3"), "\\xc3");                             // cut off
  EXPECT_EQ(JsonText("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(JsonText("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(JsonText("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
}

TEST(JsonText, IsWhatTheWriterTakesWhateverTheBytes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_NO_THROW(Json(JsonText(all)).dump());
}

}  // namespace
}  // namespace larder::admin
