#include "server/stripe_set.h"

#include <algorithm>

namespace larder {

void StripeSet::Add(size_t stripe) {
  if (stripes_.empty()) {
    stripes_.push_back(static_cast<uint16_t>(stripe));
    return;
  }
  const auto at = std::lower_bound(stripes_.begin(), stripes_.end(), stripe);
  if (at != stripes_.end() && *at == stripe) return;
  stripes_.insert(at, static_cast<uint16_t>(stripe));
}

bool StripeSet::Contains(size_t stripe) const {
  return all_ || std::binary_search(stripes_.begin(), stripes_.end(), stripe);
}

bool StripeSet::TryLock(storage::Keyspace& keyspace) const {
  const size_t count = all_ ? keyspace.stripe_count() : stripes_.size();
  for (size_t i = 0; i < count; ++i) {
    if (keyspace.lock(all_ ? i : stripes_[i]).TryLockForAWhile()) continue;
    while (i-- > 0) keyspace.lock(all_ ? i : stripes_[i]).Unlock();
    return false;
  }
  return true;
}

void StripeSet::Unlock(storage::Keyspace& keyspace) const {
  const size_t count = all_ ? keyspace.stripe_count() : stripes_.size();
  for (size_t i = count; i-- > 0;) keyspace.lock(all_ ? i : stripes_[i]).Unlock();
}

}  // namespace larder
