#include "storage/bits.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

std::string RandomBytes(std::mt19937* random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>((*random)());
  return bytes;
}

TEST(Bits, CountAndFindAgreeWithSingleBits) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = RandomBytes(&random, 1 + random() % 40);
    if (round % 3 == 0) bytes.assign(bytes.size(), round % 2 == 0 ? '\0' : '\xff');
    const uint64_t size = bytes.size() * 8;
    BitRange range{random() % size, random() % size};
    if (range.first > range.last) std::swap(range.first, range.last);
    uint64_t count = 0;
    std::optional<uint64_t> first[2];
    for (uint64_t bit = range.first; bit <= range.last; ++bit) {
      const bool on = GetBit(bytes, bit);
      count += on ? 1 : 0;
      if (!first[on]) first[on] = bit;
    }
    ASSERT_EQ(CountBits(bytes, range), count);
    ASSERT_EQ(FindBit(bytes, false, range), first[0]);
    ASSERT_EQ(FindBit(bytes, true, range), first[1]);
  }
}

TEST(Bits, FieldsReadWhatWasWritten) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = RandomBytes(&random, 16);
    const std::string before = bytes;
    BitField field{.is_signed = random() % 2 == 0};
    field.bits = static_cast<int>(1 + random() % (field.is_signed ? 64 : 63));
    field.offset = random() % 64;
    const auto value = static_cast<int64_t>(uint64_t{random()} << 32 | random());
    const int64_t fitted = *FitField(field, value, Overflow::kWrap);
    field.Write(bytes, fitted);
    ASSERT_EQ(field.Read(bytes), fitted);
    for (uint64_t bit = 0; bit < 128; ++bit) {
      if (bit >= field.offset && bit < field.offset + static_cast<uint64_t>(field.bits)) continue;
      ASSERT_EQ(GetBit(bytes, bit), GetBit(before, bit));
    }
  }
}

TEST(Bits, ValuesThatDoNotFitWrapSaturateOrFail) {
  const BitField i8{.is_signed = true, .bits = 8}, u8{.bits = 8},
      i64{.is_signed = true, .bits = 64};
  EXPECT_EQ(FitField(i8, 128, Overflow::kWrap), -128);
  EXPECT_EQ(FitField(i8, -129, Overflow::kWrap), 127);
  EXPECT_EQ(FitField(i8, 1000, Overflow::kSaturate), 127);
  EXPECT_EQ(FitField(i8, -1000, Overflow::kSaturate), -128);
  EXPECT_EQ(FitField(i8, 128, Overflow::kFail), std::nullopt);
  EXPECT_EQ(FitField(u8, -1, Overflow::kWrap), 255);
  EXPECT_EQ(FitField(u8, -1, Overflow::kSaturate), 0);
  EXPECT_EQ(FitField(u8, 256, Overflow::kSaturate), 255);
  constexpr __int128 kBeyond = static_cast<__int128>(INT64_MAX) + 1;
  EXPECT_EQ(FitField(i64, kBeyond, Overflow::kWrap), INT64_MIN);
  EXPECT_EQ(FitField(i64, kBeyond, Overflow::kSaturate), INT64_MAX);
}

TEST(Bits, StringsOfAnyLengthAreCombined) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> strings;
    for (size_t i = 0; i < 1 + random() % 4; ++i) {
      strings.push_back(RandomBytes(&random, random() % 20));
    }
    const std::vector<std::string_view> sources(strings.begin(), strings.end());
    size_t longest = 0;
    for (const std::string& each : strings) longest = std::max(longest, each.size());
    for (const auto operation :
         {BitOperation::kAnd, BitOperation::kOr, BitOperation::kXor, BitOperation::kNot,
          BitOperation::kDiff, BitOperation::kDiff1, BitOperation::kAndOr, BitOperation::kOne}) {
      std::string result(longest, 'x');
      CombineBits(operation, sources, result);
      for (uint64_t bit = 0; bit < longest * 8; ++bit) {
        const bool first = GetBit(strings[0], bit);
        size_t others = 0;
        for (size_t i = 1; i < strings.size(); ++i) others += GetBit(strings[i], bit) ? 1 : 0;
        const size_t all = others + (first ? 1 : 0);
        bool expected = false;
        switch (operation) {
          case BitOperation::kAnd:
            expected = all == strings.size();
            break;
          case BitOperation::kOr:
            expected = all > 0;
            break;
          case BitOperation::kXor:
            expected = all % 2 == 1;
            break;
          case BitOperation::kNot:
            expected = !first;
            break;
          case BitOperation::kDiff:
            expected = first && others == 0;
            break;
          case BitOperation::kDiff1:
            expected = !first && others > 0;
            break;
          case BitOperation::kAndOr:
            expected = first && others > 0;
            break;
          case BitOperation::kOne:
            expected = all == 1;
            break;
        }
        ASSERT_EQ(GetBit(result, bit), expected);
      }
    }
  }
}

}  // namespace
}  // namespace larder::storage
