#include "storage/bits.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace larder::storage {
namespace {

constexpr size_t kWordBytes = sizeof(uint64_t);

// Up to eight bytes from `at` on, as they lie in memory; zeros behind the end.
uint64_t LoadWord(std::string_view bytes, size_t at) {
  uint64_t word = 0;
  if (at < bytes.size()) {
    std::memcpy(&word, bytes.data() + at, std::min(kWordBytes, bytes.size() - at));
  }
  return word;
}

uint8_t ByteAt(std::string_view bytes, uint64_t at) { return static_cast<uint8_t>(bytes[at]); }

// The bits of a byte that lie in a range which begins or ends in it.
uint8_t FirstMask(uint64_t bit) { return static_cast<uint8_t>(0xff >> (bit & 7)); }
uint8_t LastMask(uint64_t bit) { return static_cast<uint8_t>(0xff << (7 - (bit & 7))); }

}  // namespace

bool GetBit(std::string_view bytes, uint64_t bit) {
  if (bit / 8 >= bytes.size()) return false;
  return (ByteAt(bytes, bit / 8) >> (7 - (bit & 7)) & 1) != 0;
}

void PutBit(std::span<char> bytes, uint64_t bit, bool on) {
  const auto mask = static_cast<uint8_t>(1 << (7 - (bit & 7)));
  const auto old = static_cast<uint8_t>(bytes[bit / 8]);
  bytes[bit / 8] = static_cast<char>(on ? old | mask : old & ~mask);
}

uint64_t CountBits(std::string_view bytes, BitRange range) {
  const uint64_t first_byte = range.first / 8, last_byte = range.last / 8;
  uint64_t count = 0;
  size_t at = first_byte;
  for (; at + kWordBytes <= last_byte + 1; at += kWordBytes) {
    count += static_cast<uint64_t>(std::popcount(LoadWord(bytes, at)));
  }
  for (; at <= last_byte; ++at) {
    count += static_cast<uint64_t>(std::popcount(ByteAt(bytes, at)));
  }
  // What was counted of the outer bytes beyond the range.
  const auto before = static_cast<uint8_t>(ByteAt(bytes, first_byte) & ~FirstMask(range.first));
  const auto behind = static_cast<uint8_t>(ByteAt(bytes, last_byte) & ~LastMask(range.last));
  return count - static_cast<uint64_t>(std::popcount(before) + std::popcount(behind));
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool on, BitRange range) {
  const uint64_t first_byte = range.first / 8, last_byte = range.last / 8;
  const uint64_t nothing = on ? 0 : std::numeric_limits<uint64_t>::max();
  for (uint64_t at = first_byte; at <= last_byte; ++at) {
    if (at > first_byte && at + kWordBytes <= last_byte && LoadWord(bytes, at) == nothing) {
      at += kWordBytes - 1;  // eight bytes without one
      continue;
    }
    uint8_t byte = on ? ByteAt(bytes, at) : static_cast<uint8_t>(~ByteAt(bytes, at));
    if (at == first_byte) byte &= FirstMask(range.first);
    if (at == last_byte) byte &= LastMask(range.last);
    if (byte != 0) return at * 8 + static_cast<uint64_t>(std::countl_zero(byte));
  }
  return std::nullopt;
}

int64_t BitField::Read(std::string_view bytes) const {
  uint64_t value = 0;
  for (int i = 0; i < bits; ++i) {
    value = value << 1 | (GetBit(bytes, offset + static_cast<uint64_t>(i)) ? 1 : 0);
  }
  if (is_signed && bits < 64) {
    const uint64_t sign = uint64_t{1} << (bits - 1);
    value = (value ^ sign) - sign;
  }
  return static_cast<int64_t>(value);
}

void BitField::Write(std::span<char> bytes, int64_t value) const {
  for (int i = 0; i < bits; ++i) {
    const bool on = (static_cast<uint64_t>(value) >> (bits - 1 - i) & 1) != 0;
    PutBit(bytes, offset + static_cast<uint64_t>(i), on);
  }
}

std::optional<int64_t> FitField(const BitField& field, __int128 value, Overflow overflow) {
  const int value_bits = field.is_signed ? field.bits - 1 : field.bits;
  const __int128 max = (static_cast<__int128>(1) << value_bits) - 1;
  const __int128 min = field.is_signed ? -max - 1 : 0;
  if (value >= min && value <= max) return static_cast<int64_t>(value);
  switch (overflow) {
    case Overflow::kFail:
      return std::nullopt;
    case Overflow::kSaturate:
      return static_cast<int64_t>(value > max ? max : min);
    case Overflow::kWrap:
      break;
  }
  auto bits = static_cast<uint64_t>(value);
  if (field.bits < 64) {
    bits &= (uint64_t{1} << field.bits) - 1;
    const uint64_t sign = uint64_t{1} << (field.bits - 1);
    if (field.is_signed) bits = (bits ^ sign) - sign;
  }
  return static_cast<int64_t>(bits);
}

void CombineBits(BitOperation operation, std::span<const std::string_view> sources,
                 std::span<char> result) {
  for (size_t at = 0; at < result.size(); at += kWordBytes) {
    const uint64_t first = LoadWord(sources[0], at);
    uint64_t all = first, any = first, odd = first, others = 0, twice = 0;
    for (const std::string_view source : sources.subspan(1)) {
      const uint64_t word = LoadWord(source, at);
      twice |= any & word;
      all &= word;
      any |= word;
      odd ^= word;
      others |= word;
    }
    uint64_t word = 0;
    switch (operation) {
      case BitOperation::kAnd:
        word = all;
        break;
      case BitOperation::kOr:
        word = any;
        break;
      case BitOperation::kXor:
        word = odd;
        break;
      case BitOperation::kNot:
        word = ~first;
        break;
      case BitOperation::kDiff:
        word = first & ~others;
        break;
      case BitOperation::kDiff1:
        word = others & ~first;
        break;
      case BitOperation::kAndOr:
        word = first & others;
        break;
      case BitOperation::kOne:
        word = any & ~twice;
        break;
    }
    std::memcpy(result.data() + at, &word, std::min(kWordBytes, result.size() - at));
  }
}

}  // namespace larder::storage
