// When keys expire: EXPIRE and its kin, TTL and its kin, PERSIST.
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::Access;
using storage::Entry;
using storage::kNoExpiry;

struct ExpireConditions {
  bool missing = false;  // NX
  bool present = false;  // XX
  bool later = false;    // GT
  bool earlier = false;  // LT

  // A key without an expiry lives for ever: later than any time.
  bool Allow(int64_t current_ms, int64_t new_ms) const {
    const bool expires = current_ms != kNoExpiry;
    if (missing && expires) return false;
    if (present && !expires) return false;
    if (later && (!expires || new_ms <= current_ms)) return false;
    return !earlier || !expires || new_ms < current_ms;
  }
};

Status ParseConditions(ArgReader args, ExpireConditions* conditions) {
  while (args.HasMore()) {
    if (args.Match("NX")) {
      conditions->missing = true;
    } else if (args.Match("XX")) {
      conditions->present = true;
    } else if (args.Match("GT")) {
      conditions->later = true;
    } else if (args.Match("LT")) {
      conditions->earlier = true;
    } else {
      return Error("ERR Unsupported option " + std::string(errors::UpToZero(args.Peek())));
    }
  }
  if (conditions->missing && (conditions->present || conditions->later || conditions->earlier)) {
    return Error("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (conditions->later && conditions->earlier) {
    return Error("ERR GT and LT options at the same time are not compatible");
  }
  return Ok();
}

enum class Unit : uint8_t { kSeconds, kMilliseconds };
enum class Base : uint8_t { kNow, kEpoch };

Status Expire(CommandContext& ctx, Unit unit, Base base) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view time = ctx.args.Next();
  ExpireConditions conditions;
  if (Status parsed = ParseConditions(ctx.args, &conditions); !parsed.ok()) return parsed;
  const auto number = storage::ParseInteger(time);
  if (!number) return Error(errors::kNotInteger);
  auto at_ms = storage::CheckedMultiply(*number, unit == Unit::kSeconds ? 1000 : 1);
  if (at_ms && base == Base::kNow) at_ms = storage::CheckedAdd(*at_ms, ctx.db.now_ms());
  if (!at_ms) return Error(errors::InvalidExpire(ctx.command.full_name));

  const Entry* const entry = ctx.db.Find(key, Access::kWrite);
  const bool applies = entry != nullptr && conditions.Allow(entry->expire_at_ms(), *at_ms);
  if (applies && *at_ms <= ctx.db.now_ms()) {
    DeleteKey(ctx, key);
  } else if (applies) {
    ctx.db.SetExpiry(key, *at_ms);
    ctx.Changed(key, NotifyClass::kGeneric, "expire");
  }
  ctx.reply.Integer(applies ? 1 : 0);
  return Ok();
}

Status ExpireIn(CommandContext& ctx) { return Expire(ctx, Unit::kSeconds, Base::kNow); }
Status PExpireIn(CommandContext& ctx) { return Expire(ctx, Unit::kMilliseconds, Base::kNow); }
Status ExpireAt(CommandContext& ctx) { return Expire(ctx, Unit::kSeconds, Base::kEpoch); }
Status PExpireAt(CommandContext& ctx) { return Expire(ctx, Unit::kMilliseconds, Base::kEpoch); }

Status Persist(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Entry* const entry = ctx.db.Find(key, Access::kWrite);
  const bool expires = entry != nullptr && entry->has_expiry();
  if (expires) {
    ctx.db.SetExpiry(key, kNoExpiry);
    ctx.Changed(key, NotifyClass::kGeneric, "persist");
  }
  ctx.reply.Integer(expires ? 1 : 0);
  return Ok();
}

// −2 for a missing key, −1 for one without an expiry; seconds are rounded to the nearest.
Status Time(CommandContext& ctx, Unit unit, Base base) {
  const Entry* const entry = FindToPeek(ctx, ctx.args.NextKey());
  int64_t answer = entry == nullptr ? -2 : -1;
  if (entry != nullptr && entry->has_expiry()) {
    answer = entry->expire_at_ms() - (base == Base::kNow ? ctx.db.now_ms() : 0);
    // Half a second is added last, so that the largest time does not overflow.
    if (unit == Unit::kSeconds) answer = answer / 1000 + (answer % 1000 >= 500 ? 1 : 0);
  }
  ctx.reply.Integer(answer);
  return Ok();
}

Status Ttl(CommandContext& ctx) { return Time(ctx, Unit::kSeconds, Base::kNow); }
Status PTtl(CommandContext& ctx) { return Time(ctx, Unit::kMilliseconds, Base::kNow); }
Status ExpireTime(CommandContext& ctx) { return Time(ctx, Unit::kSeconds, Base::kEpoch); }
Status PExpireTime(CommandContext& ctx) { return Time(ctx, Unit::kMilliseconds, Base::kEpoch); }

constexpr uint32_t kWrite = Flag::kWrite | Flag::kFast;
constexpr uint32_t kRead = Flag::kReadOnly | Flag::kFast;
constexpr int kUpdatedKey = KeyFlag::kRW | KeyFlag::kUpdate;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "expire",
     .syntax = "key seconds:int [condition: NX | XX | GT | LT]",
     .summary = "Sets the expiration time of a key in seconds.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = kWrite,
     .keys = {Key(1, kUpdatedKey)},
     .handler = ExpireIn},
    {.name = "expireat",
     .syntax = "key unix-time-seconds:unix [condition: NX | XX | GT | LT]",
     .summary = "Sets the expiration time of a key to a Unix timestamp.",
     .complexity = "O(1)",
     .since = "1.2.0",
     .group = Group::kGeneric,
     .flags = kWrite,
     .keys = {Key(1, kUpdatedKey)},
     .handler = ExpireAt},
    {.name = "expiretime",
     .syntax = "key",
     .summary = "Returns the expiration time of a key as a Unix timestamp.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kGeneric,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = ExpireTime},
    {.name = "persist",
     .syntax = "key",
     .summary = "Removes the expiration time of a key.",
     .complexity = "O(1)",
     .since = "2.2.0",
     .group = Group::kGeneric,
     .flags = kWrite,
     .keys = {Key(1, kUpdatedKey)},
     .handler = Persist},
    {.name = "pexpire",
     .syntax = "key milliseconds:int [condition: NX | XX | GT | LT]",
     .summary = "Sets the expiration time of a key in milliseconds.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kGeneric,
     .flags = kWrite,
     .keys = {Key(1, kUpdatedKey)},
     .handler = PExpireIn},
    {.name = "pexpireat",
     .syntax = "key unix-time-milliseconds:unix [condition: NX | XX | GT | LT]",
     .summary = "Sets the expiration time of a key to a Unix milliseconds timestamp.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kGeneric,
     .flags = kWrite,
     .keys = {Key(1, kUpdatedKey)},
     .handler = PExpireAt},
    {.name = "pexpiretime",
     .syntax = "key",
     .summary = "Returns the expiration time of a key as a Unix milliseconds timestamp.",
     .complexity = "O(1)",
     .since = "7.0.0",
     .group = Group::kGeneric,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = PExpireTime},
    {.name = "pttl",
     .syntax = "key",
     .summary = "Returns the expiration time in milliseconds of a key.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kGeneric,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = PTtl,
     .tips = "nondeterministic_output"},
    {.name = "ttl",
     .syntax = "key",
     .summary = "Returns the expiration time in seconds of a key.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = Ttl,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> KeyExpiryCommands() { return kCommands; }

}  // namespace larder
