// The search for an order, on histories that have one and on wrong ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/history/key_check.h"
#include "tests/history/models.h"

namespace larder::history {
namespace {

constexpr int64_t kMilli = 1'000'000;

Operation At(int64_t invoke_ns, int64_t complete_ns, Kind kind, int64_t argument = 0,
             int64_t result = 0) {
  return {.invoke_ns = invoke_ns,
          .complete_ns = complete_ns,
          .kind = kind,
          .argument = argument,
          .result = result};
}

Operation Get(int64_t from, int64_t to, int64_t value) {
  return At(from, to, Kind::kGet, 0, value);
}
Operation Set(int64_t from, int64_t to, int64_t value) { return At(from, to, Kind::kSet, value); }

testing::AssertionResult Explained(std::vector<Operation> operations, SearchOptions options = {}) {
  const KeyReport report = CheckKeys(std::move(operations), options);
  EXPECT_EQ(report.given_up, 0u);
  if (report.violations.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << report.violations.front();
}

TEST(Linearizability, AnEmptyHistoryIsFine) { EXPECT_TRUE(Explained({})); }

TEST(Linearizability, AReadSeesTheLastWrite) {
  EXPECT_TRUE(Explained({Set(0, 1, 7), Get(2, 3, 7)}));
  EXPECT_TRUE(Explained({Get(0, 1, kNothing), Set(2, 3, 7), Get(4, 5, 7)}));
}

TEST(Linearizability, AStaleReadIsFound) {
  EXPECT_FALSE(Explained({Set(0, 1, 7), Set(2, 3, 8), Get(4, 5, 7)}));
  EXPECT_FALSE(Explained({Set(0, 1, 7), Get(2, 3, kNothing)}));
}

TEST(Linearizability, AReadFromTheFutureIsFound) {
  EXPECT_FALSE(Explained({Get(0, 1, 7), Set(2, 3, 7)}));
}

TEST(Linearizability, AValueThatNobodyWroteIsFound) {
  EXPECT_FALSE(Explained({Set(0, 1, 7), Get(2, 3, 9)}));
}

TEST(Linearizability, ConcurrentWritesMayHappenInEitherOrder) {
  EXPECT_TRUE(Explained({Set(0, 10, 7), Set(0, 10, 8), Get(11, 12, 7)}));
  EXPECT_TRUE(Explained({Set(0, 10, 7), Set(0, 10, 8), Get(11, 12, 8)}));
}

TEST(Linearizability, ButAllSeeTheSameOrder) {
  EXPECT_FALSE(Explained({Set(0, 10, 7), Set(0, 10, 8), Get(11, 12, 8), Get(13, 14, 7)}));
  EXPECT_FALSE(Explained({Set(0, 100, 7), Get(10, 20, 7), Get(30, 40, kNothing)}));
}

TEST(Linearizability, ALostWriteMayHappenOrNotAndLate) {
  EXPECT_TRUE(Explained({Set(0, kNever, 7), Get(10, 11, kNothing)}));
  EXPECT_TRUE(Explained({Set(0, kNever, 7), Get(10, 11, 7)}));
  EXPECT_TRUE(Explained({Set(0, kNever, 7), Get(10, 11, kNothing), Get(12, 13, 7)}));
  EXPECT_FALSE(Explained(
      {Set(0, kNever, 7), Get(10, 11, 7), Set(12, 13, 8), Get(14, 15, 8), Get(16, 17, 7)}));
}

TEST(Linearizability, ALostUpdateIsFound) {
  EXPECT_TRUE(
      Explained({At(0, 10, Kind::kAdd, 1, 1), At(0, 10, Kind::kAdd, 1, 2), Get(11, 12, 2)}));
  EXPECT_FALSE(Explained({At(0, 10, Kind::kAdd, 1, 1), At(0, 10, Kind::kAdd, 1, 1)}));
  EXPECT_FALSE(
      Explained({At(0, 10, Kind::kAdd, 1, 1), At(0, 10, Kind::kAdd, 1, 2), Get(11, 12, 1)}));
}

TEST(Linearizability, TwoOptimisticIncrementsOfTheSameValueAreFound) {
  Operation first = At(10, 20, Kind::kCompareAndSet, 2);
  first.expected = 1;
  Operation second = first;
  EXPECT_TRUE(Explained({Set(0, 1, 1), first, Get(21, 22, 2)}));
  EXPECT_FALSE(Explained({Set(0, 1, 1), first, second}));
}

TEST(Linearizability, TwoWhoSetWhatWasMissingAreFound) {
  EXPECT_TRUE(
      Explained({At(0, 10, Kind::kSetIfMissing, 7, 1), At(0, 10, Kind::kSetIfMissing, 8, 0)}));
  EXPECT_FALSE(
      Explained({At(0, 10, Kind::kSetIfMissing, 7, 1), At(0, 10, Kind::kSetIfMissing, 8, 1)}));
}

TEST(Linearizability, AValueThatTwoTookIsFound) {
  EXPECT_FALSE(Explained(
      {Set(0, 1, 7), At(2, 9, Kind::kGetDelete, 0, 7), At(2, 9, Kind::kGetDelete, 0, 7)}));
}

TEST(Linearizability, ADeletedValueThatComesBackIsFound) {
  EXPECT_FALSE(Explained({Set(0, 1, 7), At(2, 3, Kind::kDelete, 0, 1), Get(4, 5, 7)}));
}

TEST(Linearizability, AValueThatOutlivesAFlushIsFound) {
  EXPECT_TRUE(Explained({Set(0, 1, 7), At(2, 5, Kind::kFlush), Get(3, 4, 7), Get(6, 7, kNothing)}));
  EXPECT_FALSE(Explained({Set(0, 1, 7), At(2, 3, Kind::kFlush), Get(4, 5, 7)}));
}

TEST(Linearizability, ATornReplyIsFound) {
  EXPECT_FALSE(Explained({Set(0, 10, 7), Set(0, 10, 8), Get(5, 12, kTorn)}));
}

Operation SetFor(int64_t from, int64_t to, int64_t value, int32_t lifetime_ms) {
  Operation operation = At(from, to, Kind::kSetForAWhile, value);
  operation.lifetime_ms = lifetime_ms;
  return operation;
}

TEST(Linearizability, AValueGoesAtTheEndOfItsLifetime) {
  const auto set = SetFor(0, kMilli, 7, 10);
  EXPECT_TRUE(Explained({set, Get(5 * kMilli, 6 * kMilli, 7)}));
  EXPECT_TRUE(Explained({set, Get(12 * kMilli, 13 * kMilli, kNothing)}));
  EXPECT_FALSE(Explained({set, Get(12 * kMilli, 13 * kMilli, 7)}));
  EXPECT_FALSE(Explained({set, Get(5 * kMilli, 6 * kMilli, kNothing)}));
}

TEST(Linearizability, OnTheEdgeOfItsLifetimeEitherMayBe) {
  const auto set = SetFor(0, 2 * kMilli, 7, 10);
  for (const int64_t value : {int64_t{7}, kNothing}) {
    EXPECT_TRUE(Explained({set, Get(11 * kMilli, 11 * kMilli + 1, value)}));
  }
}

TEST(Linearizability, AnExpiredValueThatComesBackIsFound) {
  const auto set = SetFor(0, 2 * kMilli, 7, 10);
  const int64_t edge = 11 * kMilli;
  EXPECT_TRUE(Explained({set, Get(edge, edge + 1, 7), Get(edge + 2, edge + 3, kNothing)}));
  EXPECT_FALSE(Explained({set, Get(edge, edge + 1, kNothing), Get(edge + 2, edge + 3, 7)}));
}

TEST(Linearizability, SetAndPersistEndALifetime) {
  const auto set = SetFor(0, kMilli, 7, 10);
  EXPECT_TRUE(Explained({set, Set(2 * kMilli, 3 * kMilli, 8), Get(90 * kMilli, 91 * kMilli, 8)}));
  EXPECT_FALSE(
      Explained({set, Set(2 * kMilli, 3 * kMilli, 8), Get(90 * kMilli, 91 * kMilli, kNothing)}));
  EXPECT_TRUE(Explained(
      {set, At(2 * kMilli, 3 * kMilli, Kind::kPersist, 0, 1), Get(90 * kMilli, 91 * kMilli, 7)}));
}

TEST(Linearizability, WhatWasEvictedMayGoButNotComeBack) {
  const SearchOptions evicting{.may_vanish = true};
  EXPECT_TRUE(Explained({Set(0, 1, 7), Get(2, 3, kNothing)}, evicting));
  EXPECT_FALSE(Explained({Set(0, 1, 7), Get(2, 3, kNothing), Get(4, 5, 7)}, evicting));
}

TEST(Linearizability, SetsAndListsAreCheckedToo) {
  const auto of = [](Family family, std::vector<Operation> operations) {
    for (Operation& operation : operations) operation.family = family;
    return operations;
  };
  EXPECT_TRUE(
      Explained(of(Family::kSet, {At(0, 9, Kind::kInsert, 3, 1), At(0, 9, Kind::kInsert, 3, 0),
                                  At(10, 11, Kind::kMembers, 0, 8)})));
  EXPECT_FALSE(
      Explained(of(Family::kSet, {At(0, 9, Kind::kInsert, 3, 1), At(0, 9, Kind::kInsert, 3, 1)})));
  EXPECT_FALSE(
      Explained(of(Family::kSet, {At(0, 1, Kind::kInsert, 3, 1), At(2, 9, Kind::kTakeAny, 0, 3),
                                  At(2, 9, Kind::kTakeAny, 0, 3)})));
  Operation all = At(10, 11, Kind::kAll);
  all.values = {1, 2};
  EXPECT_TRUE(Explained(
      of(Family::kList, {At(0, 9, Kind::kPushBack, 1, 1), At(0, 9, Kind::kPushBack, 2, 2), all})));
  EXPECT_FALSE(Explained(
      of(Family::kList, {At(0, 9, Kind::kPushBack, 1, 2), At(0, 9, Kind::kPushBack, 2, 1), all})));
  EXPECT_FALSE(
      Explained(of(Family::kList, {At(0, 1, Kind::kPushBack, 1, 1), At(2, 9, Kind::kPopFront, 0, 1),
                                   At(2, 9, Kind::kPopBack, 0, 1)})));
}

TEST(Linearizability, WhatChangesNothingNowMayBeNeededLater) {
  // The rotation of one element changes nothing; it happened after the push of another.
  std::vector<Operation> operations = {
      At(0, 1, Kind::kPushBack, 1, 1), At(2, 20, Kind::kRotate, 0, 1),
      At(3, 4, Kind::kLength, 0, 1), At(5, 6, Kind::kPushFront, 2, 2), At(21, 22, Kind::kAll)};
  for (Operation& operation : operations) operation.family = Family::kList;
  operations.back().values = {1, 2};
  EXPECT_TRUE(Explained(operations));
  operations.back().values = {2, 1};
  EXPECT_TRUE(Explained(operations));
  // So does a SET of what is there.
  EXPECT_TRUE(Explained({Set(0, 1, 7), Set(2, 20, 7), Get(3, 4, 7), Set(5, 6, 8), Get(21, 22, 7)}));
}

TEST(Linearizability, ALostTakeEndsWhatIsKnownOfASet) {
  std::vector<Operation> operations = {At(0, 1, Kind::kInsert, 3, 1), At(2, kNever, Kind::kTakeAny),
                                       At(3, 4, Kind::kMembers, 0, 8),
                                       At(5, 6, Kind::kMembers, 0, 0)};
  for (Operation& operation : operations) operation.family = Family::kSet;
  EXPECT_TRUE(Explained(operations));
  operations[0].result = 0;
  EXPECT_FALSE(Explained(operations));
}

TEST(Linearizability, KeysAreCheckedApart) {
  Operation other = Get(2, 3, kNothing);
  other.key = 1;
  EXPECT_TRUE(Explained({Set(0, 1, 7), other}));
}

// Histories of a key that does one thing at a time, by clients whose requests overlap.
class Simulated {
 public:
  explicit Simulated(uint32_t seed) : random_(seed) {}

  std::vector<Operation> Run(int operations) {
    std::vector<Operation> history;
    std::vector<int64_t> free_at(8, 0);
    int64_t now = 0;
    ValueModel::State state;
    for (int i = 0; i < operations; ++i) {
      const size_t client = Below(free_at.size());
      now = std::max(now, free_at[client]) + 1 + static_cast<int64_t>(Below(5));
      Operation operation = Draw(i);
      operation.client = static_cast<uint16_t>(client);
      // It happens now; the request was sent since the client's last reply, its own comes later.
      operation.invoke_ns = free_at[client] + (now - free_at[client]) / 2;
      operation.complete_ns = kNever;
      ValueModel::State next;
      ValueModel::Apply(state, operation, i, &next);
      Answer(&operation, state, next);
      operation.complete_ns = now + 1 + static_cast<int64_t>(Below(40));
      free_at[client] = operation.complete_ns + 1;
      if (Below(200) == 0) operation.complete_ns = kNever;
      state = next;
      history.push_back(operation);
    }
    return history;
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }

  Operation Draw(int number) {
    constexpr Kind kKinds[] = {Kind::kGet,    Kind::kGet,    Kind::kSet,       Kind::kSetIfMissing,
                               Kind::kDelete, Kind::kGetSet, Kind::kGetDelete, Kind::kAdd};
    Operation operation;
    operation.kind = kKinds[Below(std::size(kKinds))];
    operation.argument = 1000 + number * 1000;
    return operation;
  }

  static void Answer(Operation* operation, const ValueModel::State& before,
                     const ValueModel::State& after) {
    const bool there = !ValueModel::Empty(before);
    switch (operation->kind) {
      case Kind::kSetIfMissing:
        operation->result = !there;
        break;
      case Kind::kDelete:
        operation->result = there;
        break;
      case Kind::kAdd:
        operation->result = after.value;
        break;
      default:
        operation->result = before.value;
    }
  }

  std::mt19937 random_;
};

TEST(Linearizability, WhatOneKeyDidIsExplained) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    EXPECT_TRUE(Explained(Simulated(seed).Run(500))) << "seed " << seed;
  }
}

TEST(Linearizability, AnAnswerThatWasExchangedForAnEarlierOneIsFound) {
  int found = 0, tried = 0;
  for (uint32_t seed = 0; seed < 100; ++seed) {
    auto history = Simulated(seed).Run(200);
    // A read answers what was read much earlier.
    std::vector<size_t> reads;
    for (size_t i = 0; i < history.size(); ++i) {
      if (history[i].kind == Kind::kGet && history[i].known() && history[i].result != kNothing) {
        reads.push_back(i);
      }
    }
    if (reads.size() < 2 || history[reads.front()].result == history[reads.back()].result) continue;
    history[reads.back()].result = history[reads.front()].result;
    ++tried;
    found += !static_cast<bool>(Explained(std::move(history)));
  }
  EXPECT_GT(tried, 50);
  EXPECT_EQ(found, tried);
}

}  // namespace
}  // namespace larder::history
