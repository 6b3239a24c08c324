#include "storage/field_slot.h"

#include <cstring>

#include "storage/memory.h"

namespace larder::storage {

// The layout: the two lengths (1 or 8 bytes each), the expiry (8), the name, the value.

uint64_t FieldSlot::FlagsFor(size_t name_size, size_t value_size, int64_t expire_at_ms) {
  return (name_size > kNarrowLengthMax || value_size > kNarrowLengthMax ? kWide : 0) |
         (expire_at_ms == kNoExpiry ? 0 : kHasExpiry);
}

size_t FieldSlot::Length(int index) const {
  if ((word_ & kWide) == 0) return static_cast<uint8_t>(pointer()[index]);
  uint64_t length;
  std::memcpy(&length, pointer() + 8 * index, sizeof(length));
  return length;
}

void FieldSlot::SetLength(int index, size_t length) {
  if ((word_ & kWide) == 0) {
    pointer()[index] = static_cast<char>(length);
    return;
  }
  const uint64_t wide = length;
  std::memcpy(pointer() + 8 * index, &wide, sizeof(wide));
}

FieldSlot FieldSlot::Make(std::string_view name, std::string_view value, int64_t expire_at_ms) {
  FieldSlot slot;
  const uint64_t flags = FlagsFor(name.size(), value.size(), expire_at_ms);
  const size_t header = HeaderBytes(flags);
  char* const memory = static_cast<char*>(memory::Allocate(header + name.size() + value.size()));
  slot.word_ = reinterpret_cast<uint64_t>(memory) | flags;
  slot.SetLength(0, name.size());
  slot.SetLength(1, value.size());
  if (expire_at_ms != kNoExpiry) {
    std::memcpy(memory + header - sizeof(expire_at_ms), &expire_at_ms, sizeof(expire_at_ms));
  }
  if (!name.empty()) std::memcpy(memory + header, name.data(), name.size());
  if (!value.empty()) std::memcpy(memory + header + name.size(), value.data(), value.size());
  return slot;
}

void FieldSlot::Free() {
  if (word_ != 0) memory::Deallocate(pointer());
  word_ = 0;
}

int64_t FieldSlot::expire_at_ms() const {
  if ((word_ & kHasExpiry) == 0) return kNoExpiry;
  int64_t at_ms;
  std::memcpy(&at_ms, bytes() - sizeof(at_ms), sizeof(at_ms));
  return at_ms;
}

size_t FieldSlot::AllocatedBytes() const { return memory::AllocatedBytes(pointer()); }

bool FieldSlot::SetValue(std::string_view value) {
  const size_t name = name_size();
  const size_t needed = HeaderBytes(word_) + name + value.size();
  const size_t capacity = AllocatedBytes();
  const bool same_layout = FlagsFor(name, value.size(), expire_at_ms()) == (word_ & ~kPointerMask);
  if (!same_layout || needed > capacity || needed < capacity / 2) return false;
  if (!value.empty()) std::memmove(pointer() + needed - value.size(), value.data(), value.size());
  SetLength(1, value.size());
  return true;
}

bool FieldSlot::SetExpiry(int64_t expire_at_ms) {
  const bool has_expiry = (word_ & kHasExpiry) != 0;
  if (has_expiry != (expire_at_ms != kNoExpiry)) return false;
  if (!has_expiry) return true;
  std::memcpy(pointer() + HeaderBytes(word_) - sizeof(expire_at_ms), &expire_at_ms,
              sizeof(expire_at_ms));
  return true;
}

}  // namespace larder::storage
