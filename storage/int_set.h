// A small set of integers: a sorted array whose elements are as wide (2, 4 or 8 bytes) as the
// widest value ever added needs. What OBJECT ENCODING calls intset.
//
// Contains costs O(log N); Insert and Erase O(N) for the move. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/memory.h"

namespace larder::storage {

class IntSet {
 public:
  bool Insert(int64_t value);  // false when it was there
  bool Erase(int64_t value);
  bool Contains(int64_t value) const;

  size_t size() const { return bytes_.size() / width_; }
  int64_t At(size_t index) const;  // ascending. REQUIRES: index < size()
  size_t MemoryBytes() const { return bytes_.capacity(); }

 private:
  size_t LowerBound(int64_t value) const;
  void Write(size_t index, int64_t value);
  void Widen(uint8_t width);

  std::vector<uint8_t, memory::Counted<uint8_t>> bytes_;
  uint8_t width_ = 2;
};

}  // namespace larder::storage
