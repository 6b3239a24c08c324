// Several elements at once from one list to another: LMOVEM, and BLMOVEM for who waits until there
// are enough.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/families.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"
#include "server/commands/type_waiter.h"

namespace larder {
namespace {

using storage::List;
using storage::ListEnd;

struct HowMany {
  size_t count = 1;
  bool exactly = false;  // nothing where there are fewer
  bool in_bulk = false;  // in the order that they had; else in that of pushing one by one

  size_t least() const { return exactly ? count : 1; }
};

// "[COUNT|EXACTLY count OBO|BULK]", what is left of the arguments.
Status ParseHowMany(ArgReader& args, HowMany* how_many) {
  if (!args.HasMore()) return Ok();
  if (args.remaining() != 3) return Error(errors::kSyntax);
  how_many->exactly = args.Match("EXACTLY");
  if (!how_many->exactly && !args.Match("COUNT")) return Error(errors::kSyntax);
  const int64_t count =
      args.NextIntIn(1, std::numeric_limits<int64_t>::max(), "ERR count should be greater than 0");
  if (args.failed()) return args.status();
  how_many->count = static_cast<size_t>(count);
  how_many->in_bulk = args.Match("BULK");
  if (!how_many->in_bulk && !args.Match("OBO")) return Error(errors::kSyntax);
  return Ok();
}

std::vector<std::string> TakeElements(List* list, ListEnd end, size_t count) {
  std::vector<std::string> taken;
  taken.reserve(count);
  storage::ElementBuffer buffer;
  for (; count > 0; --count) {
    const List::Position at = end == ListEnd::kFront ? list->First() : list->Last();
    taken.emplace_back(at.element().Text(&buffer));
    list->Pop(end);
  }
  return taken;
}

// Answers the elements as they then lie in the target. All are taken before any is put back, so
// that OBO turns those around that return to their own end, as Redis has it.
Status MoveElements(CommandContext& ctx, const storage::Key& from, const storage::Key& to,
                    const ListMove& move, const HowMany& how_many) {
  List *source, *target;
  if (Status found = FindMoveLists(ctx, from, to, &source, &target); !found.ok()) return found;
  if (target == nullptr) return Ok();  // a script that will start again
  const std::vector<std::string> taken =
      TakeElements(source, move.from_end, std::min(how_many.count, source->size()));
  std::vector<std::string_view> elements(taken.begin(), taken.end());
  // Each is pushed beyond the one before: that turns them around where they go to the same end.
  if (how_many.in_bulk && move.from_end == move.to_end)
    std::reverse(elements.begin(), elements.end());
  PushElements(ctx, to, target, move.to_end, elements);
  if (move.to_end == ListEnd::kFront) std::reverse(elements.begin(), elements.end());
  ctx.reply.Array(static_cast<int64_t>(elements.size()));
  for (const std::string_view element : elements) ctx.reply.Bulk(element);
  ElementsRemoved(ctx, from, source, PopEvent(move.from_end));
  return Ok();
}

Status MoveNow(CommandContext& ctx, const ListMove& move, const HowMany& how_many, bool* too_few) {
  const storage::Key from = ctx.args.HashedKey(move.from);
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, from, List::kType, &entry); !found.ok()) return found;
  *too_few = entry == nullptr || entry->object()->ElementCount() < how_many.least();
  if (*too_few) return Ok();
  return MoveElements(ctx, from, ctx.args.HashedKey(move.to), move, how_many);
}

Status LMoveM(CommandContext& ctx) {
  ListMove move;
  HowMany how_many;
  if (Status parsed = ParseListMove(ctx.args, &move); !parsed.ok()) return parsed;
  if (Status parsed = ParseHowMany(ctx.args, &how_many); !parsed.ok()) return parsed;
  bool too_few = false;
  Status moved = MoveNow(ctx, move, how_many, &too_few);
  if (too_few) ctx.reply.NullArray();
  return moved;
}

// A waiter for a list with enough elements; one that has fewer is left to others.
WaiterPointer NewMoveWaiter(const ListMove& move, const HowMany& how_many) {
  WaiterPointer waiter = NewTypeWaiter({&move.from, 1}, List::kType);
  waiter->other_keys = {std::string(move.to)};
  waiter->ready = [is_list = std::move(waiter->ready), least = how_many.least()](
                      CommandContext& then, const storage::Key& from) {
    return is_list(then, from) &&
           then.db.Find(from, storage::Access::kPeek)->object()->ElementCount() >= least;
  };
  waiter->serve = [to = std::string(move.to), from_end = move.from_end, to_end = move.to_end,
                   how_many](CommandContext& then, const storage::Key& from) {
    const ListMove again{from.bytes, to, from_end, to_end};
    Status served = MoveElements(then, from, then.db.HashedKey(to), again, how_many);
    if (!served.ok()) then.reply.Error(served.error());
  };
  return waiter;
}

Status BLMoveM(CommandContext& ctx) {
  ListMove move;
  HowMany how_many;
  int64_t timeout_us = 0;
  if (Status parsed = ParseListMove(ctx.args, &move); !parsed.ok()) return parsed;
  if (Status parsed = ParseBlockTimeout(ctx.args.Next(), &timeout_us); !parsed.ok()) return parsed;
  if (Status parsed = ParseHowMany(ctx.args, &how_many); !parsed.ok()) return parsed;
  bool too_few = false;
  Status moved = MoveNow(ctx, move, how_many, &too_few);
  if (!too_few) return moved;
  if (ctx.in_exec() || ctx.in_script()) return ctx.reply.NullArray(), Ok();
  ctx.Block(NewMoveWaiter(move, how_many), timeout_us);
  return Ok();
}

constexpr uint32_t kMove = Flag::kWrite | Flag::kDenyOom;
constexpr int kPopKey = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete;
constexpr int kInsertKey = KeyFlag::kRW | KeyFlag::kInsert;

constexpr CommandSpec kCommands[] = {
    {.name = "blmovem",
     .syntax = "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> "
               "timeout:double [how-many: <selector: COUNT count:int | EXACTLY exactly:int> "
               "<ordering: OBO | BULK>]",
     .summary = "Moves up to (or exactly) a number of elements from one list to another and "
                "returns them. Blocks until the elements are available otherwise. Deletes the "
                "source list if it becomes empty.",
     .complexity = "O(N) where N is the number of elements moved.",
     .since = "8.10.0",
     .group = Group::kList,
     .flags = kMove | Flag::kBlocking,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = BLMoveM},
    {.name = "lmovem",
     .syntax = "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> [how-many: "
               "<selector: COUNT count:int | EXACTLY exactly:int> <ordering: OBO | BULK>]",
     .summary = "Moves up to (or exactly) a number of elements from one list to another and "
                "returns them. Deletes the source list if it becomes empty.",
     .complexity = "O(N) where N is the number of elements moved.",
     .since = "8.10.0",
     .group = Group::kList,
     .flags = kMove,
     .keys = {Key(1, kPopKey), Key(2, kInsertKey)},
     .handler = LMoveM},
};

}  // namespace

std::span<const CommandSpec> ListMultiMoveCommands() { return kCommands; }

}  // namespace larder
