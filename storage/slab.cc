#include "storage/slab.h"

#include <cstring>

#include "storage/memory.h"

namespace larder::storage {

// The sizes, computed once by the compiler: as fine as alignment allows up to 128 bytes; every 8
// bytes up to 512; then those that cut a small page into a whole number of pieces; above 1 KB a
// large one.
struct Slab::SizeClasses {
  static constexpr size_t kFinestBytesMax = 128;
  static constexpr size_t kFineBytesMax = 512;
  static constexpr size_t kSmallBytesMax = 1024;  // pieces of small pages

  std::array<uint16_t, kClassesMax> bytes{};
  std::array<uint16_t, kClassesMax> pieces{};  // in a page
  std::array<uint8_t, kBytesMax / kAlignment + 1> of_words{};
  size_t count = 0;

  constexpr SizeClasses() {
    for (size_t size = kBytesMin; size <= kFinestBytesMax; size += kAlignment) Append(size);
    for (size_t size = kFinestBytesMax + 8; size <= kFineBytesMax; size += 8) Append(size);
    Cut(kSmallSlabPageBytes, kSmallBytesMax);
    Cut(kLargeSlabPageBytes, kBytesMax);
    size_t size_class = 0;
    for (size_t words = 0; words < of_words.size(); ++words) {
      while (bytes[size_class] < words * kAlignment) ++size_class;
      of_words[words] = static_cast<uint8_t>(size_class);
    }
  }
  // Appends what a page can be cut into, larger than what there is, in steps of at least 3 %.
  constexpr void Cut(size_t page_bytes, size_t size_max) {
    for (size_t cut = page_bytes / bytes[count - 1]; page_bytes / cut <= size_max + 7; --cut) {
      const size_t size = page_bytes / cut / 8 * 8;
      if (size * 100 >= bytes[count - 1] * 103u) Append(size);
    }
  }
  constexpr void Append(size_t size) {
    bytes[count] = static_cast<uint16_t>(size);
    pieces[count] = static_cast<uint16_t>(PageBytes(count) / size);
    ++count;
  }
  constexpr size_t PageBytes(size_t size_class) const {
    return bytes[size_class] <= kSmallBytesMax ? kSmallSlabPageBytes : kLargeSlabPageBytes;
  }
  uint8_t Of(size_t size) const { return of_words[(size + kAlignment - 1) / kAlignment]; }
};

constexpr Slab::SizeClasses Slab::kClasses;

Slab::~Slab() {
  for (auto& bands : listed_) {
    for (SlabPage* page : bands) {
      while (page != nullptr) {
        SlabPage* next = page->next;
        pages_->OfSize(kClasses.PageBytes(page->size_class)).Return(page);
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
  const size_t page_bytes = kClasses.PageBytes(size_class);
  SlabPage* page = pages_->OfSize(page_bytes).Take();
  page->used = page->fresh = 0;
  page->free_head = kNoPiece;
  page->size_class = size_class;
  reserved_bytes_.Add(static_cast<int64_t>(page_bytes));
  Enlist(page);
  return page;
}

void* Slab::PieceAt(SlabPage* page, size_t index) {
  return page->data + index * kClasses.bytes[page->size_class];
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
  const size_t page_bytes = kClasses.PageBytes(size_class);
  SlabPage* page = SlabPage::Of(piece, page_bytes);
  const bool listed = page->band != kUnlisted;
  const bool was_full = page->used == kClasses.pieces[size_class];
  const auto index = static_cast<uint16_t>(
      static_cast<size_t>(static_cast<char*>(piece) - page->data) / kClasses.bytes[size_class]);
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
    reserved_bytes_.Add(-static_cast<int64_t>(page_bytes));
    pages_->OfSize(page_bytes).Return(page);
  } else if (was_full) {
    Enlist(page);
  }
}

// The emptiest page of the next class whose other pages have room for what is in it.
SlabPage* Slab::SparsestPage() {
  if (searches_to_skip_ > 0) return --searches_to_skip_, nullptr;
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
  // Sizes of which there is a single page each: more of them must be freed before it pays.
  searches_to_skip_ = kSearchesSkipped;
  return nullptr;
}

size_t Slab::MarkFree(SlabPage* page, std::array<bool, kPiecesMax>* free) {
  std::memset(free->data(), 0, page->fresh);
  for (uint16_t index = page->free_head; index != kNoPiece;) {
    (*free)[index] = true;
    std::memcpy(&index, PieceAt(page, index), sizeof(index));
  }
  return page->fresh;
}

}  // namespace larder::storage
