#include "storage/watch.h"

#include <algorithm>
#include <cstring>

namespace larder::storage {
namespace {

std::string WatchedName(int database, std::string_view key) {
  std::string name(sizeof(database) + key.size(), '\0');
  std::memcpy(name.data(), &database, sizeof(database));
  std::memcpy(name.data() + sizeof(database), key.data(), key.size());
  return name;
}

void MarkAll(const std::vector<WatchMark*>& marks) {
  for (WatchMark* mark : marks) mark->store(true, std::memory_order_release);
}

}  // namespace

void WatchRegistry::Add(int database, std::string_view key, WatchMark* mark) {
  auto& marks = watched_[WatchedName(database, key)];
  if (std::find(marks.begin(), marks.end(), mark) == marks.end()) marks.push_back(mark);
}

void WatchRegistry::Remove(int database, std::string_view key, WatchMark* mark) {
  const auto found = watched_.find(WatchedName(database, key));
  if (found == watched_.end()) return;
  std::erase(found->second, mark);
  if (found->second.empty()) watched_.erase(found);
}

void WatchRegistry::TouchWatched(int database, std::string_view key) {
  const auto found = watched_.find(WatchedName(database, key));
  if (found != watched_.end()) MarkAll(found->second);
}

void WatchRegistry::TouchDatabase(int database) {
  TouchDatabaseIf(database, [](std::string_view) { return true; });
}

void WatchRegistry::TouchDatabaseIf(int database,
                                    const std::function<bool(std::string_view key)>& changes) {
  for (const auto& [name, marks] : watched_) {
    int of_database;
    std::memcpy(&of_database, name.data(), sizeof(of_database));
    if (of_database != database) continue;
    if (changes(std::string_view(name).substr(sizeof(of_database)))) MarkAll(marks);
  }
}

}  // namespace larder::storage
