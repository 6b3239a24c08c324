#include "storage/list_value.h"

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace larder::storage {
namespace {

constexpr ListLimits kLimits;
constexpr ListLimits kTinyNodes = {.node_size = 4};

Ref<List> MakeList() { return Ref<List>(new List); }

void Add(List* list, std::string_view element, const ListLimits& limits = kLimits,
         ListEnd end = ListEnd::kBack) {
  list->Expect({&element, 1}, limits);
  list->Push(end, element, limits);
}

Ref<List> MakeNumbers(int count, const ListLimits& limits = kLimits) {
  Ref<List> list = MakeList();
  for (int i = 0; i < count; ++i) Add(list.get(), std::to_string(i), limits);
  return list;
}

std::deque<std::string> Elements(const List& list) {
  std::deque<std::string> elements;
  list.ForRange(0, list.size(), [&](std::string_view text) { elements.emplace_back(text); });
  return elements;
}

std::string Text(List::Position at) {
  ElementBuffer buffer;
  return at ? std::string(at.element().Text(&buffer)) : "(none)";
}

// ---- elements

TEST(PackedElement, KeepsEveryTextAndItsSize) {
  std::vector<std::string> texts = {"",      "0",     "1",     "-1",    "127",    "128",
                                    "-4096", "-4097", "4095",  "4096",  "01",     "-0",
                                    "+1",    "1.5",   "32767", "32768", "-32768", "-32769"};
  for (const int64_t number :
       {int64_t{8388607}, int64_t{8388608}, int64_t{-8388608}, int64_t{-8388609},
        int64_t{INT32_MAX}, int64_t{INT32_MIN}, int64_t{INT32_MAX} + 1, INT64_MAX, INT64_MIN}) {
    texts.push_back(std::to_string(number));
  }
  texts.push_back("9223372036854775808");
  for (const size_t length : {1, 21, 63, 64, 125, 126, 127, 128, 4095, 4096, 16380, 16383, 16384,
                              70000, 2097150, 2097160}) {
    texts.emplace_back(length, 'x');
  }
  for (const std::string& text : texts) {
    const ElementSpec spec(text);
    std::vector<uint8_t> bytes(spec.Bytes() + 2, 0xee);
    spec.WriteTo(bytes.data() + 1);
    EXPECT_EQ(bytes.front(), 0xee);
    EXPECT_EQ(bytes.back(), 0xee);
    ElementBuffer buffer;
    const auto forwards = PackedElement::BeginningAt(bytes.data() + 1);
    EXPECT_EQ(forwards.Text(&buffer), text);
    EXPECT_EQ(forwards.bytes(), spec.Bytes());
    EXPECT_TRUE(forwards.Is(spec));
    EXPECT_FALSE(forwards.Is(ElementSpec(text + "x")));
    const auto backwards = PackedElement::EndingAt(bytes.data() + 1 + spec.Bytes());
    EXPECT_EQ(backwards.Text(&buffer), text);
  }
}

TEST(PackedElement, TakesTheBytesThatRedisTakes) {
  const std::pair<std::string, size_t> sizes[] = {{"0", 2},
                                                  {"127", 2},
                                                  {"128", 3},
                                                  {"-1", 3},
                                                  {"4096", 4},
                                                  {"32768", 5},
                                                  {"8388608", 6},
                                                  {"2147483648", 10},
                                                  {"", 2},
                                                  {"x", 3},
                                                  {std::string(63, 'x'), 65},
                                                  {std::string(64, 'x'), 67},
                                                  {std::string(126, 'x'), 130},
                                                  {std::string(4095, 'x'), 4099},
                                                  {std::string(4096, 'x'), 4103}};
  for (const auto& [text, bytes] : sizes) EXPECT_EQ(ElementSpec(text).Bytes(), bytes) << text;
}

// ---- form

TEST(ListForm, AListpackHolds8KilobytesAndComesBackAtHalf) {
  Ref<List> list = MakeList();
  const std::string element(10, 'x');  // 12 bytes in a listpack
  // 7 bytes of frame; the announced element counts with its text alone.
  int count = 0;
  while (true) {
    const std::string_view one = element;
    list->Expect({&one, 1}, kLimits);
    if (list->encoding() == Encoding::kQuicklist) break;
    list->Push(ListEnd::kBack, element, kLimits);
    ++count;
  }
  EXPECT_EQ(count, (8192 - 7 - 10) / 12 + 1);
  list->Push(ListEnd::kBack, element, kLimits);
  while (list->size() > (4096 - 7) / 12 + 1) {
    list->Pop(ListEnd::kBack);
    list->Settle(kLimits);
  }
  EXPECT_EQ(list->encoding(), Encoding::kQuicklist);
  list->Pop(ListEnd::kBack);
  list->Settle(kLimits);
  EXPECT_EQ(list->encoding(), Encoding::kListpack);
}

TEST(ListForm, APositiveLimitCountsElements) {
  Ref<List> list = MakeNumbers(4, kTinyNodes);
  EXPECT_EQ(list->encoding(), Encoding::kListpack);
  Add(list.get(), "4", kTinyNodes);
  EXPECT_EQ(list->encoding(), Encoding::kQuicklist);
  while (list->size() > 2) list->Pop(ListEnd::kBack);
  list->Settle(kTinyNodes);
  EXPECT_EQ(list->encoding(), Encoding::kListpack);
  Ref<List> large = MakeList();
  Add(large.get(), std::string(9000, 'x'), kTinyNodes);
  EXPECT_EQ(large->encoding(), Encoding::kQuicklist);
  large->Settle(kTinyNodes);
  EXPECT_EQ(large->encoding(), Encoding::kQuicklist);
}

// ---- elements in order

TEST(List, GrowsAndShrinksAtBothEnds) {
  for (const ListLimits& limits : {kLimits, kTinyNodes}) {
    Ref<List> list = MakeList();
    std::deque<std::string> model;
    std::mt19937_64 random(3);
    for (int step = 0; step < 40000; ++step) {
      const bool front = random() % 2 == 0;
      const bool grows = random() % 8 < (step < 20000 ? 5u : 3u);
      const ListEnd end = front ? ListEnd::kFront : ListEnd::kBack;
      if (grows) {
        const std::string text =
            random() % 3 == 0 ? std::to_string(random() % 100000) : std::string(random() % 40, 'e');
        Add(list.get(), text, limits, end);
        front ? model.push_front(text) : model.push_back(text);
      } else if (!model.empty()) {
        list->Pop(end);
        list->Settle(limits);
        front ? model.pop_front() : model.pop_back();
      }
      ASSERT_EQ(list->size(), model.size());
      if (!model.empty()) {
        ASSERT_EQ(Text(list->First()), model.front());
        ASSERT_EQ(Text(list->Last()), model.back());
      }
    }
    EXPECT_EQ(Elements(*list), model);
  }
}

TEST(List, AgreesWithAModelInTheMiddle) {
  for (const ListLimits& limits :
       {kTinyNodes, ListLimits{.node_size = -1}, ListLimits{.node_size = 20}}) {
    Ref<List> list = MakeList();
    std::deque<std::string> model;
    std::mt19937_64 random(5);
    for (int step = 0; step < 20000; ++step) {
      const std::string text =
          random() % 50 == 0 ? std::string(5000, 'l')
                             : std::string(random() % 60, 'e') + std::to_string(random() % 1000);
      const std::string_view element = text;
      list->Expect({&element, 1}, limits);
      if (model.empty() || random() % 16 == 0) {
        list->Push(ListEnd::kBack, text, limits);
        model.push_back(text);
        continue;
      }
      const size_t index = random() % model.size();
      const List::Position at = list->At(index);
      ASSERT_EQ(Text(at), model[index]);
      const auto where = model.begin() + static_cast<ptrdiff_t>(index);
      switch (random() % (step < 10000 ? 4 : 6)) {
        case 0:
        case 1: {
          const bool behind = random() % 2 == 0;
          list->Insert(at, behind, text, limits);
          model.insert(where + (behind ? 1 : 0), text);
          break;
        }
        case 2:
          list->Replace(at, text, limits);
          *where = text;
          break;
        case 3:
        case 4: {
          const List::Position next = list->Erase(at, limits);
          const auto after = model.erase(where);
          ASSERT_EQ(Text(next), after == model.end() ? "(none)" : *after);
          break;
        }
        default: {
          const size_t count = std::min<size_t>(random() % 12, model.size() - index);
          list->EraseRange(index, count);
          model.erase(where, where + static_cast<ptrdiff_t>(count));
        }
      }
      list->Settle(limits);
      ASSERT_EQ(list->size(), model.size());
      if (step % 100 == 0) {
        ASSERT_EQ(Elements(*list), model);
      }
    }
    EXPECT_EQ(Elements(*list), model);
  }
}

TEST(List, IsWalkedInBothDirections) {
  Ref<List> list = MakeNumbers(3000, ListLimits{.node_size = -1});
  int expected = 0;
  for (List::Position at = list->First(); at; at = list->Next(at)) {
    ASSERT_EQ(Text(at), std::to_string(expected++));
  }
  EXPECT_EQ(expected, 3000);
  for (List::Position at = list->Last(); at; at = list->Previous(at)) {
    ASSERT_EQ(Text(at), std::to_string(--expected));
  }
  EXPECT_EQ(expected, 0);
  for (size_t i = 0; i < 3000; i += 7) ASSERT_EQ(Text(list->At(i)), std::to_string(i));
}

TEST(List, RangesAreErasedAcrossNodes) {
  Ref<List> list = MakeNumbers(1000, kTinyNodes);
  list->EraseRange(3, 990);
  EXPECT_EQ(Elements(*list), (std::deque<std::string>{"0", "1", "2", "993", "994", "995", "996",
                                                      "997", "998", "999"}));
  list->EraseRange(0, 10);
  EXPECT_EQ(list->size(), 0u);
  EXPECT_FALSE(list->First());
  EXPECT_FALSE(list->Last());
}

// ---- memory

TEST(List, MemoryFollowsItsElements) {
  Ref<List> list = MakeList();
  const size_t empty = list->MemoryBytes();
  for (int i = 0; i < 100000; ++i) Add(list.get(), "element:" + std::to_string(10000 + i % 1000));
  EXPECT_GT(list->MemoryBytes(), 100000u * 15);
  EXPECT_LT(list->MemoryBytes(), 100000u * 16);  // 13 bytes of text
  while (list->size() > 0) list->Pop(ListEnd::kFront);
  EXPECT_EQ(list->MemoryBytes(), empty);
}

TEST(List, AQueueDoesNotGrow) {
  Ref<List> list = MakeNumbers(10);
  for (int i = 0; i < 10000; ++i) {
    Add(list.get(), std::to_string(i));
    list->Pop(ListEnd::kFront);
  }
  EXPECT_LT(list->MemoryBytes(), 400u);
  for (int i = 0; i < 10000; ++i) {
    Add(list.get(), std::to_string(i), kLimits, ListEnd::kFront);
    list->Pop(ListEnd::kBack);
  }
  EXPECT_LT(list->MemoryBytes(), 400u);
}

TEST(List, ACloneIsIndependent) {
  for (const int size : {3, 5000}) {
    Ref<List> list = MakeNumbers(size);
    Ref<Object> object = list->Clone();
    auto& clone = static_cast<List&>(*object);
    EXPECT_EQ(clone.encoding(), list->encoding());
    Add(list.get(), "more");
    list->Replace(list->First(), "changed", kLimits);
    EXPECT_EQ(clone.size(), static_cast<size_t>(size));
    EXPECT_EQ(Text(clone.First()), "0");
    Add(&clone, "other");
    EXPECT_EQ(Text(clone.Last()), "other");
  }
}

TEST(List, IsFreedInSlices) {
  Ref<List> list = MakeNumbers(100000);
  int slices = 1;
  while (!list->FreeSome(64)) ++slices;
  EXPECT_GT(slices, 30);
  EXPECT_EQ(list->size(), 0u);
}

}  // namespace
}  // namespace larder::storage
