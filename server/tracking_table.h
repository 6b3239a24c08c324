// Which clients have read which keys of one stripe: what client-side caching remembers. Keys go by
// their names alone, as in Redis: a change in one database concerns its readers in all of them.
//
// A key takes 40 bytes and its name about, each further reader 16 (sorted by id, so that a key that
// ten thousand clients read is looked up quickly). Add and Take cost O(log readers), but for the
// room that a new reader is made. Its memory is counted as the keyspace's is (storage/memory.h).
//
// Not thread-safe: REQUIRES the lock of the stripe for every call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/hash_table.h"

namespace larder {

class Mailbox;

struct TrackedReader {
  uint64_t session_id;
  Mailbox* mailbox;
};

// A slot of the table: a key's name and its readers in one allocation.
class TrackedKey {
 public:
  TrackedKey() = default;
  static TrackedKey Make(std::string_view name, std::span<const TrackedReader> readers,
                         size_t capacity);
  TrackedKey Copy() const { return Make(text(), readers(), capacity()); }
  void Free();

  std::string_view text() const;
  std::span<const TrackedReader> readers() const;
  size_t capacity() const { return record_->capacity; }
  bool Contains(uint64_t session_id) const;
  // REQUIRES: it is not there, and readers().size() < capacity().
  void Insert(TrackedReader reader);
  size_t AllocatedBytes() const;

 private:
  struct Record {  // followed by room for `capacity` readers, then by the name
    uint32_t readers;
    uint32_t capacity;
    uint64_t name_bytes;
  };
  TrackedReader* data() const { return reinterpret_cast<TrackedReader*>(record_ + 1); }

  Record* record_ = nullptr;
};

extern template class storage::HashTable<TrackedKey>;

class TrackingTable {
 public:
  using Keys = storage::HashTable<TrackedKey>;
  // Whether a client of an id is still there: those that are not make room for others.
  using IsThere = std::function<bool(uint64_t session_id)>;

  // `seed`: nobody outside may know it.
  explicit TrackingTable(uint64_t seed) : seed_(seed) {}

  // False when it was there.
  bool Add(std::string_view key, TrackedReader reader, const IsThere& is_there);
  // Forgets a key; its readers are appended. False when nobody has read it.
  bool Take(std::string_view key, std::vector<TrackedReader>* readers);
  // Likewise one drawn at random by 64 fresh random bits. REQUIRES: keys() > 0.
  std::string TakeRandom(uint64_t random, std::vector<TrackedReader>* readers);
  // Gives away all that there is, to be freed in slices; null when there is nothing.
  std::unique_ptr<Keys> TakeAll();

  size_t keys() const { return keys_ == nullptr ? 0 : keys_->size(); }
  size_t items() const { return items_; }
  size_t MemoryBytes() const { return keys_ == nullptr ? 0 : keys_->MemoryBytes(); }

 private:
  uint64_t seed_;
  std::unique_ptr<Keys> keys_;  // from the first key on
  size_t items_ = 0;            // readers of all keys together
};

}  // namespace larder
