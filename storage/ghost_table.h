// Fingerprints of keys that were evicted not long ago: a key that comes back while its ghost is
// here was evicted too early, and skips probation.
//
// A ghost is 16 bits of the key's hash, in a cell (one cache line of 31) that other bits choose; a
// cell forgets its oldest ghost first. So the table as a whole remembers about as many evictions as
// it has room, and takes one key in 2,000 for a ghost that is none, which does no harm.
//
// All calls cost O(1), one cache line or two; MoveSome a cache line or two a cell. Memory is
// counted. Not thread-safe: use only under the lock of the stripe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "storage/memory.h"

namespace larder::storage {

class GhostTable {
 public:
  // Begins to make room for about this many ghosts, keeping most of those there are. Does nothing
  // while the size is right within an eighth, or is still being changed.
  void Resize(size_t objects);
  // Goes on with that: moves up to `cells` cells. True when all are in place. Until then a ghost
  // that has no room yet is forgotten.
  bool MoveSome(size_t cells);

  void Add(uint64_t hash);
  // Whether the key has a ghost; it is laid to rest.
  bool Take(uint64_t hash);
  void Clear();

  size_t capacity() const { return cells_.count * kGhostsPerCell; }
  size_t MemoryBytes() const { return (cells_.count + old_.count) * sizeof(Cell); }

 private:
  static constexpr size_t kGhostsPerCell = 31;
  struct Cell {
    uint16_t ghosts[kGhostsPerCell] = {};  // 0: none
    uint16_t oldest = 0;
  };
  static_assert(sizeof(Cell) == 64);

  // Uninitialized: to write a million cells at once would take milliseconds.
  struct Cells {
    Cells() = default;
    explicit Cells(size_t size)
        : at(static_cast<Cell*>(memory::Allocate(size * sizeof(Cell)))), count(size) {}
    Cells(Cells&& other) noexcept
        : at(std::exchange(other.at, nullptr)), count(std::exchange(other.count, 0)) {}
    Cells& operator=(Cells&& other) noexcept {
      std::swap(at, other.at);
      std::swap(count, other.count);
      return *this;
    }
    ~Cells() { memory::Deallocate(at); }

    Cell* at = nullptr;
    size_t count = 0;
  };

  Cell* CellOf(uint64_t hash);  // null: no room yet
  static uint16_t Fingerprint(uint64_t hash);

  Cells cells_;
  Cells old_;         // while cells move from here
  size_t moved_ = 0;  // cells of cells_ that are in use
};

}  // namespace larder::storage
