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
// Thread-safe (immutable).
class KeyHasher {
 public:
  explicit KeyHasher(uint64_t seed) : seed_(seed) {}
  Key operator()(std::string_view bytes) const { return {bytes, Hash(bytes)}; }
  uint64_t Hash(std::string_view bytes) const;

 private:
  uint64_t seed_;
};

}  // namespace larder::storage
