// Purges of keys by their names, in slices, for the commands that ask for one.
#pragma once

#include <cstdint>

#include "server/command_context.h"
#include "storage/match_purge.h"

namespace larder {

// Removes the keys that `picks` and that the user may write, from database `first` to `last`.
// With `soft_until_ms` (Unix time) strings are served stale until then. Others have their turn in
// between, but in EXEC and scripts. Returns how many went. REQUIRES: the command's row has
// Flag::kOwnLocks.
uint64_t PurgeByName(CommandContext& ctx, int first, int last, int64_t soft_until_ms,
                     const storage::MatchPurge::Picks& picks);

}  // namespace larder
