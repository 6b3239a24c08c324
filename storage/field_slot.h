// One field of a large hash: a pointer to a single allocation that holds the lengths, the expiry if
// there is one, the name and the value. How it is laid out stands in the bits that the pointer
// leaves free. A slot of a HashTable.
//
// Not thread-safe; views stay valid until the field changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/entry.h"

namespace larder::storage {

class FieldSlot {
 public:
  FieldSlot() = default;
  static FieldSlot Make(std::string_view name, std::string_view value,
                        int64_t expire_at_ms = kNoExpiry);
  FieldSlot Copy() const { return Make(text(), value(), expire_at_ms()); }
  void Free();

  // REQUIRES of all below: made by Make.
  std::string_view text() const { return {bytes(), name_size()}; }  // the field's name
  std::string_view value() const { return {bytes() + name_size(), value_size()}; }
  int64_t expire_at_ms() const;  // Unix time, or kNoExpiry
  size_t AllocatedBytes() const;
  void Prefetch() const { __builtin_prefetch(pointer()); }

  // Changes it where it is, when it fits there well. False, with nothing changed, when it does not:
  // another slot has to take its place.
  bool SetValue(std::string_view value);
  bool SetExpiry(int64_t expire_at_ms);

 private:
  static constexpr int kPointerBits = 48;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << kPointerBits) - 1;
  static constexpr uint64_t kWide = uint64_t{1} << kPointerBits;  // lengths of 8 bytes, not of 1
  static constexpr uint64_t kHasExpiry = uint64_t{2} << kPointerBits;
  static constexpr size_t kNarrowLengthMax = 255;

  static uint64_t FlagsFor(size_t name_size, size_t value_size, int64_t expire_at_ms);
  static size_t HeaderBytes(uint64_t flags) {
    return ((flags & kWide) != 0 ? 16 : 2) + ((flags & kHasExpiry) != 0 ? 8 : 0);
  }
  char* pointer() const { return reinterpret_cast<char*>(word_ & kPointerMask); }
  const char* bytes() const { return pointer() + HeaderBytes(word_); }
  size_t name_size() const { return Length(0); }
  size_t value_size() const { return Length(1); }
  size_t Length(int index) const;
  void SetLength(int index, size_t length);

  uint64_t word_ = 0;
};

}  // namespace larder::storage
