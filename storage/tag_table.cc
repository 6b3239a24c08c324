#include "storage/tag_table.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "storage/hash_table_inline.h"

namespace larder::storage {
namespace {

constexpr size_t kForgottenTogether = 256;

}  // namespace

template class HashTable<TagName>;

TagName TagName::Make(std::string_view text, uint32_t id) {
  TagName name;
  name.head_ = static_cast<Head*>(memory::Allocate(sizeof(Head) + text.size()));
  *name.head_ = {id, static_cast<uint32_t>(text.size())};
  if (!text.empty()) std::memcpy(name.head_ + 1, text.data(), text.size());
  return name;
}

void TagName::Free() {
  memory::Deallocate(head_);
  head_ = nullptr;
}

TagTable::TagTable(uint64_t seed) : seed_(seed), shards_(new Shard[kShards]) {}

TagTable::~TagTable() {
  for (uint32_t i = 0; i < kShards; ++i) {
    for (const auto& chunk : shards_[i].chunks) {
      memory::Deallocate(chunk.load(std::memory_order_relaxed));
    }
  }
}

TagTable::Shard& TagTable::ShardOf(std::string_view name) const {
  return shards_[KeyHasher(seed_).Hash(name) % kShards];
}

uint32_t TagTable::NewId(Shard& shard) {
  if (!shard.free_ids.empty()) {
    const uint32_t id = shard.free_ids.back();
    shard.free_ids.pop_back();
    return id;
  }
  const uint32_t number = shard.ids;
  const size_t chunk = ChunkOf(number);
  if (number == FirstOf(chunk)) {
    const size_t records = size_t{kFirstChunkRecords} << chunk;
    auto* made = static_cast<Record*>(memory::Allocate(records * sizeof(Record)));
    std::uninitialized_default_construct_n(made, records);
    shard.chunks[chunk].store(made, std::memory_order_relaxed);
  }
  ++shard.ids;
  return number * kShards + static_cast<uint32_t>(&shard - shards_.get());
}

uint32_t TagTable::FindOrMake(Shard& shard, std::string_view name) {
  if (shard.names == nullptr) shard.names = std::make_unique<HashTable<TagName>>(seed_ + 1);
  const auto [slot, made] =
      shard.names->FindOrInsert(name, [&] { return TagName::Make(name, NewId(shard)); });
  if (made) {
    Record& record = RecordOf(slot->id());
    record.name = *slot;
    record.purged_at.store(0, std::memory_order_relaxed);
    record.purged_for_good_at.store(0, std::memory_order_relaxed);
    record.soft_until_ms.store(0, std::memory_order_relaxed);
  }
  return slot->id();
}

uint32_t TagTable::Acquire(std::string_view name) {
  Shard& shard = ShardOf(name);
  std::lock_guard lock(shard.mutex);
  const uint32_t id = FindOrMake(shard, name);
  AddReference(id);
  return id;
}

// Several may have seen the last reference go, and others have found the name since: whoever comes
// while there is none removes it.
void TagTable::Vanish(uint32_t id) {
  Shard& shard = shards_[id % kShards];
  std::lock_guard lock(shard.mutex);
  Record& record = RecordOf(id);
  if (record.name.empty() || record.references.load(std::memory_order_acquire) != 0) return;
  shard.names->Take(record.name.text());
  record.name.Free();
  shard.free_ids.push_back(id);
}

uint64_t TagTable::Purge(std::span<const std::string_view> names, int64_t now_ms,
                         int64_t soft_until_ms) {
  const uint64_t clock = PurgeClock() + 1;
  uint64_t carried = 0;
  std::lock_guard purges_lock(purges_mutex_);
  for (const std::string_view name : names) {
    Shard& shard = ShardOf(name);
    std::lock_guard lock(shard.mutex);
    const uint32_t id = FindOrMake(shard, name);
    Record& record = RecordOf(id);
    const uint32_t live = record.live.exchange(0, std::memory_order_relaxed);
    const uint64_t purged_before = record.purged_at.exchange(clock, std::memory_order_relaxed);
    if (soft_until_ms == 0) {
      record.purged_for_good_at.store(clock, std::memory_order_relaxed);
    } else {
      record.soft_until_ms.store(soft_until_ms, std::memory_order_relaxed);
    }
    carried += live;
    unswept_.fetch_add(live, std::memory_order_relaxed);
    Remember(id, purged_before, clock, now_ms);
  }
  clock_.store(clock, std::memory_order_relaxed);
  while (purges_.size() > kPurgedNamesMax) {
    forgotten_until_.store(purges_.begin()->first.first, std::memory_order_relaxed);
    ForgetOldest();
  }
  return carried;
}

void TagTable::Remember(uint32_t id, uint64_t purged_before, uint64_t clock, int64_t now_ms) {
  if (purges_.erase({purged_before, id}) == 0) AddReference(id);  // else the old one's serves
  purges_.insert_or_assign({clock, id}, now_ms);
  remembers_.store(true, std::memory_order_relaxed);
}

// REQUIRES: purges_mutex_ and no shard's is held.
void TagTable::ForgetOldest() {
  const uint32_t id = purges_.begin()->first.second;
  purges_.erase(purges_.begin());
  Release(id);
}

void TagTable::ForgetPurges(int64_t now_ms) {
  if (!remembers_.load(std::memory_order_relaxed)) return;
  std::unique_lock lock(purges_mutex_, std::try_to_lock);
  if (!lock) return;
  for (size_t i = 0; i < kForgottenTogether && !purges_.empty(); ++i) {
    if (purges_.begin()->second > now_ms - kPurgesRememberedMs) return;
    ForgetOldest();
  }
  if (purges_.empty()) remembers_.store(false, std::memory_order_relaxed);
}

bool TagTable::PurgedSince(std::string_view name, uint64_t clock) const {
  if (forgotten_until_.load(std::memory_order_relaxed) > clock) return true;
  Shard& shard = ShardOf(name);
  std::lock_guard lock(shard.mutex);
  const TagName* found = shard.names == nullptr ? nullptr : shard.names->Find(name);
  return found != nullptr && PurgedAt(found->id()) > clock;
}

uint64_t TagTable::LiveCount(std::string_view name) const {
  Shard& shard = ShardOf(name);
  std::lock_guard lock(shard.mutex);
  const TagName* found = shard.names == nullptr ? nullptr : shard.names->Find(name);
  return found == nullptr ? 0 : RecordOf(found->id()).live.load(std::memory_order_relaxed);
}

size_t TagTable::size() const {
  size_t names = 0;
  for (uint32_t i = 0; i < kShards; ++i) {
    std::lock_guard lock(shards_[i].mutex);
    if (shards_[i].names != nullptr) names += shards_[i].names->size();
  }
  return names;
}

}  // namespace larder::storage
