#include "storage/set_value.h"

#include <algorithm>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace larder::storage {
namespace {

// Redis's own bounds: entries of an intset, bytes of a listpack.
constexpr size_t kIntsetEntriesMax = size_t{1} << 30;
constexpr size_t kListpackBytesMax = size_t{1} << 30;

size_t IntsetEntriesMax(const SetLimits& limits) {
  return std::min(limits.intset_entries_max, kIntsetEntriesMax);
}

size_t Digits(int64_t value) {
  char text[kIntegerTextBytesMax];
  return FormatInteger(value, text);
}

// The members of an intset as texts are no longer than this.
size_t LongestText(const IntSet& integers) {
  if (integers.size() == 0) return 0;
  return std::max(Digits(integers.At(0)), Digits(integers.At(integers.size() - 1)));
}

}  // namespace

Encoding Set::encoding() const {
  constexpr Encoding kEncodings[] = {Encoding::kIntset, Encoding::kListpack, Encoding::kHashtable};
  return kEncodings[form_.index()];
}

size_t Set::MemoryBytes() const {
  return sizeof(Set) + std::visit([](const auto& form) { return form.MemoryBytes(); }, form_);
}

size_t Set::size() const {
  return std::visit([](const auto& form) { return form.size(); }, form_);
}

Ref<Object> Set::Clone() const {
  Ref<Set> clone(new Set(hash_seed_));
  std::visit(
      [&](const auto& form) {
        using Form = std::decay_t<decltype(form)>;
        if constexpr (std::is_same_v<Form, HashSet>) {
          clone->form_ = form.Clone();
        } else {
          clone->form_ = form;
        }
      },
      form_);
  return clone;
}

bool Set::FreeSome(size_t elements) {
  auto* const table = std::get_if<HashSet>(&form_);
  return table == nullptr || table->FreeSome(elements);
}

// ---- changing the form

void Set::ConvertToListpack() {
  PackedSet packed;
  ForEach([&](std::string_view member) { packed.Append(member); });
  form_ = std::move(packed);
}

void Set::ConvertToHashtable() {
  HashSet table(hash_seed_);
  ForEach([&](std::string_view member) { table.Insert(member); });
  form_ = std::move(table);
}

void Set::Expect(std::string_view first, size_t members, const SetLimits& limits) {
  if (std::holds_alternative<HashSet>(form_)) return;
  const bool packed = std::holds_alternative<PackedSet>(form_);
  if (size() == 0 && !packed) {
    if (ParseInteger(first) && members <= limits.intset_entries_max) return;
    if (members <= limits.listpack_entries_max) return ConvertToListpack();
    return ConvertToHashtable();
  }
  if (members > (packed ? limits.listpack_entries_max : limits.intset_entries_max)) {
    ConvertToHashtable();
  }
}

// A newcomer that is no integer makes an intset a listpack, or a hashtable when it would be too
// large for one.
void Set::LeaveIntset(std::string_view newcomer, const SetLimits& limits) {
  const IntSet& integers = std::get<IntSet>(form_);
  const size_t longest = std::max(LongestText(integers), newcomer.size());
  if (integers.size() < limits.listpack_entries_max && longest <= limits.listpack_value_max) {
    ConvertToListpack();
  } else {
    ConvertToHashtable();
  }
}

void Set::PreferIntset(const SetLimits& limits) {
  if (std::holds_alternative<IntSet>(form_) || size() > IntsetEntriesMax(limits)) return;
  IntSet integers;
  bool all_integers = true;
  ForEach([&](std::string_view member) {
    const auto value = ParseInteger(member);
    all_integers = all_integers && value.has_value();
    if (all_integers) integers.Insert(*value);
  });
  if (all_integers) form_ = std::move(integers);
}

void Set::PreferListpack(const SetLimits& limits) {
  if (!std::holds_alternative<IntSet>(form_)) return;
  const IntSet& integers = std::get<IntSet>(form_);
  const bool small = integers.size() <= limits.listpack_entries_max &&
                     LongestText(integers) <= limits.listpack_value_max;
  small ? ConvertToListpack() : ConvertToHashtable();
}

void Set::StartSmall(const SetLimits& limits) {
  if (!std::holds_alternative<HashSet>(form_)) return;
  Set small(hash_seed_);
  small.form_ = PackedSet();
  ForEach([&](std::string_view member) { small.Add(member, limits); });
  form_ = std::move(small.form_);
}

// ---- members

bool Set::Add(std::string_view member, const SetLimits& limits) {
  if (auto* const integers = std::get_if<IntSet>(&form_)) {
    if (const auto value = ParseInteger(member)) {
      if (!integers->Insert(*value)) return false;
      if (integers->size() > IntsetEntriesMax(limits)) ConvertToHashtable();
      return true;
    }
    LeaveIntset(member, limits);
  }
  if (auto* const packed = std::get_if<PackedSet>(&form_)) {
    if (packed->Contains(member)) return false;
    if (packed->size() < limits.listpack_entries_max &&
        member.size() <= limits.listpack_value_max &&
        packed->MemoryBytes() + member.size() <= kListpackBytesMax) {
      packed->Append(member);
      return true;
    }
    ConvertToHashtable();
  }
  return std::get<HashSet>(form_).Insert(member);
}

bool Set::Remove(std::string_view member) {
  if (auto* const integers = std::get_if<IntSet>(&form_)) {
    const auto value = ParseInteger(member);
    return value && integers->Erase(*value);
  }
  if (auto* const packed = std::get_if<PackedSet>(&form_)) return packed->Erase(member);
  return std::get<HashSet>(form_).Erase(member);
}

bool Set::Contains(std::string_view member) const {
  if (const auto* const integers = std::get_if<IntSet>(&form_)) {
    const auto value = ParseInteger(member);
    return value && integers->Contains(*value);
  }
  if (const auto* const packed = std::get_if<PackedSet>(&form_)) return packed->Contains(member);
  return std::get<HashSet>(form_).Contains(member);
}

std::string_view Set::Random(uint64_t random, TextBuffer* buffer) const {
  if (const auto* const integers = std::get_if<IntSet>(&form_)) {
    const int64_t value = integers->At(random % integers->size());
    return {buffer->bytes, FormatInteger(value, buffer->bytes)};
  }
  if (const auto* const packed = std::get_if<PackedSet>(&form_)) {
    return packed->At(random % packed->size());
  }
  return std::get<HashSet>(form_).Random(random);
}

std::vector<std::string> Set::Sample(size_t count, uint64_t random) const {
  std::mt19937_64 generator(random);
  std::vector<std::string> sample;
  count = std::min(count, size());
  if (count == 0) return sample;
  sample.reserve(count);
  if (size() / 4 < count || !std::holds_alternative<HashSet>(form_)) {
    // Most of the set: shuffle it all, as far as needed.
    std::vector<std::string> all;
    all.reserve(size());
    ForEach([&](std::string_view member) { all.emplace_back(member); });
    for (size_t i = 0; i < count; ++i) {
      std::swap(all[i], all[i + generator() % (all.size() - i)]);
      sample.push_back(std::move(all[i]));
    }
    return sample;
  }
  absl::flat_hash_set<std::string_view> drawn;
  TextBuffer buffer;
  while (sample.size() < count) {
    const std::string_view member = Random(generator(), &buffer);
    if (drawn.insert(member).second) sample.emplace_back(member);
  }
  return sample;
}

uint64_t Set::Scan(uint64_t cursor, size_t count,
                   const std::function<void(std::string_view)>& visit) const {
  if (const auto* const table = std::get_if<HashSet>(&form_)) {
    return table->Scan(cursor, count, visit);
  }
  ForEach(visit);
  return 0;
}

}  // namespace larder::storage
