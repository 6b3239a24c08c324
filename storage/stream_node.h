// Neighbouring entries of a stream, packed into one allocation with their header.
//
// The layout is that of Redis's stream nodes without the two counts in front, which are kept in the
// header, and without the frame of the listpack (https://redis.io/docs/latest/develop/data-types/
// streams/, https://github.com/antirez/listpack). So nodes are full at the same entry as Redis's,
// which an approximate trim shows, and a dump writes them as they are. All of it are packed
// elements:
//
//   master:  number of fields, the names of the first entry's fields, 0
//   entry:   flags, ms and sequence as differences to the node's first id,
//            [number of fields, unless they are the master's]
//            values alone if the fields are the master's, else name, value, name, value …
//            number of elements before this one, so that entries can be read from behind
//
// Equal field names are stored once a node. A deleted entry keeps its place, flagged.
// Not thread-safe. A change may move the node: it is returned, and whoever points at it must
// follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/packed_element.h"
#include "storage/stream_id.h"

namespace larder::storage {

// Names and values by turns.
using StreamFields = std::span<const std::string_view>;

struct StreamNode;

// An entry where it lies. A view: good until its stream changes.
struct StreamEntry {
  StreamId id;
  size_t field_count = 0;

  // Calls visit(std::string_view) with each name and each value, by turns, in their order.
  template <class Visit>
  void ForEachText(Visit visit) const;

  const uint8_t* at = nullptr;      // of the flags
  const uint8_t* fields = nullptr;  // of the first name or value
  const uint8_t* names = nullptr;   // of the master's first name if they are its; else null
  bool deleted = false;
};

struct StreamNode {
  StreamId first_id;  // of the first entry ever put in
  size_t capacity = 0;
  size_t used = 0;
  size_t live = 0;     // entries
  size_t deleted = 0;  // entries that are flagged

  // Makes a node whose master has the names of `fields`, without an entry.
  static StreamNode* New(StreamId first_id, StreamFields fields);
  static StreamNode* Clone(const StreamNode& node);  // without spare room
  static void Delete(StreamNode* node);
  // Puts an entry behind the last. Amortised O(size of the entry).
  static StreamNode* Append(StreamNode* node, StreamId id, StreamFields fields);
  // The node of packed elements that are as described above, without spare room.
  static StreamNode* FromPacked(StreamId first_id, std::string_view packed, size_t live,
                                size_t deleted);
  // Gives spare room back.
  static StreamNode* Shrink(StreamNode* node);

  size_t allocated() const { return sizeof(StreamNode) + capacity; }
  // Of the listpack that Redis would keep, which its limits are held against.
  size_t ListpackBytes() const;

  // ---- entries, deleted ones among them. O(fields) each.
  bool First(StreamEntry* entry) const;  // false: there is none
  bool Next(StreamEntry* entry) const;   // the one behind it
  bool Last(StreamEntry* entry) const;
  bool Previous(StreamEntry* entry) const;  // the one before it
  // Flags an entry of this node.
  void MarkDeleted(const StreamEntry& entry);

  std::string_view packed() const { return {reinterpret_cast<const char*>(data()), used}; }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(this + 1); }

 private:
  const uint8_t* Entries() const;  // behind the master
  const uint8_t* End() const { return data() + used; }
  bool HasNamesOf(StreamFields fields) const;
  void Read(const uint8_t* at, StreamEntry* entry) const;
  const uint8_t* Behind(const StreamEntry& entry) const;
};

template <class Visit>
void StreamEntry::ForEachText(Visit visit) const {
  ElementBuffer buffer;
  const uint8_t* name = names == nullptr ? fields : names;
  const uint8_t* value = fields;
  for (size_t i = 0; i < field_count; ++i) {
    const PackedElement name_element = PackedElement::BeginningAt(name);
    visit(name_element.Text(&buffer));
    name += name_element.bytes();
    if (names == nullptr) value = name;
    const PackedElement value_element = PackedElement::BeginningAt(value);
    visit(value_element.Text(&buffer));
    value += value_element.bytes();
    if (names == nullptr) name = value;
  }
}

}  // namespace larder::storage
