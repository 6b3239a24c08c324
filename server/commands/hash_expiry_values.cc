// Values of hash fields together with their expiry: HGETDEL, HGETEX, HSETEX.
#include <optional>
#include <span>
#include <string>
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

constexpr std::string_view kBadFieldCount = "ERR invalid number of fields";
constexpr std::string_view kExpireTimeMissing = "ERR missing expire time";
constexpr std::string_view kOneCondition = "ERR Only one of FXX or FNX arguments can be specified";
constexpr std::string_view kOneExpiry =
    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";

struct TimeWord {
  std::string_view word;
  Unit unit;
  Base base;
};
constexpr TimeWord kTimeWords[] = {{"EX", Unit::kSeconds, Base::kNow},
                                   {"PX", Unit::kMilliseconds, Base::kNow},
                                   {"EXAT", Unit::kSeconds, Base::kEpoch},
                                   {"PXAT", Unit::kMilliseconds, Base::kEpoch}};

const TimeWord* MatchTimeWord(ArgReader& args) {
  for (const TimeWord& option : kTimeWords) {
    if (args.Match(option.word)) return &option;
  }
  return nullptr;
}

void ReplyValue(CommandContext& ctx, const std::optional<storage::HashField>& field) {
  field ? ctx.reply.Bulk(field->value) : ctx.reply.Null();
}

Status ReplyNulls(CommandContext& ctx, size_t count) {
  ctx.reply.Array(static_cast<int64_t>(count));
  while (count-- > 0) ctx.reply.Null();
  return Ok();
}

// ---- HGETDEL

Status HGetDel(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  std::span<const std::string_view> fields;
  Status parsed = ParseFields(ctx, kFieldCountNotPositive, &fields);
  if (!parsed.ok()) return parsed;
  if (entry == nullptr) return ReplyNulls(ctx, fields.size());
  Hash* hash;
  if (Status found = FindMutableHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  bool removed = false;
  ctx.reply.Array(static_cast<int64_t>(fields.size()));
  for (const std::string_view name : fields) {
    ReplyValue(ctx, hash->Find(name));
    removed |= hash->Remove(name);
  }
  if (removed) ctx.Changed(key, NotifyClass::kHash, "hdel");
  DropEmptyHash(ctx, key, *hash);
  return Ok();
}

// ---- HGETEX

struct GetExOptions {
  bool changes = false;
  int64_t expire_at_ms = kNoExpiry;  // of a change: no time is PERSIST
  std::span<const std::string_view> fields;
};

Status ParseGetEx(CommandContext& ctx, GetExOptions* options) {
  if (const TimeWord* const time = MatchTimeWord(ctx.args)) {
    options->changes = true;
    Status parsed =
        ParseFieldTime(ctx, ctx.args.Next(), time->unit, time->base, &options->expire_at_ms);
    if (!parsed.ok()) return parsed;
  } else if (ctx.args.Match("PERSIST")) {
    options->changes = true;
  }
  return ParseFields(ctx, kFieldCountNotPositive, &options->fields);
}

enum class Change : uint8_t { kNone, kUpdated, kDeleted };

Change ChangeExpiry(CommandContext& ctx, Hash* hash, const storage::HashField& field,
                    std::string_view name, int64_t expire_at_ms) {
  if (expire_at_ms == kNoExpiry) {
    if (field.expire_at_ms == kNoExpiry) return Change::kNone;
    hash->SetExpiry(name, kNoExpiry);
    return Change::kUpdated;
  }
  const bool set = ExpireField(ctx, hash, name, expire_at_ms) == FieldExpiryOutcome::kSet;
  return set ? Change::kUpdated : Change::kDeleted;
}

Status HGetEx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  GetExOptions options;
  if (Status parsed = ParseGetEx(ctx, &options); !parsed.ok()) return parsed;
  if (entry == nullptr) return ReplyNulls(ctx, options.fields.size());
  Hash* hash;
  if (Status found = FindMutableHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  if (options.changes) hash->ExpectExpiries();
  bool updated = false, deleted = false;
  ctx.reply.Array(static_cast<int64_t>(options.fields.size()));
  for (const std::string_view name : options.fields) {
    const auto field = hash->Find(name);
    ReplyValue(ctx, field);
    if (!field || !options.changes) continue;
    const Change change = ChangeExpiry(ctx, hash, *field, name, options.expire_at_ms);
    updated |= change == Change::kUpdated;
    deleted |= change == Change::kDeleted;
  }
  ctx.db.FileFieldExpiry(key);
  if (updated) {
    const bool persisted = options.expire_at_ms == kNoExpiry;
    ctx.Changed(key, NotifyClass::kHash, persisted ? "hpersist" : "hexpire");
  } else if (deleted) {
    ctx.Changed(key, NotifyClass::kHash, "hdel");
  }
  DropEmptyHash(ctx, key, *hash);
  return Ok();
}

// ---- HSETEX

struct SetExOptions {
  bool all_missing = false;  // FNX
  bool all_present = false;  // FXX
  bool keep_expiry = false;
  bool timed = false;
  int64_t expire_at_ms = kNoExpiry;
  std::span<const std::string_view> pairs;
};

// What follows FIELDS: a number, and as many pairs.
Status ParsePairs(CommandContext& ctx, SetExOptions* options) {
  if (ctx.args.remaining() < 3) return Error(errors::WrongArity(ctx.command.full_name));
  const int64_t count = ctx.args.NextIntIn(1, std::numeric_limits<int32_t>::max(), kBadFieldCount);
  if (ctx.args.failed()) return ctx.args.status();
  if (ctx.args.remaining() != 2 * static_cast<size_t>(count)) {
    return Error(errors::WrongArity(ctx.command.full_name));
  }
  options->pairs = ctx.args.all().subspan(ctx.args.position());
  return Ok();
}

// One option before FIELDS.
Status ParseSetExOption(CommandContext& ctx, SetExOptions* options) {
  const bool has_expiry = options->timed || options->keep_expiry;
  if (const TimeWord* const time = MatchTimeWord(ctx.args)) {
    if (has_expiry) return Error(kOneExpiry);
    if (!ctx.args.HasMore()) return Error(kExpireTimeMissing);
    options->timed = true;
    return ParseFieldTime(ctx, ctx.args.Next(), time->unit, time->base, &options->expire_at_ms);
  }
  if (ctx.args.Match("KEEPTTL")) {
    options->keep_expiry = true;
    return has_expiry ? Error(kOneExpiry) : Ok();
  }
  const bool has_condition = options->all_missing || options->all_present;
  if (ctx.args.Match("FNX")) {
    options->all_missing = true;
  } else if (ctx.args.Match("FXX")) {
    options->all_present = true;
  } else {
    return Error("ERR unknown argument: " + std::string(errors::UpToZero(ctx.args.Peek())));
  }
  return has_condition ? Error(kOneCondition) : Ok();
}

Status ParseSetEx(CommandContext& ctx, SetExOptions* options) {
  while (ctx.args.HasMore()) {
    if (ctx.args.Match("FIELDS")) return ParsePairs(ctx, options);
    if (Status parsed = ParseSetExOption(ctx, options); !parsed.ok()) return parsed;
  }
  return Error(errors::WrongArity(ctx.command.full_name));
}

bool ConditionsHold(const Hash* hash, const SetExOptions& options) {
  if (!options.all_missing && !options.all_present) return true;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    const bool present = hash != nullptr && hash->Find(options.pairs[i]);
    if (present != options.all_present) return false;
  }
  return true;
}

Status HSetEx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  SetExOptions options;
  if (Status parsed = ParseSetEx(ctx, &options); !parsed.ok()) return parsed;
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Hash::kType, &entry); !found.ok()) return found;
  const Hash* const old = entry == nullptr ? nullptr : static_cast<const Hash*>(entry->object());
  if (!ConditionsHold(old, options)) return ctx.reply.Integer(0), Ok();
  Hash* hash;
  if (Status found = FindOrCreateHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr) return Ok();  // a script that will start again
  const storage::HashLimits limits = HashLimitsOf(ctx);
  hash->Expect(options.pairs, limits);
  if (options.timed) hash->ExpectExpiries();
  bool deleted = false;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    const std::string_view name = options.pairs[i];
    hash->Set(name, options.pairs[i + 1], limits, options.keep_expiry || options.timed);
    if (!options.timed) continue;
    deleted |= ExpireField(ctx, hash, name, options.expire_at_ms) == FieldExpiryOutcome::kDeleted;
  }
  ctx.db.FileFieldExpiry(key);
  ctx.Changed(key, NotifyClass::kHash, "hset");
  if (options.timed) ctx.Notify(NotifyClass::kHash, deleted ? "hdel" : "hexpire", key.bytes);
  DropEmptyHash(ctx, key, *hash);
  ctx.reply.Integer(1);
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "hgetdel",
     .syntax = "key FIELDS numfields:int field [field ...]",
     .summary = "Returns the value of a field and deletes it from the hash.",
     .complexity = "O(N) where N is the number of specified fields",
     .since = "8.0.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete)},
     .handler = HGetDel},
    {.name = "hgetex",
     .syntax = "key [EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix | PXAT "
               "unix-time-milliseconds:unix | PERSIST] FIELDS numfields:int field [field ...]",
     .summary = "Get the value of one or more fields of a given hash key, and optionally set "
                "their expiration.",
     .complexity = "O(N) where N is the number of specified fields",
     .since = "8.0.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = HGetEx},
    {.name = "hsetex",
     .syntax = "key [FNX | FXX] [EX seconds:int | PX milliseconds:int | EXAT "
               "unix-time-seconds:unix | PXAT unix-time-milliseconds:unix | KEEPTTL] FIELDS "
               "numfields:int field value [field value ...]",
     .summary = "Set the value of one or more fields of a given hash key, and optionally set their "
                "expiration.",
     .complexity = "O(N) where N is the number of fields being set.",
     .since = "8.0.0",
     .group = Group::kHash,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = HSetEx},
};

}  // namespace

std::span<const CommandSpec> HashExpiryValueCommands() { return kCommands; }

}  // namespace larder
