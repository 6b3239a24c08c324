// One key with its value, in one allocation: a small header, the expiry when there is one, the
// key's bytes, and either a short string's bytes or a pointer to an Object.
//
// Only the slot of the table points at an entry, so an entry can move: a pointer to one is valid
// until the next change of its stripe, and only while the stripe's lock is held.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/object.h"

namespace larder::storage {

inline constexpr int64_t kNoExpiry = -1;                   // expire_at_ms of a key without one
inline constexpr size_t kInlineStringBytesMax = 2 * 1024;  // longer strings are Blobs
inline constexpr size_t kEmbstrBytesMax = 44;              // what OBJECT ENCODING calls embstr

class Entry {
 public:
  Type type() const;
  Encoding encoding() const;  // int, embstr and raw follow from a string's bytes and history
  std::string_view key() const;
  int64_t expire_at_ms() const;  // Unix time, or kNoExpiry
  bool has_expiry() const { return expire_at_ms() != kNoExpiry; }

  // REQUIRES: type() == Type::kString.
  std::string_view string() const;

  // The value outside the entry; nullptr for a short string. The Blob of a long one.
  Object* object() const;

  size_t MemoryBytes() const;  // with what its object holds: MEMORY USAGE

 private:
  Entry() = delete;  // made by the keyspace; the layout is described in entry.cc
  friend struct EntryLayout;
};

}  // namespace larder::storage
