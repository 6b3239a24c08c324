// HIMPORT: many hashes with the same fields, whose names a client sends once (server/
// hash_fieldsets.h). The hashes that it makes are like any other.
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/hash_access.h"
#include "server/commands/lookup.h"
#include "server/hash_fieldsets.h"

namespace larder {
namespace {

using storage::Hash;

constexpr std::string_view kDuplicateField = "ERR duplicate field name in fieldset";
constexpr std::string_view kNoFieldset = "ERR no such fieldset";
constexpr std::string_view kBadValueCount = "ERR value count does not match fieldset field count";
static_assert(kFieldsetBytesMax == 16 * 1024 * 1024);  // errors::kFieldsetsTooLarge says so

Status Prepare(CommandContext& ctx) {
  if (ctx.MustStartAgain()) return Ok();
  const std::string_view name = ctx.args.Next();
  const auto fields = ctx.args.all().subspan(ctx.args.position());
  auto& fieldsets = ctx.session.fieldsets;
  if (fieldsets == nullptr) fieldsets = std::make_unique<HashFieldsets>();
  switch (fieldsets->Prepare(name, fields)) {
    case HashFieldsets::Prepared::kDone:
      ctx.reply.Ok();
      return Ok();
    case HashFieldsets::Prepared::kDuplicateField:
      return Error(kDuplicateField);
    case HashFieldsets::Prepared::kTooLarge:
      break;
  }
  return Error(errors::kFieldsetsTooLarge);
}

Status Set(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const auto values = ctx.args.all().subspan(ctx.args.position());
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  const HashFieldsets* const fieldsets = ctx.session.fieldsets.get();
  const Fieldset* const fieldset = fieldsets == nullptr ? nullptr : fieldsets->Find(name);
  if (fieldset == nullptr) return Error(kNoFieldset);
  if (values.size() != fieldset->size()) return Error(kBadValueCount);
  std::vector<std::string_view> names_and_values;
  names_and_values.reserve(2 * values.size());
  for (const FieldsetField& field : *fieldset) {
    names_and_values.push_back(field.name);
    names_and_values.push_back(values[field.value_index]);
  }
  const storage::HashLimits limits = HashLimitsOf(ctx);
  storage::Ref<Hash> hash(new Hash(HashSeedOf(ctx)));
  hash->Expect(names_and_values, limits);
  for (size_t i = 0; i < names_and_values.size(); i += 2) {
    hash->Set(names_and_values[i], names_and_values[i + 1], limits);
  }
  SetCollection(ctx, key, std::move(hash), NotifyClass::kHash, "hset");
  ctx.reply.Ok();
  return Ok();
}

Status Discard(CommandContext& ctx) {
  if (ctx.MustStartAgain()) return Ok();
  const auto& fieldsets = ctx.session.fieldsets;
  ctx.reply.Integer(fieldsets != nullptr && fieldsets->Discard(ctx.args.Next()) ? 1 : 0);
  return Ok();
}

Status DiscardAll(CommandContext& ctx) {
  if (ctx.MustStartAgain()) return Ok();
  const auto& fieldsets = ctx.session.fieldsets;
  ctx.reply.Integer(fieldsets == nullptr ? 0 : static_cast<int64_t>(fieldsets->DiscardAll()));
  return Ok();
}

constexpr CommandSpec kImportCommands[] = {
    {.name = "discard",
     .syntax = "fieldset-name",
     .summary = "Removes a single session-local fieldset by name.",
     .complexity = "O(N) where N is the number of session-local fieldsets.",
     .since = "8.10.0",
     .group = Group::kHash,
     .handler = Discard,
     .tips = "request_policy:all_shards"},
    {.name = "discardall",
     .syntax = "",
     .summary = "Removes all session-local fieldsets for the connection.",
     .complexity = "O(N) where N is the number of session-local fieldsets.",
     .since = "8.10.0",
     .group = Group::kHash,
     .handler = DiscardAll,
     .tips = "request_policy:all_shards"},
    {.name = "prepare",
     .syntax = "fieldset-name field [field ...]",
     .summary = "Defines a session-local fieldset that maps a name to a sorted set of field names.",
     .complexity = "O(N*log(N)) where N is the number of fields.",
     .since = "8.10.0",
     .group = Group::kHash,
     .handler = Prepare,
     .tips = "request_policy:all_shards"},
    {.name = "set",
     .syntax = "key fieldset-name value [value ...]",
     .summary = "Creates a fieldset-based hash from values supplied in the order matching a "
                "previously prepared fieldset.",
     .complexity = "O(N) where N is the number of fields in the fieldset.",
     .since = "8.10.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(2, KeyFlag::kOW | KeyFlag::kUpdate)},
     .handler = Set},
};

constexpr CommandSpec kCommands[] = {
    {.name = "himport",
     .syntax = "",
     .summary = "A container for session-based hash import commands using fieldsets.",
     .complexity = "Depends on subcommand.",
     .since = "8.10.0",
     .group = Group::kHash,
     .subcommands = kImportCommands},
};

}  // namespace

std::span<const CommandSpec> HashImportCommands() { return kCommands; }

}  // namespace larder
