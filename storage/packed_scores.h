// A small sorted set of short members, packed into one allocation in the order of (score, member).
// What OBJECT ENCODING calls listpack.
//
// An element is a byte that says how many bytes of score follow, the score, the member's length and
// the member. Integral scores take as few bytes as they need (and -0 becomes 0, as in Redis's
// listpacks), others eight.
//
// Every operation costs O(N): its owner keeps it small. Not thread-safe; views of members stay
// valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "storage/memory.h"

namespace larder::storage {

class PackedScores {
 public:
  struct Element {
    double score;
    std::string_view member;
    size_t begin, end;  // offsets; for EraseRange
    size_t rank;
  };

  PackedScores() = default;
  PackedScores(const PackedScores& other);
  PackedScores(PackedScores&& other) noexcept;
  PackedScores& operator=(PackedScores other) noexcept;
  ~PackedScores() { memory::Deallocate(block_); }

  size_t size() const { return block_ == nullptr ? 0 : block_->count; }
  size_t MemoryBytes() const;  // of the allocation

  std::optional<Element> Find(std::string_view member) const;
  // REQUIRES: rank < size().
  Element At(size_t rank) const;
  // REQUIRES: the member is not there.
  void Insert(double score, std::string_view member);
  // Removes `count` elements from `rank` on. REQUIRES: rank + count <= size().
  void EraseRange(size_t rank, size_t count);

  // Calls visit(const Element&) for every element, in order, until it answers false.
  template <class Visitor>
  void ForEachWhile(Visitor&& visit) const {
    Element element{};
    for (size_t i = 0, end = size(); i < end; ++i) {
      element = Read(element.end, i);
      if (!visit(element)) return;
    }
  }
  // Calls visit(const Element&) for `count` elements from `rank` on, in order or the reverse.
  template <class Visitor>
  void ForRange(size_t rank, size_t count, bool reverse, Visitor&& visit) const;

 private:
  static constexpr size_t kStackElementsMax = 128;

  struct Block {
    uint32_t bytes;  // of elements
    uint32_t count;

    uint8_t* elements() { return reinterpret_cast<uint8_t*>(this + 1); }
    const uint8_t* elements() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  };

  Element Read(size_t offset, size_t rank) const;
  void Resize(size_t bytes);

  Block* block_ = nullptr;  // null when nothing was ever in it
};

template <class Visitor>
void PackedScores::ForRange(size_t rank, size_t count, bool reverse, Visitor&& visit) const {
  absl::InlinedVector<Element, kStackElementsMax> reversed;
  ForEachWhile([&](const Element& element) {
    if (element.rank >= rank + count) return false;
    if (element.rank < rank) return true;
    if (reverse) {
      reversed.push_back(element);
    } else {
      visit(element);
    }
    return true;
  });
  for (auto element = reversed.rbegin(); element != reversed.rend(); ++element) visit(*element);
}

}  // namespace larder::storage
