#include "storage/packed_hash.h"

#include <cstring>
#include <utility>

#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr uint32_t kContinued = 128;

// A length is written in groups of seven bits, the lowest first; the top bit says that more follow.
uint32_t LengthBytes(size_t length) {
  uint32_t bytes = 1;
  for (; length >= kContinued; length >>= 7) ++bytes;
  return bytes;
}

uint32_t TextBytes(std::string_view text) {
  return LengthBytes(text.size()) + static_cast<uint32_t>(text.size());
}

uint8_t* WriteText(uint8_t* out, std::string_view text) {
  size_t length = text.size();
  for (; length >= kContinued; length >>= 7) {
    *out++ = static_cast<uint8_t>(kContinued | (length & (kContinued - 1)));
  }
  *out++ = static_cast<uint8_t>(length);
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

PackedHash::PackedHash(const PackedHash& other)
    : used_(other.used_), count_(other.count_), has_expiries_(other.has_expiries_) {
  if (used_ == 0) return;
  data_ = static_cast<uint8_t*>(memory::Allocate(used_));
  std::memcpy(data_, other.data_, used_);
}

PackedHash::PackedHash(PackedHash&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      used_(std::exchange(other.used_, 0)),
      count_(other.count_),
      has_expiries_(other.has_expiries_) {
  other.count_ = 0;
}

PackedHash& PackedHash::operator=(PackedHash other) noexcept {
  std::swap(data_, other.data_);
  std::swap(used_, other.used_);
  const uint32_t count = count_;
  const uint32_t has_expiries = has_expiries_;
  count_ = other.count_;
  has_expiries_ = other.has_expiries_;
  other.count_ = count;
  other.has_expiries_ = has_expiries;
  return *this;
}

PackedHash::~PackedHash() { memory::Deallocate(data_); }

size_t PackedHash::MemoryBytes() const { return memory::AllocatedBytes(data_); }

std::string_view PackedHash::NextText(uint32_t* position) const {
  size_t length = 0;
  uint8_t byte;
  int shift = 0;
  do {
    byte = data_[(*position)++];
    length |= static_cast<size_t>(byte & (kContinued - 1)) << shift;
    shift += 7;
  } while (byte >= kContinued);
  const char* const begin = reinterpret_cast<const char*>(data_) + *position;
  *position += static_cast<uint32_t>(length);
  return {begin, length};
}

HashField PackedHash::Next(uint32_t* position) const {
  HashField field;
  field.name = NextText(position);
  field.value = NextText(position);
  if (has_expiries_ != 0) {
    std::memcpy(&field.expire_at_ms, data_ + *position, kExpiryBytes);
    *position += kExpiryBytes;
  }
  return field;
}

uint32_t PackedHash::Find(std::string_view name) const {
  for (uint32_t position = 0; position < used_;) {
    const uint32_t begin = position;
    if (NextText(&position) == name) return begin;
    NextText(&position);
    if (has_expiries_ != 0) position += kExpiryBytes;
  }
  return kNowhere;
}

uint32_t PackedHash::PositionOf(size_t index) const {
  uint32_t position = 0;
  while (index-- > 0) Next(&position);
  return position;
}

void PackedHash::Replace(uint32_t position, uint32_t bytes, uint32_t wanted) {
  const uint32_t used = used_ - bytes + wanted;
  const size_t capacity = memory::AllocatedBytes(data_);
  // Doubling would waste half of it, and moving so few bytes costs little.
  if (used > capacity) {
    data_ = static_cast<uint8_t*>(memory::Reallocate(data_, size_t{used} + used / 8));
  }
  std::memmove(data_ + position + wanted, data_ + position + bytes, used_ - position - bytes);
  used_ = used;
  if (used_ != 0 && wanted < bytes && used_ < capacity / 2) {
    data_ = static_cast<uint8_t*>(memory::Reallocate(data_, used_));
  }
}

void PackedHash::Append(const HashField& field) {
  const uint32_t end = used_;
  Replace(end, 0,
          TextBytes(field.name) + TextBytes(field.value) +
              (has_expiries_ != 0 ? uint32_t{kExpiryBytes} : 0));
  uint8_t* out = WriteText(data_ + end, field.name);
  out = WriteText(out, field.value);
  if (has_expiries_ != 0) std::memcpy(out, &field.expire_at_ms, kExpiryBytes);
  ++count_;
}

void PackedHash::SetValue(uint32_t position, std::string_view value) {
  NextText(&position);
  uint32_t end = position;
  NextText(&end);
  Replace(position, end - position, TextBytes(value));
  WriteText(data_ + position, value);
}

void PackedHash::SetExpiry(uint32_t position, int64_t expire_at_ms) {
  NextText(&position);
  NextText(&position);
  std::memcpy(data_ + position, &expire_at_ms, kExpiryBytes);
}

void PackedHash::Erase(uint32_t position) {
  uint32_t end = position;
  Next(&end);
  Replace(position, end - position, 0);
  --count_;
}

void PackedHash::AddExpiries() {
  if (has_expiries_ != 0) return;
  PackedHash with;
  with.has_expiries_ = 1;
  ForEach([&with](const HashField& field) { with.Append(field); });
  *this = std::move(with);
}

}  // namespace larder::storage
