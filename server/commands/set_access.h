// How the set commands reach their sets. REQUIRES: the lock of the key's stripe.
#pragma once

#include <string_view>

#include "server/command_context.h"
#include "storage/set_value.h"

namespace larder {

// The form limits as the options have them now.
storage::SetLimits SetLimitsOf(const CommandContext& ctx);

// What sets are made with, so that nobody can choose members that collide.
uint64_t SetSeedOf(const CommandContext& ctx);
storage::Ref<storage::Set> NewSet(const CommandContext& ctx);

// A set to read; null when the key is missing (`keymiss` is published).
Status FindSet(CommandContext& ctx, const storage::Key& key, const storage::Set** set);

// A set to change in place; null when the key is missing, or when a script must start again (see
// Database::FindMutable): *missing tells.
Status FindMutableSet(CommandContext& ctx, const storage::Key& key, storage::Set** set,
                      bool* missing);

// Deletes the key of a set that has become empty, with its event.
void DropEmptySet(CommandContext& ctx, const storage::Key& key, const storage::Set& set);

// Replies with all members.
void ReplyMembers(CommandContext& ctx, const storage::Set& set);

}  // namespace larder
