#include "storage/slab.h"

#include <cstring>

#include "storage/memory.h"

namespace larder::storage {

// The sizes, computed once by the compiler: every 8 bytes up to 256, then those that cut a page
// into a whole number of pieces, where they are 5 % apart or more.
struct Slab::SizeClasses {
  std::array<uint16_t, kClassesMax> bytes{};
  std::array<uint16_t, kClassesMax> pieces{};  // in a page
  std::array<uint8_t, kBytesMax / 8 + 1> of_words{};
  size_t count = 0;

  constexpr SizeClasses() {
    constexpr size_t kFineBytesMax = 256;
    for (size_t size = 8; size <= kFineBytesMax; size += 8) Append(size);
    for (size_t cut = kSlabPageBytes / kFineBytesMax - 1; cut >= 7; --cut) {
      const size_t size = kSlabPageBytes / cut / 8 * 8;
      if (size * 100 >= bytes[count - 1] * 105u) Append(size);
    }
    size_t size_class = 0;
    for (size_t words = 0; words < of_words.size(); ++words) {
      while (bytes[size_class] < words * 8) ++size_class;
      of_words[words] = static_cast<uint8_t>(size_class);
    }
  }
  constexpr void Append(size_t size) {
    bytes[count] = static_cast<uint16_t>(size);
    pieces[count] = static_cast<uint16_t>(kSlabPageBytes / size);
    ++count;
  }
  uint8_t Of(size_t size) const { return of_words[(size + 7) / 8]; }
};

constexpr Slab::SizeClasses Slab::kClasses;

Slab::~Slab() {
  for (auto& bands : listed_) {
    for (SlabPage* page : bands) {
      while (page != nullptr) {
        SlabPage* next = page->next;
        pages_->Return(page);
        page = next;
      }
    }
  }
}

size_t Slab::RoundedBytes(size_t bytes) { return kClasses.bytes[kClasses.Of(bytes)]; }

uint8_t Slab::BandOf(const SlabPage& page) {
  const size_t pieces = kClasses.pieces[page.size_class];
  return page.used == pieces ? kUnlisted : static_cast<uint8_t>(page.used * kBands / pieces);
}

void Slab::Enlist(SlabPage* page) {
  page->band = BandOf(*page);
  SlabPage*& head = listed_[page->size_class][page->band];
  page->previous = nullptr;
  page->next = head;
  if (head != nullptr) head->previous = page;
  head = page;
  free_pieces_[page->size_class] += kClasses.pieces[page->size_class] - page->used;
}

void Slab::Unlist(SlabPage* page) {
  if (page->previous != nullptr) {
    page->previous->next = page->next;
  } else {
    listed_[page->size_class][page->band] = page->next;
  }
  if (page->next != nullptr) page->next->previous = page->previous;
  page->band = kUnlisted;
  free_pieces_[page->size_class] -= kClasses.pieces[page->size_class] - page->used;
}

SlabPage* Slab::PageWithRoom(uint8_t size_class) {
  auto& bands = listed_[size_class];
  for (size_t band = kBands; band-- > 0;) {
    if (bands[band] != nullptr) return bands[band];
  }
  SlabPage* page = pages_->Take();
  *page = SlabPage{.used = 0, .fresh = 0, .free_head = kNoPiece, .size_class = size_class};
  reserved_bytes_.Add(kSlabPageBytes);
  Enlist(page);
  return page;
}

void* Slab::PieceAt(SlabPage* page, size_t index) {
  return page->data() + index * kClasses.bytes[page->size_class];
}

void* Slab::Allocate(size_t bytes) {
  const uint8_t size_class = kClasses.Of(bytes);
  SlabPage* page = PageWithRoom(size_class);
  void* piece;
  if (page->free_head != kNoPiece) {
    piece = PieceAt(page, page->free_head);
    std::memcpy(&page->free_head, piece, sizeof(page->free_head));
  } else {
    piece = PieceAt(page, page->fresh++);
  }
  ++page->used;
  --free_pieces_[size_class];
  if (BandOf(*page) != page->band) {
    Unlist(page);
    if (BandOf(*page) != kUnlisted) Enlist(page);
  }
  used_bytes_.Add(kClasses.bytes[size_class]);
  memory::Count(kClasses.bytes[size_class]);
  return piece;
}

void Slab::Free(void* piece, size_t bytes) {
  const uint8_t size_class = kClasses.Of(bytes);
  SlabPage* page = SlabPage::Of(piece);
  const bool listed = page->band != kUnlisted;
  const bool was_full = page->used == kClasses.pieces[size_class];
  const auto index = static_cast<uint16_t>(
      static_cast<size_t>(static_cast<char*>(piece) - page->data()) / kClasses.bytes[size_class]);
  std::memcpy(piece, &page->free_head, sizeof(page->free_head));
  page->free_head = index;
  used_bytes_.Add(-int64_t{kClasses.bytes[size_class]});
  memory::Count(-int64_t{kClasses.bytes[size_class]});
  const uint16_t used_after = page->used - 1;
  if (listed && used_after != 0) {
    ++free_pieces_[size_class];
    page->used = used_after;
    if (BandOf(*page) == page->band) return;
    Unlist(page);
    Enlist(page);
    return;
  }
  if (listed) Unlist(page);
  page->used = used_after;
  if (used_after == 0) {
    reserved_bytes_.Add(-int64_t{kSlabPageBytes});
    pages_->Return(page);
  } else if (was_full) {
    Enlist(page);
  }
}

// The emptiest page of the next class whose other pages have room for what is in it.
SlabPage* Slab::SparsestPage() {
  for (size_t band = 0; band < kBands; ++band) {
    for (size_t passed = 0; passed < kClasses.count; ++passed) {
      const size_t size_class = (next_class_ + passed) % kClasses.count;
      SlabPage* page = listed_[size_class][band];
      if (page == nullptr) continue;
      const size_t own_free = kClasses.pieces[size_class] - page->used;
      if (free_pieces_[size_class] - own_free < page->used) continue;
      next_class_ = (size_class + 1) % kClasses.count;
      return page;
    }
  }
  return nullptr;
}

size_t Slab::MarkFree(SlabPage* page, std::array<bool, kSlabPageBytes / 8>* free) {
  std::memset(free->data(), 0, page->fresh);
  for (uint16_t index = page->free_head; index != kNoPiece;) {
    (*free)[index] = true;
    std::memcpy(&index, PieceAt(page, index), sizeof(index));
  }
  return page->fresh;
}

}  // namespace larder::storage
