#include "storage/packed_element.h"

#include <bit>
#include <cstring>

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers lie in little-endian order");

// First bytes. The short forms carry a number or a length in their lower bits.
constexpr uint8_t kInt13 = 0xc0;   // 110xxxxx, and a byte
constexpr uint8_t kText6 = 0x80;   // 10xxxxxx
constexpr uint8_t kText12 = 0xe0;  // 1110xxxx, and a byte
constexpr uint8_t kText32 = 0xf0;  // and 4 bytes of length
constexpr uint8_t kInt16 = 0xf1;   // and 2 bytes
constexpr uint8_t kInt24 = 0xf2;   // and 3 bytes
constexpr uint8_t kInt32 = 0xf3;   // and 4 bytes
constexpr uint8_t kInt64 = 0xf4;   // and 8 bytes
constexpr uint8_t kText64 = 0xf5;  // and 8 bytes of length; not Redis's

constexpr size_t kText6Max = 63;
constexpr size_t kText12Max = 4095;
constexpr size_t kText32Max = UINT32_MAX;

constexpr size_t kTrailerBytesMax = 10;

// The lengths from which on a trailing length takes a byte more; Redis's, one less than they could
// be from the second on.
size_t TrailerBytes(size_t length) {
  if (length <= 127) return 1;
  size_t bytes = 2;
  for (uint64_t limit = 16383; length >= limit; limit = (limit << 7) | 127) ++bytes;
  return bytes;
}

// Seven bits a byte, the highest first; all but the first byte have their top bit set, so that a
// reader who comes from behind knows when to stop.
void WriteTrailer(uint8_t* out, size_t length) {
  const size_t bytes = TrailerBytes(length);
  for (size_t i = bytes; i-- > 0; length >>= 7) {
    out[i] = static_cast<uint8_t>((length & 127) | (i == 0 ? 0 : 128));
  }
}

size_t NumberBytes(int64_t number) {
  if (number >= 0 && number <= 127) return 1;
  if (number >= -4096 && number <= 4095) return 2;
  if (number >= INT16_MIN && number <= INT16_MAX) return 3;
  if (number >= -(1 << 23) && number < (1 << 23)) return 4;
  if (number >= INT32_MIN && number <= INT32_MAX) return 5;
  return 9;
}

size_t TextHeaderBytes(size_t length) {
  if (length <= kText6Max) return 1;
  if (length <= kText12Max) return 2;
  return length <= kText32Max ? 5 : 9;
}

void WriteNumber(uint8_t* out, int64_t number) {
  const size_t bytes = NumberBytes(number);
  switch (bytes) {
    case 1:
      out[0] = static_cast<uint8_t>(number);
      return;
    case 2:
      out[0] = static_cast<uint8_t>(kInt13 | ((number >> 8) & 31));
      out[1] = static_cast<uint8_t>(number);
      return;
    default:
      out[0] = bytes == 3 ? kInt16 : bytes == 4 ? kInt24 : bytes == 5 ? kInt32 : kInt64;
      std::memcpy(out + 1, &number, bytes - 1);
  }
}

uint8_t* WriteText(uint8_t* out, std::string_view text) {
  const size_t length = text.size();
  const size_t header = TextHeaderBytes(length);
  if (header == 1) {
    out[0] = static_cast<uint8_t>(kText6 | length);
  } else if (header == 2) {
    out[0] = static_cast<uint8_t>(kText12 | (length >> 8));
    out[1] = static_cast<uint8_t>(length);
  } else {
    const uint64_t wide = length;
    out[0] = header == 5 ? kText32 : kText64;
    std::memcpy(out + 1, &wide, header - 1);
  }
  if (!text.empty()) std::memcpy(out + header, text.data(), length);
  return out + header + length;
}

// A number of `bytes` bytes with its sign.
int64_t ReadNumber(const uint8_t* at, size_t bytes) {
  uint64_t number = 0;
  std::memcpy(&number, at, bytes);
  const int shift = static_cast<int>(64 - 8 * bytes);
  return static_cast<int64_t>(number << shift) >> shift;
}

uint64_t ReadLength(const uint8_t* at, size_t bytes) {
  uint64_t length = 0;
  std::memcpy(&length, at, bytes);
  return length;
}

}  // namespace

size_t ElementSpec::HeadBytes() const {
  return number_ ? NumberBytes(*number_) : TextHeaderBytes(text_.size()) + text_.size();
}

size_t ElementSpec::Bytes() const {
  const size_t head = HeadBytes();
  return head + TrailerBytes(head);
}

void ElementSpec::WriteTo(uint8_t* out) const {
  const size_t head = HeadBytes();
  if (number_) {
    WriteNumber(out, *number_);
  } else {
    WriteText(out, text_);
  }
  WriteTrailer(out + head, head);
}

PackedElement PackedElement::BeginningAt(const uint8_t* at) {
  PackedElement element;
  const uint8_t first = at[0];
  size_t head = 0;
  const auto number = [&](int64_t value, size_t bytes) {
    element.is_number_ = true;
    element.number_ = value;
    head = bytes;
  };
  const auto text = [&](size_t header, uint64_t length) {
    element.text_ = {reinterpret_cast<const char*>(at) + header, length};
    head = header + length;
  };
  if (first < kText6) {
    number(first, 1);
  } else if (first < kInt13) {
    text(1, first & kText6Max);
  } else if (first < kText12) {
    const auto bits = static_cast<uint64_t>(first & 31) << 8 | at[1];
    number(static_cast<int64_t>(bits << 51) >> 51, 2);
  } else if (first < kText32) {
    text(2, static_cast<uint64_t>(first & 15) << 8 | at[1]);
  } else if (first == kText32) {
    text(5, ReadLength(at + 1, 4));
  } else if (first == kText64) {
    text(9, ReadLength(at + 1, 8));
  } else {
    const size_t bytes = first == kInt64 ? 8 : static_cast<size_t>(first - kInt16) + 2;
    number(ReadNumber(at + 1, bytes), 1 + bytes);
  }
  element.bytes_ = head + TrailerBytes(head);
  return element;
}

std::optional<PackedElement> PackedElement::BeginningWithin(const uint8_t* at, size_t bytes) {
  if (bytes == 0) return std::nullopt;
  const uint8_t first = at[0];
  size_t header = 1;  // what BeginningAt reads before it knows the length
  if (first >= kInt13 && first < kText32) header = 2;
  if (first == kText32) header = 5;
  if (first >= kInt16 && first <= kInt64) header = first == kInt64 ? 9 : size_t{first} - kInt16 + 3;
  if (first >= kText64 || header > bytes) return std::nullopt;
  const PackedElement element = BeginningAt(at);
  if (element.bytes_ > bytes) return std::nullopt;
  // The trailing length must be the right one.
  size_t head = element.bytes_ - 1;
  while (head + TrailerBytes(head) > element.bytes_) --head;
  uint8_t trailer[kTrailerBytesMax];
  WriteTrailer(trailer, head);
  if (std::memcmp(at + head, trailer, element.bytes_ - head) != 0) return std::nullopt;
  return element;
}

PackedElement PackedElement::EndingAt(const uint8_t* at) {
  size_t head = 0;
  size_t trailer = 0;
  do {
    --at;
    head |= static_cast<size_t>(*at & 127) << (7 * trailer);
    ++trailer;
  } while ((*at & 128) != 0);
  return BeginningAt(at - head);
}

std::string_view PackedElement::Text(ElementBuffer* buffer) const {
  if (!is_number_) return text_;
  return {buffer->bytes, FormatInteger(number_, buffer->bytes)};
}

bool PackedElement::Is(const ElementSpec& spec) const {
  if (is_number_) return spec.number_ == number_;
  return !spec.number_ && text_ == spec.text_;
}

}  // namespace larder::storage
