#include "storage/list_value.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace larder::storage {
namespace {

// What Redis's node has beyond its elements, and what it reckons for one more of them.
constexpr size_t kListpackFrameBytes = 7;
constexpr size_t kElementOverheadBytes = 8;
constexpr size_t kSafetyBytesMax = 8192;  // of a node whose elements are limited by number
// Nodes with less than this share of their limit join their neighbour.
constexpr size_t kSparseShare = 4;

size_t FrameBytes(const ListNode* node) {
  return kListpackFrameBytes + (node == nullptr ? 0 : node->used());
}

}  // namespace

size_t ListLimits::BytesMax() const {
  if (node_size >= 0) return std::numeric_limits<size_t>::max();
  const int64_t level = std::min<int64_t>(-node_size, 5);
  return size_t{2048} << level;
}

size_t ListLimits::CountMax() const {
  if (node_size < 0) return std::numeric_limits<size_t>::max();
  return static_cast<size_t>(std::max<int64_t>(node_size, 1));
}

static bool Exceeds(size_t bytes, size_t count, const ListLimits& limits) {
  if (limits.node_size < 0) return bytes > limits.BytesMax();
  return bytes > kSafetyBytesMax || count > limits.CountMax();
}

// Whether a node of a chain takes one more. A little less than Redis puts in, so that the node with
// its header ends where an allocation class does.
bool List::Fits(size_t used, size_t count, const ElementSpec& spec, const ListLimits& limits) {
  const size_t added = spec.Bytes();
  const size_t framed =
      used + added + std::max(sizeof(ListNode), kListpackFrameBytes + kElementOverheadBytes);
  return !Exceeds(framed, count + 1, limits);
}

// ---- nodes

ListNode* List::NewNode(ListNode* previous, ListNode* next, size_t capacity) {
  ListNode* const node = ListNode::New(capacity);
  bytes_ += node->allocated();
  node->previous = previous;
  node->next = next;
  (previous == nullptr ? head_ : previous->next) = node;
  (next == nullptr ? tail_ : next->previous) = node;
  return node;
}

void List::DeleteNode(ListNode* node) {
  (node->previous == nullptr ? head_ : node->previous->next) = node->next;
  (node->next == nullptr ? tail_ : node->next->previous) = node->previous;
  bytes_ -= node->allocated();
  ListNode::Delete(node);
}

List::Position List::Splice(Position at, size_t removed, size_t inserted) {
  bytes_ -= at.node->allocated();
  at.node = ListNode::Splice(at.node, &at.offset, removed, inserted);
  bytes_ += at.node->allocated();
  (at.node->previous == nullptr ? head_ : at.node->previous->next) = at.node;
  (at.node->next == nullptr ? tail_ : at.node->next->previous) = at.node;
  return at;
}

Ref<Object> List::Clone() const {
  Ref<List> clone(new List);
  for (const ListNode* node = head_; node != nullptr; node = node->next) {
    ListNode* const copy = clone->NewNode(clone->tail_, nullptr, node->used());
    copy->end = node->used();
    copy->count = node->count;
    std::memcpy(copy->data(), node->data() + node->begin, node->used());
  }
  clone->size_ = size_;
  clone->is_chain_ = is_chain_;
  return clone;
}

bool List::FreeSome(size_t elements) {
  for (size_t freed = 0; tail_ != nullptr && freed < elements;) {
    freed += tail_->count;
    size_ -= tail_->count;
    DeleteNode(tail_);
  }
  return tail_ == nullptr;
}

// ---- the form

void List::Expect(std::span<const std::string_view> elements, const ListLimits& limits) {
  if (is_chain_ != 0) return;
  size_t bytes = FrameBytes(head_);
  for (const std::string_view element : elements) bytes += element.size();
  if (Exceeds(bytes, size() + elements.size(), limits)) is_chain_ = 1;
}

void List::Settle(const ListLimits& limits) {
  if (is_chain_ == 0 || head_ != tail_ || head_ == nullptr) return;
  if (limits.node_size < 0) {
    if (FrameBytes(head_) > limits.BytesMax() / 2) return;
  } else if (FrameBytes(head_) > kSafetyBytesMax || size() > limits.CountMax() / 2) {
    return;
  }
  is_chain_ = 0;
}

// ---- the ends

void List::InsertHere(Position at, const ElementSpec& spec) {
  at = Splice(at, 0, spec.Bytes());
  spec.WriteTo(at.node->data() + at.offset);
  ++at.node->count;
  ++size_;
}

void List::Push(ListEnd end, std::string_view element, const ListLimits& limits) {
  const ElementSpec spec(element);
  ListNode* node = end == ListEnd::kFront ? head_ : tail_;
  const bool needs_node =
      node == nullptr || (is_chain_ != 0 && !Fits(node->used(), node->count, spec, limits));
  if (needs_node) {
    node = end == ListEnd::kFront ? NewNode(nullptr, head_, spec.Bytes())
                                  : NewNode(tail_, nullptr, spec.Bytes());
  }
  InsertHere({node, end == ListEnd::kFront ? node->begin : node->end}, spec);
}

void List::Pop(ListEnd end) {
  ListNode* const node = end == ListEnd::kFront ? head_ : tail_;
  if (end == ListEnd::kFront) {
    node->begin += PackedElement::BeginningAt(node->data() + node->begin).bytes();
  } else {
    node->end -= PackedElement::EndingAt(node->data() + node->end).bytes();
  }
  --node->count;
  --size_;
  if (node->count == 0) DeleteNode(node);
}

// ---- positions

List::Position List::Last() const {
  if (tail_ == nullptr) return {};
  return {tail_, tail_->end - PackedElement::EndingAt(tail_->data() + tail_->end).bytes()};
}

List::Position List::Next(Position at) const {
  at.offset += at.element().bytes();
  if (at.offset < at.node->end) return at;
  return at.node->next == nullptr ? Position() : Position{at.node->next, at.node->next->begin};
}

List::Position List::Previous(Position at) const {
  if (at.offset == at.node->begin) {
    at.node = at.node->previous;
    if (at.node == nullptr) return {};
    at.offset = at.node->end;
  }
  at.offset -= PackedElement::EndingAt(at.node->data() + at.offset).bytes();
  return at;
}

List::Position List::At(size_t index) const {
  ListNode* node;
  size_t from_front;  // the rank in the node
  if (index < size_ / 2) {
    node = head_;
    for (; index >= node->count; node = node->next) index -= node->count;
    from_front = index;
  } else {
    size_t from_back = size_ - 1 - index;
    node = tail_;
    for (; from_back >= node->count; node = node->previous) from_back -= node->count;
    from_front = node->count - 1 - from_back;
  }
  Position at{node, node->begin};
  if (from_front < node->count / 2) {
    while (from_front-- > 0) at.offset += at.element().bytes();
    return at;
  }
  at.offset = node->end;
  for (size_t steps = node->count - from_front; steps > 0; --steps) {
    at.offset -= PackedElement::EndingAt(node->data() + at.offset).bytes();
  }
  return at;
}

// ---- the middle

// Cuts a node in two, the second beginning at `at`, and returns that.
ListNode* List::SplitBefore(Position at) {
  ListNode* const node = at.node;
  const size_t moved = node->end - at.offset;
  size_t count = 0;
  for (size_t offset = at.offset; offset < node->end; ++count) {
    offset += PackedElement::BeginningAt(node->data() + offset).bytes();
  }
  ListNode* const second = NewNode(node, node->next, moved);
  std::memcpy(second->data(), node->data() + at.offset, moved);
  second->end = moved;
  second->count = count;
  node->end = at.offset;
  node->count -= count;
  return second;
}

void List::Insert(Position at, bool behind, std::string_view element, const ListLimits& limits) {
  const ElementSpec spec(element);
  if (behind) at.offset += at.element().bytes();
  ListNode* const node = at.node;
  if (is_chain_ == 0 || Fits(node->used(), node->count, spec, limits)) return InsertHere(at, spec);
  if (at.offset == node->end) {
    ListNode* next = node->next;
    if (next == nullptr || !Fits(next->used(), next->count, spec, limits)) {
      next = NewNode(node, next, spec.Bytes());
    }
    return InsertHere({next, next->begin}, spec);
  }
  if (at.offset == node->begin) {
    ListNode* previous = node->previous;
    if (previous == nullptr || !Fits(previous->used(), previous->count, spec, limits)) {
      previous = NewNode(previous, node, spec.Bytes());
    }
    return InsertHere({previous, previous->end}, spec);
  }
  ListNode* const second = SplitBefore(at);
  if (Fits(node->used(), node->count, spec, limits)) return InsertHere({node, node->end}, spec);
  if (!Fits(second->used(), second->count, spec, limits)) {
    ListNode* const between = NewNode(node, second, spec.Bytes());
    return InsertHere({between, 0}, spec);
  }
  InsertHere({second, second->begin}, spec);
}

void List::Replace(Position at, std::string_view element, const ListLimits& limits) {
  const ElementSpec spec(element);
  const size_t old_bytes = at.element().bytes();
  if (is_chain_ == 0 || at.node->count == 1 ||
      Fits(at.node->used() - old_bytes, at.node->count - 1, spec, limits)) {
    at = Splice(at, old_bytes, spec.Bytes());
    spec.WriteTo(at.node->data() + at.offset);
    return;
  }
  // It needs a node of its own, or room next door.
  const Position next = Erase(at, limits);
  next ? Insert(next, /*behind=*/false, element, limits) : Push(ListEnd::kBack, element, limits);
}

void List::MergeWithNext(ListNode* node, const ListLimits& limits) {
  ListNode* const next = node == nullptr ? nullptr : node->next;
  if (next == nullptr) return;
  const size_t used = node->used() + next->used();
  if (Exceeds(used + sizeof(ListNode), node->count + next->count, limits)) return;
  const Position at = Splice({node, node->end}, 0, next->used());
  std::memcpy(at.node->data() + at.node->end - next->used(), next->data() + next->begin,
              next->used());
  at.node->count += next->count;
  DeleteNode(next);
}

List::Position List::Erase(Position at, const ListLimits& limits) {
  --at.node->count;
  --size_;
  if (at.node->count == 0) {
    ListNode* const next = at.node->next;
    DeleteNode(at.node);
    return next == nullptr ? Position() : Position{next, next->begin};
  }
  at = Splice(at, at.element().bytes(), 0);
  const bool sparse =
      at.node->next != nullptr && at.node->used() < limits.BytesMax() / kSparseShare;
  if (sparse) {
    const size_t from_begin = at.offset - at.node->begin;
    ListNode* const previous = at.node->previous;
    MergeWithNext(at.node, limits);
    ListNode* const node = previous == nullptr ? head_ : previous->next;
    at = {node, node->begin + from_begin};
  }
  if (at.offset < at.node->end) return at;
  return at.node->next == nullptr ? Position() : Position{at.node->next, at.node->next->begin};
}

void List::EraseRange(size_t first, size_t count) {
  if (count == 0) return;
  Position at = At(first);
  while (count > 0) {
    ListNode* const node = at.node;
    ListNode* const next = node->next;
    size_t end = at.offset;
    size_t erased = 0;
    for (; erased < count && end < node->end; ++erased) {
      end += PackedElement::BeginningAt(node->data() + end).bytes();
    }
    count -= erased;
    size_ -= erased;
    node->count -= erased;
    if (node->count == 0) {
      DeleteNode(node);
    } else {
      Splice(at, end - at.offset, 0);
    }
    if (next != nullptr) at = {next, next->begin};
  }
}

}  // namespace larder::storage
