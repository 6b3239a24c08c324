// The stale copies of one database in one stripe: strings whose fresh lifetime is over, or that a
// soft purge took, and that CACHE.GET may still serve for a while. They lie beside the table, so
// that every other command sees their keys as gone.
//
// Add, Find and Erase cost O(log N). Every byte is counted (memory.h). Not thread-safe: guarded by
// the lock of the stripe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/container/btree_set.h"
#include "storage/hash_table.h"
#include "storage/lazy_free.h"
#include "storage/memory.h"
#include "storage/object.h"
#include "storage/slice_budget.h"
#include "storage/tag_set.h"

namespace larder::storage {

struct StaleCopy {
  Ref<Object> value;       // a Blob
  TagSet tags;             // those of the entry
  uint64_t purge_clock;    // when its tags were written
  int64_t stale_until_ms;  // Unix times: served while somebody refreshes …
  int64_t error_until_ms;  // … and where the origin has failed

  int64_t until_ms() const { return std::max(stale_until_ms, error_until_ms); }
  std::string_view bytes() const;
};

// A copy with its key: a slot of the table that finds it.
class StaleSlot {
 public:
  static StaleSlot Make(std::string_view key, StaleCopy copy);
  StaleCopy& copy() const { return node_->copy; }

  // What HashTable asks of a slot.
  std::string_view text() const { return {reinterpret_cast<const char*>(node_ + 1), node_->bytes}; }
  StaleSlot Copy() const { return Make(text(), node_->copy); }
  void Free();
  size_t AllocatedBytes() const { return sizeof(Node) + node_->bytes; }
  void Prefetch() const { __builtin_prefetch(node_); }

 private:
  struct Node {  // followed by the key
    StaleCopy copy;
    size_t bytes;
  };
  Node* node_ = nullptr;
};

extern template class HashTable<StaleSlot>;

class StaleCopies {
 public:
  // `seed`: nobody outside may know it. `lazy_free` takes the values that are dropped.
  StaleCopies(uint64_t seed, LazyFree& lazy_free) : table_(seed), lazy_free_(&lazy_free) {}

  void Add(std::string_view key, StaleCopy copy);  // in the place of another
  const StaleCopy* Find(std::string_view key) const;
  bool Erase(std::string_view key);

  size_t size() const { return table_.size(); }
  // When the first of them ends; kNeverDue when there is none.
  int64_t next_end_ms() const;
  // Drops those that have ended. True when the budget ended first.
  bool EraseEnded(int64_t now_ms, SliceBudget& budget);
  // Drops the one that would end first. REQUIRES: size() > 0.
  void EraseFirst() { Erase(order_.begin()->second); }

  // A walk over all copies in the order of hashes, as HashTable::Scan: drops those for which
  // goes(key, copy). Returns the next cursor, 0 at the end.
  using Goes = std::function<bool(std::string_view key, const StaleCopy&)>;
  uint64_t EraseSome(uint64_t cursor, size_t count, const Goes& goes);

  // Frees at least `copies` (or all); true when none is left. Afterwards only this and the
  // destructor may be called.
  bool FreeSome(size_t copies);

 private:
  using Order = absl::btree_set<std::pair<int64_t, std::string_view>, std::less<>,
                                memory::Counted<std::pair<int64_t, std::string_view>>>;

  HashTable<StaleSlot> table_;
  Order order_;  // by end; the keys lie in their slots
  LazyFree* lazy_free_;
};

}  // namespace larder::storage
