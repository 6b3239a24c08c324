// The list type: a chain of packed nodes. A list that fits into one node is what OBJECT ENCODING
// calls listpack, a longer one quicklist, at the sizes at which Redis changes between the two
// (list-max-listpack-size): when an element is about to be pushed, and back when a removal leaves
// one node at half its size.
//
// Push and Pop cost O(1) amortised, At O(nodes), a change in the middle O(size of a node).
// Not thread-safe: use only under the lock of the stripe that holds it. Positions and elements stay
// valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/list_node.h"
#include "storage/memory.h"
#include "storage/object.h"
#include "storage/packed_element.h"

namespace larder::storage {

enum class ListEnd : uint8_t { kFront, kBack };

struct ListLimits {
  // list-max-listpack-size: elements of a node when positive, -1 to -5 for 4, 8, 16, 32, 64 KB.
  int64_t node_size = -2;

  size_t BytesMax() const;  // of a node, as Redis counts them
  size_t CountMax() const;
};

class List final : public Object {
 public:
  static constexpr Type kType = Type::kList;

  // Where an element is; past either end: at nothing.
  struct Position {
    ListNode* node = nullptr;
    size_t offset = 0;

    explicit operator bool() const { return node != nullptr; }
    PackedElement element() const { return PackedElement::BeginningAt(node->data() + offset); }
  };

  List() : Object(kType) {}
  ~List() override { FreeSome(size()); }

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  Encoding encoding() const override {
    return is_chain_ != 0 ? Encoding::kQuicklist : Encoding::kListpack;
  }
  size_t MemoryBytes() const override { return sizeof(List) + bytes_; }
  size_t ElementCount() const override { return size(); }
  Ref<Object> Clone() const override;
  bool FreeSome(size_t elements) override;

  size_t size() const { return size_; }

  // ---- the form
  // To be called before elements are put in: all that a command brings.
  void Expect(std::span<const std::string_view> elements, const ListLimits& limits);
  // To be called after a command has taken elements out.
  void Settle(const ListLimits& limits);

  // ---- the ends
  void Push(ListEnd end, std::string_view element, const ListLimits& limits);
  void Pop(ListEnd end);  // REQUIRES: size() > 0

  // ---- positions
  Position First() const { return {head_, head_ == nullptr ? 0 : head_->begin}; }
  Position Last() const;
  Position At(size_t index) const;  // REQUIRES: index < size()
  Position Next(Position at) const;
  Position Previous(Position at) const;

  // ---- the middle
  void Insert(Position at, bool behind, std::string_view element, const ListLimits& limits);
  void Replace(Position at, std::string_view element, const ListLimits& limits);
  // Removes an element and returns the position of the one after it.
  Position Erase(Position at, const ListLimits& limits);
  // REQUIRES: first + count <= size().
  void EraseRange(size_t first, size_t count);

  // Calls visit(std::string_view) for `count` elements from `first` on.
  // REQUIRES: first + count <= size().
  template <class Visit>
  void ForRange(size_t first, size_t count, Visit visit) const {
    ElementBuffer buffer;
    for (Position at = count == 0 ? Position() : At(first); count > 0; --count, at = Next(at)) {
      visit(at.element().Text(&buffer));
    }
  }

 private:
  static bool Fits(size_t used, size_t count, const ElementSpec& spec, const ListLimits& limits);
  ListNode* NewNode(ListNode* previous, ListNode* next, size_t capacity);
  void DeleteNode(ListNode* node);
  // Splices, follows the node to where it went, and keeps the counts.
  Position Splice(Position at, size_t removed, size_t inserted);
  void InsertHere(Position at, const ElementSpec& spec);
  ListNode* SplitBefore(Position at);
  void MergeWithNext(ListNode* node, const ListLimits& limits);

  ListNode* head_ = nullptr;
  ListNode* tail_ = nullptr;
  uint64_t size_ : 63 = 0;
  uint64_t is_chain_ : 1 = 0;
  size_t bytes_ = 0;  // of the nodes
};

}  // namespace larder::storage
