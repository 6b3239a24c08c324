// The pieces of memory that one stripe's entries live in: pages cut into equal pieces of one of
// some hundred sizes, at most 8 bytes or 6 % apart (8 % above 3 KB).
//
// Pages with free pieces are listed by how full they are: new pieces come from the fullest page, so
// that sparse ones drain, and EmptySparsestPage moves what is left in one elsewhere. An empty page
// goes back to the pool that all stripes share.
//
// Allocate and Free cost O(1). Not thread-safe: REQUIRES the stripe's lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/relaxed_counter.h"
#include "storage/slab_pages.h"
#include "storage/slot.h"

namespace larder::storage {

class Slab {
 public:
  static constexpr size_t kAlignment = size_t{1} << kEntryAlignmentBits;
  static constexpr size_t kBytesMin = 8;  // of the smallest piece
  static constexpr size_t kBytesMax = kLargeSlabPageBytes / 14 / 8 * 8;

  explicit Slab(SlabPages* pages) : pages_(pages) {}
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // REQUIRES: 0 < bytes <= kBytesMax, and the same for Free as for Allocate (up to RoundedBytes).
  void* Allocate(size_t bytes);
  void Free(void* piece, size_t bytes);
  static size_t RoundedBytes(size_t bytes);

  size_t used_bytes() const { return static_cast<size_t>(used_bytes_.Get()); }
  size_t reserved_bytes() const { return static_cast<size_t>(reserved_bytes_.Get()); }
  // Whether so much is free between the pieces that moving them is worth the work.
  bool sparse() const {
    return reserved_bytes() > used_bytes() + used_bytes() / 24 + kToleratedBytes;
  }

  // Moves the pieces of a sparse page to others: `move(piece)` allocates anew, copies, frees the
  // old piece and returns true, or false when it may not move. False when no page could be emptied.
  template <class Move>
  bool EmptySparsestPage(Move move);

 private:
  static constexpr size_t kClassesMax = 144;
  static constexpr size_t kBands = 8;
  static constexpr uint8_t kUnlisted = 255;  // full, or being emptied
  static constexpr uint16_t kNoPiece = 0xffff;
  static constexpr size_t kToleratedBytes = 256 * 1024;
  static constexpr int kSearchesSkipped = 64;
  static constexpr size_t kPiecesMax = kSmallSlabPageBytes / kBytesMin;  // in a page

  struct SizeClasses;
  static const SizeClasses kClasses;

  static uint8_t BandOf(const SlabPage& page);
  void Enlist(SlabPage* page);
  void Unlist(SlabPage* page);
  SlabPage* PageWithRoom(uint8_t size_class);
  SlabPage* SparsestPage();
  // Marks the free pieces of a page; returns how many pieces there are.
  static size_t MarkFree(SlabPage* page, std::array<bool, kPiecesMax>* free);
  static void* PieceAt(SlabPage* page, size_t index);

  SlabPages* pages_;
  std::array<std::array<SlabPage*, kBands>, kClassesMax> listed_{};  // heads of lists
  std::array<uint32_t, kClassesMax> free_pieces_{};                  // in listed pages
  RelaxedCounter used_bytes_;
  RelaxedCounter reserved_bytes_;
  size_t next_class_ = 0;     // where SparsestPage looks first
  int searches_to_skip_ = 0;  // after one that found nothing
};

template <class Move>
bool Slab::EmptySparsestPage(Move move) {
  SlabPage* page = SparsestPage();
  if (page == nullptr) return false;
  Unlist(page);  // else the pieces would move within it
  std::array<bool, kPiecesMax> free;
  const size_t pieces = MarkFree(page, &free);
  for (size_t index = 0; index < pieces; ++index) {
    if (free[index]) continue;
    const bool last = page->used == 1;
    if (!move(PieceAt(page, index))) {
      if (page->band == kUnlisted) Enlist(page);
      return false;
    }
    if (last) break;  // the page is gone
  }
  return true;
}

}  // namespace larder::storage
