// Lists by their ends and by position: LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LLEN, LINDEX,
// LSET, LRANGE, LTRIM. Searching by value is in list_searches.cc, moving and waiting in
// list_moves.cc.
#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"

namespace larder {
namespace {

using storage::List;
using storage::ListEnd;

constexpr std::string_view kIndexOutOfRange = "ERR index out of range";

// ---- pushing

Status Push(CommandContext& ctx, ListEnd end, bool only_present) {
  const storage::Key key = ctx.args.NextKey();
  const auto elements = ctx.args.all().subspan(ctx.args.position());
  List* list;
  Status found =
      only_present ? FindMutableList(ctx, key, &list) : FindOrCreateList(ctx, key, &list);
  if (!found.ok()) return found;
  if (list != nullptr) PushElements(ctx, key, list, end, elements);
  ctx.reply.Integer(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
  return Ok();
}

Status LPush(CommandContext& ctx) { return Push(ctx, ListEnd::kFront, false); }
Status RPush(CommandContext& ctx) { return Push(ctx, ListEnd::kBack, false); }
Status LPushX(CommandContext& ctx) { return Push(ctx, ListEnd::kFront, true); }
Status RPushX(CommandContext& ctx) { return Push(ctx, ListEnd::kBack, true); }

// ---- popping

Status PopOne(CommandContext& ctx, const storage::Key& key, List* list, ListEnd end) {
  const List::Position at = end == ListEnd::kFront ? list->First() : list->Last();
  storage::ElementBuffer buffer;
  ctx.reply.Bulk(at.element().Text(&buffer));
  list->Pop(end);
  ElementsRemoved(ctx, key, list, PopEvent(end));
  return Ok();
}

Status Pop(CommandContext& ctx, ListEnd end) {
  const storage::Key key = ctx.args.NextKey();
  if (ctx.args.remaining() > 1) return Error(errors::WrongArity(ctx.command.full_name));
  const bool one = !ctx.args.HasMore();
  int64_t count = 1;
  if (!one) {
    count = ctx.args.NextIntIn(0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
    if (ctx.args.failed()) return ctx.args.status();
  }
  List* list;
  if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
  if (list == nullptr) {
    one ? ctx.reply.Null() : ctx.reply.NullArray();
  } else if (count == 0) {
    ctx.reply.Array(0);
  } else if (one) {
    return PopOne(ctx, key, list, end);
  } else {
    PopElements(ctx, key, list, end, static_cast<size_t>(count));
  }
  return Ok();
}

Status LPop(CommandContext& ctx) { return Pop(ctx, ListEnd::kFront); }
Status RPop(CommandContext& ctx) { return Pop(ctx, ListEnd::kBack); }

// ---- positions

Status LLen(CommandContext& ctx) {
  const List* list;
  if (Status found = FindList(ctx, ctx.args.NextKey(), &list); !found.ok()) return found;
  ctx.reply.Integer(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
  return Ok();
}

// An index as clients count, from the end when negative.
std::optional<size_t> IndexIn(const List& list, int64_t index) {
  const auto size = static_cast<int64_t>(list.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return static_cast<size_t>(index);
}

Status LIndex(CommandContext& ctx) {
  const List* list;
  if (Status found = FindList(ctx, ctx.args.NextKey(), &list); !found.ok()) return found;
  if (list == nullptr) return ctx.reply.Null(), Ok();
  const int64_t index = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  const auto at = IndexIn(*list, index);
  if (!at) return ctx.reply.Null(), Ok();
  storage::ElementBuffer buffer;
  ctx.reply.Bulk(list->At(*at).element().Text(&buffer));
  return Ok();
}

Status LSet(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, List::kType, &entry); !found.ok()) return found;
  if (entry == nullptr) return Error(errors::kNoSuchKey);
  const int64_t index = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  List* list;
  if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
  if (list == nullptr) return Ok();  // a script that will start again
  const storage::ListLimits limits = ListLimitsOf(ctx);
  const std::string_view element = ctx.args.Next();
  list->Expect({&element, 1}, limits);
  const auto at = IndexIn(*list, index);
  if (!at) return Error(kIndexOutOfRange);
  list->Replace(list->At(*at), element, limits);
  list->Settle(limits);
  ctx.Changed(key, NotifyClass::kList, "lset");
  ctx.reply.Ok();
  return Ok();
}

struct Range {
  size_t first = 0;
  size_t count = 0;
};

// What lies between two indexes, both inclusive and both from the end when negative.
Range RangeIn(const List& list, int64_t start, int64_t stop) {
  const auto size = static_cast<int64_t>(list.size());
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (stop < 0) stop += size;
  stop = std::min(stop, size - 1);
  if (start > stop) return {};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

Status LRange(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t start = ctx.args.NextInt();
  const int64_t stop = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const List* list;
  if (Status found = FindList(ctx, key, &list); !found.ok()) return found;
  const Range range = list == nullptr ? Range() : RangeIn(*list, start, stop);
  ctx.reply.Array(static_cast<int64_t>(range.count));
  if (range.count == 0) return Ok();
  list->ForRange(range.first, range.count,
                 [&ctx](std::string_view element) { ctx.reply.Bulk(element); });
  return Ok();
}

Status LTrim(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t start = ctx.args.NextInt();
  const int64_t stop = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  List* list;
  if (Status found = FindMutableList(ctx, key, &list); !found.ok()) return found;
  if (list != nullptr) {
    const Range kept = RangeIn(*list, start, stop);
    if (kept.count == 0) {
      // Not element by element: a large list is freed in slices.
      ctx.Notify(NotifyClass::kList, "ltrim", key.bytes);
      DeleteKey(ctx, key);
    } else {
      list->EraseRange(kept.first + kept.count, list->size() - kept.first - kept.count);
      list->EraseRange(0, kept.first);
      ElementsRemoved(ctx, key, list, "ltrim");
    }
  }
  ctx.reply.Ok();
  return Ok();
}

constexpr uint32_t kPush = Flag::kWrite | Flag::kDenyOom | Flag::kFast;
constexpr uint32_t kPop = Flag::kWrite | Flag::kFast;
constexpr int kInsertKey = KeyFlag::kRW | KeyFlag::kInsert;
constexpr int kPopKey = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;
constexpr std::string_view kPushComplexity =
    "O(1) for each element added, so O(N) to add N elements when the command is called with "
    "multiple arguments.";

constexpr CommandSpec kCommands[] = {
    {.name = "lindex",
     .syntax = "key index:int",
     .summary = "Returns an element from a list by its index.",
     .complexity = "O(N) where N is the number of elements to traverse to get to the element at "
                   "index. This makes asking for the first or the last element of the list O(1).",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = LIndex},
    {.name = "llen",
     .syntax = "key",
     .summary = "Returns the length of a list.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = LLen},
    {.name = "lpop",
     .syntax = "key [count:int]",
     .summary = "Returns the first elements in a list after removing it. Deletes the list if the "
                "last element was popped.",
     .complexity = "O(N) where N is the number of elements returned",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = kPop,
     .keys = {Key(1, kPopKey)},
     .handler = LPop},
    {.name = "lpush",
     .syntax = "key element [element ...]",
     .summary = "Prepends one or more elements to a list. Creates the key if it doesn't exist.",
     .complexity = kPushComplexity,
     .since = "1.0.0",
     .group = Group::kList,
     .flags = kPush,
     .keys = {Key(1, kInsertKey)},
     .handler = LPush},
    {.name = "lpushx",
     .syntax = "key element [element ...]",
     .summary = "Prepends one or more elements to a list only when the list exists.",
     .complexity = kPushComplexity,
     .since = "2.2.0",
     .group = Group::kList,
     .flags = kPush,
     .keys = {Key(1, kInsertKey)},
     .handler = LPushX},
    {.name = "lrange",
     .syntax = "key start:int stop:int",
     .summary = "Returns a range of elements from a list.",
     .complexity = "O(S+N) where S is the distance of start offset from HEAD for small lists, from "
                   "nearest end (HEAD or TAIL) for large lists; and N is the number of elements in "
                   "the specified range.",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = LRange},
    {.name = "lset",
     .syntax = "key index:int element",
     .summary = "Sets the value of an element in a list by its index.",
     .complexity = "O(N) where N is the length of the list. Setting either the first or the last "
                   "element of the list is O(1).",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = LSet},
    {.name = "ltrim",
     .syntax = "key start:int stop:int",
     .summary = "Removes elements from both ends a list. Deletes the list if all elements were "
                "trimmed.",
     .complexity = "O(N) where N is the number of elements to be removed by the operation.",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = LTrim},
    {.name = "rpop",
     .syntax = "key [count:int]",
     .summary = "Returns and removes the last elements of a list. Deletes the list if the last "
                "element was popped.",
     .complexity = "O(N) where N is the number of elements returned",
     .since = "1.0.0",
     .group = Group::kList,
     .flags = kPop,
     .keys = {Key(1, kPopKey)},
     .handler = RPop},
    {.name = "rpush",
     .syntax = "key element [element ...]",
     .summary = "Appends one or more elements to a list. Creates the key if it doesn't exist.",
     .complexity = kPushComplexity,
     .since = "1.0.0",
     .group = Group::kList,
     .flags = kPush,
     .keys = {Key(1, kInsertKey)},
     .handler = RPush},
    {.name = "rpushx",
     .syntax = "key element [element ...]",
     .summary = "Appends an element to a list only when the list exists.",
     .complexity = kPushComplexity,
     .since = "2.2.0",
     .group = Group::kList,
     .flags = kPush,
     .keys = {Key(1, kInsertKey)},
     .handler = RPushX},
};

}  // namespace

std::span<const CommandSpec> ListCommands() { return kCommands; }

}  // namespace larder
