// The set type: unique byte strings in one of three forms, chosen exactly as Redis 7.2 and later
// choose theirs, so that OBJECT ENCODING answers the same: integers in an IntSet ("intset"), a few
// short members in a PackedSet ("listpack"), anything else in a HashSet ("hashtable"). A set never
// goes back to a smaller form by itself.
//
// Add, Remove and Contains cost O(1) in a hashtable; in the other forms O(N) of a small N.
// Not thread-safe: use only under the lock of the stripe that holds it. Views of members stay valid
// until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/hash_set.h"
#include "storage/int_set.h"
#include "storage/memory.h"
#include "storage/numbers.h"
#include "storage/object.h"
#include "storage/packed_set.h"

namespace larder::storage {

struct SetLimits {
  size_t intset_entries_max = 512;    // set-max-intset-entries
  size_t listpack_entries_max = 128;  // set-max-listpack-entries
  size_t listpack_value_max = 64;     // set-max-listpack-value, in bytes
};

class Set final : public Object {
 public:
  static constexpr Type kType = Type::kSet;

  // Room for the text of a member that is kept as a number.
  struct TextBuffer {
    char bytes[kIntegerTextBytesMax];
  };

  // An empty intset. `hash_seed`: see HashSet.
  explicit Set(uint64_t hash_seed) : Object(kType), hash_seed_(hash_seed) {}

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  Encoding encoding() const override;
  size_t MemoryBytes() const override;
  size_t ElementCount() const override { return size(); }
  Ref<Object> Clone() const override;
  bool FreeSome(size_t elements) override;

  size_t size() const;

  // Chooses the form for `members` more members of which `first` is one, before they are added:
  // what SADD does. No member is added.
  void Expect(std::string_view first, size_t members, const SetLimits& limits);

  bool Add(std::string_view member, const SetLimits& limits);  // false when it was there
  bool Remove(std::string_view member);
  bool Contains(std::string_view member) const;

  // Becomes an intset when all members are integers and few enough.
  void PreferIntset(const SetLimits& limits);
  // Turns an intset into a listpack, or a hashtable when it is too large for that.
  void PreferListpack(const SetLimits& limits);

  // Turns a hashtable into the form that its members would have been given one by one. O(N).
  void StartSmall(const SetLimits& limits);

  // A member drawn uniformly; `random` is 64 fresh random bits. O(1) expected.
  // REQUIRES: size() > 0.
  std::string_view Random(uint64_t random, TextBuffer* buffer) const;

  // `count` different members drawn uniformly (all of them when there are fewer), in random order.
  // O(min(N, count)).
  std::vector<std::string> Sample(size_t count, uint64_t random) const;

  // As HashSet::Scan; the small forms are visited whole.
  uint64_t Scan(uint64_t cursor, size_t count,
                const std::function<void(std::string_view)>& visit) const;

  // Calls visit(std::string_view) for every member.
  template <class Visitor>
  void ForEach(Visitor&& visit) const;

 private:
  void LeaveIntset(std::string_view newcomer, const SetLimits& limits);
  void ConvertToListpack();
  void ConvertToHashtable();

  uint64_t hash_seed_;
  std::variant<IntSet, PackedSet, HashSet> form_;
};

template <class Visitor>
void Set::ForEach(Visitor&& visit) const {
  if (const auto* integers = std::get_if<IntSet>(&form_)) {
    TextBuffer buffer;
    for (size_t i = 0; i < integers->size(); ++i) {
      visit(std::string_view(buffer.bytes, FormatInteger(integers->At(i), buffer.bytes)));
    }
  } else if (const auto* packed = std::get_if<PackedSet>(&form_)) {
    packed->ForEach(visit);
  } else {
    std::get<HashSet>(form_).ForEach(visit);
  }
}

}  // namespace larder::storage
