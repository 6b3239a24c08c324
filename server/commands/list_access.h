// How the families of list commands reach the lists they work on.
//
// For handlers: everything here REQUIRES the lock of the key's stripe.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "server/command_context.h"
#include "storage/list_value.h"

namespace larder {

storage::ListLimits ListLimitsOf(const CommandContext& ctx);

// The list of a key for a command that reads; `*list` null when it is missing.
Status FindList(CommandContext& ctx, const storage::Key& key, const storage::List** list);

// The list of a key for a command that changes it: null when it is missing, and also when its undo
// would cost too much: the script starts again then.
Status FindMutableList(CommandContext& ctx, const storage::Key& key, storage::List** list);

// As above, but a missing key gets an empty list: null only when a script starts again.
Status FindOrCreateList(CommandContext& ctx, const storage::Key& key, storage::List** list);

// "left", "right".
std::optional<storage::ListEnd> ParseListEnd(std::string_view word);

// The events of a push and of a pop: "lpush", "rpop".
std::string_view PushEvent(storage::ListEnd end);
std::string_view PopEvent(storage::ListEnd end);

// Puts elements to one end, each beyond the one before, and announces it.
void PushElements(CommandContext& ctx, const storage::Key& key, storage::List* list,
                  storage::ListEnd end, std::span<const std::string_view> elements);

// After elements were taken from the list at `key`: announces it as `event`; an empty list is no
// key at all.
void ElementsRemoved(CommandContext& ctx, const storage::Key& key, storage::List* list,
                     std::string_view event);

// Takes up to `count` elements from one end, as an array of the reply.
void PopElements(CommandContext& ctx, const storage::Key& key, storage::List* list,
                 storage::ListEnd end, size_t count);

// From which end of which list to which end of which other.
struct ListMove {
  std::string_view from, to;
  storage::ListEnd from_end = storage::ListEnd::kBack;
  storage::ListEnd to_end = storage::ListEnd::kFront;
};

// "source destination LEFT|RIGHT LEFT|RIGHT"
Status ParseListMove(ArgReader& args, ListMove* move);

// The two lists of a move, which may be one, where the key `from` holds a list; the target is made
// if there is none. Null when a script will start again.
Status FindMoveLists(CommandContext& ctx, const storage::Key& from, const storage::Key& to,
                     storage::List** source, storage::List** target);

// Takes one element from `end` of the list at `from` to `to_end` of the list at `to`, where `value`
// is it: what LMOVE does once it has found the source. Null lists: a script will start again.
Status MoveElement(CommandContext& ctx, const storage::Key& from, storage::ListEnd from_end,
                   const storage::Key& to, storage::ListEnd to_end);

}  // namespace larder
