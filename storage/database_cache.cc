// What CACHE.GET and its kin see of a database beside its entries.
#include <algorithm>

#include "storage/database.h"
#include "storage/stripe.h"

namespace larder::storage {

void Database::CountStaleHit(const Key& key) {
  Stripe& stripe = this->stripe(key);
  if (stripe.has_namespaces()) stripe.CountStaleHit(key.bytes);
}

const StaleCopy* Database::FindStale(const Key& key, bool on_error) {
  Stripe& stripe = this->stripe(key);
  if (stripe.FindLive(index_, key, now_ms_)) return nullptr;
  const CacheState* const cache = stripe.database(index_).cache.get();
  if (cache == nullptr) return nullptr;
  const StaleCopy* const copy = cache->stale.Find(key.bytes);
  if (copy == nullptr || stripe.IsPurged(*copy)) return nullptr;
  const bool serves =
      copy->stale_until_ms > now_ms_ || (on_error && copy->error_until_ms > now_ms_);
  return serves ? copy : nullptr;
}

bool Database::MakeStale(const Key& key, int64_t until_ms) {
  Stripe& stripe = this->stripe(key);
  const SlotRef ref = stripe.FindLive(index_, key, now_ms_);
  if (!ref || ref.entry()->type() != Type::kString) return false;
  SaveForUndo(key, ref);
  stripe.watches().Touch(index_, key.bytes);
  stripe.Invalidate(index_, key.bytes);
  stripe.KeepStale(index_, *ref.entry(), until_ms, until_ms);
  stripe.Remove(index_, key.hash, ref);
  return true;
}

const Lease* Database::FindLease(const Key& key) {
  Stripe& stripe = this->stripe(key);
  stripe.FindLive(index_, key, now_ms_);  // where that was purged, the lease has ended with it
  const CacheState* const cache = stripe.database(index_).cache.get();
  if (cache == nullptr) return nullptr;
  const StaleCopy* const copy = cache->stale.Find(key.bytes);
  if (copy != nullptr && stripe.IsPurged(*copy)) {
    stripe.Invalidate(index_, key.bytes);
    return nullptr;
  }
  return cache->leases.Find(key.bytes, now_ms_);
}

bool Database::GrantLease(const Key& key, uint64_t token, int64_t until_ms) {
  if (keyspace_->lease_count_.load(std::memory_order_relaxed) >=
      keyspace_->leases_max_.load(std::memory_order_relaxed)) {
    return false;
  }
  Stripe& stripe = this->stripe(key);
  stripe.Cache(index_).leases.Grant(
      key.bytes,
      {.token = token, .until_ms = until_ms, .purge_clock = keyspace_->tags().PurgeClock()});
  if (until_ms < stripe.next_due_ms.Get()) stripe.next_due_ms.Set(until_ms);
  return true;
}

bool Database::PurgedSince(const Extra& extra, uint64_t clock) const {
  const TagTable& tags = keyspace_->tags();
  return std::any_of(extra.tags.begin(), extra.tags.end(),
                     [&](uint32_t tag) { return tags.PurgedSince(tags.NameOf(tag), clock); });
}

bool Database::EndLease(const Key& key, uint64_t token) {
  const Lease* const lease = FindLease(key);
  if (lease == nullptr || lease->token != token) return false;
  return stripe(key).database(index_).cache->leases.End(key.bytes);
}

}  // namespace larder::storage
