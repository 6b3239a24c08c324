// What a cache knows of an entry beyond its value: how long it may be served stale, what it cost,
// which tags it carries. An entry that has any of it ends with a block of just that; others have
// nothing.
//
// The block, unaligned: a word of which fields are there and how many tags (2 bytes); with tags the
// purge clock of their writing (6: 2^48 purges); the fields that are there; the ids of the tags (4
// bytes each). So an entry pays 8 bytes for having tags and 4 for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "storage/entry.h"
#include "storage/tag_set.h"

namespace larder::storage {

inline constexpr size_t kTagsPerEntryMax = 64;

// The same away from its entry. 0: does not have it.
struct Extra {
  uint32_t stale_seconds = 0;  // after the expiry: served while somebody refreshes (SWR)
  uint32_t error_seconds = 0;  // after the expiry: served when the origin fails (SIE)
  uint32_t cost_ms = 0;        // what it took to make the value
  uint16_t negative_code = 0;  // the value stands for an answer of this kind, as 404
  TagSet tags;                 // at most kTagsPerEntryMax

  bool empty() const {
    return (stale_seconds | error_seconds | cost_ms | negative_code) == 0 && tags.empty();
  }
};

// A block where it lies. Valid as long as that.
class ExtraView {
 public:
  explicit ExtraView(const char* block) : block_(block), word_(Load<uint16_t>(0)) {}

  uint32_t stale_seconds() const { return Field(kStale); }
  uint32_t error_seconds() const { return Field(kError); }
  uint32_t cost_ms() const { return Field(kCost); }
  uint16_t negative_code() const { return static_cast<uint16_t>(Field(kNegative)); }

  size_t tag_count() const { return word_ & kTagsMask; }
  uint32_t tag(size_t index) const { return Load<uint32_t>(TagsOffset() + 4 * index); }
  // The purge clock when the tags were written, 0 without tags.
  uint64_t purge_clock() const { return tag_count() == 0 ? 0 : Load<uint64_t>(0) >> 16; }

  size_t bytes() const { return TagsOffset() + 4 * tag_count(); }

 private:
  friend class ExtraBlock;
  // Of the word. The fields lie in the order of these bits.
  static constexpr uint16_t kTagsMask = 0x7f;
  static constexpr uint16_t kStale = 0x80;
  static constexpr uint16_t kError = 0x100;
  static constexpr uint16_t kCost = 0x200;
  static constexpr uint16_t kNegative = 0x400;  // of 2 bytes, the others of 4
  static constexpr size_t kWordBytes = 2;
  static constexpr size_t kClockBytes = 6;

  template <class T>
  T Load(size_t offset) const {
    T value;
    std::memcpy(&value, block_ + offset, sizeof(T));
    return value;
  }
  size_t FieldsOffset() const { return kWordBytes + (tag_count() == 0 ? 0 : kClockBytes); }
  size_t Has(uint16_t bit) const { return (word_ & bit) != 0 ? 1 : 0; }
  size_t OffsetOf(uint16_t bit) const {
    size_t offset = FieldsOffset();
    if (bit > kStale) offset += 4 * Has(kStale);
    if (bit > kError) offset += 4 * Has(kError);
    if (bit > kCost) offset += 4 * Has(kCost);
    return offset;
  }
  uint32_t Field(uint16_t bit) const {
    if (Has(bit) == 0) return 0;
    return bit == kNegative ? Load<uint16_t>(OffsetOf(bit)) : Load<uint32_t>(OffsetOf(bit));
  }
  size_t TagsOffset() const { return OffsetOf(kNegative) + 2 * Has(kNegative); }

  const char* block_;
  uint16_t word_;
};

// A block in the making, on the stack.
class ExtraBlock {
 public:
  // REQUIRES: !extra.empty().
  ExtraBlock(const Extra& extra, uint64_t purge_clock);
  const char* data() const { return bytes_; }

 private:
  static constexpr size_t kBytesMax =
      ExtraView::kWordBytes + ExtraView::kClockBytes + 3 * 4 + 2 + 4 * kTagsPerEntryMax;
  char bytes_[kBytesMax];
};

}  // namespace larder::storage
