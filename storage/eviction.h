// Which key has to go when memory is full: the figures that all policies share.
//
// The default (allkeys-lfu) is our own. New keys are on probation first: a queue of a tenth of the
// bytes, at whose end a key that was used enough times since is promoted, and any other is evicted
// and leaves a ghost. A key that comes back while its ghost is there skips probation. When the
// queue is short enough, the least worthy of a few random keys of the main part goes: one that is
// large, little used and has not been used for long. All other policies draw from a few random
// keys, or (volatile ones, where few keys have an expiry) from the expiry wheel.
//
// The figures were tuned by simulation; bench/README.md has the hit ratios.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "storage/keyspace.h"

namespace larder::storage {

class Namespace;

// What a stripe must know about the whole to choose its victim.
struct EvictionPressure {
  EvictionPolicy policy;
  int64_t now_ms;
  size_t key_bytes_mean;     // bytes in use, metadata included, by keys: of all stripes
  size_t stripe_bytes_mean;  // bytes in use by stripes
  bool last_resort = false;  // nothing else is left: evict even the newest key
  // Not null: that namespace is over its quota, and only its keys may go.
  const Namespace* only = nullptr;
};

inline constexpr size_t kEvictionSamples = 16;  // about three buckets
// A policy for keys with an expiry draws them from the table unless they are rarer than this.
inline constexpr size_t kVolatileRareShare = 16;
inline constexpr size_t kProbationShare = 10;  // of the bytes: one part in so many
// New keys go on probation when this much of the limit is in use; before, all are welcome.
inline constexpr int64_t kProbationFromPercent = 90;
inline constexpr uint32_t kGhostFrequency = 1;  // what a key that comes back begins with

constexpr bool IsVolatilePolicy(EvictionPolicy policy) {
  return policy >= EvictionPolicy::kVolatileLru;
}
constexpr bool IsLfuPolicy(EvictionPolicy policy) {
  return policy == EvictionPolicy::kAllKeysLfu || policy == EvictionPolicy::kVolatileLfu;
}
constexpr bool IsLrmPolicy(EvictionPolicy policy) {
  return policy == EvictionPolicy::kAllKeysLrm || policy == EvictionPolicy::kVolatileLrm;
}
constexpr bool IsRandomPolicy(EvictionPolicy policy) {
  return policy == EvictionPolicy::kAllKeysRandom || policy == EvictionPolicy::kVolatileRandom;
}

// How often a key must be used on probation to stay: large ones have to earn it.
constexpr uint32_t UsesToStay(size_t bytes, size_t key_bytes_mean) {
  if (bytes <= key_bytes_mean / 2) return 1;
  return bytes <= key_bytes_mean * 4 ? 2 : 3;
}

// How much there is to be said for evicting a key under an LFU policy. The square root lies between
// the best weight for the ratio of requests (size) and that of bytes (none).
inline float LfuBadness(uint32_t frequency, uint32_t age, size_t bytes) {
  return static_cast<float>(1 + age) * std::sqrt(static_cast<float>(bytes)) /
         static_cast<float>(1 + frequency);
}

// OBJECT FREQ: Redis starts at 5 and ends at 255.
constexpr int RedisFrequency(uint32_t frequency) {
  return frequency >= 15 ? 255 : 5 + static_cast<int>(frequency * frequency);
}
// The one that comes nearest to Redis's.
constexpr uint32_t FrequencyNearest(int64_t redis_frequency) {
  uint32_t frequency = 0;
  while (frequency < 15 &&
         2 * redis_frequency > RedisFrequency(frequency) + RedisFrequency(frequency + 1)) {
    ++frequency;
  }
  return frequency;
}

}  // namespace larder::storage
