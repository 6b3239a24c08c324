// The hash type: fields with a name, a value and perhaps an expiry, in one of two forms, chosen as
// Redis chooses theirs: a few short fields in a PackedHash ("listpack", or "listpackex" once a
// field was given an expiry), anything else in a HashTable ("hashtable"). A hash never goes back
// to the small form by itself.
//
// Fields do not vanish by themselves: Stripe removes those that are due before anybody looks at the
// key (RemoveExpired), so that readers never meet an expired one.
//
// Find, Set and Remove cost O(1) in a hashtable, with O(log N) more for a field with an expiry; in
// the small form O(N) of a small N. Not thread-safe: use only under the lock of the stripe that
// holds it. Views of fields stay valid until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/container/btree_set.h"
#include "storage/field_slot.h"
#include "storage/hash_table.h"
#include "storage/memory.h"
#include "storage/object.h"
#include "storage/packed_hash.h"

namespace larder::storage {

struct HashLimits {
  size_t listpack_entries_max = 512;  // hash-max-listpack-entries, fields
  size_t listpack_value_max = 64;     // hash-max-listpack-value, bytes of a name or value
};

class Hash final : public Object {
 public:
  static constexpr Type kType = Type::kHash;
  static constexpr int64_t kNeverExpires = std::numeric_limits<int64_t>::max();

  // Empty, in the small form. `hash_seed`: see HashTable.
  explicit Hash(uint64_t hash_seed) : Object(kType), hash_seed_(hash_seed) {}

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  Encoding encoding() const override;
  size_t MemoryBytes() const override;
  size_t ElementCount() const override { return size(); }
  Ref<Object> Clone() const override;
  bool FreeSome(size_t elements) override;

  size_t size() const { return table_ == nullptr ? packed_.size() : table_->size(); }

  // Chooses the form for fields that are about to be set, given their names and values in turn.
  void Expect(std::span<const std::string_view> names_and_values, const HashLimits& limits);

  std::optional<HashField> Find(std::string_view name) const;
  // True when the field is new. One that was there keeps its expiry only if asked to.
  bool Set(std::string_view name, std::string_view value, const HashLimits& limits,
           bool keep_expiry = false);
  bool Remove(std::string_view name);

  // ---- expiry
  // Makes room for expiries in the small form, as a command for them does even when it sets none.
  void ExpectExpiries() {
    if (table_ == nullptr) packed_.AddExpiries();
  }
  // Gives a field an expiry, or (kNoExpiry) takes it away. False when it is missing.
  bool SetExpiry(std::string_view name, int64_t expire_at_ms);
  // When the next field is due; may be too early after a field has lost its expiry.
  int64_t next_expiry_ms() const {
    return expiries_ == nullptr ? kNeverExpires : expiries_->next_ms;
  }
  // Removes at most `fields_max` fields whose time has come and returns how many. Afterwards
  // next_expiry_ms() is exact.
  size_t RemoveExpired(int64_t now_ms, size_t fields_max);

  // Where Stripe has filed it, for its own use; kNeverExpires: nowhere.
  int64_t filed_at_ms() const {
    return expiries_ == nullptr ? kNeverExpires : expiries_->filed_at_ms;
  }
  void set_filed_at_ms(int64_t at_ms) {
    if (expiries_ != nullptr) expiries_->filed_at_ms = at_ms;
  }

  // ---- many fields
  // A field drawn uniformly; `random` is 64 fresh random bits. O(1) expected. REQUIRES: size() > 0.
  HashField Random(uint64_t random) const;

  // Calls `visit` for `count` different fields drawn uniformly (all when there are fewer), in
  // random order. O(min(N, count)).
  void Sample(size_t count, uint64_t random,
              const std::function<void(const HashField&)>& visit) const;

  // As HashTable::Scan; the small form is visited whole.
  uint64_t Scan(uint64_t cursor, size_t count,
                const std::function<void(const HashField&)>& visit) const;

  // Calls visit(const HashField&) for every field.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    if (table_ == nullptr) return packed_.ForEach(visit);
    table_->ForEach([&visit](const FieldSlot& slot) { visit(FieldOf(slot)); });
  }

 private:
  using Table = HashTable<FieldSlot>;
  struct CountedTable : Table {
    using Table::Table;
    explicit CountedTable(Table&& table) : Table(std::move(table)) {}
    static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
    static void operator delete(void* pointer) { memory::Deallocate(pointer); }
  };

  // Made with the first expiry, and kept.
  struct Expiries {
    int64_t next_ms = kNeverExpires;
    int64_t filed_at_ms = kNeverExpires;
    // Of a table: when, and the hash of the field's name.
    using Due = std::pair<int64_t, uint64_t>;
    absl::btree_set<Due, std::less<Due>, memory::Counted<Due>> by_time;
  };

  static HashField FieldOf(const FieldSlot& slot) {
    return {slot.text(), slot.value(), slot.expire_at_ms()};
  }
  bool FitsPacked(std::string_view name, std::string_view value, const HashLimits& limits) const;
  void ConvertToTable();
  bool SetPacked(std::string_view name, std::string_view value, bool keep_expiry);
  bool SetInTable(std::string_view name, std::string_view value, bool keep_expiry);
  void SetSlotExpiry(FieldSlot* slot, int64_t expire_at_ms);
  size_t RemoveExpiredPacked(int64_t now_ms, size_t fields_max);
  size_t RemoveExpiredOfTable(int64_t now_ms, size_t fields_max);
  void FindNextExpiry();

  uint64_t hash_seed_;
  PackedHash packed_;                    // the fields, while there is no table
  std::unique_ptr<CountedTable> table_;  // from the conversion on
  std::unique_ptr<Expiries> expiries_;
};

}  // namespace larder::storage
