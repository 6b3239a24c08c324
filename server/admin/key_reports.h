// Hot and big keys, as commands tell of them.
#pragma once

#include "server/admin/command_session.h"
#include "server/admin/json.h"

namespace larder::admin {

// Of the reply of HOTKEYS GET: {"active", "seconds", "by_cpu": [{"key", "microseconds"}], …}; null
// where nothing was measured.
Json HotKeysOf(const protocol::Reply& reply);

// Of the reply of CACHE.HOT: [{"key", "per_second"}, …]; null where it was refused.
inline constexpr const char* kRecentKeys = "15";
Json RecentKeysOf(const protocol::Reply& reply);

// The largest of some keys drawn at random from the databases that have keys. Runs RANDOMKEY,
// MEMORY USAGE and TYPE as the session's user; what is refused is left out. Some milliseconds.
inline constexpr int kKeysDrawn = 500;  // of all databases together
inline constexpr size_t kBigKeysMax = 15;
Json BigKeys(CommandSession& session, const std::vector<int>& databases);

}  // namespace larder::admin
