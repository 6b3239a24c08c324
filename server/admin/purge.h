// POST /api/v1/purge: from its JSON to the command that does it.
//
//   {"keys": ["a", "b"], "database": 0}         UNLINK, or with "soft" CACHE.PURGE … SOFT
//   {"tags": ["price"], "soft": 30}             CACHE.PURGETAG
//   {"match": "shop:*", "database": 0}          CACHE.PURGEMATCH
//   {"namespace": "shop"}                       CACHE.NS FLUSH
//   {"all": true}                               FLUSHALL
#pragma once

#include <string_view>
#include <vector>

#include "server/admin/command_session.h"
#include "server/admin/json.h"

namespace larder::admin {

inline constexpr size_t kPurgedTogetherMax = 10'000;  // keys or tags

struct PurgePlan {
  std::vector<CommandSession::Command> before;  // SELECT
  CommandSession::Command command;
  bool everything = false;
};

// Returns what is wrong with `body`, or nothing.
std::string_view ReadPurge(const Json& body, PurgePlan* plan);

}  // namespace larder::admin
