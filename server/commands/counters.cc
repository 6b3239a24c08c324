// Strings as numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::Entry;
using storage::Type;

Status AddTo(CommandContext& ctx, const storage::Key& key, int64_t increment) {
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  int64_t value = 0;
  if (entry != nullptr) {
    const auto number = storage::ParseInteger(entry->string());
    if (!number) return Error(errors::kNotInteger);
    value = *number;
  }
  const auto sum = storage::CheckedAdd(value, increment);
  if (!sum) return Error(errors::kOverflow);
  char text[storage::kIntegerTextBytesMax];
  const size_t length = storage::FormatInteger(*sum, text);
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  ctx.db.SetString(key, {text, length}, {.keep_expiry = true, .keep_extra = true});
  ctx.Changed(key, NotifyClass::kString, "incrby");
  ctx.reply.Integer(*sum);
  return Ok();
}

Status Incr(CommandContext& ctx) { return AddTo(ctx, ctx.args.NextKey(), 1); }
Status Decr(CommandContext& ctx) { return AddTo(ctx, ctx.args.NextKey(), -1); }

Status IncrBy(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t increment = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  return AddTo(ctx, key, increment);
}

Status DecrBy(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const int64_t decrement = ctx.args.NextInt();
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  if (decrement == std::numeric_limits<int64_t>::min()) return Error(errors::kDecrementOverflow);
  return AddTo(ctx, key, -decrement);
}

Status IncrByFloat(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view increment_text = ctx.args.Next();
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const auto value =
      entry == nullptr ? std::optional<long double>(0) : storage::ParseLongDouble(entry->string());
  const auto increment = storage::ParseLongDouble(increment_text);
  if (!value || !increment) return Error(errors::kNotFloat);
  const long double sum = *value + *increment;
  if (std::isnan(sum) || std::isinf(sum)) return Error(errors::kFloatOverflow);
  const std::string text = storage::FormatLongDouble(sum);
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  ctx.db.SetString(key, text, {.keep_expiry = true, .keep_extra = true});
  ctx.Changed(key, NotifyClass::kString, "incrbyfloat");
  ctx.reply.Bulk(text);
  return Ok();
}

constexpr uint32_t kCount = Flag::kWrite | Flag::kDenyOom | Flag::kFast;
constexpr int kCounter = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;

constexpr CommandSpec kCommands[] = {
    {.name = "decr",
     .syntax = "key",
     .summary = "Decrements the integer value of a key by one. Uses 0 as initial value if the key "
                "doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kCount,
     .keys = {Key(1, kCounter)},
     .handler = Decr},
    {.name = "decrby",
     .syntax = "key decrement:int",
     .summary = "Decrements a number from the integer value of a key. Uses 0 as initial value if "
                "the key doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kCount,
     .keys = {Key(1, kCounter)},
     .handler = DecrBy},
    {.name = "incr",
     .syntax = "key",
     .summary = "Increments the integer value of a key by one. Uses 0 as initial value if the key "
                "doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kCount,
     .keys = {Key(1, kCounter)},
     .handler = Incr},
    {.name = "incrby",
     .syntax = "key increment:int",
     .summary = "Increments the integer value of a key by a number. Uses 0 as initial value if the "
                "key doesn't exist.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kString,
     .flags = kCount,
     .keys = {Key(1, kCounter)},
     .handler = IncrBy},
    {.name = "incrbyfloat",
     .syntax = "key increment:double",
     .summary = "Increment the floating point value of a key by a number. Uses 0 as initial value "
                "if the key doesn't exist.",
     .complexity = "O(1)",
     .since = "2.6.0",
     .group = Group::kString,
     .flags = kCount,
     .keys = {Key(1, kCounter)},
     .handler = IncrByFloat},
};

}  // namespace

std::span<const CommandSpec> CounterCommands() { return kCommands; }

}  // namespace larder
