// The sorted set type: unique byte strings ordered by (score, bytes of the member), in one of two
// forms, chosen exactly as Redis chooses its own: a few short members in PackedScores ("listpack"),
// anything else in a hash table by member beside a tree by score ("skiplist"). A sorted set never
// goes back to the small form by itself.
//
// In the large form Score costs O(1), and Put, Remove, ranks and ranges O(log N) and the size of
// their result; in the small one all cost O(N) of a small N.
// Not thread-safe: use only under the lock of the stripe that holds it. Views of members stay valid
// until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/memory.h"
#include "storage/object.h"
#include "storage/packed_scores.h"
#include "storage/score_range.h"
#include "storage/score_tree.h"

namespace larder::storage {

struct SortedSetLimits {
  size_t listpack_entries_max = 128;  // zset-max-listpack-entries
  size_t listpack_value_max = 64;     // zset-max-listpack-value, in bytes
  uint64_t hash_seed = 0;             // see HashTable
};

class SortedSet final : public Object {
 public:
  static constexpr Type kType = Type::kZSet;

  SortedSet() : Object(kType) {}
  ~SortedSet() override;

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  Encoding encoding() const override;
  size_t MemoryBytes() const override;
  size_t ElementCount() const override { return size(); }
  Ref<Object> Clone() const override;
  bool FreeSome(size_t elements) override;

  size_t size() const { return large_ == nullptr ? packed_.size() : large_->tree.size(); }

  // Takes the large form when `members` of them would not fit into the small one: before so many
  // are added.
  void Expect(size_t members, const SortedSetLimits& limits);
  // Takes the small form when all members fit into it: what Redis does with a computed set. O(N).
  void PreferListpack(const SortedSetLimits& limits);

  enum class Change { kNone, kMoved, kAdded };
  // Adds a member or gives it another score. REQUIRES: the score is no NaN.
  Change Put(std::string_view member, double score, const SortedSetLimits& limits);
  bool Remove(std::string_view member);
  void RemoveRange(RankRange range);

  std::optional<double> Score(std::string_view member) const;
  struct Position {
    size_t rank;
    double score;
  };
  std::optional<Position> Rank(std::string_view member) const;

  RankRange Find(const ScoreRange& range) const;
  // With members of different scores the result is what Redis finds in a listpack, looking from the
  // beginning or (`reverse`) the end.
  RankRange Find(const LexRange& range, bool reverse = false) const;

  // Calls visit(std::string_view member, double score) for a range, in order or the reverse.
  // REQUIRES: the range lies within the set.
  template <class Visitor>
  void ForRange(RankRange range, bool reverse, Visitor&& visit) const;
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    ForRange({0, size()}, false, visit);
  }

  struct Member {
    std::string text;
    double score;
  };
  // The view is good until the next mutation. REQUIRES: size() > 0.
  std::pair<std::string_view, double> Random(uint64_t random) const;
  // `count` different members drawn uniformly (all of them when there are fewer), in random order.
  // O(min(N, count)).
  std::vector<Member> Sample(size_t count, uint64_t random) const;

  // As HashTable::Scan; the small form is visited whole.
  uint64_t Scan(uint64_t cursor, size_t count,
                const std::function<void(std::string_view, double)>& visit) const;

 private:
  struct Large {
    explicit Large(uint64_t seed) : table(seed) {}

    static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
    static void operator delete(void* pointer) { memory::Deallocate(pointer); }

    HashTable<ScoredSlot> table;
    ScoreTree tree;
  };

  Change PutPacked(std::string_view member, double score, const SortedSetLimits& limits);
  Change PutLarge(std::string_view member, double score);
  RankRange FindPacked(const LexRange& range) const;
  RankRange FindPackedFromEnd(const LexRange& range) const;
  void TakeFromTree(double score, std::string_view member);
  void ConvertToLarge(uint64_t hash_seed);

  PackedScores packed_;           // empty in the large form
  std::unique_ptr<Large> large_;  // null in the small one
};

extern template class HashTable<ScoredSlot>;

template <class Visitor>
void SortedSet::ForRange(RankRange range, bool reverse, Visitor&& visit) const {
  if (large_ != nullptr) {
    large_->tree.ForRange(range.first, range.count, reverse,
                          [&](const ScoredSlot& slot) { visit(slot.text(), slot.score); });
  } else {
    packed_.ForRange(range.first, range.count, reverse, [&](const PackedScores::Element& element) {
      visit(element.member, element.score);
    });
  }
}

}  // namespace larder::storage
