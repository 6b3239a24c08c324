#include "server/stripe_set.h"

#include <algorithm>

namespace larder {

void StripeSet::Add(size_t stripe) {
  const auto number = static_cast<uint16_t>(stripe);
  if (empty()) {
    first_ = number;
    size_ = Size::kOne;
    return;
  }
  if (all() || (size_ == Size::kOne && first_ == number)) return;
  if (size_ == Size::kOne) some_.push_back(first_);
  size_ = Size::kSome;
  const auto at = std::lower_bound(some_.begin(), some_.end(), number);
  if (at == some_.end() || *at != number) some_.insert(at, number);
}

bool StripeSet::Contains(size_t stripe) const {
  if (size_ == Size::kOne) return first_ == stripe;
  return all() || std::binary_search(some_.begin(), some_.end(), stripe);
}

bool StripeSet::TryLockEach(storage::Keyspace& keyspace) const {
  const size_t count = Count(keyspace);
  for (size_t i = 0; i < count; ++i) {
    if (keyspace.lock(all() ? i : some_[i]).TryLockForAWhile()) continue;
    while (i-- > 0) keyspace.lock(all() ? i : some_[i]).Unlock();
    return false;
  }
  return true;
}

void StripeSet::UnlockEach(storage::Keyspace& keyspace) const {
  for (size_t i = Count(keyspace); i-- > 0;) keyspace.lock(all() ? i : some_[i]).Unlock();
}

}  // namespace larder
