// Writes entries: the one place beside entry.h that knows their layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/entry.h"
#include "storage/object.h"

namespace larder::storage {

// What an entry is made of.
struct EntrySpec {
  std::string_view key;
  std::string_view string;   // of a short string; at most kInlineStringBytesMax
  Object* object = nullptr;  // the entry takes over one reference
  Type type = Type::kString;
  bool raw = false;
  int64_t expire_at_ms = kNoExpiry;
};

struct EntryLayout {
  // The bytes that an entry takes.
  static size_t Bytes(const EntrySpec& spec);
  static size_t Bytes(const Entry& entry) {
    return entry.KeyOffset() + entry.KeySize() +
           (entry.object() == nullptr ? entry.string_size_ : 0);
  }

  // REQUIRES: `memory` has Bytes(spec) bytes that overlap none of the spec's.
  static Entry* Write(void* memory, const EntrySpec& spec);

  // REQUIRES: the entry has an expiry already, and keeps one.
  static void SetExpiry(Entry* entry, int64_t expire_at_ms);
  // REQUIRES: the entry has an expiry.
  static void SetExpiryDeferred(Entry* entry, bool deferred);
  // REQUIRES: the entry has an object; its old one's reference is the caller's now.
  static void SetObject(Entry* entry, Object* object);
  // REQUIRES: a short string before and after, and the room is there.
  static void SetString(Entry* entry, std::string_view string, bool raw);
  static void SetStringSize(Entry* entry, size_t size) {
    entry->string_size_ = static_cast<uint16_t>(size);
  }
  static char* StringData(Entry* entry) {
    return reinterpret_cast<char*>(entry) + entry->KeyOffset() + entry->KeySize();
  }
  static void SetRaw(Entry* entry) { entry->flags_ |= Entry::kRaw; }
};

// Whether these bytes are what a signed 64-bit integer prints as: no sign but a minus, no leading
// zero, no "-0", no overflow.
bool IsCanonicalInteger(std::string_view bytes);

}  // namespace larder::storage
