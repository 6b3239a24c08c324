// A set of byte strings of any number and length: extendible hashing, so that no operation rehashes
// more than one segment of a few hundred members. What OBJECT ENCODING calls hashtable.
//
// A directory of 2^G pointers maps the top G bits of a hash to a segment; a segment of depth d <= G
// holds the hashes of one d-bit prefix and is pointed at by 2^(G-d) neighbours. A full segment
// splits in two; two that have become sparse merge. The first segment grows by doubling, so that a
// small set stays small.
//
// Inside a segment, members sit by linear probing at a home that grows with the next 16 bits of
// their hash. So the order of homes is the order of hashes, and a scan's cursor is a position in
// hash space that stays meaningful whatever splits or merges.
//
// A member takes 9 bytes of its segment; up to seven bytes of text lie in there, longer texts in an
// allocation without a header.
//
// Insert, Erase, Contains and Random cost O(1) expected, at most about 50 microseconds when a
// segment splits (and a pass over the directory, one pointer in some 50 members, when that
// doubles). Not thread-safe; views of members stay valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "storage/key.h"
#include "storage/memory.h"

namespace larder::storage {

class HashSet {
 public:
  // `seed`: nobody outside may know it, lest they choose members that collide.
  explicit HashSet(uint64_t seed);
  HashSet(HashSet&& other) noexcept;
  HashSet& operator=(HashSet&& other) noexcept;
  ~HashSet();
  HashSet Clone() const;  // O(N)

  bool Insert(std::string_view member);  // false when it was there
  bool Erase(std::string_view member);
  bool Contains(std::string_view member) const;

  size_t size() const { return size_; }
  size_t MemoryBytes() const { return bytes_ + directory_.capacity() * sizeof(Segment*); }

  // A member drawn uniformly; `random` is 64 fresh random bits. REQUIRES: size() > 0.
  std::string_view Random(uint64_t random) const;

  // One step of a scan: visits about `count` members and returns the next cursor, 0 at the end.
  // Cursors stay below 2^48. A member present from the first to the last step is visited at least
  // once.
  uint64_t Scan(uint64_t cursor, size_t count,
                const std::function<void(std::string_view)>& visit) const;

  // Calls visit(std::string_view) for every member.
  template <class Visitor>
  void ForEach(Visitor&& visit) const;

  // Frees at least `members` members (or all) from the end; true when none is left. Afterwards only
  // FreeSome and the destructor may be called.
  bool FreeSome(size_t members);

 private:
  class Slot;
  struct Segment;

  size_t DirectoryIndex(uint64_t hash) const;
  Segment* NewSegment(size_t capacity, uint8_t depth);
  Segment* CopyOf(const Segment* segment);
  void DeleteSegment(Segment* segment);  // the slots' texts belong to somebody else by now
  void FreeMembers(Segment* segment);
  void Point(Segment* segment, uint64_t hash);  // all directory entries of the hash's prefix
  void Place(Segment* segment, Slot slot, uint64_t hash);
  void Refill(Segment* from, Segment* to);
  void EraseAt(Segment* segment, size_t index);
  size_t Find(const Segment* segment, std::string_view member, uint64_t hash) const;
  size_t VisitHome(const Segment* segment, size_t home,
                   const std::function<void(std::string_view)>& visit) const;
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
  size_t bytes_ = 0;  // of segments and texts
};

// One member: nothing, up to seven bytes of text, or a pointer to a longer text with its length in
// the 16 bits that a pointer leaves free.
class HashSet::Slot {
 public:
  Slot() = default;
  static Slot Make(std::string_view text);
  void Free();  // gives back what Make allocated

  // REQUIRES: made by Make. The view of a short text points into this slot.
  std::string_view text() const {
    if ((word_ & 1) != 0) return {reinterpret_cast<const char*>(&word_) + 1, (word_ >> 1) & 7};
    return LongText();
  }
  size_t AllocatedBytes() const;

 private:
  static constexpr int kPointerBits = 48;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << kPointerBits) - 1;
  static constexpr size_t kLengthInText = 0xffff;  // the text is preceded by its 8-byte length

  char* pointer() const { return reinterpret_cast<char*>(word_ & kPointerMask); }
  std::string_view LongText() const;

  uint64_t word_ = 0;
};

// Followed by its slots, then by a tag a slot: 0 for an empty one, else eight bits of the hash.
struct alignas(8) HashSet::Segment {
  uint16_t capacity;
  uint16_t count;
  uint8_t depth;

  Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }
  uint8_t* tags() { return reinterpret_cast<uint8_t*>(slots() + capacity); }
  const uint8_t* tags() const { return reinterpret_cast<const uint8_t*>(slots() + capacity); }
};

template <class Visitor>
void HashSet::ForEach(Visitor&& visit) const {
  for (size_t i = 0; i < directory_.size();) {
    const Segment* const segment = directory_[i];
    for (size_t slot = 0; slot < segment->capacity; ++slot) {
      if (segment->tags()[slot] != 0) visit(segment->slots()[slot].text());
    }
    i += size_t{1} << (global_depth_ - segment->depth);
  }
}

}  // namespace larder::storage
