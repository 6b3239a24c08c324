#include "server/commands/list_access.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/commands/lookup.h"

namespace larder {

using storage::List;
using storage::ListEnd;

storage::ListLimits ListLimitsOf(const CommandContext& ctx) {
  return {.node_size = ctx.engine.options.list_max_listpack_size.Get()};
}

Status FindList(CommandContext& ctx, const storage::Key& key, const List** list) {
  const storage::Entry* entry;
  if (Status found = FindToRead(ctx, key, List::kType, &entry); !found.ok()) return found;
  *list = entry == nullptr ? nullptr : static_cast<const List*>(entry->object());
  return Ok();
}

Status FindMutableList(CommandContext& ctx, const storage::Key& key, List** list) {
  bool wrong_type = false;
  *list = ctx.db.FindMutableObject<List>(key, &wrong_type);
  return wrong_type ? Error(errors::kWrongType) : Ok();
}

Status FindOrCreateList(CommandContext& ctx, const storage::Key& key, List** list) {
  if (Status found = FindMutableList(ctx, key, list); !found.ok()) return found;
  const bool missing = *list == nullptr && ctx.db.Find(key, storage::Access::kPeek) == nullptr;
  if (!missing) return Ok();
  *list = ctx.db.Create<List>(key);
  ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  return Ok();
}

std::optional<ListEnd> ParseListEnd(std::string_view word) {
  if (EqualsIgnoreCase(word, "LEFT")) return ListEnd::kFront;
  if (EqualsIgnoreCase(word, "RIGHT")) return ListEnd::kBack;
  return std::nullopt;
}

std::string_view PushEvent(ListEnd end) { return end == ListEnd::kFront ? "lpush" : "rpush"; }
std::string_view PopEvent(ListEnd end) { return end == ListEnd::kFront ? "lpop" : "rpop"; }

void PushElements(CommandContext& ctx, const storage::Key& key, List* list, ListEnd end,
                  std::span<const std::string_view> elements) {
  const storage::ListLimits limits = ListLimitsOf(ctx);
  list->Expect(elements, limits);
  for (const std::string_view element : elements) list->Push(end, element, limits);
  ctx.Changed(key, NotifyClass::kList, PushEvent(end));
}

void ElementsRemoved(CommandContext& ctx, const storage::Key& key, List* list,
                     std::string_view event) {
  ctx.Changed(key, NotifyClass::kList, event);
  if (list->size() == 0) {
    DeleteKey(ctx, key);
  } else {
    list->Settle(ListLimitsOf(ctx));
  }
}

void PopElements(CommandContext& ctx, const storage::Key& key, List* list, ListEnd end,
                 size_t count) {
  count = std::min(count, list->size());
  ctx.reply.Array(static_cast<int64_t>(count));
  storage::ElementBuffer buffer;
  for (; count > 0; --count) {
    const List::Position at = end == ListEnd::kFront ? list->First() : list->Last();
    ctx.reply.Bulk(at.element().Text(&buffer));
    list->Pop(end);
  }
  ElementsRemoved(ctx, key, list, PopEvent(end));
}

Status ParseListMove(ArgReader& args, ListMove* move) {
  move->from = args.Next();
  move->to = args.Next();
  const auto from_end = ParseListEnd(args.Next());
  const auto to_end = ParseListEnd(args.Next());
  if (!from_end || !to_end) return Error(errors::kSyntax);
  move->from_end = *from_end;
  move->to_end = *to_end;
  return Ok();
}

Status FindMoveLists(CommandContext& ctx, const storage::Key& from, const storage::Key& to,
                     List** source, List** target) {
  *source = *target = nullptr;
  const storage::Entry* const target_entry = ctx.db.Find(to, storage::Access::kWrite);
  if (target_entry != nullptr && target_entry->type() != List::kType) {
    return Error(errors::kWrongType);
  }
  if (Status found = FindMutableList(ctx, from, source); !found.ok()) return found;
  if (*source == nullptr) return Ok();  // a script that will start again
  return FindOrCreateList(ctx, to, target);
}

Status MoveElement(CommandContext& ctx, const storage::Key& from, ListEnd from_end,
                   const storage::Key& to, ListEnd to_end) {
  List *source, *target;
  if (Status found = FindMoveLists(ctx, from, to, &source, &target); !found.ok()) return found;
  if (target == nullptr) return Ok();
  const List::Position at = from_end == ListEnd::kFront ? source->First() : source->Last();
  storage::ElementBuffer buffer;
  const std::string value(at.element().Text(&buffer));
  const std::string_view element = value;
  source->Pop(from_end);
  PushElements(ctx, to, target, to_end, {&element, 1});
  ctx.reply.Bulk(element);
  ElementsRemoved(ctx, from, source, PopEvent(from_end));
  return Ok();
}

}  // namespace larder
