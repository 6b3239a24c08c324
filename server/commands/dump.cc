// Values in Redis's serialised form: DUMP, RESTORE.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/hash_access.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"
#include "server/commands/set_access.h"
#include "server/commands/sorted_set_access.h"
#include "server/commands/stream_access.h"
#include "storage/dump.h"

namespace larder {
namespace {

constexpr int64_t kFrequencyMax = 255;  // as OBJECT FREQ answers it

Status Dump(CommandContext& ctx) {
  const storage::Entry* const entry = FindToRead(ctx, ctx.args.NextKey());
  if (entry == nullptr || entry->type() == storage::Type::kPass) {
    ctx.reply.Null();
    return Ok();
  }
  ctx.reply.Bulk(storage::DumpOf(*entry));
  return Ok();
}

// ---- RESTORE

struct RestoreOptions {
  bool replace = false;
  bool absolute_expiry = false;
  std::optional<int64_t> idle_seconds;
  std::optional<int64_t> frequency;
};

Status ParseRestoreOptions(ArgReader args, RestoreOptions* options) {
  while (args.HasMore()) {
    if (args.Match("REPLACE")) {
      options->replace = true;
    } else if (args.Match("ABSTTL")) {
      options->absolute_expiry = true;
    } else if (args.remaining() >= 2 && !options->frequency && args.Match("IDLETIME")) {
      options->idle_seconds = args.NextInt();
      if (!args.failed() && *options->idle_seconds < 0) return Error(errors::kBadIdleTime);
    } else if (args.remaining() >= 2 && !options->idle_seconds && args.Match("FREQ")) {
      options->frequency = args.NextInt();
      const bool in_range = *options->frequency >= 0 && *options->frequency <= kFrequencyMax;
      if (!args.failed() && !in_range) return Error(errors::kBadFrequency);
    } else {
      return Error(errors::kSyntax);
    }
    if (args.failed()) return args.status();
  }
  return Ok();
}

storage::RestoreLimits RestoreLimitsOf(const CommandContext& ctx) {
  storage::RestoreLimits limits;
  limits.set = SetLimitsOf(ctx);
  limits.hash = HashLimitsOf(ctx);
  limits.list = ListLimitsOf(ctx);
  limits.sorted_set = SortedSetLimitsOf(ctx);
  limits.stream = IdempotenceOf(ctx);
  limits.set_seed = SetSeedOf(ctx);
  limits.hash_seed = HashSeedOf(ctx);
  limits.now_ms = ctx.db.now_ms();
  limits.string_bytes_max = static_cast<size_t>(ctx.engine.options.proto_max_bulk_len.Get());
  const int64_t memory_max = ctx.engine.options.maxmemory.Get();
  if (memory_max > 0) limits.value_bytes_max = static_cast<size_t>(memory_max);
  return limits;
}

// Puts the value under the key and says so.
void PutRestored(CommandContext& ctx, const storage::Key& key, storage::Value value,
                 const RestoreOptions& options, bool replaces) {
  if (!replaces) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  ctx.db.Put(key, std::move(value));
  if (options.idle_seconds) ctx.db.SetIdleSeconds(key, *options.idle_seconds);
  if (options.frequency) ctx.db.SetFrequency(key, *options.frequency);
  ctx.Changed(key, NotifyClass::kGeneric, "restore");
}

Status Restore(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  ArgReader after_dump = ctx.args;
  after_dump.Skip(2);
  RestoreOptions options;
  if (Status parsed = ParseRestoreOptions(after_dump, &options); !parsed.ok()) return parsed;
  const bool exists = ctx.db.Find(key, storage::Access::kWrite) != nullptr;
  if (exists && !options.replace) return Error(errors::kBusyKey);
  int64_t expiry_ms = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  if (expiry_ms < 0) return Error(errors::kBadRestoreTtl);
  const std::string_view dump = ctx.args.Next();
  if (!storage::HasGoodFooter(dump)) return Error(errors::kBadDumpFooter);
  storage::Restored restored = storage::Restore(dump, RestoreLimitsOf(ctx));
  const bool has_expired = restored.error == storage::RestoreError::kAllExpired;
  if (!restored.value && !has_expired) return Error(errors::kBadDump);

  if (expiry_ms != 0 && !options.absolute_expiry) {
    const auto at_ms = storage::CheckedAdd(expiry_ms, ctx.db.now_ms());
    if (!at_ms) return Error(errors::kBadRestoreTtl);
    expiry_ms = *at_ms;
  }
  ctx.reply.Ok();
  if (!restored.value || (expiry_ms != 0 && expiry_ms <= ctx.db.now_ms())) {
    if (exists) DeleteKey(ctx, key);
    return Ok();
  }
  restored.value->expire_at_ms = expiry_ms == 0 ? storage::kNoExpiry : expiry_ms;
  PutRestored(ctx, key, std::move(*restored.value), options, exists);
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "dump",
     .syntax = "key",
     .summary = "Returns a serialized representation of the value stored at a key.",
     .complexity = "O(1) to access the key and additional O(N*M) to serialize it, where N is the "
                   "number of Redis objects composing the value and M their average size. For "
                   "small string values the time complexity is thus O(1)+O(1*M) where M is small, "
                   "so simply O(1).",
     .since = "2.6.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = Dump,
     .tips = "nondeterministic_output"},
    {.name = "restore",
     .syntax = "key ttl:int serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:int] [FREQ "
               "frequency:int]",
     .summary = "Creates a key from the serialized representation of a value.",
     .complexity = "O(1) to create the new key and additional O(N*M) to reconstruct the "
                   "serialized value, where N is the number of Redis objects composing the value "
                   "and M their average size. For small string values the time complexity is thus "
                   "O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values "
                   "the complexity is O(N*M*log(N)) because inserting values into sorted sets is "
                   "O(log(N)).",
     .since = "2.6.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kDangerous,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate)},
     .handler = Restore},
};

}  // namespace

std::span<const CommandSpec> DumpCommands() { return kCommands; }

}  // namespace larder
