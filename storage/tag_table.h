// The tags of a keyspace: their names, each held once, who carries them, and when each was purged.
//
// A tag has an id (what entries hold) and a record: how many live entries carry it, how many
// references keep it, and the purge clock of its latest purge. Records stay where they are, so that
// PurgedAt reads one without a lock. A name goes with its last reference. References are held by
// entries, purged ones that are not yet swept included; by a TagSet, on a command's stack; and by
// a purge, for the kPurgesRememberedMs that a lease may live (PurgedSince).
//
// The purge clock counts purges. It moves only while all stripes are locked, so it stands still for
// whoever holds one. An entry has the clock of its writing: it is dead when one of its tags has
// been purged since.
//
// Acquire and Release cost O(1), and a lock of one of kShards when a name comes or goes; Purge
// O(tags), however many entries carry them. A tag takes 40 bytes, its name and some 20 more; the 40
// stay for the next tag. All is counted (storage/memory.h). Thread-safe, but for what REQUIRES
// stripes.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/hash_table.h"
#include "storage/memory.h"

namespace larder::storage {

inline constexpr size_t kTagBytesMax = 1024;
inline constexpr int64_t kPurgesRememberedMs = 60'000;
inline constexpr size_t kPurgedNamesMax = 65'536;  // remembered; above it the oldest are forgotten

// A tag's name with its id: a slot of the table that finds it.
class TagName {
 public:
  static TagName Make(std::string_view text, uint32_t id);
  uint32_t id() const { return head_->id; }
  bool empty() const { return head_ == nullptr; }

  // What HashTable asks of a slot.
  std::string_view text() const { return {reinterpret_cast<const char*>(head_ + 1), head_->bytes}; }
  TagName Copy() const { return Make(text(), id()); }
  void Free();
  size_t AllocatedBytes() const { return sizeof(Head) + head_->bytes; }
  void Prefetch() const { __builtin_prefetch(head_); }

 private:
  struct Head {  // followed by the name
    uint32_t id;
    uint32_t bytes;
  };
  Head* head_ = nullptr;
};

extern template class HashTable<TagName>;

class TagTable {
 public:
  // `seed`: nobody outside may know it, lest they choose names that collide.
  explicit TagTable(uint64_t seed);
  ~TagTable();  // REQUIRES: no references any more, but those of purges
  TagTable(const TagTable&) = delete;
  TagTable& operator=(const TagTable&) = delete;

  // ---- references
  // The id of a name, with a reference to it that is the caller's.
  uint32_t Acquire(std::string_view name);
  void AddReference(uint32_t id) {  // REQUIRES: there is one
    RecordOf(id).references.fetch_add(1, std::memory_order_relaxed);
  }
  void Release(uint32_t id) {
    if (RecordOf(id).references.fetch_sub(1, std::memory_order_acq_rel) == 1) Vanish(id);
  }
  std::string_view NameOf(uint32_t id) const {  // REQUIRES: there is a reference
    return RecordOf(id).name.text();
  }

  // ---- entries. REQUIRES: the stripe of the entry is locked.
  // A live entry carries a tag from now on: with a reference of its own.
  void Attach(uint32_t id) {
    AddReference(id);
    RecordOf(id).live.fetch_add(1, std::memory_order_relaxed);
  }
  // It does no longer; `clock` is that of its writing.
  void Detach(uint32_t id, uint64_t clock) {
    Record& record = RecordOf(id);
    if (record.purged_at.load(std::memory_order_relaxed) > clock) {
      unswept_.fetch_sub(1, std::memory_order_relaxed);
    } else {
      record.live.fetch_sub(1, std::memory_order_relaxed);
    }
    Release(id);
  }
  uint64_t PurgedAt(uint32_t id) const {  // 0: never
    return RecordOf(id).purged_at.load(std::memory_order_relaxed);
  }
  // Likewise, soft purges left aside.
  uint64_t PurgedForGoodAt(uint32_t id) const {
    return RecordOf(id).purged_for_good_at.load(std::memory_order_relaxed);
  }
  // Until when the latest soft purge has its entries served stale; 0 without one.
  int64_t SoftUntilMs(uint32_t id) const {
    return RecordOf(id).soft_until_ms.load(std::memory_order_relaxed);
  }

  // ---- purges
  uint64_t PurgeClock() const { return clock_.load(std::memory_order_relaxed); }
  // Purges tags, all at one point in time, and returns how many live entries carried each, summed.
  // REQUIRES: all stripes locked.
  // Softly where `soft_until_ms` is not 0.
  uint64_t Purge(std::span<const std::string_view> names, int64_t now_ms,
                 int64_t soft_until_ms = 0);
  // Whether a tag was purged after the clock stood at `clock`; true also when that is not known
  // any more. Known for kPurgesRememberedMs, and while an entry carries it.
  bool PurgedSince(std::string_view name, uint64_t clock) const;
  // Forgets purges that are old enough, a few hundred at a time.
  void ForgetPurges(int64_t now_ms);

  // Whether there are dead entries that nobody has removed yet.
  bool has_unswept() const { return unswept_.load(std::memory_order_relaxed) > 0; }
  // Entries that carry a tag; 0 for one that is not known.
  uint64_t LiveCount(std::string_view name) const;
  size_t size() const;  // names, those of remembered purges included

 private:
  struct Record {
    std::atomic<uint64_t> purged_at{0};
    std::atomic<uint64_t> purged_for_good_at{0};
    std::atomic<int64_t> soft_until_ms{0};
    std::atomic<uint32_t> references{0};
    std::atomic<uint32_t> live{0};
    TagName name;  // empty: the id is free
  };
  // Ids go round the shards. The records of one lie in chunks, each twice as large as the one
  // before it, so that none ever moves.
  static constexpr uint32_t kShards = 16;
  static constexpr uint32_t kFirstChunkRecords = 16;
  static constexpr size_t kChunks = 25;
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unique_ptr<HashTable<TagName>> names;  // from the first on
    std::vector<uint32_t, memory::Counted<uint32_t>> free_ids;
    uint32_t ids = 0;  // given out so far
    std::array<std::atomic<Record*>, kChunks> chunks{};
  };

  static size_t ChunkOf(uint32_t number) {
    return static_cast<size_t>(std::bit_width(number / kFirstChunkRecords + 1)) - 1;
  }
  static uint32_t FirstOf(size_t chunk) { return ((1u << chunk) - 1) * kFirstChunkRecords; }
  Record& RecordOf(uint32_t id) const {
    const uint32_t number = id / kShards;
    const size_t chunk = ChunkOf(number);
    return shards_[id % kShards].chunks[chunk].load(
        std::memory_order_relaxed)[number - FirstOf(chunk)];
  }
  Shard& ShardOf(std::string_view name) const;
  // REQUIRES: the shard's mutex is held.
  uint32_t FindOrMake(Shard& shard, std::string_view name);
  uint32_t NewId(Shard& shard);
  void Vanish(uint32_t id);
  void Remember(uint32_t id, uint64_t purged_before, uint64_t clock, int64_t now_ms);
  void ForgetOldest();

  const uint64_t seed_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint64_t> clock_{0};
  std::atomic<int64_t> unswept_{0};  // tags of dead entries, one for each entry and tag

  using Purges = std::map<std::pair<uint64_t, uint32_t>, int64_t, std::less<>,
                          memory::Counted<std::pair<const std::pair<uint64_t, uint32_t>, int64_t>>>;
  std::mutex purges_mutex_;
  Purges purges_;  // that are remembered, by clock and id: when they were made (ms)
  std::atomic<bool> remembers_{false};        // any
  std::atomic<uint64_t> forgotten_until_{0};  // of purges up to this clock some may be forgotten
};

}  // namespace larder::storage
