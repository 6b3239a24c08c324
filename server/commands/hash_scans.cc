// Many fields of a hash at once: HGETALL, HKEYS, HVALS, HSCAN, HRANDFIELD.
#include <limits>
#include <random>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/hash_access.h"
#include "server/commands/lookup.h"
#include "server/commands/scan_options.h"

namespace larder {
namespace {

using storage::Hash;
using storage::HashField;

Status HGetAll(CommandContext& ctx) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ctx.reply.Map(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
  if (hash == nullptr) return Ok();
  hash->ForEach([&ctx](const HashField& field) {
    ctx.reply.Bulk(field.name);
    ctx.reply.Bulk(field.value);
  });
  return Ok();
}

// Of every field its name, or its value.
Status ReplyAll(CommandContext& ctx, std::string_view HashField::*part) {
  const Hash* hash;
  if (Status found = FindHash(ctx, ctx.args.NextKey(), &hash); !found.ok()) return found;
  ctx.reply.Array(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
  if (hash == nullptr) return Ok();
  hash->ForEach([&ctx, part](const HashField& field) { ctx.reply.Bulk(field.*part); });
  return Ok();
}

Status HKeys(CommandContext& ctx) { return ReplyAll(ctx, &HashField::name); }
Status HVals(CommandContext& ctx) { return ReplyAll(ctx, &HashField::value); }

Status HScan(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const auto cursor = ParseCursor(ctx.args.Next());
  if (!cursor) return Error(errors::kInvalidCursor);
  const Hash* hash;
  if (Status found = FindHash(ctx, key, &hash); !found.ok()) return found;
  ScanOptions options{.cursor = *cursor, .takes_novalues = true};
  uint64_t next = 0;
  int64_t count = 0;
  protocol::OutputBuffer buffer;  // the cursor, which is known last, goes first
  protocol::ReplyWriter fields(buffer);
  if (hash != nullptr) {
    if (Status parsed = ParseScanOptions(ctx.args, false, &options); !parsed.ok()) return parsed;
    next =
        hash->Scan(options.cursor, static_cast<size_t>(options.count), [&](const HashField& field) {
          if (!options.Matches(field.name)) return;
          fields.Bulk(field.name);
          if (!options.no_values) fields.Bulk(field.value);
          count += options.no_values ? 1 : 2;
        });
  }
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(static_cast<int64_t>(next));
  ctx.reply.Array(count);
  ctx.reply.Raw(buffer.tail().view());
  return Ok();
}

// ---- drawing

// A field of HRANDFIELD: its name, or with its value: a pair of its own in RESP3.
void ReplyDrawn(CommandContext& ctx, const HashField& field, bool with_values) {
  if (with_values && ctx.reply.version() == protocol::Version::kResp3) ctx.reply.Array(2);
  ctx.reply.Bulk(field.name);
  if (with_values) ctx.reply.Bulk(field.value);
}

void OpenDrawn(CommandContext& ctx, uint64_t count, bool with_values) {
  const bool flat = with_values && ctx.reply.version() == protocol::Version::kResp2;
  ctx.reply.Array(static_cast<int64_t>(flat ? 2 * count : count));
}

// As many draws as asked for, a field as often as it comes. It ends early when the reply has
// outgrown what a client may let wait: the connection is closed then.
void ReplyDraws(CommandContext& ctx, const Hash& hash, uint64_t count, bool with_values) {
  const int64_t bytes_max = ctx.engine.options.output_limit(OutputClass::kNormal).hard_bytes;
  std::mt19937_64 generator(DrawRandom(ctx));
  OpenDrawn(ctx, count, with_values);
  for (; count > 0; --count) {
    ReplyDrawn(ctx, hash.Random(generator()), with_values);
    if (bytes_max > 0 && ctx.reply.out().size() > static_cast<size_t>(bytes_max)) {
      ctx.session.close_after_reply = true;
      return;
    }
  }
}

// The arguments after the key: [count [WITHVALUES]].
Status ParseDraw(ArgReader& args, int64_t* count, bool* with_values) {
  *count = args.NextInt();
  if (args.failed()) return args.status();
  if (*count == std::numeric_limits<int64_t>::min()) return Error(errors::kCountOutOfRange);
  if (!args.HasMore()) return Ok();
  if (args.remaining() > 1 || !args.Match("WITHVALUES")) return Error(errors::kSyntax);
  *with_values = true;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
  return *count < -kMost || *count > kMost ? Error(errors::kOutOfRange) : Ok();
}

Status HRandField(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const bool one = !ctx.args.HasMore();
  int64_t count = 1;
  bool with_values = false;
  if (!one) {
    if (Status parsed = ParseDraw(ctx.args, &count, &with_values); !parsed.ok()) return parsed;
  }
  const Hash* hash;
  if (Status found = FindHash(ctx, key, &hash); !found.ok()) return found;
  if (hash == nullptr || count == 0) {
    one ? ctx.reply.Null() : ctx.reply.Array(0);
  } else if (one) {
    ctx.reply.Bulk(hash->Random(DrawRandom(ctx)).name);
  } else if (count < 0) {
    ReplyDraws(ctx, *hash, static_cast<uint64_t>(-count), with_values);
  } else {
    const size_t drawn = std::min(static_cast<size_t>(count), hash->size());
    OpenDrawn(ctx, drawn, with_values);
    hash->Sample(drawn, DrawRandom(ctx), [&ctx, with_values](const HashField& field) {
      ReplyDrawn(ctx, field, with_values);
    });
  }
  return Ok();
}

constexpr int kReadKey = KeyFlag::kRO | KeyFlag::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "hgetall",
     .syntax = "key",
     .summary = "Returns all fields and values in a hash.",
     .complexity = "O(N) where N is the size of the hash.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = HGetAll,
     .tips = "nondeterministic_output_order"},
    {.name = "hkeys",
     .syntax = "key",
     .summary = "Returns all fields in a hash.",
     .complexity = "O(N) where N is the size of the hash.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = HKeys,
     .tips = "nondeterministic_output_order"},
    {.name = "hrandfield",
     .syntax = "key [count:int [WITHVALUES]]",
     .summary = "Returns one or more random fields from a hash.",
     .complexity = "O(N) where N is the number of fields returned",
     .since = "6.2.0",
     .group = Group::kHash,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = HRandField,
     .tips = "nondeterministic_output"},
    {.name = "hscan",
     .syntax = "key cursor:int [MATCH pattern:pattern] [COUNT count:int] [NOVALUES]",
     .summary = "Iterates over fields and values of a hash.",
     .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command "
                   "calls for the cursor to return back to 0. N is the number of elements inside "
                   "the collection.",
     .since = "2.8.0",
     .group = Group::kHash,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = HScan,
     .tips = "nondeterministic_output"},
    {.name = "hvals",
     .syntax = "key",
     .summary = "Returns all values in a hash.",
     .complexity = "O(N) where N is the size of the hash.",
     .since = "2.0.0",
     .group = Group::kHash,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, kReadKey)},
     .handler = HVals,
     .tips = "nondeterministic_output_order"},
};

}  // namespace

std::span<const CommandSpec> HashScanCommands() { return kCommands; }

}  // namespace larder
