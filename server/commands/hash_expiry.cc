// When the fields of a hash expire: HEXPIRE and its kin, HTTL and its kin, HPERSIST.
#include <optional>
#include <span>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/hash_access.h"
#include "server/commands/hash_fields.h"
#include "server/commands/lookup.h"

namespace larder {
namespace {

using storage::Hash;
using storage::kNoExpiry;
using Base = FieldTimeBase;
using Unit = FieldTimeUnit;

constexpr std::string_view kFieldCountNotAboveZero =
    "ERR Parameter `numFields` should be greater than 0";

// What is answered for a field.
constexpr int64_t kNoField = -2;
constexpr int64_t kNoTime = -1;
constexpr int64_t kConditionNotMet = 0;
constexpr int64_t kDone = 1;
constexpr int64_t kDeleted = 2;

enum class Condition : uint8_t { kNone, kMissing, kPresent, kLater, kEarlier };

Condition ParseCondition(ArgReader& args) {
  if (args.Match("NX")) return Condition::kMissing;
  if (args.Match("XX")) return Condition::kPresent;
  if (args.Match("GT")) return Condition::kLater;
  if (args.Match("LT")) return Condition::kEarlier;
  return Condition::kNone;
}

// A field without an expiry stays for ever: later than any time.
bool Allows(Condition condition, int64_t current_ms, int64_t new_ms) {
  const bool expires = current_ms != kNoExpiry;
  switch (condition) {
    case Condition::kNone:
      return true;
    case Condition::kMissing:
      return !expires;
    case Condition::kPresent:
      return expires;
    case Condition::kLater:
      return expires && new_ms > current_ms;
    case Condition::kEarlier:
      return !expires || new_ms < current_ms;
  }
  return false;
}

int64_t ExpireOne(CommandContext& ctx, Hash* hash, std::string_view name, Condition condition,
                  int64_t at_ms) {
  const auto field = hash->Find(name);
  if (!field) return kNoField;
  if (!Allows(condition, field->expire_at_ms, at_ms)) return kConditionNotMet;
  const bool deleted = ExpireField(ctx, hash, name, at_ms) == FieldExpiryOutcome::kDeleted;
  return deleted ? kDeleted : kDone;
}

Status Expire(CommandContext& ctx, Unit unit, Base base) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  int64_t at_ms = 0;
  Status timed = ParseFieldTime(ctx, ctx.args.Next(), unit, base, &at_ms);
  if (!timed.ok()) return timed;
  const Condition condition = ParseCondition(ctx.args);
  std::span<const std::string_view> fields;
  Status parsed = ParseFields(ctx, kFieldCountNotAboveZero, &fields);
  if (!parsed.ok()) return parsed;
  if (entry == nullptr) return ReplyForEach(ctx, fields, kNoField), Ok();
  Hash* hash;
  if (Status found = FindMutableHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  hash->ExpectExpiries();
  int64_t updated = 0, deleted = 0;
  ctx.reply.Array(static_cast<int64_t>(fields.size()));
  for (const std::string_view name : fields) {
    const int64_t answer = ExpireOne(ctx, hash, name, condition, at_ms);
    updated += answer == kDone ? 1 : 0;
    deleted += answer == kDeleted ? 1 : 0;
    ctx.reply.Integer(answer);
  }
  ctx.db.FileFieldExpiry(key);
  if (updated + deleted > 0) {
    ctx.Changed(key, NotifyClass::kHash, deleted > 0 ? "hdel" : "hexpire");
  }
  DropEmptyHash(ctx, key, *hash);
  return Ok();
}

Status HExpire(CommandContext& ctx) { return Expire(ctx, Unit::kSeconds, Base::kNow); }
Status HExpireAt(CommandContext& ctx) { return Expire(ctx, Unit::kSeconds, Base::kEpoch); }
Status HPExpire(CommandContext& ctx) { return Expire(ctx, Unit::kMilliseconds, Base::kNow); }
Status HPExpireAt(CommandContext& ctx) { return Expire(ctx, Unit::kMilliseconds, Base::kEpoch); }

Status HPersist(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  std::span<const std::string_view> fields;
  Status parsed = ParseFields(ctx, kFieldCountNotPositive, &fields);
  if (!parsed.ok()) return parsed;
  if (entry == nullptr) return ReplyForEach(ctx, fields, kNoField), Ok();
  Hash* hash;
  if (Status found = FindMutableHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  bool changed = false;
  ctx.reply.Array(static_cast<int64_t>(fields.size()));
  for (const std::string_view name : fields) {
    const auto field = hash->Find(name);
    const bool persists = field && field->expire_at_ms != kNoExpiry;
    if (persists) hash->SetExpiry(name, kNoExpiry);
    changed = changed || persists;
    ctx.reply.Integer(persists ? kDone : field ? kNoTime : kNoField);
  }
  if (changed) ctx.Changed(key, NotifyClass::kHash, "hpersist");
  return Ok();
}

// Seconds are rounded up.
int64_t TimeOf(const CommandContext& ctx, const std::optional<storage::HashField>& field, Unit unit,
               Base base) {
  if (!field) return kNoField;
  if (field->expire_at_ms == kNoExpiry) return kNoTime;
  const int64_t time_ms = field->expire_at_ms - (base == Base::kNow ? ctx.db.now_ms() : 0);
  return unit == Unit::kSeconds ? (time_ms + 999) / 1000 : time_ms;
}

Status Time(CommandContext& ctx, Unit unit, Base base) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  std::span<const std::string_view> fields;
  Status parsed = ParseFields(ctx, kFieldCountNotPositive, &fields);
  if (!parsed.ok()) return parsed;
  if (hash == nullptr) return ReplyForEach(ctx, fields, kNoField), Ok();
  ctx.reply.Array(static_cast<int64_t>(fields.size()));
  for (const std::string_view name : fields) {
    ctx.reply.Integer(TimeOf(ctx, hash->Find(name), unit, base));
  }
  return Ok();
}

Status HTtl(CommandContext& ctx) { return Time(ctx, Unit::kSeconds, Base::kNow); }
Status HPTtl(CommandContext& ctx) { return Time(ctx, Unit::kMilliseconds, Base::kNow); }
Status HExpireTime(CommandContext& ctx) { return Time(ctx, Unit::kSeconds, Base::kEpoch); }
Status HPExpireTime(CommandContext& ctx) { return Time(ctx, Unit::kMilliseconds, Base::kEpoch); }

constexpr uint32_t kWrite = Flag::kWrite | Flag::kDenyOom | Flag::kFast;
constexpr uint32_t kRead = Flag::kReadOnly | Flag::kFast;
constexpr int kUpdateKey = KeyFlag::kRW | KeyFlag::kUpdate;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;
constexpr std::string_view kFieldsComplexity = "O(N) where N is the number of specified fields";
constexpr std::string_view kFieldsSyntax = "key FIELDS numfields:int field [field ...]";

constexpr CommandSpec kCommands[] = {
    {.name = "hexpire",
     .syntax = "key seconds:int [NX | XX | GT | LT] FIELDS numfields:int field [field ...]",
     .summary = "Set expiry for hash field using relative time to expire (seconds)",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kUpdateKey)},
     .handler = HExpire},
    {.name = "hexpireat",
     .syntax = "key unix-time-seconds:unix [NX | XX | GT | LT] FIELDS numfields:int field "
               "[field ...]",
     .summary = "Set expiry for hash field using an absolute Unix timestamp (seconds)",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kUpdateKey)},
     .handler = HExpireAt},
    {.name = "hexpiretime",
     .syntax = kFieldsSyntax,
     .summary = "Returns the expiration time of a hash field as a Unix timestamp, in seconds.",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HExpireTime},
    {.name = "hpersist",
     .syntax = kFieldsSyntax,
     .summary = "Removes the expiration time for each specified field",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, kUpdateKey)},
     .handler = HPersist},
    {.name = "hpexpire",
     .syntax = "key milliseconds:int [NX | XX | GT | LT] FIELDS numfields:int field [field ...]",
     .summary = "Set expiry for hash field using relative time to expire (milliseconds)",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kUpdateKey)},
     .handler = HPExpire},
    {.name = "hpexpireat",
     .syntax = "key unix-time-milliseconds:unix [NX | XX | GT | LT] FIELDS numfields:int field "
               "[field ...]",
     .summary = "Set expiry for hash field using an absolute Unix timestamp (milliseconds)",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kWrite,
     .keys = {Key(1, kUpdateKey)},
     .handler = HPExpireAt},
    {.name = "hpexpiretime",
     .syntax = kFieldsSyntax,
     .summary = "Returns the expiration time of a hash field as a Unix timestamp, in msec.",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HPExpireTime},
    {.name = "hpttl",
     .syntax = kFieldsSyntax,
     .summary = "Returns the TTL in milliseconds of a hash field.",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HPTtl,
     .tips = "nondeterministic_output"},
    {.name = "httl",
     .syntax = kFieldsSyntax,
     .summary = "Returns the TTL in seconds of a hash field.",
     .complexity = kFieldsComplexity,
     .since = "7.4.0",
     .group = Group::kHash,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = HTtl,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> HashExpiryCommands() { return kCommands; }

}  // namespace larder
