// Stripe's expiry: filing references into the wheel, and removing keys whose time has come.
#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "storage/stripe.h"

namespace larder::storage {

// Whether the policy may draw from the wheel, which has to know all keys with an expiry then.
bool Stripe::WheelEvicts() const {
  return IsVolatilePolicy(context_.policy->load(std::memory_order_relaxed));
}

void Stripe::FileExpiry(StripeDatabase& in, uint64_t hash, Entry* entry, Filed before,
                        int64_t now_ms) {
  if (!entry->has_expiry()) return;
  if (!in.sweep.running()) {
    in.sweep.Start(now_ms, WheelEvicts());
    if (in.sweep.next_due_ms() < next_due_ms.Get()) next_due_ms.Set(in.sweep.next_due_ms());
  }
  const int64_t at_ms = entry->expire_at_ms();
  const int64_t horizon_ms = in.sweep.HorizonAt(in.table.PositionOf(hash));
  if (at_ms >= horizon_ms) {
    EntryLayout::SetExpiryDeferred(entry, false);
    return;
  }
  if (before.at_ms != kNoExpiry && before.at_ms < horizon_ms && at_ms >= before.at_ms) {
    // The reference that there is comes up in time, and is filed anew then.
    EntryLayout::SetExpiryDeferred(entry, before.deferred || at_ms > before.at_ms);
    return;
  }
  AddReference(in, Table::ReferenceOf(hash, context_.stripe_bits), entry, now_ms);
}

void Stripe::AddReference(StripeDatabase& in, uint32_t reference, Entry* entry, int64_t now_ms) {
  if (in.wheel == nullptr) in.wheel = std::make_unique<ExpiryWheel>();
  EntryLayout::SetExpiryDeferred(entry, !in.wheel->Add(reference, entry->expire_at_ms(), now_ms));
  if (in.wheel->next_due_ms() < next_due_ms.Get()) next_due_ms.Set(in.wheel->next_due_ms());
}

// Files the keys of the next segment whose expiry has come within the horizon.
void Stripe::SweepSegment(StripeDatabase& in, int64_t now_ms) {
  std::array<Entry*, (kHomeBuckets + kStashBuckets) * kSlotsPerBucket> entries;
  size_t count = 0;
  const uint64_t end = in.table.VisitSegmentAt(in.sweep.position(), [&](SlotRef ref) {
    const Slot slot = ref.Get();
    if (!slot.has_expiry()) return;
    __builtin_prefetch(slot.entry());
    entries[count++] = slot.entry();
  });
  for (Entry* entry : std::span(entries).first(count)) {
    const int64_t at_ms = entry->expire_at_ms();
    if (at_ms >= in.sweep.new_horizon_ms()) continue;
    const uint64_t hash = context_.hasher->Hash(entry->key());
    if (at_ms < in.sweep.HorizonAt(in.table.PositionOf(hash))) continue;
    AddReference(in, Table::ReferenceOf(hash, context_.stripe_bits), entry, now_ms);
  }
  in.sweep.VisitedUpTo(end, now_ms, WheelEvicts());
}

// True when the budget ended first.
bool Stripe::SweepExpiries(StripeDatabase& in, int64_t now_ms, SliceBudget& budget) {
  if (in.expiries.Get() == 0) in.sweep.Stop();
  while (in.sweep.next_due_ms() <= now_ms) {
    if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
    SweepSegment(in, now_ms);
  }
  return false;
}

// What a reference that has come up stands for (expiry_wheel.h).
void Stripe::SettleReference(int database, uint32_t reference, int64_t slot_end_ms,
                             int64_t now_ms) {
  StripeDatabase& in = this->database(database);
  uint64_t hash = 0;
  const auto is_due = [&](Slot slot, uint64_t slot_hash) {
    if (!slot.has_expiry()) return false;
    Entry* entry = slot.entry();
    const int64_t at_ms = entry->expire_at_ms();
    hash = slot_hash;
    if (at_ms <= now_ms) return true;
    if (at_ms >= in.sweep.HorizonAt(in.table.PositionOf(slot_hash))) {
      EntryLayout::SetExpiryDeferred(entry, false);  // the sweep will come by in time
    } else if (at_ms < slot_end_ms || entry->expiry_deferred()) {
      EntryLayout::SetExpiryDeferred(entry, !in.wheel->Add(reference, at_ms, now_ms));
    }
    return false;
  };
  while (const SlotRef ref = in.table.FindReference(reference, is_due)) Expire(database, hash, ref);
}

void Stripe::SettleReferences(int database, std::span<const uint32_t> references,
                              int64_t slot_end_ms, int64_t now_ms) {
  const Table& table = this->database(database).table;
  for (const uint32_t reference : references) table.PrefetchBucket(table.PartialHash(reference));
  for (const uint32_t reference : references) table.PrefetchEntry(table.PartialHash(reference));
  for (const uint32_t reference : references) {
    SettleReference(database, reference, slot_end_ms, now_ms);
  }
}

bool Stripe::ExpireSlice(int64_t now_ms, std::chrono::steady_clock::time_point deadline) {
  clock_.Pass(now_ms);
  SweepAges();
  CountEvictionMemory();
  if (now_ms < next_due_ms.Get() &&
      std::none_of(databases_.begin(), databases_.end(), WantsCompaction)) {
    return false;
  }
  SliceBudget budget(deadline);
  bool more = false;
  int64_t next_ms = kNeverDue;
  const auto count = static_cast<int>(databases_.size());
  const int first = expire_database_;
  for (int passed = 0; passed < count; ++passed) {
    // Begins where the last slice ended, so that no database waits for another's backlog.
    const int index = (first + passed) % count;
    if (!more && ExpireDatabase(index, now_ms, budget)) {
      more = true;
      expire_database_ = index;
    }
    next_ms = std::min(next_ms, NextDueMs(database(index)));
  }
  next_due_ms.Set(more ? 0 : next_ms);
  int64_t lag_ms = 0;
  expire_backlog.Set(more ? static_cast<int64_t>(ExpireBacklog(now_ms, &lag_ms)) : 0);
  expire_lag_ms.Set(lag_ms);
  return more;
}

// True when the budget ended first.
bool Stripe::ExpireDatabase(int index, int64_t now_ms, SliceBudget& budget) {
  StripeDatabase& in = database(index);
  if (ExpireDueFields(index, now_ms, budget) || SweepExpiries(in, now_ms, budget)) return true;
  if (EndOverdueCached(in, now_ms, budget)) return true;
  if (in.wheel == nullptr) return false;
  const auto settle = [&](std::span<const uint32_t> references, int64_t slot_end_ms) {
    SettleReferences(index, references, slot_end_ms, now_ms);
  };
  if (in.wheel->Advance(now_ms, budget, settle)) return true;
  return WantsCompaction(in) && in.wheel->Compact(budget, settle);
}

bool Stripe::WantsCompaction(const StripeDatabase& in) {
  return in.wheel != nullptr && in.wheel->WantsCompaction(static_cast<size_t>(in.expiries.Get()));
}

int64_t Stripe::NextDueMs(const StripeDatabase& in) {
  int64_t next_ms = in.sweep.next_due_ms();
  if (in.wheel != nullptr) next_ms = std::min(next_ms, in.wheel->next_due_ms());
  if (!in.field_expiries.empty()) next_ms = std::min(next_ms, in.field_expiries.begin()->first);
  if (in.cache != nullptr) next_ms = std::min(next_ms, in.cache->next_end_ms());
  return next_ms;
}

// ---- fields of hashes

void Stripe::FileFields(int database, uint64_t hash, Hash& value) {
  const int64_t at_ms = value.next_expiry_ms();
  const int64_t filed_ms = value.filed_at_ms();
  // What is filed too early comes up in time, and is filed anew then.
  if (filed_ms <= at_ms) return;
  StripeDatabase& in = this->database(database);
  if (filed_ms != Hash::kNeverExpires) in.field_expiries.erase({filed_ms, hash});
  in.field_expiries.emplace(at_ms, hash);
  value.set_filed_at_ms(at_ms);
  in.hashes_with_field_expiry.Set(static_cast<int64_t>(in.field_expiries.size()));
  if (at_ms < next_due_ms.Get()) next_due_ms.Set(at_ms);
}

void Stripe::UnfileFields(int database, uint64_t hash, Object* object) {
  if (object == nullptr || object->type() != Type::kHash) return;
  auto& value = static_cast<Hash&>(*object);
  if (value.filed_at_ms() == Hash::kNeverExpires) return;
  StripeDatabase& in = this->database(database);
  in.field_expiries.erase({value.filed_at_ms(), hash});
  value.set_filed_at_ms(Hash::kNeverExpires);
  in.hashes_with_field_expiry.Set(static_cast<int64_t>(in.field_expiries.size()));
}

bool Stripe::ExpireFields(int database, uint64_t hash, SlotRef ref, int64_t now_ms,
                          size_t fields_max) {
  Entry* const entry = ref.entry();
  Hash& value = HashOf(*entry);
  if (namespaces_ != nullptr) [[unlikely]]
    CountOut(database, hash, *entry, 0);
  const size_t removed = value.RemoveExpired(now_ms, fields_max);
  if (namespaces_ != nullptr) [[unlikely]]
    CountIn(database, hash, *entry, 0);
  const bool gone = value.size() == 0;
  if (removed > 0) {
    expired_fields.Add(static_cast<int64_t>(removed));
    watches_.Touch(database, entry->key());
    if (context_.observer != nullptr) {
      context_.observer->OnFieldsExpired(database, entry->key(), gone);
    }
  }
  if (gone) {
    Remove(database, hash, ref);
  } else {
    FileFields(database, hash, value);
  }
  return !gone;
}

// True when the budget ended first.
bool Stripe::ExpireDueFields(int database, int64_t now_ms, SliceBudget& budget) {
  constexpr size_t kFieldsPerStep = 256;
  StripeDatabase& in = this->database(database);
  while (!in.field_expiries.empty() && in.field_expiries.begin()->first <= now_ms) {
    if (budget.Spent(SliceBudget::kStepsPerClockRead)) return true;
    const auto [at_ms, hash] = *in.field_expiries.begin();
    const auto is_filed = [at_ms = at_ms, hash = hash](Slot slot, uint64_t slot_hash) {
      const Entry& entry = *slot.entry();
      return slot_hash == hash && entry.type() == Type::kHash &&
             HashOf(entry).filed_at_ms() == at_ms;
    };
    const SlotRef ref =
        in.table.FindReference(Table::ReferenceOf(hash, context_.stripe_bits), is_filed);
    in.field_expiries.erase(in.field_expiries.begin());
    in.hashes_with_field_expiry.Set(static_cast<int64_t>(in.field_expiries.size()));
    if (!ref) continue;
    HashOf(*ref.entry()).set_filed_at_ms(Hash::kNeverExpires);
    if (IsPurged(*ref.entry())) {
      RemovePurged(database, hash, ref);
      continue;
    }
    ExpireFields(database, hash, ref, now_ms, kFieldsPerStep);
  }
  return false;
}

size_t Stripe::ExpireBacklog(int64_t now_ms, int64_t* lag_ms) const {
  size_t backlog = 0;
  for (const StripeDatabase& database : databases_) {
    if (database.wheel == nullptr) continue;
    backlog += database.wheel->Backlog(now_ms);
    *lag_ms = std::max(*lag_ms, database.wheel->LagMs(now_ms));
  }
  return backlog;
}

}  // namespace larder::storage
