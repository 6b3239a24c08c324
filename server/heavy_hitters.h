// The keys with the most weight in a stream of (key, weight), in bounded memory: "Space-Saving"
// (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data
// Streams, 2005).
//
// It keeps `capacity` keys. One that is not among them takes the place of the lightest and takes
// over its weight, as the most that it may have had before. So every key with more than
// 1 / capacity of all weight is kept, and what a key has at least is known.
//
// Adding to a kept key costs one probe of a hash table, another key O(capacity) besides.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/string_map.h"

namespace larder {

class HeavyHitters {
 public:
  // REQUIRES: capacity > 0.
  explicit HeavyHitters(size_t capacity);
  HeavyHitters(const HeavyHitters&) = delete;  // the index looks into the keys
  HeavyHitters& operator=(const HeavyHitters&) = delete;

  void Add(std::string_view key, uint64_t weight);

  // Calls `visit(key, least)` for every kept key: `least` is what it has at least.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (size_t i = 0; i < keys_.size(); ++i) visit(keys_[i], weights_[i] - inherited_[i]);
  }

 private:
  size_t Lightest() const;

  const size_t capacity_;
  std::vector<std::string> keys_;  // never reallocated: the index looks into them
  std::vector<uint64_t> weights_;  // what a key has at most
  std::vector<uint64_t> inherited_;
  std::unordered_map<std::string_view, size_t, storage::StringHash> index_;
};

}  // namespace larder
