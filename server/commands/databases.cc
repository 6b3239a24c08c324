// Whole databases: KEYS, SCAN, RANDOMKEY, DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/scan_options.h"

namespace larder {
namespace {

using storage::Entry;

// So many keys lie in a bucket at the most: what COUNT is divided by.
constexpr int64_t kKeysPerBucket = 7;
constexpr int kSparseStepsMax = 64;  // of one SCAN over a sparse table
// A walk holds a stripe for so many buckets; for fewer where a match may take long.
constexpr size_t kBucketsPerStep = 64;
constexpr size_t kBucketsPerLongMatch = 1;
constexpr size_t kLongPatternBytes = 1024;
constexpr size_t kBlockBytes = 64 * 1024;

// The keys that a walk has found, as they are sent. In blocks: a single one would be copied
// whenever it grows, and all keys may be hundreds of megabytes. Not in the client's output: what it
// is pushed meanwhile must not come in between.
class FoundKeys {
 public:
  void Add(std::string_view key) {
    writer_.Bulk(key);
    ++count_;
    if (buffer_.size() < kBlockBytes) return;
    blocks_.push_back(std::move(buffer_.tail()));
    buffer_.tail().Reserve(kBlockBytes);
  }
  // `in_blocks`: as they are, where nothing will change a length in front of them afterwards.
  void MoveTo(protocol::ReplyWriter& reply, bool in_blocks) {
    reply.Array(count_);
    for (protocol::ByteBlock& block : blocks_) {
      if (in_blocks) {
        reply.out().AppendBlock(std::move(block));
      } else {
        reply.Raw(block.view());
      }
    }
    reply.Raw(buffer_.tail().view());
  }

 private:
  std::vector<protocol::ByteBlock> blocks_;
  protocol::OutputBuffer buffer_;
  protocol::ReplyWriter writer_{buffer_};
  int64_t count_ = 0;
};

// Whether a walk may let others have turns: between two steps it holds no stripe then.
bool InSlices(const CommandContext& ctx) { return !ctx.in_exec() && !ctx.in_script(); }

size_t BucketsPerStep(const ScanOptions& filter) {
  const bool long_pattern = filter.pattern && filter.pattern->size() > kLongPatternBytes;
  return long_pattern ? kBucketsPerLongMatch : kBucketsPerStep;
}

Status Keys(CommandContext& ctx) {
  const ScanOptions filter{.pattern = ctx.args.Next()};
  const size_t buckets = BucketsPerStep(filter);
  const bool in_slices = InSlices(ctx);
  FoundKeys found;
  uint64_t cursor = 0;
  do {
    if (in_slices && ctx.dispatcher.TurnIsOver()) ctx.dispatcher.TakeTurn();
    cursor = ctx.engine.keyspace.Scan(ctx.db.index(), cursor, buckets, ctx.db.now_ms(),
                                      ctx.all_stripes_held(), [&](const Entry& entry) {
                                        if (filter.Matches(entry.key())) found.Add(entry.key());
                                      });
  } while (cursor != 0);
  found.MoveTo(ctx.reply, in_slices);
  return Ok();
}

// May answer fewer keys than asked for, with a cursor to go on with: on a sparse table, and where
// another walk is having others served and so cannot be made to wait.
Status Scan(CommandContext& ctx) {
  const auto cursor = ParseCursor(ctx.args.Next());
  if (!cursor) return Error(errors::kInvalidCursor);
  ScanOptions options{.cursor = *cursor};
  if (Status parsed = ParseScanOptions(ctx.args, true, &options); !parsed.ok()) return parsed;

  const bool in_slices = InSlices(ctx);
  const auto buckets_max = static_cast<int64_t>(BucketsPerStep(options));
  FoundKeys found;
  int64_t visited = 0;
  uint64_t position = options.cursor;
  for (int sparse_steps = 0; sparse_steps < kSparseStepsMax && visited < options.count;) {
    if (visited > 0 && in_slices && ctx.dispatcher.TurnIsOver()) {
      if (ctx.dispatcher.turn_taken) break;
      ctx.dispatcher.TakeTurn();
    }
    const int64_t wanted = (options.count - visited + kKeysPerBucket - 1) / kKeysPerBucket;
    const int64_t buckets = std::min(wanted, buckets_max);
    const uint64_t before = position;
    const int64_t visited_before = visited;
    position = ctx.engine.keyspace.Scan(
        ctx.db.index(), position, static_cast<size_t>(buckets), ctx.db.now_ms(),
        ctx.all_stripes_held(), [&](const Entry& entry) {
          ++visited;
          const bool right_type =
              !options.type || EqualsIgnoreCase(storage::TypeName(entry.type()), *options.type);
          if (right_type && options.Matches(entry.key())) found.Add(entry.key());
        });
    if (position == 0 || position == before) break;
    if (visited - visited_before < buckets) ++sparse_steps;
  }
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(static_cast<int64_t>(position));
  found.MoveTo(ctx.reply, in_slices);
  return Ok();
}

Status RandomKey(CommandContext& ctx) {
  using Drawn = storage::Keyspace::Drawn;
  std::string key;
  Drawn drawn;
  while ((drawn = ctx.engine.keyspace.RandomKey(ctx.db.index(), DrawRandom(ctx), ctx.db.now_ms(),
                                                ctx.all_stripes_held(), &key)) == Drawn::kBusy) {
    if (InSlices(ctx)) ctx.dispatcher.TakeTurn();
  }
  if (drawn == Drawn::kKey) {
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

// Keys that somebody waits for may have come or gone.
void TouchAwaited(CommandContext& ctx, int database) {
  ctx.engine.waiters.ForKeys(database, [&ctx, database](std::string_view key) {
    ctx.session.touched_keys.emplace_back(database, key);
  });
}

// The tables are cut off at once and freed in slices, whichever of the two words is given.
Status Flush(CommandContext& ctx, int first, int last) {
  if (ctx.args.HasMore() && !ctx.args.Match("ASYNC") && !ctx.args.Match("SYNC")) {
    return Error(errors::kSyntax);
  }
  if (Status parsed = ctx.args.Finish(); !parsed.ok()) return parsed;
  for (int index = first; index <= last; ++index) {
    ctx.engine.keyspace.FlushDatabase(index, false);
    if (ctx.engine.waiters.any()) TouchAwaited(ctx, index);
  }
  if (ctx.engine.tracking.any()) ctx.engine.tracking.InvalidateAll();
  if (ctx.engine.tag_listeners.any()) ctx.engine.tag_listeners.TellFlushed();
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
    // What is remembered does not say of which database: everything may be another's now.
    if (ctx.engine.tracking.any()) ctx.engine.tracking.InvalidateAll();
    ctx.session.MarkDirty();
    if (ctx.engine.waiters.any()) {
      TouchAwaited(ctx, static_cast<int>(first));
      TouchAwaited(ctx, static_cast<int>(second));
    }
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
