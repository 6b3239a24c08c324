// What a script has changed, so that it can be undone and started again when it reaches a key whose
// stripe it does not hold.
//
// Database saves a key's old value here before its first change. A value that is too large to clone
// is refused instead, before anything was changed: the script is then abandoned, undone, and
// started again with all stripes, where nothing needs undoing.
//
// Not thread-safe. REQUIRES: the stripes of the saved keys are locked during Save and Rollback.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/string_map.h"
#include "storage/value.h"

namespace larder::storage {

class Keyspace;

inline constexpr size_t kUndoCloneElementsMax = 1024;
inline constexpr size_t kUndoCloneBytesMax = 64 * 1024;

class UndoLog {
 public:
  // Whether a change was refused because its undo would cost too much.
  bool refused() const { return refused_; }
  void Refuse() { refused_ = true; }
  bool empty() const { return saved_.empty(); }

  bool Saved(int database, std::string_view key) const;
  void Save(int database, std::string_view key,
            std::optional<Value> old_value);  // nullopt: missing

  // Puts every saved value back, newest first, and empties the log.
  void Rollback(Keyspace& keyspace, int64_t now_ms);
  void Clear() {
    saved_.clear();
    names_.clear();
  }

 private:
  struct SavedKey {
    int database;
    std::string key;
    std::optional<Value> old_value;
  };
  std::vector<SavedKey> saved_;
  StringSet names_;  // by database number and key
  bool refused_ = false;
};

}  // namespace larder::storage
