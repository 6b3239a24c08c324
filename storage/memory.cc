#include "storage/memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <utility>

#ifdef LARDER_JEMALLOC
// jemalloc reads this name before anything else runs. Freed pages go back to the system within a
// fraction of a second, not within its ten: a cache at its limit frees as fast as it fills, and
// what waits to go would come on top of the limit. A thread of its own does that: after a large
// value was freed it takes milliseconds, which clients would wait for.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:200,muzzy_decay_ms:0";
#endif

namespace larder::storage::memory {
namespace {

std::atomic<int64_t> used_bytes{0};
std::atomic<int64_t> peak_bytes{0};

// What this thread has counted but not yet published.
struct Pending {
  int64_t bytes = 0;
  ~Pending() { Flush(); }
};
thread_local Pending pending;

void Publish(int64_t bytes) {
  const int64_t used = used_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (used > peak && !peak_bytes.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
}

}  // namespace

void Count(int64_t bytes) {
  const int64_t sum = pending.bytes + bytes;
  if (sum < kFlushBytes && sum > -kFlushBytes) {
    pending.bytes = sum;
    return;
  }
  pending.bytes = 0;
  Publish(sum);
}

void Flush() {
  if (pending.bytes != 0) Publish(std::exchange(pending.bytes, 0));
}

int64_t UsedBytes() { return used_bytes.load(std::memory_order_relaxed); }
int64_t PeakBytes() { return peak_bytes.load(std::memory_order_relaxed); }
void ResetPeak() { peak_bytes.store(UsedBytes(), std::memory_order_relaxed); }

void* Allocate(size_t bytes) {
  void* pointer = std::malloc(bytes);
  if (pointer == nullptr) throw std::bad_alloc();
  Count(static_cast<int64_t>(malloc_usable_size(pointer)));
  return pointer;
}

void* Reallocate(void* pointer, size_t bytes) {
  const auto before = pointer == nullptr ? 0 : static_cast<int64_t>(malloc_usable_size(pointer));
  void* moved = std::realloc(pointer, bytes);
  if (moved == nullptr) throw std::bad_alloc();
  Count(static_cast<int64_t>(malloc_usable_size(moved)) - before);
  return moved;
}

void Deallocate(void* pointer) {
  if (pointer == nullptr) return;
  Count(-static_cast<int64_t>(malloc_usable_size(pointer)));
  std::free(pointer);
}

size_t AllocatedBytes(const void* pointer) {
  return pointer == nullptr ? 0 : malloc_usable_size(const_cast<void*>(pointer));
}

}  // namespace larder::storage::memory
