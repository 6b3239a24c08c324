// A table of slots that are found by their text: what hash sets, hashes and sorted sets are made
// of. Extendible hashing, so that no operation rehashes more than one segment of a few hundred
// slots.
//
// A directory of 2^G pointers maps the top G bits of a hash to a segment; a segment of depth d <= G
// holds the hashes of one d-bit prefix and is pointed at by 2^(G-d) neighbours. A full segment
// splits in two; two that have become sparse merge. The first segment grows by doubling, so that a
// small table stays small.
//
// Inside a segment, slots sit by linear probing at a home that grows with the next 16 bits of their
// hash. So the order of homes is the order of hashes, and a scan's cursor is a position in hash
// space that stays meaningful whatever splits or merges.
//
// A Slot is trivially copyable, empty when all its bytes are zero, and has
//   std::string_view text() const     what it is found by; must stay the same
//   Slot Copy() const                 a deep copy
//   void Free()                       gives back what it owns
//   size_t AllocatedBytes() const     of what it owns; must stay the same but through Replace
//   void Prefetch() const             brings near what it owns; not of an empty slot
// It takes its size and one byte more of its segment.
//
// FindOrInsert, Take, Find and Random cost O(1) expected, at most about 50 microseconds when a
// segment splits (and a pass over the directory, one pointer in some 50 slots, when that doubles).
// Not thread-safe; pointers to slots stay valid until the next mutation.
//
// Include hash_table_inline.h where a table is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/key.h"
#include "storage/memory.h"

namespace larder::storage {

template <class Slot>
class HashTable {
 public:
  // `seed`: nobody outside may know it, lest they choose texts that collide.
  explicit HashTable(uint64_t seed);
  HashTable(HashTable&& other) noexcept;
  HashTable& operator=(HashTable&& other) noexcept;
  ~HashTable();
  HashTable Clone() const;  // O(N)

  const Slot* Find(std::string_view text) const;  // null when there is none
  Slot* Find(std::string_view text) {
    return const_cast<Slot*>(static_cast<const HashTable*>(this)->Find(text));
  }
  uint64_t HashOf(std::string_view text) const { return hasher_.Hash(text); }
  // The first slot with this hash that accept(const Slot&) takes; null when there is none.
  template <class Accept>
  const Slot* FindHash(uint64_t hash, Accept&& accept) const;
  // The slot of `text`, which make() provides when there is none (true then).
  template <class Make>
  std::pair<Slot*, bool> FindOrInsert(std::string_view text, Make&& make);
  // Puts another slot of the same text in the place of one.
  void Replace(Slot* at, Slot with);
  bool Erase(std::string_view text);
  // Takes a slot out; what it owns is the caller's.
  std::optional<Slot> Take(std::string_view text);

  size_t size() const { return size_; }
  size_t MemoryBytes() const { return bytes_ + directory_.capacity() * sizeof(Segment*); }

  // A slot drawn uniformly; `random` is 64 fresh random bits. REQUIRES: size() > 0.
  const Slot& Random(uint64_t random) const;

  // One step of a scan: calls visit(const Slot&) for about `count` slots and returns the next
  // cursor, 0 at the end. Cursors stay below 2^48. A slot present from the first to the last step
  // is visited at least once.
  template <class Visitor>
  uint64_t Scan(uint64_t cursor, size_t count, const Visitor& visit) const;

  // Calls visit(const Slot&) for every slot.
  template <class Visitor>
  void ForEach(Visitor&& visit) const;

  // Frees at least `slots` slots (or all) from the end; true when none is left. Afterwards only
  // FreeSome and the destructor may be called.
  bool FreeSome(size_t slots);

 private:
  // Followed by its slots, then by a tag a slot: 0 for an empty one, else eight bits of the hash.
  struct alignas(8) Segment {
    uint16_t capacity;
    uint16_t count;
    uint8_t depth;

    Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
    const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }
    uint8_t* tags() { return reinterpret_cast<uint8_t*>(slots() + capacity); }
    const uint8_t* tags() const { return reinterpret_cast<const uint8_t*>(slots() + capacity); }
  };

  // With header and tags just below 2,560 bytes, an allocation class.
  static constexpr size_t kFullCapacity = 2520 / (sizeof(Slot) + 1);
  // Two segments merge when they fill two fifths of one: far enough from a split.
  static constexpr size_t kMergedCountMax = kFullCapacity * 2 / 5;

  size_t DirectoryIndex(uint64_t hash) const;
  Segment* NewSegment(size_t capacity, uint8_t depth);
  Segment* CopyOf(const Segment* segment);
  void DeleteSegment(Segment* segment);  // what the slots own belongs to somebody else by now
  void FreeMembers(Segment* segment);
  void Point(Segment* segment, uint64_t hash);  // all directory entries of the hash's prefix
  size_t Place(Segment* segment, Slot slot, uint64_t hash);
  void Refill(Segment* from, Segment* to);
  void CloseHole(Segment* segment, size_t index);
  size_t FindIn(const Segment* segment, std::string_view text, uint64_t hash) const;
  template <class Visitor>
  size_t VisitHome(const Segment* segment, size_t home, const Visitor& visit) const;
  void Grow(Segment* segment, uint64_t hash);
  void Split(Segment* segment, uint64_t hash);
  void Shrink(Segment* segment, uint64_t hash);
  void MergeWithBuddy(Segment* segment, uint64_t hash);
  void HalveDirectory();

  KeyHasher hasher_;
  uint64_t seed_;
  std::vector<Segment*, memory::Counted<Segment*>> directory_;
  std::vector<uint32_t, memory::Counted<uint32_t>> segments_of_depth_;
  uint8_t global_depth_ = 0;
  size_t size_ = 0;
  size_t bytes_ = 0;  // of segments and of what slots own
};

template <class Slot>
template <class Visitor>
void HashTable<Slot>::ForEach(Visitor&& visit) const {
  // What slots own lies anywhere in memory: fetched ahead, not one after the other.
  constexpr size_t kFetchedAhead = 16;
  for (size_t i = 0; i < directory_.size();) {
    const Segment* const segment = directory_[i];
    const uint8_t* const tags = segment->tags();
    const auto fetch = [&](size_t slot) {
      if (slot < segment->capacity && tags[slot] != 0) segment->slots()[slot].Prefetch();
    };
    for (size_t slot = 0; slot < kFetchedAhead; ++slot) fetch(slot);
    for (size_t slot = 0; slot < segment->capacity; ++slot) {
      fetch(slot + kFetchedAhead);
      if (tags[slot] != 0) visit(segment->slots()[slot]);
    }
    i += size_t{1} << (global_depth_ - segment->depth);
  }
}

}  // namespace larder::storage
