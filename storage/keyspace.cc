#include "storage/keyspace.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "storage/lazy_free.h"
#include "storage/match_purge.h"
#include "storage/slab_pages.h"
#include "storage/stripe.h"
#include "storage/table_pool.h"

namespace larder::storage {

Keyspace::Keyspace(const KeyspaceOptions& options, KeyspaceObserver* observer)
    : options_(options),
      hasher_(options.hash_seed, std::countr_zero(std::bit_ceil(options.stripes))),
      stripe_count_(std::bit_ceil(options.stripes)),
      observer_(observer),
      stripe_bits_(std::countr_zero(stripe_count_)),
      tags_(hasher_.Hash("tags")),
      namespaces_(stripe_count_, [this] { UpdateDataLimit(); }),
      pool_(std::make_unique<TablePool>()),
      slab_pages_(std::make_unique<SlabPages>()),
      lazy_free_(std::make_unique<LazyFree>()) {
  const StripeContext context{.hasher = &hasher_,
                              .observer = observer_,
                              .pool = pool_.get(),
                              .slab_pages = slab_pages_.get(),
                              .lazy_free = lazy_free_.get(),
                              .lease_count = &lease_count_,
                              .tags = &tags_,
                              .namespaces = &namespaces_,
                              .policy = &policy_,
                              .probation_from_bytes = &probation_from_bytes_,
                              .stripe_bits = stripe_bits_};
  for (size_t i = 0; i < stripe_count_; ++i) {
    stripes_.push_back(std::make_unique<Stripe>(context, i, options_.databases));
    locks_.push_back(&stripes_.back()->lock());
    locks_.back()->set_single_thread(options_.single_thread);
  }
}

Keyspace::~Keyspace() {
  stripes_.clear();
  FreeSlice(std::chrono::steady_clock::time_point::max());
}

WatchRegistry& Keyspace::watches(size_t stripe) { return stripes_[stripe]->watches(); }

void Keyspace::Prefetch(int database, const Key& key) const {
  stripe(key.hash).database(database).table.PrefetchBucket(key.hash);
}

void Keyspace::PrefetchEntry(int database, const Key& key) const {
  stripe(key.hash).database(database).table.PrefetchEntry(key.hash);
}

size_t Keyspace::KeyCount(int database) const {
  size_t keys = 0;
  for (const auto& stripe : stripes_) keys += stripe->database(database).table.size();
  return keys;
}

size_t Keyspace::ExpiryCount(int database) const {
  int64_t keys = 0;
  for (const auto& stripe : stripes_) keys += stripe->database(database).expiries.Get();
  return static_cast<size_t>(keys);
}

size_t Keyspace::FieldExpiryCount(int database) const {
  int64_t hashes = 0;
  for (const auto& stripe : stripes_) {
    hashes += stripe->database(database).hashes_with_field_expiry.Get();
  }
  return static_cast<size_t>(hashes);
}

int64_t Keyspace::AverageTtlMs(int database, int64_t now_ms) const {
  int64_t keys = 0;
  double seconds = 0;
  for (const auto& stripe : stripes_) {
    keys += stripe->database(database).expiries.Get();
    seconds += static_cast<double>(stripe->database(database).expiry_seconds.Get());
  }
  if (keys == 0) return 0;
  const double mean_ms = seconds * 1000 / static_cast<double>(keys) - static_cast<double>(now_ms);
  return mean_ms < 0 ? 0 : static_cast<int64_t>(mean_ms);
}

size_t Keyspace::FlushDatabase(int database, bool free_now) {
  size_t keys = 0;
  for (const auto& stripe : stripes_) {
    keys += stripe->Flush(database);
    if (free_now) stripe->FreeSlice(std::chrono::steady_clock::time_point::max());
  }
  if (free_now) lazy_free_->FreeSlice(std::chrono::steady_clock::time_point::max());
  return keys;
}

void Keyspace::SwapDatabases(int first, int second) {
  if (first == second) return;
  for (const auto& stripe : stripes_) stripe->Swap(first, second);
  std::lock_guard lock(match_purges_mutex_);
  for (MatchPurge* purge : match_purges_) purge->FollowSwap(first, second);
}

Namespaces::Refusal Keyspace::DefineNamespace(const NamespaceSpec& spec) {
  std::vector<Namespace*> recounted;
  for (const auto& stripe : stripes_) stripe->CloseChanges();
  const Namespaces::Refusal refusal = namespaces_.Define(spec, &recounted);
  for (const auto& stripe : stripes_) stripe->NamespacesChanged(recounted);
  return refusal;
}

bool Keyspace::RemoveNamespace(std::string_view name) {
  std::vector<Namespace*> recounted;
  for (const auto& stripe : stripes_) stripe->CloseChanges();
  const bool removed = namespaces_.Remove(name, &recounted);
  for (const auto& stripe : stripes_) stripe->NamespacesChanged(recounted);
  return removed;
}

void Keyspace::CloseChanges(size_t stripe) { stripes_[stripe]->CloseChanges(); }

void Keyspace::set_active_expire(bool on) { active_expire_.store(on, std::memory_order_relaxed); }

// Set by the wheels' integration; without a backlog measure nothing is ever late.
int64_t Keyspace::ExpiryLagMs() const {
  int64_t lag_ms = 0;
  for (const auto& stripe : stripes_) lag_ms = std::max(lag_ms, stripe->expire_lag_ms.Get());
  return lag_ms;
}

bool Keyspace::ExpireSlice(size_t stripe, int64_t now_ms,
                           std::chrono::steady_clock::time_point deadline) {
  if (!active_expire_.load(std::memory_order_relaxed)) return false;
  StripeLock& lock = stripes_[stripe]->lock();
  if (!lock.TryLock()) return true;
  const bool more = stripes_[stripe]->ExpireSlice(now_ms, deadline);
  lock.Unlock();
  return more;
}

bool Keyspace::PurgeSlice(size_t stripe, int64_t now_ms,
                          std::chrono::steady_clock::time_point deadline) {
  if (!tags_.has_unswept() && stripes_[stripe]->stale_copies.Get() == 0) return false;
  StripeLock& lock = stripes_[stripe]->lock();
  if (!lock.TryLock()) return true;
  const bool more = stripes_[stripe]->PurgeSlice(now_ms, deadline);
  lock.Unlock();
  return more;
}

bool Keyspace::CountSlice(size_t stripe, std::chrono::steady_clock::time_point deadline) {
  if (!stripes_[stripe]->wants_count()) return false;
  StripeLock& lock = stripes_[stripe]->lock();
  if (!lock.TryLock()) return true;
  const bool more = stripes_[stripe]->CountSlice(deadline);
  lock.Unlock();
  return more;
}

bool Keyspace::FreeSlice(std::chrono::steady_clock::time_point deadline) {
  // Pages first: a stripe's become empty together, at its last entries, and what cannot wait any
  // more would be handed to the system there and then.
  if (slab_pages_->ReleaseSlice(deadline)) return true;
  bool more = lazy_free_->FreeSlice(deadline);
  for (const auto& stripe : stripes_) {
    if (!stripe->has_dead_tables()) continue;
    if (!stripe->lock().TryLock()) {
      more = true;
      continue;
    }
    more |= stripe->FreeSlice(deadline);
    stripe->lock().Unlock();
    if (std::chrono::steady_clock::now() >= deadline) return true;
  }
  return more;
}

bool Keyspace::CompactSlice(size_t stripe, std::chrono::steady_clock::time_point deadline) {
  // A look without the lock: most often there is nothing to do.
  if (!stripes_[stripe]->entries().slab().sparse()) return false;
  StripeLock& lock = stripes_[stripe]->lock();
  if (!lock.TryLock()) return true;
  const bool more = stripes_[stripe]->CompactSlice(deadline);
  lock.Unlock();
  return more;
}

void Keyspace::Discard(Ref<Object> object) { lazy_free_->Discard(std::move(object)); }

KeyspaceStats Keyspace::Stats() const {
  KeyspaceStats stats;
  for (const auto& stripe : stripes_) {
    stats.hits += static_cast<uint64_t>(stripe->hits.Get());
    stats.misses += static_cast<uint64_t>(stripe->misses.Get());
    stats.expired += static_cast<uint64_t>(stripe->expired.Get());
    stats.evicted += static_cast<uint64_t>(stripe->evicted.Get());
    stats.stale_copies += static_cast<uint64_t>(stripe->stale_copies.Get());
    stats.purged += static_cast<uint64_t>(stripe->purged.Get());
    stats.expired_fields += static_cast<uint64_t>(stripe->expired_fields.Get());
    stats.entry_bytes += stripe->entries().used_bytes();
    stats.expire_backlog += static_cast<uint64_t>(stripe->expire_backlog.Get());
    stats.wheel_bytes += static_cast<size_t>(stripe->wheel_bytes.Get());
    stats.ghost_bytes += static_cast<size_t>(stripe->ghost_bytes.Get());
    stats.slab_bytes_reserved += stripe->entries().heap_bytes();
  }
  stats.expire_lag_ms = ExpiryLagMs();
  stats.table_bytes = pool_->used_bytes();
  stats.slab_bytes_reserved += slab_pages_->reserved_bytes();
  stats.lazy_freed_objects = lazy_free_->freed();
  stats.lazy_free_pending = lazy_free_->pending();
  return stats;
}

WorkMeter& Keyspace::table_work() { return pool_->work(); }

void Keyspace::ResetStats() {
  // A count that a worker is just adding to may survive: these are statistics.
  for (const auto& stripe : stripes_) {
    for (RelaxedCounter* counter : {&stripe->hits, &stripe->misses, &stripe->expired,
                                    &stripe->evicted, &stripe->purged, &stripe->expired_fields}) {
      counter->Set(0);
    }
  }
  lazy_free_->ResetStats();
}

}  // namespace larder::storage
