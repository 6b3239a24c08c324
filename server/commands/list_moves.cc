// Elements from one list to another, and from the first of several: LMOVE, RPOPLPUSH, LMPOP; and
// the same for who waits until there is one: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP. Several
// elements at once are moved in list_multi_moves.cc.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/families.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"
#include "server/commands/multi_pop.h"
#include "server/commands/type_waiter.h"

namespace larder {
namespace {

using storage::List;
using storage::ListEnd;

// ---- moving

Status ParseMove(ArgReader& args, bool with_ends, ListMove* move) {
  if (with_ends) return ParseListMove(args, move);
  move->from = args.Next();
  move->to = args.Next();
  return Ok();
}

Status MoveNow(CommandContext& ctx, const ListMove& move, bool* empty) {
  const storage::Key from = ctx.args.HashedKey(move.from);
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, from, List::kType, &entry); !found.ok()) return found;
  *empty = entry == nullptr;
  if (*empty) return Ok();
  return MoveElement(ctx, from, move.from_end, ctx.args.HashedKey(move.to), move.to_end);
}

Status MoveOrNull(CommandContext& ctx, bool with_ends) {
  ListMove move;
  if (Status parsed = ParseMove(ctx.args, with_ends, &move); !parsed.ok()) return parsed;
  bool empty = false;
  Status moved = MoveNow(ctx, move, &empty);
  if (empty) ctx.reply.Null();
  return moved;
}

Status LMove(CommandContext& ctx) { return MoveOrNull(ctx, true); }
Status RPopLPush(CommandContext& ctx) { return MoveOrNull(ctx, false); }

Status MoveOrWait(CommandContext& ctx, bool with_ends) {
  ListMove move;
  if (Status parsed = ParseMove(ctx.args, with_ends, &move); !parsed.ok()) return parsed;
  int64_t timeout_us = 0;
  if (Status parsed = ParseBlockTimeout(ctx.args.Next(), &timeout_us); !parsed.ok()) return parsed;
  bool empty = false;
  Status moved = MoveNow(ctx, move, &empty);
  if (!empty) return moved;
  if (ctx.in_exec() || ctx.in_script()) return ctx.reply.Null(), Ok();
  WaiterPointer waiter = NewTypeWaiter({&move.from, 1}, List::kType);
  waiter->other_keys = {std::string(move.to)};
  waiter->serve = [to = std::string(move.to), from_end = move.from_end, to_end = move.to_end](
                      CommandContext& then, const storage::Key& from) {
    Status served = MoveElement(then, from, from_end, then.db.HashedKey(to), to_end);
    if (!served.ok()) then.reply.Error(served.error());
  };
  ctx.Block(std::move(waiter), timeout_us);
  return Ok();
}

Status BLMove(CommandContext& ctx) { return MoveOrWait(ctx, true); }
Status BRPopLPush(CommandContext& ctx) { return MoveOrWait(ctx, false); }

// ---- popping from the first list of several

struct Lists {
  using End = ListEnd;
  static constexpr storage::Type kType = List::kType;
  static std::optional<End> ParseEnd(std::string_view word) { return ParseListEnd(word); }

  static Status PopWithKey(CommandContext& ctx, const storage::Key& key, const MultiPop<End>& pop) {
    List* list;
    if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
    if (list == nullptr) return Ok();  // a script that will start again
    ctx.reply.Array(2);
    ctx.reply.Bulk(key.bytes);
    if (pop.count) {
      PopElements(ctx, key, list, pop.end, *pop.count);
      return Ok();
    }
    const List::Position at = pop.end == ListEnd::kFront ? list->First() : list->Last();
    storage::ElementBuffer buffer;
    ctx.reply.Bulk(at.element().Text(&buffer));
    list->Pop(pop.end);
    ElementsRemoved(ctx, key, list, PopEvent(pop.end));
    return Ok();
  }
};

Status BLPop(CommandContext& ctx) { return BlockingPop<Lists>(ctx, ListEnd::kFront); }
Status BRPop(CommandContext& ctx) { return BlockingPop<Lists>(ctx, ListEnd::kBack); }

constexpr uint32_t kMove = Flag::kWrite | Flag::kDenyOom;
constexpr uint32_t kBlockingMove = kMove | Flag::kNoScript | Flag::kBlocking;
constexpr uint32_t kBlockingPop = Flag::kWrite | Flag::kNoScript | Flag::kBlocking;
constexpr int kPopKey = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete;
constexpr int kInsertKey = KeyFlag::kRW | KeyFlag::kInsert;

constexpr CommandSpec kCommands[] = {
    {.name = "blmove",
     .syntax = "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout:double",
     .summary = "Pops an element from a list, pushes it to another list and returns it. Blocks "
                "until an element is available otherwise. Deletes the list if the last element was "
                "moved.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kList,
     .flags = kBlockingMove,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = BLMove},
    {.name = "blmpop",
     .syntax = "timeout:double numkeys:int key [key ...] <LEFT | RIGHT> [COUNT count:int]",
     .summary = "Pops the first element from one of multiple lists. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped.",
     .complexity = "O(N+M) where N is the number of provided keys and M is the number of elements "
                   "returned.",
     .since = "7.0.0",
     .group = Group::kList,
     .flags = Flag::kWrite | Flag::kBlocking,
     .keys = {CountedKeys(2, kPopKey)},
     .handler = BlockingPopSome<Lists>},
    {.name = "blpop",
     .syntax = "key [key ...] timeout:double",
     .summary = "Removes and returns the first element in a list. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped.",
     .complexity = "O(N) where N is the number of provided keys.",
     .since = "2.0.0",
     .group = Group::kList,
     .flags = kBlockingPop,
     .keys = {Keys(1, -2, 1, kPopKey)},
     .handler = BLPop},
    {.name = "brpop",
     .syntax = "key [key ...] timeout:double",
     .summary = "Removes and returns the last element in a list. Blocks until an element is "
                "available otherwise. Deletes the list if the last element was popped.",
     .complexity = "O(N) where N is the number of provided keys.",
     .since = "2.0.0",
     .group = Group::kList,
     .flags = kBlockingPop,
     .keys = {Keys(1, -2, 1, kPopKey)},
     .handler = BRPop},
    {.name = "brpoplpush",
     .syntax = "source destination timeout:double",
     .summary = "Pops an element from a list, pushes it to another list and returns it. Block "
                "until an element is available otherwise. Deletes the list if the last element was "
                "popped.",
     .complexity = "O(1)",
     .since = "2.2.0",
     .group = Group::kList,
     .flags = kBlockingMove,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = BRPopLPush,
     .deprecated_since = "6.2.0",
     .replaced_by = "`BLMOVE` with the `RIGHT` and `LEFT` arguments"},
    {.name = "lmove",
     .syntax = "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
     .summary = "Returns an element after popping it from one list and pushing it to another. "
                "Deletes the list if the last element was moved.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kList,
     .flags = kMove,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = LMove},
    {.name = "lmpop",
     .syntax = "numkeys:int key [key ...] <LEFT | RIGHT> [COUNT count:int]",
     .summary = "Returns multiple elements from a list after removing them. Deletes the list if "
                "the last element was popped.",
     .complexity = "O(N+M) where N is the number of provided keys and M is the number of elements "
                   "returned.",
     .since = "7.0.0",
     .group = Group::kList,
     .flags = Flag::kWrite,
     .keys = {CountedKeys(1, kPopKey)},
     .handler = PopSome<Lists>},
    {.name = "rpoplpush",
     .syntax = "source destination",
     .summary = "Returns the last element of a list after removing and pushing it to another list. "
                "Deletes the list if the last element was popped.",
     .complexity = "O(1)",
     .since = "1.2.0",
     .group = Group::kList,
     .flags = kMove,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = RPopLPush,
     .deprecated_since = "6.2.0",
     .replaced_by = "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
};

}  // namespace

std::span<const CommandSpec> ListMoveCommands() { return kCommands; }

}  // namespace larder
