#include "storage/entry.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "storage/blob.h"
#include "storage/entry_layout.h"
#include "storage/memory.h"

namespace larder::storage {

bool IsCanonicalInteger(std::string_view bytes) {
  constexpr size_t kDigitsMax = 20;  // with the minus
  if (bytes.empty() || bytes.size() > kDigitsMax) return false;
  const size_t first = bytes[0] == '-' ? 1 : 0;
  if (first == bytes.size() || bytes[first] < '0' || bytes[first] > '9') return false;
  if (bytes[first] == '0' && bytes.size() > 1) return false;
  int64_t value;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  return error == std::errc() && end == bytes.data() + bytes.size();
}

Encoding Entry::encoding() const {
  if (const Object* outside = object(); outside != nullptr) return outside->encoding();
  if (raw()) return Encoding::kRaw;
  const std::string_view value = string();
  if (IsCanonicalInteger(value)) return Encoding::kInt;
  return value.size() <= kEmbstrBytesMax ? Encoding::kEmbstr : Encoding::kRaw;
}

std::string_view Entry::string() const {
  if ((flags_ & kHasObject) != 0) return static_cast<const Blob*>(object())->bytes();
  return {bytes() + KeyOffset() + KeySize(), string_size_};
}

size_t Entry::MemoryBytes() const {
  const Object* outside = object();
  return EntryLayout::Bytes(*this) + (outside == nullptr ? 0 : outside->MemoryBytes());
}

size_t EntryLayout::Bytes(const EntrySpec& spec) {
  return sizeof(Entry) + (spec.key.size() > 255 ? 4 : 0) +
         (spec.expire_at_ms == kNoExpiry ? 0 : 8) + spec.key.size() +
         (spec.object != nullptr ? 8 : spec.string.size()) +
         (spec.extra == nullptr ? 0 : ExtraView(spec.extra).bytes());
}

Entry* EntryLayout::Write(void* memory, const EntrySpec& spec) {
  Entry* entry = static_cast<Entry*>(memory);
  char* out = static_cast<char*>(memory) + sizeof(Entry);
  const auto append = [&out](const void* from, size_t size) {
    if (size != 0) std::memcpy(out, from, size);
    out += size;
  };
  entry->flags_ = static_cast<uint8_t>(spec.type);
  entry->key_size_ = static_cast<uint8_t>(spec.key.size());
  entry->string_size_ = 0;
  if (spec.raw) entry->flags_ |= Entry::kRaw;
  if (spec.key.size() > 255) {
    entry->flags_ |= Entry::kLongKey;
    const auto rest = static_cast<uint32_t>(spec.key.size() >> 8);
    append(&rest, sizeof(rest));
  }
  if (spec.expire_at_ms != kNoExpiry) {
    entry->flags_ |= Entry::kHasExpiry;
    const int64_t expire_at_ms = std::max<int64_t>(0, spec.expire_at_ms);
    append(&expire_at_ms, sizeof(expire_at_ms));
  }
  if (spec.object != nullptr) {
    entry->flags_ |= Entry::kHasObject;
    append(&spec.object, sizeof(spec.object));
    append(spec.key.data(), spec.key.size());
  } else {
    entry->string_size_ = static_cast<uint16_t>(spec.string.size());
    append(spec.key.data(), spec.key.size());
    append(spec.string.data(), spec.string.size());
  }
  if (spec.extra != nullptr) {
    entry->flags_ |= Entry::kHasExtra;
    append(spec.extra, ExtraView(spec.extra).bytes());
  }
  return entry;
}

void EntryLayout::SetExpiry(Entry* entry, int64_t expire_at_ms) {
  expire_at_ms = std::max<int64_t>(0, expire_at_ms);
  std::memcpy(reinterpret_cast<char*>(entry) + entry->ExpiryOffset(), &expire_at_ms,
              sizeof(expire_at_ms));
}

void EntryLayout::SetExpiryDeferred(Entry* entry, bool deferred) {
  const int64_t word = entry->expire_at_ms() | (deferred ? Entry::kDeferred : 0);
  std::memcpy(reinterpret_cast<char*>(entry) + entry->ExpiryOffset(), &word, sizeof(word));
}

void EntryLayout::SetObject(Entry* entry, Object* object) {
  std::memcpy(reinterpret_cast<char*>(entry) + entry->ObjectOffset(), &object, sizeof(object));
}

void EntryLayout::SetStringSize(Entry* entry, size_t size) {
  if (entry->has_extra()) {
    const char* block = entry->extra_block();
    std::memmove(StringData(entry) + size, block, ExtraView(block).bytes());
  }
  entry->string_size_ = static_cast<uint16_t>(size);
}

void EntryLayout::SetString(Entry* entry, std::string_view string, bool raw) {
  if (!string.empty()) std::memmove(StringData(entry), string.data(), string.size());
  entry->string_size_ = static_cast<uint16_t>(string.size());
  entry->flags_ = static_cast<uint8_t>((entry->flags_ & ~Entry::kRaw) | (raw ? Entry::kRaw : 0));
}

}  // namespace larder::storage
