#include "server/hash_fieldsets.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace larder {
namespace {

size_t BytesOf(std::string_view name, const Fieldset& fieldset) {
  size_t bytes = name.size() + sizeof(Fieldset);
  for (const FieldsetField& field : fieldset) bytes += sizeof(field) + field.name.size();
  return bytes;
}

bool Before(const FieldsetField& a, const FieldsetField& b) {
  return std::forward_as_tuple(a.name.size(), a.name) <
         std::forward_as_tuple(b.name.size(), b.name);
}

bool SameName(const FieldsetField& a, const FieldsetField& b) { return a.name == b.name; }

}  // namespace

HashFieldsets::Prepared HashFieldsets::Prepare(std::string_view name,
                                               std::span<const std::string_view> fields) {
  Fieldset fieldset;
  fieldset.reserve(fields.size());
  for (const std::string_view field : fields) {
    fieldset.push_back({std::string(field), fieldset.size()});
  }
  std::sort(fieldset.begin(), fieldset.end(), Before);
  if (std::adjacent_find(fieldset.begin(), fieldset.end(), SameName) != fieldset.end()) {
    return Prepared::kDuplicateField;
  }
  const auto old = fieldsets_.find(name);
  const size_t bytes_of_others =
      bytes_ - (old == fieldsets_.end() ? 0 : BytesOf(name, old->second));
  const size_t bytes = bytes_of_others + BytesOf(name, fieldset);
  if (bytes > kFieldsetBytesMax) return Prepared::kTooLarge;
  bytes_ = bytes;
  fieldsets_.insert_or_assign(std::string(name), std::move(fieldset));
  return Prepared::kDone;
}

const Fieldset* HashFieldsets::Find(std::string_view name) const {
  const auto found = fieldsets_.find(name);
  return found == fieldsets_.end() ? nullptr : &found->second;
}

bool HashFieldsets::Discard(std::string_view name) {
  const auto found = fieldsets_.find(name);
  if (found == fieldsets_.end()) return false;
  bytes_ -= BytesOf(name, found->second);
  fieldsets_.erase(found);
  return true;
}

size_t HashFieldsets::DiscardAll() {
  const size_t count = fieldsets_.size();
  fieldsets_.clear();
  bytes_ = 0;
  return count;
}

}  // namespace larder
