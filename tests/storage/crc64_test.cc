#include "storage/crc64.h"

#include <gtest/gtest.h>

#include <string>

namespace larder::storage {
namespace {

// The same, bit by bit.
uint64_t Reference(std::string_view bytes) {
  uint64_t crc = 0;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5u : 0);
  }
  return crc;
}

TEST(Crc64, AnswersTheCheckValueOfItsPolynomial) {
  EXPECT_EQ(Crc64("123456789"), 0xe9c6d914c4b8d9cau);
  EXPECT_EQ(Crc64(""), 0u);
}

TEST(Crc64, IsTheSameAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Crc64(bytes), Reference(bytes)) << i;
    bytes.push_back(static_cast<char>(i * 37 + 200));
  }
}

}  // namespace
}  // namespace larder::storage
