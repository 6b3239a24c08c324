#include "server/commands/hash_access.h"

#include <utility>

#include "server/commands/lookup.h"

namespace larder {

using storage::Hash;

storage::HashLimits HashLimitsOf(const CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  return {.listpack_entries_max = static_cast<size_t>(options.hash_max_listpack_entries.Get()),
          .listpack_value_max = static_cast<size_t>(options.hash_max_listpack_value.Get())};
}

uint64_t HashSeedOf(const CommandContext& ctx) {
  return ctx.engine.keyspace.hasher().Hash("the fields of hashes");  // with the secret seed
}

Status FindHash(CommandContext& ctx, const storage::Key& key, const Hash** hash) {
  const storage::Entry* entry;
  if (Status found = FindToRead(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  *hash = entry == nullptr ? nullptr : static_cast<const Hash*>(entry->object());
  return Ok();
}

Status FindMutableHash(CommandContext& ctx, const storage::Key& key, Hash** hash) {
  bool wrong_type = false;
  *hash = ctx.db.FindMutableObject<Hash>(key, &wrong_type);
  return wrong_type ? Error(errors::kWrongType) : Ok();
}

Status FindOrCreateHash(CommandContext& ctx, const storage::Key& key, Hash** hash) {
  if (Status found = FindMutableHash(ctx, key, hash); !found.ok()) return found;
  const bool missing = *hash == nullptr && ctx.db.Find(key, storage::Access::kPeek) == nullptr;
  if (!missing) return Ok();
  storage::Ref<Hash> created(new Hash(HashSeedOf(ctx)));
  *hash = created.get();
  ctx.db.SetObject(key, std::move(created));
  ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  return Ok();
}

void DropEmptyHash(CommandContext& ctx, const storage::Key& key, const Hash& hash) {
  if (hash.size() == 0) DeleteKey(ctx, key);
}

}  // namespace larder
