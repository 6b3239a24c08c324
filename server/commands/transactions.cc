// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/watching.h"

namespace larder {
namespace {

Status Multi(CommandContext& ctx) {
  if (ctx.session.in_multi()) return Error(errors::kNestedMulti);
  ctx.session.transaction = std::make_unique<Transaction>();
  ctx.session.record->SetFlag(ClientFlag::kTransaction, true);
  ctx.session.record->queued_commands.store(0, std::memory_order_relaxed);
  ctx.reply.Ok();
  return Ok();
}

// Rights may have changed since a command was queued: by other clients, or by the transaction
// itself.
Status CheckAgain(CommandContext& ctx, const CommandInfo& command,
                  std::span<const std::string_view> args) {
  switch (ctx.dispatcher.CheckRights(ctx.session, command, args, AclContext::kMulti).verdict) {
    case AclVerdict::kAllowed:
      break;
    case AclVerdict::kCommand:
      return Error(errors::AclDeniesInExec("no permission to execute the command or subcommand"));
    case AclVerdict::kKey:
      return Error(errors::AclDeniesInExec("no permission to touch the specified keys"));
    case AclVerdict::kChannel:
      return Error(
          errors::AclDeniesInExec("no permission to access one of the channels used as arguments"));
  }
  return Ok();
}

void RunQueued(CommandContext& ctx, const std::vector<QueuedCommand>& commands) {
  ctx.reply.Array(static_cast<int64_t>(commands.size()));
  ctx.session
      .BeginParts();  // a script lets other clients have turns, and they may send it messages
  RunScope scope = ctx.scope;
  scope.in_exec = true;
  std::vector<std::string_view> args;
  for (const QueuedCommand& queued : commands) {
    args.assign(queued.args.begin(), queued.args.end());
    Status status = CheckAgain(ctx, *queued.command, args);
    if (status.ok()) {
      const auto outcome =
          ctx.dispatcher.RunNested(ctx.session, *queued.command, args, scope, ctx.reply, &status);
      if (outcome == Dispatcher::NestedOutcome::kKeysNotHeld) {
        // SELECT does not change which stripe a key is in, so this cannot be.
        status = Error("ERR the transaction reached a key that was not locked");
      }
    }
    if (!status.ok()) ctx.reply.Error(status.error());
  }
  ctx.session.EndParts();
}

Status Exec(CommandContext& ctx) {
  Session& session = ctx.session;
  if (!session.in_multi()) return Error(errors::kExecWithoutMulti);
  const std::unique_ptr<Transaction> transaction = std::move(session.transaction);
  session.DropTransaction();
  for (const WatchedKey& watched : session.watched) {
    // One whose time has passed by now counts as changed: finding it removes it and sets the mark.
    storage::Database database(ctx.engine.keyspace, watched.database, ctx.db.now_ms());
    database.Find({watched.key, watched.hash}, storage::Access::kPeek);
  }
  const bool dirty = session.watch_dirty.load(std::memory_order_acquire);
  session.unwatch_after_command = true;
  if (transaction->aborted) return Error(errors::kExecAbort);
  if (dirty) {
    ctx.reply.NullArray();
    return Ok();
  }
  RunQueued(ctx, transaction->commands);
  return Ok();
}

Status Discard(CommandContext& ctx) {
  if (!ctx.session.in_multi()) return Error(errors::kDiscardWithoutMulti);
  ctx.session.DropTransaction();
  ctx.session.unwatch_after_command = true;
  ctx.reply.Ok();
  return Ok();
}

Status Watch(CommandContext& ctx) {
  if (ctx.session.in_multi()) return Error(errors::kWatchInsideMulti);
  while (ctx.args.HasMore()) {
    const storage::Key key = ctx.args.NextKey();
    // A key whose time has passed is removed now, so that its removal later changes nothing.
    ctx.db.Find(key, storage::Access::kPeek);
    WatchKey(ctx.engine, ctx.session, key);
  }
  ctx.reply.Ok();
  return Ok();
}

Status Unwatch(CommandContext& ctx) {
  ctx.session.unwatch_after_command = !ctx.in_exec() && !ctx.in_script();
  ctx.reply.Ok();
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "multi",
     .syntax = "",
     .summary = "Starts a transaction.",
     .complexity = "O(1)",
     .since = "1.2.0",
     .group = Group::kTransactions,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kAllowBusy |
              Flag::kNotQueued,
     .handler = Multi},
    {.name = "exec",
     .syntax = "",
     .summary = "Executes all commands in a transaction.",
     .complexity = "Depends on commands in the transaction",
     .since = "1.2.0",
     .group = Group::kTransactions,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kSkipSlowlog |
              Flag::kRunsQueued | Flag::kNotQueued | Flag::kUnwatches,
     .handler = Exec},
    {.name = "discard",
     .syntax = "",
     .summary = "Discards a transaction.",
     .complexity = "O(N), when N is the number of queued commands",
     .since = "2.0.0",
     .group = Group::kTransactions,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kAllowBusy |
              Flag::kNotQueued | Flag::kUnwatches,
     .handler = Discard},
    {.name = "watch",
     .syntax = "key [key ...]",
     .summary = "Monitors changes to keys to determine the execution of a transaction.",
     .complexity = "O(1) for every key.",
     .since = "2.2.0",
     .group = Group::kTransactions,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kAllowBusy |
              Flag::kNotQueued,
     .keys = {Keys(1, -1, 1, KeyFlag::kRO)},
     .handler = Watch},
    {.name = "unwatch",
     .syntax = "",
     .summary = "Forgets about watched keys of a transaction.",
     .complexity = "O(1)",
     .since = "2.2.0",
     .group = Group::kTransactions,
     .flags = Flag::kNoScript | Flag::kLoading | Flag::kStale | Flag::kFast | Flag::kAllowBusy |
              Flag::kUnwatches,
     .handler = Unwatch},
};

}  // namespace

std::span<const CommandSpec> TransactionCommands() { return kCommands; }

}  // namespace larder
