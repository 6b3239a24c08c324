// Where the entries of one stripe live. Callers know the sizes, so that none is stored.
//
// Not thread-safe: REQUIRES the stripe's lock. What is in use is counted (memory::Count).
#pragma once

#include <cstddef>

#include "storage/memory.h"
#include "storage/relaxed_counter.h"

namespace larder::storage {

class EntryAllocator {
 public:
  void* Allocate(size_t bytes) {
    void* memory = memory::Allocate(RoundedBytes(bytes));
    used_bytes_.Add(static_cast<int64_t>(memory::AllocatedBytes(memory)));
    return memory;
  }
  void Free(void* memory, size_t /*bytes*/) {
    used_bytes_.Add(-static_cast<int64_t>(memory::AllocatedBytes(memory)));
    memory::Deallocate(memory);
  }
  // What an allocation of this size really takes; sizes with the same answer are interchangeable.
  static size_t RoundedBytes(size_t bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return bytes;  // so that a write past an entry's end is seen
#else
    return (bytes + 7) & ~size_t{7};
#endif
  }

  size_t used_bytes() const { return static_cast<size_t>(used_bytes_.Get()); }

 private:
  RelaxedCounter used_bytes_;
};

}  // namespace larder::storage
