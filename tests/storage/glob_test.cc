#include "storage/glob.h"

#include <string>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(Glob, MatchesLiteralsStarsAndQuestionMarks) {
  EXPECT_TRUE(GlobMatch("", ""));
  EXPECT_TRUE(GlobMatch("hello", "hello"));
  EXPECT_FALSE(GlobMatch("hello", "hell"));
  EXPECT_FALSE(GlobMatch("hell", "hello"));
  EXPECT_TRUE(GlobMatch("h?llo", "hxllo"));
  EXPECT_FALSE(GlobMatch("h?llo", "hllo"));
  EXPECT_TRUE(GlobMatch("h*llo", "heeeello"));
  EXPECT_TRUE(GlobMatch("h*llo", "hllo"));
  EXPECT_TRUE(GlobMatch("*", "x"));
  EXPECT_TRUE(GlobMatch("x***", "x"));
  EXPECT_TRUE(GlobMatch("**a**b**", "xaxbx"));
  EXPECT_TRUE(GlobMatch("*a*a*b", "aaaab"));
  EXPECT_FALSE(GlobMatch("*a*a*b", "ab"));
  EXPECT_TRUE(GlobMatch("*?", "x"));
}

TEST(Glob, AnEmptyTextMatchesOnlyAnEmptyPattern) {
  EXPECT_FALSE(GlobMatch("**", ""));
  EXPECT_FALSE(GlobMatch("a", ""));
  EXPECT_FALSE(GlobMatch("", "a"));
}

TEST(Glob, MatchesClassesRangesAndNegation) {
  EXPECT_TRUE(GlobMatch("h[ae]llo", "hello"));
  EXPECT_FALSE(GlobMatch("h[ae]llo", "hillo"));
  EXPECT_TRUE(GlobMatch("h[^e]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(GlobMatch("h[c-a]llo", "hbllo"));
  EXPECT_FALSE(GlobMatch("h[a-c]llo", "hdllo"));
  EXPECT_TRUE(GlobMatch("[\\]]", "]"));
  EXPECT_TRUE(GlobMatch("[a\\-z]", "-"));
  EXPECT_FALSE(GlobMatch("[a\\-z]", "m"));
  EXPECT_TRUE(GlobMatch("*[0-9]", "key7"));
}

TEST(Glob, AnUnclosedClassEndsWithThePattern) {
  EXPECT_TRUE(GlobMatch("a[bc", "ab"));
  EXPECT_FALSE(GlobMatch("a[bc", "ad"));
  EXPECT_TRUE(GlobMatch("a[^", "ab"));
  EXPECT_FALSE(GlobMatch("a[", "ab"));
  EXPECT_FALSE(GlobMatch("[]a]", "a"));
  EXPECT_TRUE(GlobMatch("[a-]", "a"));  // a range up to the bracket, then no end
}

TEST(Glob, ABackslashMakesTheNextByteLiteral) {
  EXPECT_TRUE(GlobMatch("a\\*", "a*"));
  EXPECT_FALSE(GlobMatch("a\\*", "ab"));
  EXPECT_TRUE(GlobMatch("a\\", "a\\"));
  EXPECT_TRUE(GlobMatch("\\\\", "\\"));
}

TEST(Glob, IgnoresCaseWhenAsked) {
  EXPECT_FALSE(GlobMatch("HELLO", "hello"));
  EXPECT_TRUE(GlobMatch("HELLO", "hello", GlobCase::kInsensitive));
  EXPECT_TRUE(GlobMatch("[A-C]x", "bX", GlobCase::kInsensitive));
}

TEST(Glob, TreatsTextsAsBytes) {
  EXPECT_TRUE(GlobMatch(std::string_view("a\0*", 3), std::string_view("a\0b\xff", 4)));
  EXPECT_TRUE(GlobMatch("[\x80-\xff]", "\xc3"));
}

// With backtracking to every star this takes longer than the universe has.
TEST(Glob, ManyStarsDoNotExplode) {
  EXPECT_FALSE(GlobMatch(Repeat("a*", 50) + "b", Repeat("a", 1000)));
  EXPECT_TRUE(GlobMatch(Repeat("a*", 50) + "b", Repeat("a", 1000) + "b"));
  EXPECT_FALSE(GlobMatch(Repeat("a*", 50000) + "b", Repeat("a", 100)));
  EXPECT_FALSE(GlobMatch(Repeat("*", 100000) + "b", Repeat("a", 1000)));
}

}  // namespace
}  // namespace larder::storage
