#include "server/heavy_hitters.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace larder {
namespace {

std::map<std::string, uint64_t> LeastOf(const HeavyHitters& hitters) {
  std::map<std::string, uint64_t> least;
  hitters.ForEach([&](const std::string& key, uint64_t weight) { least[key] = weight; });
  return least;
}

TEST(HeavyHitters, CountsExactlyWhileThereIsRoom) {
  HeavyHitters hitters(3);
  hitters.Add("a", 5);
  hitters.Add("b", 1);
  hitters.Add("a", 2);
  EXPECT_EQ(LeastOf(hitters), (std::map<std::string, uint64_t>{{"a", 7}, {"b", 1}}));
}

TEST(HeavyHitters, TheLightestMakesRoom) {
  HeavyHitters hitters(2);
  hitters.Add("heavy", 100);
  hitters.Add("light", 1);
  hitters.Add("new", 1);
  EXPECT_EQ(LeastOf(hitters), (std::map<std::string, uint64_t>{{"heavy", 100}, {"new", 1}}));
}

TEST(HeavyHitters, KeepsWhatHasMoreThanItsShareAmongManyOthers) {
  HeavyHitters hitters(64);
  for (int i = 0; i < 100'000; ++i) {
    hitters.Add("key:" + std::to_string(i), 1);
    if (i % 20 == 0) hitters.Add("hot", 1);  // a 21st of all: more than a 64th
  }
  const auto least = LeastOf(hitters);
  ASSERT_EQ(least.count("hot"), 1u);
  EXPECT_GT(least.at("hot"), 4000u);
  EXPECT_LE(least.at("hot"), 5000u);
  EXPECT_EQ(least.size(), 64u);
}

TEST(HeavyHitters, NeverClaimsMoreForAKeyThanItGot) {
  HeavyHitters hitters(8);
  std::map<std::string, uint64_t> given;
  for (int i = 0; i < 5'000; ++i) {
    const std::string key(static_cast<size_t>(i * i % 23 + 1), 'k');
    hitters.Add(key, static_cast<uint64_t>(i % 7));
    given[key] += static_cast<uint64_t>(i % 7);
  }
  for (const auto& [key, weight] : LeastOf(hitters)) EXPECT_LE(weight, given[key]) << key;
}

}  // namespace
}  // namespace larder
