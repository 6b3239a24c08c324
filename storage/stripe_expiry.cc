// Stripe's expiry: filing references into the wheel, and removing keys whose time has come.
#include <algorithm>
#include <chrono>
#include <span>

#include "storage/stripe.h"

namespace larder::storage {

void Stripe::FileExpiry(StripeDatabase& in, uint64_t hash, Entry* entry, Filed before,
                        int64_t now_ms) {
  if (!entry->has_expiry()) return;
  const int64_t at_ms = entry->expire_at_ms();
  if (before.at_ms != kNoExpiry && at_ms >= before.at_ms) {
    // The reference that there is comes up in time, and is filed anew then.
    EntryLayout::SetExpiryDeferred(entry, before.deferred || at_ms > before.at_ms);
    return;
  }
  if (in.wheel == nullptr) in.wheel = std::make_unique<ExpiryWheel>();
  EntryLayout::SetExpiryDeferred(
      entry, !in.wheel->Add(Table::ReferenceOf(hash, context_.stripe_bits), at_ms, now_ms));
  if (in.wheel->next_due_ms() < next_due_ms.Get()) next_due_ms.Set(in.wheel->next_due_ms());
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
    if (at_ms < slot_end_ms || entry->expiry_deferred()) {
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
  const bool compacts = std::any_of(databases_.begin(), databases_.end(), [](const auto& in) {
    return in.wheel != nullptr && in.wheel->WantsCompaction(static_cast<size_t>(in.expiries.Get()));
  });
  if (now_ms < next_due_ms.Get() && !compacts) return false;
  SliceBudget budget(deadline);
  bool more = false;
  int64_t next_ms = kNeverDue;
  const auto count = static_cast<int>(databases_.size());
  for (int passed = 0; passed < count; ++passed) {
    // Begins where the last slice ended, so that no database waits for another's backlog.
    const int index = (expire_database_ + passed) % count;
    if (!more && ExpireDueFields(index, now_ms, budget)) more = true;
    if (more && next_ms == kNeverDue) expire_database_ = index;
    if (!database(index).field_expiries.empty()) {
      next_ms = std::min(next_ms, database(index).field_expiries.begin()->first);
    }
    ExpiryWheel* wheel = database(index).wheel.get();
    if (wheel == nullptr) continue;
    const auto settle = [&](std::span<const uint32_t> references, int64_t slot_end_ms) {
      SettleReferences(index, references, slot_end_ms, now_ms);
    };
    if (!more && wheel->Advance(now_ms, budget, settle)) more = true;
    if (!more && wheel->WantsCompaction(static_cast<size_t>(database(index).expiries.Get())) &&
        wheel->Compact(budget, settle)) {
      more = true;
    }
    if (more && next_ms == kNeverDue) expire_database_ = index;
    next_ms = std::min(next_ms, wheel->next_due_ms());
  }
  next_due_ms.Set(more ? 0 : next_ms);
  int64_t lag_ms = 0;
  expire_backlog.Set(more ? static_cast<int64_t>(ExpireBacklog(now_ms, &lag_ms)) : 0);
  expire_lag_ms.Set(lag_ms);
  return more;
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
  const size_t removed = value.RemoveExpired(now_ms, fields_max);
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
