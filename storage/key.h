// A key with its hash: hashed once per request, then used for the stripe, the segment, the bucket
// and the fingerprint.
#pragma once

#include <cstdint>
#include <string_view>

namespace larder::storage {

struct Key {
  std::string_view bytes;
  uint64_t hash = 0;
};

// XXH3-64 with a seed that is random per process, so that nobody can choose colliding keys.
//
// The keyspace's hasher bends its hashes: below the bits that choose the stripe they are twice as
// dense at the lower end of the range as at the upper one. Extendible hashing halves whatever is
// full, so that segments of evenly spread keys all split at about the same number of keys, in a
// burst, and are all but half empty after it: 18 bytes a key, then 10 when they are full again.
// Where the density passes through one doubling along the range, segments are at every stage at any
// time: always 14 bytes a key, and splits come evenly. After the idea of spiral storage (Martin,
// "Spiral Storage: Incrementally Augmentable Hash Addressed Storage", 1979). Bending keeps the
// order of hashes. Thread-safe (immutable).
class KeyHasher {
 public:
  explicit KeyHasher(uint64_t seed) : seed_(seed) {}  // does not bend
  KeyHasher(uint64_t seed, int stripe_bits)
      : seed_(seed), stripe_bits_(stripe_bits), bends_(true) {}
  Key operator()(std::string_view bytes) const { return {bytes, Hash(bytes)}; }
  uint64_t Hash(std::string_view bytes) const;

 private:
  uint64_t Bend(uint64_t hash) const;

  uint64_t seed_;
  int stripe_bits_ = 0;
  bool bends_ = false;
};

}  // namespace larder::storage
