#include "server/commands/hash_fields.h"

#include <limits>

#include "storage/numbers.h"

namespace larder {
namespace {

constexpr int64_t kFieldTimeMsMax = (int64_t{1} << 46) - 1;  // Redis's bound

constexpr std::string_view kNegativeFieldTime = "ERR invalid expire time, must be >= 0";
constexpr std::string_view kFieldsMissing =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr std::string_view kFieldCountMismatch =
    "ERR The `numfields` parameter must match the number of arguments";

}  // namespace

Status ParseFieldTime(CommandContext& ctx, std::string_view time, FieldTimeUnit unit,
                      FieldTimeBase base, int64_t* expire_at_ms) {
  const auto number = storage::ParseInteger(time);
  if (!number) return Error(errors::kNotInteger);
  if (*number < 0) return Error(kNegativeFieldTime);
  const int64_t scale = unit == FieldTimeUnit::kSeconds ? 1000 : 1;
  const int64_t begin_ms = base == FieldTimeBase::kNow ? ctx.db.now_ms() : 0;
  if (*number > kFieldTimeMsMax / scale || *number * scale > kFieldTimeMsMax - begin_ms) {
    return Error(errors::InvalidExpire(ctx.command.full_name));
  }
  *expire_at_ms = *number * scale + begin_ms;
  return Ok();
}

Status ParseFields(CommandContext& ctx, std::string_view bad_count,
                   std::span<const std::string_view>* fields) {
  if (!ctx.args.Match("FIELDS")) return Error(kFieldsMissing);
  if (!ctx.args.HasMore()) return Error(errors::WrongArity(ctx.command.full_name));
  const int64_t count = ctx.args.NextIntIn(1, std::numeric_limits<int64_t>::max(), bad_count);
  if (ctx.args.failed()) return ctx.args.status();
  if (static_cast<uint64_t>(count) != ctx.args.remaining()) return Error(kFieldCountMismatch);
  *fields = ctx.args.all().subspan(ctx.args.position());
  return Ok();
}

void ReplyForEach(CommandContext& ctx, std::span<const std::string_view> fields, int64_t answer) {
  ctx.reply.Array(static_cast<int64_t>(fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) ctx.reply.Integer(answer);
}

FieldExpiryOutcome ExpireField(CommandContext& ctx, storage::Hash* hash, std::string_view name,
                               int64_t expire_at_ms) {
  if (expire_at_ms <= ctx.db.now_ms()) {
    hash->Remove(name);
    return FieldExpiryOutcome::kDeleted;
  }
  hash->SetExpiry(name, expire_at_ms);
  return FieldExpiryOutcome::kSet;
}

}  // namespace larder
