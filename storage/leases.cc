#include "storage/leases.h"

#include "storage/expiry_wheel.h"

namespace larder::storage {

const Lease* Leases::Find(std::string_view key, int64_t now_ms) const {
  const auto found = leases_.find(key);
  if (found == leases_.end() || found->second.until_ms <= now_ms) return nullptr;
  return &found->second;
}

void Leases::Grant(std::string_view key, const Lease& lease) {
  End(key);
  leases_.emplace(key, lease);
  order_.emplace(std::pair(lease.until_ms, lease.token), key);
  count_->fetch_add(1, std::memory_order_relaxed);
}

void Leases::Drop(Map::iterator at) {
  order_.erase({at->second.until_ms, at->second.token});
  leases_.erase(at);
  count_->fetch_sub(1, std::memory_order_relaxed);
}

bool Leases::End(std::string_view key) {
  const auto found = leases_.find(key);
  if (found == leases_.end()) return false;
  Drop(found);
  return true;
}

void Leases::EndOverdue(int64_t now_ms) {
  while (next_end_ms() <= now_ms) Drop(leases_.find(order_.begin()->second));
}

void Leases::Clear() {
  count_->fetch_sub(static_cast<int64_t>(leases_.size()), std::memory_order_relaxed);
  leases_.clear();
  order_.clear();
}

int64_t Leases::next_end_ms() const {
  return order_.empty() ? kNeverDue : order_.begin()->first.first;
}

}  // namespace larder::storage
