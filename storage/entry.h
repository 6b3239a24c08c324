// One key with its value, in one allocation: a small header, the expiry when there is one, the
// key's bytes, either a short string's bytes or a pointer to an Object, and what a cache knows of
// it beyond that (entry_extra.h) when there is any.
//
// Only the slot of the table points at an entry, so an entry can move: a pointer to one is valid
// until the next change of its stripe, and only while the stripe's lock is held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "storage/object.h"

namespace larder::storage {

inline constexpr int64_t kNoExpiry = -1;                   // expire_at_ms of a key without one
inline constexpr size_t kInlineStringBytesMax = 4 * 1024;  // longer strings are Blobs
inline constexpr size_t kEmbstrBytesMax = 44;              // what OBJECT ENCODING calls embstr

class Entry {
 public:
  Type type() const { return static_cast<Type>(flags_ & kTypeMask); }
  Encoding encoding() const;  // int, embstr and raw follow from a string's bytes and history
  std::string_view key() const { return {bytes() + KeyOffset(), KeySize()}; }
  int64_t expire_at_ms() const {  // Unix time, or kNoExpiry
    return has_expiry() ? Load<int64_t>(ExpiryOffset()) & ~kDeferred : kNoExpiry;
  }
  // Whether the expiry lies behind what the wheel knows (expiry_wheel.h).
  bool expiry_deferred() const {
    return has_expiry() && (Load<int64_t>(ExpiryOffset()) & kDeferred) != 0;
  }
  bool has_expiry() const { return (flags_ & kHasExpiry) != 0; }
  bool raw() const { return (flags_ & kRaw) != 0; }  // a string that was changed in place

  // REQUIRES: type() == Type::kString.
  std::string_view string() const;

  // The value outside the entry; nullptr for a short string. The Blob of a long one.
  Object* object() const {
    return (flags_ & kHasObject) != 0 ? Load<Object*>(ObjectOffset()) : nullptr;
  }

  // What a cache knows beyond the value, for an ExtraView; nullptr when nothing.
  bool has_extra() const { return (flags_ & kHasExtra) != 0; }
  const char* extra_block() const { return has_extra() ? bytes() + ExtraOffset() : nullptr; }

  // Hashes, whose fields may have expired, and what may have been purged: not every entry that is
  // found is as it was left. (Streams are taken along, so that it costs one test of one byte.)
  bool wants_a_look() const { return (flags_ & (kHasExtra | kFromHashOn)) != 0; }

  size_t MemoryBytes() const;  // with what its object holds: MEMORY USAGE

 private:
  Entry() = delete;  // made by the keyspace, through EntryLayout
  friend struct EntryLayout;

  // The layout: these four bytes; the rest of a key length above 255 (4 bytes); the expiry (8); the
  // object's pointer (8); the key; the short string; the extra block (entry_extra.h). What an entry
  // does not have takes no room, and nothing but the four bytes is aligned.
  static constexpr uint8_t kTypeMask = 0x07;
  static constexpr uint8_t kFromHashOn = 0x04;  // of the type
  static_assert(static_cast<uint8_t>(Type::kHash) == kFromHashOn);
  static constexpr uint8_t kHasObject = 0x08;
  static constexpr uint8_t kHasExpiry = 0x10;
  static constexpr uint8_t kRaw = 0x20;
  static constexpr uint8_t kLongKey = 0x40;
  static constexpr uint8_t kHasExtra = 0x80;
  static constexpr int64_t kDeferred = std::numeric_limits<int64_t>::min();  // a bit of the expiry
  uint8_t flags_;
  uint8_t key_size_;      // its low byte
  uint16_t string_size_;  // of a short string, else 0

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  template <class T>
  T Load(size_t offset) const {
    T value;
    std::memcpy(&value, bytes() + offset, sizeof(T));  // NOLINT(bugprone-*): T may be a pointer
    return value;
  }
  size_t ExpiryOffset() const { return sizeof(Entry) + ((flags_ & kLongKey) != 0 ? 4 : 0); }
  size_t ObjectOffset() const { return ExpiryOffset() + ((flags_ & kHasExpiry) != 0 ? 8 : 0); }
  size_t KeyOffset() const { return ObjectOffset() + ((flags_ & kHasObject) != 0 ? 8 : 0); }
  size_t KeySize() const {
    if ((flags_ & kLongKey) == 0) return key_size_;
    return (size_t{Load<uint32_t>(sizeof(Entry))} << 8) | key_size_;
  }
  size_t ExtraOffset() const { return KeyOffset() + KeySize() + string_size_; }
};
static_assert(sizeof(Entry) == 4);

}  // namespace larder::storage
