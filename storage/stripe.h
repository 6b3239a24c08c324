// One stripe: the keys whose hash begins with its number, in one table per database, with their
// entries' memory, watches and counts.
//
// Everything but the counters REQUIRES the lock. Only `Replace`, `Add`, `Remove` and their friends
// here know what a change of an entry entails (expiry counts, memory, eviction state).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "storage/entry_allocator.h"
#include "storage/entry_layout.h"
#include "storage/key.h"
#include "storage/keyspace.h"
#include "storage/lazy_free.h"
#include "storage/relaxed_counter.h"
#include "storage/stripe_lock.h"
#include "storage/table.h"
#include "storage/watch.h"

namespace larder::storage {

// What all stripes of a keyspace share.
struct StripeContext {
  const KeyHasher* hasher;
  KeyspaceObserver* observer;
  TablePool* pool;
  LazyFree* lazy_free;
  const std::atomic<EvictionPolicy>* policy;
  int stripe_bits;
};

// The keys of one database in one stripe.
struct StripeDatabase {
  Table table;
  RelaxedCounter expiries;        // keys with an expiry
  RelaxedCounter expiry_seconds;  // the sum of their times, for the average
};

// A coarse clock for eviction: about four seconds a tick, 12 bits of it in each slot.
inline constexpr int64_t kTickMs = 4096;
inline uint32_t TickAt(int64_t now_ms) {
  return static_cast<uint32_t>(now_ms / kTickMs) & kAgeMask;
}

class Stripe {
 public:
  Stripe(const StripeContext& context, int databases);
  ~Stripe();

  StripeLock& lock() { return lock_; }
  WatchRegistry& watches() { return watches_; }
  StripeDatabase& database(int index) { return databases_[static_cast<size_t>(index)]; }
  const StripeDatabase& database(int index) const { return databases_[static_cast<size_t>(index)]; }

  // The slot of a key that is alive. An expired one is removed first and counted.
  SlotRef FindLive(int database, const Key& key, int64_t now_ms) {
    const SlotRef ref = databases_[static_cast<size_t>(database)].table.Find(key);
    if (ref && ref.Get().has_expiry() && ref.entry()->expire_at_ms() <= now_ms) [[unlikely]] {
      Expire(database, key.hash, ref);
      return SlotRef();
    }
    return ref;
  }

  // A use of a live key, for eviction's sake.
  void Use(SlotRef ref, int64_t now_ms) {
    Slot slot = ref.Get();
    const Slot before = slot;
    slot.set_used_tick(TickAt(now_ms));
    if (slot.frequency() < kFrequencyMax) slot.set_frequency(slot.frequency() + 1);
    if (slot.word() != before.word()) ref.Set(slot);
  }

  // Adds a key. REQUIRES: it is missing.
  SlotRef Add(int database, const Key& key, const EntrySpec& spec, int64_t now_ms);
  // Gives a key another value or expiry; the old value's object is discarded, unless the spec has
  // the same one, which is then kept. The spec's bytes may be the old entry's own.
  void Replace(int database, const Key& key, SlotRef ref, EntrySpec spec);
  // Sets or (kNoExpiry) removes the expiry of a key.
  void SetExpiry(int database, const Key& key, SlotRef ref, int64_t expire_at_ms);
  // Removes a key; its object is discarded.
  void Remove(int database, uint64_t hash, SlotRef ref);
  // Removes a key and gives its object to the caller.
  Ref<Object> Detach(int database, uint64_t hash, SlotRef ref);
  // Removes a key whose time has passed, or that has to make room, and reports it.
  void Expire(int database, uint64_t hash, SlotRef ref);
  void EvictKey(int database, uint64_t hash, SlotRef ref);

  // Makes the short string of an entry `size` bytes long; new bytes are undefined. The entry may
  // move. REQUIRES: size <= kInlineStringBytesMax.
  Entry* ResizeInline(int database, SlotRef ref, size_t size);

  // Cuts the table of a database off; its entries are freed by FreeSlice.
  size_t Flush(int database);
  void Swap(int first, int second);
  // Frees entries of tables that were cut off. True when work is left.
  bool FreeSlice(std::chrono::steady_clock::time_point deadline);
  bool has_dead_tables() const { return dead_count_.load(std::memory_order_relaxed) != 0; }

  // Removes due keys, looking at the whole table bit by bit. True when work is left.
  bool ExpireSlice(int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  // Evicts one key as the policy says. False when there is none.
  bool EvictOne(int64_t now_ms);

  EntryAllocator& entries() { return entries_; }

  RelaxedCounter hits, misses, expired, evicted;

 private:
  void FreeEntry(Entry* entry);
  void DiscardEntry(Entry* entry);  // with its object
  void CountExpiry(StripeDatabase& database, const Entry* entry, int change);
  uint64_t Random();
  bool EvictFrom(int database, int64_t now_ms, bool only_volatile);

  StripeLock lock_;
  const StripeContext context_;
  WatchRegistry watches_;
  EntryAllocator entries_;
  std::vector<StripeDatabase> databases_;
  std::vector<std::unique_ptr<Table>> dead_tables_;
  std::atomic<size_t> dead_count_{0};
  uint64_t random_state_;
  int evict_database_ = 0;
  int expire_database_ = 0;  // where ExpireSlice goes on
  size_t expire_index_ = 0;
};

}  // namespace larder::storage
