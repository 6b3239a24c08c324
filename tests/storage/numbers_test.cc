#include "storage/numbers.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(Numbers, IntegersHaveOneSpellingOnly) {
  EXPECT_EQ(ParseInteger("0"), 0);
  EXPECT_EQ(ParseInteger("-1"), -1);
  EXPECT_EQ(ParseInteger("9223372036854775807"), kMax);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), kMin);
  for (const char* text : {"", "-", "-0", "+1", "01", "-01", " 1", "1 ", "1.0", "0x1", "1e3", "a",
                           "9223372036854775808", "-9223372036854775809", "99999999999999999999"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseInteger(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Numbers, UnsignedIntegersReachTwoTo64) {
  EXPECT_EQ(ParseUnsigned("0"), 0u);
  EXPECT_EQ(ParseUnsigned("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  for (const char* text : {"", "-1", "+1", "00", "18446744073709551616", "1x"}) {
    EXPECT_EQ(ParseUnsigned(text), std::nullopt) << text;
  }
}

TEST(Numbers, DoublesFollowStrtodButRefuseSpaceNanAndOverflow) {
  EXPECT_EQ(ParseDouble("3.25"), 3.25);
  EXPECT_EQ(ParseDouble("+1e3"), 1000);
  EXPECT_EQ(ParseDouble("0x10"), 16);
  EXPECT_EQ(ParseDouble("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseLongDouble("5e-1"), 0.5L);
  EXPECT_TRUE(std::isinf(ParseLongDouble("Infinity").value_or(0)));
  for (const char* text : {"", " 1", "1 ", "nan", "-nan", "1e", "abc", "1.2.3", "0x"}) {
    EXPECT_EQ(ParseDouble(text), std::nullopt) << text;
    EXPECT_EQ(ParseLongDouble(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDouble("1e999"), std::nullopt);
  EXPECT_EQ(ParseDouble("1e-999"), std::nullopt);
  EXPECT_EQ(ParseLongDouble("1e9999"), std::nullopt);
  EXPECT_EQ(ParseLongDouble(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Numbers, LongDoublesPrintFixedAndTrimmed) {
  EXPECT_EQ(FormatLongDouble(10.5L), "10.5");
  EXPECT_EQ(FormatLongDouble(3), "3");
  EXPECT_EQ(FormatLongDouble(100), "100");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
  EXPECT_EQ(FormatLongDouble(1e20L), "100000000000000000000");
  EXPECT_EQ(FormatLongDouble(0.1L), "0.1");
  EXPECT_EQ(FormatLongDouble(1e-18L), "0");
  EXPECT_EQ(FormatLongDouble(-1e-5L), "-0.00001");
}

TEST(Numbers, IntegersPrintInDecimal) {
  char text[kIntegerTextBytesMax];
  EXPECT_EQ(std::string_view(text, FormatInteger(kMin, text)), "-9223372036854775808");
  EXPECT_EQ(std::string_view(text, FormatInteger(0, text)), "0");
}

TEST(Numbers, ArithmeticSaysWhenItOverflows) {
  EXPECT_EQ(CheckedAdd(1, 2), 3);
  EXPECT_EQ(CheckedAdd(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd(kMin, -1), std::nullopt);
  EXPECT_EQ(CheckedMultiply(kMax / 1000, 1000), kMax / 1000 * 1000);
  EXPECT_EQ(CheckedMultiply(kMax, 2), std::nullopt);
}

}  // namespace
}  // namespace larder::storage
