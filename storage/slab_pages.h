// Pages for the slabs of all stripes: 32 KiB each, 63 in a 2 MiB chunk whose head describes them.
//
// Addresses are never given back, only memory: a page that comes back is kept warm for the next
// taker or, beyond kWarmPagesMax, handed to the system. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace larder::storage {

inline constexpr size_t kSlabPageBytes = 32 * 1024;
inline constexpr size_t kSlabChunkBytes = 2 * 1024 * 1024;

// What is known of one page. Belongs to the slab that holds the page.
struct SlabPage {
  SlabPage* previous;
  SlabPage* next;
  uint16_t used;       // pieces in use
  uint16_t fresh;      // pieces from here on were never used, so that their memory is untouched
  uint16_t free_head;  // the first freed piece, whose first bytes name the next one
  uint8_t size_class;
  uint8_t band;  // which list it is in

  char* data() {
    const auto self = reinterpret_cast<uintptr_t>(this);
    const uintptr_t chunk = self & ~(kSlabChunkBytes - 1);
    return reinterpret_cast<char*>(chunk + (self - chunk) / sizeof(SlabPage) * kSlabPageBytes);
  }
  // The page of a piece.
  static SlabPage* Of(void* piece) {
    const auto address = reinterpret_cast<uintptr_t>(piece);
    const uintptr_t chunk = address & ~(kSlabChunkBytes - 1);
    return reinterpret_cast<SlabPage*>(chunk) + (address - chunk) / kSlabPageBytes;
  }
};
static_assert(sizeof(SlabPage) * (kSlabChunkBytes / kSlabPageBytes) <= kSlabPageBytes);

class SlabPages {
 public:
  SlabPages() = default;
  ~SlabPages();
  SlabPages(const SlabPages&) = delete;
  SlabPages& operator=(const SlabPages&) = delete;

  SlabPage* Take();  // its bytes are undefined
  void Return(SlabPage* page);

  // Of the pages that are taken or warm.
  size_t reserved_bytes() const { return reserved_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kWarmPagesMax = 64;

  void MapChunk();

  std::mutex mutex_;
  std::vector<void*> chunks_;
  std::vector<SlabPage*> warm_;
  std::vector<SlabPage*> cold_;  // without memory
  std::atomic<size_t> reserved_{0};
};

}  // namespace larder::storage
