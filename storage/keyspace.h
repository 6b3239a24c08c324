// All data: a power of two of stripes, each with a lock, a table per database, an expiry wheel,
// eviction state and counts of its own.
//
// Locking: a caller locks the stripes of its keys (in ascending order when there are several), then
// works through a Database. Functions that take care of locking themselves say so. Header functions
// without a note are thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/entry.h"
#include "storage/key.h"
#include "storage/memory.h"
#include "storage/namespaces.h"
#include "storage/stripe_lock.h"
#include "storage/tag_table.h"
#include "storage/watch.h"
#include "storage/work_meter.h"

namespace larder::storage {

struct EvictionPressure;
class LazyFree;
class MatchPurge;
class SlabPages;
class Stripe;
class TablePool;

enum class EvictionPolicy : uint8_t {
  kNoEviction,
  kAllKeysLru,
  kAllKeysLfu,
  kAllKeysLrm,
  kAllKeysRandom,
  kVolatileLru,
  kVolatileLfu,
  kVolatileLrm,
  kVolatileRandom,
  kVolatileTtl
};

struct KeyspaceOptions {
  size_t stripes = 16;  // a power of two
  int databases = 16;
  bool single_thread = true;  // one worker: locks are a plain store
  uint64_t hash_seed = 0;
};

// Hears of keys that go without a command. Called with the stripe's lock held: record and return,
// never call back into the keyspace.
class KeyspaceObserver {
 public:
  virtual ~KeyspaceObserver() = default;
  virtual void OnExpired(int database, std::string_view key) = 0;
  virtual void OnEvicted(int database, std::string_view key) = 0;
  // A key that was purged by a tag, found or swept afterwards, or by a pattern.
  virtual void OnPurged(int /*database*/, std::string_view /*key*/) {}
  // Fields of a hash whose time had come are gone; with the last one the key (`key_is_gone`).
  virtual void OnFieldsExpired(int /*database*/, std::string_view /*key*/, bool /*key_is_gone*/) {}
};

struct KeyspaceStats {
  uint64_t hits = 0, misses = 0;
  uint64_t expired = 0, evicted = 0, purged = 0;
  uint64_t expired_fields = 0;
  uint64_t lazy_freed_objects = 0, lazy_free_pending = 0;
  uint64_t stale_copies = 0;
  uint64_t expire_backlog = 0;  // due keys not yet removed
  int64_t expire_lag_ms = 0;    // age of the oldest of them
  size_t entry_bytes = 0, table_bytes = 0, wheel_bytes = 0, ghost_bytes = 0;
  size_t slab_bytes_reserved = 0;  // pages the entry allocator holds
};

enum class EvictOutcome : uint8_t { kUnderLimit, kMoreToDo, kNothingToEvict };

// What a key takes of the tables, on average (key.h).
inline constexpr size_t kTableBytesPerKey = 14;

class Keyspace {
 public:
  Keyspace(const KeyspaceOptions& options, KeyspaceObserver* observer);
  ~Keyspace();

  const KeyHasher& hasher() const { return hasher_; }
  size_t stripe_count() const { return stripe_count_; }
  int database_count() const { return options_.databases; }
  size_t StripeOf(uint64_t hash) const {
    return static_cast<size_t>((hash >> 1) >> (63 - stripe_bits_));
  }
  StripeLock& lock(size_t stripe) { return *locks_[stripe]; }
  WatchRegistry& watches(size_t stripe);  // REQUIRES: the stripe's lock for its calls

  // Fetches the cache line of the key's bucket that a lookup will read; needs no lock and changes
  // nothing. PrefetchEntry, called for a batch of keys after Prefetch was called for all of them,
  // fetches the entry's own lines too.
  void Prefetch(int database, const Key& key) const;
  void PrefetchEntry(int database, const Key& key) const;

  // Keys of a database, and those of them with an expiry. Expired keys count until they are
  // removed.
  size_t KeyCount(int database) const;
  size_t ExpiryCount(int database) const;
  size_t FieldExpiryCount(int database) const;               // hashes with fields that have one
  int64_t AverageTtlMs(int database, int64_t now_ms) const;  // an estimate, for INFO

  // Empties a database in O(stripes): the tables are cut off and freed in slices by FreeSlice (or,
  // when `free_now`, here). Watches of its keys are touched. Returns how many keys it had.
  // REQUIRES: all stripes locked.
  size_t FlushDatabase(int database, bool free_now);
  // REQUIRES: all stripes locked.
  void SwapDatabases(int first, int second);

  // One step of a scan: calls `visit` for the live entries of at least `buckets` buckets (whole
  // hash ranges) and returns the next cursor, 0 at the end. A cursor is a position in hash space
  // below 2^48. Every key present from a scan's first to its last step is visited at least once.
  // Locks one stripe at a time, unless `all_stripes_held`.
  uint64_t Scan(int database, uint64_t cursor, size_t buckets, int64_t now_ms,
                bool all_stripes_held, const std::function<void(const Entry&)>& visit);

  // ---- tags and purges (tag_table.h, match_purge.h)
  TagTable& tags() { return tags_; }
  // What carries one of these tags is dead from now on: FindLive removes it, PurgeSlice the rest.
  // Returns how many entries carried each, summed; those of flushed databases count until they are
  // freed. REQUIRES: all stripes locked.
  // With `soft_until_ms` (Unix time) strings are served stale until then (Database::FindStale).
  uint64_t PurgeTags(std::span<const std::string_view> names, int64_t now_ms,
                     int64_t soft_until_ms = 0) {
    return tags_.Purge(names, now_ms, soft_until_ms);
  }

  bool match_purges_under_way() const {
    return match_purge_count_.load(std::memory_order_relaxed) > 0;
  }

  // Leases (leases.h) that may be out at a time, and that are.
  void set_leases_max(int64_t leases) { leases_max_.store(leases, std::memory_order_relaxed); }
  int64_t lease_count() const { return lease_count_.load(std::memory_order_relaxed); }
  // ---- namespaces (namespaces.h)
  Namespaces& namespaces() { return namespaces_; }
  const Namespaces& namespaces() const { return namespaces_; }
  bool has_namespaces() const { return namespaces_.any(); }  // one relaxed load
  // REQUIRE: all stripes are locked.
  Namespaces::Refusal DefineNamespace(const NamespaceSpec& spec);
  bool RemoveNamespace(std::string_view name);
  // To be called after commands, before a stripe is unlocked: what changed in place counts.
  // REQUIRES: it is locked.
  void CloseChanges(size_t stripe);
  // The namespace of a key, if it is over its quota and nothing in it may be evicted; else null.
  NamespacePointer FullNamespaceOf(std::string_view key, int64_t now_ms) const;

  // The position after the stripe of another, 0 at the end: to leave out one that stays locked.
  uint64_t NextStripe(uint64_t cursor) const;

  // A key drawn at random (close to uniform). Locks by itself, unless `all_stripes_held`; kBusy
  // when every stripe with keys was held by others for a while: try again.
  enum class Drawn : uint8_t { kKey, kNothing, kBusy };
  Drawn RandomKey(int database, uint64_t random, int64_t now_ms, bool all_stripes_held,
                  std::string* key);

  // ---- memory and eviction
  void set_memory_limit(int64_t bytes);  // 0: none
  int64_t memory_limit() const;
  void set_policy(EvictionPolicy policy);
  EvictionPolicy policy() const;
  // Bytes that others hold out of the same budget: client buffers, Lua.
  void set_other_bytes(int64_t bytes);
  // Whether there may be something to evict: for memory, or for a namespace's quota. A relaxed load
  // and a compare.
  bool OverLimit() const {
    return memory::UsedBytes() > data_limit_.load(std::memory_order_relaxed);
  }
  // Evicts until the limit and all quotas are held or `deadline` has passed, from stripe `home` on.
  // kNothingToEvict tells of the limit, FullNamespaceOf of quotas. Locks one stripe at a time.
  // REQUIRES: the caller holds no stripe.
  EvictOutcome Evict(size_t home, int64_t now_ms, std::chrono::steady_clock::time_point deadline);

  // ---- maintenance: each worker calls these for its own stripes, holding none. They try the lock
  // and pass when it is taken. Return true when work is left.
  bool ExpireSlice(size_t stripe, int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  bool PurgeSlice(size_t stripe, int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  bool CountSlice(size_t stripe, std::chrono::steady_clock::time_point deadline);
  bool FreeSlice(std::chrono::steady_clock::time_point deadline);
  bool CompactSlice(size_t stripe, std::chrono::steady_clock::time_point deadline);
  // How long the oldest due key has waited for its removal: one relaxed load a stripe at most.
  int64_t ExpiryLagMs() const;
  void set_active_expire(bool on);  // DEBUG SET-ACTIVE-EXPIRE

  // Hands a value to be freed in slices when it is large, else frees it here.
  void Discard(Ref<Object> object);

  KeyspaceStats Stats() const;
  void ResetStats();
  WorkMeter& table_work();

 private:
  friend class Database;
  friend class MatchPurge;
  KeyspaceOptions options_;
  KeyHasher hasher_;
  size_t stripe_count_;
  KeyspaceObserver* observer_;
  Stripe& stripe(uint64_t hash) const { return *stripes_[StripeOf(hash)]; }
  bool RandomKeyOfStripe(Stripe& stripe, int database, uint64_t random, int64_t now_ms,
                         std::string* key);
  bool ExpireBeforeEviction(size_t home, int64_t now_ms,
                            std::chrono::steady_clock::time_point deadline);
  bool PurgeBeforeEviction(size_t home, int64_t now_ms,
                           std::chrono::steady_clock::time_point deadline);
  bool FreeBeforeEviction(std::chrono::steady_clock::time_point deadline);
  bool DropStaleBeforeEviction(size_t home);
  bool OverMemory() const {
    return memory::UsedBytes() > memory_data_limit_.load(std::memory_order_relaxed);
  }
  void UpdateDataLimit();
  EvictOutcome EvictForMemory(size_t home, int64_t now_ms,
                              std::chrono::steady_clock::time_point deadline);
  bool EvictForQuotas(size_t home, int64_t now_ms, std::chrono::steady_clock::time_point deadline);
  bool NothingMayGo(const Namespace& of, int64_t now_ms) const;
  EvictionPressure PressureNow(int64_t now_ms) const;
  size_t StripeToEvictFrom(size_t home) const;
  enum class EvictStep : uint8_t { kDone, kBusy, kNothing };
  EvictStep EvictFrom(size_t first, const EvictionPressure& pressure);

  int stripe_bits_;
  std::atomic<EvictionPolicy> policy_{EvictionPolicy::kNoEviction};
  std::atomic<int64_t> memory_limit_{0};
  std::atomic<int64_t> other_bytes_{0};
  std::atomic<int64_t> memory_data_limit_{
      std::numeric_limits<int64_t>::max()};  // what the two leave
  std::mutex data_limit_mutex_;
  // The same; less than anything while a namespace is over its quota.
  std::atomic<int64_t> data_limit_{std::numeric_limits<int64_t>::max()};
  std::atomic<int64_t> probation_from_bytes_{std::numeric_limits<int64_t>::max()};
  std::atomic<bool> active_expire_{true};
  std::atomic<int64_t> leases_max_{std::numeric_limits<int64_t>::max()};
  std::atomic<int64_t> lease_count_{0};
  TagTable tags_;
  Namespaces namespaces_;
  std::mutex match_purges_mutex_;
  std::vector<MatchPurge*> match_purges_;     // those under way
  std::atomic<size_t> match_purge_count_{0};  // of them
  std::unique_ptr<TablePool> pool_;
  std::unique_ptr<SlabPages> slab_pages_;
  std::unique_ptr<LazyFree> lazy_free_;
  std::vector<StripeLock*> locks_;                // of the stripes, for the way in
  std::vector<std::unique_ptr<Stripe>> stripes_;  // goes first: it gives back to the pool
};

}  // namespace larder::storage
