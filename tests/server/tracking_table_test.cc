#include "server/tracking_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TrackingTableTest : public ::testing::Test {
 protected:
  bool Add(std::string_view key, uint64_t id) {
    return table.Add(key, {id, nullptr}, [this](uint64_t one) { return !gone.contains(one); });
  }
  std::vector<uint64_t> Take(std::string_view key) {
    std::vector<TrackedReader> readers;
    table.Take(key, &readers);
    std::vector<uint64_t> ids;
    for (const TrackedReader& reader : readers) ids.push_back(reader.session_id);
    return ids;
  }

  std::set<uint64_t> gone;
  TrackingTable table{17};
};

TEST_F(TrackingTableTest, ReadersOfAKeyAreTakenOnce) {
  EXPECT_TRUE(Add("a", 3));
  EXPECT_TRUE(Add("a", 1));
  EXPECT_TRUE(Add("b", 2));
  EXPECT_EQ(table.keys(), 2u);
  EXPECT_EQ(table.items(), 3u);
  EXPECT_THAT(Take("a"), ElementsAre(1, 3));
  EXPECT_THAT(Take("a"), IsEmpty());
  EXPECT_EQ(table.keys(), 1u);
  EXPECT_EQ(table.items(), 1u);
}

TEST_F(TrackingTableTest, AReaderIsRememberedOnceForAKey) {
  EXPECT_TRUE(Add("a", 1));
  EXPECT_FALSE(Add("a", 1));
  EXPECT_EQ(table.items(), 1u);
  EXPECT_THAT(Take("a"), ElementsAre(1));
}

TEST_F(TrackingTableTest, ReadersStayInTheOrderOfTheirIdsWhateverTheyCameIn) {
  for (uint64_t id = 1; id <= 200; ++id) Add("hot", id * 77 % 211);
  std::vector<uint64_t> ids = Take("hot");
  EXPECT_EQ(ids.size(), 200u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST_F(TrackingTableTest, ReadersThatAreGoneMakeRoomForNewOnes) {
  for (uint64_t id = 1; id <= 10'000; ++id) {
    Add("hot", id);
    gone.insert(id);
  }
  const size_t items = table.items();
  EXPECT_LT(items, 64u);
  EXPECT_EQ(Take("hot").size(), items);
}

TEST_F(TrackingTableTest, AnyBytesAreAName) {
  const std::string names[] = {"", std::string("\0\xff", 2), std::string(100'000, 'x')};
  for (const std::string& name : names) EXPECT_TRUE(Add(name, 5));
  for (const std::string& name : names) EXPECT_THAT(Take(name), ElementsAre(5));
}

TEST_F(TrackingTableTest, ARandomKeyIsOneOfThem) {
  std::set<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    keys.insert("k" + std::to_string(i));
    Add("k" + std::to_string(i), 1);
  }
  for (uint64_t random = 1; table.keys() > 0; random = random * 6364136223846793005u + 1) {
    std::vector<TrackedReader> readers;
    EXPECT_EQ(keys.erase(table.TakeRandom(random, &readers)), 1u);
    EXPECT_EQ(readers.size(), 1u);
  }
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(table.items(), 0u);
}

TEST_F(TrackingTableTest, AllIsGivenAwayToBeFreedInSlices) {
  for (int i = 0; i < 5'000; ++i) Add("k" + std::to_string(i), 1);
  const auto all = table.TakeAll();
  EXPECT_EQ(table.keys(), 0u);
  EXPECT_EQ(table.items(), 0u);
  EXPECT_FALSE(all->FreeSome(256));
  while (!all->FreeSome(256)) {
  }
  EXPECT_TRUE(Add("k1", 2));
}

}  // namespace
}  // namespace larder
