#include "storage/undo_log.h"

#include <cstring>
#include <utility>

#include "storage/database.h"

namespace larder::storage {
namespace {

std::string SavedName(int database, std::string_view key) {
  std::string name(sizeof(database), '\0');
  std::memcpy(name.data(), &database, sizeof(database));
  return name.append(key);
}

}  // namespace

bool UndoLog::Saved(int database, std::string_view key) const {
  return !saved_.empty() && names_.contains(SavedName(database, key));
}

void UndoLog::Save(int database, std::string_view key, std::optional<Value> old_value) {
  if (!names_.insert(SavedName(database, key)).second) return;
  saved_.push_back({database, std::string(key), std::move(old_value)});
}

void UndoLog::Rollback(Keyspace& keyspace, int64_t now_ms) {
  for (; !saved_.empty(); saved_.pop_back()) {
    SavedKey& saved = saved_.back();
    Database database(keyspace, saved.database, now_ms);
    const Key key = keyspace.hasher()(saved.key);
    const Object* const object = saved.old_value ? saved.old_value->object.get() : nullptr;
    // The fields of a hash may have expired in the meantime, all of them.
    const bool empty = object != nullptr && object->ElementCount() == 0;
    if (saved.old_value && !empty) {
      database.Put(key, *std::move(saved.old_value), {.undoes = true});
    } else {
      database.Delete(key);
    }
  }
  Clear();
}

}  // namespace larder::storage
