// Walking through all keys, and drawing one.
#include <algorithm>
#include <bit>

#include "storage/keyspace.h"
#include "storage/stripe.h"

namespace larder::storage {
namespace {

// A step gives up on sparse tables after so many buckets for each that was asked for.
constexpr size_t kEmptyBucketsPerBucket = 16;
constexpr size_t kEmptyBucketsMin = 1024;

uint64_t Mix(uint64_t random) {
  random = (random ^ (random >> 30)) * 0xbf58476d1ce4e5b9u;
  random = (random ^ (random >> 27)) * 0x94d049bb133111ebu;
  return random ^ (random >> 31);
}

}  // namespace

uint64_t Keyspace::Scan(int database, uint64_t cursor, size_t buckets, int64_t now_ms,
                        bool all_stripes_held, const std::function<void(const Entry&)>& visit) {
  if (cursor >= kPositionEnd) return 0;
  uint64_t position = cursor;
  size_t filled = 0;
  size_t tried = 0;
  const size_t tried_max = std::max(buckets * kEmptyBucketsPerBucket, kEmptyBucketsMin);
  while (position < kPositionEnd && filled < buckets && tried < tried_max) {
    const size_t number = position >> (kPositionBits - stripe_bits_);
    Stripe& stripe = *stripes_[number];
    // The holder may be busy for long. A position inside a bucket means the whole bucket, so 1
    // stands for the start, whose cursor would mean the end.
    if (!all_stripes_held && !stripe.lock().TryLockForAWhile())
      return std::max<uint64_t>(position, 1);
    Table& table = stripe.database(database).table;
    while (position < kPositionEnd && filled < buckets && tried < tried_max &&
           position >> (kPositionBits - stripe_bits_) == number) {
      bool found = false;
      position = table.VisitBucket(position, [&](SlotRef ref) {
        found = true;
        if (stripe.IsLive(ref, now_ms)) visit(*ref.entry());
      });
      filled += found ? 1 : 0;
      ++tried;
    }
    if (!all_stripes_held) stripe.lock().Unlock();
  }
  return position >= kPositionEnd ? 0 : position;
}

uint64_t Keyspace::NextStripe(uint64_t cursor) const {
  const int bits = kPositionBits - stripe_bits_;
  const uint64_t next = ((cursor >> bits) + 1) << bits;
  return next >= kPositionEnd ? 0 : next;
}

bool Keyspace::RandomKeyOfStripe(Stripe& stripe, int database, uint64_t random, int64_t now_ms,
                                 std::string* key) {
  Table& table = stripe.database(database).table;
  const auto take = [&](SlotRef ref) {
    const std::string_view bytes = ref.entry()->key();
    if (stripe.IsLive(ref, now_ms)) {
      key->assign(bytes);
      return true;
    }
    stripe.Expire(database, hasher_.Hash(bytes), ref);
    return false;
  };
  // Slots drawn blindly are uniform; a table with few keys is rather counted through.
  constexpr int kBlindDraws = 64;
  for (int draw = 0; draw < kBlindDraws && table.size() > 0; ++draw) {
    random = Mix(random + 1);
    const SlotRef ref = table.RandomBucket(random)->RefAt((random >> 56) % kSlotsPerBucket);
    if (!ref.Get().empty() && take(ref)) return true;
  }
  while (table.size() > 0) {
    random = Mix(random + 1);
    size_t left = random % table.size();
    SlotRef drawn;
    for (size_t index = 0; !drawn && index < table.directory_size();) {
      index = table.VisitSegment(index, [&](SlotRef ref) {
        if (left-- == 0) drawn = ref;
      });
    }
    if (take(drawn)) return true;
  }
  return false;
}

Keyspace::Drawn Keyspace::RandomKey(int database, uint64_t random, int64_t now_ms,
                                    bool all_stripes_held, std::string* key) {
  for (;;) {
    const size_t keys = KeyCount(database);
    if (keys == 0) return Drawn::kNothing;
    random = Mix(random + 1);
    size_t left = random % keys;
    // Start at the stripe drawn by weight; go on to others when it has emptied meanwhile.
    size_t number = 0;
    while (number + 1 < stripe_count_) {
      const size_t in_stripe = stripes_[number]->database(database).table.size();
      if (left < in_stripe) break;
      left -= in_stripe;
      ++number;
    }
    // A stripe whose holder is busy is passed over: others have keys too.
    bool busy = false;
    for (size_t passed = 0; passed < stripe_count_; ++passed) {
      Stripe& stripe = *stripes_[(number + passed) % stripe_count_];
      if (stripe.database(database).table.size() == 0) continue;
      if (!all_stripes_held && !stripe.lock().TryLockForAWhile()) {
        busy = true;
        continue;
      }
      const bool found = RandomKeyOfStripe(stripe, database, random, now_ms, key);
      if (!all_stripes_held) stripe.lock().Unlock();
      if (found) return Drawn::kKey;
    }
    if (busy) return Drawn::kBusy;
  }
}

}  // namespace larder::storage
