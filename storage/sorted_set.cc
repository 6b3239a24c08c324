#include "storage/sorted_set.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "storage/hash_table_inline.h"

namespace larder::storage {

template class HashTable<ScoredSlot>;

// Redis's own bound on the bytes of a listpack.
static constexpr size_t kListpackBytesMax = size_t{1} << 30;

SortedSet::~SortedSet() = default;

Encoding SortedSet::encoding() const {
  return large_ == nullptr ? Encoding::kListpack : Encoding::kSkiplist;
}

size_t SortedSet::MemoryBytes() const {
  if (large_ == nullptr) return sizeof(SortedSet) + packed_.MemoryBytes();
  return sizeof(SortedSet) + sizeof(Large) + large_->table.MemoryBytes() +
         large_->tree.MemoryBytes();
}

Ref<Object> SortedSet::Clone() const {
  Ref<SortedSet> clone(new SortedSet());
  if (large_ == nullptr) {
    clone->packed_ = packed_;
    return clone;
  }
  clone->large_ = std::make_unique<Large>(0);
  clone->large_->table = large_->table.Clone();
  const HashTable<ScoredSlot>& table = clone->large_->table;
  large_->tree.ForRange(0, size(), false, [&](const ScoredSlot& slot) {
    clone->large_->tree.Insert(*table.Find(slot.text()));
  });
  return clone;
}

bool SortedSet::FreeSome(size_t elements) {
  if (large_ == nullptr) return true;
  // The tree first: its slots point at texts that the table owns.
  if (!large_->tree.FreeSome(elements)) return false;
  return large_->table.FreeSome(elements);
}

// ---- form

void SortedSet::ConvertToLarge(uint64_t hash_seed) {
  large_ = std::make_unique<Large>(hash_seed);
  packed_.ForEachWhile([&](const PackedScores::Element& element) {
    PutLarge(element.member, element.score);
    return true;
  });
  packed_ = PackedScores();
}

void SortedSet::Expect(size_t members, const SortedSetLimits& limits) {
  if (large_ == nullptr && members > limits.listpack_entries_max) ConvertToLarge(limits.hash_seed);
}

void SortedSet::PreferListpack(const SortedSetLimits& limits) {
  if (large_ == nullptr || size() > limits.listpack_entries_max) return;
  size_t longest = 0, together = 0;
  ForEach([&](std::string_view member, double) {
    longest = std::max(longest, member.size());
    together += member.size();
  });
  if (longest > limits.listpack_value_max || together > kListpackBytesMax) return;
  ForEach([&](std::string_view member, double score) { packed_.Insert(score, member); });
  large_ = nullptr;
}

// ---- members

SortedSet::Change SortedSet::Put(std::string_view member, double score,
                                 const SortedSetLimits& limits) {
  return large_ != nullptr ? PutLarge(member, score) : PutPacked(member, score, limits);
}

SortedSet::Change SortedSet::PutPacked(std::string_view member, double score,
                                       const SortedSetLimits& limits) {
  if (const auto found = packed_.Find(member)) {
    if (found->score == score) return Change::kNone;
    packed_.EraseRange(found->rank, 1);
    packed_.Insert(score, member);
    return Change::kMoved;
  }
  if (size() >= limits.listpack_entries_max || member.size() > limits.listpack_value_max ||
      packed_.MemoryBytes() + member.size() > kListpackBytesMax) {
    ConvertToLarge(limits.hash_seed);
    return PutLarge(member, score);
  }
  packed_.Insert(score, member);
  return Change::kAdded;
}

SortedSet::Change SortedSet::PutLarge(std::string_view member, double score) {
  const auto [slot, added] =
      large_->table.FindOrInsert(member, [&] { return ScoredSlot::Make(member, score); });
  if (!added) {
    if (slot->score == score) return Change::kNone;
    TakeFromTree(slot->score, member);
    slot->score = score;
  }
  large_->tree.Insert(*slot);
  return added ? Change::kAdded : Change::kMoved;
}

void SortedSet::TakeFromTree(double score, std::string_view member) {
  ScoredSlot taken;
  large_->tree.Take(large_->tree.CountBefore(score, member), 1, &taken);
}

bool SortedSet::Remove(std::string_view member) {
  if (large_ == nullptr) {
    const auto found = packed_.Find(member);
    if (found) packed_.EraseRange(found->rank, 1);
    return found.has_value();
  }
  std::optional<ScoredSlot> slot = large_->table.Take(member);
  if (!slot) return false;
  TakeFromTree(slot->score, member);
  slot->Free();
  return true;
}

void SortedSet::RemoveRange(RankRange range) {
  if (large_ == nullptr) return packed_.EraseRange(range.first, range.count);
  ScoredSlot taken[ScoreTree::kTakenMax];
  while (range.count > 0) {
    const size_t count = large_->tree.Take(range.first, range.count, taken);
    for (size_t i = 0; i < count; ++i) taken[i].member.Prefetch();
    for (size_t i = 0; i < count; ++i) large_->table.Erase(taken[i].text());
    range.count -= count;
  }
}

std::optional<double> SortedSet::Score(std::string_view member) const {
  if (large_ == nullptr) {
    const auto found = packed_.Find(member);
    return found ? std::optional(found->score) : std::nullopt;
  }
  const ScoredSlot* const slot = large_->table.Find(member);
  return slot != nullptr ? std::optional(slot->score) : std::nullopt;
}

std::optional<SortedSet::Position> SortedSet::Rank(std::string_view member) const {
  if (large_ == nullptr) {
    const auto found = packed_.Find(member);
    return found ? std::optional(Position{found->rank, found->score}) : std::nullopt;
  }
  const ScoredSlot* const slot = large_->table.Find(member);
  if (slot == nullptr) return std::nullopt;
  return Position{large_->tree.CountBefore(slot->score, member), slot->score};
}

// ---- ranges

RankRange SortedSet::Find(const ScoreRange& range) const {
  size_t first = 0, end = 0;
  if (large_ != nullptr) {
    const ScoreTree& tree = large_->tree;
    first = tree.CountWhile([&](const ScoredSlot& slot) { return range.StartsAfter(slot.score); });
    end = tree.CountWhile([&](const ScoredSlot& slot) { return range.EndsAfter(slot.score); });
  } else {
    packed_.ForEachWhile([&](const PackedScores::Element& element) {
      if (range.StartsAfter(element.score)) first = element.rank + 1;
      if (!range.EndsAfter(element.score)) return false;
      end = element.rank + 1;
      return true;
    });
  }
  return {first, end > first ? end - first : 0};
}

RankRange SortedSet::Find(const LexRange& range, bool reverse) const {
  if (size() == 0) return {};
  if (large_ == nullptr) return reverse ? FindPackedFromEnd(range) : FindPacked(range);
  const ScoreTree& tree = large_->tree;
  const size_t first =
      tree.CountWhile([&](const ScoredSlot& slot) { return range.StartsAfter(slot.text()); });
  const size_t end =
      tree.CountWhile([&](const ScoredSlot& slot) { return range.EndsAfter(slot.text()); });
  return {first, end > first ? end - first : 0};
}

// From the first member behind the beginning of the range, as long as they lie before its end.
RankRange SortedSet::FindPacked(const LexRange& range) const {
  if (range.StartsAfter(packed_.At(size() - 1).member)) return {};
  if (!range.EndsAfter(packed_.At(0).member)) return {};
  RankRange found;
  packed_.ForEachWhile([&](const PackedScores::Element& element) {
    if (found.count == 0 && range.StartsAfter(element.member)) return true;
    if (found.count == 0) found.first = element.rank;
    if (!range.EndsAfter(element.member)) return false;
    ++found.count;
    return true;
  });
  return found;
}

// From the last member before the end of the range backwards, as long as they lie behind its
// beginning.
RankRange SortedSet::FindPackedFromEnd(const LexRange& range) const {
  if (range.StartsAfter(packed_.At(size() - 1).member)) return {};
  if (!range.EndsAfter(packed_.At(0).member)) return {};
  size_t end = 0, first = 0;
  packed_.ForEachWhile([&](const PackedScores::Element& element) {
    if (range.EndsAfter(element.member)) end = element.rank + 1;
    return true;
  });
  packed_.ForEachWhile([&](const PackedScores::Element& element) {
    if (element.rank >= end) return false;
    if (range.StartsAfter(element.member)) first = element.rank + 1;
    return true;
  });
  return {first, end - first};
}

// ---- drawing and scanning

std::pair<std::string_view, double> SortedSet::Random(uint64_t random) const {
  if (large_ == nullptr) {
    const PackedScores::Element element = packed_.At(random % packed_.size());
    return {element.member, element.score};
  }
  const ScoredSlot& slot = large_->table.Random(random);
  return {slot.text(), slot.score};
}

std::vector<SortedSet::Member> SortedSet::Sample(size_t count, uint64_t random) const {
  std::mt19937_64 generator(random);
  std::vector<Member> sample;
  count = std::min(count, size());
  if (count == 0) return sample;
  sample.reserve(count);
  if (size() / 4 < count || large_ == nullptr) {
    // Most of the set: shuffle it all, as far as needed.
    std::vector<Member> all;
    all.reserve(size());
    ForEach([&](std::string_view member, double score) {
      all.push_back({std::string(member), score});
    });
    for (size_t i = 0; i < count; ++i) {
      std::swap(all[i], all[i + generator() % (all.size() - i)]);
      sample.push_back(std::move(all[i]));
    }
    return sample;
  }
  absl::flat_hash_set<std::string_view> drawn;
  while (sample.size() < count) {
    const auto [member, score] = Random(generator());
    if (drawn.insert(member).second) sample.push_back({std::string(member), score});
  }
  return sample;
}

uint64_t SortedSet::Scan(uint64_t cursor, size_t count,
                         const std::function<void(std::string_view, double)>& visit) const {
  if (large_ == nullptr) {
    ForEach(visit);
    return 0;
  }
  return large_->table.Scan(cursor, count,
                            [&](const ScoredSlot& slot) { visit(slot.text(), slot.score); });
}

}  // namespace larder::storage
