// The stripes one command needs, and their locking in ascending order, all or none.
#pragma once

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "storage/keyspace.h"

namespace larder {

// Not thread-safe. A set that is held must be unlocked by its holder.
class StripeSet {
 public:
  void Clear() {
    stripes_.clear();
    all_ = false;
  }
  void Add(size_t stripe);
  void AddAll() { all_ = true; }

  bool all() const { return all_; }
  bool empty() const { return !all_ && stripes_.empty(); }
  bool Contains(size_t stripe) const;
  size_t any() const { return stripes_.empty() ? 0 : stripes_.front(); }

  // REQUIRES: !all().
  template <class Visit>
  void ForEach(Visit visit) const {
    for (const uint16_t stripe : stripes_) visit(size_t{stripe});
  }

  // Locks every stripe of the set, or none: false when one of them stayed taken for a while.
  bool TryLock(storage::Keyspace& keyspace) const;
  void Unlock(storage::Keyspace& keyspace) const;

 private:
  absl::InlinedVector<uint16_t, 8> stripes_;  // ascending, each once
  bool all_ = false;
};

}  // namespace larder
