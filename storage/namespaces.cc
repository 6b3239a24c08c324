#include "storage/namespaces.h"

#include <algorithm>
#include <utility>

#include "storage/memory.h"

namespace larder::storage {
namespace {

void Take(NamespaceCounts& to, const NamespaceCounts& from) {
  for (auto counter :
       {&NamespaceCounts::items, &NamespaceCounts::bytes, &NamespaceCounts::hits,
        &NamespaceCounts::misses, &NamespaceCounts::stale_hits, &NamespaceCounts::evicted,
        &NamespaceCounts::expired, &NamespaceCounts::writes}) {
    (to.*counter).Set((from.*counter).Get());
  }
}

size_t RowBytes() { return sizeof(NamespaceCounts) + sizeof(CountState); }

}  // namespace

Namespace::Namespace(NamespaceSpec the_spec, uint64_t the_id, size_t stripes)
    : spec(std::move(the_spec)), id(the_id), counts(stripes), states(stripes) {
  memory::Count(static_cast<int64_t>(stripes * RowBytes()));
}

Namespace::~Namespace() { memory::Count(-static_cast<int64_t>(counts.size() * RowBytes())); }

// The greatest prefix that is not above the key. Every prefix that the key begins with lies at or
// below it, and it begins with that one too: so they are all among its shorter ones.
const Namespace* Namespaces::NearestOf(std::string_view key) const {
  const size_t byte = static_cast<size_t>(FirstByte(key));
  size_t low = first_[byte];
  size_t high = first_[byte + 1];
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (all_[middle]->spec.prefix <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low > first_[byte]) return all_[low - 1].get();
  return first_[1] > 0 ? all_.front().get() : nullptr;  // the one of the empty prefix
}

Namespace* Namespaces::Find(std::string_view key) const {
  const Namespace* found = NearestOf(key);
  while (found != nullptr && !key.starts_with(found->spec.prefix)) found = found->shorter_;
  return const_cast<Namespace*>(found);
}

void Namespaces::Rebuild() {
  std::sort(all_.begin(), all_.end(), [](const NamespacePointer& a, const NamespacePointer& b) {
    return a->spec.prefix < b->spec.prefix;
  });
  first_.fill(0);
  for (const NamespacePointer& one : all_) {
    ++first_[static_cast<size_t>(FirstByte(one->spec.prefix)) + 1];
  }
  for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  for (size_t i = 0; i < all_.size(); ++i) {
    const Namespace* shorter = i == 0 ? nullptr : all_[i - 1].get();
    while (shorter != nullptr && !all_[i]->spec.prefix.starts_with(shorter->spec.prefix)) {
      shorter = shorter->shorter_;
    }
    all_[i]->shorter_ = shorter;
  }
  any_.store(!all_.empty(), std::memory_order_relaxed);
  pins_.store(
      std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one->spec.no_evict; }),
      std::memory_order_relaxed);
}

// Its keys are not what they were: the next walk counts them.
void Namespaces::Recount(const Namespace* of, std::vector<Namespace*>* recounted) {
  if (of == nullptr) return;
  auto& changed = const_cast<Namespace&>(*of);
  recounted->push_back(&changed);
  for (NamespaceCounts& row : changed.counts) {
    row.items.Set(0);
    row.bytes.Set(0);
  }
  for (auto& state : changed.states) state.store(CountState::kWaiting, std::memory_order_relaxed);
  changed.quota_bytes.store(0);
}

Namespaces::Refusal Namespaces::Define(const NamespaceSpec& spec,
                                       std::vector<Namespace*>* recounted) {
  std::lock_guard lock(mutex_);
  auto named = std::find_if(all_.begin(), all_.end(),
                            [&](const auto& one) { return one->spec.name == spec.name; });
  for (const NamespacePointer& one : all_) {
    if (one->spec.prefix == spec.prefix && one->spec.name != spec.name) {
      return Refusal::kPrefixTaken;
    }
  }
  const bool is_new = named == all_.end();
  if (is_new && all_.size() >= kNamespacesMax) return Refusal::kTooMany;
  const bool keeps_keys = !is_new && (*named)->spec.prefix == spec.prefix;
  auto made = std::make_shared<Namespace>(spec, keeps_keys ? (*named)->id : next_id_++, stripes_);
  int64_t bytes = 0;
  if (!is_new) {
    for (size_t stripe = 0; stripe < stripes_; ++stripe) {
      Take(made->counts[stripe], (*named)->counts[stripe]);
      made->states[stripe].store((*named)->states[stripe].load(std::memory_order_relaxed),
                                 std::memory_order_relaxed);
      bytes += made->counts[stripe].bytes.Get();
    }
    if (!keeps_keys) Recount((*named)->shorter_, recounted);
    DropFromOver(*named);
    *named = made;
  } else {
    all_.push_back(made);
  }
  Rebuild();
  if (keeps_keys) {
    made->quota_bytes.store(bytes);
    if (made->OverQuota()) CountOver(made);
  } else {
    Recount(made.get(), recounted);
    Recount(made->shorter_, recounted);
  }
  return Refusal::kNone;
}

bool Namespaces::Remove(std::string_view name, std::vector<Namespace*>* recounted) {
  std::lock_guard lock(mutex_);
  const auto named = std::find_if(all_.begin(), all_.end(),
                                  [&](const auto& one) { return one->spec.name == name; });
  if (named == all_.end()) return false;
  Recount((*named)->shorter_, recounted);
  DropFromOver(*named);
  all_.erase(named);
  Rebuild();
  return true;
}

// ---- for those who hold no stripe

std::vector<NamespaceSpec> Namespaces::Specs() const {
  std::vector<NamespaceSpec> specs;
  {
    std::lock_guard lock(mutex_);
    for (const NamespacePointer& one : all_) specs.push_back(one->spec);
  }
  std::sort(specs.begin(), specs.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return specs;
}

NamespaceStats Namespaces::StatsOf(const Namespace& of) {
  NamespaceStats stats{.spec = of.spec, .id = of.id, .complete = true};
  int64_t items = 0, bytes = 0;
  for (const NamespaceCounts& row : of.counts) {
    items += row.items.Get();
    bytes += row.bytes.Get();
    stats.hits += static_cast<uint64_t>(row.hits.Get());
    stats.misses += static_cast<uint64_t>(row.misses.Get());
    stats.stale_hits += static_cast<uint64_t>(row.stale_hits.Get());
    stats.evicted += static_cast<uint64_t>(row.evicted.Get());
    stats.expired += static_cast<uint64_t>(row.expired.Get());
    stats.writes += static_cast<uint64_t>(row.writes.Get());
  }
  for (const auto& state : of.states) {
    stats.complete &= state.load(std::memory_order_relaxed) == CountState::kCounted;
  }
  stats.items = static_cast<uint64_t>(items);
  stats.bytes = static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
  return stats;
}

std::vector<NamespaceStats> Namespaces::Stats() const {
  std::vector<NamespacePointer> all;
  {
    std::lock_guard lock(mutex_);
    all = all_;
  }
  std::vector<NamespaceStats> stats;
  for (const NamespacePointer& one : all) stats.push_back(StatsOf(*one));
  std::sort(stats.begin(), stats.end(),
            [](const auto& a, const auto& b) { return a.spec.name < b.spec.name; });
  return stats;
}

std::optional<NamespaceStats> Namespaces::StatsOf(std::string_view name) const {
  const NamespacePointer named = ByName(name);
  if (named == nullptr) return std::nullopt;
  return StatsOf(*named);
}

NamespacePointer Namespaces::ByName(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto named = std::find_if(all_.begin(), all_.end(),
                                  [&](const auto& one) { return one->spec.name == name; });
  return named == all_.end() ? nullptr : *named;
}

NamespacePointer Namespaces::OfKey(std::string_view key) const {
  std::lock_guard lock(mutex_);
  const Namespace* const found = Find(key);
  if (found == nullptr) return nullptr;
  const auto same =
      std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.get() == found; });
  return *same;
}

// ---- quotas

void Namespaces::CountOver(const NamespacePointer& over) {
  over->over.store(true);
  over_.push_back(over);
  over_count_.store(over_.size());
  if (over_.size() == 1) over_changed_();
}

void Namespaces::DropFromOver(const NamespacePointer& under) {
  if (std::erase(over_, under) == 0) return;
  over_count_.store(over_.size());
  if (over_.empty()) over_changed_();
}

void Namespaces::NoteOver(Namespace& over) {
  std::lock_guard lock(mutex_);
  if (over.over.load()) return;
  const auto same =
      std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.get() == &over; });
  if (same != all_.end()) CountOver(*same);
}

std::vector<NamespacePointer> Namespaces::Over() const {
  std::lock_guard lock(mutex_);
  return over_;
}

void Namespaces::NoteUnderAgain(const NamespacePointer& under) {
  std::lock_guard lock(mutex_);
  under->over.store(false);
  DropFromOver(under);
  // A writer that has added since may still have found it noted.
  const bool is_defined = std::find(all_.begin(), all_.end(), under) != all_.end();
  if (is_defined && under->OverQuota()) CountOver(under);
}

}  // namespace larder::storage
