#include "storage/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace larder::storage {

namespace {

uint64_t MultiplyHigh(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * b) >> 64);
}

}  // namespace

// Maps x in [0, 1), the bits below the stripe's, to x * (2 + x) / 3: its slope goes from 2/3 to
// 4/3. The low byte stays what it was: fingerprints are taken from it.
uint64_t KeyHasher::Bend(uint64_t hash) const {
  constexpr uint64_t kThird = ~uint64_t{0} / 3;
  constexpr uint64_t kLowByte = 0xff;
  const uint64_t below = hash << stripe_bits_;
  const uint64_t bent = MultiplyHigh(below, 2 * kThird + MultiplyHigh(below, kThird));
  const uint64_t stripe = hash & ~(~uint64_t{0} >> stripe_bits_);
  return stripe | (bent >> stripe_bits_ & ~kLowByte) | (hash & kLowByte);
}

uint64_t KeyHasher::Hash(std::string_view bytes) const {
  const uint64_t hash = XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed_);
  return bends_ ? Bend(hash) : hash;
}

}  // namespace larder::storage
