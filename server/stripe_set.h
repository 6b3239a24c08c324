// The stripes one command needs, and their locking in ascending order, all or none.
#pragma once

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "storage/keyspace.h"

namespace larder {

// Not thread-safe. A set that is held must be unlocked by its holder. A set of one stripe, by far
// the most frequent, is locked and unlocked in line.
class StripeSet {
 public:
  StripeSet() = default;
  explicit StripeSet(size_t stripe) : first_(static_cast<uint16_t>(stripe)), size_(Size::kOne) {}

  void Add(size_t stripe);
  void AddAll() { size_ = Size::kAll; }

  bool all() const { return size_ == Size::kAll; }
  bool empty() const { return size_ == Size::kNone; }
  bool Contains(size_t stripe) const;
  size_t any() const { return size_ == Size::kSome ? some_.front() : first_; }

  // REQUIRES: !all().
  template <class Visit>
  void ForEach(Visit visit) const {
    if (size_ == Size::kOne) visit(size_t{first_});
    for (const uint16_t stripe : some_) visit(size_t{stripe});
  }

  // Locks every stripe of the set, or none: false when one of them stayed taken for a while.
  bool TryLock(storage::Keyspace& keyspace) const {
    if (size_ == Size::kOne) return keyspace.lock(first_).TryLockForAWhile();
    return TryLockEach(keyspace);
  }
  void Unlock(storage::Keyspace& keyspace) const {
    if (size_ == Size::kOne) return keyspace.lock(first_).Unlock();
    UnlockEach(keyspace);
  }

 private:
  enum class Size : uint8_t { kNone, kOne, kSome, kAll };

  bool TryLockEach(storage::Keyspace& keyspace) const;
  void UnlockEach(storage::Keyspace& keyspace) const;
  size_t Count(const storage::Keyspace& keyspace) const {
    return all() ? keyspace.stripe_count() : some_.size();
  }

  uint16_t first_ = 0;  // of kOne
  Size size_ = Size::kNone;
  absl::InlinedVector<uint16_t, 8> some_;  // of kSome: ascending, each once
};

}  // namespace larder
