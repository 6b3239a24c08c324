// One stripe: the keys whose hash begins with its number, in one table per database, with their
// entries' memory, watches and counts.
//
// Everything but the counters REQUIRES the lock. Only `Replace`, `Add`, `Remove` and their friends
// here know what a change of an entry entails (expiry counts, memory, eviction state).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "storage/cache_state.h"
#include "storage/entry_allocator.h"
#include "storage/entry_layout.h"
#include "storage/eviction.h"
#include "storage/eviction_clock.h"
#include "storage/expiry_sweep.h"
#include "storage/expiry_wheel.h"
#include "storage/ghost_table.h"
#include "storage/hash_value.h"
#include "storage/key.h"
#include "storage/keyspace.h"
#include "storage/lazy_free.h"
#include "storage/namespaces.h"
#include "storage/probation_queue.h"
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
  SlabPages* slab_pages;
  LazyFree* lazy_free;
  std::atomic<int64_t>* lease_count;
  TagTable* tags;
  Namespaces* namespaces;
  const std::atomic<EvictionPolicy>* policy;
  const std::atomic<int64_t>* probation_from_bytes;  // new keys go on probation above this
  int stripe_bits;
};

// When a hash has its next field to expire, and the hash of its key. Exact: an entry for each hash
// with such fields, at the time that is kept in it (Hash::filed_at_ms), which may be too early.
using FieldExpiry = std::pair<int64_t, uint64_t>;
using FieldExpiries =
    absl::btree_set<FieldExpiry, std::less<FieldExpiry>, memory::Counted<FieldExpiry>>;

// The keys of one database in one stripe.
struct StripeDatabase {
  Table table;
  RelaxedCounter expiries;                    // keys with an expiry
  RelaxedCounter expiry_seconds;              // the sum of their times, for the average
  ExpirySweep sweep;                          // which expiries are in the wheel
  std::unique_ptr<ExpiryWheel> wheel;         // from the first of these on
  std::unique_ptr<ProbationQueue> probation;  // from the first key on probation on
  int64_t probation_bytes = 0;                // of the keys in it, about
  FieldExpiries field_expiries;
  RelaxedCounter hashes_with_field_expiry;  // the size of the above
  size_t tagged = 0;                        // keys with tags
  std::unique_ptr<CacheState> cache;        // from the first stale copy or lease on
};

class alignas(64) Stripe {
 public:
  Stripe(const StripeContext& context, size_t index, int databases);
  ~Stripe();

  StripeLock& lock() { return lock_; }
  WatchRegistry& watches() { return watches_; }
  StripeDatabase& database(int index) { return databases_[static_cast<size_t>(index)]; }
  const StripeDatabase& database(int index) const { return databases_[static_cast<size_t>(index)]; }

  // The slot of a key that is alive. An expired or purged one is removed first and counted, and so
  // are the expired fields of a hash.
  SlotRef FindLive(int database, const Key& key, int64_t now_ms) {
    const SlotRef ref = databases_[static_cast<size_t>(database)].table.Find(key);
    if (ref && ref.Get().has_expiry() && ref.entry()->expire_at_ms() <= now_ms) [[unlikely]] {
      Expire(database, key.hash, ref);
      return SlotRef();
    }
    if (ref && ref.entry()->wants_a_look()) {
      if (IsPurged(*ref.entry())) [[unlikely]] {
        RemovePurged(database, key.hash, ref);
        return SlotRef();
      }
      if (ref.entry()->type() == Type::kHash && HashOf(*ref.entry()).next_expiry_ms() <= now_ms)
          [[unlikely]] {
        if (!ExpireFields(database, key.hash, ref, now_ms)) return SlotRef();
      }
    }
    return ref;
  }
  // Whether a key is alive, for walks.
  bool IsLive(SlotRef ref, int64_t now_ms) const {
    const Entry& entry = *ref.entry();
    return !(ref.Get().has_expiry() && entry.expire_at_ms() <= now_ms) && !IsPurged(entry);
  }

  // A use of a live key, for eviction's sake.
  void Use(SlotRef ref, int64_t now_ms, bool is_write) {
    clock_.Pass(now_ms);
    Slot slot = ref.Get();
    const Slot before = slot;
    if (is_write || !IsLrmPolicy(context_.policy->load(std::memory_order_relaxed))) {
      slot.set_used_tick(clock_.tick());
    }
    if (slot.frequency() < kFrequencyMax) slot.set_frequency(slot.frequency() + 1);
    if (slot.word() != before.word()) ref.Set(slot);
  }
  // How long ago a key was used.
  int64_t IdleMs(Slot slot, int64_t now_ms);
  // Makes it look as if a key had been used so long ago, or so often.
  void SetIdleMs(SlotRef ref, int64_t idle_ms, int64_t now_ms);
  void SetFrequency(SlotRef ref, uint32_t frequency);

  // Adds a key. REQUIRES: it is missing.
  SlotRef Add(int database, const Key& key, const EntrySpec& spec, int64_t now_ms) {
    const SlotRef ref = AddUncounted(database, key, spec, now_ms);
    if (namespaces_ != nullptr) [[unlikely]]
      CountIn(database, key.hash, *ref.entry(), 1);
    return ref;
  }
  // Gives a key another value or expiry; the old value's object is discarded, unless the spec has
  // the same one, which is then kept. The spec's bytes may be the old entry's own.
  void Replace(int database, const Key& key, SlotRef ref, const EntrySpec& spec, int64_t now_ms);
  // The two without regard to namespaces. REQUIRE: has_namespaces() is false.
  SlotRef AddUncounted(int database, const Key& key, const EntrySpec& spec, int64_t now_ms);
  void ReplaceUncounted(int database, const Key& key, SlotRef ref, EntrySpec spec, int64_t now_ms);
  // Sets or (kNoExpiry) removes the expiry of a key.
  void SetExpiry(int database, const Key& key, SlotRef ref, int64_t expire_at_ms, int64_t now_ms);
  // Sets or (nullptr) removes the extra block of a key.
  void SetExtra(int database, const Key& key, SlotRef ref, const char* block, int64_t now_ms);
  // Removes a key; its object is discarded.
  void Remove(int database, uint64_t hash, SlotRef ref);
  // Removes a key and gives its object to the caller.
  Ref<Object> Detach(int database, uint64_t hash, SlotRef ref);
  // To be called when the next expiry of a hash's fields, or its object, may have changed. A hash
  // that leaves its entry is to be unfiled before.
  void FileFields(int database, uint64_t hash, Hash& value);
  void UnfileFields(int database, uint64_t hash, Object* object);
  // ---- beside the entries (stripe_cache.cc)
  // Leases on a key end, and its stale copy goes: it was written or removed by a command.
  void Invalidate(int database, std::string_view key) {
    if (this->database(database).cache != nullptr) [[unlikely]]
      InvalidateCached(database, key);
  }
  CacheState& Cache(int database);  // made when there is none
  // Has an entry's value served stale until these times, when it is a string.
  // REQUIRES: the caller removes the entry.
  void KeepStale(int database, const Entry& entry, int64_t stale_until_ms, int64_t error_until_ms);
  // Whether a purge for good has taken a copy by its tags.
  bool IsPurged(const StaleCopy& copy) const;
  // Drops the stale copy that would end first. False when there is none.
  bool DropStale();
  // Ends leases by key and, where they are dropped, stale copies: a step of a walk from *cursor on,
  // 0 at its end.
  template <class Goes>
  void PurgeCached(int database, bool drops_copies, uint64_t* cursor, Goes goes);

  // Removes a key whose time has passed, or that has to make room, and reports it.
  void Expire(int database, uint64_t hash, SlotRef ref);
  void EvictKey(int database, uint64_t hash, SlotRef ref);
  // Likewise one that was purged: by its tags or, with a time, by its name. A string that was
  // purged softly is served stale until then.
  void RemovePurged(int database, uint64_t hash, SlotRef ref, int64_t soft_until_ms = 0);

  // ---- namespaces (namespaces.h, stripe_namespaces.cc)
  bool has_namespaces() const { return namespaces_ != nullptr; }
  // To be called when namespaces have been defined or removed, and before. REQUIRE: all stripes are
  // locked.
  void CloseChanges();
  void NamespacesChanged(std::span<Namespace* const> recounted);
  // REQUIRE: has_namespaces().
  void CountLookup(std::string_view key, bool hit);
  void CountStaleHit(std::string_view key);
  void CountWrite(std::string_view key);
  // An entry's value is about to change in place: it counts anew at CloseChanges, to be called
  // before the stripe is unlocked.
  void OpenChange(int database, uint64_t hash, Entry* entry);
  // The expiry that a key's namespace gives it where it is written with this one; `stays` when the
  // write leaves the expiry as it was.
  int64_t ExpiryInNamespace(std::string_view key, int64_t expire_at_ms, bool stays, int64_t now_ms);
  // Counts keys that were there before their namespace. True when work is left.
  bool CountSlice(std::chrono::steady_clock::time_point deadline);
  bool wants_count() const { return wants_count_.load(std::memory_order_relaxed); }

  // Makes the short string of an entry `size` bytes long; new bytes are undefined. The entry may
  // move. REQUIRES: size <= kInlineStringBytesMax.
  Entry* ResizeInline(int database, const Key& key, SlotRef ref, size_t size);

  // Cuts the table of a database off; its entries are freed by FreeSlice.
  size_t Flush(int database);
  void Swap(int first, int second);
  // Frees entries of tables that were cut off, and what was kept about them. True when work is
  // left.
  bool FreeSlice(std::chrono::steady_clock::time_point deadline);
  bool has_dead_tables() const { return has_dead_.load(std::memory_order_relaxed); }

  // Removes due keys, and keeps wheel and ages in order. True when work is left.
  bool ExpireSlice(int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  // Removes what was purged by its tags. True when work is left.
  bool PurgeSlice(int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  // Purges the live keys of one segment for which `goes`. The position (Table::VisitSegmentAt) is
  // put behind them; those before it are passed over. Returns how many went.
  template <class Goes>
  size_t PurgeSegment(int database, uint64_t* position, int64_t now_ms, int64_t soft_until_ms,
                      Goes goes);

  // Makes one step: evicts a key as the policy says, or at least gets on. False when nothing is
  // left to evict.
  bool EvictOne(const EvictionPressure& pressure);

  // Moves the entries of sparse slab pages together. True when work is left.
  bool CompactSlice(std::chrono::steady_clock::time_point deadline);
  // As much of it as empties one page. False when there is nothing to gain.
  bool CompactPage();

  EntryAllocator& entries() { return entries_; }

 private:
  // What every read writes lies in the cache line of the lock, which moves from core to core
  // anyway.
  StripeLock lock_;

 public:
  RelaxedCounter hits, misses;

 private:
  Namespaces* namespaces_ = nullptr;  // null: there are none
  EvictionClock clock_;

 public:
  RelaxedCounter expired, evicted, purged;
  RelaxedCounter expired_fields;
  RelaxedCounter keys;                    // of all databases
  RelaxedCounter next_due_ms{kNeverDue};  // when ExpireSlice has work; may be too early
  // As of the last ExpireSlice with work: due keys that it left, and the age of the oldest.
  RelaxedCounter expire_backlog, expire_lag_ms;
  RelaxedCounter wheel_bytes, ghost_bytes;
  RelaxedCounter stale_copies;  // of all databases

 private:
  void InvalidateCached(int database, std::string_view key);
  void KeepExpired(int database, const Entry& entry);
  void CountStale();
  bool EndOverdueCached(StripeDatabase& in, int64_t now_ms, SliceBudget& budget);
  bool SweepStale(SliceBudget& budget);
  int64_t SoftUntilOf(const ExtraView& extra) const;
  void FreeEntry(Entry* entry);
  Entry* ResizeUncounted(SlotRef ref, size_t size);
  void DiscardEntry(Entry* entry);  // with its object
  void CountExpiry(StripeDatabase& database, const Entry* entry, int change);
  uint64_t Random();
  bool MoveEntry(Entry* entry);

  // ---- namespaces (stripe_namespaces.cc)
  // An entry comes or goes (`items` 1, -1), or its bytes do (0): CountOut before the change,
  // CountIn after it.
  void CountIn(int database, uint64_t hash, const Entry& entry, int64_t items);
  void CountOut(int database, uint64_t hash, const Entry& entry, int64_t items);
  bool Counts(const Namespace& of, int database, uint64_t hash) const;
  void AddBytes(Namespace& to, int64_t bytes);
  bool TakeFromOpen(const Entry& entry);
  void CountSegment(int database);
  void BeginCount();
  void EndCount();
  void CountAfterFlush();
  void RecountAll();
  void EndCountOfNothing();
  NamespaceCounts* RowOf(std::string_view key) const;
  // Whether eviction may take it: for the sake of the pressing namespace alone, or of memory.
  bool MayEvict(const Entry& entry, const Namespace* only) const {
    return namespaces_ == nullptr || MayEvictInNamespaces(entry, only);
  }
  bool MayEvictInNamespaces(const Entry& entry, const Namespace* only) const;
  int64_t PinnedKeys() const;
  bool EvictByWalk(const EvictionPressure& pressure);
  struct OpenedChange {
    int database;
    uint64_t hash;
    const Entry* entry;
  };
  // How far the keys are counted that were there before their namespace.
  struct CountWalk {
    bool running = false;
    int database = 0;
    uint64_t position = 0;
  };
  // Where the search for something to evict has come to that random draws did not find.
  struct EvictWalk {
    uint64_t of = 0;  // the namespace's id; 0: any
    int database = 0;
    uint64_t position = 0;
    bool found = false;  // anything since the first key
    int64_t barren_at_ms = -1;
  };

  // ---- tags (stripe_purges.cc)
  static bool HasTags(const Entry& entry) {
    return entry.has_extra() && ExtraView(entry.extra_block()).tag_count() > 0;
  }
  bool IsPurged(const Entry& entry) const {
    return entry.has_extra() && TagsArePurged(ExtraView(entry.extra_block()));
  }
  bool TagsArePurged(const ExtraView& extra) const;
  // An entry came with its tags, or is about to go. Null for one of a table that was cut off.
  void AttachTags(StripeDatabase& in, const Entry& entry) {
    if (entry.has_extra()) [[unlikely]]
      AttachTagsOf(in, entry);
  }
  void DetachTags(StripeDatabase* in, const Entry& entry) {
    if (entry.has_extra()) [[unlikely]]
      DetachTagsOf(in, entry);
  }
  void AttachTagsOf(StripeDatabase& in, const Entry& entry);
  void DetachTagsOf(StripeDatabase* in, const Entry& entry);
  struct PurgeSweep {
    bool running = false;
    int64_t began_ms = std::numeric_limits<int64_t>::min() / 2;
    uint64_t clock = 0;  // the purge clock when this pass, or the last one, began
    int database = 0;    // where it has come to
    uint64_t position = 0;
  };

  // ---- expiry (stripe_expiry.cc)
  // What the wheel knew of a key before its entry was written.
  struct Filed {
    int64_t at_ms = kNoExpiry;
    bool deferred = false;
  };
  static Filed FiledOf(const Entry& entry) {
    return {entry.expire_at_ms(), entry.expiry_deferred()};
  }
  void FileExpiry(StripeDatabase& in, uint64_t hash, Entry* entry, Filed before, int64_t now_ms);
  void AddReference(StripeDatabase& in, uint32_t reference, Entry* entry, int64_t now_ms);
  void SweepSegment(StripeDatabase& in, int64_t now_ms);
  bool SweepExpiries(StripeDatabase& in, int64_t now_ms, SliceBudget& budget);
  bool WheelEvicts() const;
  bool ExpireDatabase(int index, int64_t now_ms, SliceBudget& budget);
  static bool WantsCompaction(const StripeDatabase& in);
  static int64_t NextDueMs(const StripeDatabase& in);
  static Hash& HashOf(const Entry& entry) { return static_cast<Hash&>(*entry.object()); }
  // Removes fields that are due, and with the last one the key: false then.
  bool ExpireFields(int database, uint64_t hash, SlotRef ref, int64_t now_ms,
                    size_t fields_max = std::numeric_limits<size_t>::max());
  bool ExpireDueFields(int database, int64_t now_ms, SliceBudget& budget);
  // Due keys that are not yet removed; raises *lag_ms to the age of the oldest.
  size_t ExpireBacklog(int64_t now_ms, int64_t* lag_ms) const;
  void SettleReference(int database, uint32_t reference, int64_t slot_end_ms, int64_t now_ms);
  void SettleReferences(int database, std::span<const uint32_t> references, int64_t slot_end_ms,
                        int64_t now_ms);

  // ---- eviction (stripe_eviction.cc)
  struct Sample {
    std::array<SlotRef, kEvictionSamples + kSlotsPerBucket> refs;
    size_t count = 0;
  };
  void NoteAdded(StripeDatabase& in, uint64_t hash, SlotRef ref, int64_t now_ms);
  void NoteExpired(uint64_t hash, Slot slot);
  void PutOnProbation(StripeDatabase& in, uint64_t hash, size_t bytes);
  uint32_t PopProbation(StripeDatabase& in);
  bool EndProbation(int database, const EvictionPressure& pressure, bool must_go);
  bool EvictByPolicy(const EvictionPressure& pressure);
  int DrawDatabase(bool only_volatile);
  bool EvictLfu(int database, const EvictionPressure& pressure);
  bool EvictSampled(int database, const EvictionPressure& pressure);
  bool EvictFromWheel(int database, const EvictionPressure& pressure);
  bool EvictWorst(int database, std::span<const uint32_t> references, int64_t slot_end_ms,
                  const EvictionPressure& pressure);
  void EvictOrExpire(int database, uint64_t hash, SlotRef ref, int64_t now_ms);
  template <class Collect>
  void DrawSample(Table& table, Sample& sample, Collect collect);
  void EvictWorstOf(int database, const Sample& sample, const EvictionPressure& pressure);
  double BadnessOf(Slot slot, const EvictionPressure& pressure);
  Slot HoldAge(SlotRef ref);
  void SweepAges();
  void CountEvictionMemory();

  const StripeContext context_;
  const size_t index_;
  WatchRegistry watches_;
  EntryAllocator entries_;
  std::vector<StripeDatabase> databases_;
  std::vector<std::unique_ptr<Table>> dead_tables_;
  std::atomic<bool> has_dead_{false};  // anything in the five lists
  std::vector<std::unique_ptr<ExpiryWheel>> dead_wheels_;
  std::vector<std::unique_ptr<ProbationQueue>> dead_queues_;
  std::vector<FieldExpiries> dead_field_expiries_;
  std::vector<std::unique_ptr<CacheState>> dead_caches_;
  uint64_t random_state_;
  GhostTable ghosts_;
  PurgeSweep purge_sweep_;
  std::vector<OpenedChange> open_changes_;
  CountWalk count_walk_;
  EvictWalk evict_walk_;
  std::atomic<bool> wants_count_{false};
  int expire_database_ = 0;  // where ExpireSlice goes on
  uint64_t swept_ticks_ = 0;
  size_t sweep_step_ = 0;
};

}  // namespace larder::storage
