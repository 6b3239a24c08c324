// What eviction and expiry cost a key: each iteration is one key.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "storage/database.h"
#include "storage/expiry_wheel.h"
#include "storage/keyspace.h"
#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr auto kForEver = std::chrono::steady_clock::time_point::max();
constexpr int64_t kStart = 1'700'000'000'000;

void Set(Keyspace& keyspace, uint64_t number, int64_t now_ms, int64_t expire_at_ms) {
  static const std::string value(100, 'v');
  const std::string bytes = "key:" + std::to_string(number);
  Database db(keyspace, 0, now_ms);
  db.SetString(db.HashedKey(bytes), value, {.expire_at_ms = expire_at_ms});
}

// A write at the cap: the key and the eviction that it takes.
void BM_WriteAtTheCap(benchmark::State& state) {
  Keyspace keyspace({.hash_seed = 5}, nullptr);
  keyspace.set_policy(static_cast<EvictionPolicy>(state.range(0)));
  memory::Flush();
  keyspace.set_memory_limit(memory::UsedBytes() + 200'000'000);
  uint64_t next = 0;
  const auto write = [&] {
    const int64_t now_ms = kStart + static_cast<int64_t>(next / 1000);
    Set(keyspace, next++, now_ms, now_ms + 3'600'000);
    if (keyspace.OverLimit()) keyspace.Evict(next, now_ms, kForEver);
  };
  while (keyspace.Stats().evicted == 0) {
    for (int i = 0; i < 10'000; ++i) write();
  }
  for (auto _ : state) write();
}
BENCHMARK(BM_WriteAtTheCap)
    ->ArgName("policy")
    ->Arg(static_cast<int>(EvictionPolicy::kAllKeysLfu))
    ->Arg(static_cast<int>(EvictionPolicy::kAllKeysLru))
    ->Arg(static_cast<int>(EvictionPolicy::kAllKeysRandom))
    ->Arg(static_cast<int>(EvictionPolicy::kVolatileTtl));

// Expiry of a million keys that are due together: a rate per core.
void BM_ExpireDueKeys(benchmark::State& state) {
  constexpr int kKeys = 1'000'000;
  for (auto _ : state) {
    state.PauseTiming();
    Keyspace keyspace({.hash_seed = 5}, nullptr);
    for (int i = 0; i < kKeys; ++i)
      Set(keyspace, static_cast<uint64_t>(i), kStart, kStart + i / 1000);
    state.ResumeTiming();
    for (size_t stripe = 0; stripe < keyspace.stripe_count(); ++stripe) {
      while (keyspace.ExpireSlice(stripe, kStart + 2000, kForEver)) {
      }
    }
    state.PauseTiming();
    if (keyspace.KeyCount(0) != 0) state.SkipWithError("keys are left");
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}
BENCHMARK(BM_ExpireDueKeys)->Unit(benchmark::kMillisecond);

void BM_WheelAdd(benchmark::State& state) {
  ExpiryWheel wheel;
  uint32_t reference = 0;
  for (auto _ : state) {
    ++reference;
    wheel.Add(reference, kStart + reference % 3'600'000, kStart);
  }
}
BENCHMARK(BM_WheelAdd)->Iterations(5'000'000);

}  // namespace
}  // namespace larder::storage
