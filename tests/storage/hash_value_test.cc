#include "storage/hash_value.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

constexpr HashLimits kLimits;
constexpr HashLimits kTableAtOnce = {.listpack_entries_max = 0, .listpack_value_max = 0};
constexpr uint64_t kSeed = 42;

std::string Name(int i) { return "field:" + std::to_string(i); }

Ref<Hash> MakeHash() { return Ref<Hash>(new Hash(kSeed)); }

// Fields Name(0) to Name(size - 1), whose values are their numbers.
Ref<Hash> MakeTable(int size) {
  Ref<Hash> hash = MakeHash();
  const std::string_view pair[] = {"x", "y"};
  hash->Expect(pair, kTableAtOnce);
  for (int i = 0; i < size; ++i) hash->Set(Name(i), std::to_string(i), kTableAtOnce);
  return hash;
}

Ref<Hash> MakePacked(int size) {
  Ref<Hash> hash = MakeHash();
  for (int i = 0; i < size; ++i) hash->Set(Name(i), std::to_string(i), kLimits);
  return hash;
}

std::map<std::string, std::string> Fields(const Hash& hash) {
  std::map<std::string, std::string> fields;
  hash.ForEach([&](const HashField& field) { fields.emplace(field.name, field.value); });
  return fields;
}

std::string Get(const Hash& hash, std::string_view name) {
  const auto field = hash.Find(name);
  return field ? std::string(field->value) : "(missing)";
}

// ---- form

TEST(HashForm, AListpackHolds512FieldsOf64Bytes) {
  Ref<Hash> hash = MakePacked(512);
  EXPECT_EQ(hash->encoding(), Encoding::kListpack);
  hash->Set(Name(1), "again", kLimits);
  EXPECT_EQ(hash->encoding(), Encoding::kListpack);
  hash->Set("one more", "x", kLimits);
  EXPECT_EQ(hash->encoding(), Encoding::kHashtable);
  EXPECT_EQ(hash->size(), 513u);

  Ref<Hash> longer = MakeHash();
  longer->Set(std::string(64, 'n'), std::string(64, 'v'), kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kListpack);
  longer->Set("n", std::string(65, 'v'), kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kHashtable);
  longer = MakeHash();
  longer->Set(std::string(65, 'n'), "v", kLimits);
  EXPECT_EQ(longer->encoding(), Encoding::kHashtable);
}

TEST(HashForm, FollowsWhatIsAnnounced) {
  Ref<Hash> hash = MakeHash();
  std::vector<std::string_view> pairs(2 * 512, "x");
  hash->Expect(pairs, kLimits);
  EXPECT_EQ(hash->encoding(), Encoding::kListpack);
  pairs.resize(2 * 513, "x");
  hash->Expect(pairs, kLimits);
  EXPECT_EQ(hash->encoding(), Encoding::kHashtable);
}

TEST(HashForm, AnExpiryMakesAListpackExtended) {
  Ref<Hash> hash = MakePacked(3);
  hash->SetExpiry(Name(1), kNoExpiry);
  EXPECT_EQ(hash->encoding(), Encoding::kListpack);
  hash->SetExpiry(Name(1), 1000);
  EXPECT_EQ(hash->encoding(), Encoding::kListpackEx);
  hash->SetExpiry(Name(1), kNoExpiry);
  EXPECT_EQ(hash->encoding(), Encoding::kListpackEx);
  EXPECT_EQ(Fields(*hash).size(), 3u);
}

// ---- fields

TEST(Hash, SetsFindsAndRemovesInBothForms) {
  for (Ref<Hash> hash : {MakePacked(20), MakeTable(20)}) {
    EXPECT_EQ(Get(*hash, Name(7)), "7");
    EXPECT_FALSE(hash->Set(Name(7), "seven", kLimits));
    EXPECT_EQ(Get(*hash, Name(7)), "seven");
    EXPECT_FALSE(hash->Set(Name(7), "", kLimits));
    EXPECT_EQ(Get(*hash, Name(7)), "");
    EXPECT_TRUE(hash->Remove(Name(7)));
    EXPECT_FALSE(hash->Remove(Name(7)));
    EXPECT_EQ(Get(*hash, Name(7)), "(missing)");
    EXPECT_EQ(Get(*hash, Name(8)), "8");
    EXPECT_EQ(hash->size(), 19u);
  }
}

TEST(Hash, KeepsTextsOfAnyLength) {
  const size_t lengths[] = {0, 1, 7, 8, 127, 128, 255, 256, 300, 16384, 65535, 65536, 200000};
  for (const HashLimits& limits :
       {kTableAtOnce, HashLimits{.listpack_entries_max = 512, .listpack_value_max = 300000}}) {
    Ref<Hash> hash = MakeHash();
    std::map<std::string, std::string> expected;
    for (const size_t length : lengths) {
      for (const size_t value : {length, size_t{3}, length / 2}) {
        expected[std::string(length, 'n')] = std::string(value, '\xff');
        hash->Set(std::string(length, 'n'), std::string(value, '\xff'), limits);
        ASSERT_EQ(Get(*hash, std::string(length, 'n')), std::string(value, '\xff')) << length;
      }
    }
    EXPECT_EQ(Fields(*hash), expected);
    for (const auto& [name, value] : expected) EXPECT_TRUE(hash->Remove(name));
    EXPECT_EQ(hash->size(), 0u);
  }
}

struct ModelField {
  std::string value;
  int64_t expire_at_ms = kNoExpiry;
};

// Random changes, expiry among them, agree with a std::map.
void CompareWithModel(const HashLimits& limits, int names, int steps) {
  Ref<Hash> hash = MakeHash();
  std::map<std::string, ModelField> model;
  std::mt19937_64 random(7);
  int64_t now_ms = 1;
  for (int step = 0; step < steps; ++step) {
    const std::string name = Name(static_cast<int>(random() % static_cast<uint64_t>(names)));
    const bool growing = step < steps / 2;
    switch (random() % 8) {
      case 0:
        now_ms += 1;
        hash->RemoveExpired(now_ms, 1000000);
        std::erase_if(model, [now_ms](const auto& one) {
          return one.second.expire_at_ms != kNoExpiry && one.second.expire_at_ms <= now_ms;
        });
        break;
      case 1: {
        const int64_t at_ms = random() % 3 == 0 ? kNoExpiry : now_ms + 1 + random() % 100;
        ASSERT_EQ(hash->SetExpiry(name, at_ms), model.contains(name));
        if (model.contains(name)) model[name].expire_at_ms = at_ms;
        break;
      }
      case 2:
      case 3:
        if (growing) break;
        [[fallthrough]];
      case 4:
        ASSERT_EQ(hash->Remove(name), model.erase(name) == 1);
        break;
      default: {
        const std::string value(random() % 40, 'v');
        const bool keep = random() % 2 == 0;
        ASSERT_EQ(hash->Set(name, value, limits, keep), !model.contains(name));
        ModelField& field = model[name];
        field.value = value;
        if (!keep) field.expire_at_ms = kNoExpiry;
      }
    }
    ASSERT_EQ(hash->size(), model.size());
    int64_t next_ms = Hash::kNeverExpires;
    for (const auto& [one, field] : model) {
      if (step % 500 != 0) break;
      const auto found = hash->Find(one);
      ASSERT_TRUE(found);
      ASSERT_EQ(found->value, field.value);
      ASSERT_EQ(found->expire_at_ms, field.expire_at_ms);
      if (field.expire_at_ms != kNoExpiry) next_ms = std::min(next_ms, field.expire_at_ms);
    }
    if (step % 500 == 0) {
      ASSERT_LE(hash->next_expiry_ms(), next_ms);
    }
  }
}

TEST(Hash, AgreesWithAModelInTheSmallForm) { CompareWithModel(kLimits, 60, 20000); }
TEST(Hash, AgreesWithAModelInATable) { CompareWithModel(kTableAtOnce, 4000, 100000); }
TEST(Hash, AgreesWithAModelAcrossTheForms) {
  CompareWithModel({.listpack_entries_max = 100, .listpack_value_max = 39}, 300, 20000);
}

TEST(Hash, MemoryFollowsItsFields) {
  Ref<Hash> hash = MakeTable(0);
  const size_t empty = hash->MemoryBytes();
  for (int i = 0; i < 10000; ++i) hash->Set(Name(i), std::to_string(i), kLimits);
  const size_t full = hash->MemoryBytes();
  EXPECT_GT(full, empty + 10000 * 20);
  EXPECT_LT(full, empty + 10000 * 60);
  for (int i = 0; i < 10000; ++i) hash->SetExpiry(Name(i), 1000 + i);
  EXPECT_GT(hash->MemoryBytes(), full);
  for (int i = 0; i < 10000; ++i) hash->Remove(Name(i));
  EXPECT_LT(hash->MemoryBytes(), empty + 4096);
}

TEST(Hash, ACloneIsIndependent) {
  for (Ref<Hash> hash : {MakePacked(100), MakeTable(5000)}) {
    hash->SetExpiry(Name(3), 1000);
    hash->set_filed_at_ms(1000);
    Ref<Object> object = hash->Clone();
    auto& clone = static_cast<Hash&>(*object);
    EXPECT_EQ(clone.encoding(), hash->encoding());
    EXPECT_EQ(Fields(clone), Fields(*hash));
    EXPECT_EQ(clone.filed_at_ms(), Hash::kNeverExpires);
    hash->Set(Name(1), "changed", kLimits);
    hash->Remove(Name(2));
    EXPECT_EQ(clone.RemoveExpired(1000, 10), 1u);
    EXPECT_EQ(Get(clone, Name(1)), "1");
    EXPECT_EQ(Get(clone, Name(2)), "2");
    EXPECT_EQ(Get(*hash, Name(3)), "3");
  }
}

TEST(Hash, IsFreedInSlices) {
  Ref<Hash> hash = MakeTable(10000);
  for (int i = 0; i < 5000; ++i) hash->SetExpiry(Name(i), 1000 + i);
  int slices = 1;
  while (!hash->FreeSome(500)) ++slices;
  EXPECT_GT(slices, 20);
  EXPECT_LE(slices, 32);
}

// ---- expiry

TEST(HashExpiry, TheEarliestFieldIsDueFirst) {
  for (Ref<Hash> hash : {MakePacked(100), MakeTable(100)}) {
    EXPECT_EQ(hash->next_expiry_ms(), Hash::kNeverExpires);
    for (int i = 0; i < 100; ++i) hash->SetExpiry(Name(i), 1000 + i);
    EXPECT_EQ(hash->next_expiry_ms(), 1000);
    EXPECT_EQ(hash->RemoveExpired(999, 1000), 0u);
    EXPECT_EQ(hash->RemoveExpired(1009, 1000), 10u);
    EXPECT_EQ(hash->next_expiry_ms(), 1010);
    EXPECT_EQ(Get(*hash, Name(9)), "(missing)");
    EXPECT_EQ(Get(*hash, Name(10)), "10");
    EXPECT_EQ(hash->RemoveExpired(2000, 50), 50u);
    EXPECT_EQ(hash->RemoveExpired(2000, 50), 40u);
    EXPECT_EQ(hash->size(), 0u);
    EXPECT_EQ(hash->next_expiry_ms(), Hash::kNeverExpires);
  }
}

TEST(HashExpiry, ANewValueEndsItUnlessItIsKept) {
  for (Ref<Hash> hash : {MakePacked(10), MakeTable(10)}) {
    hash->SetExpiry(Name(1), 1000);
    hash->SetExpiry(Name(2), 1000);
    hash->Set(Name(1), "new", kLimits, /*keep_expiry=*/true);
    hash->Set(Name(2), "new", kLimits);
    EXPECT_EQ(hash->Find(Name(1))->expire_at_ms, 1000);
    EXPECT_EQ(hash->Find(Name(2))->expire_at_ms, kNoExpiry);
    EXPECT_EQ(hash->RemoveExpired(1000, 10), 1u);
    EXPECT_EQ(Get(*hash, Name(2)), "new");
  }
}

TEST(HashExpiry, SurvivesTheConversion) {
  Ref<Hash> hash = MakePacked(10);
  hash->SetExpiry(Name(1), 1000);
  hash->SetExpiry(Name(2), 2000);
  hash->Set("long", std::string(100, 'x'), kLimits);
  EXPECT_EQ(hash->encoding(), Encoding::kHashtable);
  EXPECT_EQ(hash->next_expiry_ms(), 1000);
  EXPECT_EQ(hash->RemoveExpired(2000, 10), 2u);
  EXPECT_EQ(hash->size(), 9u);
}

// ---- many fields

TEST(HashRandom, DrawsEveryFieldAboutAsOften) {
  for (Ref<Hash> hash : {MakePacked(100), MakeTable(100), MakeTable(3000)}) {
    std::map<std::string, int> counts;
    std::mt19937_64 generator(1);
    const int draws = 50 * static_cast<int>(hash->size());
    for (int i = 0; i < draws; ++i) {
      const HashField field = hash->Random(generator());
      ASSERT_EQ(Name(std::stoi(std::string(field.value))), field.name);
      ++counts[std::string(field.name)];
    }
    EXPECT_EQ(counts.size(), hash->size());
    for (const auto& [name, count] : counts) EXPECT_LT(count, 120) << name;
  }
}

TEST(HashRandom, ASampleHasDifferentFields) {
  for (Ref<Hash> hash : {MakePacked(200), MakeTable(2000)}) {
    for (const size_t count : {0u, 1u, 50u, 150u, 5000u}) {
      std::set<std::string> names;
      size_t visited = 0;
      hash->Sample(count, 99, [&](const HashField& field) {
        names.emplace(field.name);
        ++visited;
      });
      EXPECT_EQ(names.size(), std::min(count, hash->size()));
      EXPECT_EQ(visited, names.size());
    }
  }
}

TEST(HashScan, VisitsEveryFieldOnceWhenNothingChanges) {
  Ref<Hash> hash = MakeTable(5000);
  std::multiset<std::string> seen;
  uint64_t cursor = 0;
  int steps = 0;
  do {
    cursor = hash->Scan(cursor, 10, [&](const HashField& field) { seen.emplace(field.name); });
    ++steps;
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 5000u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 5000u);
  EXPECT_GT(steps, 100);
}

TEST(HashScan, VisitsTheSmallFormWhole) {
  Ref<Hash> hash = MakePacked(100);
  int visited = 0;
  EXPECT_EQ(hash->Scan(0, 10, [&](const HashField&) { ++visited; }), 0u);
  EXPECT_EQ(visited, 100);
}

}  // namespace
}  // namespace larder::storage
