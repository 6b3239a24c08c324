#include "storage/slab_pages.h"

#include <sys/mman.h>

#include <new>

namespace larder::storage {

SlabPagePool::~SlabPagePool() {
  for (void* chunk : chunks_) munmap(chunk, kSlabChunkBytes);
}

void SlabPagePool::MapChunk() {
  // Twice as much as is needed, to cut an aligned chunk out of it.
  void* mapped = mmap(nullptr, 2 * kSlabChunkBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t chunk = (begin + kSlabChunkBytes - 1) & ~(kSlabChunkBytes - 1);
  if (chunk > begin) munmap(mapped, chunk - begin);
  const uintptr_t rest = chunk + kSlabChunkBytes;
  munmap(reinterpret_cast<void*>(rest), begin + 2 * kSlabChunkBytes - rest);
  chunks_.push_back(reinterpret_cast<void*>(chunk));
  // Page 0 holds the head. From the back, so that the chunk is used in the order of addresses.
  auto* pages = reinterpret_cast<SlabPage*>(chunk);
  for (size_t i = kSlabChunkBytes / page_bytes_ - 1; i > 0; --i) {
    pages[i].data = reinterpret_cast<char*>(chunk + i * page_bytes_);
    cold_.push_back(pages + i);
  }
}

SlabPage* SlabPagePool::Take() {
  std::lock_guard lock(mutex_);
  if (!warm_.empty()) {
    SlabPage* page = warm_.back();
    warm_.pop_back();
    return page;
  }
  if (cold_.empty()) MapChunk();
  SlabPage* page = cold_.back();
  cold_.pop_back();
  reserved_.fetch_add(page_bytes_, std::memory_order_relaxed);
  return page;
}

void SlabPagePool::Return(SlabPage* page) {
  {
    std::lock_guard lock(mutex_);
    if (warm_.size() * page_bytes_ < kWaitingBytesMax) {
      warm_.push_back(page);
      return;
    }
  }
  Release(page);
}

bool SlabPagePool::ReleaseSlice(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    SlabPage* page;
    {
      std::lock_guard lock(mutex_);
      if (warm_.size() * page_bytes_ <= kWarmBytesMax) return false;
      page = warm_.back();
      warm_.pop_back();
    }
    Release(page);
    if (std::chrono::steady_clock::now() >= deadline) return true;
  }
}

void SlabPagePool::Release(SlabPage* page) {
  madvise(page->data, page_bytes_, MADV_DONTNEED);
  reserved_.fetch_sub(page_bytes_, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  cold_.push_back(page);
}

}  // namespace larder::storage
