// The lists of field names that one client has prepared to import hashes with (HIMPORT), by name.
//
// Not thread-safe: they live in the client's session, until it ends or is reset. Finding one costs
// O(1), preparing one O(fields * log(fields)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/string_map.h"

namespace larder {

// Of all fieldsets of a client together; errors::kFieldsetsTooLarge says it.
inline constexpr size_t kFieldsetBytesMax = 16 * 1024 * 1024;

// A field, and which of the values that are given in the order of preparation is its.
struct FieldsetField {
  std::string name;
  size_t value_index;
};

// In the order in which Redis lays the fields of such a hash: by length, then by bytes.
using Fieldset = std::vector<FieldsetField>;

class HashFieldsets {
 public:
  enum class Prepared : uint8_t { kDone, kDuplicateField, kTooLarge };

  // Replaces the fieldset of that name, if there is one; leaves it as it is when this fails.
  Prepared Prepare(std::string_view name, std::span<const std::string_view> fields);
  // Null when there is none of that name.
  const Fieldset* Find(std::string_view name) const;
  bool Discard(std::string_view name);  // false when there is none
  size_t DiscardAll();                  // returns how many there were

  size_t bytes() const { return bytes_; }

 private:
  storage::StringMap<Fieldset> fieldsets_;
  size_t bytes_ = 0;
};

}  // namespace larder
