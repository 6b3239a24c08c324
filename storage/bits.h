// Strings as arrays of bits: bit 0 is the highest of byte 0, as SETBIT counts them. What lies
// behind the end of a string reads as 0.
//
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace larder::storage {

bool GetBit(std::string_view bytes, uint64_t bit);
// REQUIRES: bit / 8 < bytes.size().
void PutBit(std::span<char> bytes, uint64_t bit, bool on);

// Bits from `first` to `last`, both included.
struct BitRange {
  uint64_t first = 0, last = 0;
};

// How many bits of a range are set. REQUIRES: first <= last < 8 * bytes.size().
uint64_t CountBits(std::string_view bytes, BitRange range);
// Where the first bit with a value is. REQUIRES: as CountBits.
std::optional<uint64_t> FindBit(std::string_view bytes, bool on, BitRange range);

// An integer of `bits` bits, the highest first, as it lies at bit `offset`.
struct BitField {
  bool is_signed = false;
  int bits = 8;  // 1 to 64, 63 when unsigned
  uint64_t offset = 0;

  int64_t Read(std::string_view bytes) const;
  // REQUIRES: the field lies within `bytes`.
  void Write(std::span<char> bytes, int64_t value) const;
};

enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

// `value` as such a field holds it; nothing when it does not fit and `overflow` is kFail.
// __int128: no sum of two 64-bit integers is out of its range.
std::optional<int64_t> FitField(const BitField& field, __int128 value, Overflow overflow);

enum class BitOperation : uint8_t {
  kAnd,
  kOr,
  kXor,
  kNot,
  kDiff,   // the first without all others
  kDiff1,  // any other without the first
  kAndOr,  // the first, and any other
  kOne     // exactly one
};

// Combines strings, each as long as the longest, into `result`, which is that long.
// REQUIRES: !sources.empty(); kNot has one source.
void CombineBits(BitOperation operation, std::span<const std::string_view> sources,
                 std::span<char> result);

}  // namespace larder::storage
