// Pages for the slabs of all stripes, of two sizes, in 2 MiB chunks whose heads describe them.
//
// Large pages are for large pieces: they are cut into enough of them that neighbouring sizes lie
// close together. Small ones for the others, because every size in use leaves one page half empty.
//
// Addresses are never given back, only memory: a page that comes back is kept warm for the next
// taker and, beyond kWarmBytesMax of them, handed to the system by ReleaseSlice: hundreds may come
// back at once, and to hand one over takes microseconds. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace larder::storage {

inline constexpr size_t kSmallSlabPageBytes = 32 * 1024;
inline constexpr size_t kLargeSlabPageBytes = 64 * 1024;
inline constexpr size_t kSlabChunkBytes = 2 * 1024 * 1024;

// What is known of one page. All but `data` belongs to the slab that holds the page.
struct SlabPage {
  SlabPage* previous;
  SlabPage* next;
  char* data;
  uint16_t used;       // pieces in use
  uint16_t fresh;      // pieces from here on were never used, so that their memory is untouched
  uint16_t free_head;  // the first freed piece, whose first bytes name the next one
  uint8_t size_class;
  uint8_t band;  // which list it is in

  // The page of a piece. REQUIRES: its page has this size.
  static SlabPage* Of(void* piece, size_t page_bytes) {
    const auto address = reinterpret_cast<uintptr_t>(piece);
    const uintptr_t chunk = address & ~(kSlabChunkBytes - 1);
    return reinterpret_cast<SlabPage*>(chunk) + (address - chunk) / page_bytes;
  }
};
static_assert(sizeof(SlabPage) * (kSlabChunkBytes / kSmallSlabPageBytes) <= kSmallSlabPageBytes);

// The pages of one size.
class SlabPagePool {
 public:
  explicit SlabPagePool(size_t page_bytes) : page_bytes_(page_bytes) {}
  ~SlabPagePool();
  SlabPagePool(const SlabPagePool&) = delete;
  SlabPagePool& operator=(const SlabPagePool&) = delete;

  SlabPage* Take();  // its bytes are undefined
  void Return(SlabPage* page);
  // Hands warm pages to the system, one at least, until the deadline. True when there are too many
  // still.
  bool ReleaseSlice(std::chrono::steady_clock::time_point deadline);

  size_t reserved_bytes() const { return reserved_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kWarmBytesMax = 2 * 1024 * 1024;
  // So much may wait for ReleaseSlice: the process must not outgrow its limit by much.
  static constexpr size_t kWaitingBytesMax = 16 * kWarmBytesMax;

  void MapChunk();
  void Release(SlabPage* page);

  const size_t page_bytes_;
  std::mutex mutex_;
  std::vector<void*> chunks_;
  std::vector<SlabPage*> warm_;
  std::vector<SlabPage*> cold_;  // without memory
  std::atomic<size_t> reserved_{0};
};

class SlabPages {
 public:
  SlabPagePool& OfSize(size_t page_bytes) {
    return page_bytes == kLargeSlabPageBytes ? large_ : small_;
  }
  bool ReleaseSlice(std::chrono::steady_clock::time_point deadline) {
    return small_.ReleaseSlice(deadline) || large_.ReleaseSlice(deadline);
  }
  // Of the pages that are taken or warm.
  size_t reserved_bytes() const { return small_.reserved_bytes() + large_.reserved_bytes(); }

 private:
  SlabPagePool small_{kSmallSlabPageBytes};
  SlabPagePool large_{kLargeSlabPageBytes};
};

}  // namespace larder::storage
