#include "storage/database.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "storage/blob.h"
#include "storage/undo_log.h"

namespace larder::storage {
namespace {

// A collection of numbers that knows when it is gone.
class FakeList final : public Object {
 public:
  static constexpr Type kType = Type::kList;
  explicit FakeList(int* alive) : Object(kType), alive_(alive) { ++*alive_; }
  ~FakeList() override { --*alive_; }
  Encoding encoding() const override { return Encoding::kListpack; }
  size_t MemoryBytes() const override { return sizeof(*this) + items.size() * sizeof(int); }
  size_t ElementCount() const override { return items.size(); }
  Ref<Object> Clone() const override {
    Ref<FakeList> clone(new FakeList(alive_));
    clone->items = items;
    return clone;
  }
  bool FreeSome(size_t elements) override {
    items.resize(items.size() - std::min(elements, items.size()));
    return items.empty();
  }
  std::vector<int> items;

 private:
  int* alive_;
};

class Recorder final : public KeyspaceObserver {
 public:
  void OnExpired(int database, std::string_view key) override {
    expired.push_back(std::to_string(database) + ":" + std::string(key));
  }
  void OnEvicted(int, std::string_view key) override { evicted.emplace_back(key); }
  std::vector<std::string> expired;
  std::vector<std::string> evicted;
};

class DatabaseTest : public testing::Test {
 protected:
  Key K(std::string_view bytes) { return keyspace.hasher()(bytes); }
  Database At(int64_t now_ms, UndoLog* undo = nullptr) { return {keyspace, 0, now_ms, undo}; }
  std::string Text(std::string_view key, int64_t now_ms = 0) {
    Database db = At(now_ms);
    const Entry* entry = db.Find(K(key));
    return entry == nullptr ? "(missing)" : std::string(entry->string());
  }
  Ref<Object> List(size_t items) {
    auto* list = new FakeList(&lists_alive);
    list->items.resize(items);
    return Ref<Object>(list);
  }

  int lists_alive = 0;
  Recorder recorder;
  Keyspace keyspace{{.stripes = 4, .hash_seed = 7}, &recorder};
};

TEST_F(DatabaseTest, StringIsFoundAsItWasSet) {
  Database db = At(0);
  for (const size_t size : {0, 1, 44, 45, 255, 2047, 2048, 2049, 100000}) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    db.SetString(K("key"), value);
    EXPECT_EQ(Text("key"), value);
    EXPECT_EQ(db.Find(K("key"))->key(), "key");
  }
  EXPECT_EQ(keyspace.KeyCount(0), 1u);
  EXPECT_EQ(Text("other"), "(missing)");
}

TEST_F(DatabaseTest, KeysOfAllLengthsAreToldApart) {
  Database db = At(0);
  std::vector<std::string> keys;
  for (const size_t size : {0, 1, 254, 255, 256, 257, 511, 512, 70000, 3000000}) {
    keys.emplace_back(size, 'k');
  }
  for (const std::string& key : keys)
    db.SetString(K(key), std::to_string(key.size()), {.expire_at_ms = 50});
  for (const std::string& key : keys) {
    EXPECT_EQ(Text(key), std::to_string(key.size()));
    EXPECT_EQ(db.Find(K(key))->key(), key);
    EXPECT_EQ(db.Find(K(key))->expire_at_ms(), 50);
  }
  EXPECT_EQ(keyspace.KeyCount(0), keys.size());
}

TEST_F(DatabaseTest, EncodingFollowsBytesAndHistory) {
  Database db = At(0);
  const auto encoding = [&](std::string_view value) {
    db.SetString(K("k"), value);
    return EncodingName(db.Find(K("k"))->encoding());
  };
  EXPECT_EQ(encoding("12"), "int");
  EXPECT_EQ(encoding("-9223372036854775808"), "int");
  EXPECT_EQ(encoding("9223372036854775807"), "int");
  EXPECT_EQ(encoding("9223372036854775808"), "embstr");
  EXPECT_EQ(encoding("0"), "int");
  for (const char* text : {"-0", "00", "01", "+1", " 1", "", "-", "1 "}) {
    EXPECT_EQ(encoding(text), "embstr") << text;
  }
  EXPECT_EQ(encoding(std::string(44, 'x')), "embstr");
  EXPECT_EQ(encoding(std::string(45, 'x')), "raw");
  encoding("12");
  db.ResizeString(K("k"), 2);
  EXPECT_EQ(EncodingName(db.Find(K("k"))->encoding()), "raw");
  EXPECT_EQ(encoding("12"), "int") << "a new value has no history";
}

TEST_F(DatabaseTest, ResizeStringKeepsBytesAndZeroesNewOnes) {
  Database db = At(0);
  EXPECT_EQ(db.ResizeString(K("k"), 3).size(), 3u);
  EXPECT_EQ(Text("k"), std::string(3, '\0'));
  db.SetString(K("k"), "abc", {.expire_at_ms = 99});
  std::string expected = "abc";
  for (const size_t size : {5, 4, 500, 2048, 2049, 9000, 9001, 3000, 10}) {
    const auto bytes = db.ResizeString(K("k"), size);
    expected.resize(size, '\0');
    ASSERT_EQ(std::string(bytes.data(), bytes.size()), expected) << size;
    bytes.back() = 'z';
    expected.back() = 'z';
    EXPECT_EQ(Text("k"), expected);
    EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), 99);
  }
}

TEST_F(DatabaseTest, ResizeStringLeavesSharedBlobAlone) {
  Database db = At(0);
  db.SetString(K("k"), std::string(5000, 'a'));
  const Ref<Object> pinned(db.Find(K("k"))->object());
  db.ResizeString(K("k"), 5000)[0] = 'b';
  EXPECT_EQ(static_cast<Blob*>(pinned.get())->bytes(), std::string(5000, 'a'));
  EXPECT_EQ(Text("k")[0], 'b');
}

TEST_F(DatabaseTest, ValueMayAliasTheOldOne) {
  Database db = At(0);
  db.SetString(K("k"), "0123456789", {.expire_at_ms = 1000});
  db.SetString(K("k"), db.Find(K("k"))->string().substr(3));
  EXPECT_EQ(Text("k"), "3456789");
  db.SetString(K("k"), db.Find(K("k"))->string().substr(1, 6));
  EXPECT_EQ(Text("k"), "456789");
}

TEST_F(DatabaseTest, ExpiryIsSetKeptAndRemoved) {
  Database db = At(0);
  db.SetString(K("k"), "v", {.expire_at_ms = 100});
  EXPECT_EQ(keyspace.ExpiryCount(0), 1u);
  db.SetString(K("k"), "w", {.keep_expiry = true});
  EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), 100);
  EXPECT_TRUE(db.SetExpiry(K("k"), 9000000000000000000));
  EXPECT_EQ(db.Find(K("k"))->expire_at_ms(), 9000000000000000000);
  EXPECT_TRUE(db.SetExpiry(K("k"), kNoExpiry));
  EXPECT_FALSE(db.Find(K("k"))->has_expiry());
  EXPECT_EQ(Text("k"), "w");
  EXPECT_EQ(keyspace.ExpiryCount(0), 0u);
  EXPECT_FALSE(db.SetExpiry(K("missing"), 5));
}

TEST_F(DatabaseTest, ExpiredKeyIsGoneAndReported) {
  At(0).SetString(K("k"), "v", {.expire_at_ms = 100});
  WatchMark mark{false};
  keyspace.watches(keyspace.StripeOf(K("k").hash)).Add(0, "k", &mark);
  EXPECT_EQ(Text("k", 99), "v");
  EXPECT_FALSE(mark);
  EXPECT_EQ(Text("k", 100), "(missing)");
  EXPECT_TRUE(mark);
  EXPECT_EQ(recorder.expired, std::vector<std::string>{"0:k"});
  EXPECT_EQ(keyspace.Stats().expired, 1u);
  EXPECT_EQ(keyspace.KeyCount(0), 0u);
  EXPECT_EQ(keyspace.ExpiryCount(0), 0u);
  EXPECT_FALSE(At(100).Delete(K("k")));
}

TEST_F(DatabaseTest, HitsAndMissesAreCountedByAccess) {
  Database db = At(0);
  db.SetString(K("k"), "v");
  db.Find(K("k"));
  db.Find(K("k"), Access::kCount);
  db.Find(K("k"), Access::kPeek);
  db.Find(K("k"), Access::kWrite);
  db.Find(K("missing"));
  db.Find(K("missing"), Access::kPeek);
  EXPECT_EQ(keyspace.Stats().hits, 2u);
  EXPECT_EQ(keyspace.Stats().misses, 1u);
}

TEST_F(DatabaseTest, IdleTimeGrowsUntilTheNextUse) {
  At(0).SetString(K("k"), "v");
  const int64_t hour_ms = 3600 * 1000;
  EXPECT_NEAR(static_cast<double>(*At(hour_ms).IdleSeconds(K("k"))), 3600, 5);
  At(hour_ms).Find(K("k"), Access::kPeek);
  EXPECT_NEAR(static_cast<double>(*At(hour_ms).IdleSeconds(K("k"))), 3600, 5);
  At(hour_ms).Find(K("k"));
  EXPECT_EQ(*At(hour_ms).IdleSeconds(K("k")), 0);
  EXPECT_FALSE(At(0).IdleSeconds(K("missing")));
}

TEST_F(DatabaseTest, ObjectsAreTypedAndFreed) {
  bool wrong_type = false;
  Database db = At(0);
  db.SetObject(K("list"), List(3));
  db.SetString(K("text"), "v");
  EXPECT_EQ(db.FindObject<FakeList>(K("list"), &wrong_type)->items.size(), 3u);
  EXPECT_EQ(db.FindObject<FakeList>(K("missing"), &wrong_type), nullptr);
  EXPECT_FALSE(wrong_type);
  EXPECT_EQ(db.FindObject<FakeList>(K("text"), &wrong_type), nullptr);
  EXPECT_TRUE(wrong_type);
  db.SetString(K("list"), "now a string");
  EXPECT_EQ(lists_alive, 0);
  EXPECT_EQ(db.Find(K("list"))->type(), Type::kString);
}

TEST_F(DatabaseTest, SharedObjectIsClonedBeforeItChanges) {
  bool wrong_type = false;
  Database db = At(0);
  db.SetObject(K("list"), List(3));
  const Ref<Object> pinned(db.Find(K("list"))->object());
  db.FindMutableObject<FakeList>(K("list"), &wrong_type)->items.push_back(1);
  EXPECT_EQ(pinned->ElementCount(), 3u);
  EXPECT_EQ(db.Find(K("list"))->object()->ElementCount(), 4u);
  EXPECT_EQ(lists_alive, 2);
}

TEST_F(DatabaseTest, TakeAndPutMoveTheValue) {
  Database db = At(0);
  db.SetObject(K("from"), List(3), {.expire_at_ms = 77});
  const Object* object = db.Find(K("from"))->object();
  db.Put(K("to"), *db.Take(K("from")));
  EXPECT_EQ(Text("from"), "(missing)");
  EXPECT_EQ(db.Find(K("to"))->object(), object);
  EXPECT_EQ(db.Find(K("to"))->expire_at_ms(), 77);
  EXPECT_FALSE(object->shared());
  EXPECT_FALSE(db.Take(K("from")));
}

TEST_F(DatabaseTest, CopySharesBlobsAndClonesCollections) {
  Database db = At(0);
  db.SetObject(K("list"), List(3));
  db.SetString(K("blob"), std::string(5000, 'x'));
  EXPECT_NE(db.CopyOf(K("list"))->object.get(), db.Find(K("list"))->object());
  EXPECT_EQ(db.CopyOf(K("blob"))->object.get(), db.Find(K("blob"))->object());
  db.Put(K("copy"), *db.CopyOf(K("blob")));
  EXPECT_EQ(Text("copy"), std::string(5000, 'x'));
}

TEST_F(DatabaseTest, LargeValueIsFreedInSlices) {
  Database db = At(0);
  db.SetObject(K("list"), List(100000));
  db.Delete(K("list"));
  EXPECT_EQ(lists_alive, 1);
  EXPECT_EQ(keyspace.Stats().lazy_free_pending, 1u);
  EXPECT_TRUE(keyspace.FreeSlice(std::chrono::steady_clock::time_point::min()));
  EXPECT_FALSE(keyspace.FreeSlice(std::chrono::steady_clock::time_point::max()));
  EXPECT_EQ(lists_alive, 0);
  EXPECT_EQ(keyspace.Stats().lazy_freed_objects, 1u);
}

TEST_F(DatabaseTest, WritersMarkWatchersOfTheirKeyAlone) {
  Database db = At(0);
  const auto marks = [&](std::string_view watched, auto write) {
    WatchMark mark{false};
    WatchRegistry& watches = keyspace.watches(keyspace.StripeOf(K(watched).hash));
    watches.Add(0, watched, &mark);
    write();
    watches.Remove(0, watched, &mark);
    return mark.load();
  };
  EXPECT_TRUE(marks("k", [&] { db.SetString(K("k"), "v"); }));
  EXPECT_FALSE(marks("k", [&] { db.SetString(K("other"), "v"); }));
  EXPECT_FALSE(marks("k", [&] { Database(keyspace, 1, 0).SetString(K("k"), "v"); }));
  EXPECT_TRUE(marks("k", [&] { db.SetExpiry(K("k"), 100); }));
  EXPECT_FALSE(marks("k", [&] { db.Find(K("k")); }));
  EXPECT_TRUE(marks("k", [&] { db.SignalModified(K("k")); }));
  EXPECT_TRUE(marks("k", [&] { db.Delete(K("k")); }));
  EXPECT_FALSE(marks("k", [&] { keyspace.FlushDatabase(0, false); })) << "it was missing already";
  db.SetString(K("k"), "v");
  EXPECT_TRUE(marks("k", [&] { keyspace.SwapDatabases(0, 1); }));
  db.SetString(K("k"), "v");
  EXPECT_TRUE(marks("k", [&] { keyspace.FlushDatabase(0, true); }));
}

TEST_F(DatabaseTest, RollbackRestoresEverything) {
  Database plain = At(0);
  plain.SetString(K("text"), "old", {.expire_at_ms = 500});
  plain.SetString(K("gone"), std::string(5000, 'x'));
  plain.SetObject(K("list"), List(3));
  const Object* object = plain.Find(K("list"))->object();

  UndoLog undo;
  Database db = At(0, &undo);
  bool wrong_type = false;
  db.SetString(K("text"), "new");
  db.SetString(K("text"), "newer");
  db.SetString(K("fresh"), "x");
  db.Delete(K("gone"));
  db.FindMutableObject<FakeList>(K("list"), &wrong_type)->items.push_back(1);
  db.FindMutableObject<FakeList>(K("list"), &wrong_type)->items.push_back(1);
  db.SetExpiry(K("list"), 900);
  EXPECT_FALSE(undo.refused());
  undo.Rollback(keyspace, 0);

  EXPECT_TRUE(undo.empty());
  EXPECT_EQ(Text("text"), "old");
  EXPECT_EQ(plain.Find(K("text"))->expire_at_ms(), 500);
  EXPECT_EQ(Text("fresh"), "(missing)");
  EXPECT_EQ(Text("gone"), std::string(5000, 'x'));
  EXPECT_EQ(plain.Find(K("list"))->object(), object);
  EXPECT_EQ(object->ElementCount(), 3u);
  EXPECT_FALSE(plain.Find(K("list"))->has_expiry());
  EXPECT_EQ(lists_alive, 1);
}

TEST_F(DatabaseTest, WhatIsPutBackWhereItStillIsKeepsOneReference) {
  At(0).SetObject(K("list"), List(3));
  const Object* object = At(0).Find(K("list"))->object();
  UndoLog undo;
  At(0, &undo).SetExpiry(K("list"), 900);
  undo.Rollback(keyspace, 0);
  EXPECT_EQ(At(0).Find(K("list"))->object(), object);
  EXPECT_FALSE(object->shared());
  At(0).Put(K("list"),
            {.type = Type::kList, .object = Ref<Object>(At(0).Find(K("list"))->object())});
  EXPECT_FALSE(object->shared());
  At(0).Delete(K("list"));
  EXPECT_EQ(lists_alive, 0);
}

TEST_F(DatabaseTest, UndoOfALargeChangeIsRefusedBeforeIt) {
  At(0).SetObject(K("list"), List(kUndoCloneElementsMax + 1));
  At(0).SetString(K("blob"), std::string(kUndoCloneBytesMax + 1, 'x'));
  for (const char* key : {"list", "blob"}) {
    UndoLog undo;
    EXPECT_EQ(At(0, &undo).FindMutable(K(key)), nullptr);
    EXPECT_TRUE(undo.refused());
  }
  UndoLog undo;
  EXPECT_TRUE(At(0, &undo).ResizeString(K("blob"), 100000).empty());
  EXPECT_TRUE(undo.refused());
  EXPECT_EQ(Text("blob"), std::string(kUndoCloneBytesMax + 1, 'x'));
}

TEST_F(DatabaseTest, DeletingALargeValueCanBeUndone) {
  At(0).SetObject(K("list"), List(5000));
  const Object* object = At(0).Find(K("list"))->object();
  UndoLog undo;
  EXPECT_TRUE(At(0, &undo).Delete(K("list")));
  EXPECT_FALSE(undo.refused());
  undo.Rollback(keyspace, 0);
  EXPECT_EQ(At(0).Find(K("list"))->object(), object);
  EXPECT_EQ(object->ElementCount(), 5000u);
}

}  // namespace
}  // namespace larder::storage
