#include "server/commands/name_purge.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "server/acl/acl_check.h"

namespace larder {
namespace {

using std::chrono::steady_clock;
using storage::MatchPurge;

// A slice ends with the segment that it is at, which may take half as long again.
constexpr auto kSlice = std::chrono::microseconds(500);

// Keeps the user as it is now.
MatchPurge::Picks WithRights(const CommandContext& ctx, MatchPurge::Picks picks) {
  AclUserPointer user = ctx.session.user;
  if (user == nullptr || !user->looks_at_keys()) return picks;
  return [picks = std::move(picks), user = std::move(user), &command = ctx.command](
             std::string_view key) { return picks(key) && MayWriteKey(*user, command, key); };
}

}  // namespace

uint64_t PurgeByName(CommandContext& ctx, int first, int last, int64_t soft_until_ms,
                     const MatchPurge::Picks& picks) {
  // In between two slices others have their turn; inside EXEC and scripts nobody may.
  const bool in_slices = !ctx.in_exec() && !ctx.in_script();
  // All from the beginning on: a key that is moved to another database is found still.
  std::vector<std::unique_ptr<MatchPurge>> purges;
  for (int database = first; database <= last; ++database) {
    purges.push_back(std::make_unique<MatchPurge>(ctx.engine.keyspace, database, soft_until_ms,
                                                  WithRights(ctx, picks)));
  }
  uint64_t purged = 0;
  for (const auto& purge : purges) {
    for (;;) {
      const auto deadline =
          in_slices ? steady_clock::now() + kSlice : steady_clock::time_point::max();
      const auto outcome = purge->Slice(ctx.dispatcher.now_ms(), deadline, ctx.all_stripes_held());
      if (outcome == MatchPurge::Outcome::kDone) break;
      if (in_slices) ctx.dispatcher.TakeTurn();
    }
  }
  for (const auto& purge : purges) purged += purge->purged();
  if (purged > 0) ctx.session.MarkDirty();
  return purged;
}

}  // namespace larder
