// Where the entries of one stripe live: in its slab, or, above Slab::kBytesMax, on the heap.
// Callers know the sizes, so that none is stored.
//
// Sanitizer builds use the heap for all, exactly sized, so that a write past an entry's end is
// seen. Not thread-safe: REQUIRES the stripe's lock. What is in use is counted (memory::Count).
#pragma once

#include <cstddef>

#include "storage/memory.h"
#include "storage/relaxed_counter.h"
#include "storage/slab.h"

namespace larder::storage {

class EntryAllocator {
 public:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr size_t kSlabBytesMax = 0;
#else
  static constexpr size_t kSlabBytesMax = Slab::kBytesMax;
#endif

  explicit EntryAllocator(SlabPages* pages) : slab_(pages) {}

  void* Allocate(size_t bytes) {
    if (bytes <= kSlabBytesMax) return slab_.Allocate(bytes);
    void* memory = memory::Allocate(RoundedBytes(bytes));
    heap_bytes_.Add(static_cast<int64_t>(memory::AllocatedBytes(memory)));
    return memory;
  }
  void Free(void* memory, size_t bytes) {
    if (bytes <= kSlabBytesMax) return slab_.Free(memory, bytes);
    heap_bytes_.Add(-static_cast<int64_t>(memory::AllocatedBytes(memory)));
    memory::Deallocate(memory);
  }
  // What an allocation of this size really takes; sizes with the same answer are interchangeable.
  static size_t RoundedBytes(size_t bytes) {
    if (bytes <= kSlabBytesMax) return Slab::RoundedBytes(bytes);
    if (kSlabBytesMax == 0) return bytes;
    return (bytes + 511) & ~size_t{511};
  }

  size_t used_bytes() const { return slab_.used_bytes() + static_cast<size_t>(heap_bytes_.Get()); }
  size_t heap_bytes() const { return static_cast<size_t>(heap_bytes_.Get()); }
  Slab& slab() { return slab_; }
  const Slab& slab() const { return slab_; }

 private:
  Slab slab_;
  RelaxedCounter heap_bytes_;
};

}  // namespace larder::storage
