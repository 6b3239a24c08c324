// The definitions of HashTable's members, for the .cc files that make one.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "storage/hash_table.h"

namespace larder::storage {

// What HashTable does with the bits of a hash, whatever its slots.
namespace hash_table {

constexpr size_t kFirstCapacity = 8;
constexpr int kHomeBits = 16;
constexpr int kCursorBits = 48;
constexpr size_t kRandomTriesMax = 512;
constexpr size_t kNowhere = static_cast<size_t>(-1);

constexpr size_t CountMax(size_t capacity) { return capacity - capacity / 8; }

inline size_t HomeOf(uint64_t hash, int depth, size_t capacity) {
  return (hash << depth >> (64 - kHomeBits)) * capacity >> kHomeBits;
}

// The lowest 16-bit hash part whose home is `home`.
inline uint64_t HomeBegin(size_t home, size_t capacity) {
  return ((static_cast<uint64_t>(home) << kHomeBits) + capacity - 1) / capacity;
}

// The first `depth` bits of a hash, as a number.
inline uint64_t PrefixOf(uint64_t hash, int depth) { return depth == 0 ? 0 : hash >> (64 - depth); }

inline uint8_t TagOf(uint64_t hash) { return std::max<uint8_t>(hash & 255, 1); }

// The generator splitmix64: a few good bits from one seed.
inline uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// A number below `limit`, which is well below 2^32.
inline size_t Below(uint64_t random, size_t limit) { return (random >> 32) * limit >> 32; }

}  // namespace hash_table

// ---- construction

template <class Slot>
HashTable<Slot>::HashTable(uint64_t seed) : hasher_(seed), seed_(seed) {
  segments_of_depth_.assign(1, 0);
  directory_.push_back(NewSegment(hash_table::kFirstCapacity, 0));
}

template <class Slot>
HashTable<Slot>::HashTable(HashTable&& other) noexcept
    : hasher_(other.hasher_),
      seed_(other.seed_),
      directory_(std::exchange(other.directory_, {})),
      segments_of_depth_(std::exchange(other.segments_of_depth_, {})),
      global_depth_(other.global_depth_),
      size_(other.size_),
      bytes_(other.bytes_) {}

template <class Slot>
HashTable<Slot>& HashTable<Slot>::operator=(HashTable&& other) noexcept {
  std::swap(hasher_, other.hasher_);
  std::swap(seed_, other.seed_);
  directory_.swap(other.directory_);
  segments_of_depth_.swap(other.segments_of_depth_);
  std::swap(global_depth_, other.global_depth_);
  std::swap(size_, other.size_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

template <class Slot>
HashTable<Slot>::~HashTable() {
  FreeSome(std::numeric_limits<size_t>::max());
}

template <class Slot>
HashTable<Slot> HashTable<Slot>::Clone() const {
  HashTable clone(seed_);
  clone.FreeSome(std::numeric_limits<size_t>::max());  // its first segment
  clone.global_depth_ = global_depth_;
  clone.segments_of_depth_.assign(segments_of_depth_.size(), 0);
  clone.directory_.reserve(directory_.size());
  while (clone.directory_.size() < directory_.size()) {
    const Segment* const segment = directory_[clone.directory_.size()];
    const size_t run = size_t{1} << (global_depth_ - segment->depth);
    clone.directory_.insert(clone.directory_.end(), run, clone.CopyOf(segment));
  }
  clone.size_ = size_;
  return clone;
}

template <class Slot>
typename HashTable<Slot>::Segment* HashTable<Slot>::CopyOf(const Segment* segment) {
  Segment* const copy = NewSegment(segment->capacity, segment->depth);
  copy->count = segment->count;
  std::memcpy(copy->tags(), segment->tags(), segment->capacity);
  for (size_t i = 0; i < segment->capacity; ++i) {
    if (segment->tags()[i] == 0) continue;
    copy->slots()[i] = segment->slots()[i].Copy();
    bytes_ += copy->slots()[i].AllocatedBytes();
  }
  return copy;
}

template <class Slot>
bool HashTable<Slot>::FreeSome(size_t members) {
  for (size_t freed = 0; !directory_.empty() && freed < members;) {
    Segment* const segment = directory_.back();
    directory_.resize(directory_.size() - (size_t{1} << (global_depth_ - segment->depth)));
    freed += segment->count;
    size_ -= segment->count;
    FreeMembers(segment);
    DeleteSegment(segment);
  }
  return directory_.empty();
}

// ---- segments

template <class Slot>
size_t HashTable<Slot>::DirectoryIndex(uint64_t hash) const {
  return hash_table::PrefixOf(hash, global_depth_);
}

template <class Slot>
typename HashTable<Slot>::Segment* HashTable<Slot>::NewSegment(size_t capacity, uint8_t depth) {
  const size_t bytes = sizeof(Segment) + capacity * (sizeof(Slot) + 1);
  auto* const segment = static_cast<Segment*>(memory::Allocate(bytes));
  segment->capacity = capacity;
  segment->count = 0;
  segment->depth = depth;
  std::memset(static_cast<void*>(segment->slots()), 0, capacity * (sizeof(Slot) + 1));
  bytes_ += bytes;
  ++segments_of_depth_[depth];
  return segment;
}

template <class Slot>
void HashTable<Slot>::DeleteSegment(Segment* segment) {
  --segments_of_depth_[segment->depth];
  bytes_ -= sizeof(Segment) + segment->capacity * (sizeof(Slot) + 1);
  memory::Deallocate(segment);
}

template <class Slot>
void HashTable<Slot>::FreeMembers(Segment* segment) {
  for (size_t i = 0; i < segment->capacity; ++i) {
    if (segment->tags()[i] == 0) continue;
    bytes_ -= segment->slots()[i].AllocatedBytes();
    segment->slots()[i].Free();
  }
}

template <class Slot>
void HashTable<Slot>::Point(Segment* segment, uint64_t hash) {
  const size_t run = size_t{1} << (global_depth_ - segment->depth);
  const size_t first = hash_table::PrefixOf(hash, segment->depth) * run;
  std::fill_n(directory_.begin() + first, run, segment);
}

template <class Slot>
size_t HashTable<Slot>::Place(Segment* segment, Slot slot, uint64_t hash) {
  size_t at = hash_table::HomeOf(hash, segment->depth, segment->capacity);
  while (segment->tags()[at] != 0) at = at + 1 == segment->capacity ? 0 : at + 1;
  segment->slots()[at] = slot;
  segment->tags()[at] = hash_table::TagOf(hash);
  ++segment->count;
  return at;
}

template <class Slot>
void HashTable<Slot>::Refill(Segment* from, Segment* to) {
  for (size_t i = 0; i < from->capacity; ++i) {
    if (from->tags()[i] == 0) continue;
    const Slot slot = from->slots()[i];
    Place(to, slot, hasher_.Hash(slot.text()));
  }
}

template <class Slot>
size_t HashTable<Slot>::FindIn(const Segment* segment, std::string_view member,
                               uint64_t hash) const {
  const uint8_t tag = hash_table::TagOf(hash);
  size_t at = hash_table::HomeOf(hash, segment->depth, segment->capacity);
  for (; segment->tags()[at] != 0; at = at + 1 == segment->capacity ? 0 : at + 1) {
    if (segment->tags()[at] == tag && segment->slots()[at].text() == member) return at;
  }
  return hash_table::kNowhere;
}

// Takes a member out and moves those behind it up, so that no probe meets a hole before its end.
template <class Slot>
void HashTable<Slot>::CloseHole(Segment* segment, size_t index) {
  const size_t capacity = segment->capacity;
  const auto distance = [capacity](size_t from, size_t to) {
    return to >= from ? to - from : to + capacity - from;
  };
  size_t hole = index;
  for (size_t i = index;;) {
    i = i + 1 == capacity ? 0 : i + 1;
    if (segment->tags()[i] == 0) break;
    const uint64_t hash = hasher_.Hash(segment->slots()[i].text());
    const size_t home = hash_table::HomeOf(hash, segment->depth, capacity);
    if (distance(home, i) < distance(hole, i)) continue;
    segment->slots()[hole] = segment->slots()[i];
    segment->tags()[hole] = segment->tags()[i];
    hole = i;
  }
  segment->slots()[hole] = Slot();
  segment->tags()[hole] = 0;
  --segment->count;
}

// ---- growing and shrinking

template <class Slot>
void HashTable<Slot>::Grow(Segment* segment, uint64_t hash) {
  if (segment->capacity == kFullCapacity) return Split(segment, hash);
  Segment* const larger =
      NewSegment(std::min<size_t>(segment->capacity * 2, kFullCapacity), segment->depth);
  Refill(segment, larger);
  Point(larger, hash);
  DeleteSegment(segment);
}

template <class Slot>
void HashTable<Slot>::Split(Segment* segment, uint64_t hash) {
  if (segment->depth == global_depth_) {
    const size_t entries = directory_.size();
    directory_.resize(2 * entries);
    for (size_t i = 2 * entries; i-- > 0;) directory_[i] = directory_[i / 2];
    ++global_depth_;
    segments_of_depth_.push_back(0);
  }
  const uint8_t depth = segment->depth + 1;
  const uint64_t half = uint64_t{1} << (64 - depth);
  Segment* const lower = NewSegment(kFullCapacity, depth);
  Segment* const upper = NewSegment(kFullCapacity, depth);
  for (size_t i = 0; i < segment->capacity; ++i) {
    if (segment->tags()[i] == 0) continue;
    const Slot slot = segment->slots()[i];
    const uint64_t slot_hash = hasher_.Hash(slot.text());
    Place((slot_hash & half) != 0 ? upper : lower, slot, slot_hash);
  }
  Point(lower, hash & ~half);
  Point(upper, hash | half);
  DeleteSegment(segment);
}

template <class Slot>
void HashTable<Slot>::Shrink(Segment* segment, uint64_t hash) {
  if (segment->depth > 0) return MergeWithBuddy(segment, hash);
  if (segment->capacity == hash_table::kFirstCapacity || segment->count > segment->capacity / 8)
    return;
  Segment* const smaller = NewSegment(
      std::max<size_t>(segment->capacity / 4, hash_table::kFirstCapacity), segment->depth);
  Refill(segment, smaller);
  Point(smaller, hash);
  DeleteSegment(segment);
}

template <class Slot>
void HashTable<Slot>::MergeWithBuddy(Segment* segment, uint64_t hash) {
  const uint64_t buddy_hash = hash ^ uint64_t { 1 } << (64 - segment->depth);
  Segment* const buddy = directory_[DirectoryIndex(buddy_hash)];
  if (buddy->depth != segment->depth || buddy->count + segment->count > kMergedCountMax) return;
  Segment* const merged = NewSegment(kFullCapacity, segment->depth - 1);
  Refill(segment, merged);
  Refill(buddy, merged);
  Point(merged, hash);
  DeleteSegment(segment);
  DeleteSegment(buddy);
  while (global_depth_ > 0 && segments_of_depth_[global_depth_] == 0) HalveDirectory();
}

template <class Slot>
void HashTable<Slot>::HalveDirectory() {
  --global_depth_;
  segments_of_depth_.pop_back();
  const size_t entries = directory_.size() / 2;
  for (size_t i = 0; i < entries; ++i) directory_[i] = directory_[2 * i];
  directory_.resize(entries);
  if (directory_.capacity() > 4 * entries) directory_.shrink_to_fit();
}

// ---- members

template <class Slot>
const Slot* HashTable<Slot>::Find(std::string_view text) const {
  const uint64_t hash = hasher_.Hash(text);
  const Segment* const segment = directory_[DirectoryIndex(hash)];
  const size_t at = FindIn(segment, text, hash);
  return at == hash_table::kNowhere ? nullptr : &segment->slots()[at];
}

template <class Slot>
template <class Accept>
const Slot* HashTable<Slot>::FindHash(uint64_t hash, Accept&& accept) const {
  const Segment* const segment = directory_[DirectoryIndex(hash)];
  size_t at = hash_table::HomeOf(hash, segment->depth, segment->capacity);
  for (; segment->tags()[at] != 0; at = at + 1 == segment->capacity ? 0 : at + 1) {
    const Slot& slot = segment->slots()[at];
    if (segment->tags()[at] != hash_table::TagOf(hash)) continue;
    if (hasher_.Hash(slot.text()) == hash && accept(slot)) return &slot;
  }
  return nullptr;
}

template <class Slot>
template <class Make>
std::pair<Slot*, bool> HashTable<Slot>::FindOrInsert(std::string_view text, Make&& make) {
  const uint64_t hash = hasher_.Hash(text);
  Segment* segment = directory_[DirectoryIndex(hash)];
  const size_t found = FindIn(segment, text, hash);
  if (found != hash_table::kNowhere) return {&segment->slots()[found], false};
  while (segment->count >= hash_table::CountMax(segment->capacity)) {
    Grow(segment, hash);
    segment = directory_[DirectoryIndex(hash)];
  }
  const Slot slot = make();
  bytes_ += slot.AllocatedBytes();
  ++size_;
  return {&segment->slots()[Place(segment, slot, hash)], true};
}

template <class Slot>
void HashTable<Slot>::Replace(Slot* at, Slot with) {
  bytes_ += with.AllocatedBytes();
  bytes_ -= at->AllocatedBytes();
  at->Free();
  *at = with;
}

template <class Slot>
bool HashTable<Slot>::Erase(std::string_view text) {
  std::optional<Slot> slot = Take(text);
  if (!slot) return false;
  slot->Free();
  return true;
}

template <class Slot>
std::optional<Slot> HashTable<Slot>::Take(std::string_view text) {
  const uint64_t hash = hasher_.Hash(text);
  Segment* const segment = directory_[DirectoryIndex(hash)];
  const size_t at = FindIn(segment, text, hash);
  if (at == hash_table::kNowhere) return std::nullopt;
  const Slot slot = segment->slots()[at];
  bytes_ -= slot.AllocatedBytes();
  CloseHole(segment, at);
  --size_;
  if (segment->count <= kMergedCountMax) Shrink(segment, hash);
  return slot;
}

template <class Slot>
const Slot& HashTable<Slot>::Random(uint64_t random) const {
  // A slot of a segment, both drawn uniformly, until one is taken. A segment's share of the
  // directory is evened out by refusing it as often as others are smaller.
  for (size_t i = 0; global_depth_ > 0 && i < hash_table::kRandomTriesMax; ++i) {
    const uint64_t draw = hash_table::NextRandom(&random);
    const Segment* const segment = directory_[hash_table::PrefixOf(draw, global_depth_)];
    const uint64_t share = uint64_t{1} << (global_depth_ - segment->depth);
    if ((draw & (share - 1)) != 0) continue;
    const size_t slot = hash_table::Below(hash_table::NextRandom(&random), segment->capacity);
    if (segment->tags()[slot] != 0) return segment->slots()[slot];
  }
  // One segment, or a sparse set: count to the member.
  size_t rank = hash_table::NextRandom(&random) % size_;
  size_t at = 0;
  while (rank >= directory_[at]->count) {
    rank -= directory_[at]->count;
    at += size_t{1} << (global_depth_ - directory_[at]->depth);
  }
  const Segment* const segment = directory_[at];
  size_t slot = 0;
  while (segment->tags()[slot] == 0 || rank-- > 0) ++slot;
  return segment->slots()[slot];
}

template <class Slot>
template <class Visitor>
size_t HashTable<Slot>::VisitHome(const Segment* segment, size_t home, const Visitor& visit) const {
  size_t visited = 0;
  for (size_t at = home; segment->tags()[at] != 0; at = at + 1 == segment->capacity ? 0 : at + 1) {
    const std::string_view text = segment->slots()[at].text();
    if (hash_table::HomeOf(hasher_.Hash(text), segment->depth, segment->capacity) != home) continue;
    visit(segment->slots()[at]);
    ++visited;
  }
  return visited;
}

template <class Slot>
template <class Visitor>
uint64_t HashTable<Slot>::Scan(uint64_t cursor, size_t count, const Visitor& visit) const {
  if (cursor >> hash_table::kCursorBits != 0) return 0;
  uint64_t position = cursor << (64 - hash_table::kCursorBits);
  size_t visited = 0;
  while (true) {
    const Segment* const segment = directory_[DirectoryIndex(position)];
    const int depth = segment->depth;
    const uint64_t prefix = hash_table::PrefixOf(position, depth);
    size_t home = hash_table::HomeOf(position, depth, segment->capacity);
    for (; home < segment->capacity && visited < count; ++home) {
      visited += VisitHome(segment, home, visit);
    }
    if (home < segment->capacity) {
      const uint64_t begin = depth == 0 ? 0 : prefix << (64 - depth);
      position = begin + (hash_table::HomeBegin(home, segment->capacity)
                          << (64 - hash_table::kHomeBits - depth));
      return position >> (64 - hash_table::kCursorBits);
    }
    if (prefix + 1 == uint64_t{1} << depth) return 0;
    position = (prefix + 1) << (64 - depth);
    if (visited >= count) return position >> (64 - hash_table::kCursorBits);
  }
}

}  // namespace larder::storage
