#include "storage/entry_extra.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "storage/database.h"
#include "storage/undo_log.h"

namespace larder::storage {
namespace {

TagSet Tags(TagTable& table, size_t count) {
  TagSet tags;
  for (size_t i = 0; i < count; ++i) tags.Add(table, "tag:" + std::to_string(i));
  return tags;
}

Extra Sample(TagTable& table) {
  return {.stale_seconds = 30,
          .error_seconds = 600,
          .cost_ms = 70000,
          .negative_code = 404,
          .tags = Tags(table, 2)};
}

bool Same(const Extra& left, const Extra& right) {
  return left.stale_seconds == right.stale_seconds && left.error_seconds == right.error_seconds &&
         left.cost_ms == right.cost_ms && left.negative_code == right.negative_code &&
         left.tags == right.tags;
}

class ExtraBlockTest : public testing::Test {
 protected:
  TagTable table{1};
};

TEST_F(ExtraBlockTest, HoldsWhatIsThereAndNothingElse) {
  const auto bytes_of = [](const Extra& extra) {
    const ExtraBlock block(extra, 9);
    return ExtraView(block.data()).bytes();
  };
  EXPECT_EQ(bytes_of(Sample(table)), 2u + 6 + 3 * 4 + 2 + 2 * 4);
  EXPECT_EQ(bytes_of({.stale_seconds = 1}), 2u + 4);
  EXPECT_EQ(bytes_of({.negative_code = 1}), 2u + 2);
}

TEST_F(ExtraBlockTest, TagsTakeTwelveBytesEachAtTheMost) {
  for (size_t count = 1; count <= kTagsPerEntryMax; ++count) {
    const ExtraBlock block({.tags = Tags(table, count)}, 1);
    EXPECT_EQ(ExtraView(block.data()).bytes(), 8 + 4 * count);
    EXPECT_LE(ExtraView(block.data()).bytes(), 12 * count);
  }
}

TEST_F(ExtraBlockTest, EveryCombinationIsReadAsItWasWritten) {
  constexpr uint64_t kClock = (uint64_t{1} << 48) - 2;
  for (unsigned bits = 1; bits < 32; ++bits) {
    Extra extra;
    if ((bits & 1) != 0) extra.stale_seconds = 0xffffffff;
    if ((bits & 2) != 0) extra.error_seconds = 2;
    if ((bits & 4) != 0) extra.cost_ms = 3;
    if ((bits & 8) != 0) extra.negative_code = 0xffff;
    if ((bits & 16) != 0) extra.tags = Tags(table, 3);
    const ExtraBlock block(extra, kClock);
    const ExtraView view(block.data());
    EXPECT_EQ(view.stale_seconds(), extra.stale_seconds);
    EXPECT_EQ(view.error_seconds(), extra.error_seconds);
    EXPECT_EQ(view.cost_ms(), extra.cost_ms);
    EXPECT_EQ(view.negative_code(), extra.negative_code);
    ASSERT_EQ(view.tag_count(), extra.tags.size());
    size_t index = 0;
    for (const uint32_t id : extra.tags) EXPECT_EQ(view.tag(index++), id);
    EXPECT_EQ(view.purge_clock(), extra.tags.empty() ? 0 : kClock);
  }
}

class EntryExtraTest : public testing::Test {
 protected:
  Key K(std::string_view bytes) { return keyspace.hasher()(bytes); }
  std::string Text(std::string_view key) {
    const Entry* entry = db.Find(K(key));
    return entry == nullptr ? "(missing)" : std::string(entry->string());
  }
  bool HasSample(std::string_view key) {
    const Entry* entry = db.Find(K(key));
    return entry != nullptr && Same(db.ExtraOf(*entry), Sample(keyspace.tags()));
  }
  bool HasNone(std::string_view key) {
    const Entry* entry = db.Find(K(key));
    return entry != nullptr && !entry->has_extra() && db.ExtraOf(*entry).empty();
  }
  void SetWithSample(std::string_view key, std::string_view value, int64_t expire_at_ms = -1) {
    const Extra extra = Sample(keyspace.tags());
    db.SetString(K(key), value, {.expire_at_ms = expire_at_ms, .extra = &extra});
  }

  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, nullptr};
  Database db{keyspace, 0, 0};
};

TEST_F(EntryExtraTest, StandsBesideValuesKeysAndExpiriesOfAllSizes) {
  for (const size_t key_size : {1, 255, 256, 70000}) {
    const std::string key(key_size, 'k');
    for (const size_t size : {0, 1, 44, 45, 255, 2048, 4096, 4097, 100000}) {
      const std::string value(size, static_cast<char>('a' + size % 26));
      SetWithSample(key, value, size % 2 == 0 ? kNoExpiry : 1000);
      EXPECT_EQ(Text(key), value);
      EXPECT_TRUE(HasSample(key)) << key_size << " " << size;
      EXPECT_EQ(db.Find(K(key))->expire_at_ms(), size % 2 == 0 ? kNoExpiry : 1000);
    }
  }
}

TEST_F(EntryExtraTest, AnotherWriteDropsItWithItsExpiryKeptToo) {
  SetWithSample("k", "v", 1000);
  db.SetString(K("k"), "w", {.keep_expiry = true});
  EXPECT_TRUE(HasNone("k"));
  EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), 1000);
  EXPECT_EQ(Text("k"), "w");
}

TEST_F(EntryExtraTest, AWriteThatKeepsItKeepsIt) {
  SetWithSample("k", "v", 1000);
  for (const size_t size : {1, 100, 5000, 3}) {
    db.SetString(K("k"), std::string(size, 'x'), {.keep_expiry = true, .keep_extra = true});
    EXPECT_TRUE(HasSample("k"));
    EXPECT_EQ(Text("k"), std::string(size, 'x'));
  }
  db.SetString(K("new"), "v", {.keep_extra = true});
  EXPECT_TRUE(HasNone("new"));
}

TEST_F(EntryExtraTest, StaysBehindAStringThatGrowsAndShrinks) {
  SetWithSample("k", "abc");
  for (const size_t size : {3, 4, 10, 11, 60, 500, 12, 0, 4096, 4097, 9000, 4, 2}) {
    const std::string before = Text("k");
    db.ResizeString(K("k"), size);
    std::string expected = before.substr(0, size);
    expected.resize(size, '\0');
    EXPECT_EQ(Text("k"), expected);
    EXPECT_TRUE(HasSample("k")) << size;
  }
}

TEST_F(EntryExtraTest, StaysWhenTheExpiryComesChangesAndGoes) {
  SetWithSample("k", "v");
  for (const int64_t at_ms : {int64_t{500}, int64_t{700}, kNoExpiry, int64_t{9}}) {
    ASSERT_TRUE(db.SetExpiry(K("k"), at_ms));
    EXPECT_TRUE(HasSample("k"));
    EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), at_ms);
    EXPECT_EQ(Text("k"), "v");
  }
}

TEST_F(EntryExtraTest, IsSetAndRemovedAlone) {
  db.SetString(K("k"), "v", {.expire_at_ms = 100});
  EXPECT_TRUE(db.SetExtra(K("k"), Sample(keyspace.tags())));
  EXPECT_TRUE(HasSample("k"));
  EXPECT_EQ(Text("k"), "v");
  EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), 100);
  EXPECT_TRUE(db.SetExtra(K("k"), {}));
  EXPECT_TRUE(HasNone("k"));
  EXPECT_FALSE(db.SetExtra(K("missing"), Sample(keyspace.tags())));
}

TEST_F(EntryExtraTest, GoesWithAValueToAnotherKey) {
  for (const size_t size : {3, 9000}) {
    const std::string value(size, 'x');
    SetWithSample("from", value);
    db.Put(K("copy"), *db.CopyOf(K("from")));
    db.Put(K("to"), *db.Take(K("from")));
    EXPECT_TRUE(HasSample("copy"));
    EXPECT_TRUE(HasSample("to"));
    EXPECT_EQ(Text("to"), value);
  }
}

TEST_F(EntryExtraTest, IsBackAfterAnUndo) {
  SetWithSample("k", "v");
  UndoLog undo;
  Database script(keyspace, 0, 0, &undo);
  script.SetString(K("k"), "other");
  undo.Rollback(keyspace, 0);
  EXPECT_TRUE(HasSample("k"));
  EXPECT_EQ(Text("k"), "v");
  script.SetExtra(K("k"), {});
  undo.Rollback(keyspace, 0);
  EXPECT_TRUE(HasSample("k"));
}

TEST_F(EntryExtraTest, MemoryCountsItAndAPlainEntryPaysNothing) {
  db.SetString(K("k"), "v");
  const size_t plain = db.Find(K("k"))->MemoryBytes();
  EXPECT_EQ(plain, 4u + 1 + 1);
  SetWithSample("k", "v");
  const ExtraBlock block(Sample(keyspace.tags()), 0);
  EXPECT_EQ(db.Find(K("k"))->MemoryBytes(), plain + ExtraView(block.data()).bytes());
}

TEST_F(EntryExtraTest, SurvivesTheMovingOfEntries) {
  const auto name = [](int i) { return "key:" + std::to_string(i); };
  for (int i = 0; i < 40000; ++i) SetWithSample(name(i), std::to_string(i));
  for (int i = 0; i < 40000; ++i) {
    if (i % 16 != 0) db.Delete(K(name(i)));
  }
  for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
    while (keyspace.CompactSlice(stripe, std::chrono::steady_clock::time_point::max())) {
    }
  }
  for (int i = 0; i < 40000; i += 16) {
    ASSERT_TRUE(HasSample(name(i)));
    ASSERT_EQ(Text(name(i)), std::to_string(i));
  }
}

}  // namespace
}  // namespace larder::storage
