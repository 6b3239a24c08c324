// Strings as numbers that stay within bounds and for a time: INCREX.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/expiry_option.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::Entry;
using storage::Type;

constexpr std::string_view kEnxNeedsExpiry = "ERR ENX flag requires an expiration";
constexpr std::string_view kBoundsCross = "ERR LBOUND can't be greater than UBOUND";

struct BoundedIncrement {
  enum class Mode : uint8_t { kDefault, kInteger, kFloat };
  Mode mode = Mode::kDefault;  // an integer by 1
  std::optional<std::string_view> increment;
  std::optional<std::string_view> lower, upper;
  bool saturate = false;
  ExpiryOption expiry;
  bool only_without_expiry = false;  // ENX
  int64_t expire_at_ms = storage::kNoExpiry;
};

// Each option may come once.
Status ParseIncrement(ArgReader& args, BoundedIncrement* request) {
  using Mode = BoundedIncrement::Mode;
  while (args.HasMore()) {
    const bool has_value = args.remaining() >= 2;
    const bool is_default = request->mode == Mode::kDefault;
    const bool no_expiry = request->expiry.kind == ExpiryOption::Kind::kNone;
    if (has_value && is_default && args.Match("BYINT")) {
      request->mode = Mode::kInteger;
      request->increment = args.Next();
    } else if (has_value && is_default && args.Match("BYFLOAT")) {
      request->mode = Mode::kFloat;
      request->increment = args.Next();
    } else if (has_value && !request->lower && args.Match("LBOUND")) {
      request->lower = args.Next();
    } else if (has_value && !request->upper && args.Match("UBOUND")) {
      request->upper = args.Next();
    } else if (!request->saturate && args.Match("SATURATE")) {
      request->saturate = true;
    } else if (!request->only_without_expiry && args.Match("ENX")) {
      request->only_without_expiry = true;
    } else if (!no_expiry || !request->expiry.Match(args, ExpiryOption::Kind::kPersist)) {
      return Error(errors::kSyntax);
    }
  }
  if (!request->only_without_expiry || request->expiry.has_time()) return Ok();
  const bool persists = request->expiry.kind == ExpiryOption::Kind::kPersist;
  return Error(persists ? errors::kSyntax : kEnxNeedsExpiry);
}

// What integers and floats have in common: how they are read, added, written and answered.
struct Integers {
  using Number = int64_t;
  static constexpr Number kLeast = std::numeric_limits<int64_t>::min();
  static constexpr Number kMost = std::numeric_limits<int64_t>::max();
  static constexpr std::string_view kBad = errors::kNotInteger;
  static constexpr std::string_view kBadOption = "is not an integer or out of range";
  static constexpr std::string_view kOverflow = errors::kOverflow;
  static constexpr std::string_view kEvent = "incrby";

  static std::optional<Number> Parse(std::string_view text) { return storage::ParseInteger(text); }
  // Nothing beyond the limits of the type.
  static std::optional<Number> Add(Number a, Number b) { return storage::CheckedAdd(a, b); }
  static std::optional<Number> Distance(Number from, Number to) {
    Number distance;
    return __builtin_sub_overflow(to, from, &distance) ? std::nullopt : std::optional(distance);
  }
  static std::string Text(Number number) { return std::to_string(number); }
  static void Reply(protocol::ReplyWriter& reply, Number number) { reply.Integer(number); }
};

struct Floats {
  using Number = long double;
  static constexpr Number kLeast = std::numeric_limits<long double>::lowest();
  static constexpr Number kMost = std::numeric_limits<long double>::max();
  static constexpr std::string_view kBad = errors::kNotFloat;
  static constexpr std::string_view kBadOption = "is not a valid float";
  static constexpr std::string_view kOverflow = errors::kFloatOverflow;
  static constexpr std::string_view kEvent = "incrbyfloat";

  static std::optional<Number> Parse(std::string_view text) {
    return storage::ParseLongDouble(text);
  }
  static std::optional<Number> Add(Number a, Number b) {
    const Number sum = a + b;
    return std::isfinite(sum) ? std::optional(sum) : std::nullopt;
  }
  static std::optional<Number> Distance(Number from, Number to) { return Add(to, -from); }
  static std::string Text(Number number) { return storage::FormatLongDouble(number); }
  static void Reply(protocol::ReplyWriter& reply, Number number) {
    if (reply.version() == protocol::Version::kResp2) {
      reply.Bulk(Text(number));
    } else {
      reply.Double(static_cast<double>(number));
    }
  }
};

void ApplyExpiry(CommandContext& ctx, const storage::Key& key, const BoundedIncrement& request,
                 bool had_expiry) {
  if (request.expiry.kind == ExpiryOption::Kind::kPersist) {
    if (!had_expiry) return;
    ctx.db.SetExpiry(key, storage::kNoExpiry);
    ctx.Notify(NotifyClass::kGeneric, "persist", key.bytes);
  } else if (request.expiry.has_time() && !(request.only_without_expiry && had_expiry)) {
    if (request.expire_at_ms <= ctx.db.now_ms()) {
      DeleteKey(ctx, key);
      return;
    }
    ctx.db.SetExpiry(key, request.expire_at_ms);
    ctx.Notify(NotifyClass::kGeneric, "expire", key.bytes);
  }
}

template <class Kind>
void ReplyBoth(CommandContext& ctx, typename Kind::Number value, typename Kind::Number applied) {
  ctx.reply.Array(2);
  Kind::Reply(ctx.reply, value);
  Kind::Reply(ctx.reply, applied);
}

template <class Kind>
struct Bounds {
  typename Kind::Number increment, lower, upper;
};

template <class Kind>
Status ParseBounds(const BoundedIncrement& request, Bounds<Kind>* bounds) {
  const auto parse = [](std::string_view name, std::optional<std::string_view> text,
                        typename Kind::Number otherwise, typename Kind::Number* number) {
    const auto parsed = text ? Kind::Parse(*text) : std::optional(otherwise);
    if (!parsed) return Error(fmt::format("ERR {} {}", name, Kind::kBadOption));
    *number = *parsed;
    return Ok();
  };
  Status parsed = parse("Increment", request.increment, 1, &bounds->increment);
  if (parsed.ok()) parsed = parse("LBOUND", request.lower, Kind::kLeast, &bounds->lower);
  if (parsed.ok()) parsed = parse("UBOUND", request.upper, Kind::kMost, &bounds->upper);
  if (!parsed.ok()) return parsed;
  return bounds->lower > bounds->upper ? Error(kBoundsCross) : Ok();
}

template <class Kind>
Status Increment(CommandContext& ctx, const storage::Key& key, BoundedIncrement request) {
  using Number = typename Kind::Number;
  Bounds<Kind> bounds;
  if (Status parsed = ParseBounds(request, &bounds); !parsed.ok()) return parsed;
  if (request.expiry.has_time()) {
    Status resolved =
        request.expiry.Resolve(ctx.db.now_ms(), ctx.command.full_name, &request.expire_at_ms);
    if (!resolved.ok()) return resolved;
  }
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const auto value = entry == nullptr ? std::optional<Number>(0) : Kind::Parse(entry->string());
  if (!value) return Error(Kind::kBad);
  // An infinity is no value beyond a bound.
  if (!std::isfinite(static_cast<long double>(bounds.increment)) ||
      !std::isfinite(static_cast<long double>(*value))) {
    return Error(Kind::kOverflow);
  }
  std::optional<Number> sum = Kind::Add(*value, bounds.increment);
  std::optional<Number> applied = bounds.increment;
  if (!sum || *sum < bounds.lower || *sum > bounds.upper) {
    if (!request.saturate) return ReplyBoth<Kind>(ctx, *value, 0), Ok();
    const bool too_high = sum ? *sum > bounds.upper : bounds.increment > 0;
    sum = too_high ? bounds.upper : bounds.lower;
    applied = Kind::Distance(*value, *sum);
    if (!applied) return Error(Kind::kOverflow);
  }
  const bool had_expiry = entry != nullptr && entry->has_expiry();
  if (entry == nullptr) ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  ctx.db.SetString(key, Kind::Text(*sum), {.keep_expiry = true, .keep_extra = true});
  ctx.Changed(key, NotifyClass::kString, Kind::kEvent);
  ApplyExpiry(ctx, key, request, had_expiry);
  ReplyBoth<Kind>(ctx, *sum, *applied);
  return Ok();
}

Status IncrEx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  BoundedIncrement request;
  if (Status parsed = ParseIncrement(ctx.args, &request); !parsed.ok()) return parsed;
  return request.mode == BoundedIncrement::Mode::kFloat ? Increment<Floats>(ctx, key, request)
                                                        : Increment<Integers>(ctx, key, request);
}

constexpr CommandSpec kCommands[] = {
    {.name = "increx",
     .syntax = "key [increment: BYFLOAT float:double | BYINT integer:int] [SATURATE] [LBOUND "
               "lowerbound] [UBOUND upperbound] [expiration: EX seconds:int | PX milliseconds:int "
               "| EXAT unix-time-seconds:unix | PXAT unix-time-milliseconds:unix | PERSIST] [ENX]",
     .summary = "Increments the numeric value of a key by a number and sets its expiration time. "
                "Uses 0 as initial value if the key doesn't exist.",
     .complexity = "O(1)",
     .since = "8.8.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate)},
     .handler = IncrEx},
};

}  // namespace

std::span<const CommandSpec> BoundedCounterCommands() { return kCommands; }

}  // namespace larder
