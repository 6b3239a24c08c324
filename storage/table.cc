#include "storage/table.h"

#include <array>
#include <utility>

namespace larder::storage {
namespace {

// Siblings with no more keys together than this become one segment again. A split leaves about 440
// in both, and the number wavers by some 20 while keys come and go at the memory limit: so a
// segment seldom splits and merges for ever, and those that did split by chance come together
// again. Nearer to 440 the table would be smaller still, for more splits (bench/README.md).
constexpr size_t kMergedKeysMax = 400;
constexpr size_t kKeysBetweenMerges = 8;  // it is tried at these numbers only: they may not fit
constexpr uint32_t kDepthMax = 28;        // stripe, segment and bucket bits fit into a position

struct HashedSlot {
  uint64_t hash;
  Slot slot;
};

// All slots of a segment with their hashes, which only the keys know.
class SegmentContents {
 public:
  SegmentContents(Segment& segment, const KeyHasher& hasher) {
    for (Bucket& bucket : segment.buckets) {
      for (uint64_t taken = Bucket::TakenIn(bucket.Tags()); taken != 0; taken &= taken - 1) {
        const Slot slot = bucket.At(Bucket::IndexOf(taken));
        __builtin_prefetch(slot.entry());
        slots_[size_++].slot = slot;
      }
    }
    for (size_t i = 0; i < size_; ++i) slots_[i].hash = hasher.Hash(slots_[i].slot.entry()->key());
  }
  const HashedSlot* begin() const { return slots_.data(); }
  const HashedSlot* end() const { return slots_.data() + size_; }

 private:
  std::array<HashedSlot, (kHomeBuckets + kStashBuckets) * kSlotsPerBucket> slots_;
  size_t size_ = 0;
};

}  // namespace

Table::~Table() {
  Drain(std::chrono::steady_clock::time_point::max(), [](Entry*) {});
}

void Table::Init(const KeyHasher* hasher, TablePool* pool, int stripe_bits) {
  hasher_ = hasher;
  pool_ = pool;
  stripe_bits_ = stripe_bits;
}

void Table::MakeFirstSegment() {
  Directory* directory = pool_->AllocateDirectory(0);
  directory->deepest = 1;
  directory->Set(0, Directory::Word(pool_->AllocateSegment(), 0, 0));
  directory_.store(directory, std::memory_order_release);
}

void Table::CountKeys(const Location& at, int change) {
  size_.Add(change);
  Directory& directory = *this->directory();
  const size_t first = FirstIndex(directory, at.index, at.depth);
  const uint64_t one = uint64_t{1} << Directory::kKeysShift;
  directory.Set(first, directory.At(first) + (change > 0 ? one : -one));
}

SlotRef Table::Insert(uint64_t hash, Slot slot) {
  if (directory() == nullptr) MakeFirstSegment();
  do {
    const Location at = Locate(*directory(), hash);
    if (SlotRef ref = at.segment->Insert(at.home, Fingerprint(hash), slot)) {
      CountKeys(at, 1);
      return ref;
    }
  } while (Split(hash));
  return SlotRef();
}

void Table::Erase(uint64_t hash, SlotRef ref) {
  const Location at = Locate(*directory(), hash);
  const auto address = reinterpret_cast<uintptr_t>(ref.word());
  auto* bucket = reinterpret_cast<Bucket*>(address & ~(sizeof(Bucket) - 1));
  const size_t index = (address % sizeof(Bucket)) / sizeof(uint64_t) - 1;
  const bool displaced = ref.Get().displaced();
  bucket->Remove(index);
  ClearOverflow(at, bucket, displaced);
  CountKeys(at, -1);
  Merge(hash);
}

// Clears the home's overflow bit when nothing of it is left in the bucket that it overflowed to:
// otherwise misses would look there for ever.
void Table::ClearOverflow(const Location& at, Bucket* bucket, bool displaced) {
  const auto number = static_cast<size_t>(bucket - at.segment->buckets.data());
  if (number < kHomeBuckets && !displaced) return;
  for (uint64_t taken = Bucket::TakenIn(bucket->Tags()); taken != 0; taken &= taken - 1) {
    const Slot slot = bucket->At(Bucket::IndexOf(taken));
    if (displaced ? slot.displaced()
                  : HomeOf(hasher_->Hash(slot.entry()->key()), at.depth) == at.home) {
      return;
    }
  }
  at.segment->Home(at.home).ClearState(displaced ? Bucket::kOverflowedNextDoor
                                                 : Bucket::StashBit(number - kHomeBuckets));
}

void Table::PrefetchBucket(uint64_t hash) const {
  const Directory* directory = this->directory();
  if (directory == nullptr) return;
  const Location at = Locate(*directory, hash);
  if (at.segment != nullptr) __builtin_prefetch(&at.segment->Home(at.home));
}

void Table::PrefetchEntry(uint64_t hash) const {
  const Directory* directory = this->directory();
  if (directory == nullptr) return;
  const Location at = Locate(*directory, hash);
  if (at.segment == nullptr) return;
  Bucket& home = at.segment->Home(at.home);
  const uint64_t tags = home.Tags();
  uint64_t match = Bucket::MatchIn(tags, Fingerprint(hash));
  if (match == 0 && (tags & Bucket::kOverflowedNextDoor) != 0) {
    __builtin_prefetch(&at.segment->Next(at.home));
  }
  for (; match != 0; match &= match - 1) {
    const char* entry = reinterpret_cast<const char*>(home.At(Bucket::IndexOf(match)).entry());
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + 64);
  }
}

size_t Table::directory_size() const {
  const Directory* directory = this->directory();
  return directory == nullptr ? 0 : directory->size();
}

Bucket* Table::RandomBucket(uint64_t random) const {
  Directory* directory = this->directory();
  if (directory == nullptr) return nullptr;
  // Wide segments have several places in the directory; drawing only the first of them makes all
  // segments, and so all slots, equally likely.
  constexpr int kTriesMax = 16;
  const size_t mask = directory->size() - 1;
  const size_t bucket = (random & 0xffff) % (kHomeBuckets + kStashBuckets);
  size_t index = 0;
  for (int i = 0; i < kTriesMax; ++i) {
    index = (random >> 24) & mask;
    if (FirstIndex(*directory, index, Directory::DepthOf(directory->At(index))) == index) break;
    random = random * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
  }
  Segment* segment = Directory::SegmentOf(directory->At(index));
  return &segment->buckets[bucket];
}

Bucket* Table::HomeBucket(uint64_t hash) const {
  const Location at = Locate(*directory(), hash);
  return &at.segment->Home(at.home);
}

void Table::Swap(Table& other) {
  Directory* own = directory();
  directory_.store(other.directory(), std::memory_order_release);
  other.directory_.store(own, std::memory_order_release);
  const int64_t size = size_.Get();
  size_.Set(other.size_.Get());
  other.size_.Set(size);
}

bool Table::MoveInto(Segment& to, uint32_t depth, uint64_t hash, Slot slot) const {
  return static_cast<bool>(to.Insert(HomeOf(hash, depth), Fingerprint(hash), slot));
}

void Table::SetSegment(Directory& directory, size_t first, size_t width, Segment* segment,
                       uint32_t depth, size_t keys) {
  for (size_t i = 0; i < width; ++i) {
    directory.Set(first + i, Directory::Word(segment, depth, i == 0 ? keys : 0));
  }
}

// Splits the segment of a hash into two. False when that would not help.
bool Table::Split(uint64_t hash) {
  const WorkMeter::Piece piece(pool_->work());
  Location at = Locate(*directory(), hash);
  if (at.depth == directory()->depth) {
    if (!GrowDirectory()) return false;
    at = Locate(*directory(), hash);
  }
  const uint32_t depth = at.depth + 1;
  std::array<Segment*, 2> halves = {pool_->AllocateSegment(), pool_->AllocateSegment()};
  std::array<size_t, 2> keys = {0, 0};
  const SegmentContents contents(*at.segment, *hasher_);
  for (const HashedSlot& item : contents) {
    const size_t half = ((item.hash << stripe_bits_) >> (64 - depth)) & 1;
    if (!MoveInto(*halves[half], depth, item.hash, item.slot)) {
      for (Segment* segment : halves) pool_->FreeSegment(segment);
      return false;
    }
    ++keys[half];
  }
  Directory& directory = *this->directory();
  const size_t width = size_t{1} << (directory.depth - depth);
  const size_t first = FirstIndex(directory, at.index, at.depth);
  SetSegment(directory, first, width, halves[0], depth, keys[0]);
  SetSegment(directory, first + width, width, halves[1], depth, keys[1]);
  if (depth == directory.depth) directory.deepest += 2;
  pool_->FreeSegment(at.segment);
  return true;
}

bool Table::GrowDirectory() {
  Directory* old = directory();
  // More segments than keys: these keys have nearly the same hash, splitting does not part them.
  if (old->depth >= kDepthMax || old->size() > size()) return false;
  Directory* grown = pool_->AllocateDirectory(old->depth + 1);
  grown->deepest = 0;
  for (size_t i = 0; i < old->size(); ++i) {
    grown->Set(2 * i, old->At(i));
    grown->Set(2 * i + 1, old->At(i));
  }
  directory_.store(grown, std::memory_order_release);
  pool_->FreeDirectory(old);
  return true;
}

// Makes one segment of the hash's and its sibling when both are sparse.
void Table::Merge(uint64_t hash) {
  Directory& directory = *this->directory();
  const Location at = Locate(directory, hash);
  if (at.depth == 0) return;
  const size_t width = size_t{1} << (directory.depth - at.depth);
  const size_t own_first = FirstIndex(directory, at.index, at.depth);
  const uint64_t own = directory.At(own_first);
  if (Directory::KeysOf(own) > kMergedKeysMax / 2) return;
  const uint64_t sibling = directory.At(own_first ^ width);
  if (Directory::DepthOf(sibling) != at.depth) return;
  const size_t keys = Directory::KeysOf(own) + Directory::KeysOf(sibling);
  if (keys > kMergedKeysMax || keys % kKeysBetweenMerges != 0) return;
  const WorkMeter::Piece piece(pool_->work());
  Segment* merged = pool_->AllocateSegment();
  for (const uint64_t word : {own, sibling}) {
    for (const HashedSlot& item : SegmentContents(*Directory::SegmentOf(word), *hasher_)) {
      if (MoveInto(*merged, at.depth - 1, item.hash, item.slot)) continue;
      pool_->FreeSegment(merged);
      return;
    }
  }
  SetSegment(directory, own_first & ~width, 2 * width, merged, at.depth - 1, keys);
  pool_->FreeSegment(Directory::SegmentOf(own));
  pool_->FreeSegment(Directory::SegmentOf(sibling));
  if (at.depth == directory.depth) directory.deepest -= 2;
  while (this->directory()->deepest == 0 && this->directory()->depth > 0) ShrinkDirectory();
}

void Table::ShrinkDirectory() {
  Directory* old = directory();
  Directory* shrunk = pool_->AllocateDirectory(old->depth - 1);
  shrunk->deepest = 0;
  for (size_t i = 0; i < shrunk->size(); ++i) {
    const uint64_t word = old->At(2 * i);
    shrunk->Set(i, word);
    if (Directory::DepthOf(word) == shrunk->depth) ++shrunk->deepest;
  }
  directory_.store(shrunk, std::memory_order_release);
  pool_->FreeDirectory(old);
}

}  // namespace larder::storage
