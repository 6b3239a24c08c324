// Lists by value: LINSERT, LREM, LPOS.
#include <limits>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"

namespace larder {
namespace {

using storage::List;

constexpr std::string_view kRankZero =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list";
constexpr std::string_view kNegativeCount = "ERR COUNT can't be negative";
constexpr std::string_view kNegativeMaxlen = "ERR MAXLEN can't be negative";

Status LInsert(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const bool behind = ctx.args.Match("AFTER");
  if (!behind && !ctx.args.Match("BEFORE")) return Error(errors::kSyntax);
  List* list;
  if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
  if (list == nullptr) return ctx.reply.Integer(0), Ok();
  const storage::ElementSpec pivot(ctx.args.Next());
  const std::string_view element = ctx.args.Next();
  const storage::ListLimits limits = ListLimitsOf(ctx);
  list->Expect({&element, 1}, limits);
  List::Position at = list->First();
  while (at && !at.element().Is(pivot)) at = list->Next(at);
  if (!at) return ctx.reply.Integer(-1), Ok();
  list->Insert(at, behind, element, limits);
  ctx.Changed(key, NotifyClass::kList, "linsert");
  ctx.reply.Integer(static_cast<int64_t>(list->size()));
  return Ok();
}

// Removes what is equal to the element, at most `count`, from one end on.
int64_t RemoveForwards(List* list, const storage::ElementSpec& element, uint64_t count,
                       const storage::ListLimits& limits) {
  int64_t removed = 0;
  for (List::Position at = list->First(); at && count > 0;) {
    if (!at.element().Is(element)) {
      at = list->Next(at);
      continue;
    }
    at = list->Erase(at, limits);
    ++removed;
    --count;
  }
  return removed;
}

int64_t RemoveBackwards(List* list, const storage::ElementSpec& element, uint64_t count,
                        const storage::ListLimits& limits) {
  int64_t removed = 0;
  for (List::Position at = list->Last(); at && count > 0;) {
    if (!at.element().Is(element)) {
      at = list->Previous(at);
      continue;
    }
    const List::Position next = list->Erase(at, limits);
    at = next ? list->Previous(next) : list->Last();
    ++removed;
    --count;
  }
  return removed;
}

Status LRem(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t count = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (count == std::numeric_limits<int64_t>::min()) return Error(errors::kCountOutOfRange);
  List* list;
  if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
  int64_t removed = 0;
  if (list != nullptr) {
    const storage::ElementSpec element(ctx.args.Next());
    const storage::ListLimits limits = ListLimitsOf(ctx);
    const uint64_t most = count == 0 ? std::numeric_limits<uint64_t>::max()
                                     : static_cast<uint64_t>(count < 0 ? -count : count);
    removed = count < 0 ? RemoveBackwards(list, element, most, limits)
                        : RemoveForwards(list, element, most, limits);
    if (removed > 0) ElementsRemoved(ctx, key, list, "lrem");
  }
  ctx.reply.Integer(removed);
  return Ok();
}

// ---- LPOS

struct PositionOptions {
  uint64_t rank = 1;  // the first match to answer
  bool backwards = false;
  bool many = false;  // COUNT was given
  uint64_t count = 1;
  uint64_t compared_max = std::numeric_limits<uint64_t>::max();
};

Status ParsePositionOptions(ArgReader& args, PositionOptions* options) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
  while (args.HasMore()) {
    if (args.remaining() < 2) return Error(errors::kSyntax);
    if (args.Match("RANK")) {
      const int64_t rank = args.NextInt();
      if (args.failed()) return args.status();
      if (rank == std::numeric_limits<int64_t>::min()) return Error(errors::kCountOutOfRange);
      if (rank == 0) return Error(kRankZero);
      options->backwards = rank < 0;
      options->rank = static_cast<uint64_t>(rank < 0 ? -rank : rank);
    } else if (args.Match("COUNT")) {
      const int64_t count = args.NextIntIn(0, kMost, kNegativeCount);
      options->many = true;
      options->count = count == 0 ? kUnlimited : static_cast<uint64_t>(count);
    } else if (args.Match("MAXLEN")) {
      const int64_t length = args.NextIntIn(0, kMost, kNegativeMaxlen);
      options->compared_max = length == 0 ? kUnlimited : static_cast<uint64_t>(length);
    } else {
      return Error(errors::kSyntax);
    }
    if (args.failed()) return args.status();
  }
  return Ok();
}

// Calls `visit` with the index of every match that is asked for.
template <class Visit>
void ForMatches(const List& list, const storage::ElementSpec& element,
                const PositionOptions& options, Visit visit) {
  uint64_t compared = 0;
  uint64_t matches = 0;
  List::Position at = options.backwards ? list.Last() : list.First();
  while (at && compared < options.compared_max) {
    if (at.element().Is(element) && ++matches >= options.rank) {
      visit(options.backwards ? list.size() - 1 - compared : compared);
      if (matches - options.rank + 1 >= options.count) return;
    }
    ++compared;
    at = options.backwards ? list.Previous(at) : list.Next(at);
  }
}

Status LPos(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::ElementSpec element(ctx.args.Next());
  PositionOptions options;
  if (Status parsed = ParsePositionOptions(ctx.args, &options); !parsed.ok()) return parsed;
  const List* list;
  if (Status found = FindList(ctx, key, &list); !found.ok()) return found;
  if (options.many) {
    const auto mark = ctx.reply.ArrayLater();
    int64_t found = 0;
    if (list != nullptr) {
      ForMatches(*list, element, options, [&](uint64_t index) {
        ctx.reply.Integer(static_cast<int64_t>(index));
        ++found;
      });
    }
    ctx.reply.Finish(mark, found);
    return Ok();
  }
  std::optional<uint64_t> found;
  if (list != nullptr) {
    ForMatches(*list, element, options, [&found](uint64_t index) { found = index; });
  }
  found ? ctx.reply.Integer(static_cast<int64_t>(*found)) : ctx.reply.Null();
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "linsert",
     .syntax = "key <BEFORE | AFTER> pivot element",
     .summary = "Inserts an element before or after another element in a list.",
     .complexity = "O(N) where N is the number of elements to traverse before seeing the value "
                   "pivot. This means that inserting somewhere on the left end on the list (head) "
                   "can be considered O(1) and inserting somewhere on the right end (tail) is "
                   "O(N).",
     .since = "2.2.0",
     .group = Group::kList,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = LInsert},
    {.name = "lpos",
     .syntax = "key element [RANK rank:int] [COUNT num-matches:int] [MAXLEN len:int]",
     .summary = "Returns the index of matching elements in a list.",
     .complexity = "O(N) where N is the number of elements in the list, for the average case. When "
                   "searching for elements near the head or the tail of the list, or when the "
                   "MAXLEN option is provided, the command may run in constant time.",
     .since = "6.0.6",
     .group = Group::kList,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = LPos},
    {.name = "lrem",
     .syntax = "key count:int element",
     .summary = "Removes elements from a list. Deletes the list if the last element was removed.",
     .complexity = "O(N+M) where N is the length of the list and M is the number of elements "
                   "removed.",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = LRem},
};

}  // namespace

std::span<const CommandSpec> ListSearchCommands() { return kCommands; }

}  // namespace larder
