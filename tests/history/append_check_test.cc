// The inference from lists, on histories that are strictly serializable and on wrong ones.
#include "tests/history/append_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace larder::history {
namespace {

using Fate = Transaction::Fate;
using testing::ElementsAre;
using testing::IsEmpty;

Action Append(uint32_t key, int64_t value) { return {.key = key, .append = true, .value = value}; }
Action Read(uint32_t key, std::vector<int64_t> list) {
  return {.key = key, .list = std::move(list)};
}

Transaction Done(int64_t from, int64_t to, std::vector<Action> actions) {
  return {.invoke_ns = from,
          .complete_ns = to,
          .fate = Fate::kCommitted,
          .how = "EXEC",
          .actions = std::move(actions)};
}

std::vector<std::string> Names(std::vector<Transaction> history) {
  std::vector<std::string> names;
  for (const Anomaly& anomaly : CheckAppends(history).anomalies) names.push_back(anomaly.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

TEST(Appends, OneAfterAnotherIsFine) {
  EXPECT_THAT(Names({Done(0, 1, {Append(1, 10), Append(2, 20)}),
                     Done(2, 3, {Append(1, 11), Read(1, {10, 11})}),
                     Done(4, 5, {Read(1, {10, 11}), Read(2, {20})})}),
              IsEmpty());
}

TEST(Appends, ALostUpdateIsFound) {
  EXPECT_THAT(Names({Done(0, 1, {Append(1, 10)}), Done(0, 1, {Append(1, 11)}),
                     Done(2, 3, {Read(1, {11})})}),
              ElementsAre("lost"));
}

TEST(Appends, AStaleReadIsFound) {
  EXPECT_THAT(
      Names({Done(0, 1, {Append(1, 10)}), Done(2, 3, {Read(1, {})}), Done(4, 5, {Read(1, {10})})}),
      ElementsAre("G-single-realtime"));
}

TEST(Appends, AStaleReadIsNoneWhileTheAppendIsUnderWay) {
  EXPECT_THAT(
      Names({Done(0, 9, {Append(1, 10)}), Done(2, 3, {Read(1, {})}), Done(4, 5, {Read(1, {10})})}),
      IsEmpty());
}

TEST(Appends, AReadThatIsTakenBackIsFound) {
  EXPECT_THAT(
      Names({Done(0, 9, {Append(1, 10)}), Done(2, 3, {Read(1, {10})}), Done(4, 5, {Read(1, {})})}),
      ElementsAre("G-single-realtime"));
}

TEST(Appends, ATransactionSeenInPartIsFound) {
  // It saw the append to 2, and not the one to 1 of the same transaction.
  EXPECT_THAT(
      Names({Done(0, 9, {Append(1, 10), Append(2, 20)}), Done(0, 9, {Read(1, {}), Read(2, {20})}),
             Done(10, 11, {Read(1, {10}), Read(2, {20})})}),
      ElementsAre("G-single"));
}

TEST(Appends, AReadBetweenTwoAppendsOfOneTransactionIsFound) {
  EXPECT_THAT(Names({Done(0, 9, {Append(1, 10), Append(1, 11)}), Done(0, 9, {Read(1, {10})}),
                     Done(10, 11, {Read(1, {10, 11})})}),
              testing::Contains("G1b"));
}

TEST(Appends, AnAppendBetweenTwoOfOneTransactionIsFound) {
  EXPECT_THAT(Names({Done(0, 9, {Append(1, 10), Append(1, 11)}), Done(0, 9, {Append(1, 15)}),
                     Done(10, 11, {Read(1, {10, 15, 11})})}),
              ElementsAre("G0"));
}

TEST(Appends, ADirtyReadIsFound) {
  auto aborted = Done(0, 1, {Append(1, 10)});
  aborted.fate = Fate::kAborted;
  EXPECT_THAT(Names({aborted, Done(2, 3, {Read(1, {10})})}), ElementsAre("G1a"));
  EXPECT_THAT(Names({aborted, Done(2, 3, {Read(1, {})})}), IsEmpty());
}

TEST(Appends, WritesInOppositeOrdersAreFound) {
  EXPECT_THAT(
      Names({Done(0, 9, {Append(1, 10), Append(2, 20)}), Done(0, 9, {Append(1, 11), Append(2, 21)}),
             Done(10, 11, {Read(1, {10, 11}), Read(2, {21, 20})})}),
      ElementsAre("G0"));
}

TEST(Appends, TwoWhoReadEachOthersWritesAreFound) {
  EXPECT_THAT(Names({Done(0, 9, {Append(1, 10), Read(2, {20})}),
                     Done(0, 9, {Append(2, 20), Read(1, {10})})}),
              ElementsAre("G1c"));
}

TEST(Appends, WriteSkewIsFound) {
  EXPECT_THAT(
      Names({Done(0, 9, {Read(1, {}), Append(2, 20)}), Done(0, 9, {Read(2, {}), Append(1, 10)}),
             Done(10, 11, {Read(1, {10}), Read(2, {20})})}),
      ElementsAre("G2"));
}

TEST(Appends, WritesAgainstTheClockAreFound) {
  EXPECT_THAT(Names({Done(0, 1, {Append(1, 10)}), Done(2, 3, {Append(1, 11)}),
                     Done(4, 5, {Read(1, {11, 10})})}),
              ElementsAre("G0-realtime"));
}

TEST(Appends, OtherOrdersFromNowhereTwiceAndInsideAreFound) {
  const auto a = Done(0, 9, {Append(1, 10)}), b = Done(0, 9, {Append(1, 11)});
  EXPECT_THAT(Names({a, b, Done(10, 11, {Read(1, {10, 11})}), Done(10, 11, {Read(1, {11, 10})})}),
              ElementsAre("incompatible"));
  EXPECT_THAT(Names({a, Done(10, 11, {Read(1, {10, 99})})}), ElementsAre("nowhere"));
  EXPECT_THAT(Names({a, Done(10, 11, {Read(1, {10, 10})})}), ElementsAre("twice"));
  EXPECT_THAT(Names({Done(0, 1, {Append(1, 10), Read(1, {})}), Done(2, 3, {Read(1, {10})})}),
              ElementsAre("internal"));
  auto wrong_length = Done(0, 9, {Append(1, 12)});
  wrong_length.actions[0].length = 2;
  EXPECT_THAT(Names({wrong_length, Done(10, 11, {Read(1, {12})})}), ElementsAre("length"));
}

TEST(Appends, WhatWasLostHappenedAsAWholeOrNotAtAll) {
  Transaction lost = Done(0, kNever, {Append(1, 10), Append(2, 20)});
  lost.fate = Fate::kLost;
  EXPECT_THAT(Names({lost, Done(10, 11, {Read(1, {10}), Read(2, {20})})}), IsEmpty());
  EXPECT_THAT(Names({lost, Done(10, 11, {Read(1, {}), Read(2, {})})}), IsEmpty());
  EXPECT_THAT(Names({lost, Done(10, 11, {Read(1, {10}), Read(2, {})})}), ElementsAre("torn"));
}

// Transactions that happen one at a time, while their requests overlap.
std::vector<Transaction> Simulate(uint32_t seed, int count) {
  std::mt19937 random(seed);
  std::map<uint32_t, std::vector<int64_t>> lists;
  std::vector<int64_t> free_at(6, 0);
  std::vector<Transaction> history;
  int64_t now = 0, value = 1;
  for (int i = 0; i < count; ++i) {
    const size_t client = random() % free_at.size();
    now = std::max(now, free_at[client]) + 1;
    Transaction each;
    each.client = static_cast<uint16_t>(client);
    each.invoke_ns = free_at[client];
    each.complete_ns = now + 1 + static_cast<int64_t>(random() % 30);
    each.fate = random() % 50 == 0 ? Fate::kLost : Fate::kCommitted;
    free_at[client] = each.complete_ns + 1;
    if (each.fate == Fate::kLost) each.complete_ns = kNever;
    for (size_t a = 1 + random() % 4; a > 0; --a) {
      const auto key = static_cast<uint32_t>(random() % 4);
      if (random() % 2 == 0) {
        lists[key].push_back(value);
        each.actions.push_back(Append(key, value++));
        each.actions.back().length = static_cast<int64_t>(lists[key].size());
      } else {
        each.actions.push_back(
            Read(key, each.fate == Fate::kLost ? std::vector<int64_t>() : lists[key]));
      }
    }
    history.push_back(std::move(each));
  }
  const int64_t end = *std::max_element(free_at.begin(), free_at.end()) + 100;
  for (const auto& [key, list] : lists) history.push_back(Done(end, end + 1, {Read(key, list)}));
  return history;
}

TEST(Appends, WhatHappenedOneAtATimeIsFine) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const auto report = CheckAppends(Simulate(seed, 400));
    EXPECT_TRUE(report.anomalies.empty())
        << "seed " << seed << ": " << report.anomalies[0].name << report.anomalies[0].story;
  }
}

TEST(Appends, AReadOfAShorterListIsFound) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    auto history = Simulate(seed, 400);
    // Late in the history a list loses its last twenty values for one reader.
    bool spoiled = false;
    for (size_t i = history.size() - 10; i > 300 && !spoiled; --i) {
      if (history[i].fate != Fate::kCommitted || history[i].actions.size() != 1) continue;
      Action& action = history[i].actions[0];
      if (action.append || action.list.size() < 40) continue;
      action.list.resize(action.list.size() - 20);
      spoiled = true;
    }
    if (!spoiled) continue;
    EXPECT_FALSE(CheckAppends(history).anomalies.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace larder::history
