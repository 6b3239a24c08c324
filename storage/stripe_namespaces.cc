// Stripe's namespaces: what a change of a key counts for, counting keys that were there before
// their namespace, and finding something of one that may be evicted.
#include <algorithm>
#include <array>
#include <span>

#include "storage/eviction.h"
#include "storage/slice_budget.h"
#include "storage/stripe.h"

namespace larder::storage {
namespace {

// More changes than a command has under way at a time; a long transaction's earlier ones are over.
constexpr size_t kOpenChangesMax = 64;

}  // namespace

// ---- counting

NamespaceCounts* Stripe::RowOf(std::string_view key) const {
  if (namespaces_ == nullptr) return nullptr;
  Namespace* const of = namespaces_->Find(key);
  return of == nullptr ? nullptr : &of->counts[index_];
}

void Stripe::CountLookup(std::string_view key, bool hit) {
  NamespaceCounts* const row = RowOf(key);
  if (row != nullptr) (hit ? row->hits : row->misses).Add(1);
}

void Stripe::CountStaleHit(std::string_view key) {
  if (NamespaceCounts* const row = RowOf(key)) row->stale_hits.Add(1);
}

void Stripe::CountWrite(std::string_view key) {
  if (NamespaceCounts* const row = RowOf(key)) row->writes.Add(1);
}

// Whether what becomes of a key changes the counts, or is left to the walk that has yet to come.
bool Stripe::Counts(const Namespace& of, int database, uint64_t hash) const {
  const CountState state = of.states[index_].load(std::memory_order_relaxed);
  if (state != CountState::kCounting) return state == CountState::kCounted;
  if (database != count_walk_.database) return database < count_walk_.database;
  return this->database(database).table.PositionOf(hash) < count_walk_.position;
}

void Stripe::AddBytes(Namespace& to, int64_t bytes) {
  to.counts[index_].bytes.Add(bytes);
  if (!to.has_quota()) return;
  const int64_t total = to.quota_bytes.fetch_add(bytes) + bytes;
  if (total > to.spec.bytes_max && !to.over.load()) namespaces_->NoteOver(to);
}

void Stripe::CountIn(int database, uint64_t hash, const Entry& entry, int64_t items) {
  Namespace* const of = namespaces_->Find(entry.key());
  if (of == nullptr || !Counts(*of, database, hash)) return;
  of->counts[index_].items.Add(items);
  AddBytes(*of, static_cast<int64_t>(entry.MemoryBytes()));
}

void Stripe::CountOut(int database, uint64_t hash, const Entry& entry, int64_t items) {
  const bool bytes_are_out = TakeFromOpen(entry);
  Namespace* const of = namespaces_->Find(entry.key());
  if (of == nullptr || !Counts(*of, database, hash)) return;
  of->counts[index_].items.Add(items);
  if (!bytes_are_out) AddBytes(*of, -static_cast<int64_t>(entry.MemoryBytes()));
}

// ---- changes in place

bool Stripe::TakeFromOpen(const Entry& entry) {
  const auto found = std::find_if(open_changes_.begin(), open_changes_.end(),
                                  [&](const OpenedChange& open) { return open.entry == &entry; });
  if (found == open_changes_.end()) return false;
  *found = open_changes_.back();
  open_changes_.pop_back();
  return true;
}

void Stripe::OpenChange(int database, uint64_t hash, Entry* entry) {
  CountOut(database, hash, *entry, 0);
  if (open_changes_.size() >= kOpenChangesMax) CloseChanges();
  open_changes_.push_back({database, hash, entry});
}

void Stripe::CloseChanges() {
  if (open_changes_.empty()) return;
  for (const OpenedChange& open : open_changes_) {
    CountIn(open.database, open.hash, *open.entry, 0);
  }
  open_changes_.clear();
}

// ---- definitions

void Stripe::NamespacesChanged(std::span<Namespace* const> recounted) {
  namespaces_ = context_.namespaces->any() ? context_.namespaces : nullptr;
  if (namespaces_ == nullptr) {
    count_walk_ = {};
    wants_count_.store(false, std::memory_order_relaxed);
    return;
  }
  if (keys.Get() > 0) {
    if (!recounted.empty()) wants_count_.store(true, std::memory_order_relaxed);
    return;
  }
  for (Namespace* const of : recounted) {
    of->states[index_].store(CountState::kCounted, std::memory_order_relaxed);
  }
}

int64_t Stripe::ExpiryInNamespace(std::string_view key, int64_t expire_at_ms, bool stays,
                                  int64_t now_ms) {
  const Namespace* const of = namespaces_->Find(key);
  if (of == nullptr) return expire_at_ms;
  const NamespaceSpec& spec = of->spec;
  // From nothing to all of the jitter.
  const double jitter = spec.jitter_percent == 0 ? 0
                                                 : static_cast<double>(Random() >> 11) * 0x1p-53 *
                                                       spec.jitter_percent / 100;
  if (spec.default_ttl_s > 0 && expire_at_ms == kNoExpiry && !stays) {
    const double share = (Random() >> 63) != 0 ? jitter : -jitter;
    const double ttl_ms = static_cast<double>(spec.default_ttl_s) * 1000 * (1 + share);
    expire_at_ms = now_ms + std::max<int64_t>(1, static_cast<int64_t>(ttl_ms));
  }
  if (spec.ttl_s_max > 0) {
    const int64_t latest_ms = now_ms + spec.ttl_s_max * 1000;
    if (expire_at_ms == kNoExpiry || expire_at_ms > latest_ms) {
      // What is cut off is spread downwards: a limit is a limit.
      const double less_ms = static_cast<double>(spec.ttl_s_max) * 1000 * jitter;
      expire_at_ms = std::max(now_ms + 1, latest_ms - static_cast<int64_t>(less_ms));
    }
  }
  return expire_at_ms;
}

// ---- keys that were there before

void Stripe::BeginCount() {
  count_walk_ = {.running = true};
  for (const NamespacePointer& of : namespaces_->all()) {
    std::atomic<CountState>& state = of->states[index_];
    if (state.load(std::memory_order_relaxed) == CountState::kWaiting)
      state.store(CountState::kCounting);
  }
}

void Stripe::EndCount() {
  count_walk_ = {};
  bool any_waits = false;
  for (const NamespacePointer& of : namespaces_->all()) {
    std::atomic<CountState>& state = of->states[index_];
    if (state.load(std::memory_order_relaxed) == CountState::kCounting)
      state.store(CountState::kCounted);
    any_waits |= state.load(std::memory_order_relaxed) == CountState::kWaiting;
  }
  wants_count_.store(any_waits, std::memory_order_relaxed);
}

void Stripe::CountSegment(int database) {
  std::array<const Entry*, (kHomeBuckets + kStashBuckets) * kSlotsPerBucket> entries;
  size_t count = 0;
  Table& table = this->database(database).table;
  const uint64_t begin = count_walk_.position;
  const uint64_t end = table.VisitSegmentAt(begin, [&](SlotRef ref) {
    __builtin_prefetch(ref.entry());
    entries[count++] = ref.entry();
  });
  for (const Entry* const entry : std::span(entries).first(count)) {
    Namespace* const of = namespaces_->Find(entry->key());
    if (of == nullptr) continue;
    NamespaceCounts& row = of->counts[index_];
    if (of->states[index_].load(std::memory_order_relaxed) != CountState::kCounting) continue;
    // Segments that were merged hold keys which the walk has passed already.
    if (table.PositionOf(context_.hasher->Hash(entry->key())) < begin) continue;
    row.items.Add(1);
    AddBytes(*of, static_cast<int64_t>(entry->MemoryBytes()));
  }
  count_walk_.position = end;
}

bool Stripe::CountSlice(std::chrono::steady_clock::time_point deadline) {
  if (namespaces_ == nullptr || !wants_count()) return false;
  CloseChanges();
  if (!count_walk_.running) BeginCount();
  SliceBudget budget(deadline);
  for (; count_walk_.database < static_cast<int>(databases_.size()); ++count_walk_.database) {
    if (database(count_walk_.database).table.size() == 0) {
      count_walk_.position = 0;
      continue;
    }
    do {
      if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
      CountSegment(count_walk_.database);
    } while (count_walk_.position != 0);
  }
  EndCount();
  return wants_count();
}

// Nobody knows how many of a table's keys were whose: what is left is counted anew.
void Stripe::CountAfterFlush() {
  RecountAll();
  if (keys.Get() == 0) EndCountOfNothing();
}

void Stripe::RecountAll() {
  open_changes_.clear();  // their bytes are out, and whatever is counted again is counted whole
  count_walk_ = {};
  for (const NamespacePointer& of : namespaces_->all()) {
    NamespaceCounts& row = of->counts[index_];
    AddBytes(*of, -row.bytes.Get());
    row.items.Set(0);
    of->states[index_].store(CountState::kWaiting, std::memory_order_relaxed);
  }
  wants_count_.store(true, std::memory_order_relaxed);
}

void Stripe::EndCountOfNothing() {
  BeginCount();
  EndCount();
}

// ---- eviction

int64_t Stripe::PinnedKeys() const {
  if (namespaces_ == nullptr || !namespaces_->pins()) return 0;
  int64_t pinned = 0;
  for (const NamespacePointer& of : namespaces_->all()) {
    if (of->spec.no_evict) pinned += of->counts[index_].items.Get();
  }
  return pinned;
}

bool Stripe::MayEvictInNamespaces(const Entry& entry, const Namespace* only) const {
  if (only == nullptr && !namespaces_->pins()) return true;
  const Namespace* const of = namespaces_->Find(entry.key());
  if (only != nullptr) return of == only && !only->spec.no_evict;
  return of == nullptr || !of->spec.no_evict;
}

// Evicts the worst of the next segment that has any which may go; or at least gets on a few
// segments. False when there are none, after one round through all of them.
bool Stripe::EvictByWalk(const EvictionPressure& pressure) {
  constexpr int kSegmentsMax = 4;
  EvictWalk& walk = evict_walk_;
  const uint64_t of = pressure.only == nullptr ? 0 : pressure.only->id;
  if (walk.of != of) walk = {.of = of};
  if (walk.barren_at_ms >= 0 && pressure.now_ms >= walk.barren_at_ms &&
      pressure.now_ms - walk.barren_at_ms < Namespace::kBarrenForMs) {
    return false;
  }
  const bool only_volatile = IsVolatilePolicy(pressure.policy);
  for (int visited = 0; visited < kSegmentsMax;) {
    if (walk.database == static_cast<int>(databases_.size())) {
      const bool barren = !walk.found;
      walk = {.of = of, .barren_at_ms = barren ? pressure.now_ms : -1};
      if (barren) return false;
    }
    const int database = walk.database;
    Table& table = this->database(database).table;
    if (table.size() == 0) {
      walk.position = 0;
      ++walk.database;
      continue;
    }
    Sample sample;
    walk.position = table.VisitSegmentAt(walk.position, [&](SlotRef ref) {
      if (sample.count == sample.refs.size() || (only_volatile && !ref.Get().has_expiry())) return;
      if (MayEvict(*ref.entry(), pressure.only)) sample.refs[sample.count++] = ref;
    });
    if (walk.position == 0) ++walk.database;
    ++visited;
    if (sample.count == 0) continue;
    walk.found = true;
    EvictWorstOf(database, sample, pressure);
    return true;
  }
  return true;
}

}  // namespace larder::storage
