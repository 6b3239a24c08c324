// What is new in several streams, or as soon as there is something: XREAD, and XREADGROUP for a
// consumer of a group.
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_access.h"
#include "server/commands/stream_read_budget.h"

namespace larder {
namespace {

using storage::Stream;
using storage::StreamConsumer;
using storage::StreamEntry;
using storage::StreamGroup;
using storage::StreamId;

constexpr std::string_view kGroupOutsideXreadgroup =
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
constexpr std::string_view kNoackOutsideXreadgroup =
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
constexpr std::string_view kGroupMissing = "ERR Missing GROUP option for XREADGROUP";
constexpr std::string_view kUnbalanced =
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
constexpr std::string_view kLastIdOfGroup =
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
    "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would "
    "just return an empty result set.";
constexpr std::string_view kLastEntryOfGroup =
    "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of "
    "this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would "
    "just return an empty result set.";
constexpr std::string_view kNewOutsideGroup =
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
    "option.";
constexpr std::string_view kIdleNotInteger = "ERR min-idle-time is not an integer";
constexpr std::string_view kIdleNegative = "ERR min-idle-time must be a positive integer";
constexpr std::string_view kInOption = " in XREADGROUP with GROUP option";

// `>`: what was delivered to nobody yet. As in Redis the last of all ids stands for it.
constexpr StreamId kNew = storage::kStreamIdMax;

struct GroupReader {
  std::string_view group, consumer;
  bool acknowledges = false;             // NOACK: nothing new becomes pending
  std::optional<int64_t> claim_idle_ms;  // CLAIM: what is pending for so long comes first
};

struct ReadRequest {
  ReadLimits limits;
  std::optional<int64_t> block_us;
  std::optional<GroupReader> reader;
  std::vector<storage::Key> keys;
  std::vector<StreamId> after;  // by key
};

// ---- arguments

Status ParseClaim(ArgReader& args, GroupReader* reader) {
  const int64_t idle_ms = args.NextInt(kIdleNotInteger);
  if (args.failed()) return args.status();
  if (idle_ms < 0) return Error(kIdleNegative);
  reader->claim_idle_ms = idle_ms;
  return Ok();
}

// Reads one option before STREAMS.
Status ParseOption(ArgReader& args, bool grouped, bool* has_group, GroupReader* reader,
                   ReadRequest* request) {
  const bool has_value = args.remaining() >= 2;
  if (has_value && args.Match("BLOCK")) {
    int64_t timeout_us = 0;
    Status parsed = ParseBlockMilliseconds(args.Next(), &timeout_us);
    request->block_us = timeout_us;
    return parsed;
  }
  if (has_value && MatchReadLimit(args, &request->limits)) return args.status();
  if (args.remaining() >= 3 && args.Match("GROUP")) {
    if (!grouped) return Error(kGroupOutsideXreadgroup);
    *has_group = true;
    reader->group = args.Next();
    reader->consumer = args.Next();
    return Ok();
  }
  if (args.Match("NOACK")) {
    if (!grouped) return Error(kNoackOutsideXreadgroup);
    reader->acknowledges = true;
    return Ok();
  }
  if (grouped && has_value && args.Match("CLAIM")) return ParseClaim(args, reader);
  return Error(errors::kSyntax);
}

// The id that a key is to be read from. `stream` null: the key is missing.
Status ParseAfter(std::string_view text, bool grouped, const Stream* stream, StreamId* after) {
  if (text == "$") {
    if (grouped) return Error(kLastIdOfGroup);
    *after = stream == nullptr ? storage::kStreamIdMin : stream->last_id();
    return Ok();
  }
  if (text == "+") {
    if (grouped) return Error(kLastEntryOfGroup);
    const auto last = stream == nullptr ? std::nullopt : stream->LastEntryId();
    if (last) {
      *after = storage::PreviousId(*last).value_or(storage::kStreamIdMin);
    } else {
      *after = stream == nullptr ? storage::kStreamIdMin : stream->last_id();
    }
    return Ok();
  }
  if (text == ">") {
    if (!grouped) return Error(kNewOutsideGroup);
    *after = kNew;
    return Ok();
  }
  return ParseId(text, after);
}

Status ParseStreams(CommandContext& ctx, ReadRequest* request) {
  const size_t count = ctx.args.remaining() / 2;
  const auto ids = ctx.args.all().subspan(ctx.args.position() + count);
  for (size_t i = 0; i < count; ++i) request->keys.push_back(ctx.args.NextKey());
  for (size_t i = 0; i < count; ++i) {
    const storage::Key& key = request->keys[i];
    const Stream* stream;
    if (Status found = FindStream(ctx, key, &stream); !found.ok()) return found;
    const bool grouped = request->reader.has_value();
    if (grouped && (stream == nullptr || stream->FindGroup(request->reader->group) == nullptr)) {
      return Error(NoKeyOrGroup(key.bytes, request->reader->group, kInOption));
    }
    StreamId after;
    Status parsed = ParseAfter(ids[i], grouped, stream, &after);
    if (!parsed.ok()) return parsed;
    request->after.push_back(after);
  }
  return Ok();
}

Status ParseRead(CommandContext& ctx, bool grouped, ReadRequest* request) {
  bool has_group = false;
  GroupReader reader;
  while (true) {
    if (!ctx.args.HasMore()) return Error(errors::kSyntax);  // no STREAMS
    if (ctx.args.remaining() >= 2 && ctx.args.Match("STREAMS")) break;
    Status parsed = ParseOption(ctx.args, grouped, &has_group, &reader, request);
    if (!parsed.ok()) return parsed;
  }
  if (ctx.args.remaining() % 2 != 0) return Error(kUnbalanced);
  if (grouped && !has_group) return Error(kGroupMissing);
  if (Status checked = CheckReadLimits(request->limits); !checked.ok()) return checked;
  if (grouped) request->reader = reader;
  return ParseStreams(ctx, request);
}

// ---- the reply: an array of pairs, in RESP3 a map

class StreamsReply {
 public:
  explicit StreamsReply(protocol::ReplyWriter& reply) : reply_(reply) {}

  // To be called before the entries of a key.
  void Begin(std::string_view key) {
    const bool map = reply_.version() == protocol::Version::kResp3;
    if (streams_ == 0) mark_ = map ? reply_.MapLater() : reply_.ArrayLater();
    ++streams_;
    if (!map) reply_.Array(2);
    reply_.Bulk(key);
  }
  bool any() const { return streams_ > 0; }
  void Finish() { reply_.Finish(mark_, streams_); }

 private:
  protocol::ReplyWriter& reply_;
  protocol::ReplyWriter::Later mark_{};
  int64_t streams_ = 0;
};

// ---- XREAD

bool HasAfter(const Stream& stream, StreamId after) {
  const auto last = stream.LastEntryId();
  return last && *last > after;
}

// The entries behind an id, of which there are some.
void ReplyAfter(protocol::ReplyWriter& reply, const Stream& stream, StreamId after,
                ReadBudget* budget) {
  const StreamId first = *storage::NextId(after);
  if (budget->by_key_alone()) {
    const size_t count = std::min(budget->key_entries_left(), stream.size());
    return ReplyRange(reply, stream, first, storage::kStreamIdMax, count, false);
  }
  const auto array = reply.ArrayLater();
  int64_t written = 0;
  stream.ForRange(first, storage::kStreamIdMax, false, [&](const StreamEntry& entry) {
    ReplyEntry(reply, entry);
    budget->Spend();
    ++written;
    return budget->HasRoom();
  });
  reply.Finish(array, written);
}

const Stream* PeekStream(CommandContext& ctx, const storage::Key& key) {
  const storage::Entry* const entry = ctx.db.Find(key, storage::Access::kPeek);
  const bool is_stream = entry != nullptr && entry->type() == Stream::kType;
  return is_stream ? static_cast<const Stream*>(entry->object()) : nullptr;
}

// A waiter for entries behind the id of each key.
WaiterPointer NewReader(const ReadRequest& request) {
  auto waiter = std::make_shared<Waiter>();
  std::vector<std::pair<std::string, StreamId>> after;
  for (size_t i = 0; i < request.keys.size(); ++i) {
    waiter->keys.emplace_back(request.keys[i].bytes);
    after.emplace_back(request.keys[i].bytes, request.after[i]);
  }
  const auto after_of = [after = std::move(after)](std::string_view key) {
    const auto at = std::find_if(after.begin(), after.end(),
                                 [key](const auto& one) { return one.first == key; });
    return at->second;
  };
  waiter->ready = [after_of](CommandContext& ctx, const storage::Key& key) {
    const Stream* const stream = PeekStream(ctx, key);
    return stream != nullptr && HasAfter(*stream, after_of(key.bytes));
  };
  waiter->serve = [after_of, limits = request.limits](CommandContext& ctx,
                                                      const storage::Key& key) {
    ReadBudget budget(limits, ctx.reply);
    StreamsReply reply(ctx.reply);
    budget.BeginKey();
    reply.Begin(key.bytes);
    ReplyAfter(ctx.reply, *PeekStream(ctx, key), after_of(key.bytes), &budget);
    reply.Finish();
  };
  return waiter;
}

Status XRead(CommandContext& ctx) {
  ReadRequest request;
  if (Status parsed = ParseRead(ctx, /*grouped=*/false, &request); !parsed.ok()) return parsed;
  ReadBudget budget(request.limits, ctx.reply);
  StreamsReply reply(ctx.reply);
  for (size_t i = 0; i < request.keys.size(); ++i) {
    const Stream* const stream = PeekStream(ctx, request.keys[i]);
    if (stream == nullptr || !HasAfter(*stream, request.after[i])) continue;
    if (!budget.BeginKey()) break;
    reply.Begin(request.keys[i].bytes);
    ReplyAfter(ctx.reply, *stream, request.after[i], &budget);
  }
  if (reply.any()) return reply.Finish(), Ok();
  if (!request.block_us || ctx.in_exec() || ctx.in_script()) return ctx.reply.NullArray(), Ok();
  ctx.Block(NewReader(request), *request.block_us);
  return Ok();
}

// ---- XREADGROUP

// One consumer at one stream.
struct GroupRead {
  Stream* stream;
  StreamGroup* group;
  StreamConsumer* consumer;
  const GroupReader& reader;
  ReadBudget& budget;
  int64_t now_ms;

  bool claims() const { return reader.claim_idle_ms.has_value(); }
  int64_t latest_ms() const {  // of what is to be claimed
    return std::max<int64_t>(now_ms - *reader.claim_idle_ms, -1);
  }
};

// What is pending for the consumer behind an id: once more, from its own list.
void ReplyHistory(protocol::ReplyWriter& reply, const GroupRead& read, StreamId after) {
  const auto array = reply.ArrayLater();
  size_t written = 0;
  const auto& pending = read.consumer->pending;
  for (auto at = pending.upper_bound(after); at != pending.end() && read.budget.HasRoom(); ++at) {
    StreamEntry entry;
    if (read.stream->Find(*at, &entry)) {
      ReplyEntry(reply, entry);
      const uint64_t deliveries = read.group->pending().find(*at)->second.OneMoreDelivery();
      read.group->Assign(*at, read.consumer, read.now_ms, deliveries);
    } else {
      reply.Array(2);
      ReplyId(reply, *at);
      reply.NullArray();
    }
    read.budget.Spend();
    ++written;
  }
  reply.Finish(array, static_cast<int64_t>(written));
}

// Moves what others have left pending for long enough to the consumer. Returns how many entries
// that were.
size_t ReplyClaimed(protocol::ReplyWriter& reply, const GroupRead& read) {
  std::vector<StreamId> idle;
  read.group->ForIdle(read.latest_ms(), [&](StreamId id) {
    if (read.stream->Contains(id)) idle.push_back(id);
    return idle.size() < read.budget.key_entries_left();
  });
  size_t written = 0;
  for (const StreamId id : idle) {
    if (!read.budget.HasRoom()) break;
    StreamEntry entry;
    read.stream->Find(id, &entry);
    const storage::PendingEntry before = read.group->pending().find(id)->second;
    ReplyEntry(reply, entry, /*further=*/2);
    reply.Integer(std::max<int64_t>(read.now_ms - before.DeliveredMs(), 0));
    reply.Integer(static_cast<int64_t>(before.deliveries));
    read.group->Assign(id, read.consumer, read.now_ms, before.OneMoreDelivery());
    read.budget.Spend();
    ++written;
  }
  return written;
}

// What nobody of the group has got yet.
size_t ReplyNew(protocol::ReplyWriter& reply, const GroupRead& read) {
  const auto first = storage::NextId(read.group->last_id);
  if (!first || !read.budget.HasRoom()) return 0;
  size_t written = 0;
  read.stream->ForRange(*first, storage::kStreamIdMax, false, [&](const StreamEntry& entry) {
    ReplyEntry(reply, entry, read.claims() ? 2 : 0);
    if (read.claims()) {
      reply.Integer(0);
      reply.Integer(0);
    }
    read.stream->Advance(read.group, entry.id);
    if (!read.reader.acknowledges) {
      read.group->Assign(entry.id, read.consumer, read.now_ms, 1);
      read.consumer->active_ms = read.now_ms;
    }
    read.budget.Spend();
    ++written;
    return read.budget.HasRoom();
  });
  return written;
}

// Whether `>` finds anything: new entries, or such as have been pending for long enough.
bool HasForGroup(const Stream& stream, const StreamGroup* group, const GroupReader& reader,
                 int64_t now_ms) {
  if (HasAfter(stream, group->last_id)) return true;
  if (!reader.claim_idle_ms) return false;
  bool found = false;
  const int64_t latest_ms = std::max<int64_t>(now_ms - *reader.claim_idle_ms, -1);
  group->ForIdle(latest_ms, [&](StreamId id) {
    found = stream.Contains(id);
    return !found;
  });
  return found;
}

void ReplyForGroup(protocol::ReplyWriter& reply, const GroupRead& read) {
  const auto array = reply.ArrayLater();
  size_t written = read.claims() ? ReplyClaimed(reply, read) : 0;
  if (written > 0) read.consumer->active_ms = read.now_ms;
  written += ReplyNew(reply, read);
  reply.Finish(array, static_cast<int64_t>(written));
}

// Reads one key, for which the budget has begun. `*restarts`: a script will start again.
Status ReadForGroup(CommandContext& ctx, const storage::Key& key, StreamId after,
                    const GroupReader& reader, ReadBudget* budget, StreamsReply* reply,
                    bool* restarts) {
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  *restarts = stream == nullptr && !missing;
  if (stream == nullptr) return Ok();
  StreamGroup* const group = stream->FindGroup(reader.group);
  if (group == nullptr) return Ok();
  StreamConsumer* const consumer = FindOrAddConsumer(ctx, key, group, reader.consumer);
  const GroupRead read{stream, group, consumer, reader, *budget, ctx.db.now_ms()};
  if (after != kNew) {
    reply->Begin(key.bytes);
    ReplyHistory(ctx.reply, read, after);
  } else if (HasForGroup(*stream, group, reader, ctx.db.now_ms())) {
    reply->Begin(key.bytes);
    ReplyForGroup(ctx.reply, read);
  } else {
    return Ok();
  }
  ctx.session.MarkDirty();
  return Ok();
}

// While a reader that claims waits, what is pending becomes claimable: when to look again.
constexpr int64_t kLookAgainMsMin = 1;
constexpr int64_t kLookAgainMsMinOfNone = 10;  // where nothing is pending that may become so
constexpr int64_t kLookAgainMsMax = 24 * 60 * 60 * 1000;

// When the entry that is pending for longest may be claimed; nullopt when none is pending.
std::optional<int64_t> ClaimableFromMs(const Stream& stream, const StreamGroup& group,
                                       int64_t idle_ms) {
  std::optional<int64_t> from_ms;
  group.ForIdle(std::numeric_limits<int64_t>::max(), [&](StreamId id) {
    if (!stream.Contains(id)) return true;
    const int64_t delivered_ms = group.pending().find(id)->second.DeliveredMs();
    int64_t sum;
    const bool overflows = __builtin_add_overflow(delivered_ms, idle_ms, &sum);
    from_ms = overflows ? std::numeric_limits<int64_t>::max() : sum;
    return false;
  });
  return from_ms;
}

int64_t NextLookUs(CommandContext& ctx, std::span<const std::string> keys,
                   const GroupReader& reader) {
  const int64_t now_ms = ctx.db.now_ms();
  int64_t delay_ms = std::clamp(*reader.claim_idle_ms, kLookAgainMsMinOfNone, kLookAgainMsMax);
  for (const std::string& name : keys) {
    const Stream* const stream = PeekStream(ctx, ctx.db.HashedKey(name));
    const StreamGroup* const group = stream == nullptr ? nullptr : stream->FindGroup(reader.group);
    if (group == nullptr) continue;
    const auto from_ms = ClaimableFromMs(*stream, *group, *reader.claim_idle_ms);
    if (!from_ms) continue;
    delay_ms = std::min(delay_ms, std::max(*from_ms - now_ms, kLookAgainMsMin));
  }
  return ctx.engine.clock.SteadyMicros() + delay_ms * 1000;
}

// A waiter for new entries of a group. It ends with an error when the key or the group goes.
WaiterPointer NewGroupReader(const ReadRequest& request) {
  struct Names {
    std::string group, consumer;
  };
  auto names = std::make_shared<const Names>(
      Names{std::string(request.reader->group), std::string(request.reader->consumer)});
  GroupReader reader = *request.reader;  // whose names are those that live as long as the waiter
  reader.group = names->group;
  reader.consumer = names->consumer;

  auto waiter = std::make_shared<Waiter>();
  for (const storage::Key& key : request.keys) waiter->keys.emplace_back(key.bytes);
  waiter->error_when_gone = [names](std::string_view key) {
    return NoKeyOrGroup(key, names->group, kInOption);
  };
  waiter->ready = [names, reader](CommandContext& ctx, const storage::Key& key) {
    const Stream* const stream = PeekStream(ctx, key);
    // Of another type: an error. One that is gone is ended by error_when_gone.
    if (stream == nullptr) return ctx.db.Find(key, storage::Access::kPeek) != nullptr;
    const StreamGroup* const group = stream->FindGroup(reader.group);
    return group == nullptr || HasForGroup(*stream, group, reader, ctx.db.now_ms());
  };
  waiter->serve = [names, reader, limits = request.limits](CommandContext& ctx,
                                                           const storage::Key& key) {
    ReadBudget budget(limits, ctx.reply);
    StreamsReply reply(ctx.reply);
    bool restarts = false;
    budget.BeginKey();
    Status served = ReadForGroup(ctx, key, kNew, reader, &budget, &reply, &restarts);
    if (!served.ok()) {
      ctx.reply.Error(served.error());
    } else if (reply.any()) {
      reply.Finish();
    } else {
      ctx.reply.Error(NoKeyOrGroup(key.bytes, reader.group, kInOption));
    }
  };
  if (reader.claim_idle_ms) {
    waiter->next_look_us = [names, reader, keys = waiter->keys](CommandContext& ctx) {
      return NextLookUs(ctx, keys, reader);
    };
  }
  return waiter;
}

Status XReadGroup(CommandContext& ctx) {
  ReadRequest request;
  if (Status parsed = ParseRead(ctx, /*grouped=*/true, &request); !parsed.ok()) return parsed;
  ReadBudget budget(request.limits, ctx.reply);
  StreamsReply reply(ctx.reply);
  for (size_t i = 0; i < request.keys.size() && budget.BeginKey(); ++i) {
    bool restarts = false;
    Status read = ReadForGroup(ctx, request.keys[i], request.after[i], *request.reader, &budget,
                               &reply, &restarts);
    if (!read.ok()) return read;
    if (restarts) break;  // nobody will see this reply
  }
  if (reply.any()) return reply.Finish(), Ok();
  if (!request.block_us || ctx.in_exec() || ctx.in_script()) return ctx.reply.NullArray(), Ok();
  WaiterPointer waiter = NewGroupReader(request);
  if (waiter->next_look_us) waiter->look_again_us = waiter->next_look_us(ctx);
  ctx.Block(std::move(waiter), *request.block_us);
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "xread",
     .syntax = "[COUNT count:int] [MAXCOUNT maxcount:int] [MAXSIZE maxsize:int] [BLOCK "
               "milliseconds:int] <STREAMS key [key ...] id [id ...]>",
     .summary = "Returns messages from multiple streams with IDs greater than the ones requested. "
                "Blocks until a message is available otherwise.",
     .complexity = "O(N) for each stream mentioned, with N being the number of elements returned; "
                   "XADD pays for each client that it serves.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly | Flag::kBlocking,
     .keys = {HalfAfter("STREAMS", 1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = XRead},
    {.name = "xreadgroup",
     .syntax =
         "<GROUP group consumer> [COUNT count:int] [MAXCOUNT maxcount:int] [MAXSIZE maxsize:int] "
         "[BLOCK milliseconds:int] [CLAIM min-idle-time:int] [NOACK] <STREAMS key [key ...] id [id "
         "...]>",
     .summary =
         "Returns new or historical messages from a stream for a consumer in a group. Blocks "
         "until a message is available otherwise.",
     .complexity =
         "For each stream mentioned: O(M) with M being the number of elements returned. "
         "If M is constant (e.g. always asking for the first 10 elements with COUNT), you "
         "can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay "
         "the O(N) time in order to serve the N clients blocked on the stream getting new "
         "data.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kBlocking,
     .keys = {HalfAfter("STREAMS", 4, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = XReadGroup},
};

}  // namespace

std::span<const CommandSpec> StreamReadCommands() { return kCommands; }

}  // namespace larder
