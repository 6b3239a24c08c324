// Writes entries: the one place beside entry.h that knows their layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/entry.h"
#include "storage/entry_extra.h"
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
  const char* extra = nullptr;  // the block of an ExtraBlock, or of another entry
};

struct EntryLayout {
  // The bytes that an entry takes.
  static size_t Bytes(const EntrySpec& spec);
  static size_t Bytes(const Entry& entry) {
    const size_t bytes = entry.ExtraOffset();
    return entry.has_extra() ? bytes + ExtraView(entry.extra_block()).bytes() : bytes;
  }

  // REQUIRES: `memory` has Bytes(spec) bytes that overlap none of the spec's.
  static Entry* Write(void* memory, const EntrySpec& spec);

  // REQUIRES: the entry has an expiry already, and keeps one.
  static void SetExpiry(Entry* entry, int64_t expire_at_ms);
  // REQUIRES: the entry has an expiry.
  static void SetExpiryDeferred(Entry* entry, bool deferred);
  // REQUIRES: the entry has an object; its old one's reference is the caller's now.
  static void SetObject(Entry* entry, Object* object);
  // Whether it is a short string and nothing follows that.
  static bool EndsWithString(const Entry& entry) {
    return (entry.flags_ & (Entry::kHasObject | Entry::kHasExtra)) == 0;
  }
  // REQUIRES: EndsWithString, a short string again, and the room is there.
  static void SetString(Entry* entry, std::string_view string, bool raw);
  // What follows the string moves along. REQUIRES: the room is there.
  static void SetStringSize(Entry* entry, size_t size);
  static char* StringData(Entry* entry) {
    return reinterpret_cast<char*>(entry) + entry->KeyOffset() + entry->KeySize();
  }
  static void SetRaw(Entry* entry) { entry->flags_ |= Entry::kRaw; }
};

// Whether these bytes are what a signed 64-bit integer prints as: no sign but a minus, no leading
// zero, no "-0", no overflow.
bool IsCanonicalInteger(std::string_view bytes);

}  // namespace larder::storage
