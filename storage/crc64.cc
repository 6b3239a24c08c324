#include "storage/crc64.h"

#include <array>
#include <bit>
#include <cstring>

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are read as they lie");

constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5u;  // 0xad93d23594c935a9, bits reversed
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint64_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 255] ^ (before >> 8);
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint64_t Crc64(std::string_view bytes) {
  uint64_t crc = 0;
  for (; bytes.size() >= kSlices; bytes.remove_prefix(kSlices)) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc ^= word;
    uint64_t next = 0;
    for (size_t i = 0; i < kSlices; ++i) next ^= kTables[kSlices - 1 - i][(crc >> (8 * i)) & 255];
    crc = next;
  }
  for (const char byte : bytes) {
    crc = kTables[0][(crc ^ static_cast<uint8_t>(byte)) & 255] ^ (crc >> 8);
  }
  return crc;
}

}  // namespace larder::storage
