// The hot paths of the keyspace: finding, setting and deleting keys, in cache and out of it, alone
// and in batches as a pipeline gives them.
//
// `bytes_per_item` is what the process grew by for each key, less its key and value (16 + 32
// bytes).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "storage/database.h"
#include "storage/keyspace.h"

namespace larder::storage {
namespace {

constexpr size_t kKeyBytes = 16;

// "key:" and twelve digits.
void WriteKey(size_t number, char* key) {
  std::memcpy(key, "key:", 4);
  for (size_t i = kKeyBytes; i-- > 4; number /= 10) key[i] = static_cast<char>('0' + number % 10);
  key[kKeyBytes] = '\0';
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::unique_ptr<Keyspace> Filled(size_t keys, size_t value_bytes, bool with_expiry) {
  auto keyspace = std::make_unique<Keyspace>(KeyspaceOptions{.hash_seed = 5}, nullptr);
  Database db(*keyspace, 0, 0);
  const std::string value(value_bytes, 'v');
  std::array<char, kKeyBytes + 1> key;
  for (size_t i = 0; i < keys; ++i) {
    WriteKey(i, key.data());
    const auto expire_at_ms = with_expiry ? int64_t{3600000} + static_cast<int64_t>(i) : kNoExpiry;
    db.SetString(db.HashedKey({key.data(), kKeyBytes}), value, {.expire_at_ms = expire_at_ms});
  }
  return keyspace;
}

// A keyspace is reused by the benchmarks of its size: filling it takes the longest.
Keyspace& Shared(size_t keys) {
  static std::unique_ptr<Keyspace> keyspace;
  static size_t filled = 0;
  if (filled != keys) {
    keyspace.reset();
    keyspace = Filled(keys, 32, false);
    filled = keys;
  }
  return *keyspace;
}

void BM_Find(benchmark::State& state) {
  const auto keys = static_cast<size_t>(state.range(0));
  Database db(Shared(keys), 0, 0);
  std::minstd_rand random(1);
  std::array<char, kKeyBytes + 1> key;
  for (auto _ : state) {
    WriteKey(random() % keys, key.data());
    benchmark::DoNotOptimize(db.Find(db.HashedKey({key.data(), kKeyBytes}))->string().front());
  }
}
BENCHMARK(BM_Find)->Arg(1000)->Arg(4000000);

void BM_WriteKeyAlone(benchmark::State& state) {  // to be taken off the others
  std::minstd_rand random(1);
  std::array<char, kKeyBytes + 1> key;
  for (auto _ : state) {
    WriteKey(random() % 4000000, key.data());
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(BM_WriteKeyAlone);

void BM_FindBatch16(benchmark::State& state) {
  constexpr size_t kBatch = 16;
  const auto keys = static_cast<size_t>(state.range(0));
  Keyspace& keyspace = Shared(keys);
  Database db(keyspace, 0, 0);
  std::minstd_rand random(1);
  std::array<std::array<char, kKeyBytes + 1>, kBatch> bytes;
  std::array<Key, kBatch> batch;
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; ++i) {
      WriteKey(random() % keys, bytes[i].data());
      batch[i] = db.HashedKey({bytes[i].data(), kKeyBytes});
      keyspace.Prefetch(0, batch[i]);
    }
    for (const Key& key : batch) keyspace.PrefetchEntry(0, key);
    for (const Key& key : batch) benchmark::DoNotOptimize(db.Find(key)->string().front());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
}
BENCHMARK(BM_FindBatch16)->Arg(1000)->Arg(4000000);

void BM_FindMissing(benchmark::State& state) {
  const auto keys = static_cast<size_t>(state.range(0));
  Database db(Shared(keys), 0, 0);
  std::minstd_rand random(1);
  std::array<char, kKeyBytes + 1> key;
  for (auto _ : state) {
    WriteKey(keys + random() % keys, key.data());
    benchmark::DoNotOptimize(db.Find(db.HashedKey({key.data(), kKeyBytes})));
  }
}
BENCHMARK(BM_FindMissing)->Arg(1000)->Arg(4000000);

void BM_Overwrite(benchmark::State& state) {
  const auto keys = static_cast<size_t>(state.range(0));
  Database db(Shared(keys), 0, 0);
  std::minstd_rand random(1);
  const std::string value(32, 'w');
  std::array<char, kKeyBytes + 1> key;
  for (auto _ : state) {
    WriteKey(random() % keys, key.data());
    db.SetString(db.HashedKey({key.data(), kKeyBytes}), value);
  }
}
BENCHMARK(BM_Overwrite)->Arg(1000)->Arg(4000000);

void BM_SetAndDelete(benchmark::State& state) {
  const auto keys = static_cast<size_t>(state.range(0));
  Database db(Shared(keys), 0, 0);
  const std::string value(32, 'w');
  std::array<char, kKeyBytes + 1> bytes;
  size_t number = keys;
  for (auto _ : state) {
    WriteKey(++number, bytes.data());
    const Key key = db.HashedKey({bytes.data(), kKeyBytes});
    db.SetString(key, value);
    db.Delete(key);
  }
}
BENCHMARK(BM_SetAndDelete)->Arg(1000)->Arg(4000000);

// Fills a keyspace from nothing: the time per key includes splits.
void BM_Fill(benchmark::State& state) {
  const auto keys = static_cast<size_t>(state.range(0));
  const auto value_bytes = static_cast<size_t>(state.range(1));
  const bool with_expiry = state.range(2) != 0;
  Shared(0);
  for (auto _ : state) {
    const int64_t before = ResidentBytes();
    const auto keyspace = Filled(keys, value_bytes, with_expiry);
    const double grown = static_cast<double>(ResidentBytes() - before);
    const KeyspaceStats stats = keyspace->Stats();
    const auto per_item = [&](double bytes) { return bytes / static_cast<double>(keys); };
    const auto data = static_cast<double>(kKeyBytes + value_bytes);
    state.counters["bytes_per_item"] = per_item(grown) - data;
    state.counters["table"] = per_item(static_cast<double>(stats.table_bytes));
    state.counters["entry"] = per_item(static_cast<double>(stats.entry_bytes)) - data;
    state.counters["wheel"] = per_item(static_cast<double>(stats.wheel_bytes));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * keys));
}
BENCHMARK(BM_Fill)
    ->ArgNames({"keys", "value", "expiry"})
    ->ArgsProduct({{3000000, 4000000, 5000000, 6000000}, {32}, {0, 1}})
    ->Args({1000000, 300, 1})
    ->Args({1000000, 1024, 1})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace larder::storage
