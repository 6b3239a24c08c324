// Counted memory: every byte that data and metadata of the keyspace take is counted here, in one
// process-wide figure, so that the cap (maxmemory) is held exactly.
//
// Counts are kept per thread and flushed to the global figure in steps of kFlushBytes. This is one
// of the two places with process-wide state: an allocator's hooks take no context. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>

namespace larder::storage::memory {

inline constexpr int64_t kFlushBytes = 16 * 1024;

// Adds to (or takes from) the figure bytes that were allocated by other means.
void Count(int64_t bytes);
// Moves this thread's pending count to the global figure.
void Flush();
// Bytes counted so far, all threads, up to kFlushBytes of each thread pending.
int64_t UsedBytes();
int64_t PeakBytes();
void ResetPeak();

// Heap memory whose usable size is counted.
void* Allocate(size_t bytes);
void* Reallocate(void* pointer, size_t bytes);  // as realloc; bytes > 0
void Deallocate(void* pointer);
// The usable size of what Allocate gave, as it is counted.
size_t AllocatedBytes(const void* pointer);

// For containers of collections: std::vector<T, Counted<T>>.
template <class T>
struct Counted {
  using value_type = T;
  Counted() = default;
  template <class U>
  Counted(const Counted<U>&) {}
  T* allocate(size_t count) {
    if (count > std::numeric_limits<size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(Allocate(count * sizeof(T)));
  }
  void deallocate(T* pointer, size_t) { Deallocate(pointer); }
  template <class U>
  bool operator==(const Counted<U>&) const {
    return true;
  }
};

}  // namespace larder::storage::memory
