#include "storage/hash_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "a short text lies behind its tag byte");

constexpr size_t kFirstCapacity = 8;
constexpr size_t kFullCapacity = 280;  // with header and tags just below 2,560, an allocation class
constexpr size_t kShortTextBytesMax = 7;
constexpr int kHomeBits = 16;
constexpr int kCursorBits = 48;
constexpr size_t kRandomTriesMax = 512;
constexpr size_t kNowhere = static_cast<size_t>(-1);

size_t CountMax(size_t capacity) { return capacity - capacity / 8; }
// Two segments merge when they fill two fifths of one: far enough from a split.
constexpr size_t kMergedCountMax = kFullCapacity * 2 / 5;

size_t HomeOf(uint64_t hash, int depth, size_t capacity) {
  return (hash << depth >> (64 - kHomeBits)) * capacity >> kHomeBits;
}

// The lowest 16-bit hash part whose home is `home`.
uint64_t HomeBegin(size_t home, size_t capacity) {
  return ((static_cast<uint64_t>(home) << kHomeBits) + capacity - 1) / capacity;
}

// The first `depth` bits of a hash, as a number.
uint64_t PrefixOf(uint64_t hash, int depth) { return depth == 0 ? 0 : hash >> (64 - depth); }

uint8_t TagOf(uint64_t hash) { return std::max<uint8_t>(hash & 255, 1); }

// The generator splitmix64: a few good bits from one seed.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// A number below `limit`, which is well below 2^32.
size_t Below(uint64_t random, size_t limit) { return (random >> 32) * limit >> 32; }

}  // namespace

// ---- Slot

HashSet::Slot HashSet::Slot::Make(std::string_view text) {
  Slot slot;
  if (text.size() <= kShortTextBytesMax) {
    std::memcpy(reinterpret_cast<char*>(&slot.word_) + 1, text.data(), text.size());
    slot.word_ |= text.size() << 1 | 1;
    return slot;
  }
  const bool own_length = text.size() >= kLengthInText;
  const uint64_t length = text.size();
  char* const pointer =
      static_cast<char*>(memory::Allocate(length + (own_length ? sizeof(length) : 0)));
  if (own_length) std::memcpy(pointer, &length, sizeof(length));
  std::memcpy(pointer + (own_length ? sizeof(length) : 0), text.data(), length);
  slot.word_ = reinterpret_cast<uint64_t>(pointer) | std::min<uint64_t>(length, kLengthInText)
                                                         << kPointerBits;
  return slot;
}

void HashSet::Slot::Free() {
  if (word_ != 0 && (word_ & 1) == 0) memory::Deallocate(pointer());
  word_ = 0;
}

std::string_view HashSet::Slot::LongText() const {
  uint64_t length = word_ >> kPointerBits;
  if (length < kLengthInText) return {pointer(), length};
  std::memcpy(&length, pointer(), sizeof(length));
  return {pointer() + sizeof(length), length};
}

size_t HashSet::Slot::AllocatedBytes() const {
  if ((word_ & 1) != 0) return 0;
  const size_t length = LongText().size();
  return length + (length >= kLengthInText ? sizeof(uint64_t) : 0);
}

// ---- construction

HashSet::HashSet(uint64_t seed) : hasher_(seed), seed_(seed) {
  segments_of_depth_.assign(1, 0);
  directory_.push_back(NewSegment(kFirstCapacity, 0));
}

HashSet::HashSet(HashSet&& other) noexcept
    : hasher_(other.hasher_),
      seed_(other.seed_),
      directory_(std::exchange(other.directory_, {})),
      segments_of_depth_(std::exchange(other.segments_of_depth_, {})),
      global_depth_(other.global_depth_),
      size_(other.size_),
      bytes_(other.bytes_) {}

HashSet& HashSet::operator=(HashSet&& other) noexcept {
  std::swap(hasher_, other.hasher_);
  std::swap(seed_, other.seed_);
  directory_.swap(other.directory_);
  segments_of_depth_.swap(other.segments_of_depth_);
  std::swap(global_depth_, other.global_depth_);
  std::swap(size_, other.size_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

HashSet::~HashSet() { FreeSome(std::numeric_limits<size_t>::max()); }

HashSet HashSet::Clone() const {
  HashSet clone(seed_);
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

HashSet::Segment* HashSet::CopyOf(const Segment* segment) {
  Segment* const copy = NewSegment(segment->capacity, segment->depth);
  copy->count = segment->count;
  std::memcpy(copy->tags(), segment->tags(), segment->capacity);
  for (size_t i = 0; i < segment->capacity; ++i) {
    if (segment->tags()[i] == 0) continue;
    copy->slots()[i] = Slot::Make(segment->slots()[i].text());
    bytes_ += copy->slots()[i].AllocatedBytes();
  }
  return copy;
}

bool HashSet::FreeSome(size_t members) {
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

size_t HashSet::DirectoryIndex(uint64_t hash) const { return PrefixOf(hash, global_depth_); }

HashSet::Segment* HashSet::NewSegment(size_t capacity, uint8_t depth) {
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

void HashSet::DeleteSegment(Segment* segment) {
  --segments_of_depth_[segment->depth];
  bytes_ -= sizeof(Segment) + segment->capacity * (sizeof(Slot) + 1);
  memory::Deallocate(segment);
}

void HashSet::FreeMembers(Segment* segment) {
  for (size_t i = 0; i < segment->capacity; ++i) {
    if (segment->tags()[i] == 0) continue;
    bytes_ -= segment->slots()[i].AllocatedBytes();
    segment->slots()[i].Free();
  }
}

void HashSet::Point(Segment* segment, uint64_t hash) {
  const size_t run = size_t{1} << (global_depth_ - segment->depth);
  const size_t first = PrefixOf(hash, segment->depth) * run;
  std::fill_n(directory_.begin() + first, run, segment);
}

void HashSet::Place(Segment* segment, Slot slot, uint64_t hash) {
  size_t at = HomeOf(hash, segment->depth, segment->capacity);
  while (segment->tags()[at] != 0) at = at + 1 == segment->capacity ? 0 : at + 1;
  segment->slots()[at] = slot;
  segment->tags()[at] = TagOf(hash);
  ++segment->count;
}

void HashSet::Refill(Segment* from, Segment* to) {
  for (size_t i = 0; i < from->capacity; ++i) {
    if (from->tags()[i] == 0) continue;
    const Slot slot = from->slots()[i];
    Place(to, slot, hasher_.Hash(slot.text()));
  }
}

size_t HashSet::Find(const Segment* segment, std::string_view member, uint64_t hash) const {
  const uint8_t tag = TagOf(hash);
  size_t at = HomeOf(hash, segment->depth, segment->capacity);
  for (; segment->tags()[at] != 0; at = at + 1 == segment->capacity ? 0 : at + 1) {
    if (segment->tags()[at] == tag && segment->slots()[at].text() == member) return at;
  }
  return kNowhere;
}

// Takes a member out and moves those behind it up, so that no probe meets a hole before its end.
void HashSet::EraseAt(Segment* segment, size_t index) {
  const size_t capacity = segment->capacity;
  const auto distance = [capacity](size_t from, size_t to) {
    return to >= from ? to - from : to + capacity - from;
  };
  bytes_ -= segment->slots()[index].AllocatedBytes();
  segment->slots()[index].Free();
  size_t hole = index;
  for (size_t i = index;;) {
    i = i + 1 == capacity ? 0 : i + 1;
    if (segment->tags()[i] == 0) break;
    const uint64_t hash = hasher_.Hash(segment->slots()[i].text());
    const size_t home = HomeOf(hash, segment->depth, capacity);
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

void HashSet::Grow(Segment* segment, uint64_t hash) {
  if (segment->capacity == kFullCapacity) return Split(segment, hash);
  Segment* const larger =
      NewSegment(std::min<size_t>(segment->capacity * 2, kFullCapacity), segment->depth);
  Refill(segment, larger);
  Point(larger, hash);
  DeleteSegment(segment);
}

void HashSet::Split(Segment* segment, uint64_t hash) {
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

void HashSet::Shrink(Segment* segment, uint64_t hash) {
  if (segment->depth > 0) return MergeWithBuddy(segment, hash);
  if (segment->capacity == kFirstCapacity || segment->count > segment->capacity / 8) return;
  Segment* const smaller =
      NewSegment(std::max<size_t>(segment->capacity / 4, kFirstCapacity), segment->depth);
  Refill(segment, smaller);
  Point(smaller, hash);
  DeleteSegment(segment);
}

void HashSet::MergeWithBuddy(Segment* segment, uint64_t hash) {
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

void HashSet::HalveDirectory() {
  --global_depth_;
  segments_of_depth_.pop_back();
  const size_t entries = directory_.size() / 2;
  for (size_t i = 0; i < entries; ++i) directory_[i] = directory_[2 * i];
  directory_.resize(entries);
  if (directory_.capacity() > 4 * entries) directory_.shrink_to_fit();
}

// ---- members

bool HashSet::Contains(std::string_view member) const {
  const uint64_t hash = hasher_.Hash(member);
  return Find(directory_[DirectoryIndex(hash)], member, hash) != kNowhere;
}

bool HashSet::Insert(std::string_view member) {
  const uint64_t hash = hasher_.Hash(member);
  Segment* segment = directory_[DirectoryIndex(hash)];
  if (Find(segment, member, hash) != kNowhere) return false;
  while (segment->count >= CountMax(segment->capacity)) {
    Grow(segment, hash);
    segment = directory_[DirectoryIndex(hash)];
  }
  const Slot slot = Slot::Make(member);
  Place(segment, slot, hash);
  bytes_ += slot.AllocatedBytes();
  ++size_;
  return true;
}

bool HashSet::Erase(std::string_view member) {
  const uint64_t hash = hasher_.Hash(member);
  Segment* const segment = directory_[DirectoryIndex(hash)];
  const size_t at = Find(segment, member, hash);
  if (at == kNowhere) return false;
  EraseAt(segment, at);
  --size_;
  if (segment->count <= kMergedCountMax) Shrink(segment, hash);
  return true;
}

std::string_view HashSet::Random(uint64_t random) const {
  // A slot of a segment, both drawn uniformly, until one is taken. A segment's share of the
  // directory is evened out by refusing it as often as others are smaller.
  for (size_t i = 0; global_depth_ > 0 && i < kRandomTriesMax; ++i) {
    const uint64_t draw = NextRandom(&random);
    const Segment* const segment = directory_[PrefixOf(draw, global_depth_)];
    const uint64_t share = uint64_t{1} << (global_depth_ - segment->depth);
    if ((draw & (share - 1)) != 0) continue;
    const size_t slot = Below(NextRandom(&random), segment->capacity);
    if (segment->tags()[slot] != 0) return segment->slots()[slot].text();
  }
  // One segment, or a sparse set: count to the member.
  size_t rank = NextRandom(&random) % size_;
  size_t at = 0;
  while (rank >= directory_[at]->count) {
    rank -= directory_[at]->count;
    at += size_t{1} << (global_depth_ - directory_[at]->depth);
  }
  const Segment* const segment = directory_[at];
  size_t slot = 0;
  while (segment->tags()[slot] == 0 || rank-- > 0) ++slot;
  return segment->slots()[slot].text();
}

size_t HashSet::VisitHome(const Segment* segment, size_t home,
                          const std::function<void(std::string_view)>& visit) const {
  size_t visited = 0;
  for (size_t at = home; segment->tags()[at] != 0; at = at + 1 == segment->capacity ? 0 : at + 1) {
    const std::string_view text = segment->slots()[at].text();
    if (HomeOf(hasher_.Hash(text), segment->depth, segment->capacity) != home) continue;
    visit(text);
    ++visited;
  }
  return visited;
}

uint64_t HashSet::Scan(uint64_t cursor, size_t count,
                       const std::function<void(std::string_view)>& visit) const {
  if (cursor >> kCursorBits != 0) return 0;
  uint64_t position = cursor << (64 - kCursorBits);
  size_t visited = 0;
  while (true) {
    const Segment* const segment = directory_[DirectoryIndex(position)];
    const int depth = segment->depth;
    const uint64_t prefix = PrefixOf(position, depth);
    size_t home = HomeOf(position, depth, segment->capacity);
    for (; home < segment->capacity && visited < count; ++home) {
      visited += VisitHome(segment, home, visit);
    }
    if (home < segment->capacity) {
      const uint64_t begin = depth == 0 ? 0 : prefix << (64 - depth);
      position = begin + (HomeBegin(home, segment->capacity) << (64 - kHomeBits - depth));
      return position >> (64 - kCursorBits);
    }
    if (prefix + 1 == uint64_t{1} << depth) return 0;
    position = (prefix + 1) << (64 - depth);
    if (visited >= count) return position >> (64 - kCursorBits);
  }
}

}  // namespace larder::storage
