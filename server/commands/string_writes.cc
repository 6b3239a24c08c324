// SET and everything that writes whole strings.
#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/expiry_option.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/set_options.h"
#include "server/commands/string_condition.h"
#include "server/commands/tag_arguments.h"
#include "storage/leases.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::Access;
using storage::Entry;
using storage::Type;

// Whether NX, XX or an IF… condition lets the value be set.
Status MaySet(const SetArguments& options, const Entry* entry, bool* may_set) {
  *may_set = true;
  if (options.existence == Existence::kMissing) *may_set = entry == nullptr;
  if (options.existence == Existence::kPresent) *may_set = entry != nullptr;
  if (options.condition.kind == StringCondition::Kind::kNone) return Ok();
  if (entry == nullptr) {
    *may_set = options.condition.negated();
    return Ok();
  }
  if (entry->type() != Type::kString) return Error(errors::kWrongType);
  return options.condition.Holds(entry->string(), may_set);
}

// Whether the lease that a value comes with still holds: nobody has written the key since, nor
// purged one of the value's tags. It ends with that.
bool UsesLease(CommandContext& ctx, const storage::Key& key, uint64_t token,
               const storage::Extra& extra) {
  const storage::Lease* const lease = ctx.db.FindLease(key);
  if (lease == nullptr) return false;
  const uint64_t clock = lease->purge_clock;
  if (!ctx.db.EndLease(key, token)) return false;
  ctx.WakeWaiters(key);
  return !ctx.db.PurgedSince(extra, clock);
}

Status SetWithOptions(CommandContext& ctx, const storage::Key& key, std::string_view value) {
  SetArguments options;
  if (Status parsed = ParseSetOptions(ctx.args, &options); !parsed.ok()) return parsed;
  storage::SetOptions how{.keep_expiry = options.expiry.kind == ExpiryOption::Kind::kKeepTtl};
  if (options.expiry.has_time()) {
    Status resolved =
        options.expiry.Resolve(ctx.db.now_ms(), ctx.command.full_name, &how.expire_at_ms);
    if (!resolved.ok()) return resolved;
  }
  const Entry* const entry = options.get ? FindToRead(ctx, key) : ctx.db.Find(key, Access::kWrite);
  if (options.get && entry != nullptr && entry->type() != Type::kString) {
    return Error(errors::kWrongType);
  }
  bool may_set;
  if (Status checked = MaySet(options, entry, &may_set); !checked.ok()) return checked;
  if (options.get && entry != nullptr) {
    ReplyString(ctx, *entry);
  } else if (options.get || !may_set) {
    ctx.reply.Null();
  }
  if (!may_set) return Ok();
  const storage::Extra extra{.stale_seconds = options.cache.stale_seconds,
                             .error_seconds = options.cache.error_seconds,
                             .cost_ms = options.cache.cost_ms,
                             .negative_code = options.cache.negative_code,
                             .tags = TagsNamed(ctx.engine.keyspace.tags(), options.tags)};
  if (options.cache.lease) {
    if (ctx.MustStartAgain()) return Ok();
    if (!UsesLease(ctx, key, *options.cache.lease, extra)) return ctx.reply.Null(), Ok();
  }
  how.extra = &extra;
  WriteString(ctx, key, value, how, "set");
  if (options.expiry.has_time()) ctx.Notify(NotifyClass::kGeneric, "expire", key.bytes);
  if (!options.get) ctx.reply.Ok();
  return Ok();
}

Status Set(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view value = ctx.args.Next();
  if (ctx.args.HasMore()) return SetWithOptions(ctx, key, value);
  WriteString(ctx, key, value, {}, "set");
  ctx.reply.Ok();
  return Ok();
}

Status SetNx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view value = ctx.args.Next();
  const bool missing = ctx.db.Find(key, Access::kWrite) == nullptr;
  if (missing) WriteString(ctx, key, value, {}, "set");
  ctx.reply.Integer(missing ? 1 : 0);
  return Ok();
}

Status SetWithExpiry(CommandContext& ctx, bool seconds) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view time = ctx.args.Next();
  const std::string_view value = ctx.args.Next();
  storage::SetOptions how;
  Status resolved =
      ResolveExpiry(time, seconds, true, ctx.db.now_ms(), ctx.command.full_name, &how.expire_at_ms);
  if (!resolved.ok()) return resolved;
  WriteString(ctx, key, value, how, "set");
  ctx.Notify(NotifyClass::kGeneric, "expire", key.bytes);
  ctx.reply.Ok();
  return Ok();
}

Status SetEx(CommandContext& ctx) { return SetWithExpiry(ctx, true); }
Status PSetEx(CommandContext& ctx) { return SetWithExpiry(ctx, false); }

// Whether of `count` keys, each followed by a value, all are missing, or present.
bool ExistenceHolds(CommandContext& ctx, ArgReader args, int64_t count, Existence existence) {
  if (existence == Existence::kAny) return true;
  for (int64_t i = 0; i < count; ++i) {
    const bool present = ctx.db.Find(args.NextKey(), Access::kWrite) != nullptr;
    if (present != (existence == Existence::kPresent)) return false;
    args.Next();
  }
  return true;
}

void SetPairs(CommandContext& ctx, int64_t count, const storage::SetOptions& how, bool expires) {
  for (int64_t i = 0; i < count; ++i) {
    const storage::Key key = ctx.args.NextKey();
    WriteString(ctx, key, ctx.args.Next(), how, "set");
    if (expires) ctx.Notify(NotifyClass::kGeneric, "expire", key.bytes);
  }
}

Status MSet(CommandContext& ctx) {
  if (ctx.args.remaining() % 2 != 0) return Error(errors::WrongArity(ctx.command.full_name));
  SetPairs(ctx, static_cast<int64_t>(ctx.args.remaining() / 2), {}, false);
  ctx.reply.Ok();
  return Ok();
}

Status MSetNx(CommandContext& ctx) {
  if (ctx.args.remaining() % 2 != 0) return Error(errors::WrongArity(ctx.command.full_name));
  const int64_t count = static_cast<int64_t>(ctx.args.remaining() / 2);
  const bool missing = ExistenceHolds(ctx, ctx.args, count, Existence::kMissing);
  if (missing) SetPairs(ctx, count, {}, false);
  ctx.reply.Integer(missing ? 1 : 0);
  return Ok();
}

Status MSetEx(CommandContext& ctx) {
  constexpr std::string_view kBadCount = "ERR invalid numkeys value";
  const int64_t count = ctx.args.NextIntIn(1, INT32_MAX, kBadCount);
  if (ctx.args.failed()) return ctx.args.status();
  if (count > static_cast<int64_t>(ctx.args.remaining() / 2)) {
    return Error("ERR wrong number of key-value pairs");
  }
  ArgReader options = ctx.args;
  options.Skip(static_cast<size_t>(2 * count));
  Existence existence = Existence::kAny;
  ExpiryOption expiry;
  while (options.HasMore()) {
    if (!MatchExistence(options, &existence) &&
        !expiry.Match(options, ExpiryOption::Kind::kKeepTtl)) {
      return Error(errors::kSyntax);
    }
  }
  storage::SetOptions how{.keep_expiry = expiry.kind == ExpiryOption::Kind::kKeepTtl};
  if (expiry.has_time()) {
    Status resolved = expiry.Resolve(ctx.db.now_ms(), ctx.command.full_name, &how.expire_at_ms);
    if (!resolved.ok()) return resolved;
  }
  const bool may_set = ExistenceHolds(ctx, ctx.args, count, existence);
  if (may_set) SetPairs(ctx, count, how, expiry.has_time());
  ctx.reply.Integer(may_set ? 1 : 0);
  return Ok();
}

constexpr uint32_t kWrite = Flag::kWrite | Flag::kDenyOom;
constexpr int kOverwrite = KeyFlag::kOW | KeyFlag::kUpdate;

constexpr CommandSpec kCommands[] = {
    {.name = "mset",
     .syntax = "key value [key value ...]",
     .summary = "Atomically creates or modifies the string values of one or more keys.",
     .complexity = "O(N) where N is the number of keys to set.",
     .since = "1.0.1",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {Keys(1, -1, 2, kOverwrite)},
     .handler = MSet,
     .tips = "request_policy:multi_shard response_policy:all_succeeded"},
    {.name = "msetex",
     .syntax =
         "numkeys:int key value [key value ...] [condition: NX | XX] [expiration: EX seconds:int | "
         "PX milliseconds:int | EXAT unix-time-seconds:unix | "
         "PXAT unix-time-milliseconds:unix | KEEPTTL]",
     .summary = "Atomically sets multiple string keys with a shared expiration in a single "
                "operation.",
     .complexity = "O(N) where N is the number of keys to set.",
     .since = "8.4.0",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {CountedKeys(1, kOverwrite, 2)},
     .handler = MSetEx},
    {.name = "msetnx",
     .syntax = "key value [key value ...]",
     .summary = "Atomically modifies the string values of one or more keys only when all keys "
                "don't exist.",
     .complexity = "O(N) where N is the number of keys to set.",
     .since = "1.0.1",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {Keys(1, -1, 2, KeyFlag::kOW | KeyFlag::kInsert)},
     .handler = MSetNx,
     .tips = "request_policy:multi_shard response_policy:agg_min"},
    {.name = "psetex",
     .syntax = "key milliseconds:int value",
     .summary = "Sets both string value and expiration time in milliseconds of a key. The key is "
                "created if it doesn't exist.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {Key(1, kOverwrite)},
     .handler = PSetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `PX` argument"},
    {.name = "set",
     .syntax =
         "key value [condition: NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | "
         "IFDNE ifdne-digest] [GET] [expiration: EX seconds:int | PX milliseconds:int | "
         "EXAT unix-time-seconds:unix | PXAT unix-time-milliseconds:unix | KEEPTTL] "
         "[TAGS numtags:int tag [tag ...]] [SWR seconds:int] [SIE seconds:int] [NEG code:int] "
         "[COST milliseconds:int] [LEASE token:int]",
     .summary = "Sets the string value of a key, ignoring its type. The key is created if it "
                "doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate | KeyFlag::kVariable)},
     .handler = Set,
     .find_key_flags = KeyFlagsOfSet,
     .find_tags = FindTagsOfSet},
    {.name = "setex",
     .syntax = "key seconds:int value",
     .summary = "Sets the string value and expiration time of a key. Creates the key if it "
                "doesn't exist.",
     .complexity = "O(1)",
     .since = "2.0.0",
     .group = Group::kString,
     .flags = kWrite,
     .keys = {Key(1, kOverwrite)},
     .handler = SetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `EX` argument"},
    {.name = "setnx",
     .syntax = "key value",
     .summary = "Set the string value of a key only when the key doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kInsert)},
     .handler = SetNx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `NX` argument"},
};

}  // namespace

std::span<const CommandSpec> StringWriteCommands() { return kCommands; }

}  // namespace larder
