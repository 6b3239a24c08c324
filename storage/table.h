// The keys of one stripe and one database: extendible hashing over segments (segment.h).
//
// The bits of a hash from the top give the stripe, then the segment (as many bits as the segment is
// deep), then the home bucket (6 bits); the low byte gives the fingerprint. So tables are ordered
// by hash, and a split only refines positions: what makes Scan's cursor work.
//
// Find costs about one cache line for the directory, one for the bucket and the entry's own. Insert
// now and then splits one segment (about 450 keys, some 10 us); Erase merges siblings that have
// become sparse. Not thread-safe but for Prefetch and size(): REQUIRES the stripe's lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "storage/entry_layout.h"
#include "storage/key.h"
#include "storage/relaxed_counter.h"
#include "storage/segment.h"
#include "storage/table_pool.h"

namespace larder::storage {

// Positions of a scan: the top 48 bits of the hash.
inline constexpr int kPositionBits = 48;
inline constexpr uint64_t kPositionEnd = uint64_t{1} << kPositionBits;

class Table {
 public:
  Table() = default;
  ~Table();  // REQUIRES: no entries any more; segments and directory go back to the pool
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  void Init(const KeyHasher* hasher, TablePool* pool, int stripe_bits);

  size_t size() const { return static_cast<size_t>(size_.Get()); }

  // The slot of a key, or an empty ref.
  SlotRef Find(const Key& key) const;

  // References (of the expiry wheel and the probation queue): the first 24 bits of a hash below the
  // stripe's, and its low byte, which are enough to find the buckets and match the fingerprint of
  // up to 10^9 keys.
  static uint32_t ReferenceOf(uint64_t hash, int stripe_bits) {
    return static_cast<uint32_t>((hash << stripe_bits >> 40 << 8) | (hash & 0xff));
  }
  // A hash that lies where a reference's key does.
  uint64_t PartialHash(uint32_t reference) const {
    return (uint64_t{reference >> 8} << 40 >> stripe_bits_) | (reference & 0xff);
  }
  // The first slot with this reference for which `accept(Slot, hash)` is true, or an empty ref.
  template <class Accept>
  SlotRef FindReference(uint32_t reference, Accept accept) const;

  // Adds a key. REQUIRES: it is missing. An empty ref when the segment is full and splitting does
  // not help, which takes dozens of keys with the same hash: an attack on the hash's seed. Then
  // something in the key's home bucket has to go.
  SlotRef Insert(uint64_t hash, Slot slot);

  // Removes a slot; the entry is the caller's. Invalidates all refs.
  void Erase(uint64_t hash, SlotRef ref);

  // Fetch the lines of the key's bucket, and (once those have arrived) of the entries whose
  // fingerprint matches. No lock needed.
  void PrefetchBucket(uint64_t hash) const;
  void PrefetchEntry(uint64_t hash) const;

  // Visits the slots of the home bucket at a position (of this stripe) and returns the position
  // after it, or after its segment when that is empty. `visit(SlotRef)` must not change the table.
  template <class Visit>
  uint64_t VisitBucket(uint64_t position, Visit visit);

  // Visits all slots of the segment at directory index `index`; returns the index after it.
  template <class Visit>
  size_t VisitSegment(size_t index, Visit visit);
  size_t directory_size() const;
  // The same by the position of a hash below the stripe's bits, a share of 2^64; returns the
  // position after the segment, 0 at the end of the table.
  template <class Visit>
  uint64_t VisitSegmentAt(uint64_t position, Visit visit);
  uint64_t PositionOf(uint64_t hash) const { return hash << stripe_bits_; }

  // A random bucket, home or stash, all equally likely; nullptr when there is none.
  Bucket* RandomBucket(uint64_t random) const;
  // The bucket where a hash is at home. REQUIRES: not empty.
  Bucket* HomeBucket(uint64_t hash) const;

  void Swap(Table& other);

  // Frees segment after segment of a table that was cut off: `free(Entry*)` gets every entry. False
  // when the deadline came first. A table in use must not be drained.
  template <class Free>
  bool Drain(std::chrono::steady_clock::time_point deadline, Free free);

 private:
  struct Location {
    size_t index;  // in the directory
    Segment* segment;
    uint32_t depth;
    size_t home;
  };

  static uint8_t Fingerprint(uint64_t hash) {
    return static_cast<uint8_t>(std::max<uint64_t>(hash & 0xff, 1));
  }
  size_t Index(const Directory& directory, uint64_t hash) const {
    return ((hash << stripe_bits_) >> 1) >> (63 - directory.depth);
  }
  size_t HomeOf(uint64_t hash, uint32_t depth) const {
    return ((hash << stripe_bits_) << depth) >> 58;
  }
  Location Locate(const Directory& directory, uint64_t hash) const;
  Directory* directory() const { return directory_.load(std::memory_order_acquire); }
  void CountKeys(const Location& at, int change);
  size_t FirstIndex(const Directory& directory, size_t index, uint32_t depth) const {
    return index & ~((size_t{1} << (directory.depth - depth)) - 1);
  }
  void ClearOverflow(const Location& at, Bucket* bucket, bool displaced);

  void MakeFirstSegment();
  bool Split(uint64_t hash);
  void Merge(uint64_t hash);
  bool GrowDirectory();
  void ShrinkDirectory();
  void SetSegment(Directory& directory, size_t first, size_t width, Segment* segment,
                  uint32_t depth, size_t keys);
  bool MoveInto(Segment& to, uint32_t depth, uint64_t hash, Slot slot) const;

  std::atomic<Directory*> directory_{nullptr};
  int stripe_bits_ = 0;
  RelaxedCounter size_;
  const KeyHasher* hasher_ = nullptr;
  TablePool* pool_ = nullptr;
  size_t drained_ = 0;  // directory index up to which Drain has come
};

// ---- the hot path, inline

inline Table::Location Table::Locate(const Directory& directory, uint64_t hash) const {
  Location at;
  at.index = Index(directory, hash);
  const uint64_t word = const_cast<Directory&>(directory).At(at.index);
  at.segment = Directory::SegmentOf(word);
  at.depth = Directory::DepthOf(word);
  at.home = HomeOf(hash, at.depth);
  return at;
}

// As memcmp(...) == 0, in line for the lengths that keys mostly have.
inline bool SameBytes(const char* left, const char* right, size_t size) {
  constexpr size_t kInlineBytesMax = 64;
  constexpr size_t kWord = sizeof(uint64_t);
  if (size < kWord || size > kInlineBytesMax) return std::memcmp(left, right, size) == 0;
  const auto word_at = [](const char* at) {
    uint64_t word;
    std::memcpy(&word, at, kWord);
    return word;
  };
  for (size_t at = 0; at + kWord < size; at += kWord) {
    if (word_at(left + at) != word_at(right + at)) return false;
  }
  return word_at(left + size - kWord) == word_at(right + size - kWord);
}

inline SlotRef FindInBucket(Bucket& bucket, uint64_t tags, uint8_t fingerprint,
                            std::string_view key) {
  for (uint64_t match = Bucket::MatchIn(tags, fingerprint); match != 0; match &= match - 1) {
    const SlotRef ref = bucket.RefAt(Bucket::IndexOf(match));
    const std::string_view found = ref.entry()->key();
    if (found.size() == key.size() && SameBytes(found.data(), key.data(), key.size())) return ref;
  }
  return SlotRef();
}

inline SlotRef Table::Find(const Key& key) const {
  const Directory* directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return SlotRef();
  const Location at = Locate(*directory, key.hash);
  const uint8_t fingerprint = Fingerprint(key.hash);
  Bucket& home = at.segment->Home(at.home);
  const uint64_t tags = home.Tags();
  if (SlotRef ref = FindInBucket(home, tags, fingerprint, key.bytes)) return ref;
  const uint64_t state = tags >> Bucket::kStateShift;
  if (state == 0) return SlotRef();
  if ((tags & Bucket::kOverflowedNextDoor) != 0) {
    Bucket& next = at.segment->Next(at.home);
    if (SlotRef ref = FindInBucket(next, next.Tags(), fingerprint, key.bytes)) return ref;
  }
  for (uint64_t stashes = state >> 4; stashes != 0; stashes &= stashes - 1) {
    Bucket& stash = at.segment->Stash(static_cast<size_t>(std::countr_zero(stashes)));
    if (SlotRef ref = FindInBucket(stash, stash.Tags(), fingerprint, key.bytes)) return ref;
  }
  return SlotRef();
}

template <class Accept>
SlotRef Table::FindReference(uint32_t reference, Accept accept) const {
  const Directory* directory = directory_.load(std::memory_order_relaxed);
  if (directory == nullptr) return SlotRef();
  const uint64_t partial_hash = PartialHash(reference);
  const Location at = Locate(*directory, partial_hash);
  const auto find_in = [&](Bucket& bucket) {
    uint64_t match = Bucket::MatchIn(bucket.Tags(), Fingerprint(partial_hash));
    for (; match != 0; match &= match - 1) {
      const SlotRef ref = bucket.RefAt(Bucket::IndexOf(match));
      const uint64_t hash = hasher_->Hash(ref.entry()->key());
      if (ReferenceOf(hash, stripe_bits_) == reference && accept(ref.Get(), hash)) return ref;
    }
    return SlotRef();
  };
  Bucket& home = at.segment->Home(at.home);
  if (const SlotRef ref = find_in(home)) return ref;
  const uint64_t tags = home.Tags();
  if ((tags & Bucket::kOverflowedNextDoor) != 0) {
    if (const SlotRef ref = find_in(at.segment->Next(at.home))) return ref;
  }
  for (uint64_t stashes = tags >> Bucket::kStateShift >> 4; stashes != 0; stashes &= stashes - 1) {
    Bucket& stash = at.segment->Stash(static_cast<size_t>(std::countr_zero(stashes)));
    if (const SlotRef ref = find_in(stash)) return ref;
  }
  return SlotRef();
}

template <class Visit>
uint64_t Table::VisitBucket(uint64_t position, Visit visit) {
  const uint64_t hash = position << (64 - kPositionBits);
  const int bits_below_stripe = kPositionBits - stripe_bits_;
  Directory* directory = this->directory();
  if (directory == nullptr) return ((position >> bits_below_stripe) + 1) << bits_below_stripe;
  const Location at = Locate(*directory, hash);
  const int segment_bits = bits_below_stripe - static_cast<int>(at.depth);
  const size_t first = FirstIndex(*directory, at.index, at.depth);
  if (Directory::KeysOf(directory->At(first)) == 0) {
    return ((position >> segment_bits) + 1) << segment_bits;
  }
  const auto visit_those = [&](Bucket& bucket, auto belongs) {
    for (uint64_t taken = Bucket::TakenIn(bucket.Tags()); taken != 0; taken &= taken - 1) {
      const SlotRef ref = bucket.RefAt(Bucket::IndexOf(taken));
      if (belongs(ref.Get())) visit(ref);
    }
  };
  Bucket& home = at.segment->Home(at.home);
  visit_those(home, [](Slot slot) { return !slot.displaced(); });
  const uint64_t tags = home.Tags();
  if ((tags & Bucket::kOverflowedNextDoor) != 0) {
    visit_those(at.segment->Next(at.home), [](Slot slot) { return slot.displaced(); });
  }
  for (size_t stash = 0; stash < kStashBuckets; ++stash) {
    if ((tags & Bucket::StashBit(stash)) == 0) continue;
    visit_those(at.segment->Stash(stash), [&](Slot slot) {
      return HomeOf(hasher_->Hash(slot.entry()->key()), at.depth) == at.home;
    });
  }
  const int bucket_bits = segment_bits - 6;
  return ((position >> bucket_bits) + 1) << bucket_bits;
}

template <class Visit>
size_t Table::VisitSegment(size_t index, Visit visit) {
  Directory& directory = *this->directory();
  const uint64_t word = directory.At(index);
  const uint32_t depth = Directory::DepthOf(word);
  for (Bucket& bucket : Directory::SegmentOf(word)->buckets) {
    for (uint64_t taken = Bucket::TakenIn(bucket.Tags()); taken != 0; taken &= taken - 1) {
      visit(bucket.RefAt(Bucket::IndexOf(taken)));
    }
  }
  return FirstIndex(directory, index, depth) + (size_t{1} << (directory.depth - depth));
}

template <class Visit>
uint64_t Table::VisitSegmentAt(uint64_t position, Visit visit) {
  const Directory* directory = this->directory();
  if (directory == nullptr) return 0;
  const uint32_t depth = directory->depth;
  const size_t end = VisitSegment((position >> 1) >> (63 - depth), visit);
  return (uint64_t{end} << 1) << (63 - depth);
}

template <class Free>
bool Table::Drain(std::chrono::steady_clock::time_point deadline, Free free) {
  Directory* directory = this->directory();
  while (directory != nullptr && drained_ < directory->size()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    Segment* segment = Directory::SegmentOf(directory->At(drained_));
    drained_ = VisitSegment(drained_, [&](SlotRef ref) { free(ref.entry()); });
    pool_->FreeSegment(segment);
  }
  if (directory != nullptr) pool_->FreeDirectory(directory);
  directory_.store(nullptr, std::memory_order_release);
  size_.Set(0);
  drained_ = 0;
  return true;
}

}  // namespace larder::storage
