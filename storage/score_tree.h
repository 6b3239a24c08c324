// The order of a large sorted set: a B+-tree of (score, member) in which every inner node knows how
// many entries each child holds, so that an entry's rank and the entry of a rank both cost
// O(log N). The source of the idea: order statistic trees (Cormen et al., Introduction to
// Algorithms, chapter 14), with the nodes of a B-tree for the cache's sake.
//
// Nodes take about 1 KB. Leaves fill up completely when entries come in ascending or descending
// order (times, counters), and to about 70 % in random order: some 20 bytes an entry, half of what
// a skip list takes.
//
// The tree does not own the members' texts: a slot is the same as in the hash table beside it.
// Not thread-safe. References stay valid until the next mutation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/memory.h"
#include "storage/scored_slot.h"

namespace larder::storage {

class ScoreTree {
 public:
  ScoreTree() = default;
  ScoreTree(const ScoreTree&) = delete;
  ScoreTree& operator=(const ScoreTree&) = delete;
  ~ScoreTree();

  // REQUIRES: no entry has its member.
  void Insert(const ScoredSlot& entry);
  // Removes entries from the one of `rank` on: at least one, at most `max`, as many as a leaf has
  // together. Writes them to `taken` and returns their number.
  // REQUIRES: rank < size(); max > 0; room at `taken` for min(max, kTakenMax).
  size_t Take(size_t rank, size_t max, ScoredSlot* taken);

  size_t size() const { return size_; }
  size_t MemoryBytes() const { return bytes_; }

  // REQUIRES: rank < size().
  const ScoredSlot& At(size_t rank) const;
  // How many entries come first for which before(entry) holds. REQUIRES: it holds for none behind
  // one for which it does not.
  template <class Predicate>
  size_t CountWhile(Predicate&& before) const;
  size_t CountBefore(double score, std::string_view member) const {
    return CountWhile([&](const ScoredSlot& entry) { return Before(entry, score, member); });
  }

  // Calls visit(const ScoredSlot&) for the `count` entries from `rank` on, in their order or the
  // reverse. REQUIRES: rank + count <= size().
  template <class Visitor>
  void ForRange(size_t rank, size_t count, bool reverse, Visitor&& visit) const {
    if (count > 0) VisitRange(root_, rank, count, reverse, visit);
  }

  // Frees leaves with at least `entries` entries (or all) from the end; true when none is left.
  // Afterwards only FreeSome and the destructor may be called.
  bool FreeSome(size_t entries);

 private:
  static constexpr size_t kLeafMax = 63;   // 1,016 bytes
  static constexpr size_t kInnerMax = 31;  // 1,000 bytes

 public:
  static constexpr size_t kTakenMax = kLeafMax;

 private:
  struct Node {
    uint16_t count;
    bool leaf;
  };
  struct Leaf : Node {
    ScoredSlot entries[kLeafMax];
  };
  struct Inner : Node {
    Node* children[kInnerMax];
    size_t sizes[kInnerMax];       // entries below each child
    ScoredSlot firsts[kInnerMax];  // the first of them
  };
  static const Leaf& AsLeaf(const Node* node) { return *static_cast<const Leaf*>(node); }
  static const Inner& AsInner(const Node* node) { return *static_cast<const Inner*>(node); }
  static Leaf& AsLeaf(Node* node) { return *static_cast<Leaf*>(node); }
  static Inner& AsInner(Node* node) { return *static_cast<Inner*>(node); }

  // Whether a node is the first, the last of its level.
  struct Edge {
    bool first, last;
  };

  template <class AnyNode>
  AnyNode* NewNode(bool leaf);
  void DeleteNode(Node* node);
  Node* InsertInto(Node* node, const ScoredSlot& entry, Edge edge);
  Node* InsertIntoLeaf(Leaf* leaf, const ScoredSlot& entry, Edge edge);
  void InsertChild(Inner* inner, size_t at, Node* child);
  Node* AddChild(Inner* inner, size_t at, Node* child, Edge edge);
  size_t TakeFrom(Node* node, size_t rank, size_t max, ScoredSlot* taken);
  void Repair(Inner* inner, size_t child);
  void RemoveChild(Inner* inner, size_t at);
  static void Refresh(Inner* inner, size_t child);
  static void MoveToRight(Node* left, Node* right, size_t count);
  static void MoveToLeft(Node* left, Node* right, size_t count);
  size_t FreeLast(Node* node);

  template <class Visitor>
  static void VisitLeaf(const Leaf& leaf, size_t first, size_t count, bool reverse, Visitor& visit);
  template <class Visitor>
  static void VisitRange(const Node* node, size_t rank, size_t count, bool reverse, Visitor& visit);

  Node* root_ = nullptr;
  size_t size_ = 0;
  size_t bytes_ = 0;
};

template <class Predicate>
size_t ScoreTree::CountWhile(Predicate&& before) const {
  if (root_ == nullptr) return 0;
  size_t counted = 0;
  const Node* node = root_;
  while (!node->leaf) {
    const Inner& inner = AsInner(node);
    const ScoredSlot* const end = std::partition_point(
        inner.firsts, inner.firsts + inner.count, [&](const ScoredSlot& e) { return before(e); });
    if (end == inner.firsts) return counted;
    const size_t child = static_cast<size_t>(end - inner.firsts) - 1;
    for (size_t i = 0; i < child; ++i) counted += inner.sizes[i];
    node = inner.children[child];
  }
  const Leaf& leaf = AsLeaf(node);
  return counted +
         static_cast<size_t>(std::partition_point(leaf.entries, leaf.entries + leaf.count,
                                                  [&](const ScoredSlot& e) { return before(e); }) -
                             leaf.entries);
}

template <class Visitor>
void ScoreTree::VisitLeaf(const Leaf& leaf, size_t first, size_t count, bool reverse,
                          Visitor& visit) {
  const ScoredSlot* const entries = leaf.entries + first;
  // Members lie anywhere in memory: fetched together, not one after the other.
  for (size_t i = 0; i < count; ++i) entries[i].member.Prefetch();
  for (size_t i = 0; i < count; ++i) visit(entries[reverse ? count - 1 - i : i]);
}

template <class Visitor>
void ScoreTree::VisitRange(const Node* node, size_t rank, size_t count, bool reverse,
                           Visitor& visit) {
  if (node->leaf) return VisitLeaf(AsLeaf(node), rank, count, reverse, visit);
  const Inner& inner = AsInner(node);
  size_t child = 0;
  for (; rank >= inner.sizes[child]; ++child) rank -= inner.sizes[child];
  if (!reverse) {
    for (; count > 0; ++child, rank = 0) {
      const size_t here = std::min(count, inner.sizes[child] - rank);
      VisitRange(inner.children[child], rank, here, false, visit);
      count -= here;
    }
    return;
  }
  const size_t first_child = child, end = rank + count;
  size_t begin = 0;  // of the child, counted from the first one's begin
  while (begin + inner.sizes[child] < end) begin += inner.sizes[child++];
  for (size_t child_end = end;; begin -= inner.sizes[--child]) {
    const size_t from = child == first_child ? rank : 0;
    VisitRange(inner.children[child], from, child_end - begin - from, true, visit);
    if (child == first_child) return;
    child_end = begin;
  }
}

}  // namespace larder::storage
