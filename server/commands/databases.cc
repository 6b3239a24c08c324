// Whole databases: KEYS, SCAN, RANDOMKEY, DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/scan_options.h"

namespace larder {
namespace {

using storage::Entry;

// So many keys lie in a bucket at the most: what COUNT is divided by.
constexpr int64_t kKeysPerBucket = 7;
constexpr int kScanStepsMax = 64;  // of one SCAN over a sparse table
// KEYS holds a stripe for so many buckets; for fewer where a match may take long.
constexpr size_t kKeysBucketsPerStep = 64;
constexpr size_t kBucketsPerLongMatch = 1;
constexpr size_t kLongPatternBytes = 1024;
constexpr auto kSlice = std::chrono::microseconds(500);  // of KEYS, between turns for others

// In slices: between two steps no stripe is held, so the worker's other clients are served.
Status Keys(CommandContext& ctx) {
  const ScanOptions filter{.pattern = ctx.args.Next()};
  const bool long_pattern = filter.pattern->size() > kLongPatternBytes;
  const size_t buckets = long_pattern ? kBucketsPerLongMatch : kKeysBucketsPerStep;
  const bool in_slices = !ctx.in_exec() && !ctx.in_script();
  protocol::OutputBuffer buffer;  // what this client is pushed meanwhile must not come in between
  protocol::ReplyWriter found(buffer);
  int64_t count = 0;
  uint64_t cursor = 0;
  auto slice_end = std::chrono::steady_clock::now() + kSlice;
  do {
    if (in_slices && std::chrono::steady_clock::now() >= slice_end) {
      ctx.dispatcher.TakeTurn();
      slice_end = std::chrono::steady_clock::now() + kSlice;
    }
    cursor = ctx.engine.keyspace.Scan(ctx.db.index(), cursor, buckets, ctx.db.now_ms(),
                                      ctx.all_stripes_held(), [&](const Entry& entry) {
                                        if (!filter.Matches(entry.key())) return;
                                        found.Bulk(entry.key());
                                        ++count;
                                      });
  } while (cursor != 0);
  ctx.reply.Array(count);
  ctx.reply.Raw(buffer.tail().view());
  return Ok();
}

Status Scan(CommandContext& ctx) {
  const auto cursor = ParseCursor(ctx.args.Next());
  if (!cursor) return Error(errors::kInvalidCursor);
  ScanOptions options{.cursor = *cursor};
  if (Status parsed = ParseScanOptions(ctx.args, true, &options); !parsed.ok()) return parsed;

  protocol::OutputBuffer buffer;  // the cursor, which is known last, goes first
  protocol::ReplyWriter found(buffer);
  int64_t visited = 0, count = 0;
  uint64_t position = options.cursor;
  for (int step = 0; step < kScanStepsMax && visited < options.count; ++step) {
    const int64_t buckets = (options.count - visited + kKeysPerBucket - 1) / kKeysPerBucket;
    const uint64_t before = position;
    position = ctx.engine.keyspace.Scan(
        ctx.db.index(), position, static_cast<size_t>(buckets), ctx.db.now_ms(),
        ctx.all_stripes_held(), [&](const Entry& entry) {
          ++visited;
          const bool right_type =
              !options.type || EqualsIgnoreCase(storage::TypeName(entry.type()), *options.type);
          if (!right_type || !options.Matches(entry.key())) return;
          found.Bulk(entry.key());
          ++count;
        });
    if (position == 0 || position == before) break;
  }
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(static_cast<int64_t>(position));
  ctx.reply.Array(count);
  ctx.reply.Raw(buffer.tail().view());
  return Ok();
}

Status RandomKey(CommandContext& ctx) {
  std::string key;
  if (ctx.engine.keyspace.RandomKey(ctx.db.index(), DrawRandom(ctx), ctx.db.now_ms(),
                                    ctx.all_stripes_held(), &key)) {
    ctx.reply.Bulk(key);
  } else {
    ctx.reply.Null();
  }
  return Ok();
}

Status DbSize(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.engine.keyspace.KeyCount(ctx.db.index())));
  return Ok();
}

// The tables are cut off at once and freed in slices, whichever of the two words is given.
Status Flush(CommandContext& ctx, int first, int last) {
  if (ctx.args.HasMore() && !ctx.args.Match("ASYNC") && !ctx.args.Match("SYNC")) {
    return Error(errors::kSyntax);
  }
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  for (int index = first; index <= last; ++index) {
    ctx.engine.keyspace.FlushDatabase(index, false);
  }
  ctx.session.MarkDirty();
  ctx.reply.Ok();
  return Ok();
}

Status FlushDb(CommandContext& ctx) { return Flush(ctx, ctx.db.index(), ctx.db.index()); }

Status FlushAll(CommandContext& ctx) {
  return Flush(ctx, 0, ctx.engine.keyspace.database_count() - 1);
}

Status SwapDb(CommandContext& ctx) {
  const int64_t first = ctx.args.NextIntIn(INT32_MIN, INT32_MAX, "ERR invalid first DB index");
  const int64_t second = ctx.args.NextIntIn(INT32_MIN, INT32_MAX, "ERR invalid second DB index");
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  const int64_t count = ctx.engine.keyspace.database_count();
  if (first < 0 || first >= count || second < 0 || second >= count) {
    return Error(errors::kDbOutOfRange);
  }
  if (first != second) {
    ctx.engine.keyspace.SwapDatabases(static_cast<int>(first), static_cast<int>(second));
    ctx.session.MarkDirty();
  }
  ctx.reply.Ok();
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "dbsize",
     .syntax = "",
     .summary = "Returns the number of keys in the database.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kReadOnly | Flag::kFast,
     .handler = DbSize,
     .categories = "@keyspace",
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "flushall",
     .syntax = "[flush-type: ASYNC | SYNC]",
     .summary = "Removes all keys from all databases.",
     .complexity = "O(1); the memory follows in slices.",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kWrite | Flag::kAllStripes | Flag::kDangerous,
     .handler = FlushAll,
     .categories = "@keyspace",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "flushdb",
     .syntax = "[flush-type: ASYNC | SYNC]",
     .summary = "Remove all keys from the current database.",
     .complexity = "O(1); the memory follows in slices.",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kWrite | Flag::kAllStripes | Flag::kDangerous,
     .handler = FlushDb,
     .categories = "@keyspace",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "keys",
     .syntax = "pattern:pattern",
     .summary = "Returns all key names that match a pattern.",
     .complexity = "O(N) with N being the number of keys in the database.",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kOwnLocks | Flag::kDangerous,
     .handler = Keys,
     .tips = "request_policy:all_shards nondeterministic_output_order"},
    {.name = "randomkey",
     .syntax = "",
     .summary = "Returns a random key name from the database.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kOwnLocks,
     .handler = RandomKey,
     .tips = "request_policy:all_shards response_policy:special nondeterministic_output"},
    {.name = "scan",
     .syntax = "cursor:int [MATCH pattern:pattern] [COUNT count:int] [TYPE type]",
     .summary = "Iterates over the key names in the database.",
     .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command "
                   "calls for the cursor to return back to 0.",
     .since = "2.8.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kOwnLocks,
     .handler = Scan,
     .tips = "nondeterministic_output request_policy:special response_policy:special"},
    {.name = "swapdb",
     .syntax = "index1:int index2:int",
     .summary = "Swaps two databases.",
     .complexity = "O(stripes)",
     .since = "4.0.0",
     .group = Group::kServer,
     .flags = Flag::kWrite | Flag::kFast | Flag::kAllStripes | Flag::kDangerous,
     .handler = SwapDb,
     .categories = "@keyspace"},
};

}  // namespace

std::span<const CommandSpec> DatabaseCommands() { return kCommands; }

}  // namespace larder
