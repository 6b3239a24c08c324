// Replays cache traces through the real storage code and prints hit ratios, beside what exact LRU,
// Redis, S3-FIFO and the optimum would have had.
//
// usage: hit_ratio_tool [--percent 0.1,1,10] [--stripes 16] [--only-larder] [--pay-overhead]
//                       [TRACE…]
//
// A trace is a file of rows `key,size`, `key,size,ttl_s` or `time_s,key,size,ttl_s`, plain or .xz
// (bench/cache_trace.h). Size 1 throughout counts objects. The cap is a percentage of all objects'
// bytes (or number); maxmemory is then what a cross-section of the objects with that many bytes
// takes in the real cache, headers and tables included, so that all policies have room for the same
// data. With --pay-overhead it is that many bytes and not one more: keys and values only for the
// simulated caches, everything for the real one.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/cache_trace.h"
#include "bench/reference_caches.h"
#include "storage/database.h"
#include "storage/keyspace.h"
#include "storage/memory.h"

namespace larder::bench {
namespace {

using storage::Database;
using storage::EvictionPolicy;
using storage::EvictOutcome;
using storage::Key;
using storage::Keyspace;
using storage::KeyspaceObserver;
using storage::KeyspaceOptions;

constexpr int64_t kEpochMs = 1'700'000'000'000;
constexpr size_t kCountedValueBytes = 1500;  // of an object in a trace that counts objects
constexpr int64_t kMaintenanceEveryMs = 100;

class Silence : public KeyspaceObserver {
 public:
  void OnExpired(int, std::string_view) override {}
  void OnEvicted(int, std::string_view) override {}
};

struct Options {
  std::vector<double> percents = {0.1, 1, 10};
  size_t stripes = 16;
  bool only_larder = false;
  bool pay_overhead = false;
  std::vector<std::string> traces;
};

// The storage code as a worker drives it: reads, fills on a miss, evicts before the next request,
// and expires between requests.
class RealCache {
 public:
  RealCache(const Options& options, EvictionPolicy policy)
      : keyspace_(KeyspaceOptions{.stripes = options.stripes, .hash_seed = 42}, &observer_),
        base_bytes_(UsedBytes()) {
    keyspace_.set_policy(policy);
  }

  void SetLimit(int64_t data_bytes) { keyspace_.set_memory_limit(base_bytes_ + data_bytes); }
  int64_t DataBytes() const { return UsedBytes() - base_bytes_; }

  bool Get(const std::string& bytes, int64_t now_ms) {
    Database database(keyspace_, 0, now_ms);
    const Key key = database.HashedKey(bytes);
    Locked locked(keyspace_.lock(keyspace_.StripeOf(key.hash)));
    return database.Find(key) != nullptr;
  }

  void Set(const std::string& bytes, size_t value_bytes, int64_t now_ms, int64_t ttl_ms) {
    Database database(keyspace_, 0, now_ms);
    const Key key = database.HashedKey(bytes);
    const size_t home = keyspace_.StripeOf(key.hash);
    {
      Locked locked(keyspace_.lock(home));
      if (value_.size() < value_bytes) value_.resize(value_bytes, 'x');
      database.SetString(key, std::string_view(value_).substr(0, value_bytes),
                         {.expire_at_ms = ttl_ms == 0 ? storage::kNoExpiry : now_ms + ttl_ms});
    }
    storage::memory::Flush();
    while (keyspace_.OverLimit() &&
           keyspace_.Evict(home, now_ms, std::chrono::steady_clock::time_point::max()) ==
               EvictOutcome::kMoreToDo) {
    }
  }

  void Maintain(int64_t now_ms) {
    if (now_ms < maintain_at_ms_) return;
    maintain_at_ms_ = now_ms + kMaintenanceEveryMs;
    constexpr auto kForEver = std::chrono::steady_clock::time_point::max();
    for (size_t stripe = 0; stripe < keyspace_.stripe_count(); ++stripe) {
      while (keyspace_.ExpireSlice(stripe, now_ms, kForEver)) {
      }
    }
    while (keyspace_.FreeSlice(kForEver)) {
    }
  }

 private:
  class Locked {
   public:
    explicit Locked(storage::StripeLock& lock) : lock_(lock) { lock_.Lock(); }
    ~Locked() { lock_.Unlock(); }

   private:
    storage::StripeLock& lock_;
  };
  static int64_t UsedBytes() {
    storage::memory::Flush();
    return storage::memory::UsedBytes();
  }

  Silence observer_;
  Keyspace keyspace_;
  int64_t base_bytes_;
  int64_t maintain_at_ms_ = 0;
  std::string value_;
};

size_t ValueBytes(const CacheTrace& trace, uint32_t object, uint32_t size) {
  if (size == 1) return kCountedValueBytes;
  const size_t key_bytes = trace.keys[object].size();
  return size > key_bytes ? size - key_bytes : 0;
}

// What objects with `capacity` bytes (or so many of them) take in the real cache: a cross-section,
// in an order of its own.
int64_t RealBytes(const CacheTrace& trace, uint64_t capacity, const Options& options) {
  std::vector<uint32_t> objects(trace.keys.size());
  std::iota(objects.begin(), objects.end(), 0);
  std::shuffle(objects.begin(), objects.end(), std::mt19937_64(42));
  RealCache cache(options, EvictionPolicy::kNoEviction);
  uint64_t bytes = 0;
  for (const uint32_t object : objects) {
    const uint32_t size = trace.size_max[object];
    if (bytes + size > capacity) break;
    bytes += size;
    const bool expires = trace.requests.front().ttl_ms != 0;
    cache.Set(trace.keys[object], ValueBytes(trace, object, size), kEpochMs,
              expires ? int64_t{1} << 40 : 0);
  }
  return cache.DataBytes() * static_cast<int64_t>(capacity) / static_cast<int64_t>(bytes);
}

uint64_t ReplayReal(const CacheTrace& trace, uint64_t capacity, EvictionPolicy policy,
                    const Options& options) {
  const int64_t data_bytes =
      options.pay_overhead ? static_cast<int64_t>(capacity) : RealBytes(trace, capacity, options);
  RealCache cache(options, policy);
  cache.SetLimit(data_bytes);
  uint64_t hits = 0;
  for (const Request& request : trace.requests) {
    const int64_t now_ms = kEpochMs + request.time_ms;
    const std::string& key = trace.keys[request.object];
    cache.Maintain(now_ms);
    if (cache.Get(key, now_ms)) {
      ++hits;
    } else if (request.size <= capacity) {
      cache.Set(key, ValueBytes(trace, request.object, request.size), now_ms, request.ttl_ms);
    }
  }
  return hits;
}

template <class Policy, class... Arguments>
uint64_t ReplaySimulated(const CacheTrace& trace, uint64_t capacity, Arguments... arguments) {
  Policy policy(trace, arguments...);
  return Replay(trace, capacity, policy);
}

void PrintRow(const CacheTrace& trace, double percent, const Options& options) {
  const uint64_t total = trace.TotalBytes();
  const auto capacity =
      std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(total) * percent / 100));
  const auto print = [&](uint64_t hits) {
    std::printf(" %.2f |",
                100.0 * static_cast<double>(hits) / static_cast<double>(trace.requests.size()));
    std::fflush(stdout);
  };
  std::printf("| %s | %g %% |", trace.name.c_str(), percent);
  print(ReplayReal(trace, capacity, EvictionPolicy::kAllKeysLfu, options));
  print(ReplayReal(trace, capacity, EvictionPolicy::kAllKeysLru, options));
  if (!options.only_larder) {
    print(ReplaySimulated<ExactLru>(trace, capacity));
    print(ReplaySimulated<RedisSampler>(trace, capacity, false));
    print(ReplaySimulated<RedisSampler>(trace, capacity, true));
    print(ReplaySimulated<S3Fifo>(trace, capacity, capacity));
    print(ReplayBelady(trace, capacity));
  }
  std::printf("\n");
}

void PrintHeader(const Options& options) {
  std::printf(
      "| trace | cap | Larder `allkeys-lfu` | Larder `allkeys-lru` |%s\n|---|---|---|---|%s\n",
      options.only_larder ? "" : " exact LRU | Redis LRU | Redis LFU | S3-FIFO | optimum |",
      options.only_larder ? "" : "---|---|---|---|---|");
}

std::vector<double> ParsePercents(const char* text) {
  std::vector<double> percents;
  for (char* end = nullptr; *text != '\0'; text = *end == ',' ? end + 1 : end) {
    const double percent = std::strtod(text, &end);
    if (end == text) break;
    percents.push_back(percent);
  }
  return percents;
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--percent") == 0 && i + 1 < argc) {
      options.percents = ParsePercents(argv[++i]);
    } else if (std::strcmp(argv[i], "--stripes") == 0 && i + 1 < argc) {
      options.stripes = std::strtoul(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--pay-overhead") == 0) {
      options.pay_overhead = true;
    } else if (std::strcmp(argv[i], "--only-larder") == 0) {
      options.only_larder = true;
    } else {
      options.traces.emplace_back(argv[i]);
    }
  }
  PrintHeader(options);
  if (options.traces.empty()) {
    const CacheTrace trace = GenerateTrace();
    for (const double percent : options.percents) PrintRow(trace, percent, options);
  }
  for (const std::string& path : options.traces) {
    const auto trace = ReadTrace(path);
    if (!trace) {
      std::fprintf(stderr, "hit_ratio_tool: cannot read '%s'\n", path.c_str());
      return 1;
    }
    for (const double percent : options.percents) PrintRow(*trace, percent, options);
  }
  return 0;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) { return larder::bench::Main(argc, argv); }
