// How the families find the values they work on, and announce those they make.
//
// For handlers: everything here REQUIRES the lock of the key's stripe.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/command_context.h"
#include "storage/entry.h"

namespace larder {

// The live entry of a key for a command that reads; publishes `keymiss` when there is none.
inline const storage::Entry* FindToRead(CommandContext& ctx, const storage::Key& key) {
  const storage::Entry* const entry = ctx.db.Find(key, ctx.read_access());
  if (entry == nullptr) ctx.Notify(NotifyClass::kKeyMiss, "keymiss", key.bytes);
  return entry;
}

// For a command that asks about the key, not for its value: no use for eviction's sake.
inline const storage::Entry* FindToPeek(CommandContext& ctx, const storage::Key& key) {
  const storage::Entry* const entry = ctx.db.Find(key, storage::Access::kCount);
  if (entry == nullptr) ctx.Notify(NotifyClass::kKeyMiss, "keymiss", key.bytes);
  return entry;
}

// As FindToRead for a command that needs one type: WRONGTYPE when the key holds another; `*entry`
// null when it is missing.
inline Status FindToRead(CommandContext& ctx, const storage::Key& key, storage::Type type,
                         const storage::Entry** entry) {
  *entry = FindToRead(ctx, key);
  if (*entry != nullptr && (*entry)->type() != type) return Error(errors::kWrongType);
  return Ok();
}

// The stale copy that answers for a missing key, if there is one (Database::FindStale); counts as a
// stale hit.
const storage::StaleCopy* FindStaleToRead(CommandContext& ctx, const storage::Key& key,
                                          bool on_error);

// For a command that is about to change the value.
inline Status FindToWrite(CommandContext& ctx, const storage::Key& key, storage::Type type,
                          const storage::Entry** entry) {
  *entry = ctx.db.Find(key, storage::Access::kWrite);
  if (*entry != nullptr && (*entry)->type() != type) return Error(errors::kWrongType);
  return Ok();
}

// Replies with a string's bytes; a large one is sent from where it is.
void ReplyString(CommandContext& ctx, const storage::Entry& entry);

// Likewise with the bytes of a value that lies in `object`, or anywhere when that is null.
void ReplyBytes(CommandContext& ctx, std::string_view bytes, storage::Object* object);

// Sets a key to a string, marks its watchers and publishes `event` (with `new`, or `overwritten`
// and `type_changed`, before it).
void WriteString(CommandContext& ctx, const storage::Key& key, std::string_view value,
                 const storage::SetOptions& options, std::string_view event);

// Sets a key to a collection that is not empty, whatever it held, and publishes `event` (with `new`
// before it).
void SetCollection(CommandContext& ctx, const storage::Key& key,
                   storage::Ref<storage::Object> collection, NotifyClass event_class,
                   std::string_view event);

// Stores the collection that a command has computed and publishes `event`, or deletes the target of
// an empty one; answers its size.
void StoreCollection(CommandContext& ctx, const storage::Key& target,
                     storage::Ref<storage::Object> result, NotifyClass event_class,
                     std::string_view event);

// Deletes a key, with its event. False when it is missing.
bool DeleteKey(CommandContext& ctx, const storage::Key& key);

// 64 random bits that no client can guess: a hash of the time to the tick with the process's
// secret seed.
uint64_t DrawRandom(const CommandContext& ctx);

}  // namespace larder
