// INFO keysizes: how many keys of each type have how many bytes or elements, by powers of two.
//
// Nothing is counted while keys change: all keys are looked at when somebody asks, in slices, other
// clients being served between two. So the section is written for many keys only where it is asked
// for by its name.
#include <array>
#include <bit>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include "server/commands/info_sections.h"
#include "server/dispatcher.h"
#include "storage/stream_value.h"

namespace larder {
namespace {

using storage::Entry;
using storage::Type;

constexpr size_t kKeysAtOnceMax = 4096;  // what a reply may wait for without giving others a turn
constexpr size_t kBucketsPerStep = 64;
constexpr int kTriesPerStripe = 20;  // of some 50 us each

// In the order in which they are shown.
struct Kind {
  Type type;
  std::string_view name;
};
constexpr Kind kKinds[] = {{Type::kString, "strings_sizes"}, {Type::kList, "lists_items"},
                           {Type::kSet, "sets_items"},       {Type::kZSet, "zsets_items"},
                           {Type::kHash, "hashes_items"},    {Type::kStream, "streams_items"}};
constexpr size_t kTypes = std::size(kKinds);

// Keys by the bits of their size: 0, 1, 2 to 3, 4 to 7, …
using Histogram = std::array<uint64_t, 65>;
using Histograms = std::array<Histogram, kTypes>;

size_t SizeOf(const Entry& entry) {
  if (entry.type() == Type::kString) return entry.string().size();
  // A stream's count has its groups in it.
  if (entry.type() == Type::kStream) return static_cast<storage::Stream*>(entry.object())->size();
  return entry.object()->ElementCount();
}

// "0", "512", "1K", "2M".
std::string Label(size_t bits) {
  if (bits == 0) return "0";
  constexpr std::string_view kUnits[] = {"", "K", "M", "G", "T", "P", "E"};
  const size_t exponent = bits - 1;
  return fmt::format("{}{}", uint64_t{1} << (exponent % 10), kUnits[exponent / 10]);
}

void Write(int database, const Histograms& histograms, InfoReport& report) {
  for (const Kind& kind : kKinds) {
    const Histogram& histogram = histograms[static_cast<size_t>(kind.type)];
    std::string bins;
    for (size_t bits = 0; bits < histogram.size(); ++bits) {
      if (histogram[bits] == 0) continue;
      fmt::format_to(std::back_inserter(bins), "{}{}={}", bins.empty() ? "" : ",", Label(bits),
                     histogram[bits]);
    }
    if (!bins.empty()) report.Field(fmt::format("db{}_distrib_{}", database, kind.name), bins);
  }
}

// A stripe that somebody holds for long is left out: a script may do so on this very stack.
Histograms Count(const InfoSource& source, int database, bool in_slices) {
  Dispatcher& dispatcher = *source.dispatcher;
  storage::Keyspace& keyspace = dispatcher.engine().keyspace;
  Histograms histograms{};
  uint64_t cursor = 0;
  int tries = 0;
  do {
    if (in_slices && dispatcher.TurnIsOver()) dispatcher.TakeTurn();
    const uint64_t next = keyspace.Scan(
        database, cursor, kBucketsPerStep, dispatcher.now_ms(), source.all_stripes_held,
        [&](const Entry& entry) {
          if (entry.type() == Type::kPass) return;  // has none
          ++histograms[static_cast<size_t>(entry.type())][std::bit_width(SizeOf(entry))];
        });
    const bool stuck = next == std::max<uint64_t>(cursor, 1);
    tries = stuck ? tries + 1 : 0;
    cursor = tries > kTriesPerStripe ? keyspace.NextStripe(cursor) : next;
  } while (cursor != 0);
  return histograms;
}

}  // namespace

void WriteKeySizesInfo(const InfoSource& source, InfoReport& report) {
  const storage::Keyspace& keyspace = source.engine.keyspace;
  size_t keys = 0;
  for (int i = 0; i < keyspace.database_count(); ++i) keys += keyspace.KeyCount(i);
  const bool few = keys <= kKeysAtOnceMax;
  const bool in_slices = source.may_take_turns && !source.dispatcher->turn_taken;
  if (!few && !(source.asked_by_name && in_slices)) return;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    if (keyspace.KeyCount(i) > 0) Write(i, Count(source, i, in_slices && !few), report);
  }
}

}  // namespace larder
