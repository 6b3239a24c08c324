// What an item takes for each size of value from 8 B to 4 KB: the slab's pages, the table and the
// expiry wheel. Waste is what it would not take if its entry could be cut to measure. Finds the
// steepest step between neighbouring sizes and the worst waste.
//
//   entry_sizes_tool            a table of ranges
//   entry_sizes_tool --all      every size
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/keyspace.h"

namespace larder::storage {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kHeaderBytes = 4;
constexpr size_t kExpiryBytes = 8;
constexpr size_t kValueBytesMin = 8;
constexpr size_t kValueBytesMax = 4096;
constexpr size_t kFilledBytes = 4 * 1024 * 1024;
constexpr double kWastePercentMax = 15;

struct Measured {
  size_t value_bytes;
  double bytes;     // of pages, wheel and table for each item
  double overhead;  // beyond key and value
  double waste;     // over what the item would take if its entry took just what it asks: percent
};

// Classes are multiples of 4 or 8 bytes: an entry just fits, or is one byte too long.
std::vector<size_t> Sizes() {
  std::vector<size_t> sizes;
  const auto add = [&](size_t first, size_t last, size_t step) {
    for (size_t size = first; size < last; size += step) {
      sizes.push_back(size);
      sizes.push_back(size + 1);
    }
  };
  add(kValueBytesMin, 140, 4);
  add(140, 516, 8);
  add(516, kValueBytesMax, 16);
  sizes.push_back(kValueBytesMax);
  return sizes;
}

Measured Measure(size_t value_bytes, bool with_expiry) {
  const size_t asked = kKeyBytes + value_bytes + kHeaderBytes + (with_expiry ? kExpiryBytes : 0);
  Keyspace keyspace(KeyspaceOptions{.stripes = 1, .hash_seed = 5}, nullptr);
  Database db(keyspace, 0, 0);
  const std::string value(value_bytes, 'v');
  std::array<char, kKeyBytes + 1> key;
  const size_t keys = kFilledBytes / asked;
  for (size_t i = 0; i < keys; ++i) {
    std::snprintf(key.data(), key.size(), "key:%012zu", i);
    db.SetString(db.HashedKey({key.data(), kKeyBytes}), value,
                 {.expire_at_ms = with_expiry ? 864000000 : kNoExpiry});
  }
  keyspace.ExpireSlice(0, 0, std::chrono::steady_clock::now());  // counts the wheel
  const KeyspaceStats stats = keyspace.Stats();
  const auto each = [&](size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(keys);
  };
  const double rest = each(stats.wheel_bytes) + each(stats.table_bytes);
  const double bytes = each(stats.slab_bytes_reserved) + rest;
  return {value_bytes, bytes, bytes - static_cast<double>(kKeyBytes + value_bytes),
          (bytes / (static_cast<double>(asked) + rest) - 1) * 100};
}

void PrintRanges(const std::vector<Measured>& all) {
  std::printf("| values | overhead, mean | worst (at) | waste %%, mean | worst (at) |\n");
  std::printf("|---|---|---|---|---|\n");
  for (size_t first = kValueBytesMin; first < kValueBytesMax; first *= 2) {
    const size_t last = std::min(first * 2, kValueBytesMax + 1) - 1;
    const Measured* most = nullptr;
    const Measured* wasteful = nullptr;
    double overhead = 0, waste = 0;
    size_t count = 0;
    for (const Measured& one : all) {
      if (one.value_bytes < first || one.value_bytes > last) continue;
      ++count;
      overhead += one.overhead;
      waste += one.waste;
      if (most == nullptr || one.overhead > most->overhead) most = &one;
      if (wasteful == nullptr || one.waste > wasteful->waste) wasteful = &one;
    }
    const auto number = static_cast<double>(count);
    std::printf("| %zu to %zu B | %.1f | %.1f (%zu B) | %.1f | %.1f (%zu B) |\n", first, last,
                overhead / number, most->overhead, most->value_bytes, waste / number,
                wasteful->waste, wasteful->value_bytes);
  }
}

void Print(bool with_expiry, bool print_all) {
  std::vector<Measured> all;
  for (const size_t size : Sizes()) {
    all.push_back(Measure(size, with_expiry));
    if (print_all) {
      std::printf("%zu %.1f %.1f %.2f\n", size, all.back().bytes, all.back().overhead,
                  all.back().waste);
    }
  }
  std::printf("\n%s, %zu-byte keys\n\n", with_expiry ? "With TTL" : "Without TTL", kKeyBytes);
  PrintRanges(all);
  size_t steepest = 1;
  double waste = 0;
  const auto step = [&](size_t i) { return (all[i].bytes / all[i - 1].bytes - 1) * 100; };
  for (size_t i = 1; i < all.size(); ++i) {
    if (step(i) > step(steepest)) steepest = i;
    waste = std::max(waste, all[i].waste);
  }
  std::printf(
      "\nSteepest step: %.1f %%, from %zu to %zu B. Worst waste: %.1f %%. Bound %.0f %%: %s\n",
      step(steepest), all[steepest - 1].value_bytes, all[steepest].value_bytes, waste,
      kWastePercentMax, std::max(step(steepest), waste) <= kWastePercentMax ? "held" : "missed");
}

}  // namespace
}  // namespace larder::storage

int main(int argc, char** argv) {
  const bool print_all = argc > 1 && std::strcmp(argv[1], "--all") == 0;
  larder::storage::Print(false, print_all);
  larder::storage::Print(true, print_all);
}
