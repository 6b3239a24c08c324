// Namespaces: keys that begin with a prefix, counted, limited and timed apart from all others. A
// key belongs to the one with the longest prefix that it begins with, in whatever database.
//
// What happens is counted in a row per stripe and namespace, under the stripe's lock, and summed
// when somebody asks. Items and bytes are exact. Where a namespace is defined over keys that are
// there already, they are counted in the background, stripe after stripe, in the order of hashes
// (stripe_namespaces.cc). Whether a change of a key counts follows from where that walk has come
// to, under the lock that both hold: behind it changes count, before it they do not, since the walk
// will find what they have left. So every key counts exactly once. A namespace whose keys become
// another's, or another's its own, is counted anew.
//
// Finding a key's namespace costs a binary search and a step for each shorter prefix of the nearest
// one. A row takes 65 bytes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/relaxed_counter.h"

namespace larder::storage {

inline constexpr size_t kNamespacesMax = 4096;
inline constexpr size_t kNamespaceNameBytesMax = 64;
inline constexpr size_t kNamespacePrefixBytesMax = 256;
inline constexpr int64_t kNamespaceTtlSecondsMax = int64_t{100} * 365 * 24 * 3600;
inline constexpr int kNamespaceJitterPercentMax = 90;

// What an operator defines. 0: none.
struct NamespaceSpec {
  std::string name;
  std::string prefix;  // may be empty: all keys that no other has
  int64_t bytes_max = 0;
  int64_t default_ttl_s = 0;
  int64_t ttl_s_max = 0;
  int jitter_percent = 0;
  bool no_evict = false;
};

// Of one namespace in one stripe: changed under its lock, read by anybody.
struct alignas(64) NamespaceCounts {
  RelaxedCounter items, bytes;
  RelaxedCounter hits, misses, stale_hits, evicted, expired, writes;
};

// How far the keys of one namespace in one stripe are counted. Likewise.
enum class CountState : uint8_t {
  kWaiting,   // for a walk to begin: nothing is counted
  kCounting,  // what lies behind the walk is counted
  kCounted
};

struct NamespaceStats {
  NamespaceSpec spec;
  uint64_t id = 0;                // Namespace::id
  uint64_t items = 0, bytes = 0;  // of entries with their values, without the tables
  uint64_t hits = 0, misses = 0, evicted = 0, expired = 0, writes = 0;
  uint64_t stale_hits = 0;  // misses that were answered with a stale copy
  bool complete = false;    // all keys that were there are counted
};

class Namespace {
 public:
  Namespace(NamespaceSpec the_spec, uint64_t the_id, size_t stripes);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  bool has_quota() const { return spec.bytes_max > 0; }
  bool OverQuota() const { return has_quota() && quota_bytes.load() > spec.bytes_max; }

  const NamespaceSpec spec;
  const uint64_t id;  // stays the same while name and prefix do; never given twice
  std::vector<NamespaceCounts> counts;          // by stripe
  std::vector<std::atomic<CountState>> states;  // by stripe
  // The sum of `bytes`, while there is a quota.
  std::atomic<int64_t> quota_bytes{0};
  std::atomic<bool> over{false};  // it is in the list of those over their quota
  // Nothing that may be evicted was found a moment ago.
  std::atomic<int64_t> barren_at_ms{-1};
  static constexpr int64_t kBarrenForMs = 100;
  bool IsBarren(int64_t now_ms) const {
    const int64_t at_ms = barren_at_ms.load(std::memory_order_relaxed);
    return at_ms >= 0 && now_ms >= at_ms && now_ms - at_ms < kBarrenForMs;
  }

 private:
  friend class Namespaces;
  const Namespace* shorter_ = nullptr;  // the longest other prefix that this one begins with
};
using NamespacePointer = std::shared_ptr<Namespace>;

class Namespaces {
 public:
  // `over_changed` is called when there begin, or cease, to be namespaces over their quota.
  Namespaces(size_t stripes, std::function<void()> over_changed)
      : stripes_(stripes), over_changed_(std::move(over_changed)) {}

  // The namespace of a key, or null. REQUIRES: some stripe is locked, whichever; good as long.
  Namespace* Find(std::string_view key) const;
  const std::vector<NamespacePointer>& all() const { return all_; }  // likewise; by prefix

  // ---- definitions. REQUIRE: all stripes are locked.
  enum class Refusal : uint8_t { kNone, kTooMany, kPrefixTaken };
  // Defines a namespace, or another meaning of the same name. What was counted stays where the
  // prefix does.
  // Appends those whose keys are to be counted anew.
  Refusal Define(const NamespaceSpec& spec, std::vector<Namespace*>* recounted);
  bool Remove(std::string_view name, std::vector<Namespace*>* recounted);  // false: no such name

  // ---- thread-safe
  bool pins() const { return pins_.load(std::memory_order_relaxed); }  // any with `no_evict`
  bool any() const { return any_.load(std::memory_order_relaxed); }
  std::vector<NamespaceSpec> Specs() const;  // by name
  std::vector<NamespaceStats> Stats() const;
  std::optional<NamespaceStats> StatsOf(std::string_view name) const;
  NamespacePointer ByName(std::string_view name) const;
  NamespacePointer OfKey(std::string_view key) const;

  // ---- quotas. Thread-safe.
  bool any_over() const { return over_count_.load() != 0; }
  void NoteOver(Namespace& over);
  std::vector<NamespacePointer> Over() const;  // in the order in which they came to be
  void NoteUnderAgain(const NamespacePointer& under);

 private:
  void Rebuild();
  static void Recount(const Namespace* of, std::vector<Namespace*>* recounted);
  void CountOver(const NamespacePointer& over);
  void DropFromOver(const NamespacePointer& under);
  const Namespace* NearestOf(std::string_view key) const;
  static NamespaceStats StatsOf(const Namespace& of);
  static int FirstByte(std::string_view text) {
    return text.empty() ? 0 : static_cast<unsigned char>(text.front()) + 1;
  }

  const size_t stripes_;
  const std::function<void()> over_changed_;
  mutable std::mutex mutex_;  // for those who hold no stripe
  std::vector<NamespacePointer> all_;
  std::array<uint32_t, 258> first_{};  // where in all_ prefixes of a first byte begin
  std::atomic<bool> any_{false}, pins_{false};
  uint64_t next_id_ = 1;
  std::vector<NamespacePointer> over_;
  std::atomic<size_t> over_count_{0};
};

}  // namespace larder::storage
