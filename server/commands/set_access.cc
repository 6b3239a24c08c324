#include "server/commands/set_access.h"

#include "server/commands/lookup.h"

namespace larder {

using storage::Set;

storage::SetLimits SetLimitsOf(const CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  return {.intset_entries_max = static_cast<size_t>(options.set_max_intset_entries.Get()),
          .listpack_entries_max = static_cast<size_t>(options.set_max_listpack_entries.Get()),
          .listpack_value_max = static_cast<size_t>(options.set_max_listpack_value.Get())};
}

uint64_t SetSeedOf(const CommandContext& ctx) {
  return ctx.engine.keyspace.hasher().Hash("the members of sets");  // with the secret seed
}

storage::Ref<Set> NewSet(const CommandContext& ctx) {
  return storage::Ref<Set>(new Set(SetSeedOf(ctx)));
}

Status FindSet(CommandContext& ctx, const storage::Key& key, const Set** set) {
  const storage::Entry* entry;
  if (Status found = FindToRead(ctx, key, Set::kType, &entry); !found.ok()) return found;
  *set = entry == nullptr ? nullptr : static_cast<const Set*>(entry->object());
  return Ok();
}

Status FindMutableSet(CommandContext& ctx, const storage::Key& key, Set** set, bool* missing) {
  bool wrong_type = false;
  *set = ctx.db.FindMutableObject<Set>(key, &wrong_type);
  if (wrong_type) return Error(errors::kWrongType);
  *missing = *set == nullptr && ctx.db.Find(key, storage::Access::kPeek) == nullptr;
  return Ok();
}

void DropEmptySet(CommandContext& ctx, const storage::Key& key, const Set& set) {
  if (set.size() == 0) DeleteKey(ctx, key);
}

void ReplyMembers(CommandContext& ctx, const Set& set) {
  ctx.reply.Set(static_cast<int64_t>(set.size()));
  set.ForEach([&](std::string_view member) { ctx.reply.Bulk(member); });
}

}  // namespace larder
