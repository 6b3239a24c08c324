#include "storage/table_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "storage/memory.h"

namespace larder::storage {
namespace {

size_t DirectoryBytes(uint32_t depth) {
  return sizeof(Directory) + (size_t{1} << depth) * sizeof(uint64_t);
}

}  // namespace

TablePool::~TablePool() {
  for (const Chunk& chunk : chunks_) munmap(chunk.segments, kChunkBytes);
  for (const auto& of_depth : directories_) {
    for (Directory* directory : of_depth) memory::Deallocate(directory);
  }
}

size_t TablePool::ChunkOf(const Segment* segment) const {
  const auto after =
      std::upper_bound(chunks_.begin(), chunks_.end(), segment,
                       [](const Segment* at, const Chunk& chunk) { return at < chunk.segments; });
  return static_cast<size_t>(after - chunks_.begin()) - 1;
}

Segment* TablePool::AllocateSegment() {
  Segment* segment;
  {
    std::lock_guard lock(mutex_);
    if (chunks_with_room_.empty()) {
      void* memory = mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) throw std::bad_alloc();
      const Chunk chunk{static_cast<Segment*>(memory), (uint64_t{1} << kChunkSegments) - 1};
      chunks_.insert(
          chunks_.empty() ? chunks_.end() : chunks_.begin() + 1 + ChunkOf(chunk.segments), chunk);
      chunks_with_room_.insert(chunk.segments);
    }
    Chunk& chunk = chunks_[ChunkOf(*chunks_with_room_.begin())];
    segment = chunk.segments + std::countr_zero(chunk.free);
    chunk.free &= chunk.free - 1;
    if (chunk.free == 0) chunks_with_room_.erase(chunk.segments);
  }
  segment->Clear();
  used_bytes_.fetch_add(sizeof(Segment), std::memory_order_relaxed);
  memory::Count(sizeof(Segment));
  return segment;
}

void TablePool::FreeSegment(Segment* segment) {
  constexpr uint64_t kAllFree = (uint64_t{1} << kChunkSegments) - 1;
  used_bytes_.fetch_sub(sizeof(Segment), std::memory_order_relaxed);
  memory::Count(-static_cast<int64_t>(sizeof(Segment)));
  std::lock_guard lock(mutex_);
  Chunk& chunk = chunks_[ChunkOf(segment)];
  if (chunk.free == 0) chunks_with_room_.insert(chunk.segments);
  chunk.free |= uint64_t{1} << (segment - chunk.segments);
  if (chunk.free == kAllFree) madvise(chunk.segments, kChunkBytes, MADV_DONTNEED);
}

Directory* TablePool::AllocateDirectory(uint32_t depth) {
  std::lock_guard lock(mutex_);
  if (directories_.size() <= depth) directories_.resize(depth + 1);
  auto& free = directories_[depth];
  if (!free.empty()) {
    Directory* directory = free.back();
    free.pop_back();
    return directory;
  }
  used_bytes_.fetch_add(DirectoryBytes(depth), std::memory_order_relaxed);
  auto* directory = static_cast<Directory*>(memory::Allocate(DirectoryBytes(depth)));
  directory->depth = depth;
  for (size_t i = 0; i < directory->size(); ++i) directory->Set(i, 0);
  return directory;
}

void TablePool::FreeDirectory(Directory* directory) {
  std::lock_guard lock(mutex_);
  directories_[directory->depth].push_back(directory);
}

}  // namespace larder::storage
