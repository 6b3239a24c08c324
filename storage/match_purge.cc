#include "storage/match_purge.h"

#include <algorithm>
#include <utility>

#include "storage/keyspace.h"
#include "storage/stripe.h"
#include "storage/stripe_purges.h"

namespace larder::storage {

MatchPurge::MatchPurge(Keyspace& keyspace, int database, int64_t soft_until_ms, Picks picks)
    : keyspace_(keyspace),
      database_(database),
      soft_until_ms_(soft_until_ms),
      picks_(std::move(picks)) {
  std::lock_guard lock(keyspace_.match_purges_mutex_);
  keyspace_.match_purges_.push_back(this);
  keyspace_.match_purge_count_.fetch_add(1, std::memory_order_relaxed);
}

MatchPurge::~MatchPurge() {
  std::lock_guard lock(keyspace_.match_purges_mutex_);
  std::erase(keyspace_.match_purges_, this);
  keyspace_.match_purge_count_.fetch_sub(1, std::memory_order_relaxed);
}

MatchPurge::Outcome MatchPurge::Slice(int64_t now_ms,
                                      std::chrono::steady_clock::time_point deadline,
                                      bool all_stripes_held) {
  const int bits_below_stripe = kPositionBits - keyspace_.stripe_bits_;
  const int bits_below_position = 64 - kPositionBits;
  const auto picks = [this](const Entry& entry) { return picks_(entry.key()); };
  for (;;) {
    const uint64_t position = position_.load(std::memory_order_relaxed);
    if (position >= kPositionEnd) return Outcome::kDone;
    const uint64_t number = position >> bits_below_stripe;
    Stripe& stripe = *keyspace_.stripes_[number];
    if (!all_stripes_held && !stripe.lock().TryLockForAWhile()) return Outcome::kBusy;
    uint64_t share = position << bits_below_position << keyspace_.stripe_bits_;
    bool in_time = true;
    do {
      CountPurged(stripe.PurgeSegment(database_, &share, now_ms, soft_until_ms_, picks));
      in_time = std::chrono::steady_clock::now() < deadline;
    } while (share != 0 && in_time);
    // Copies come last: those of keys that expire while the walk is on its way are among them.
    bool stripe_done = share == 0;
    while (stripe_done) {
      stripe.PurgeCached(database_, soft_until_ms_ == 0, &stale_cursor_, picks_);
      if (stale_cursor_ == 0) break;
      in_time = std::chrono::steady_clock::now() < deadline;
      stripe_done = in_time;
    }
    // Where copies are left, the last segment is visited once more.
    const uint64_t next = share == 0 ? ((number + 1) << bits_below_stripe) - (stripe_done ? 0 : 1)
                                     : (number << bits_below_stripe) |
                                           share >> (bits_below_position + keyspace_.stripe_bits_);
    position_.store(next, std::memory_order_relaxed);
    if (!all_stripes_held) stripe.lock().Unlock();
    if (!in_time) return next >= kPositionEnd ? Outcome::kDone : Outcome::kMoreToDo;
  }
}

bool MatchPurge::Awaits(int database, const Key& key) const {
  return database == database_ &&
         key.hash >> (64 - kPositionBits) >= position_.load(std::memory_order_relaxed) &&
         picks_(key.bytes);
}

void MatchPurge::FollowSwap(int first, int second) {
  if (database_ == first) {
    database_ = second;
  } else if (database_ == second) {
    database_ = first;
  }
}

}  // namespace larder::storage
