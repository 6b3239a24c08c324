#include "storage/hash_value.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "storage/hash_table_inline.h"

namespace larder::storage {
namespace {

constexpr size_t kListpackBytesMax = size_t{1} << 30;  // Redis's own bound
constexpr size_t kExpiryIndexBytes = 20;               // of one field in the index, about

}  // namespace

Encoding Hash::encoding() const {
  if (table_ != nullptr) return Encoding::kHashtable;
  return packed_.has_expiries() ? Encoding::kListpackEx : Encoding::kListpack;
}

size_t Hash::MemoryBytes() const {
  size_t bytes = sizeof(Hash) + packed_.MemoryBytes();
  if (table_ != nullptr) bytes += sizeof(CountedTable) + table_->MemoryBytes();
  if (expiries_ != nullptr) {
    bytes += sizeof(Expiries) + expiries_->by_time.size() * kExpiryIndexBytes;
  }
  return bytes;
}

Ref<Object> Hash::Clone() const {
  Ref<Hash> clone(new Hash(hash_seed_));
  clone->packed_ = packed_;
  if (table_ != nullptr) clone->table_ = std::make_unique<CountedTable>(table_->Clone());
  if (expiries_ != nullptr) {
    clone->expiries_ = std::make_unique<Expiries>(*expiries_);
    clone->expiries_->filed_at_ms = kNeverExpires;
  }
  return clone;
}

bool Hash::FreeSome(size_t elements) {
  if (expiries_ != nullptr && !expiries_->by_time.empty()) {
    auto& by_time = expiries_->by_time;
    const size_t count = std::min(elements, by_time.size());
    by_time.erase(by_time.begin(), std::next(by_time.begin(), static_cast<ptrdiff_t>(count)));
    return false;
  }
  return table_ == nullptr || table_->FreeSome(elements);
}

// ---- the form

bool Hash::FitsPacked(std::string_view name, std::string_view value,
                      const HashLimits& limits) const {
  return name.size() <= limits.listpack_value_max && value.size() <= limits.listpack_value_max &&
         packed_.bytes() + name.size() + value.size() <= kListpackBytesMax;
}

void Hash::ConvertToTable() {
  auto table = std::make_unique<CountedTable>(hash_seed_);
  packed_.ForEach([&](const HashField& field) {
    table->FindOrInsert(field.name, [&field] {
      return FieldSlot::Make(field.name, field.value, field.expire_at_ms);
    });
    if (field.expire_at_ms != kNoExpiry) {
      expiries_->by_time.emplace(field.expire_at_ms, table->HashOf(field.name));
    }
  });
  packed_ = PackedHash();
  table_ = std::move(table);
  FindNextExpiry();
}

void Hash::Expect(std::span<const std::string_view> names_and_values, const HashLimits& limits) {
  if (table_ != nullptr) return;
  size_t bytes = packed_.bytes();
  bool fits = names_and_values.size() / 2 <= limits.listpack_entries_max;
  for (const std::string_view text : names_and_values) {
    fits = fits && text.size() <= limits.listpack_value_max;
    bytes += text.size();
  }
  if (!fits || bytes > kListpackBytesMax) ConvertToTable();
}

// ---- fields

std::optional<HashField> Hash::Find(std::string_view name) const {
  if (table_ != nullptr) {
    const FieldSlot* const slot = std::as_const(*table_).Find(name);
    return slot == nullptr ? std::nullopt : std::optional(FieldOf(*slot));
  }
  const uint32_t position = packed_.Find(name);
  return position == PackedHash::kNowhere ? std::nullopt : std::optional(packed_.At(position));
}

bool Hash::Set(std::string_view name, std::string_view value, const HashLimits& limits,
               bool keep_expiry) {
  if (table_ == nullptr && !FitsPacked(name, value, limits)) ConvertToTable();
  if (table_ != nullptr) return SetInTable(name, value, keep_expiry);
  const bool added = SetPacked(name, value, keep_expiry);
  if (packed_.size() > limits.listpack_entries_max) ConvertToTable();
  return added;
}

bool Hash::SetPacked(std::string_view name, std::string_view value, bool keep_expiry) {
  const uint32_t position = packed_.Find(name);
  if (position == PackedHash::kNowhere) {
    packed_.Append({name, value});
    return true;
  }
  packed_.SetValue(position, value);
  if (!keep_expiry && packed_.has_expiries()) packed_.SetExpiry(position, kNoExpiry);
  return false;
}

bool Hash::SetInTable(std::string_view name, std::string_view value, bool keep_expiry) {
  const auto [slot, added] =
      table_->FindOrInsert(name, [&] { return FieldSlot::Make(name, value); });
  if (added) return true;
  if (!keep_expiry) SetSlotExpiry(slot, kNoExpiry);
  if (!slot->SetValue(value)) {
    table_->Replace(slot, FieldSlot::Make(name, value, slot->expire_at_ms()));
  }
  return false;
}

bool Hash::Remove(std::string_view name) {
  if (table_ == nullptr) {
    const uint32_t position = packed_.Find(name);
    if (position == PackedHash::kNowhere) return false;
    packed_.Erase(position);
    return true;
  }
  if (expiries_ != nullptr) {
    const FieldSlot* const slot = std::as_const(*table_).Find(name);
    if (slot != nullptr && slot->expire_at_ms() != kNoExpiry) {
      expiries_->by_time.erase({slot->expire_at_ms(), table_->HashOf(name)});
      FindNextExpiry();
    }
  }
  return table_->Erase(name);
}

// ---- expiry

bool Hash::SetExpiry(std::string_view name, int64_t expire_at_ms) {
  if (table_ != nullptr) {
    FieldSlot* const slot = table_->Find(name);
    if (slot != nullptr) SetSlotExpiry(slot, expire_at_ms);
    return slot != nullptr;
  }
  uint32_t position = packed_.Find(name);
  if (position == PackedHash::kNowhere) return false;
  if (!packed_.has_expiries()) {
    if (expire_at_ms == kNoExpiry) return true;
    packed_.AddExpiries();
    position = packed_.Find(name);
  }
  if (expiries_ == nullptr) expiries_ = std::make_unique<Expiries>();
  packed_.SetExpiry(position, expire_at_ms);
  if (expire_at_ms != kNoExpiry) expiries_->next_ms = std::min(expiries_->next_ms, expire_at_ms);
  return true;
}

void Hash::SetSlotExpiry(FieldSlot* slot, int64_t expire_at_ms) {
  const int64_t old_ms = slot->expire_at_ms();
  if (old_ms == expire_at_ms) return;
  if (expiries_ == nullptr) expiries_ = std::make_unique<Expiries>();
  const uint64_t hash = table_->HashOf(slot->text());
  if (old_ms != kNoExpiry) expiries_->by_time.erase({old_ms, hash});
  if (expire_at_ms != kNoExpiry) expiries_->by_time.emplace(expire_at_ms, hash);
  if (!slot->SetExpiry(expire_at_ms)) {
    table_->Replace(slot, FieldSlot::Make(slot->text(), slot->value(), expire_at_ms));
  }
  FindNextExpiry();
}

void Hash::FindNextExpiry() {
  if (expiries_ == nullptr) return;
  int64_t next_ms = kNeverExpires;
  if (table_ == nullptr) {
    packed_.ForEach([&next_ms](const HashField& field) {
      if (field.expire_at_ms != kNoExpiry) next_ms = std::min(next_ms, field.expire_at_ms);
    });
  } else if (!expiries_->by_time.empty()) {
    next_ms = expiries_->by_time.begin()->first;
  }
  expiries_->next_ms = next_ms;
}

size_t Hash::RemoveExpired(int64_t now_ms, size_t fields_max) {
  if (next_expiry_ms() > now_ms) return 0;
  const size_t removed = table_ == nullptr ? RemoveExpiredPacked(now_ms, fields_max)
                                           : RemoveExpiredOfTable(now_ms, fields_max);
  FindNextExpiry();
  return removed;
}

size_t Hash::RemoveExpiredPacked(int64_t now_ms, size_t fields_max) {
  size_t removed = 0;
  for (uint32_t position = 0; position < packed_.bytes() && removed < fields_max;) {
    uint32_t next = position;
    const int64_t at_ms = packed_.Next(&next).expire_at_ms;
    if (at_ms == kNoExpiry || at_ms > now_ms) {
      position = next;
      continue;
    }
    packed_.Erase(position);
    ++removed;
  }
  return removed;
}

size_t Hash::RemoveExpiredOfTable(int64_t now_ms, size_t fields_max) {
  auto& by_time = expiries_->by_time;
  size_t removed = 0;
  while (removed < fields_max && !by_time.empty() && by_time.begin()->first <= now_ms) {
    const auto [at_ms, hash] = *by_time.begin();
    by_time.erase(by_time.begin());
    const FieldSlot* const slot = table_->FindHash(
        hash, [at_ms = at_ms](const FieldSlot& one) { return one.expire_at_ms() == at_ms; });
    if (slot != nullptr && table_->Erase(slot->text())) ++removed;
  }
  return removed;
}

// ---- many fields

HashField Hash::Random(uint64_t random) const {
  if (table_ != nullptr) return FieldOf(table_->Random(random));
  return packed_.At(packed_.PositionOf(random % packed_.size()));
}

void Hash::Sample(size_t count, uint64_t random,
                  const std::function<void(const HashField&)>& visit) const {
  std::mt19937_64 generator(random);
  count = std::min(count, size());
  if (table_ == nullptr || size() / 4 < count) {
    // Most of the hash: shuffle it all, as far as needed.
    std::vector<HashField> all;
    all.reserve(size());
    ForEach([&all](const HashField& field) { all.push_back(field); });
    for (size_t i = 0; i < count; ++i) {
      std::swap(all[i], all[i + generator() % (all.size() - i)]);
      visit(all[i]);
    }
    return;
  }
  absl::flat_hash_set<std::string_view> drawn;
  while (drawn.size() < count) {
    const HashField field = Random(generator());
    if (drawn.insert(field.name).second) visit(field);
  }
}

uint64_t Hash::Scan(uint64_t cursor, size_t count,
                    const std::function<void(const HashField&)>& visit) const {
  if (table_ != nullptr) {
    return table_->Scan(cursor, count, [&visit](const FieldSlot& slot) { visit(FieldOf(slot)); });
  }
  packed_.ForEach(visit);
  return 0;
}

}  // namespace larder::storage
