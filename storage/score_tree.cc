#include "storage/score_tree.h"

#include <cstring>
#include <limits>
#include <numeric>

namespace larder::storage {
namespace {

// A child with fewer entries than one in kSparse of its room is merged or topped up.
constexpr size_t kSparse = 4;

// memmove of `count` items within or between arrays of trivially copyable items.
template <class Item>
void Move(Item* to, const Item* from, size_t count) {
  std::memmove(static_cast<void*>(to), from, count * sizeof(Item));
}

// Makes room for `count` items at the front of an array of `size`, or takes so many off it.
template <class Item>
void PushFront(Item* items, size_t size, const Item* from, size_t count) {
  Move(items + count, items, size);
  Move(items, from, count);
}
template <class Item>
void PopFront(Item* items, size_t size, size_t count) {
  Move(items, items + count, size - count);
}
template <class Item>
void InsertAt(Item* items, size_t size, size_t at, const Item& item) {
  Move(items + at + 1, items + at, size - at);
  items[at] = item;
}
template <class Item>
void EraseAt(Item* items, size_t size, size_t at, size_t count = 1) {
  Move(items + at, items + at + count, size - at - count);
}

}  // namespace

ScoreTree::~ScoreTree() { FreeSome(std::numeric_limits<size_t>::max()); }

template <class AnyNode>
AnyNode* ScoreTree::NewNode(bool leaf) {
  auto* const node = static_cast<AnyNode*>(memory::Allocate(sizeof(AnyNode)));
  node->count = 0;
  node->leaf = leaf;
  bytes_ += sizeof(AnyNode);
  return node;
}

void ScoreTree::DeleteNode(Node* node) {
  bytes_ -= node->leaf ? sizeof(Leaf) : sizeof(Inner);
  memory::Deallocate(node);
}

// Brings what an inner node says about one of its children up to date.
void ScoreTree::Refresh(Inner* inner, size_t child) {
  const Node* const node = inner->children[child];
  if (node->leaf) {
    inner->sizes[child] = node->count;
    inner->firsts[child] = AsLeaf(node).entries[0];
  } else {
    const Inner& below = AsInner(node);
    inner->sizes[child] = std::accumulate(below.sizes, below.sizes + below.count, size_t{0});
    inner->firsts[child] = below.firsts[0];
  }
}

// The last `count` items of one node to the front of its right neighbour.
void ScoreTree::MoveToRight(Node* left, Node* right, size_t count) {
  const size_t from = left->count - count;
  if (left->leaf) {
    PushFront(AsLeaf(right).entries, right->count, AsLeaf(left).entries + from, count);
  } else {
    Inner &source = AsInner(left), &target = AsInner(right);
    PushFront(target.children, right->count, source.children + from, count);
    PushFront(target.sizes, right->count, source.sizes + from, count);
    PushFront(target.firsts, right->count, source.firsts + from, count);
  }
  left->count -= count;
  right->count += count;
}

// The first `count` items of one node to the end of its left neighbour.
void ScoreTree::MoveToLeft(Node* left, Node* right, size_t count) {
  const size_t to = left->count;
  if (left->leaf) {
    Leaf &source = AsLeaf(right), &target = AsLeaf(left);
    Move(target.entries + to, source.entries, count);
    PopFront(source.entries, right->count, count);
  } else {
    Inner &source = AsInner(right), &target = AsInner(left);
    Move(target.children + to, source.children, count);
    Move(target.sizes + to, source.sizes, count);
    Move(target.firsts + to, source.firsts, count);
    PopFront(source.children, right->count, count);
    PopFront(source.sizes, right->count, count);
    PopFront(source.firsts, right->count, count);
  }
  left->count += count;
  right->count -= count;
}

// ---- inserting

void ScoreTree::Insert(const ScoredSlot& entry) {
  ++size_;
  if (root_ == nullptr) root_ = NewNode<Leaf>(true);
  Node* const right = InsertInto(root_, entry, {true, true});
  if (right == nullptr) return;
  auto* const root = NewNode<Inner>(false);
  InsertChild(root, 0, root_);
  InsertChild(root, 1, right);
  root_ = root;
}

// Returns the new right neighbour of `node` when it had to be split.
ScoreTree::Node* ScoreTree::InsertInto(Node* node, const ScoredSlot& entry, Edge edge) {
  if (node->leaf) return InsertIntoLeaf(&AsLeaf(node), entry, edge);
  Inner* const inner = &AsInner(node);
  const ScoredSlot* const end = std::partition_point(
      inner->firsts, inner->firsts + inner->count,
      [&](const ScoredSlot& first) { return Before(first, entry.score, entry.text()); });
  const size_t child = end == inner->firsts ? 0 : static_cast<size_t>(end - inner->firsts) - 1;
  const Edge child_edge = {edge.first && child == 0, edge.last && child + 1 == inner->count};
  Node* const split = InsertInto(inner->children[child], entry, child_edge);
  Refresh(inner, child);
  return split == nullptr ? nullptr : AddChild(inner, child + 1, split, edge);
}

ScoreTree::Node* ScoreTree::InsertIntoLeaf(Leaf* leaf, const ScoredSlot& entry, Edge edge) {
  const size_t at =
      static_cast<size_t>(std::partition_point(leaf->entries, leaf->entries + leaf->count,
                                               [&](const ScoredSlot& other) {
                                                 return Before(other, entry.score, entry.text());
                                               }) -
                          leaf->entries);
  Leaf* right = nullptr;
  Leaf* target = leaf;
  size_t position = at;
  if (leaf->count == kLeafMax) {
    // In ascending or descending order the full leaf stays full.
    const bool appended = edge.last && at == kLeafMax, prepended = edge.first && at == 0;
    const size_t kept = appended ? kLeafMax : prepended ? 0 : kLeafMax / 2;
    right = NewNode<Leaf>(true);
    MoveToRight(leaf, right, kLeafMax - kept);
    if (at >= kept && !prepended) {
      target = right;
      position = at - kept;
    }
  }
  InsertAt(target->entries, target->count, position, entry);
  ++target->count;
  return right;
}

// REQUIRES: the node has room.
void ScoreTree::InsertChild(Inner* inner, size_t at, Node* child) {
  InsertAt(inner->children, inner->count, at, child);
  InsertAt(inner->sizes, inner->count, at, size_t{0});
  InsertAt(inner->firsts, inner->count, at, ScoredSlot{});
  ++inner->count;
  Refresh(inner, at);
}

// As InsertChild, but splits a full node and returns its new right neighbour.
ScoreTree::Node* ScoreTree::AddChild(Inner* inner, size_t at, Node* child, Edge edge) {
  if (inner->count < kInnerMax) {
    InsertChild(inner, at, child);
    return nullptr;
  }
  const bool appended = edge.last && at == kInnerMax, prepended = edge.first && at <= 1;
  const size_t kept = appended ? kInnerMax : prepended ? 1 : kInnerMax / 2;
  auto* const right = NewNode<Inner>(false);
  MoveToRight(inner, right, kInnerMax - kept);
  if (at > kept || appended) {
    InsertChild(right, at - kept, child);
  } else {
    InsertChild(inner, at, child);
  }
  return right;
}

// ---- removing

size_t ScoreTree::Take(size_t rank, size_t max, ScoredSlot* taken) {
  const size_t count = TakeFrom(root_, rank, max, taken);
  size_ -= count;
  while (!root_->leaf && root_->count == 1) {
    Node* const child = AsInner(root_).children[0];
    DeleteNode(root_);
    root_ = child;
  }
  if (root_->count == 0) {
    DeleteNode(root_);
    root_ = nullptr;
  }
  return count;
}

size_t ScoreTree::TakeFrom(Node* node, size_t rank, size_t max, ScoredSlot* taken) {
  if (node->leaf) {
    Leaf& leaf = AsLeaf(node);
    const size_t count = std::min(max, leaf.count - rank);
    Move(taken, leaf.entries + rank, count);
    EraseAt(leaf.entries, leaf.count, rank, count);
    leaf.count -= count;
    return count;
  }
  Inner* const inner = &AsInner(node);
  size_t child = 0;
  for (; rank >= inner->sizes[child]; ++child) rank -= inner->sizes[child];
  const size_t count = TakeFrom(inner->children[child], rank, max, taken);
  Repair(inner, child);
  return count;
}

void ScoreTree::RemoveChild(Inner* inner, size_t at) {
  DeleteNode(inner->children[at]);
  EraseAt(inner->children, inner->count, at);
  EraseAt(inner->sizes, inner->count, at);
  EraseAt(inner->firsts, inner->count, at);
  --inner->count;
}

// After entries of a child were removed: drops it when it is empty; merges it with a neighbour, or
// evens the two out, when it is sparse.
void ScoreTree::Repair(Inner* inner, size_t child) {
  Node* const node = inner->children[child];
  if (node->count == 0) return RemoveChild(inner, child);
  const size_t room = node->leaf ? kLeafMax : kInnerMax;
  if (node->count >= room / kSparse || inner->count == 1) return Refresh(inner, child);
  const size_t left_at = child > 0 ? child - 1 : child;
  Node *const left = inner->children[left_at], *const right = inner->children[left_at + 1];
  const size_t together = left->count + right->count;
  if (together <= room - room / kSparse) {
    MoveToLeft(left, right, right->count);
    RemoveChild(inner, left_at + 1);
  } else if (left->count > right->count) {
    MoveToRight(left, right, left->count - together / 2);
    Refresh(inner, left_at + 1);
  } else {
    MoveToLeft(left, right, together / 2 - left->count);
    Refresh(inner, left_at + 1);
  }
  Refresh(inner, left_at);
}

bool ScoreTree::FreeSome(size_t entries) {
  for (size_t freed = 0; root_ != nullptr && freed < entries;) {
    const size_t count = FreeLast(root_);
    freed += count;
    size_ -= count;
    if (root_->count == 0) {
      DeleteNode(root_);
      root_ = nullptr;
    }
  }
  return root_ == nullptr;
}

// Empties the last leaf below a node, frees what has become empty below it, and returns how many
// entries the leaf had.
size_t ScoreTree::FreeLast(Node* node) {
  if (node->leaf) {
    const size_t count = node->count;
    node->count = 0;
    return count;
  }
  Inner& inner = AsInner(node);
  Node* const last = inner.children[inner.count - 1];
  const size_t freed = FreeLast(last);
  if (last->count == 0) {
    DeleteNode(last);
    --inner.count;
  }
  return freed;
}

// ---- reading

const ScoredSlot& ScoreTree::At(size_t rank) const {
  const Node* node = root_;
  while (!node->leaf) {
    const Inner& inner = AsInner(node);
    size_t child = 0;
    for (; rank >= inner.sizes[child]; ++child) rank -= inner.sizes[child];
    node = inner.children[child];
  }
  return AsLeaf(node).entries[rank];
}

}  // namespace larder::storage
