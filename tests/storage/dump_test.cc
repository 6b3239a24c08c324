#include "storage/dump.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "storage/blob.h"
#include "storage/database.h"
#include "storage/dump_format.h"
#include "storage/dump_packed.h"
#include "storage/dump_writer.h"

namespace larder::storage {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

using Texts = std::vector<std::string>;

RestoreLimits Limits() {
  RestoreLimits limits;
  limits.now_ms = kNow;
  return limits;
}

std::string ScoreText(double score) {
  std::ostringstream out;
  out.precision(17);
  out << score;
  return out.str();
}

// All of a stream that clients can see, but for its nodes.
void AddTextsOf(const Stream& stream, Texts* texts) {
  const auto add = [texts](const std::string& text) { texts->push_back(text); };
  const auto shown = [](StreamId id) { return std::string(std::string_view(FormatStreamId(id))); };
  stream.ForRange(kStreamIdMin, kStreamIdMax, false, [&](const StreamEntry& entry) {
    add(shown(entry.id));
    entry.ForEachText([&](std::string_view text) { add(std::string(text)); });
    return true;
  });
  add("last " + shown(stream.last_id()) + " first " + shown(stream.first_id()) + " deleted " +
      shown(stream.max_deleted_id()) + " added " + std::to_string(stream.entries_added()) +
      " nodes " + std::to_string(stream.node_count()) + " keeps " +
      std::to_string(stream.idempotence().seconds) + " " +
      std::to_string(stream.idempotence().ids_max));
  for (const auto& [name, group] : stream.groups()) {
    add("group " + std::string(name) + " at " + shown(group.last_id) + " read " +
        std::to_string(group.entries_read) + " given back " + std::to_string(group.given_back()));
    for (const auto& [id, entry] : group.pending()) {
      add(shown(id) + " " + std::string(entry.ConsumerName()) + " " +
          std::to_string(entry.DeliveredMs()) + " " + std::to_string(entry.deliveries));
    }
    group.ForIdle(-1, [&](StreamId id) { return add("back " + shown(id)), true; });
    for (const auto& [consumer_name, consumer] : group.consumers()) {
      add(std::string(consumer_name) + " seen " + std::to_string(consumer.seen_ms) + " has " +
          std::to_string(consumer.pending.size()));
    }
  }
  if (stream.producers() == nullptr) return;
  add("ids " + std::to_string(stream.producers()->added) + " " +
      std::to_string(stream.producers()->duplicates));
  stream.producers()->ForEach(
      [&](std::string_view name, size_t) { add("producer " + std::string(name)); },
      [&](std::string_view id, StreamId entry) { add(std::string(id) + "=" + shown(entry)); });
}

// What a value holds, in its own order.
Texts ContentsOf(const Value& value) {
  Texts texts;
  const Object* const object = value.object.get();
  const auto add = [&](std::string_view text) { texts.emplace_back(text); };
  switch (value.type) {
    case Type::kList: {
      const auto& list = static_cast<const List&>(*object);
      list.ForRange(0, list.size(), add);
      break;
    }
    case Type::kSet:
      static_cast<const Set&>(*object).ForEach(add);
      break;
    case Type::kZSet:
      static_cast<const SortedSet&>(*object).ForEach([&](std::string_view member, double score) {
        texts.push_back(std::string(member) + " " + ScoreText(score));
      });
      break;
    case Type::kHash:
      static_cast<const Hash&>(*object).ForEach([&](const HashField& field) {
        texts.push_back(std::string(field.name) + "=" + std::string(field.value) + "@" +
                        std::to_string(field.expire_at_ms));
      });
      break;
    case Type::kStream:
      AddTextsOf(static_cast<const Stream&>(*object), &texts);
      break;
    default:
      break;
  }
  return texts;
}

class DumpTest : public testing::Test {
 protected:
  std::string DumpValue(Value value) {
    Database db(keyspace_, 0, kNow);
    const Key key = keyspace_.hasher()("key");
    db.Put(key, std::move(value));
    std::string dump = DumpOf(*db.Find(key));
    EXPECT_TRUE(HasGoodFooter(dump));
    return dump;
  }
  std::string DumpText(std::string_view text) {
    return DumpValue({.type = Type::kString, .inline_bytes = std::string(text)});
  }
  template <class Collection>
  std::string DumpObject(Ref<Collection> object) {
    Value value{.type = Collection::kType};
    value.object = std::move(object);
    return DumpValue(std::move(value));
  }
  // Dumps and restores, and expects the same contents and encoding.
  template <class Collection>
  Value Around(Ref<Collection> object) {
    Value before{.type = Collection::kType};
    before.object = Ref<Object>(object.get());
    Restored restored = Restore(DumpObject(std::move(object)), Limits());
    if (!restored.value) {
      ADD_FAILURE() << "not restored";
      return {};
    }
    EXPECT_EQ(restored.value->object->encoding(), before.object->encoding());
    Texts expected = ContentsOf(before), got = ContentsOf(*restored.value);
    if (Collection::kType == Type::kSet || Collection::kType == Type::kHash) {
      std::sort(expected.begin(), expected.end());
      std::sort(got.begin(), got.end());
    }
    EXPECT_EQ(got, expected);
    return std::move(*restored.value);
  }

 private:
  Keyspace keyspace_{{.stripes = 4, .hash_seed = 7}, nullptr};
};

std::string TextOf(const Value& value) {
  if (!value.object) return value.inline_bytes;
  return std::string(static_cast<const Blob&>(*value.object).bytes());
}

Ref<Set> MakeSet(const Texts& members, const SetLimits& limits = {}) {
  Ref<Set> set(new Set(1));
  for (const std::string& member : members) set->Add(member, limits);
  return set;
}
Ref<List> MakeList(const Texts& elements) {
  Ref<List> list(new List);
  for (const std::string& element : elements) {
    const std::string_view view = element;
    list->Expect({&view, 1}, {});
    list->Push(ListEnd::kBack, element, {});
  }
  return list;
}
Texts Numbered(const std::string& prefix, int count) {
  Texts texts;
  for (int i = 0; i < count; ++i) texts.push_back(prefix + std::to_string(i));
  return texts;
}

// ---- there and back

TEST_F(DumpTest, StringsComeBack) {
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string("0"), std::string("-1"),
        std::string("127"), std::string("-129"), std::string("32768"), std::string("-2147483648"),
        std::string("2147483648"), std::string("9223372036854775807"), std::string("007"),
        std::string("1.5"), std::string(63, 'x'), std::string(64, '\0'), std::string(20000, 'y'),
        std::string(3'000'000, 'z')}) {
    const Restored restored = Restore(DumpText(text), Limits());
    ASSERT_TRUE(restored.value) << text.size();
    EXPECT_EQ(TextOf(*restored.value), text);
  }
}

TEST_F(DumpTest, ShortNumbersAndRepetitionsTakeLittle) {
  EXPECT_EQ(DumpText("1").size(), 3 + kDumpFooterBytes);
  EXPECT_EQ(DumpText("12345").size(), 4 + kDumpFooterBytes);
  EXPECT_LT(DumpText(std::string(10000, 'a')).size(), 200u);
}

TEST_F(DumpTest, IncompressibleStringsComeBack) {
  std::mt19937_64 random(1);
  std::string text;
  for (int i = 0; i < 20000; ++i) text.push_back(static_cast<char>(random()));
  EXPECT_EQ(TextOf(*Restore(DumpText(text), Limits()).value), text);
}

TEST_F(DumpTest, SetsOfEveryEncodingComeBack) {
  Around(MakeSet({"1", "-2", "3"}));
  Around(MakeSet({"70000", "1"}));
  Around(MakeSet({"5000000000", "-1"}));
  Around(MakeSet({"a", "b", "7"}));
  Around(MakeSet(Numbered("member:", 1000)));
}

TEST_F(DumpTest, ListsOfEveryEncodingComeBack) {
  Around(MakeList({"a", "1", "-70000", "", std::string(100, 'x')}));
  Around(MakeList(Numbered("element:", 5000)));
  Around(MakeList({std::string(100'000, 'x'), "1", std::string(5000, 'y')}));
}

TEST_F(DumpTest, SortedSetsOfEveryEncodingComeBack) {
  const double infinity = std::numeric_limits<double>::infinity();
  Ref<SortedSet> small(new SortedSet);
  const std::vector<std::pair<std::string, double>> members = {
      {"a", 1},     {"b", 1.5},  {"c", -infinity},          {"d", infinity},
      {"e", 1e300}, {"12", 0.1}, {"f", 9007199254740993.0}, {"g", 5e-324}};
  for (const auto& [member, score] : members) small->Put(member, score, {});
  Around(std::move(small));
  Ref<SortedSet> large(new SortedSet);
  for (int i = 0; i < 1000; ++i) large->Put("member:" + std::to_string(i), i * 0.1 - 5, {});
  large->Put("infinite", infinity, {});
  Around(std::move(large));
}

TEST_F(DumpTest, HashesOfEveryEncodingComeBack) {
  Ref<Hash> small(new Hash(1));
  for (int i = 0; i < 10; ++i) small->Set("f" + std::to_string(i), std::to_string(i * i), {});
  Around(std::move(small));
  Ref<Hash> large(new Hash(1));
  for (int i = 0; i < 1000; ++i) large->Set("f" + std::to_string(i), std::string(70, 'v'), {});
  Around(std::move(large));
}

TEST_F(DumpTest, ExpiriesOfFieldsComeBack) {
  for (const int fields : {10, 1000}) {
    Ref<Hash> hash(new Hash(1));
    for (int i = 0; i < fields; ++i) {
      const std::string name = "f" + std::to_string(i);
      hash->Set(name, "v", {});
      if (i % 3 == 0) hash->SetExpiry(name, kNow + 1000 * (i + 1));
    }
    const Value back = Around(std::move(hash));
    EXPECT_EQ(static_cast<const Hash&>(*back.object).next_expiry_ms(), kNow + 1000);
  }
}

TEST_F(DumpTest, FieldsThatAreDueAreLeftOut) {
  for (const int fields : {2, 1000}) {
    Ref<Hash> hash(new Hash(1));
    for (int i = 0; i < fields; ++i) hash->Set("f" + std::to_string(i), "v", {});
    hash->SetExpiry("f0", kNow + 1000);
    const std::string dump = DumpObject(std::move(hash));
    RestoreLimits later = Limits();
    later.now_ms = kNow + 1000;
    const Restored restored = Restore(dump, later);
    ASSERT_TRUE(restored.value);
    const auto& left = static_cast<const Hash&>(*restored.value->object);
    EXPECT_EQ(left.size(), static_cast<size_t>(fields - 1));
    EXPECT_FALSE(left.Find("f0"));
  }
}

TEST_F(DumpTest, AHashWithoutAnythingLeftSaysSo) {
  Ref<Hash> hash(new Hash(1));
  hash->Set("f", "v", {});
  hash->SetExpiry("f", kNow + 1);
  const std::string dump = DumpObject(std::move(hash));
  RestoreLimits later = Limits();
  later.now_ms = kNow + 1;
  const Restored restored = Restore(dump, later);
  EXPECT_FALSE(restored.value);
  EXPECT_EQ(restored.error, RestoreError::kAllExpired);
}

TEST_F(DumpTest, OnlyHashesWithExpiriesNeedAVersionAbove70) {
  const auto version = [](const std::string& dump) {
    return static_cast<uint8_t>(dump[dump.size() - kDumpFooterBytes]);
  };
  EXPECT_EQ(version(DumpText("x")), kDumpVersionOf70);
  EXPECT_EQ(version(DumpObject(MakeSet({"a", "b"}))), kDumpVersionOf70);
  Ref<Hash> hash(new Hash(1));
  hash->Set("f", "v", {});
  hash->ExpectExpiries();
  EXPECT_EQ(version(DumpObject(Ref<Hash>(hash.get()))), kDumpVersionOf70);
  hash->SetExpiry("f", kNow + 1);
  EXPECT_EQ(version(DumpObject(std::move(hash))), kDumpVersionOf74);
}

TEST_F(DumpTest, FootersAreChecked) {
  std::string dump = DumpText("hello");
  EXPECT_TRUE(HasGoodFooter(dump));
  EXPECT_FALSE(HasGoodFooter(""));
  EXPECT_FALSE(HasGoodFooter(dump.substr(0, 9)));
  EXPECT_FALSE(HasGoodFooter("x" + dump));
  for (size_t i = 0; i < dump.size(); ++i) {
    std::string changed = dump;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(HasGoodFooter(changed)) << i;
  }
  std::string body = dump.substr(0, dump.size() - kDumpFooterBytes);
  for (const auto& [version, good] : std::map<int, bool>{{1, true},
                                                         {11, true},
                                                         {12, true},
                                                         {kDumpVersionMax, true},
                                                         {kDumpVersionMax + 1, false},
                                                         {kDumpVersionOfValkey, true},
                                                         {81, false},
                                                         {65535, false}}) {
    std::string with_version = body;
    AppendFooter(static_cast<uint16_t>(version), &with_version);
    EXPECT_EQ(HasGoodFooter(with_version), good) << version;
  }
}

// ---- forms that are only read. Written here by hand.

class Bytes {
 public:
  Bytes& Raw(std::string_view bytes) { return bytes_ += bytes, *this; }
  Bytes& Byte(int byte) { return bytes_.push_back(static_cast<char>(byte)), *this; }
  template <class T>
  Bytes& Number(T value) {
    return bytes_.append(reinterpret_cast<const char*>(&value), sizeof value), *this;
  }
  Bytes& String(std::string_view text) { return DumpWriter(&bytes_).String(text), *this; }
  Bytes& Length(uint64_t length) { return DumpWriter(&bytes_).Length(length), *this; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string Ziplist(const std::vector<std::string>& encoded) {
  std::string entries;
  size_t last = 10, before = 0;
  for (const std::string& entry : encoded) {
    last = 10 + entries.size();
    Bytes one;
    if (before < 254) {
      one.Byte(static_cast<int>(before));
    } else {
      one.Byte(254).Number(static_cast<uint32_t>(before));
    }
    one.Raw(entry);
    before = one.bytes().size();
    entries += one.bytes();
  }
  return Bytes()
      .Number(static_cast<uint32_t>(11 + entries.size()))
      .Number(static_cast<uint32_t>(last))
      .Number(static_cast<uint16_t>(encoded.size()))
      .Raw(entries)
      .Byte(0xff)
      .bytes();
}
std::string ZipText(std::string_view text) {
  Bytes entry;
  if (text.size() < 64) {
    entry.Byte(static_cast<int>(text.size()));
  } else if (text.size() < 16384) {
    entry.Byte(0x40 | static_cast<int>(text.size() >> 8)).Byte(static_cast<int>(text.size()));
  } else {
    entry.Byte(0x80).Number(__builtin_bswap32(static_cast<uint32_t>(text.size())));
  }
  return entry.Raw(text).bytes();
}
std::string Listpack(const Texts& texts) {
  ListpackWriter out;
  for (const std::string& text : texts) out.Append(text);
  return std::string(out.Finish());
}
std::string Dump(DumpType type, const Bytes& body, uint16_t version = kDumpVersionOf74) {
  std::string dump = Bytes().Byte(static_cast<int>(type)).Raw(body.bytes()).bytes();
  AppendFooter(version, &dump);
  return dump;
}
Texts RestoredTexts(const std::string& dump) {
  const Restored restored = Restore(dump, Limits());
  return restored.value ? ContentsOf(*restored.value) : Texts{"(bad)"};
}

TEST(OldDumps, ZiplistsHoldEveryKindOfEntry) {
  const std::string list = Ziplist(
      {ZipText("a"), ZipText(std::string(300, 'b')), ZipText(std::string(20000, 'c')), "\xf1",
       "\xfd", "\xfe\xfb", Bytes().Byte(0xc0).Number(int16_t{-300}).bytes(), "\xf0\xff\xff\x7f",
       Bytes().Byte(0xf0).Byte(0).Byte(0).Byte(0x80).bytes(),
       Bytes().Byte(0xd0).Number(int32_t{-70000}).bytes(),
       Bytes().Byte(0xe0).Number(std::numeric_limits<int64_t>::min()).bytes(), ZipText("")});
  const Texts expected = {"a",
                          std::string(300, 'b'),
                          std::string(20000, 'c'),
                          "0",
                          "12",
                          "-5",
                          "-300",
                          "8388607",
                          "-8388608",
                          "-70000",
                          "-9223372036854775808",
                          ""};
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kListZiplist, Bytes().String(list))), expected);
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kQuicklist, Bytes().Length(1).String(list))), expected);
}

TEST(OldDumps, QuicklistsJoinTheirNodes) {
  const Bytes old = Bytes()
                        .Length(3)
                        .String(Ziplist({ZipText("a")}))
                        .String(Ziplist({}))
                        .String(Ziplist({ZipText("b"), "\xf3"}));
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kQuicklist, old)), (Texts{"a", "b", "2"}));
  const Bytes with_plain =
      Bytes().Length(2).Length(1).String("plain").Length(2).String(Listpack({"x", "5"}));
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kQuicklist2, with_plain)), (Texts{"plain", "x", "5"}));
}

TEST(OldDumps, PlainFormsAreRead) {
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kList, Bytes().Length(2).String("a").String("7"))),
            (Texts{"a", "7"}));
  const Bytes scores = Bytes()
                           .Length(4)
                           .String("a")
                           .Byte(3)
                           .Raw("1.5")
                           .String("b")
                           .Byte(254)
                           .String("c")
                           .Byte(255)
                           .String("d")
                           .Byte(1)
                           .Raw("2");
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kSortedSet, scores)),
            (Texts{"c -inf", "a 1.5", "d 2", "b inf"}));
}

TEST(OldDumps, ZiplistsOfPairsAreRead) {
  const std::string pairs = Ziplist({ZipText("a"), ZipText("1.5"), ZipText("b"), "\xf3"});
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kSortedSetZiplist, Bytes().String(pairs))),
            (Texts{"a 1.5", "b 2"}));
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashZiplist, Bytes().String(pairs))),
            (Texts{"a=1.5@-1", "b=2@-1"}));
}

TEST(OldDumps, ZipmapsAreRead) {
  const std::string map = Bytes()
                              .Byte(2)
                              .Byte(1)
                              .Raw("a")
                              .Byte(2)
                              .Byte(3)
                              .Raw("xy...")
                              .Byte(254)
                              .Number(uint32_t{1})
                              .Raw("b")
                              .Byte(0)
                              .Byte(0)
                              .Byte(0xff)
                              .bytes();
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashZipmap, Bytes().String(map))),
            (Texts{"a=xy@-1", "b=@-1"}));
}

TEST(NewDumps, ListpacksOfSetsStaySo) {
  const Restored restored =
      Restore(Dump(DumpType::kSetListpack, Bytes().String(Listpack({"1", "2"}))), Limits());
  ASSERT_TRUE(restored.value);
  EXPECT_EQ(restored.value->object->encoding(), Encoding::kListpack);
  EXPECT_EQ(ContentsOf(*restored.value), (Texts{"1", "2"}));
}

TEST(NewDumps, EveryFormOfExpiringFieldsIsRead) {
  const std::string at = std::to_string(kNow + 5);
  const std::string due = std::to_string(kNow);
  const std::string packed = Listpack({"b", "2", at, "c", "3", due, "a", "1", "0"});
  const Texts expected = {"b=2@" + at, "a=1@-1"};
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashListpackEx, Bytes().Number(kNow).String(packed))),
            expected);
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashListpackExBefore74, Bytes().String(packed))),
            expected);
  const Bytes metadata = Bytes()
                             .Number(kNow)
                             .Length(3)
                             .Length(6)
                             .String("b")
                             .String("2")
                             .Length(1)
                             .String("c")
                             .String("3")
                             .Length(0)
                             .String("a")
                             .String("1");
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashMetadata, metadata)), expected);
  const Bytes before =
      Bytes().Length(2).Length(kNow + 5).String("b").String("2").Length(0).String("a").String("1");
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashMetadataBefore74, before)), expected);
  const Bytes valkey =
      Bytes().Length(2).String("b").String("2").Number(kNow + 5).String("a").String("1").Number(
          int64_t{-1});
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kHashMetadataBefore74, valkey, kDumpVersionOfValkey)),
            expected);
}

// ---- what makes no sense

TEST(BadDumps, AreRefused) {
  const Texts bad = {
      Dump(DumpType::kString, Bytes()),
      Dump(DumpType::kString, Bytes().Byte(5).Raw("four")),
      Dump(DumpType::kString, Bytes().Byte(0x81).Number(~uint64_t{0}).Raw("x")),
      Dump(DumpType::kString, Bytes().Byte(0x82).Raw("xxxx")),
      Dump(DumpType::kString, Bytes().Byte(0xc4).Raw("xxxx")),
      Dump(DumpType::kString, Bytes().Byte(0xc3).Length(1).Length(1000).Raw("x")),
      Dump(DumpType::kString, Bytes().Byte(0xc3).Length(5).Length(3).Raw("\x1fxxxx")),
      Dump(DumpType::kList, Bytes().Length(0)),
      Dump(DumpType::kList, Bytes().Byte(0x81).Number(~uint64_t{0})),
      Dump(DumpType::kSet, Bytes().Length(2).String("a").String("a")),
      Dump(DumpType::kSet, Bytes().Byte(0x81).Number(~uint64_t{0}).String("a")),
      Dump(DumpType::kHash, Bytes().Length(1).String("a")),
      Dump(DumpType::kHash, Bytes().Length(2).String("a").String("1").String("a").String("2")),
      Dump(DumpType::kSortedSet2, Bytes().Length(1).String("a").Number(std::nan(""))),
      Dump(DumpType::kSortedSet, Bytes().Length(1).String("a").Byte(253)),
      Dump(DumpType::kSortedSet, Bytes().Length(1).String("a").Byte(3).Raw("nan")),
      Dump(DumpType::kSortedSetListpack, Bytes().String(Listpack({"a"}))),
      Dump(DumpType::kSortedSetListpack, Bytes().String(Listpack({"a", "x"}))),
      Dump(DumpType::kSortedSetListpack, Bytes().String(Listpack({"a", "1", "a", "2"}))),
      Dump(DumpType::kHashListpack, Bytes().String(Listpack({}))),
      Dump(DumpType::kHashListpackEx, Bytes().Number(kNow).String(Listpack({"a", "1"}))),
      Dump(DumpType::kHashListpackEx, Bytes().Number(kNow).String(Listpack({"a", "1", "-5"}))),
      Dump(DumpType::kHashMetadata,
           Bytes().Number(int64_t{-1}).Length(1).Length(0).String("a").String("1")),
      Dump(DumpType::kQuicklist2, Bytes().Length(1).Length(3).String("a")),
      Dump(DumpType::kQuicklist2, Bytes().Length(1).Length(2).String("a")),
      Dump(DumpType::kSetIntset, Bytes().String(Bytes()
                                                    .Number(uint32_t{2})
                                                    .Number(uint32_t{2})
                                                    .Number(int16_t{2})
                                                    .Number(int16_t{1})
                                                    .bytes())),
      Dump(DumpType::kSetIntset,
           Bytes().String(Bytes().Number(uint32_t{3}).Number(uint32_t{0}).bytes())),
      Dump(DumpType::kHashZipmap, Bytes().String("\xff")),
      Dump(static_cast<DumpType>(6), Bytes().Raw("module")),
      Dump(static_cast<DumpType>(15), Bytes().Raw("stream")),
      Dump(static_cast<DumpType>(250), Bytes().Raw("nothing")),
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_FALSE(Restore(bad[i], Limits()).value) << "number " << i;
  }
}

TEST(BadDumps, LimitsHold) {
  RestoreLimits limits = Limits();
  limits.string_bytes_max = 1000;
  const std::string string = Dump(DumpType::kString, Bytes().String(std::string(1001, 'x')));
  EXPECT_FALSE(Restore(string, limits).value);
  EXPECT_TRUE(Restore(string, Limits()).value);
  Bytes list;
  list.Length(100);
  for (int i = 0; i < 100; ++i) list.String(std::string(1000, 'x'));
  EXPECT_TRUE(Restore(Dump(DumpType::kList, list), limits).value);
  limits.value_bytes_max = 50'000;
  EXPECT_FALSE(Restore(Dump(DumpType::kList, list), limits).value);
}

TEST(BadDumps, ListpacksAreReadToTheirLastByteAndNoFurther) {
  const std::string good = Listpack({"a", "12", "-70000", std::string(100, 'x'), "5000000000"});
  const auto any = [](std::string_view) { return true; };
  EXPECT_TRUE(VisitListpack(good, any));
  for (size_t size = 0; size < good.size(); ++size) {
    // On the heap at its exact size, for AddressSanitizer.
    const std::vector<char> cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(VisitListpack({cut.data(), cut.size()}, any)) << size;
  }
  std::string longer = good + "x";
  EXPECT_FALSE(VisitListpack(longer, any));
  longer = good;
  longer[4] = 6;  // the count
  EXPECT_FALSE(VisitListpack(longer, any));
}

// ---- streams

// Entries 1-0 to `count`-0 with fields of their own and others, some of them deleted.
Ref<Stream> MakeStream(uint64_t count) {
  Ref<Stream> stream(new Stream);
  for (uint64_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    const std::vector<std::string_view> usual = {"field", number, "other", "text"};
    const std::vector<std::string_view> rare = {number, "rare"};
    stream->Append({i, i % 3}, i % 5 == 0 ? StreamFields(rare) : StreamFields(usual), {});
  }
  for (uint64_t i = 7; i <= count; i += 7) stream->Delete({i, i % 3});
  return stream;
}

void AddReaders(Stream* stream) {
  StreamGroup* const group = stream->AddGroup("group", {50, 2}, 48);
  StreamGroup* const other = stream->AddGroup("", kStreamIdMin, kEntriesReadUnknown);
  StreamConsumer* const a = group->AddConsumer("a", kNow - 5);
  StreamConsumer* const b = group->AddConsumer("b", kNow);
  a->active_ms = kNow - 7;
  for (uint64_t i = 1; i < 50; ++i) {
    group->Assign({i, i % 3}, i % 2 == 0 ? a : b, kNow - static_cast<int64_t>(i), i);
  }
  other->AddConsumer("idle", 0);
}

TEST_F(DumpTest, StreamsComeBack) {
  for (const uint64_t count : {0, 1, 6, 99, 1000}) Around(MakeStream(count));
  Ref<Stream> emptied = MakeStream(9);
  emptied->Trim({.by = StreamTrim::By::kLength, .length_max = 0});
  Around(emptied);
}

TEST_F(DumpTest, StreamsComeBackWithTheirReaders) {
  Ref<Stream> stream = MakeStream(300);
  AddReaders(stream.get());
  const std::string dump = DumpObject(std::move(stream));
  EXPECT_EQ(dump.front(), static_cast<char>(DumpType::kStream2));  // as Redis 7.0 writes them
  Ref<Stream> again = MakeStream(300);
  AddReaders(again.get());
  Around(std::move(again));
}

TEST_F(DumpTest, StreamsComeBackWithWhatWasGivenBack) {
  Ref<Stream> stream = MakeStream(60);
  AddReaders(stream.get());
  StreamGroup* const group = stream->FindGroup("group");
  for (const uint64_t id : {9, 3, 45}) group->GiveBack({id, id % 3}, id);
  group->GiveBack({55, 1}, 0);
  EXPECT_EQ(DumpObject(Ref<Stream>(stream.get())).front(), static_cast<char>(DumpType::kStream5));
  const Value value = Around(std::move(stream));
  const StreamGroup* const restored = static_cast<const Stream&>(*value.object).FindGroup("group");
  std::vector<uint64_t> order;
  restored->ForIdle(-1, [&](StreamId id) { return order.push_back(id.ms), true; });
  EXPECT_EQ(order, (std::vector<uint64_t>{9, 3, 45, 55}));
}

TEST_F(DumpTest, StreamsComeBackWithTheirProducers) {
  Ref<Stream> stream = MakeStream(20);
  stream->set_idempotence({.seconds = 7, .ids_max = 3});
  StreamProducers& producers = stream->MakeProducers();
  for (const char* producer : {"p", "q"}) {
    for (const char* id : {"a", "b", "c"}) {
      const uint64_t ms = 1 + producers.id_count();
      EXPECT_TRUE(producers.Add(producer, id, {ms, ms % 3}, 3));
    }
  }
  producers.added = 6;
  producers.duplicates = 2;
  EXPECT_EQ(DumpObject(Ref<Stream>(stream.get())).front(), static_cast<char>(DumpType::kStream4));
  Around(std::move(stream));
}

TEST(OldDumps, StreamsOfRedis5HaveLess) {
  const std::string raw_id("\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0", 16);
  const std::string node = Listpack({"1", "0", "1", "field", "0", "2", "0", "0", "value", "4"});
  Bytes body;
  body.Length(1).String(raw_id).String(node).Length(1).Length(5).Length(0).Length(1);
  body.String("g").Length(5).Length(0).Length(1).Raw(raw_id).Number(int64_t{kNow}).Length(2);
  body.Length(1).String("c").Number(int64_t{kNow}).Length(1).Raw(raw_id);
  EXPECT_EQ(RestoredTexts(Dump(DumpType::kStream1, body)),
            (Texts{"5-0", "field", "value",
                   "last 5-0 first 5-0 deleted 0-0 added 1 nodes 1 keeps "
                   "100 100",
                   "group g at 5-0 read -1 given back 0", "5-0 c " + std::to_string(kNow) + " 2",
                   "c seen " + std::to_string(kNow) + " has 1"}));
}

TEST(OldDumps, StreamsOfRedis72KnowWhoWasActive) {
  Bytes body;
  body.Length(0).Length(0).Length(9).Length(1).Length(0).Length(0).Length(8).Length(0).Length(3);
  body.Length(1).String("g").Length(5).Length(0).Length(2).Length(0).Length(2);
  body.String("c").Number(int64_t{kNow}).Number(int64_t{kNow - 5}).Length(0);
  body.String("d").Number(int64_t{kNow}).Number(int64_t{-1}).Length(0);
  const Restored restored = Restore(Dump(DumpType::kStream3, body), Limits());
  ASSERT_TRUE(restored.value);
  const auto& stream = static_cast<const Stream&>(*restored.value->object);
  EXPECT_EQ(stream.last_id(), StreamId({9, 1}));
  EXPECT_EQ(stream.max_deleted_id(), StreamId({8, 0}));
  const auto& consumers = stream.FindGroup("g")->consumers();
  EXPECT_EQ(consumers.find("c")->second.active_ms, kNow - 5);
  EXPECT_EQ(consumers.find("d")->second.active_ms, -1);
}

// The stream above in the form of Redis 7.0, with one node and no group.
std::string StreamDump(const std::string& node, const std::string& raw_id, uint64_t length = 1,
                       uint64_t last_ms = 5) {
  Bytes body;
  body.Length(1).String(raw_id).String(node).Length(length).Length(last_ms).Length(0);
  body.Length(5).Length(0).Length(0).Length(0).Length(1).Length(0);
  return Dump(DumpType::kStream2, body);
}

TEST(BadDumps, NodesOfStreamsAreLookedAt) {
  const std::string raw_id("\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0", 16);
  const Texts good = {"1", "0", "1", "field", "0", "2", "0", "0", "value", "4"};
  EXPECT_NE(RestoredTexts(StreamDump(Listpack(good), raw_id)), Texts{"(bad)"});
  EXPECT_EQ(RestoredTexts(StreamDump(Listpack(good), raw_id, 2)), Texts{"(bad)"});
  EXPECT_EQ(RestoredTexts(StreamDump(Listpack(good), raw_id, 1, 4)), Texts{"(bad)"});
  EXPECT_EQ(RestoredTexts(StreamDump(Listpack(good), raw_id.substr(1))), Texts{"(bad)"});
  const std::pair<size_t, const char*> changes[] = {{0, "2"},
                                                    {0, "-1"},
                                                    {0, "x"},
                                                    {1, "1"},
                                                    {2, "2"},
                                                    {2, "-1"},
                                                    {2, "9000000000000000000"},
                                                    {4, "1"},
                                                    {5, "0"},
                                                    {5, "4"},
                                                    {5, "1"},
                                                    {6, "-6"},
                                                    {6, "field"},
                                                    {9, "5"},
                                                    {9, "0"},
                                                    {9, "-4"},
                                                    {9, "four"}};
  for (const auto& [at, text] : changes) {
    Texts bad = good;
    bad[at] = text;
    EXPECT_EQ(RestoredTexts(StreamDump(Listpack(bad), raw_id)), Texts{"(bad)"}) << at << text;
  }
  Texts twice = good;
  twice[0] = "2";
  twice.insert(twice.end(), {"2", "0", "0", "again", "4"});  // the same id
  EXPECT_EQ(RestoredTexts(StreamDump(Listpack(twice), raw_id, 2)), Texts{"(bad)"});
}

TEST(BadDumps, GroupsOfStreamsAreLookedAt) {
  const std::string id("\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0", 16);
  const std::string node = Listpack({"1", "0", "1", "field", "0", "2", "0", "0", "value", "4"});
  const auto restored = [&](const Bytes& groups, DumpType type = DumpType::kStream2) {
    Bytes body;
    body.Length(1).String(id).String(node).Length(1).Length(5).Length(0);
    body.Length(5).Length(0).Length(0).Length(0).Length(1).Raw(groups.bytes());
    return Restore(Dump(type, body), Limits()).value.has_value();
  };
  const auto group = [&](int pending, int owned, DumpType type = DumpType::kStream2) {
    Bytes bytes;
    bytes.String("g").Length(5).Length(0).Length(1).Length(static_cast<uint64_t>(pending));
    for (int i = 0; i < pending; ++i) bytes.Raw(id).Number(int64_t{kNow}).Length(1);
    bytes.Length(1).String("c").Number(int64_t{kNow});
    if (type >= DumpType::kStream3) bytes.Number(int64_t{kNow});
    bytes.Length(static_cast<uint64_t>(owned));
    for (int i = 0; i < owned; ++i) bytes.Raw(id);
    return bytes.bytes();
  };
  EXPECT_TRUE(restored(Bytes().Length(1).Raw(group(1, 1))));
  EXPECT_TRUE(restored(Bytes().Length(1).Raw(group(0, 0))));
  EXPECT_FALSE(restored(Bytes().Length(2).Raw(group(0, 0)).Raw(group(0, 0))));  // the same name
  EXPECT_FALSE(restored(Bytes().Length(1).Raw(group(1, 0))));  // pending for nobody
  EXPECT_FALSE(restored(Bytes().Length(1).Raw(group(0, 1))));
  EXPECT_FALSE(restored(Bytes().Length(1).Raw(group(2, 1))));  // the same entry twice
  EXPECT_FALSE(restored(Bytes().Length(1).Raw(group(1, 2))));
  EXPECT_FALSE(restored(Bytes().Length(2).Raw(group(1, 1))));
  // Given back: what nobody has, each once.
  const Bytes none = Bytes().Length(100).Length(100).Length(0).Length(0).Length(0);
  const auto given_back = [&](int pending, int owned, int back) {
    Bytes bytes;
    bytes.Length(1).Raw(group(pending, owned, DumpType::kStream5));
    bytes.Length(static_cast<uint64_t>(back));
    for (int i = 0; i < back; ++i) bytes.Raw(id);
    return restored(bytes.Raw(none.bytes()), DumpType::kStream5);
  };
  EXPECT_TRUE(given_back(1, 0, 1));
  EXPECT_TRUE(given_back(1, 1, 0));
  EXPECT_FALSE(given_back(1, 1, 1));
  EXPECT_FALSE(given_back(1, 0, 0));
  EXPECT_FALSE(given_back(1, 0, 2));
}

// ---- whatever the bytes

// Changes a few bytes, cuts, doubles, splices in an interesting number.
std::string Mutate(std::string dump, std::mt19937_64& random) {
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(dump.size());
    switch (below(6)) {
      case 0:
        if (!dump.empty()) dump[at] = static_cast<char>(random());
        break;
      case 1:
        if (!dump.empty()) dump[at] = static_cast<char>(dump[at] ^ (1 << below(8)));
        break;
      case 2:
        dump.erase(at, 1 + below(8));
        break;
      case 3:
        dump.insert(at, dump.substr(at, below(32)));
        break;
      case 4: {
        static constexpr std::string_view kNumbers[] = {{"\xff\xff\xff\xff", 4},
                                                        {"\x80\xff\xff\xff\xff", 5},
                                                        {"\0\0\0\0", 4},
                                                        {"\x81\xff\xff\xff\xff\xff\xff\xff\xff", 9},
                                                        {"\xc3", 1},
                                                        {"\xfe", 1},
                                                        {"\x7f", 1}};
        const std::string_view number = kNumbers[below(std::size(kNumbers))];
        dump.replace(at, number.size(), number);
        break;
      }
      default:
        if (!dump.empty()) dump[0] = static_cast<char>(below(28));  // another type
    }
  }
  return dump;
}

Texts Corpus() {
  Texts corpus;
  const auto folder = std::filesystem::path(LARDER_SOURCE_DIR) / "tests/fuzz/corpus/restore_fuzz";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(corpus.begin(), corpus.end());
  return corpus;
}

TEST(HostileDumps, TheCorpusRestores) {
  ASSERT_GE(Corpus().size(), 20u);
  for (const std::string& dump : Corpus()) {
    EXPECT_TRUE(HasGoodFooter(dump));
    EXPECT_TRUE(Restore(dump, Limits()).value);
  }
}

TEST(HostileDumps, MutantsDoNoHarm) {
  const Texts corpus = Corpus();
  ASSERT_FALSE(corpus.empty());
  std::mt19937_64 random(20261129);
  RestoreLimits limits = Limits();
  limits.string_bytes_max = limits.value_bytes_max = 1 << 20;
  int restored = 0;
  for (int i = 0; i < 300'000; ++i) {
    const std::string mutant = Mutate(corpus[random() % corpus.size()], random);
    // On the heap at its exact size, for AddressSanitizer.
    const std::vector<char> exact(mutant.begin(), mutant.end());
    const Restored result = Restore({exact.data(), exact.size()}, limits);
    if (!result.value) continue;
    ++restored;
    if (result.value->object) {
      EXPECT_GT(result.value->object->ElementCount(), 0u);
      EXPECT_LE(result.value->object->MemoryBytes(), size_t{1} << 20);
    }
    ContentsOf(*result.value);
  }
  EXPECT_GT(restored, 1000);  // it does get behind the first checks
}

}  // namespace
}  // namespace larder::storage
