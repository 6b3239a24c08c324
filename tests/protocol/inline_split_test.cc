#include "protocol/inline_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace larder::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

std::optional<std::vector<std::string>> Split(std::string_view line) {
  std::vector<std::string> words;
  if (!SplitWords(line, &words)) return std::nullopt;
  return words;
}

TEST(InlineSplit, SplitsAtBlanks) {
  EXPECT_THAT(Split(" a  b\tc\r\n"), Optional(ElementsAre("a", "b", "c")));
  EXPECT_THAT(Split(""), Optional(IsEmpty()));
  EXPECT_THAT(Split(" \v\f "), Optional(IsEmpty()));
}

TEST(InlineSplit, KeepsVerticalTabsAndFormFeedsWithinWords) {
  EXPECT_THAT(Split("PING\vfoo \f bar"), Optional(ElementsAre("PING\vfoo", "bar")));
}

TEST(InlineSplit, ReadsEscapesInDoubleQuotes) {
  EXPECT_THAT(Split(R"("a b\n\r\t\b\a\"\\\q" "\x41\xfF\x4")"),
              Optional(ElementsAre("a b\n\r\t\b\a\"\\q", "A\xffx4")));
}

TEST(InlineSplit, ReadsOnlyTheQuoteEscapeInSingleQuotes) {
  EXPECT_THAT(Split(R"('a\'b\n' '\q\\ ')"), Optional(ElementsAre("a'b\\n", "\\q\\\\ ")));
}

TEST(InlineSplit, ReadsEmptyWordsAndQuotesWithinAWord) {
  EXPECT_THAT(Split("'' \"\""), Optional(ElementsAre("", "")));
  EXPECT_THAT(Split("PI\"NG\" x"), Optional(ElementsAre("PING", "x")));
}

TEST(InlineSplit, RefusesUnbalancedQuotes) {
  for (const char* line : {"\"a", "'a", "\"a\"b", "'a'b", "a'", "\"\\\"", "\"a\\", "\"a\"\"b\""}) {
    EXPECT_EQ(Split(line), std::nullopt) << line;
  }
}

TEST(InlineSplit, TakesANulAsAnyByte) {
  EXPECT_THAT(Split(std::string_view("a\0b \"\0\"", 7)),
              Optional(ElementsAre(std::string("a\0b", 3), std::string(1, '\0'))));
}

}  // namespace
}  // namespace larder::protocol
