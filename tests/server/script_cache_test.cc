#include "server/scripting/script_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace larder {
namespace {

std::shared_ptr<const Script> Make(const std::string& body) {
  std::string error;
  return ParseScript(body, &error);
}

TEST(ScriptCache, FindsByDigestInEitherCase) {
  ScriptCache cache;
  const auto script = cache.Add(Make("return 1"), ScriptOrigin::kLoad);
  EXPECT_EQ(script->sha, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  EXPECT_EQ(cache.Find("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"), script);
  EXPECT_TRUE(cache.Exists(script->sha));
  EXPECT_EQ(cache.Find("x"), nullptr);
  EXPECT_EQ(cache.count(), 1u);
  EXPECT_GT(cache.bytes(), 0u);
}

TEST(ScriptCache, AddingAgainKeepsTheFirst) {
  ScriptCache cache;
  const auto first = cache.Add(Make("return 1"), ScriptOrigin::kEval);
  first->takes_all_stripes = true;
  EXPECT_EQ(cache.Add(Make("return 1"), ScriptOrigin::kEval), first);
  EXPECT_TRUE(cache.Find(first->sha)->takes_all_stripes);
}

TEST(ScriptCache, FlushForgetsAllAndChangesTheEpoch) {
  ScriptCache cache;
  const uint64_t epoch = cache.epoch();
  const auto script = cache.Add(Make("return 1"), ScriptOrigin::kLoad);
  cache.Flush();
  EXPECT_FALSE(cache.Exists(script->sha));
  EXPECT_EQ(cache.count(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_NE(cache.epoch(), epoch);
}

TEST(ScriptCache, KeepsLoadedScriptsAndTheRecentOnesOfEval) {
  ScriptCache cache;
  const auto loaded = cache.Add(Make("return 'loaded'"), ScriptOrigin::kLoad);
  const auto promoted = cache.Add(Make("return 'promoted'"), ScriptOrigin::kEval);
  cache.Add(promoted, ScriptOrigin::kLoad);
  const auto used = cache.Add(Make("return 'used'"), ScriptOrigin::kEval);
  const auto unused = cache.Add(Make("return 'unused'"), ScriptOrigin::kEval);
  for (size_t i = 0; i < ScriptCache::kEvalScriptsMax; ++i) {
    cache.Add(Make("return " + std::to_string(i)), ScriptOrigin::kEval);
    EXPECT_NE(cache.Find(used->sha), nullptr);
  }
  EXPECT_TRUE(cache.Exists(loaded->sha));
  EXPECT_TRUE(cache.Exists(promoted->sha));
  EXPECT_FALSE(cache.Exists(unused->sha));
  EXPECT_EQ(cache.count(), ScriptCache::kEvalScriptsMax + 2);
  EXPECT_EQ(cache.evicted_count(), 2u);
}

}  // namespace
}  // namespace larder
