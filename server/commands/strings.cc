// Strings as bytes: GET and its kin, APPEND, ranges, MGET. Writing them whole is in
// string_writes.cc, counting in counters.cc, comparing in string_comparisons.cc.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/expiry_option.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/stale_copies.h"

namespace larder {
namespace {

using storage::Entry;
using storage::Type;

// With cache-stale-on-get a key whose fresh lifetime is over is as good as a live one.
void ReplyStaleOrNull(CommandContext& ctx, const storage::Key& key) {
  const storage::StaleCopy* const copy =
      ctx.engine.options.cache_stale_on_get != 0 ? FindStaleToRead(ctx, key, false) : nullptr;
  if (copy == nullptr) return ctx.reply.Null();
  ReplyBytes(ctx, copy->bytes(), copy->value.get());
}

Status Get(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) {
    if (entry->type() != Type::kPass) return found;
    ctx.reply.Null();
  } else if (entry != nullptr) {
    ReplyString(ctx, *entry);
  } else {
    ReplyStaleOrNull(ctx, key);
  }
  return Ok();
}

Status GetDel(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Null();
    return Ok();
  }
  ReplyString(ctx, *entry);  // before it is erased: the reply borrows the bytes
  DeleteKey(ctx, key);
  return Ok();
}

Status GetSet(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view value = ctx.args.Next();
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Null();
  } else {
    ReplyString(ctx, *entry);
  }
  WriteString(ctx, key, value, {}, "set");
  return Ok();
}

Status GetEx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  ExpiryOption expiry;
  while (ctx.args.HasMore()) {
    if (!expiry.Match(ctx.args, ExpiryOption::Kind::kPersist)) return Error(errors::kSyntax);
  }
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Null();
    return Ok();
  }
  int64_t at_ms = storage::kNoExpiry;
  if (expiry.has_time()) {
    Status resolved = expiry.Resolve(ctx.db.now_ms(), ctx.command.full_name, &at_ms);
    if (!resolved.ok()) return resolved;
  }
  const bool had_expiry = entry->has_expiry();
  ReplyString(ctx, *entry);
  if (expiry.absolute() && at_ms <= ctx.db.now_ms()) {
    DeleteKey(ctx, key);
  } else if (expiry.has_time()) {
    ctx.db.SetExpiry(key, at_ms);
    ctx.Changed(key, NotifyClass::kGeneric, "expire");
  } else if (expiry.kind == ExpiryOption::Kind::kPersist && had_expiry) {
    ctx.db.SetExpiry(key, storage::kNoExpiry);
    ctx.Changed(key, NotifyClass::kGeneric, "persist");
  }
  return Ok();
}

Status MGet(CommandContext& ctx) {
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    const Entry* const entry = FindToRead(ctx, ctx.args.NextKey());
    if (entry != nullptr && entry->type() == Type::kString) {
      ReplyString(ctx, *entry);
    } else {
      ctx.reply.Null();
    }
  }
  return Ok();
}

Status StrLen(CommandContext& ctx) {
  const Entry* entry;
  Status found = FindToRead(ctx, ctx.args.NextKey(), Type::kString, &entry);
  if (!found.ok()) return found;
  ctx.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->string().size()));
  return Ok();
}

// The part of `text` between two positions, which count from the end when negative.
std::string_view Range(std::string_view text, int64_t first, int64_t last) {
  const int64_t size = static_cast<int64_t>(text.size());
  if (first < 0 && last < 0 && first > last) return {};
  if (first < 0) first = std::max<int64_t>(first + size, 0);
  if (last < 0) last = std::max<int64_t>(last + size, 0);
  last = std::min(last, size - 1);
  if (first > last) return {};
  return text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
}

Status GetRange(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t first = ctx.args.NextInt();
  const int64_t last = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const Entry* entry;
  if (Status found = FindToRead(ctx, key, Type::kString, &entry); !found.ok()) return found;
  ctx.reply.Bulk(entry == nullptr ? std::string_view() : Range(entry->string(), first, last));
  return Ok();
}

// Whether a string may be `size + more` bytes long.
bool LengthAllowed(const CommandContext& ctx, size_t size, size_t more) {
  size_t total;
  return !__builtin_add_overflow(size, more, &total) &&
         total <= static_cast<size_t>(ctx.engine.options.proto_max_bulk_len.Get());
}

Status Append(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view more = ctx.args.Next();
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  if (entry == nullptr) {
    WriteString(ctx, key, more, {}, "append");
    ctx.reply.Integer(static_cast<int64_t>(more.size()));
    return Ok();
  }
  const size_t size = entry->string().size();
  if (!LengthAllowed(ctx, size, more.size())) return Error(errors::kStringTooLong);
  const std::span<char> bytes = ctx.db.ResizeString(key, size + more.size());
  if (bytes.size() != size + more.size()) return Ok();  // a script that will start again
  if (!more.empty()) std::memcpy(bytes.data() + size, more.data(), more.size());
  ctx.Changed(key, NotifyClass::kString, "append");
  ctx.reply.Integer(static_cast<int64_t>(bytes.size()));
  return Ok();
}

Status SetRange(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t offset = ctx.args.NextInt();
  const std::string_view value = ctx.args.Next();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (offset < 0) return Error(errors::kOffsetOutOfRange);
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const size_t old_size = entry == nullptr ? 0 : entry->string().size();
  if (value.empty()) {
    ctx.reply.Integer(static_cast<int64_t>(old_size));
    return Ok();
  }
  const size_t begin = static_cast<size_t>(offset);
  if (!LengthAllowed(ctx, begin, value.size())) return Error(errors::kStringTooLong);
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  const size_t size = std::max(old_size, begin + value.size());
  const std::span<char> bytes = ctx.db.ResizeString(key, size);
  if (bytes.size() != size) return Ok();  // a script that will start again
  std::memcpy(bytes.data() + begin, value.data(), value.size());
  ctx.Changed(key, NotifyClass::kString, "setrange");
  ctx.reply.Integer(static_cast<int64_t>(size));
  return Ok();
}

constexpr uint32_t kRead = Flag::kReadOnly | Flag::kFast;
constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "append",
     .syntax = "key value",
     .summary = "Appends a string to the value of a key. Creates the key if it doesn't exist.",
     .complexity = "O(1) amortized over the growth of the string.",
     .since = "2.0.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kInsert)},
     .handler = Append},
    {.name = "get",
     .syntax = "key",
     .summary = "Returns the string value of a key.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kRead,
     .keys = {Key(1, kReadKey)},
     .handler = Get},
    {.name = "getdel",
     .syntax = "key",
     .summary = "Returns the string value of a key after deleting the key.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete)},
     .handler = GetDel},
    {.name = "getex",
     .syntax =
         "key [expiration: EX seconds:int | PX milliseconds:int | EXAT unix-time-seconds:unix | "
         "PXAT unix-time-milliseconds:unix | PERSIST]",
     .summary = "Returns the string value of a key after setting its expiration time.",
     .complexity = "O(1)",
     .since = "6.2.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = GetEx},
    {.name = "getrange",
     .syntax = "key start:int end:int",
     .summary = "Returns a substring of the string stored at a key.",
     .complexity = "O(N) where N is the length of the returned string.",
     .since = "2.4.0",
     .group = Group::kString,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = GetRange},
    {.name = "getset",
     .syntax = "key value",
     .summary = "Returns the previous string value of a key after setting it to a new value.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = GetSet,
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `!GET` argument"},
    {.name = "mget",
     .syntax = "key [key ...]",
     .summary = "Atomically returns the string values of one or more keys.",
     .complexity = "O(N) where N is the number of keys to retrieve.",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kRead,
     .keys = {Keys(1, -1, 1, kReadKey)},
     .handler = MGet,
     .tips = "request_policy:multi_shard"},
    {.name = "setrange",
     .syntax = "key offset:int value",
     .summary = "Overwrites a part of a string value with another by an offset. Creates the key if "
                "it doesn't exist.",
     .complexity = "O(N) where N is the length of the value; more when the string grows.",
     .since = "2.2.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = SetRange},
    {.name = "strlen",
     .syntax = "key",
     .summary = "Returns the length of a string value.",
     .complexity = "O(1)",
     .since = "2.2.0",
     .group = Group::kString,
     .flags = kRead,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = StrLen},
    {.name = "substr",
     .syntax = "key start:int end:int",
     .summary = "Returns a substring from a string value.",
     .complexity = "O(N) where N is the length of the returned string.",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = GetRange,
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`"},
};

}  // namespace

std::span<const CommandSpec> StringCommands() { return kCommands; }

}  // namespace larder
