#include "storage/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace larder::storage::hyperloglog {
namespace {

constexpr int kIndexBits = 14;
constexpr int kHashBits = 64 - kIndexBits;  // of which leading zeros are counted
constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingAt = 4, kCacheAt = 8;
constexpr uint64_t kStale = uint64_t{1} << 63;
constexpr uint64_t kHashSeed = 0xadc83b19;

// The opcodes of the sparse form.
constexpr size_t kZeroMax = 64;         // 00xxxxxx: so many zero registers, less one
constexpr size_t kLongZeroMax = 16384;  // 01xxxxxx yyyyyyyy
constexpr size_t kRunMax = 4;           // 1vvvvvxx: a value, less one, and how often, less one
constexpr uint8_t kRunValueMax = 32;
constexpr int kMergedOpcodesMax = 5;  // how many are looked at for merging after a change

struct Opcode {
  size_t length;  // registers
  uint8_t value;  // 0 for both kinds of zeros
  size_t bytes;   // 1 or 2
  bool long_zeros;
};

// REQUIRES: at < bytes.size(). A long one that is cut off reads as if a zero byte followed.
Opcode ReadOpcode(std::string_view bytes, size_t at) {
  const auto byte = static_cast<uint8_t>(bytes[at]);
  if ((byte & 0x80) != 0) {
    return {(byte & 3u) + 1u, static_cast<uint8_t>((byte >> 2 & 31) + 1), 1, false};
  }
  if ((byte & 0x40) == 0) return {(byte & 63u) + 1u, 0, 1, false};
  const auto low = at + 1 < bytes.size() ? static_cast<uint8_t>(bytes[at + 1]) : uint8_t{0};
  return {((byte & 63u) << 8 | low) + 1u, 0, 2, true};
}

void AppendZeros(std::string* out, size_t length) {
  if (length == 0) return;
  if (length > kZeroMax) {
    out->push_back(static_cast<char>((length - 1) >> 8 | 0x40));
    out->push_back(static_cast<char>((length - 1) & 0xff));
  } else {
    out->push_back(static_cast<char>(length - 1));
  }
}

char RunOpcode(uint8_t value, size_t length) {
  return static_cast<char>((value - 1) << 2 | static_cast<int>(length - 1) | 0x80);
}

void AppendRun(std::string* out, uint8_t value, size_t length) {
  if (length > 0) out->push_back(RunOpcode(value, length));
}

// MurmurHash64A by Austin Appleby, as Redis has it.
uint64_t Hash(std::string_view element) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kHashSeed ^ (element.size() * kMultiplier);
  size_t at = 0;
  for (; at + 8 <= element.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, element.data() + at, sizeof(word));
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash ^= word;
    hash *= kMultiplier;
  }
  if (at < element.size()) {
    uint64_t rest = 0;
    std::memcpy(&rest, element.data() + at, element.size() - at);
    hash ^= rest;
    hash *= kMultiplier;
  }
  hash ^= hash >> kShift;
  hash *= kMultiplier;
  return hash ^ hash >> kShift;
}

// ---- dense registers: six bits each, the lowest first

uint8_t DenseRegister(const char* bytes, size_t index) {
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes) + kHeaderBytes;
  const size_t at = index * 6 / 8, shift = index * 6 & 7;
  const unsigned high = shift > 2 ? data[at + 1] : 0u;  // else all six bits lie in one byte
  return static_cast<uint8_t>((data[at] >> shift | high << (8 - shift)) & 63);
}

void SetDenseRegister(char* bytes, size_t index, uint8_t value) {
  auto* const data = reinterpret_cast<uint8_t*>(bytes) + kHeaderBytes;
  const size_t at = index * 6 / 8, shift = index * 6 & 7;
  data[at] =
      static_cast<uint8_t>((data[at] & ~(63u << shift)) | static_cast<unsigned>(value) << shift);
  if (shift <= 2) return;
  data[at + 1] =
      static_cast<uint8_t>((data[at + 1] & ~(63u >> (8 - shift))) | value >> (8 - shift));
}

// ---- sparse

// Calls visit(first register, opcode); false when the opcodes do not cover the registers exactly.
template <class Visitor>
bool ForOpcodes(std::string_view bytes, Visitor&& visit) {
  size_t first = 0;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const Opcode opcode = ReadOpcode(bytes, at);
    if (first + opcode.length > kRegisters) return false;
    visit(first, opcode);
    first += opcode.length;
    at += opcode.bytes;
  }
  return first == kRegisters;
}

// Merges neighbouring runs of one value, looking at a few opcodes from `at` on.
void MergeRuns(std::string* bytes, size_t at) {
  for (int i = 0; i < kMergedOpcodesMax && at < bytes->size(); ++i) {
    const Opcode opcode = ReadOpcode(*bytes, at);
    if (opcode.value != 0 && at + 1 < bytes->size()) {
      const Opcode next = ReadOpcode(*bytes, at + 1);
      if (next.value == opcode.value && opcode.length + next.length <= kRunMax) {
        (*bytes)[at + 1] = RunOpcode(opcode.value, opcode.length + next.length);
        bytes->erase(at, 1);
        continue;
      }
    }
    at += opcode.bytes;
  }
}

// The opcodes that stand for `old` once the register at `offset` of it has another value.
std::string Split(const Opcode& old, size_t offset, uint8_t value) {
  std::string split;
  const size_t behind = old.length - offset - 1;
  if (old.value == 0) {
    AppendZeros(&split, offset);
    AppendRun(&split, value, 1);
    AppendZeros(&split, behind);
  } else {
    AppendRun(&split, old.value, offset);
    AppendRun(&split, value, 1);
    AppendRun(&split, old.value, behind);
  }
  return split;
}

Change Promote(std::string* bytes, Hit hit) {
  if (!ToDense(bytes)) return Change::kCorrupt;
  return RaiseDense(bytes->data(), hit) ? Change::kDone : Change::kNone;
}

Change RaiseSparse(std::string* bytes, Hit hit, size_t sparse_bytes_max) {
  if (hit.count > kRunValueMax) return Promote(bytes, hit);
  size_t first = 0, at = kHeaderBytes, previous = kHeaderBytes;
  Opcode opcode{};
  for (; at < bytes->size(); at += opcode.bytes, first += opcode.length) {
    opcode = ReadOpcode(*bytes, at);
    if (hit.index < first + opcode.length) break;
    previous = at;
  }
  if (at >= bytes->size() || at + opcode.bytes > bytes->size()) return Change::kCorrupt;
  if (opcode.value >= hit.count) return Change::kNone;
  const std::string split = Split(opcode, hit.index - first, hit.count);
  if (split.size() > opcode.bytes &&
      bytes->size() + split.size() - opcode.bytes > sparse_bytes_max) {
    return Promote(bytes, hit);
  }
  bytes->replace(at, opcode.bytes, split);
  MergeRuns(bytes, previous);
  InvalidateCache(bytes->data());
  return Change::kDone;
}

// ---- the estimator

double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, previous;
  do {
    x *= x;
    previous = z;
    z += x * y;
    y += y;
  } while (previous != z);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, previous;
  do {
    x = std::sqrt(x);
    previous = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  } while (previous != z);
  return z / 3;
}

}  // namespace

std::string Empty() {
  std::string bytes(kHeaderBytes, '\0');
  bytes.replace(0, kMagic.size(), kMagic);
  bytes[kEncodingAt] = static_cast<char>(Encoding::kSparse);
  AppendZeros(&bytes, kLongZeroMax);
  return bytes;
}

bool IsValid(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  const auto encoding = static_cast<uint8_t>(bytes[kEncodingAt]);
  if (encoding > static_cast<uint8_t>(Encoding::kSparse)) return false;
  return EncodingOf(bytes) == Encoding::kSparse || bytes.size() == kDenseBytes;
}

Encoding EncodingOf(std::string_view bytes) { return static_cast<Encoding>(bytes[kEncodingAt]); }

Hit HitOf(std::string_view element) {
  const uint64_t hash = Hash(element);
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kHashBits;  // ends the count
  return {static_cast<size_t>(hash & (kRegisters - 1)),
          static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

Change Raise(std::string* bytes, Hit hit, size_t sparse_bytes_max) {
  if (EncodingOf(*bytes) == Encoding::kSparse) return RaiseSparse(bytes, hit, sparse_bytes_max);
  return RaiseDense(bytes->data(), hit) ? Change::kDone : Change::kNone;
}

bool RaiseDense(char* bytes, Hit hit) {
  if (DenseRegister(bytes, hit.index) >= hit.count) return false;
  SetDenseRegister(bytes, hit.index, hit.count);
  return true;
}

void InvalidateCache(char* bytes) { bytes[kCacheAt + 7] |= static_cast<char>(0x80); }

std::optional<uint64_t> CachedCount(std::string_view bytes) {
  uint64_t count;
  std::memcpy(&count, bytes.data() + kCacheAt, sizeof(count));
  return (count & kStale) != 0 ? std::nullopt : std::optional(count);
}

void StoreCount(char* bytes, uint64_t count) {
  std::memcpy(bytes + kCacheAt, &count, sizeof(count));
}

bool MergeInto(std::string_view bytes, Registers* registers) {
  if (EncodingOf(bytes) == Encoding::kDense) {
    for (size_t i = 0; i < kRegisters; ++i) {
      (*registers)[i] = std::max((*registers)[i], DenseRegister(bytes.data(), i));
    }
    return true;
  }
  return ForOpcodes(bytes, [&](size_t first, const Opcode& opcode) {
    if (opcode.value == 0) return;
    for (size_t i = first; i < first + opcode.length; ++i) {
      (*registers)[i] = std::max((*registers)[i], opcode.value);
    }
  });
}

uint64_t Count(const Registers& registers) {
  constexpr double kAlpha = 0.721347520444481703680;  // 0.5 / ln 2
  constexpr auto kCount = static_cast<double>(kRegisters);
  int histogram[64] = {};
  for (const uint8_t value : registers) ++histogram[value & 63];
  double z = kCount * Tau((kCount - histogram[kHashBits + 1]) / kCount);
  for (int i = kHashBits; i >= 1; --i) {
    z += histogram[i];
    z *= 0.5;
  }
  z += kCount * Sigma(histogram[0] / kCount);
  return static_cast<uint64_t>(std::llround(kAlpha * kCount * kCount / z));
}

bool ToDense(std::string* bytes) {
  if (EncodingOf(*bytes) == Encoding::kDense) return true;
  std::string dense(kDenseBytes, '\0');
  dense.replace(0, kHeaderBytes, *bytes, 0, kHeaderBytes);
  dense[kEncodingAt] = static_cast<char>(Encoding::kDense);
  const bool whole = ForOpcodes(*bytes, [&](size_t first, const Opcode& opcode) {
    if (opcode.value == 0) return;
    for (size_t i = first; i < first + opcode.length; ++i) {
      SetDenseRegister(dense.data(), i, opcode.value);
    }
  });
  if (whole) *bytes = std::move(dense);
  return whole;
}

std::string Opcodes(std::string_view bytes) {
  std::string text;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const Opcode opcode = ReadOpcode(bytes, at);
    if (!text.empty()) text += ' ';
    if (opcode.value != 0) {
      text += "v:" + std::to_string(opcode.value) + "," + std::to_string(opcode.length);
    } else {
      text += (opcode.long_zeros ? "Z:" : "z:") + std::to_string(opcode.length);
    }
    at += opcode.bytes;
  }
  return text;
}

}  // namespace larder::storage::hyperloglog
