#include "storage/set_value.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

constexpr SetLimits kLimits;
constexpr uint64_t kSeed = 42;

std::string Name(int i) { return "member:" + std::to_string(i); }

Ref<Set> MakeSet() { return Ref<Set>(new Set(kSeed)); }

std::set<std::string> Members(const Set& set) {
  std::set<std::string> members;
  set.ForEach([&](std::string_view member) { members.emplace(member); });
  return members;
}

// A hashtable whose members are Name(0) to Name(size - 1).
Ref<Set> MakeTable(int size) {
  Ref<Set> set = MakeSet();
  set->Expect("x", kLimits.listpack_entries_max + 1, kLimits);
  for (int i = 0; i < size; ++i) set->Add(Name(i), kLimits);
  return set;
}

// ---- form

TEST(SetForm, IntegersStayAnIntsetUpToItsLimit) {
  Ref<Set> set = MakeSet();
  for (int i = 0; i < 512; ++i) EXPECT_TRUE(set->Add(std::to_string(i), kLimits));
  EXPECT_EQ(set->encoding(), Encoding::kIntset);
  set->Add("5", kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kIntset);
  set->Add("512", kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kHashtable);
  EXPECT_EQ(set->size(), 513u);
}

TEST(SetForm, ATextMakesASmallIntsetAListpack) {
  Ref<Set> set = MakeSet();
  set->Add("-32769", kLimits);
  set->Add("3000000000", kLimits);
  set->Add("text", kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  EXPECT_EQ(Members(*set), (std::set<std::string>{"-32769", "3000000000", "text"}));
}

TEST(SetForm, ATextMakesALargeIntsetAHashtable) {
  Ref<Set> set = MakeSet();
  for (int i = 0; i < 128; ++i) set->Add(std::to_string(i), kLimits);
  set->Add("text", kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kHashtable);
  EXPECT_EQ(set->size(), 129u);
}

TEST(SetForm, AListpackHolds128MembersOf64Bytes) {
  Ref<Set> set = MakeSet();
  for (int i = 0; i < 128; ++i) set->Add(Name(i), kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Add(Name(1), kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Add("one more", kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kHashtable);

  Ref<Set> longer = MakeSet();
  longer->Add(std::string(64, 'x'), kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kListpack);
  longer->Add(std::string(65, 'x'), kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kHashtable);
}

TEST(SetForm, FollowsTheNumberOfMembersThatIsAnnounced) {
  Ref<Set> set = MakeSet();
  set->Expect("1", 512, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kIntset);
  set->Expect("a", 128, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  set->Add("a", kLimits);
  set->Expect("b", 129, kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kHashtable);
}

TEST(SetForm, NeverGoesBackByItself) {
  Ref<Set> set = MakeTable(500);
  for (int i = 1; i < 500; ++i) EXPECT_TRUE(set->Remove(Name(i)));
  EXPECT_EQ(set->encoding(), Encoding::kHashtable);
  EXPECT_EQ(Members(*set), std::set<std::string>{Name(0)});
}

TEST(SetForm, PreferIntsetConvertsIntegersOnly) {
  Ref<Set> set = MakeSet();
  set->Expect("x", 1000, kLimits);
  set->Add("1", kLimits);
  set->Add("22", kLimits);
  set->PreferIntset(kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kIntset);
  set->Add("x", kLimits);
  set->PreferIntset(kLimits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
}

// ---- members

TEST(Set, KeepsMembersOfAnyLength) {
  Ref<Set> set = MakeTable(0);
  std::set<std::string> expected;
  for (const size_t length : {0, 1, 6, 7, 8, 9, 300, 65534, 65535, 65536, 200000}) {
    expected.insert(std::string(length, 'x'));
    EXPECT_TRUE(set->Add(std::string(length, 'x'), kLimits)) << length;
    EXPECT_FALSE(set->Add(std::string(length, 'x'), kLimits)) << length;
    EXPECT_TRUE(set->Contains(std::string(length, 'x'))) << length;
  }
  EXPECT_EQ(Members(*set), expected);
  for (const std::string& member : expected) EXPECT_TRUE(set->Remove(member));
  EXPECT_EQ(set->size(), 0u);
}

TEST(Set, KeepsBinaryMembersAndLongOnesInAListpack) {
  const SetLimits limits = {.listpack_value_max = 100000};
  Ref<Set> set = MakeSet();
  const std::string binary("\0\xff\r\n", 4), longer(20000, 'x');
  set->Add(binary, limits);
  set->Add(longer, limits);
  set->Add("", limits);
  EXPECT_EQ(set->encoding(), Encoding::kListpack);
  EXPECT_TRUE(set->Contains(binary));
  EXPECT_TRUE(set->Contains(""));
  EXPECT_TRUE(set->Remove(longer));
  EXPECT_FALSE(set->Remove(longer));
  EXPECT_EQ(Members(*set), (std::set<std::string>{binary, ""}));
}

TEST(Set, AgreesWithAModelWhileItGrowsAndShrinks) {
  Ref<Set> set = MakeTable(0);
  std::set<std::string> model;
  uint64_t random = 7;
  for (int step = 0; step < 120000; ++step) {
    random = random * 6364136223846793005 + 1442695040888963407;
    // Mostly growth in the first half, mostly shrinkage in the second.
    const std::string member = Name(random >> 33 & 16383);
    if ((random >> 60) < (step < 60000 ? 12 : 3)) {
      ASSERT_EQ(set->Add(member, kLimits), model.insert(member).second);
    } else {
      ASSERT_EQ(set->Remove(member), model.erase(member) == 1);
    }
    ASSERT_EQ(set->size(), model.size());
  }
  EXPECT_EQ(Members(*set), model);
  for (int i = 0; i < 16384; ++i) ASSERT_EQ(set->Contains(Name(i)), model.contains(Name(i)));
}

TEST(Set, MemoryFollowsItsMembers) {
  Ref<Set> set = MakeTable(0);
  const size_t empty = set->MemoryBytes();
  for (int i = 0; i < 10000; ++i) set->Add(Name(i), kLimits);
  const size_t full = set->MemoryBytes();
  EXPECT_GT(full, empty + 10000 * 20);
  EXPECT_LT(full, empty + 10000 * 50);
  for (int i = 0; i < 10000; ++i) set->Remove(Name(i));
  EXPECT_LT(set->MemoryBytes(), empty + 4096);
}

TEST(Set, ACloneIsIndependent) {
  for (Ref<Set> set : {MakeTable(1000), MakeSet()}) {
    set->Add("17", kLimits);
    Ref<Object> clone = set->Clone();
    set->Add("18", kLimits);
    EXPECT_EQ(clone->encoding(), set->encoding());
    EXPECT_EQ(clone->ElementCount() + 1, set->ElementCount());
    EXPECT_TRUE(static_cast<Set&>(*clone).Contains("17"));
  }
}

TEST(Set, ACloneOfALargeSetIsWholeAndCanChange) {
  Ref<Set> set = MakeTable(5000);
  Ref<Object> clone = set->Clone();
  EXPECT_LE(clone->MemoryBytes(), set->MemoryBytes());
  set.Release()->DropReference();
  auto& copy = static_cast<Set&>(*clone);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(copy.Contains(Name(i)));
  for (int i = 5000; i < 9000; ++i) ASSERT_TRUE(copy.Add(Name(i), kLimits));
  for (int i = 0; i < 8990; ++i) ASSERT_TRUE(copy.Remove(Name(i)));
  EXPECT_EQ(Members(copy).size(), 10u);
}

TEST(Set, IsFreedInSlices) {
  Ref<Set> set = MakeTable(10000);
  int slices = 1;
  while (!set->FreeSome(500)) ++slices;
  EXPECT_GT(slices, 10);
  EXPECT_LE(slices, 20);
  EXPECT_EQ(set->size(), 0u);
}

// ---- drawing

// Chi-squared against the uniform distribution; deterministic, as the draws are.
void ExpectUniform(const Set& set, int draws_a_member) {
  std::map<std::string, int> counts;
  const int draws = draws_a_member * set.size();
  std::mt19937_64 generator(1);
  Set::TextBuffer buffer;
  for (int i = 0; i < draws; ++i) {
    ++counts[std::string(set.Random(generator(), &buffer))];
  }
  EXPECT_EQ(counts.size(), set.size());
  double chi_squared = 0;
  for (const auto& [member, count] : counts) {
    chi_squared += (count - draws_a_member) * (count - draws_a_member) / double(draws_a_member);
  }
  EXPECT_LT(chi_squared, set.size() * 1.2 + 50);
}

TEST(SetRandom, IsUniformInEveryForm) {
  Ref<Set> integers = MakeSet();
  for (int i = 0; i < 100; ++i) integers->Add(std::to_string(i), kLimits);
  ExpectUniform(*integers, 50);
  Ref<Set> packed = MakeSet();
  for (int i = 0; i < 100; ++i) packed->Add(Name(i), kLimits);
  ExpectUniform(*packed, 50);
  ExpectUniform(*MakeTable(100), 50);
  ExpectUniform(*MakeTable(3000), 50);
}

TEST(SetRandom, FindsTheLastMemberOfASetThatShrank) {
  Ref<Set> set = MakeTable(20000);
  for (int i = 1; i < 20000; ++i) set->Remove(Name(i));
  Set::TextBuffer buffer;
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(set->Random(i, &buffer), Name(0));
}

TEST(SetRandom, ASampleHasDifferentMembers) {
  Ref<Set> set = MakeTable(1000);
  for (const size_t count : {0, 1, 10, 500, 1000, 5000}) {
    const auto sample = set->Sample(count, 99);
    const std::set<std::string> different(sample.begin(), sample.end());
    EXPECT_EQ(sample.size(), std::min<size_t>(count, 1000));
    EXPECT_EQ(different.size(), sample.size());
    for (const std::string& member : sample) EXPECT_TRUE(set->Contains(member));
  }
}

// ---- scanning

TEST(SetScan, VisitsEveryMemberOnceWhenNothingChanges) {
  Ref<Set> set = MakeTable(5000);
  std::multiset<std::string> seen;
  uint64_t cursor = 0;
  int steps = 0;
  do {
    cursor = set->Scan(cursor, 10, [&](std::string_view member) { seen.emplace(member); });
    EXPECT_LT(cursor, uint64_t{1} << 48);
    ++steps;
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 5000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), Members(*set));
  EXPECT_GT(steps, 100);
}

TEST(SetScan, VisitsSmallFormsWhole) {
  Ref<Set> set = MakeSet();
  for (int i = 0; i < 100; ++i) set->Add(std::to_string(i), kLimits);
  int visited = 0;
  EXPECT_EQ(set->Scan(0, 10, [&](std::string_view) { ++visited; }), 0u);
  EXPECT_EQ(visited, 100);
}

TEST(SetScan, ReturnsWhatStaysThroughGrowthAndShrinkage) {
  for (const bool growing : {true, false}) {
    Ref<Set> set = MakeTable(growing ? 500 : 20000);
    std::set<std::string> seen;
    uint64_t cursor = 0;
    int next = growing ? 500 : 19999;
    do {
      cursor = set->Scan(cursor, 7, [&](std::string_view member) { seen.emplace(member); });
      for (int i = 0; i < 100; ++i) {
        if (growing && next < 20000) set->Add(Name(next++), kLimits);
        if (!growing && next >= 500) set->Remove(Name(next--));
      }
    } while (cursor != 0);
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen.contains(Name(i))) << i;
  }
}

TEST(SetScan, EndsAtACursorItNeverGave) {
  Ref<Set> set = MakeTable(1000);
  EXPECT_EQ(set->Scan(~uint64_t{0}, 10, [](std::string_view) {}), 0u);
  set->Scan((uint64_t{1} << 48) - 1, 10, [](std::string_view) {});
}

}  // namespace
}  // namespace larder::storage
