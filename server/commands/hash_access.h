// How the families of hash commands reach the hashes they work on.
//
// For handlers: everything here REQUIRES the lock of the key's stripe.
#pragma once

#include "server/command_context.h"
#include "storage/hash_value.h"

namespace larder {

storage::HashLimits HashLimitsOf(const CommandContext& ctx);
// What hashes are made with, so that nobody can choose fields that collide.
uint64_t HashSeedOf(const CommandContext& ctx);

// The hash of a key for a command that reads; `*hash` null when it is missing.
Status FindHash(CommandContext& ctx, const storage::Key& key, const storage::Hash** hash);

// The hash of a key for a command that changes it: null when it is missing, and also when its undo
// would cost too much: the script starts again then.
Status FindMutableHash(CommandContext& ctx, const storage::Key& key, storage::Hash** hash);

// As above, but a missing key gets an empty hash: null only when a script starts again.
Status FindOrCreateHash(CommandContext& ctx, const storage::Key& key, storage::Hash** hash);

// After a removal: a hash without fields is no key at all.
void DropEmptyHash(CommandContext& ctx, const storage::Key& key, const storage::Hash& hash);

}  // namespace larder
