// Fingerprints of keys that were evicted not long ago: a key that comes back while its ghost is
// here was evicted too early, and skips probation.
//
// A ghost is 16 bits of the key's hash, in a cell (one cache line of 31) that other bits choose; a
// cell forgets its oldest ghost first. So the table as a whole remembers about as many evictions as
// it has room, and takes one key in 2,000 for a ghost that is none, which does no harm.
//
// All calls but Resize cost O(1), one cache line. Memory is counted. Not thread-safe: use only
// under the lock of the stripe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/memory.h"

namespace larder::storage {

class GhostTable {
 public:
  // Makes room for about this many ghosts, keeping most of those there are. Does nothing while the
  // size is right within an eighth. O(objects / 31) copies of a cache line otherwise.
  void Resize(size_t objects);

  void Add(uint64_t hash);
  // Whether the key has a ghost; it is laid to rest.
  bool Take(uint64_t hash);
  void Clear();

  size_t capacity() const { return cells_.size() * kGhostsPerCell; }
  size_t MemoryBytes() const { return cells_.capacity() * sizeof(Cell); }

 private:
  static constexpr size_t kGhostsPerCell = 31;
  struct Cell {
    uint16_t ghosts[kGhostsPerCell] = {};  // 0: none
    uint16_t oldest = 0;
  };
  static_assert(sizeof(Cell) == 64);

  Cell& CellOf(uint64_t hash);
  static uint16_t Fingerprint(uint64_t hash);

  std::vector<Cell, memory::Counted<Cell>> cells_;
};

}  // namespace larder::storage
