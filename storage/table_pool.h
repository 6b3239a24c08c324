// Memory of the tables: segments and directories, shared by all stripes of a keyspace.
//
// What was a segment stays one (or reads as zeros) until the pool goes, and so does a directory:
// Prefetch may follow a stale pointer to either without a lock. An empty chunk of segments gives
// its memory, not its addresses, back to the system. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

#include "storage/segment.h"
#include "storage/work_meter.h"

namespace larder::storage {

// The segments of one table by the top `depth` bits of the hash (below the stripe's bits).
struct Directory {
  uint32_t depth;    // never changes, not even when the directory is used again
  uint32_t deepest;  // segments that have no sibling entry: local depth == depth

  // Words of: segment (bits 6 to 47), its local depth (bits 0 to 5), and, in the first of the
  // words that name the same segment, how many keys it holds (bits 48 to 63).
  std::atomic<uint64_t>* words() { return reinterpret_cast<std::atomic<uint64_t>*>(this + 1); }
  uint64_t At(size_t index) { return words()[index].load(std::memory_order_relaxed); }
  void Set(size_t index, uint64_t word) { words()[index].store(word, std::memory_order_relaxed); }
  size_t size() const { return size_t{1} << depth; }

  static uint64_t Word(const Segment* segment, uint32_t depth, size_t keys) {
    return reinterpret_cast<uint64_t>(segment) | depth | uint64_t{keys} << kKeysShift;
  }
  static Segment* SegmentOf(uint64_t word) {
    return reinterpret_cast<Segment*>(word & kSegmentMask);
  }
  static uint32_t DepthOf(uint64_t word) { return word & 63; }
  static size_t KeysOf(uint64_t word) { return word >> kKeysShift; }

  static constexpr int kKeysShift = 48;
  static constexpr uint64_t kSegmentMask = ((uint64_t{1} << kKeysShift) - 1) & ~uint64_t{63};
};

class TablePool {
 public:
  TablePool() = default;
  ~TablePool();
  TablePool(const TablePool&) = delete;
  TablePool& operator=(const TablePool&) = delete;

  Segment* AllocateSegment();  // empty
  void FreeSegment(Segment* segment);
  Directory* AllocateDirectory(uint32_t depth);  // its words are undefined
  void FreeDirectory(Directory* directory);

  WorkMeter& work() { return work_; }  // splits, merges and directories of all tables

  size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kChunkBytes = 256 * 1024;
  static constexpr size_t kChunkSegments = kChunkBytes / sizeof(Segment);
  static_assert(kChunkSegments < 64);

  struct Chunk {
    Segment* segments;
    uint64_t free;  // one bit a segment
  };
  size_t ChunkOf(const Segment* segment) const;

  WorkMeter work_;
  std::mutex mutex_;
  std::vector<Chunk> chunks_;            // by address of segments
  std::set<Segment*> chunks_with_room_;  // the first one is used first, so that others drain
  std::vector<std::vector<Directory*>> directories_;  // free ones, by depth
  std::atomic<size_t> used_bytes_{0};
};

}  // namespace larder::storage
