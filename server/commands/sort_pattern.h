// The patterns of SORT … BY and GET: which value belongs to an element.
//
//   "#"               the element itself
//   "weight_*"        the string at the key that has the element in place of the first star
//   "object_*->field" a field of the hash there; an arrow with nothing behind it belongs to the key
//   anything else     nothing: a constant names no value
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"

namespace larder {

class SortPattern {
 public:
  // The text must outlive the pattern.
  explicit SortPattern(std::string_view text);

  bool names_keys() const { return has_star_; }

  // The value of an element: a string's entry, or a text that is good until the next change of the
  // keyspace (expired keys that are met on the way are such a change). Null: none.
  // REQUIRES: all stripes are locked, if names_keys().
  struct Found {
    const storage::Entry* entry = nullptr;
    std::optional<std::string_view> text;

    bool any() const { return entry != nullptr || text.has_value(); }
    std::string_view view() const { return entry != nullptr ? entry->string() : *text; }
  };
  Found Find(CommandContext& ctx, std::string_view element) const;
  // Removes what belongs to an element if its time has come, so that no later Find does.
  void Expire(CommandContext& ctx, std::string_view element) const;

 private:
  std::string KeyOf(std::string_view element) const;

  bool is_element_ = false;
  bool has_star_ = false;
  std::string_view prefix_, postfix_;  // of the key's name
  std::string_view field_;             // empty: the key holds a string
};

}  // namespace larder
