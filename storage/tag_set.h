// Some tags, by their ids, with a reference to each (tag_table.h): what SET and CACHE.TAG hand to
// an entry, and what a value takes along away from its key.
//
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/tag_table.h"

namespace larder::storage {

class TagSet {
 public:
  using Ids = std::vector<uint32_t>;

  TagSet() = default;
  TagSet(const TagSet& other) : table_(other.table_), ids_(other.ids_) {
    for (const uint32_t id : ids_) table_->AddReference(id);
  }
  TagSet(TagSet&& other) noexcept : table_(other.table_), ids_(std::exchange(other.ids_, {})) {}
  TagSet& operator=(TagSet other) noexcept {
    std::swap(table_, other.table_);
    ids_.swap(other.ids_);
    return *this;
  }
  ~TagSet() {
    for (const uint32_t id : ids_) table_->Release(id);
  }

  // False when it is there already.
  bool Add(TagTable& table, std::string_view name) { return Take(table, table.Acquire(name)); }
  // Likewise by its id. REQUIRES: somebody has a reference.
  bool Add(TagTable& table, uint32_t id) {
    table.AddReference(id);
    return Take(table, id);
  }
  // False when it is not there.
  bool Remove(std::string_view name) {
    const auto at = std::find_if(ids_.begin(), ids_.end(),
                                 [&](uint32_t id) { return table_->NameOf(id) == name; });
    if (at == ids_.end()) return false;
    table_->Release(*at);
    ids_.erase(at);
    return true;
  }

  size_t size() const { return ids_.size(); }
  bool empty() const { return ids_.empty(); }
  Ids::const_iterator begin() const { return ids_.begin(); }
  Ids::const_iterator end() const { return ids_.end(); }
  bool operator==(const TagSet& other) const { return ids_ == other.ids_; }

 private:
  bool Take(TagTable& table, uint32_t id) {  // with its reference
    table_ = &table;
    if (std::find(ids_.begin(), ids_.end(), id) == ids_.end()) return ids_.push_back(id), true;
    table.Release(id);
    return false;
  }

  TagTable* table_ = nullptr;
  Ids ids_;
};

}  // namespace larder::storage
