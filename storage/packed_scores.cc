#include "storage/packed_scores.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "scores are cut to their low bytes");

constexpr uint8_t kRawScore = 9;                     // eight bytes of a double follow
constexpr double kIntegralMax = 4503599627370495.0;  // exact far beyond; larger ones are rare
constexpr size_t kScoreBytesMax = 1 + sizeof(double);
constexpr size_t kLengthBytesMax = 5;

// Writes the score behind the byte that tells its length; returns how many bytes that took.
size_t WriteScore(double score, uint8_t* out) {
  if (std::abs(score) <= kIntegralMax && score == std::trunc(score)) {
    const auto integer = static_cast<int64_t>(score);
    // Zigzag: small negative numbers are small as well.
    const uint64_t bits =
        static_cast<uint64_t>(integer) << 1 ^ static_cast<uint64_t>(integer >> 63);
    const size_t bytes = (static_cast<size_t>(std::bit_width(bits)) + 7) / 8;
    out[0] = static_cast<uint8_t>(bytes);
    std::memcpy(out + 1, &bits, bytes);
    return 1 + bytes;
  }
  out[0] = kRawScore;
  std::memcpy(out + 1, &score, sizeof(score));
  return 1 + sizeof(score);
}

double ReadScore(const uint8_t* data, size_t* offset) {
  const uint8_t bytes = data[(*offset)++];
  if (bytes == kRawScore) {
    double score;
    std::memcpy(&score, data + *offset, sizeof(score));
    *offset += sizeof(score);
    return score;
  }
  uint64_t bits = 0;
  std::memcpy(&bits, data + *offset, bytes);
  *offset += bytes;
  return static_cast<double>(static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1));
}

// Lengths are written in groups of seven bits, the lowest first; the top bit says that more follow.
size_t WriteLength(size_t length, uint8_t* out) {
  size_t bytes = 0;
  for (; length > 127; length >>= 7) out[bytes++] = static_cast<uint8_t>(128 | (length & 127));
  out[bytes++] = static_cast<uint8_t>(length);
  return bytes;
}

size_t ReadLength(const uint8_t* data, size_t* offset) {
  size_t length = 0;
  uint8_t byte;
  int shift = 0;
  do {
    byte = data[(*offset)++];
    length |= static_cast<size_t>(byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  return length;
}

}  // namespace

PackedScores::PackedScores(const PackedScores& other) {
  if (other.block_ == nullptr) return;
  Resize(other.block_->bytes);
  std::memcpy(block_, other.block_, sizeof(Block) + other.block_->bytes);
}

PackedScores::PackedScores(PackedScores&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)) {}

PackedScores& PackedScores::operator=(PackedScores other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

size_t PackedScores::MemoryBytes() const {
  return block_ == nullptr ? 0 : memory::AllocatedBytes(block_);
}

// Makes room for `bytes` of elements, with a little to spare: doubling would waste half of it.
void PackedScores::Resize(size_t bytes) {
  const size_t needed = sizeof(Block) + bytes;
  if (block_ == nullptr) {
    block_ = static_cast<Block*>(memory::Allocate(needed));
    *block_ = {};
  } else if (const size_t room = memory::AllocatedBytes(block_); needed > room) {
    block_ = static_cast<Block*>(memory::Reallocate(block_, needed + bytes / 16));
  } else if (needed < room / 2) {
    block_ = static_cast<Block*>(memory::Reallocate(block_, needed));
  }
}

PackedScores::Element PackedScores::Read(size_t offset, size_t rank) const {
  const uint8_t* const data = block_->elements();
  Element element{.score = 0, .member = {}, .begin = offset, .end = offset, .rank = rank};
  element.score = ReadScore(data, &element.end);
  const size_t length = ReadLength(data, &element.end);
  element.member = {reinterpret_cast<const char*>(data) + element.end, length};
  element.end += length;
  return element;
}

std::optional<PackedScores::Element> PackedScores::Find(std::string_view member) const {
  std::optional<Element> found;
  ForEachWhile([&](const Element& element) {
    if (element.member == member) found = element;
    return !found;
  });
  return found;
}

PackedScores::Element PackedScores::At(size_t rank) const {
  Element found{};
  ForEachWhile([&](const Element& element) { return found = element, element.rank < rank; });
  return found;
}

void PackedScores::Insert(double score, std::string_view member) {
  size_t at = 0;
  ForEachWhile([&](const Element& element) {
    const bool before = element.score != score ? element.score < score : element.member < member;
    if (before) at = element.end;
    return before;
  });
  uint8_t head[kScoreBytesMax + kLengthBytesMax];
  size_t head_bytes = WriteScore(score, head);
  head_bytes += WriteLength(member.size(), head + head_bytes);
  const size_t added = head_bytes + member.size();
  const size_t old_bytes = block_ == nullptr ? 0 : block_->bytes;
  Resize(old_bytes + added);
  uint8_t* const position = block_->elements() + at;
  std::memmove(position + added, position, old_bytes - at);
  std::memcpy(position, head, head_bytes);
  if (!member.empty()) std::memcpy(position + head_bytes, member.data(), member.size());
  block_->bytes = static_cast<uint32_t>(old_bytes + added);
  ++block_->count;
}

void PackedScores::EraseRange(size_t rank, size_t count) {
  if (count == 0) return;
  const size_t begin = At(rank).begin;
  const size_t end = At(rank + count - 1).end;
  uint8_t* const data = block_->elements();
  std::memmove(data + begin, data + end, block_->bytes - end);
  block_->bytes -= static_cast<uint32_t>(end - begin);
  block_->count -= static_cast<uint32_t>(count);
  Resize(block_->bytes);
}

}  // namespace larder::storage
