#include "storage/stream_value.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/memory.h"

namespace larder::storage {
namespace {

using Texts = std::vector<std::string>;

Ref<Stream> MakeStream() { return Ref<Stream>(new Stream); }

void Add(Stream* stream, StreamId id, const Texts& texts, const StreamLimits& limits = {}) {
  const std::vector<std::string_view> fields(texts.begin(), texts.end());
  stream->Append(id, fields, limits);
}

// Entries 1-0 to `count`-0, each with one field.
Ref<Stream> MakeNumbers(uint64_t count, const StreamLimits& limits = {}) {
  Ref<Stream> stream = MakeStream();
  for (uint64_t i = 1; i <= count; ++i) {
    Add(stream.get(), {i, 0}, {"field", std::to_string(i)}, limits);
  }
  return stream;
}

Texts TextsOf(const StreamEntry& entry) {
  Texts texts;
  entry.ForEachText([&texts](std::string_view text) { texts.emplace_back(text); });
  return texts;
}

using Entries = std::vector<std::pair<StreamId, Texts>>;

Entries Range(const Stream& stream, StreamId first = kStreamIdMin, StreamId last = kStreamIdMax,
              bool reverse = false) {
  Entries entries;
  stream.ForRange(first, last, reverse, [&entries](const StreamEntry& entry) {
    entries.emplace_back(entry.id, TextsOf(entry));
    return true;
  });
  return entries;
}

std::vector<uint64_t> Times(const Stream& stream, StreamId first = kStreamIdMin,
                            StreamId last = kStreamIdMax, bool reverse = false) {
  std::vector<uint64_t> times;
  for (const auto& [id, texts] : Range(stream, first, last, reverse)) times.push_back(id.ms);
  return times;
}

StreamTrim ToLength(size_t length) { return {.by = StreamTrim::By::kLength, .length_max = length}; }

// ---- ids

TEST(StreamIds, AreReadAsRedisReadsThem) {
  const auto read = [](std::string_view text) { return ParseStreamId(text, 9); };
  EXPECT_EQ(read("5"), (StreamId{5, 9}));
  EXPECT_EQ(read("5-1"), (StreamId{5, 1}));
  EXPECT_EQ(read("007-+3"), (StreamId{7, 3}));
  EXPECT_EQ(read(" 7"), (StreamId{7, 9}));
  EXPECT_EQ(read("18446744073709551615-18446744073709551615"), kStreamIdMax);
  EXPECT_EQ(read(std::string_view("3\0x", 3)), (StreamId{3, 9}));
  for (const std::string_view bad :
       {"", "-", "+", "-1", "1-", "1--1", "x", "1x", "1-x", "1-*", "18446744073709551616", "1 "}) {
    EXPECT_EQ(read(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(read(std::string(127, '0')), (StreamId{0, 9}));
  EXPECT_EQ(read(std::string(128, '0')), std::nullopt);
}

TEST(StreamIds, AStarStandsForTheSequenceWhereItMay) {
  bool given = false;
  EXPECT_EQ(ParseStreamId("5-*", 0, &given), (StreamId{5, 0}));
  EXPECT_FALSE(given);
  EXPECT_EQ(ParseStreamId("5-7", 0, &given), (StreamId{5, 7}));
  EXPECT_TRUE(given);
}

TEST(StreamIds, HaveNeighboursUpToTheEnds) {
  EXPECT_EQ(NextId({1, 1}), (StreamId{1, 2}));
  EXPECT_EQ(NextId({1, UINT64_MAX}), (StreamId{2, 0}));
  EXPECT_EQ(NextId(kStreamIdMax), std::nullopt);
  EXPECT_EQ(PreviousId({2, 0}), (StreamId{1, UINT64_MAX}));
  EXPECT_EQ(PreviousId(kStreamIdMin), std::nullopt);
  EXPECT_EQ(IdByClock({5, 3}, 9), (StreamId{9, 0}));
  EXPECT_EQ(IdByClock({5, 3}, 5), (StreamId{5, 4}));
  EXPECT_EQ(IdByClock({5, UINT64_MAX}, 1), (StreamId{6, 0}));
  EXPECT_EQ(std::string_view(FormatStreamId(kStreamIdMax)),
            "18446744073709551615-18446744073709551615");
}

// ---- entries

TEST(StreamValue, KeepsFieldsInTheirOrderAndForm) {
  Ref<Stream> stream = MakeStream();
  const Texts long_text = {"name", std::string(70'000, 'x')};
  Add(stream.get(), {1, 0}, {"a", "1", "b", "-7"});
  Add(stream.get(), {1, 1}, {"a", "", "b", "07"});            // the same names
  Add(stream.get(), {2, 0}, {"a", "1"});                      // fewer
  Add(stream.get(), {3, 0}, {"b", "1", "a", "x", "a", "x"});  // others, one twice
  Add(stream.get(), {4, 0}, {"12", "12", "", ""});            // numbers, and nothing
  Add(stream.get(), {UINT64_MAX, 5}, long_text);
  const Entries all = {{{1, 0}, {"a", "1", "b", "-7"}},
                       {{1, 1}, {"a", "", "b", "07"}},
                       {{2, 0}, {"a", "1"}},
                       {{3, 0}, {"b", "1", "a", "x", "a", "x"}},
                       {{4, 0}, {"12", "12", "", ""}},
                       {{UINT64_MAX, 5}, long_text}};
  EXPECT_EQ(Range(*stream), all);
  EXPECT_EQ(Range(*stream, kStreamIdMin, kStreamIdMax, true), Entries(all.rbegin(), all.rend()));
  EXPECT_EQ(stream->size(), 6u);
  EXPECT_EQ(stream->last_id(), (StreamId{UINT64_MAX, 5}));
}

TEST(StreamValue, SequencesMayBeBelowTheFirstOfTheirNode) {
  Ref<Stream> stream = MakeStream();
  Add(stream.get(), {5, 1000}, {"a", "1"});
  Add(stream.get(), {6, 0}, {"a", "2"});
  Add(stream.get(), {7, UINT64_MAX}, {"a", "3"});
  EXPECT_TRUE(stream->Contains({6, 0}));
  EXPECT_TRUE(stream->Contains({7, UINT64_MAX}));
  EXPECT_FALSE(stream->Contains({6, 1}));
}

TEST(StreamValue, ANodeIsFullByEntriesOrByBytes) {
  EXPECT_EQ(MakeNumbers(100)->node_count(), 1u);
  EXPECT_EQ(MakeNumbers(101)->node_count(), 2u);
  EXPECT_EQ(MakeNumbers(1000, {.node_entries_max = 0})->node_count(), 3u);
  EXPECT_EQ(MakeNumbers(1000, {.node_bytes_max = 0, .node_entries_max = 0})->node_count(), 1u);
  EXPECT_EQ(MakeNumbers(10, {.node_bytes_max = 1})->node_count(), 10u);
}

TEST(StreamValue, EqualNamesAreKeptOnceANode) {
  const std::string name(100, 'n');
  Ref<Stream> same = MakeStream();
  Ref<Stream> different = MakeStream();
  for (uint64_t i = 1; i <= 30; ++i) {
    Add(same.get(), {i, 0}, {name, "v"});
    Add(different.get(), {i, 0}, {name + std::to_string(i), "v"});
  }
  EXPECT_LT(same->MemoryBytes(), 1500u);
  EXPECT_GT(different->MemoryBytes(), 3000u);
}

TEST(StreamValue, RangesBeginAndEndAnywhere) {
  const Ref<Stream> stream = MakeNumbers(250);
  EXPECT_EQ(Times(*stream, {99, 1}, {102, 0}), (std::vector<uint64_t>{100, 101, 102}));
  EXPECT_EQ(Times(*stream, {100, 0}, {101, 0}, true), (std::vector<uint64_t>{101, 100}));
  EXPECT_EQ(Times(*stream, {249, 0}), (std::vector<uint64_t>{249, 250}));
  EXPECT_EQ(Times(*stream, kStreamIdMin, {2, 0}, true), (std::vector<uint64_t>{2, 1}));
  EXPECT_TRUE(Times(*stream, {251, 0}).empty());
  EXPECT_TRUE(Times(*stream, kStreamIdMin, {0, 9}, true).empty());
  EXPECT_TRUE(Times(*stream, {5, 0}, {4, 0}).empty());
  int visited = 0;
  stream->ForRange({50, 0}, kStreamIdMax, false, [&](const StreamEntry&) { return ++visited < 3; });
  EXPECT_EQ(visited, 3);
}

TEST(StreamValue, DeletedEntriesAreSkippedAndTheirNodeGoesWithTheLast) {
  Ref<Stream> stream = MakeNumbers(5, {.node_entries_max = 2});
  EXPECT_TRUE(stream->Delete({2, 0}));
  EXPECT_FALSE(stream->Delete({2, 0}));
  EXPECT_FALSE(stream->Delete({9, 0}));
  EXPECT_FALSE(stream->Delete({0, 1}));
  EXPECT_EQ(Times(*stream), (std::vector<uint64_t>{1, 3, 4, 5}));
  EXPECT_EQ(stream->node_count(), 3u);
  EXPECT_TRUE(stream->Delete({1, 0}));
  EXPECT_EQ(stream->node_count(), 2u);
  EXPECT_EQ(stream->first_id(), (StreamId{3, 0}));
  EXPECT_EQ(stream->max_deleted_id(), (StreamId{2, 0}));
  EXPECT_TRUE(stream->Delete({5, 0}));
  EXPECT_EQ(stream->LastEntryId(), (StreamId{4, 0}));
  EXPECT_EQ(stream->last_id(), (StreamId{5, 0}));
  stream->Delete({3, 0});
  stream->Delete({4, 0});
  EXPECT_EQ(stream->size(), 0u);
  EXPECT_EQ(stream->first_id(), kStreamIdMin);
  EXPECT_EQ(stream->LastEntryId(), std::nullopt);
  EXPECT_GT(stream->ElementCount(), 0u);
}

// ---- trimming

TEST(StreamValue, AnExactTrimGoesIntoNodes) {
  Ref<Stream> stream = MakeNumbers(250);
  EXPECT_EQ(stream->Trim(ToLength(300)), 0u);
  EXPECT_EQ(stream->Trim(ToLength(95)), 155u);
  EXPECT_EQ(stream->size(), 95u);
  EXPECT_EQ(stream->first_id(), (StreamId{156, 0}));
  EXPECT_EQ(stream->max_deleted_id(), kStreamIdMin);
  EXPECT_EQ(stream->Trim({.by = StreamTrim::By::kId, .id_min = {200, 1}}), 45u);
  EXPECT_EQ(stream->first_id(), (StreamId{201, 0}));
  EXPECT_EQ(stream->Trim(ToLength(0)), 50u);
  EXPECT_EQ(stream->first_id(), kStreamIdMin);
  EXPECT_EQ(stream->node_count(), 0u);
}

TEST(StreamValue, AnApproximateTrimTakesWholeNodesUpToItsLimit) {
  Ref<Stream> stream = MakeNumbers(450);
  StreamTrim trim = ToLength(250);
  trim.approximate = true;
  trim.limit = 100;
  EXPECT_EQ(stream->Trim(trim), 100u);
  trim.limit = 0;
  EXPECT_EQ(stream->Trim(trim), 100u);
  EXPECT_EQ(stream->Trim(trim), 0u);
  EXPECT_EQ(stream->size(), 250u);
  StreamTrim by_id{.by = StreamTrim::By::kId, .id_min = {301, 0}, .approximate = true};
  EXPECT_EQ(stream->Trim(by_id), 100u);
  by_id.id_min = {400, 0};
  EXPECT_EQ(stream->Trim(by_id), 0u);
}

TEST(StreamValue, ATrimHeedsWhatGroupsHold) {
  for (const bool approximate : {false, true}) {
    Ref<Stream> stream = MakeNumbers(10, {.node_entries_max = 5});
    StreamGroup* const group = stream->AddGroup("g", {8, 0}, kEntriesReadUnknown);
    StreamConsumer* const consumer = group->AddConsumer("c", 0);
    for (const uint64_t id : {2, 4, 8}) group->Assign({id, 0}, consumer, 0, 1);
    StreamTrim trim = ToLength(0);
    trim.approximate = approximate;
    trim.references = StreamReferences::kAcked;
    EXPECT_EQ(stream->Trim(trim), 5u);
    EXPECT_EQ(Times(*stream), (std::vector<uint64_t>{2, 4, 8, 9, 10}));
    EXPECT_EQ(stream->max_deleted_id(), (StreamId{7, 0}));
    trim.references = StreamReferences::kDelete;
    EXPECT_EQ(stream->Trim(trim), 5u);
    EXPECT_TRUE(group->pending().empty());
    EXPECT_TRUE(consumer->pending.empty());
    EXPECT_EQ(stream->size(), 0u);
  }
}

TEST(StreamValue, ATrimThatKeepsReferencesLeavesThemPending) {
  Ref<Stream> stream = MakeNumbers(3);
  StreamGroup* const group = stream->AddGroup("g", {3, 0}, kEntriesReadUnknown);
  group->Assign({1, 0}, group->AddConsumer("c", 0), 0, 1);
  stream->Trim(ToLength(1));
  EXPECT_TRUE(group->IsPending({1, 0}));
  EXPECT_FALSE(stream->Contains({1, 0}));
}

// ---- against a model

TEST(StreamValue, BehavesAsAMapDoes) {
  std::mt19937 random(7);
  const StreamLimits limits{.node_bytes_max = 200, .node_entries_max = 9};
  std::map<StreamId, Texts> model;
  Ref<Stream> stream = MakeStream();
  StreamId last{1, 0};
  const auto any_id = [&] { return StreamId{random() % (last.ms + 3), random() % 3}; };
  for (int step = 0; step < 20'000; ++step) {
    const unsigned what = random() % 20;
    if (what < 12) {
      last = random() % 3 == 0 ? StreamId{last.ms, last.sequence + 1} : StreamId{last.ms + 1, 0};
      Texts texts = {"a", std::to_string(random() % 1000)};
      if (random() % 4 == 0) texts.insert(texts.end(), {"b", std::string(random() % 90, 'v')});
      Add(stream.get(), last, texts, limits);
      model[last] = texts;
    } else if (what < 16) {
      const StreamId id = any_id();
      EXPECT_EQ(stream->Delete(id), model.erase(id) == 1);
    } else if (what == 16 && random() % 8 == 0) {
      const size_t length = random() % 200;
      size_t removed = 0;
      for (; model.size() > length; ++removed) model.erase(model.begin());
      EXPECT_EQ(stream->Trim(ToLength(length)), removed);
    } else {
      StreamId first = any_id(), end = any_id();
      if (end < first) std::swap(first, end);
      Entries expected(model.lower_bound(first), model.upper_bound(end));
      ASSERT_EQ(Range(*stream, first, end), expected);
      std::reverse(expected.begin(), expected.end());
      ASSERT_EQ(Range(*stream, first, end, true), expected);
    }
    ASSERT_EQ(stream->size(), model.size());
  }
  EXPECT_EQ(Range(*stream), Entries(model.begin(), model.end()));
}

// ---- groups

TEST(StreamGroups, AnEntryIsPendingForOneConsumerAtATime) {
  Ref<Stream> stream = MakeNumbers(3);
  StreamGroup* const group = stream->AddGroup("g", kStreamIdMin, 0);
  EXPECT_EQ(stream->AddGroup("g", kStreamIdMin, 0), nullptr);
  StreamConsumer* const a = group->AddConsumer("a", 10);
  StreamConsumer* const b = group->AddConsumer("b", 10);
  group->Assign({1, 0}, a, 100, 1);
  group->Assign({2, 0}, a, 200, 1);
  group->Assign({1, 0}, b, 300, 2);
  EXPECT_EQ(a->pending.size(), 1u);
  EXPECT_EQ(b->pending.size(), 1u);
  EXPECT_EQ(group->pending().find({1, 0})->second.deliveries, 2u);
  EXPECT_TRUE(group->Acknowledge({1, 0}));
  EXPECT_FALSE(group->Acknowledge({1, 0}));
  EXPECT_TRUE(b->pending.empty());
  group->DeleteConsumer("a");
  EXPECT_TRUE(group->pending().empty());
  EXPECT_EQ(group->FindConsumer("a"), nullptr);
  EXPECT_EQ(group->FindConsumer("b"), b);
}

TEST(StreamGroups, WhatIsIdleComesLongestFirst) {
  Ref<Stream> stream = MakeNumbers(5);
  StreamGroup* const group = stream->AddGroup("g", kStreamIdMin, 0);
  StreamConsumer* const consumer = group->AddConsumer("c", 0);
  const auto idle = [group](int64_t latest_ms) {
    std::vector<uint64_t> times;
    group->ForIdle(latest_ms, [&times](StreamId id) {
      times.push_back(id.ms);
      return true;
    });
    return times;
  };
  group->Assign({1, 0}, consumer, 300, 1);
  group->Assign({2, 0}, consumer, 100, 1);
  group->Assign({3, 0}, consumer, 200, 1);
  EXPECT_EQ(idle(250), (std::vector<uint64_t>{2, 3}));
  group->Assign({2, 0}, consumer, 400, 2);  // the index is kept from now on
  group->Assign({4, 0}, consumer, 50, 1);
  group->Acknowledge({3, 0});
  EXPECT_EQ(idle(1000), (std::vector<uint64_t>{4, 1, 2}));
  EXPECT_EQ(group->OldestDelivery(), 50);
  group->DeleteConsumer("c");
  EXPECT_TRUE(idle(1000).empty());
  EXPECT_EQ(group->OldestDelivery(), std::nullopt);
}

TEST(StreamGroups, AnEntryIsReferencedUntilAllGroupsAreDoneWithIt) {
  Ref<Stream> stream = MakeNumbers(2);
  EXPECT_FALSE(stream->IsReferenced({1, 0}));
  StreamGroup* const a = stream->AddGroup("a", {1, 0}, 1);
  EXPECT_FALSE(stream->IsReferenced({1, 0}));
  EXPECT_TRUE(stream->IsReferenced({2, 0}));  // not read yet
  a->last_id = {2, 0};
  a->Assign({2, 0}, a->AddConsumer("c", 0), 0, 1);
  EXPECT_TRUE(stream->IsReferenced({2, 0}));
  stream->DropReferences({2, 0});
  EXPECT_FALSE(stream->IsReferenced({2, 0}));
  EXPECT_TRUE(stream->DeleteGroup("a"));
  EXPECT_FALSE(stream->DeleteGroup("a"));
}

TEST(StreamGroups, LagIsWhatIsLeftWhereThatIsKnown) {
  Ref<Stream> stream = MakeNumbers(5);
  StreamGroup* const group = stream->AddGroup("g", kStreamIdMin, kEntriesReadUnknown);
  EXPECT_EQ(stream->LagOf(*group), 5);
  stream->Advance(group, {1, 0});
  EXPECT_EQ(group->entries_read, 1);
  stream->Advance(group, {2, 0});
  EXPECT_EQ(group->entries_read, 2);
  EXPECT_EQ(stream->LagOf(*group), 3);
  stream->Delete({4, 0});
  EXPECT_EQ(stream->LagOf(*group), std::nullopt);  // who knows what was deleted
  stream->Advance(group, {5, 0});
  EXPECT_EQ(group->entries_read, 5);
  EXPECT_EQ(stream->LagOf(*group), 0);
  StreamGroup* const late = stream->AddGroup("late", {1, 0}, kEntriesReadUnknown);
  stream->Trim(ToLength(1));
  EXPECT_EQ(stream->LagOf(*late), 1);
  stream->Trim(ToLength(0));
  EXPECT_EQ(stream->LagOf(*late), 0);
}

TEST(StreamGroup, WhatIsGivenBackIsNobodysAndComesFirst) {
  StreamTally tally;
  StreamGroup group(&tally);
  StreamConsumer* const consumer = group.AddConsumer("c", 0);
  for (uint64_t id = 1; id <= 4; ++id) group.Assign({id, 0}, consumer, 10 + int64_t(id), 1);
  const auto order = [&group] {
    std::vector<uint64_t> ids;
    group.ForIdle(1000, [&ids](StreamId id) { return ids.push_back(id.ms), true; });
    return ids;
  };
  EXPECT_EQ(order(), (std::vector<uint64_t>{1, 2, 3, 4}));
  group.GiveBack({4, 0}, 7);
  group.GiveBack({2, 0}, 0);
  group.GiveBack({9, 0}, 0);  // it was not pending
  EXPECT_EQ(order(), (std::vector<uint64_t>{4, 2, 9, 1, 3}));
  EXPECT_EQ(group.given_back(), 3u);
  EXPECT_EQ(consumer->pending.size(), 2u);
  const PendingEntry& entry = group.pending().find({4, 0})->second;
  EXPECT_FALSE(entry.is_owned());
  EXPECT_EQ(entry.DeliveredMs(), 0);
  EXPECT_EQ(entry.deliveries, 7u);
  group.GiveBack({4, 0}, 7);  // behind the others
  EXPECT_EQ(order(), (std::vector<uint64_t>{2, 9, 4, 1, 3}));
  group.Assign({2, 0}, consumer, 50, 1);
  group.Acknowledge({9, 0});
  group.DeleteConsumer("c");
  EXPECT_EQ(order(), (std::vector<uint64_t>{4}));
  EXPECT_EQ(group.given_back(), 1u);
  EXPECT_EQ(tally.pending, 1u);
}

// ---- the whole

Ref<Stream> MakeFull() {
  Ref<Stream> stream = MakeNumbers(3000);
  for (const char* name : {"one", "two"}) {
    StreamGroup* const group = stream->AddGroup(name, {2000, 0}, 2000);
    for (int i = 0; i < 20; ++i) {
      StreamConsumer* const consumer = group->AddConsumer("consumer:" + std::to_string(i), 5);
      for (uint64_t id = 1; id <= 100; ++id) {
        group->Assign({id * 20 + static_cast<uint64_t>(i), 0}, consumer, 7, 1);
      }
    }
    for (uint64_t id = 2001; id <= 2010; ++id) group->GiveBack({id, 0}, 3);
    group->OldestDelivery();  // makes the index by time
  }
  for (uint64_t id = 1; id <= 200; ++id) {
    stream->MakeProducers().Add("producer", "id:" + std::to_string(id), {id, 0}, 1000);
  }
  return stream;
}

TEST(StreamValue, ACloneIsEqualAndOnItsOwn) {
  Ref<Stream> stream = MakeFull();
  const Ref<Object> object = stream->Clone();
  auto* const clone = static_cast<Stream*>(object.get());
  EXPECT_EQ(Range(*clone), Range(*stream));
  EXPECT_EQ(clone->entries_added(), stream->entries_added());
  EXPECT_EQ(clone->first_id(), stream->first_id());
  StreamGroup* const group = clone->FindGroup("two");
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->pending().size(), 2000u);
  EXPECT_EQ(group->given_back(), 10u);
  EXPECT_EQ(group->OldestDelivery(), stream->FindGroup("two")->OldestDelivery());
  EXPECT_EQ(group->entries_read, 2000);
  EXPECT_EQ(clone->producers()->Find("producer", "id:7"), StreamId({7, 0}));
  const PendingEntry& entry = group->pending().find({47, 0})->second;
  EXPECT_EQ(entry.consumer, group->FindConsumer("consumer:7"));
  EXPECT_EQ(entry.delivered_ms, 7);
  clone->Delete({1, 0});
  group->Acknowledge({47, 0});
  clone->DeleteGroup("one");
  EXPECT_TRUE(stream->Contains({1, 0}));
  EXPECT_TRUE(stream->FindGroup("two")->IsPending({47, 0}));
  EXPECT_EQ(stream->groups().size(), 2u);
}

TEST(StreamValue, IsFreedInSlicesDownToNothing) {
  memory::Flush();
  const int64_t before = memory::UsedBytes();
  Ref<Stream> stream = MakeFull();
  memory::Flush();
  const int64_t full = memory::UsedBytes() - before;
  // What is reported is near to what is counted.
  EXPECT_GT(static_cast<double>(stream->MemoryBytes()), 0.8 * static_cast<double>(full));
  EXPECT_LT(static_cast<double>(stream->MemoryBytes()), 1.2 * static_cast<double>(full));
  int slices = 1;
  for (size_t left = stream->ElementCount(); !stream->FreeSome(64); ++slices) {
    EXPECT_LT(stream->ElementCount(), left + 1);
    left = stream->ElementCount();
  }
  EXPECT_GT(slices, 50);
  EXPECT_LE(stream->ElementCount(), 1u);
  stream = Ref<Stream>();
  memory::Flush();
  EXPECT_EQ(memory::UsedBytes(), before);
}

TEST(StreamValue, TakesAFewBytesAnEntryBeyondItsValues) {
  const Ref<Stream> stream = MakeNumbers(100'000);
  EXPECT_LT(stream->MemoryBytes() / 100'000, 16u);
}

}  // namespace
}  // namespace larder::storage
