#include "storage/sorted_set.h"

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

constexpr SortedSetLimits kLimits = {.hash_seed = 42};
constexpr SortedSetLimits kNoListpack = {.listpack_entries_max = 0, .hash_seed = 42};

using Entry = std::pair<double, std::string>;
using Model = std::set<Entry>;

std::string Name(int i) { return "member:" + std::to_string(i); }

Ref<SortedSet> MakeSet() { return Ref<SortedSet>(new SortedSet()); }

// Name(0) to Name(size - 1), each with its number as score, in the large form.
Ref<SortedSet> MakeLarge(int size) {
  Ref<SortedSet> set = MakeSet();
  for (int i = 0; i < size; ++i) set->Put(Name(i), i, kNoListpack);
  return set;
}

std::vector<Entry> Entries(const SortedSet& set, RankRange range, bool reverse = false) {
  std::vector<Entry> entries;
  set.ForRange(range, reverse,
               [&](std::string_view member, double score) { entries.emplace_back(score, member); });
  return entries;
}
std::vector<Entry> Entries(const SortedSet& set) { return Entries(set, {0, set.size()}); }
std::vector<Entry> Entries(const Model& model) { return {model.begin(), model.end()}; }

// ---- form

TEST(SortedSetForm, AListpackHolds128MembersOf64Bytes) {
  Ref<SortedSet> set = MakeSet();
  for (int i = 0; i < 128; ++i) set->Put(Name(i), i, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Put(Name(5), -1, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Put("one more", 1, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kSkiplist);
  EXPECT_EQ(set->size(), 129u);
  EXPECT_EQ(Entries(*set)[0], Entry(-1, Name(5)));

  Ref<SortedSet> longer = MakeSet();
  longer->Put(std::string(64, 'x'), 1, kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kListpack);
  longer->Put(std::string(65, 'x'), 1, kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kSkiplist);
}

TEST(SortedSetForm, FollowsTheNumberOfMembersThatIsAnnounced) {
  Ref<SortedSet> set = MakeSet();
  set->Expect(128, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Expect(129, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kSkiplist);
}

TEST(SortedSetForm, GoesBackOnlyWhenAskedAndSmallEnough) {
  Ref<SortedSet> set = MakeLarge(129);
  set->PreferListpack(kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kSkiplist);
  EXPECT_TRUE(set->Remove(Name(0)));
  EXPECT_EQ(set->encoding(), Encoding::kSkiplist);
  const auto before = Entries(*set);
  set->PreferListpack(kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  EXPECT_EQ(Entries(*set), before);
  Ref<SortedSet> longer = MakeLarge(1);
  longer->Put(std::string(65, 'x'), 1, kLimits);
  longer->PreferListpack(kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kSkiplist);
}

// ---- members

TEST(SortedSet, KeepsScoresExactly) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const SortedSetLimits& limits : {kLimits, kNoListpack}) {
    Ref<SortedSet> set = MakeSet();
    for (const double score : {0.0,
                               1.0,
                               -1.0,
                               127.0,
                               128.0,
                               -128.0,
                               255.0,
                               256.0,
                               65536.0,
                               1e15,
                               -1e15,
                               1e16,
                               0.1,
                               -0.1,
                               1e300,
                               -1e300,
                               5e-324,
                               4503599627370495.0,
                               4503599627370496.0,
                               9007199254740993.0,
                               inf,
                               -inf}) {
      const std::string member = std::to_string(score);
      set->Put(member, score, limits);
      EXPECT_EQ(set->Score(member), score);
    }
    const auto entries = Entries(*set);
    EXPECT_TRUE(std::is_sorted(entries.begin(), entries.end()));
    EXPECT_EQ(entries.front().first, -inf);
    EXPECT_EQ(entries.back().first, inf);
  }
}

TEST(SortedSet, KeepsMembersOfAnyLengthAndBytes) {
  for (const SortedSetLimits& limits :
       {kNoListpack, SortedSetLimits{.listpack_value_max = 1 << 20, .hash_seed = 1}}) {
    Ref<SortedSet> set = MakeSet();
    Model model;
    for (const size_t length : {0, 1, 6, 7, 8, 9, 127, 128, 16383, 16384, 65534, 65535, 200000}) {
      const std::string member(length, length % 2 == 0 ? '\0' : '\xff');
      EXPECT_EQ(set->Put(member, 1, limits), SortedSet::Change::kAdded);
      EXPECT_EQ(set->Put(member, 1, limits), SortedSet::Change::kNone);
      model.emplace(1, member);
    }
    EXPECT_EQ(Entries(*set), Entries(model));
    for (const auto& [score, member] : model) EXPECT_TRUE(set->Remove(member));
    EXPECT_EQ(set->size(), 0u);
  }
}

// Random changes, checked against a std::set; mostly growth first, mostly shrinkage later.
void CompareWithModel(const SortedSetLimits& limits, int steps, int members, int scores) {
  Ref<SortedSet> set = MakeSet();
  Model model;
  std::map<std::string, double> score_of;
  std::mt19937 random(7);
  for (int step = 0; step < steps; ++step) {
    const std::string member = Name(static_cast<int>(random() % members));
    if (random() % 16 < (step < steps / 2 ? 12u : 4u)) {
      const double score = static_cast<double>(random() % scores);
      const auto found = score_of.find(member);
      const auto expected = found == score_of.end()  ? SortedSet::Change::kAdded
                            : found->second == score ? SortedSet::Change::kNone
                                                     : SortedSet::Change::kMoved;
      ASSERT_EQ(set->Put(member, score, limits), expected);
      if (found != score_of.end()) model.erase({found->second, member});
      model.emplace(score, member);
      score_of[member] = score;
    } else {
      ASSERT_EQ(set->Remove(member), score_of.contains(member));
      if (const auto found = score_of.find(member); found != score_of.end()) {
        model.erase({found->second, member});
        score_of.erase(found);
      }
    }
    ASSERT_EQ(set->size(), model.size());
    if (step % (steps / 20) == 0) {
      ASSERT_EQ(Entries(*set), Entries(model));
    }
  }
  const auto entries = Entries(model);
  ASSERT_EQ(Entries(*set), entries);
  for (size_t rank = 0; rank < entries.size(); ++rank) {
    const auto position = set->Rank(entries[rank].second);
    ASSERT_TRUE(position);
    ASSERT_EQ(position->rank, rank);
    ASSERT_EQ(position->score, entries[rank].first);
  }
  ASSERT_FALSE(set->Rank("missing"));
}

TEST(SortedSet, AgreesWithAModelInEitherForm) {
  CompareWithModel(kLimits, 20000, 100, 20);
  CompareWithModel(kNoListpack, 120000, 16384, 3000);
  CompareWithModel(kNoListpack, 60000, 5000, 1);
}

TEST(SortedSet, TakesMembersInAscendingAndDescendingOrder) {
  for (const bool ascending : {true, false}) {
    Ref<SortedSet> set = MakeSet();
    Model model;
    for (int i = 0; i < 20000; ++i) {
      const double score = ascending ? i : -i;
      set->Put(Name(i), score, kNoListpack);
      model.emplace(score, Name(i));
    }
    ASSERT_EQ(Entries(*set), Entries(model));
    // Full leaves: 16 bytes an entry in the tree, not 23.
    EXPECT_LT(set->MemoryBytes(), 20000u * 65);
  }
}

TEST(SortedSet, DescendingNeighboursDoNotMakeSparseLeaves) {
  Ref<SortedSet> set = MakeLarge(10000);
  const size_t before = set->MemoryBytes();
  for (int i = 0; i < 10000; ++i) {
    set->Put("x" + std::to_string(i), 5000.5 - i * 1e-6, kNoListpack);
  }
  EXPECT_LT(set->MemoryBytes(), before + 10000 * 80);
}

// ---- ranges

TEST(SortedSetRange, EveryRankRangeInBothDirections) {
  for (const int size : {1, 63, 64, 300}) {
    Ref<SortedSet> set = MakeLarge(size);
    for (int first = 0; first < size; first += 7) {
      for (int count = 0; first + count <= size; count += 13) {
        const RankRange range = {static_cast<size_t>(first), static_cast<size_t>(count)};
        std::vector<Entry> entries = Entries(*set, range);
        ASSERT_EQ(entries.size(), static_cast<size_t>(count));
        for (int i = 0; i < count; ++i) ASSERT_EQ(entries[i].second, Name(first + i));
        std::reverse(entries.begin(), entries.end());
        ASSERT_EQ(Entries(*set, range, true), entries);
      }
    }
  }
}

TEST(SortedSetRange, ByScore) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const bool large : {false, true}) {
    Ref<SortedSet> set = MakeSet();
    for (int i = 0; i < 100; ++i) set->Put(Name(i), i / 2, large ? kNoListpack : kLimits);
    const auto count = [&](const ScoreRange& range) { return set->Find(range).count; };
    EXPECT_EQ(count({.min = -inf, .max = inf}), 100u);
    EXPECT_EQ(count({.min = 10, .max = 20}), 22u);
    EXPECT_EQ(count({.min = 10, .max = 20, .min_exclusive = true}), 20u);
    EXPECT_EQ(count({.min = 10, .max = 20, .max_exclusive = true}), 20u);
    EXPECT_EQ(count({.min = 10, .max = 10}), 2u);
    EXPECT_EQ(count({.min = 10, .max = 10, .min_exclusive = true}), 0u);
    EXPECT_EQ(count({.min = 20, .max = 10}), 0u);
    EXPECT_EQ(count({.min = 49.5, .max = inf}), 0u);
    EXPECT_EQ(set->Find(ScoreRange{.min = 10, .max = 20}).first, 20u);
  }
}

TEST(SortedSetRange, ByMember) {
  using Kind = LexBound::Kind;
  const LexBound lowest = {.kind = Kind::kLowest}, highest = {.kind = Kind::kHighest};
  for (const bool large : {false, true}) {
    Ref<SortedSet> set = MakeSet();
    for (char c = 'a'; c <= 'z'; ++c) {
      set->Put(std::string(1, c), 0, large ? kNoListpack : kLimits);
    }
    for (const bool reverse : {false, true}) {
      const auto find = [&](const LexBound& min, const LexBound& max) {
        const RankRange range = set->Find(LexRange{min, max}, reverse);
        return std::make_pair(range.first, range.count);
      };
      EXPECT_EQ(find(lowest, highest), std::make_pair(size_t{0}, size_t{26}));
      EXPECT_EQ(find({.member = "c"}, {.member = "f"}), std::make_pair(size_t{2}, size_t{4}));
      EXPECT_EQ(find({.member = "c", .exclusive = true}, {.member = "f", .exclusive = true}),
                std::make_pair(size_t{3}, size_t{2}));
      EXPECT_EQ(find({.member = "x"}, highest), std::make_pair(size_t{23}, size_t{3}));
      EXPECT_EQ(find({.member = "f"}, {.member = "c"}).second, 0u);
      EXPECT_EQ(find(highest, lowest).second, 0u);
      EXPECT_EQ(find({.member = "zz"}, highest).second, 0u);
    }
  }
}

TEST(SortedSetRange, RemovesRanges) {
  std::mt19937 random(3);
  for (const SortedSetLimits& limits : {kLimits, kNoListpack}) {
    const int size = limits.listpack_entries_max == 0 ? 20000 : 128;
    Ref<SortedSet> set = MakeSet();
    std::vector<Entry> entries;
    for (int i = 0; i < size; ++i) {
      set->Put(Name(i), i, limits);
      entries.emplace_back(i, Name(i));
    }
    while (!entries.empty()) {
      const size_t first = random() % entries.size();
      const size_t count = std::min<size_t>(random() % 700, entries.size() - first);
      set->RemoveRange({first, count});
      entries.erase(entries.begin() + first, entries.begin() + first + count);
      ASSERT_EQ(Entries(*set), entries);
      if (!entries.empty()) {
        ASSERT_TRUE(set->Score(entries[0].second));
      }
    }
    EXPECT_EQ(set->size(), 0u);
    EXPECT_FALSE(set->Score(Name(0)));
  }
}

// ---- as an object

TEST(SortedSet, ACloneIsIndependent) {
  for (Ref<SortedSet> set : {MakeLarge(5000), MakeSet()}) {
    set->Put("x", 17, kLimits);
    const auto before = Entries(*set);
    Ref<Object> clone = set->Clone();
    auto& copy = static_cast<SortedSet&>(*clone);
    EXPECT_EQ(copy.encoding(), set->encoding());
    set->Put("x", 18, kLimits);
    set->Put("y", 19, kLimits);
    EXPECT_EQ(Entries(copy), before);
    set.Release()->DropReference();
    EXPECT_TRUE(copy.Remove("x"));
    EXPECT_EQ(copy.size(), before.size() - 1);
  }
}

TEST(SortedSet, IsFreedInSlices) {
  Ref<SortedSet> set = MakeLarge(10000);
  int slices = 1;
  while (!set->FreeSome(500)) ++slices;
  EXPECT_GT(slices, 20);
  EXPECT_LE(slices, 50);
}

TEST(SortedSet, MemoryFollowsItsMembers) {
  Ref<SortedSet> set = MakeLarge(0);
  const size_t empty = set->MemoryBytes();
  const int64_t used = [] { return memory::Flush(), memory::UsedBytes(); }();
  for (int i = 0; i < 10000; ++i) set->Put(Name(i * 7919 % 10000), i * 31 % 977, kNoListpack);
  const size_t full = set->MemoryBytes();
  memory::Flush();
  const auto counted = static_cast<size_t>(memory::UsedBytes() - used);
  EXPECT_GT(full, 10000u * 40);
  EXPECT_LT(full, 10000u * 90);
  EXPECT_NEAR(static_cast<double>(counted), static_cast<double>(full), full * 0.15);
  for (int i = 0; i < 10000; ++i) set->Remove(Name(i));
  EXPECT_LT(set->MemoryBytes(), empty + 4096);
}

// ---- drawing and scanning

TEST(SortedSet, DrawsEveryMemberAboutAsOften) {
  for (const bool large : {false, true}) {
    Ref<SortedSet> set = MakeSet();
    for (int i = 0; i < 100; ++i) set->Put(Name(i), i, large ? kNoListpack : kLimits);
    std::map<std::string, int> counts;
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; ++i) {
      const auto [member, score] = set->Random(random());
      EXPECT_EQ(member, Name(static_cast<int>(score)));
      ++counts[std::string(member)];
    }
    EXPECT_EQ(counts.size(), 100u);
    for (const auto& [member, count] : counts) EXPECT_NEAR(count, 200, 80);
  }
}

TEST(SortedSet, ASampleHasDifferentMembers) {
  Ref<SortedSet> set = MakeLarge(1000);
  for (const size_t count : {0, 1, 10, 500, 1000, 5000}) {
    std::set<std::string> different;
    for (const auto& [text, score] : set->Sample(count, 99)) {
      EXPECT_EQ(text, Name(static_cast<int>(score)));
      different.insert(text);
    }
    EXPECT_EQ(different.size(), std::min<size_t>(count, 1000));
  }
}

TEST(SortedSet, AScanReturnsWhatStays) {
  Ref<SortedSet> set = MakeLarge(500);
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int next = 500;
  do {
    cursor = set->Scan(cursor, 7, [&](std::string_view member, double) { seen.emplace(member); });
    for (int i = 0; i < 100 && next < 20000; ++i, ++next) set->Put(Name(next), 1, kNoListpack);
  } while (cursor != 0);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen.contains(Name(i))) << i;
}

}  // namespace
}  // namespace larder::storage
