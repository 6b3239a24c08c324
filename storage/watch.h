// Who watches which keys of one stripe (WATCH), missing keys included. A writer marks the watchers
// of the key that it changed; EXEC looks at its own mark.
//
// REQUIRES for every call: the stripe's lock. A mark itself is atomic: its owner reads it without.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/string_map.h"

namespace larder::storage {

using WatchMark = std::atomic<bool>;

class WatchRegistry {
 public:
  void Add(int database, std::string_view key, WatchMark* mark);
  void Remove(int database, std::string_view key, WatchMark* mark);
  // Sets the marks of the key's watchers.
  void Touch(int database, std::string_view key) {
    if (!watched_.empty()) TouchWatched(database, key);
  }
  // Sets the marks of the watchers of all keys of a database, or of those that `changes` names: a
  // FLUSHDB changes nothing for the watchers of a key that was missing.
  void TouchDatabase(int database);
  void TouchDatabaseIf(int database, const std::function<bool(std::string_view key)>& changes);
  size_t size() const { return watched_.size(); }

 private:
  void TouchWatched(int database, std::string_view key);
  StringMap<std::vector<WatchMark*>> watched_;  // by database number and key
};

}  // namespace larder::storage
