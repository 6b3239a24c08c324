// What was delivered and not acknowledged yet, and who takes it over: XPENDING, XCLAIM, XAUTOCLAIM.
#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_access.h"
#include "server/commands/stream_ids.h"
#include "storage/numbers.h"

namespace larder {
namespace {

using storage::PendingEntry;
using storage::Stream;
using storage::StreamConsumer;
using storage::StreamEntry;
using storage::StreamGroup;
using storage::StreamId;

// ---- XPENDING

constexpr size_t kShortPending = 3;  // arguments with the name
constexpr size_t kPendingArgumentsMin = 6, kPendingArgumentsMax = 9;

struct PendingRange {
  int64_t idle_ms = 0;
  StreamId first, last;
  size_t count = 0;
  std::optional<std::string_view> consumer;
};

Status ParsePendingRange(ArgReader& args, PendingRange* range) {
  const size_t all = args.all().size();
  if (all < kPendingArgumentsMin || all > kPendingArgumentsMax) return Error(errors::kSyntax);
  if (args.Match("IDLE")) {
    range->idle_ms = args.NextInt();
    if (args.failed()) return args.status();
    if (args.remaining() < 3) return Error(errors::kSyntax);
  }
  const std::string_view first = args.Next();
  const std::string_view last = args.Next();
  range->count = static_cast<size_t>(std::max<int64_t>(args.NextInt(), 0));
  if (args.failed()) return args.status();
  if (Status parsed = ParseIntervalStart(first, &range->first); !parsed.ok()) return parsed;
  if (Status parsed = ParseIntervalEnd(last, &range->last); !parsed.ok()) return parsed;
  if (args.HasMore()) range->consumer = args.Next();
  return Ok();
}

void ReplySummary(protocol::ReplyWriter& reply, const StreamGroup& group) {
  reply.Array(4);
  reply.Integer(static_cast<int64_t>(group.pending().size()));
  if (group.pending().empty()) {
    reply.Null();
    reply.Null();
    reply.NullArray();
    return;
  }
  ReplyId(reply, group.pending().begin()->first);
  ReplyId(reply, std::prev(group.pending().end())->first);
  const auto array = reply.ArrayLater();
  int64_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer.pending.empty()) continue;
    reply.Array(2);
    reply.Bulk(name);
    reply.BulkInteger(static_cast<int64_t>(consumer.pending.size()));
    ++consumers;
  }
  reply.Finish(array, consumers);
}

constexpr int64_t kIdleOfNobody = -1;  // what is shown of an entry that was given back

// Writes one, unless it has not been idle for long enough.
bool ReplyPending(protocol::ReplyWriter& reply, StreamId id, const PendingEntry& entry,
                  int64_t idle_ms_min, int64_t now_ms) {
  const int64_t idle_ms = now_ms - entry.DeliveredMs();
  if (entry.is_owned() && idle_ms_min != 0 && idle_ms < idle_ms_min) return false;
  reply.Array(4);
  ReplyId(reply, id);
  reply.Bulk(entry.ConsumerName());
  reply.Integer(entry.is_owned() ? std::max<int64_t>(idle_ms, 0) : kIdleOfNobody);
  reply.Integer(static_cast<int64_t>(entry.deliveries));
  return true;
}

void ReplyPendingRange(CommandContext& ctx, const StreamGroup& group, const PendingRange& range) {
  const auto array = ctx.reply.ArrayLater();
  const int64_t now_ms = ctx.db.now_ms();
  size_t written = 0;
  const auto& all = group.pending();
  if (range.consumer) {
    const auto named = group.consumers().find(*range.consumer);
    if (named != group.consumers().end()) {
      const auto& own = named->second.pending;
      for (auto at = own.lower_bound(range.first);
           written < range.count && at != own.end() && *at <= range.last; ++at) {
        const PendingEntry& entry = all.find(*at)->second;
        written += ReplyPending(ctx.reply, *at, entry, range.idle_ms, now_ms) ? 1 : 0;
      }
    }
  } else {
    for (auto at = all.lower_bound(range.first);
         written < range.count && at != all.end() && at->first <= range.last; ++at) {
      written += ReplyPending(ctx.reply, at->first, at->second, range.idle_ms, now_ms) ? 1 : 0;
    }
  }
  ctx.reply.Finish(array, static_cast<int64_t>(written));
}

Status XPending(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const bool summary = ctx.args.all().size() == kShortPending;
  PendingRange range;
  if (!summary) {
    if (Status parsed = ParsePendingRange(ctx.args, &range); !parsed.ok()) return parsed;
  }
  const Stream* stream;
  if (Status found = FindStream(ctx, key, &stream); !found.ok()) return found;
  const StreamGroup* const group = stream == nullptr ? nullptr : stream->FindGroup(name);
  if (group == nullptr) return Error(NoKeyOrGroup(key.bytes, name));
  if (summary) {
    ReplySummary(ctx.reply, *group);
  } else {
    ReplyPendingRange(ctx, *group, range);
  }
  return Ok();
}

// ---- taking over

// What XCLAIM and XAUTOCLAIM do with an entry.
struct Claim {
  int64_t idle_ms_min = 0;
  int64_t delivered_ms = 0;            // what the entry is given
  std::optional<uint64_t> deliveries;  // likewise; none: one more, unless `only_ids`
  bool only_ids = false;
  bool force = false;  // also what nobody has
};

void ReplyClaimed(protocol::ReplyWriter& reply, const Stream& stream, StreamId id, bool only_id) {
  if (only_id) return ReplyId(reply, id);
  StreamEntry entry;
  stream.Find(id, &entry);
  ReplyEntry(reply, entry);
}

// Gives an entry of the stream to a consumer. False when it is not pending (and not forced), or has
// not been for long enough.
bool TakeOver(const FoundGroup& found, StreamConsumer* consumer, StreamId id, const Claim& claim,
              int64_t now_ms) {
  const auto at = found.group->pending().find(id);
  const bool is_pending = at != found.group->pending().end();
  if (!is_pending && !claim.force) return false;
  const PendingEntry entry = is_pending ? at->second : PendingEntry{.deliveries = 1};
  if (entry.is_owned() && claim.idle_ms_min != 0 &&
      now_ms - entry.delivered_ms < claim.idle_ms_min) {
    return false;
  }
  const uint64_t deliveries =
      claim.deliveries.value_or(claim.only_ids ? entry.deliveries : entry.OneMoreDelivery());
  found.group->Assign(id, consumer, claim.delivered_ms, deliveries);
  consumer->active_ms = now_ms;
  return true;
}

constexpr std::string_view kClaimIdle = "ERR Invalid min-idle-time argument for XCLAIM";
constexpr std::string_view kClaimIdleOption = "ERR Invalid IDLE option argument for XCLAIM";
constexpr std::string_view kClaimTimeOption = "ERR Invalid TIME option argument for XCLAIM";
constexpr std::string_view kClaimRetryOption = "ERR Invalid RETRYCOUNT option argument for XCLAIM";

struct ClaimOptions {
  Claim claim;
  std::vector<StreamId> ids;
  StreamId last_id;
};

// Ids up to what is none.
void ParseClaimIds(ArgReader& args, std::vector<StreamId>* ids) {
  while (args.HasMore()) {
    const auto id = storage::ParseStreamId(args.Peek(), 0);
    if (!id) return;
    ids->push_back(*id);
    args.Skip(1);
  }
}

// Reads one option. `*time_ms`: the time of delivery, -1 for now.
Status ParseClaimOption(ArgReader& args, int64_t now_ms, ClaimOptions* options, int64_t* time_ms) {
  const bool has_value = args.remaining() >= 2;
  if (args.Match("FORCE")) {
    options->claim.force = true;
  } else if (args.Match("JUSTID")) {
    options->claim.only_ids = true;
  } else if (has_value && args.Match("IDLE")) {
    const int64_t idle_ms = args.NextInt(kClaimIdleOption);
    if (__builtin_sub_overflow(now_ms, idle_ms, time_ms)) *time_ms = now_ms;
  } else if (has_value && args.Match("TIME")) {
    *time_ms = args.NextInt(kClaimTimeOption);
  } else if (has_value && args.Match("RETRYCOUNT")) {
    const int64_t count = args.NextInt(kClaimRetryOption);
    options->claim.deliveries =
        count < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(count));
  } else if (has_value && args.Match("LASTID")) {
    return ParseId(args.Next(), &options->last_id);
  } else {
    std::string text = "ERR Unrecognized XCLAIM option '";
    text += errors::UpToZero(args.Peek());
    return Error(text += "'");
  }
  return args.status();
}

Status ParseClaim(ArgReader& args, int64_t now_ms, ClaimOptions* options) {
  options->claim.idle_ms_min = std::max<int64_t>(args.NextInt(kClaimIdle), 0);
  if (args.failed()) return args.status();
  ParseClaimIds(args, &options->ids);
  int64_t time_ms = -1;
  while (args.HasMore()) {
    Status parsed = ParseClaimOption(args, now_ms, options, &time_ms);
    if (!parsed.ok()) return parsed;
  }
  // A time that makes no sense is no error: the client's clock may be ahead.
  options->claim.delivered_ms = time_ms < 0 || time_ms > now_ms ? now_ms : time_ms;
  return Ok();
}

Status XClaim(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const std::string_view consumer_name = ctx.args.Next();
  FoundGroup found;
  if (Status status = FindGroup(ctx, key, name, &found); !status.ok()) return status;
  if (found.missing) return Error(NoKeyOrGroup(key.bytes, name));
  const int64_t now_ms = ctx.db.now_ms();
  ClaimOptions options;
  if (Status parsed = ParseClaim(ctx.args, now_ms, &options); !parsed.ok()) return parsed;
  if (found.group == nullptr) return Ok();  // a script that will start again

  found.group->last_id = std::max(found.group->last_id, options.last_id);
  StreamConsumer* const consumer = FindOrAddConsumer(ctx, key, found.group, consumer_name);
  const auto array = ctx.reply.ArrayLater();
  int64_t claimed = 0;
  for (const StreamId id : options.ids) {
    if (!found.stream->Contains(id)) {
      found.group->Acknowledge(id);  // it is no more
      continue;
    }
    if (!TakeOver(found, consumer, id, options.claim, now_ms)) continue;
    ReplyClaimed(ctx.reply, *found.stream, id, options.claim.only_ids);
    ++claimed;
  }
  ctx.reply.Finish(array, claimed);
  ctx.session.MarkDirty();
  return Ok();
}

// ---- XAUTOCLAIM

constexpr std::string_view kAutoClaimIdle = "ERR Invalid min-idle-time argument for XAUTOCLAIM";
constexpr std::string_view kAutoClaimCount = "ERR COUNT must be > 0";
constexpr int64_t kAutoClaimCountDefault = 100;
constexpr int64_t kAutoClaimCountMax = std::numeric_limits<int64_t>::max() / 16;
constexpr size_t kAttemptsPerClaim = 10;  // pending entries looked at

struct AutoClaim {
  Claim claim;
  StreamId start;
  size_t count = kAutoClaimCountDefault;
};

Status ParseAutoClaim(ArgReader& args, AutoClaim* claim) {
  claim->claim.idle_ms_min = std::max<int64_t>(args.NextInt(kAutoClaimIdle), 0);
  if (args.failed()) return args.status();
  if (Status parsed = ParseIntervalStart(args.Next(), &claim->start); !parsed.ok()) return parsed;
  while (args.HasMore()) {
    if (args.remaining() >= 2 && args.Match("COUNT")) {
      const int64_t count = args.NextIntIn(1, kAutoClaimCountMax, kAutoClaimCount);
      if (args.failed()) return args.status();
      claim->count = static_cast<size_t>(count);
    } else if (args.Match("JUSTID")) {
      claim->claim.only_ids = true;
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

struct AutoClaimed {
  StreamId next;                  // where to go on; 0-0: from the start
  std::vector<StreamId> claimed;  // in order
  std::vector<StreamId> gone;     // entries that were pending and are no more
};

AutoClaimed RunAutoClaim(const FoundGroup& found, StreamConsumer* consumer, const AutoClaim& claim,
                         int64_t now_ms) {
  AutoClaimed result;
  size_t attempts = claim.count * kAttemptsPerClaim;
  size_t left = claim.count;
  StreamId at = claim.start;
  const auto& pending = found.group->pending();
  for (auto next = pending.lower_bound(at); attempts > 0 && left > 0 && next != pending.end();
       next = pending.upper_bound(at), --attempts) {
    at = next->first;
    if (!found.stream->Contains(at)) {
      found.group->Acknowledge(at);
      result.gone.push_back(at);
      --left;
    } else if (TakeOver(found, consumer, at, claim.claim, now_ms)) {
      result.claimed.push_back(at);
      --left;
    }
  }
  const bool any = attempts != claim.count * kAttemptsPerClaim;
  const auto next = any ? pending.upper_bound(at) : pending.lower_bound(at);
  if (next != pending.end()) result.next = next->first;
  return result;
}

Status XAutoClaim(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view name = ctx.args.Next();
  const std::string_view consumer_name = ctx.args.Next();
  AutoClaim claim;
  if (Status parsed = ParseAutoClaim(ctx.args, &claim); !parsed.ok()) return parsed;
  const int64_t now_ms = ctx.db.now_ms();
  claim.claim.delivered_ms = now_ms;
  FoundGroup found;
  if (Status status = FindGroup(ctx, key, name, &found); !status.ok()) return status;
  if (found.missing) return Error(NoKeyOrGroup(key.bytes, name));
  if (found.group == nullptr) return Ok();  // a script that will start again

  StreamConsumer* const consumer = FindOrAddConsumer(ctx, key, found.group, consumer_name);
  const AutoClaimed result = RunAutoClaim(found, consumer, claim, now_ms);
  ctx.session.MarkDirty();
  ctx.reply.Array(3);
  ReplyId(ctx.reply, result.next);
  ctx.reply.Array(static_cast<int64_t>(result.claimed.size()));
  for (const StreamId id : result.claimed) {
    ReplyClaimed(ctx.reply, *found.stream, id, claim.claim.only_ids);
  }
  ctx.reply.Array(static_cast<int64_t>(result.gone.size()));
  for (const StreamId id : result.gone) ReplyId(ctx.reply, id);
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "xautoclaim",
     .syntax = "key group consumer min-idle-time start [COUNT count:int] [JUSTID]",
     .summary =
         "Changes, or acquires, ownership of messages in a consumer group, as if the messages "
         "were delivered to as consumer group member.",
     .complexity = "O(1) if COUNT is small.",
     .since = "6.2.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = XAutoClaim,
     .tips = "nondeterministic_output"},
    {.name = "xclaim",
     .syntax =
         "key group consumer min-idle-time id [id ...] [IDLE ms:int] [TIME "
         "unix-time-milliseconds:unix] [RETRYCOUNT count:int] [FORCE] [JUSTID] [LASTID lastid]",
     .summary =
         "Changes, or acquires, ownership of a message in a consumer group, as if the message "
         "was delivered a consumer group member.",
     .complexity = "O(log N) with N being the number of messages in the PEL of the consumer group.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = XClaim,
     .tips = "nondeterministic_output"},
    {.name = "xpending",
     .syntax = "key group [filters: [IDLE min-idle-time:int] start end count:int [consumer]]",
     .summary =
         "Returns the information and entries from a stream consumer group's pending entries "
         "list.",
     .complexity =
         "O(N) with N being the number of elements returned, so asking for a small fixed "
         "number of entries per call is O(1). O(M), where M is the total number of entries "
         "scanned when used with the IDLE filter.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = XPending,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> StreamPendingCommands() { return kCommands; }

}  // namespace larder
