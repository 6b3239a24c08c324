#include "storage/stripe.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace larder::storage {
namespace {

// One time's share of the sum behind AverageTtl; far ones are cut, so that the sum cannot overflow.
int64_t SecondsOf(int64_t expire_at_ms) {
  constexpr int64_t kSecondsMax = int64_t{1} << 36;
  return std::clamp<int64_t>(expire_at_ms / 1000, 0, kSecondsMax);
}

// Frees what is in a list, a few chunks at a time. False when the deadline came first.
template <class List>
bool FreeInSteps(List& list, std::chrono::steady_clock::time_point deadline) {
  constexpr size_t kChunksPerStep = 64;
  while (!list.empty()) {
    if (list.back()->FreeSome(kChunksPerStep)) list.pop_back();
    if (!list.empty() && std::chrono::steady_clock::now() >= deadline) return false;
  }
  return true;
}

bool FreeInSteps(FieldExpiries& expiries, std::chrono::steady_clock::time_point deadline) {
  constexpr size_t kExpiriesPerStep = 512;
  while (!expiries.empty()) {
    const size_t count = std::min(expiries.size(), kExpiriesPerStep);
    expiries.erase(expiries.begin(), std::next(expiries.begin(), static_cast<ptrdiff_t>(count)));
    if (!expiries.empty() && std::chrono::steady_clock::now() >= deadline) return false;
  }
  return true;
}

EntrySpec SpecOf(const Entry& entry) {
  EntrySpec spec{.key = entry.key(),
                 .object = entry.object(),
                 .type = entry.type(),
                 .raw = entry.raw(),
                 .expire_at_ms = entry.expire_at_ms(),
                 .extra = entry.extra_block()};
  if (spec.object == nullptr) spec.string = entry.string();
  return spec;
}

}  // namespace

Stripe::Stripe(const StripeContext& context, size_t index, int databases)
    : context_(context),
      index_(index),
      entries_(context.slab_pages),
      databases_(static_cast<size_t>(databases)),
      random_state_(reinterpret_cast<uintptr_t>(this) | 1) {
  for (StripeDatabase& database : databases_) {
    database.table.Init(context.hasher, context.pool, context.stripe_bits);
  }
}

Stripe::~Stripe() {
  for (size_t i = 0; i < databases_.size(); ++i) Flush(static_cast<int>(i));
  FreeSlice(std::chrono::steady_clock::time_point::max());
}

uint64_t Stripe::Random() {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_ * 0x2545f4914f6cdd1du;
}

void Stripe::CountExpiry(StripeDatabase& database, const Entry* entry, int change) {
  if (!entry->has_expiry()) return;
  database.expiries.Add(change);
  database.expiry_seconds.Add(change * SecondsOf(entry->expire_at_ms()));
}

void Stripe::FreeEntry(Entry* entry) { entries_.Free(entry, EntryLayout::Bytes(*entry)); }

void Stripe::DiscardEntry(Entry* entry) {
  auto object = Ref<Object>::Adopt(entry->object());
  FreeEntry(entry);
  context_.lazy_free->Discard(std::move(object));
}

SlotRef Stripe::AddUncounted(int database, const Key& key, const EntrySpec& spec, int64_t now_ms) {
  Entry* entry = EntryLayout::Write(entries_.Allocate(EntryLayout::Bytes(spec)), spec);
  Slot slot(entry);
  StripeDatabase& into = this->database(database);
  SlotRef ref = into.table.Insert(key.hash, slot);
  while (!ref) {
    // See Table::Insert: somebody knows the seed of the hash. One of his keys makes room.
    Bucket* home = into.table.HomeBucket(key.hash);
    const SlotRef victim = home->RefAt(Random() % kSlotsPerBucket);
    if (victim.Get().empty()) continue;
    EvictKey(database, context_.hasher->Hash(victim.entry()->key()), victim);
    ref = into.table.Insert(key.hash, slot);
  }
  CountExpiry(into, entry, 1);
  AttachTags(into, *entry);
  NoteAdded(into, key.hash, ref, now_ms);
  FileExpiry(into, key.hash, entry, {}, now_ms);
  if (spec.type == Type::kHash) FileFields(database, key.hash, HashOf(*entry));
  return ref;
}

void Stripe::Replace(int database, const Key& key, SlotRef ref, const EntrySpec& spec,
                     int64_t now_ms) {
  if (namespaces_ != nullptr) [[unlikely]]
    CountOut(database, key.hash, *ref.entry(), 0);
  ReplaceUncounted(database, key, ref, spec, now_ms);
  if (namespaces_ != nullptr) [[unlikely]]
    CountIn(database, key.hash, *ref.entry(), 0);
}

void Stripe::ReplaceUncounted(int database, const Key& key, SlotRef ref, EntrySpec spec,
                              int64_t now_ms) {
  Entry* old = ref.entry();
  spec.key = key.bytes;
  const bool has_expiry = spec.expire_at_ms != kNoExpiry;
  bool fits = false;  // where the old one is
  if (spec.object == nullptr && spec.extra == nullptr && EntryLayout::EndsWithString(*old) &&
      old->has_expiry() == has_expiry) {
    const size_t old_bytes = EntryLayout::Bytes(*old);
    const size_t bytes = EntryLayout::Bytes(spec);
    fits = bytes == old_bytes ||
           EntryAllocator::RoundedBytes(bytes) == EntryAllocator::RoundedBytes(old_bytes);
    if (fits && !has_expiry) return EntryLayout::SetString(old, spec.string, spec.raw);
  }
  StripeDatabase& in = this->database(database);
  const Filed filed = FiledOf(*old);
  CountExpiry(in, old, -1);
  if (fits) {
    EntryLayout::SetString(old, spec.string, spec.raw);
    EntryLayout::SetExpiry(old, spec.expire_at_ms);
    CountExpiry(in, old, 1);
    FileExpiry(in, key.hash, old, filed, now_ms);
    return;
  }
  Entry* entry = EntryLayout::Write(entries_.Allocate(EntryLayout::Bytes(spec)), spec);
  Slot slot = ref.Get();
  slot.set_entry(entry);
  ref.Set(slot);
  CountExpiry(in, entry, 1);
  FileExpiry(in, key.hash, entry, filed, now_ms);
  if (spec.extra == nullptr || spec.extra != old->extra_block()) {
    AttachTags(in, *entry);
    DetachTags(&in, *old);
  }
  if (spec.object != nullptr && spec.object == old->object()) {
    spec.object->DropReference();  // the old entry's
    FreeEntry(old);
    return;
  }
  UnfileFields(database, key.hash, old->object());
  DiscardEntry(old);
  if (spec.type == Type::kHash) FileFields(database, key.hash, HashOf(*entry));
}

void Stripe::SetExpiry(int database, const Key& key, SlotRef ref, int64_t expire_at_ms,
                       int64_t now_ms) {
  EntrySpec spec = SpecOf(*ref.entry());
  if (spec.expire_at_ms != kNoExpiry && expire_at_ms != kNoExpiry) {
    StripeDatabase& in = this->database(database);
    const Filed filed = FiledOf(*ref.entry());
    CountExpiry(in, ref.entry(), -1);
    EntryLayout::SetExpiry(ref.entry(), expire_at_ms);
    CountExpiry(in, ref.entry(), 1);
    FileExpiry(in, key.hash, ref.entry(), filed, now_ms);
    return;
  }
  spec.expire_at_ms = expire_at_ms;
  if (spec.object != nullptr) spec.object->AddReference();  // the new entry's
  Replace(database, key, ref, spec, now_ms);
}

void Stripe::SetExtra(int database, const Key& key, SlotRef ref, const char* block,
                      int64_t now_ms) {
  EntrySpec spec = SpecOf(*ref.entry());
  spec.extra = block;
  if (spec.object != nullptr) spec.object->AddReference();  // the new entry's
  Replace(database, key, ref, spec, now_ms);
}

Ref<Object> Stripe::Detach(int database, uint64_t hash, SlotRef ref) {
  Entry* entry = ref.entry();
  StripeDatabase& in = this->database(database);
  if (namespaces_ != nullptr) [[unlikely]]
    CountOut(database, hash, *entry, -1);
  CountExpiry(in, entry, -1);
  keys.Add(-1);
  UnfileFields(database, hash, entry->object());
  DetachTags(&in, *entry);
  in.table.Erase(hash, ref);
  auto object = Ref<Object>::Adopt(entry->object());
  FreeEntry(entry);
  return object;
}

void Stripe::Remove(int database, uint64_t hash, SlotRef ref) {
  context_.lazy_free->Discard(Detach(database, hash, ref));
}

void Stripe::Expire(int database, uint64_t hash, SlotRef ref) {
  if (IsPurged(*ref.entry())) return RemovePurged(database, hash, ref);
  const std::string_view key = ref.entry()->key();
  expired.Add(1);
  if (NamespaceCounts* const row = RowOf(key)) row->expired.Add(1);
  NoteExpired(hash, ref.Get());
  if (ref.entry()->has_extra()) [[unlikely]]
    KeepExpired(database, *ref.entry());
  watches_.Touch(database, key);
  if (context_.observer != nullptr) context_.observer->OnExpired(database, key);
  Remove(database, hash, ref);
}

void Stripe::EvictKey(int database, uint64_t hash, SlotRef ref) {
  if (IsPurged(*ref.entry())) return RemovePurged(database, hash, ref);
  const std::string_view key = ref.entry()->key();
  evicted.Add(1);
  if (NamespaceCounts* const row = RowOf(key)) row->evicted.Add(1);
  watches_.Touch(database, key);
  if (context_.observer != nullptr) context_.observer->OnEvicted(database, key);
  Remove(database, hash, ref);
}

Entry* Stripe::ResizeInline(int database, const Key& key, SlotRef ref, size_t size) {
  if (namespaces_ != nullptr) [[unlikely]] {
    CountOut(database, key.hash, *ref.entry(), 0);
    Entry* const resized = ResizeUncounted(ref, size);
    CountIn(database, key.hash, *resized, 0);
    return resized;
  }
  return ResizeUncounted(ref, size);
}

Entry* Stripe::ResizeUncounted(SlotRef ref, size_t size) {
  Entry* old = ref.entry();
  EntrySpec spec = SpecOf(*old);
  const size_t kept = std::min(size, spec.string.size());
  const size_t old_bytes = EntryLayout::Bytes(*old);
  const size_t new_bytes = old_bytes - spec.string.size() + size;
  if (EntryAllocator::RoundedBytes(old_bytes) == EntryAllocator::RoundedBytes(new_bytes)) {
    EntryLayout::SetStringSize(old, size);
    return old;
  }
  spec.string = spec.string.substr(0, kept);
  Entry* entry = EntryLayout::Write(entries_.Allocate(new_bytes), spec);
  EntryLayout::SetStringSize(entry, size);
  if (old->expiry_deferred()) EntryLayout::SetExpiryDeferred(entry, true);
  Slot slot = ref.Get();
  slot.set_entry(entry);
  ref.Set(slot);
  FreeEntry(old);
  return entry;
}

size_t Stripe::Flush(int database) {
  StripeDatabase& flushed = this->database(database);
  const size_t keys = flushed.table.size();
  if (flushed.cache != nullptr) {
    flushed.cache->leases.Clear();
    dead_caches_.push_back(std::move(flushed.cache));
    has_dead_.store(true, std::memory_order_relaxed);
    CountStale();
  }
  if (keys == 0) return 0;
  watches_.TouchDatabaseIf(database, [&](std::string_view key) {
    return static_cast<bool>(flushed.table.Find((*context_.hasher)(key)));
  });
  auto dead = std::make_unique<Table>();
  dead->Init(context_.hasher, context_.pool, context_.stripe_bits);
  dead->Swap(flushed.table);
  dead_tables_.push_back(std::move(dead));
  has_dead_.store(true, std::memory_order_relaxed);
  flushed.expiries.Set(0);
  flushed.expiry_seconds.Set(0);
  if (flushed.wheel != nullptr) dead_wheels_.push_back(std::move(flushed.wheel));
  if (flushed.probation != nullptr) dead_queues_.push_back(std::move(flushed.probation));
  if (!flushed.field_expiries.empty()) {
    dead_field_expiries_.push_back(std::exchange(flushed.field_expiries, {}));
    flushed.hashes_with_field_expiry.Set(0);
  }
  flushed.probation_bytes = 0;
  flushed.tagged = 0;
  this->keys.Add(-static_cast<int64_t>(keys));
  if (namespaces_ != nullptr) CountAfterFlush();
  return keys;
}

void Stripe::Swap(int first, int second) {
  StripeDatabase& one = database(first);
  StripeDatabase& other = database(second);
  for (const int touched : {first, second}) {
    watches_.TouchDatabaseIf(touched, [&](std::string_view bytes) {
      const Key key = (*context_.hasher)(bytes);
      return one.table.Find(key) || other.table.Find(key);
    });
  }
  one.table.Swap(other.table);
  const auto swap_counters = [](RelaxedCounter& a, RelaxedCounter& b) {
    const int64_t value = a.Get();
    a.Set(b.Get());
    b.Set(value);
  };
  swap_counters(one.expiries, other.expiries);
  swap_counters(one.expiry_seconds, other.expiry_seconds);
  swap_counters(one.hashes_with_field_expiry, other.hashes_with_field_expiry);
  std::swap(one.field_expiries, other.field_expiries);
  std::swap(one.cache, other.cache);
  for (StripeDatabase* in : {&one, &other}) {
    if (in->cache != nullptr) in->cache->leases.Clear();
  }
  std::swap(one.sweep, other.sweep);
  std::swap(one.wheel, other.wheel);
  std::swap(one.probation, other.probation);
  std::swap(one.probation_bytes, other.probation_bytes);
  std::swap(one.tagged, other.tagged);
  purge_sweep_.running = false;  // begins anew: it may have passed one and not the other
  purge_sweep_.clock = 0;
  if (count_walk_.running) RecountAll();  // likewise
}

bool Stripe::FreeSlice(std::chrono::steady_clock::time_point deadline) {
  while (!dead_tables_.empty()) {
    const auto free = [this](Entry* entry) {
      DetachTags(nullptr, *entry);
      DiscardEntry(entry);
    };
    if (!dead_tables_.back()->Drain(deadline, free)) {
      return true;
    }
    dead_tables_.pop_back();
  }
  if (!FreeInSteps(dead_wheels_, deadline) || !FreeInSteps(dead_queues_, deadline)) return true;
  for (; !dead_field_expiries_.empty(); dead_field_expiries_.pop_back()) {
    if (!FreeInSteps(dead_field_expiries_.back(), deadline)) return true;
  }
  for (; !dead_caches_.empty(); dead_caches_.pop_back()) {
    constexpr size_t kCopiesPerStep = 64;
    while (!dead_caches_.back()->stale.FreeSome(kCopiesPerStep)) {
      if (std::chrono::steady_clock::now() >= deadline) return true;
    }
  }
  has_dead_.store(false, std::memory_order_relaxed);
  return false;
}

// Moves an entry to another piece of its slab. Only its slot points at it, and its key finds that.
bool Stripe::MoveEntry(Entry* entry) {
  const Key key = (*context_.hasher)(entry->key());
  for (StripeDatabase& database : databases_) {
    if (database.table.size() == 0) continue;
    const SlotRef ref = database.table.Find(key);
    if (!ref || ref.entry() != entry) continue;
    const size_t bytes = EntryLayout::Bytes(*entry);
    void* moved = entries_.Allocate(bytes);
    std::memcpy(moved, static_cast<void*>(entry), bytes);
    Slot slot = ref.Get();
    slot.set_entry(static_cast<Entry*>(moved));
    ref.Set(slot);
    entries_.Free(entry, bytes);
    return true;
  }
  return false;
}

bool Stripe::CompactPage() {
  // No key leads to the entries of a table that was cut off; soon they are gone anyway.
  if (!entries_.slab().sparse() || !dead_tables_.empty()) return false;
  CloseChanges();  // they know their entries by their places
  return entries_.slab().EmptySparsestPage(
      [this](void* piece) { return MoveEntry(static_cast<Entry*>(piece)); });
}

bool Stripe::CompactSlice(std::chrono::steady_clock::time_point deadline) {
  while (std::chrono::steady_clock::now() < deadline) {
    if (!CompactPage()) return false;
  }
  return entries_.slab().sparse();
}

}  // namespace larder::storage
