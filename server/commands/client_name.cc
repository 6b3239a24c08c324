#include "server/commands/client_name.h"

#include <algorithm>
#include <mutex>

namespace larder {

bool IsClientName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

void SetClientName(Session& session, std::string_view name) {
  std::lock_guard lock(session.record->mutex);
  session.record->name = name;
}

}  // namespace larder
