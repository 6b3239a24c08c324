#include "server/acl/acl_log.h"

#include <gtest/gtest.h>

namespace larder {
namespace {

AclLogEntry Entry(std::string object, int64_t unix_ms, std::string user = "u") {
  AclLogEntry entry;
  entry.object = std::move(object);
  entry.user = std::move(user);
  entry.created_unix_ms = unix_ms;
  return entry;
}

constexpr size_t kMany = 128;

TEST(AclLog, TheNewestComesFirst) {
  AclLog log;
  log.Add(Entry("get", 1), kMany);
  log.Add(Entry("set", 2), kMany);
  const auto entries = log.Latest(10);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].object, "set");
  EXPECT_EQ(entries[0].id, 1u);
  EXPECT_EQ(log.Latest(1).size(), 1u);
}

TEST(AclLog, TheSameWithinAMinuteIsCounted) {
  AclLog log;
  log.Add(Entry("get", 0), kMany);
  log.Add(Entry("set", 1), kMany);
  log.Add(Entry("get", AclLog::kMergedWithinMs), kMany);
  auto entries = log.Latest(10);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].object, "get");
  EXPECT_EQ(entries[0].count, 2u);
  EXPECT_EQ(entries[0].id, 0u);
  EXPECT_EQ(entries[0].created_unix_ms, 0);
  EXPECT_EQ(entries[0].updated_unix_ms, AclLog::kMergedWithinMs);
  log.Add(Entry("get", 2 * AclLog::kMergedWithinMs + 1), kMany);
  EXPECT_EQ(log.Latest(10).size(), 3u);
}

TEST(AclLog, AnotherUserReasonOrContextIsAnotherEntry) {
  AclLog log;
  log.Add(Entry("get", 0), kMany);
  log.Add(Entry("get", 0, "v"), kMany);
  AclLogEntry entry = Entry("get", 0);
  entry.reason = AclReason::kKey;
  log.Add(entry, kMany);
  entry.context = AclContext::kScript;
  log.Add(entry, kMany);
  EXPECT_EQ(log.Latest(10).size(), 4u);
  EXPECT_EQ(log.Count(AclReason::kKey), 2u);
  log.ResetCounts();
  EXPECT_EQ(log.Count(AclReason::kKey), 0u);
}

TEST(AclLog, OnlyTheLatestAreCompared) {
  AclLog log;
  log.Add(Entry("get", 0), kMany);
  for (size_t i = 0; i < AclLog::kComparedMax; ++i) log.Add(Entry(std::to_string(i), 0), kMany);
  log.Add(Entry("get", 0), kMany);
  EXPECT_EQ(log.Latest(1)[0].count, 1u);
}

TEST(AclLog, IsAsLongAsItMayBe) {
  AclLog log;
  for (int i = 0; i < 5; ++i) log.Add(Entry(std::to_string(i), 0), 3);
  EXPECT_EQ(log.Latest(10).size(), 3u);
  log.Add(Entry("x", 0), 0);
  EXPECT_TRUE(log.Latest(10).empty());
  EXPECT_EQ(log.Count(AclReason::kCommand), 6u);
}

TEST(AclLog, KeepsOnlySoMuchOfLongTexts) {
  AclLog log;
  log.Add(Entry(std::string(1 << 20, 'x'), 0, std::string(1 << 20, 'u')), kMany);
  EXPECT_EQ(log.Latest(1)[0].object.size(), AclLog::kTextBytesMax);
  EXPECT_EQ(log.Latest(1)[0].user.size(), AclLog::kTextBytesMax);
}

TEST(AclLog, ResetForgetsTheEntries) {
  AclLog log;
  log.Add(Entry("get", 0), kMany);
  log.Reset();
  EXPECT_TRUE(log.Latest(10).empty());
  log.Add(Entry("get", 0), kMany);
  EXPECT_EQ(log.Latest(1)[0].id, 1u);
}

}  // namespace
}  // namespace larder
