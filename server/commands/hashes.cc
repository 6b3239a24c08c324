// Hashes by field: HSET, HSETNX, HMSET, HGET, HMGET, HDEL, HEXISTS, HLEN, HSTRLEN, HINCRBY,
// HINCRBYFLOAT. Many fields at once are in hash_scans.cc, their expiry in hash_expiry.cc and
// hash_expiry_values.cc.
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/hash_access.h"
#include "server/commands/lookup.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::Hash;

constexpr std::string_view kHashValueNotInteger = "ERR hash value is not an integer";
constexpr std::string_view kHashValueNotFloat = "ERR hash value is not a float";
constexpr std::string_view kNotFinite = "ERR value is NaN or Infinity";

// Sets the pairs that are left of the arguments. `*created` counts the new fields; null when a
// script will start again.
Status SetPairs(CommandContext& ctx, std::optional<int64_t>* created) {
  const storage::Key key = ctx.args.NextKey();
  if (ctx.args.remaining() % 2 != 0) return Error(errors::WrongArity(ctx.command.full_name));
  Hash* hash;
  if (Status found = FindOrCreateHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();
  const storage::HashLimits limits = HashLimitsOf(ctx);
  hash->Expect(ctx.args.all().subspan(ctx.args.position()), limits);
  *created = 0;
  while (ctx.args.HasMore()) {
    const std::string_view name = ctx.args.Next();
    **created += hash->Set(name, ctx.args.Next(), limits) ? 1 : 0;
  }
  ctx.Changed(key, NotifyClass::kHash, "hset");
  return Ok();
}

Status HSet(CommandContext& ctx) {
  std::optional<int64_t> created;
  if (Status done = SetPairs(ctx, &created); !done.ok()) return done;
  ctx.reply.Integer(created.value_or(0));
  return Ok();
}

Status HMSet(CommandContext& ctx) {
  std::optional<int64_t> created;
  if (Status done = SetPairs(ctx, &created); !done.ok()) return done;
  ctx.reply.Ok();
  return Ok();
}

Status HSetNx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto pair = ctx.args.all().subspan(ctx.args.position());
  Hash* hash;
  if (Status found = FindOrCreateHash(ctx, key, &hash); !found.ok()) return found;
  const bool sets = hash != nullptr && !hash->Find(pair[0]);
  if (sets) {
    const storage::HashLimits limits = HashLimitsOf(ctx);
    hash->Expect(pair, limits);
    hash->Set(pair[0], pair[1], limits);
    ctx.Changed(key, NotifyClass::kHash, "hset");
  }
  ctx.reply.Integer(sets ? 1 : 0);
  return Ok();
}

void ReplyValue(CommandContext& ctx, const Hash* hash, std::string_view name) {
  const auto field = hash == nullptr ? std::nullopt : hash->Find(name);
  field ? ctx.reply.Bulk(field->value) : ctx.reply.Null();
}

Status HGet(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ReplyValue(ctx, hash, ctx.args.Next());
  return Ok();
}

Status HMGet(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) ReplyValue(ctx, hash, ctx.args.Next());
  return Ok();
}

Status HDel(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  Hash* hash;
  if (Status found = FindMutableHash(ctx, key, &hash); !found.ok()) return found;
  int64_t removed = 0;
  if (hash != nullptr) {
    while (ctx.args.HasMore() && hash->size() > 0) {
      removed += hash->Remove(ctx.args.Next()) ? 1 : 0;
    }
    if (removed > 0) ctx.Changed(key, NotifyClass::kHash, "hdel");
    DropEmptyHash(ctx, key, *hash);
  }
  ctx.reply.Integer(removed);
  return Ok();
}

Status HExists(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ctx.reply.Integer(hash != nullptr && hash->Find(ctx.args.Next()) ? 1 : 0);
  return Ok();
}

Status HLen(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ctx.reply.Integer(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
  return Ok();
}

Status HStrLen(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  const auto field = hash == nullptr ? std::nullopt : hash->Find(ctx.args.Next());
  ctx.reply.Integer(field ? static_cast<int64_t>(field->value.size()) : 0);
  return Ok();
}

// ---- counting

Status HIncrBy(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const int64_t increment = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  Hash* hash;
  if (Status found = FindOrCreateHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  const auto field = hash->Find(name);
  const auto value = field ? storage::ParseInteger(field->value) : 0;
  if (!value) return Error(kHashValueNotInteger);
  const auto sum = storage::CheckedAdd(*value, increment);
  if (!sum) return Error(errors::kOverflow);
  char text[storage::kIntegerTextBytesMax];
  const size_t length = storage::FormatInteger(*sum, text);
  hash->Set(name, {text, length}, HashLimitsOf(ctx), /*keep_expiry=*/true);
  ctx.Changed(key, NotifyClass::kHash, "hincrby");
  ctx.reply.Integer(*sum);
  return Ok();
}

Status HIncrByFloat(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const auto increment = storage::ParseLongDouble(ctx.args.Next());
  if (!increment) return Error(errors::kNotFloat);
  if (std::isinf(*increment)) return Error(kNotFinite);
  Hash* hash;
  if (Status found = FindOrCreateHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  const auto field = hash->Find(name);
  const auto value = field ? storage::ParseLongDouble(field->value) : 0;
  if (!value) return Error(kHashValueNotFloat);
  const long double sum = *value + *increment;
  if (std::isnan(sum) || std::isinf(sum)) return Error(errors::kFloatOverflow);
  const std::string text = storage::FormatLongDouble(sum);
  hash->Set(name, text, HashLimitsOf(ctx), /*keep_expiry=*/true);
  ctx.Changed(key, NotifyClass::kHash, "hincrbyfloat");
  ctx.reply.Bulk(text);
  return Ok();
}

constexpr uint32_t kWrite = Flag::kWrite | Flag::kDenyOom | Flag::kFast;
constexpr uint32_t kRead = Flag::kReadOnly | Flag::kFast;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;
constexpr int kSetKey = KeyFlag::kRW | KeyFlag::kUpdate;
constexpr int kCounter = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;

constexpr CommandSpec kCommands[] = {
    {.name = "hdel",
     .syntax = "key field [field ...]",
     .summary = "Deletes one or more fields and their values from a hash. Deletes the hash if no "
                "fields remain.",
     .complexity = "O(N) where N is the number of fields to be removed.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = HDel},
    {.name = "hexists",
     .syntax = "key field",
     .summary = "Determines whether a field exists in a hash.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = HExists},
    {.name = "hget",
     .syntax = "key field",
     .summary = "Returns the value of a field in a hash.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HGet},
    {.name = "hincrby",
     .syntax = "key field increment:int",
     .summary = "Increments the integer value of a field in a hash by a number. Uses 0 as initial "
                "value if the field doesn't exist.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kCounter)},
     .handler = HIncrBy},
    {.name = "hincrbyfloat",
     .syntax = "key field increment:double",
     .summary = "Increments the floating point value of a field by a number. Uses 0 as initial "
                "value if the field doesn't exist.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kCounter)},
     .handler = HIncrByFloat},
    {.name = "hlen",
     .syntax = "key",
     .summary = "Returns the number of fields in a hash.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = HLen},
    {.name = "hmget",
     .syntax = "key field [field ...]",
     .summary = "Returns the values of all fields in a hash.",
     .complexity = "O(N) where N is the number of fields being requested.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HMGet},
    {.name = "hmset",
     .syntax = "key field value [field value ...]",
     .summary = "Sets the values of multiple fields.",
     .complexity = "O(N) where N is the number of fields being set.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kSetKey)},
     .handler = HMSet,
     .deprecated_since = "4.0.0",
     .replaced_by = "`HSET` with multiple field-value pairs"},
    {.name = "hset",
     .syntax = "key field value [field value ...]",
     .summary = "Creates or modifies the value of a field in a hash.",
     .complexity = "O(1) for each field/value pair added, so O(N) to add N field/value pairs when "
                   "the command is called with multiple field/value pairs.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kSetKey)},
     .handler = HSet},
    {.name = "hsetnx",
     .syntax = "key field value",
     .summary = "Sets the value of a field in a hash only when the field doesn't exist.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = HSetNx},
    {.name = "hstrlen",
     .syntax = "key field",
     .summary = "Returns the length of the value of a field.",
     .complexity = "O(1)",
     .since = "3.2.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = HStrLen},
};

}  // namespace

std::span<const CommandSpec> HashCommands() { return kCommands; }

}  // namespace larder
