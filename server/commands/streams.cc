// Streams' entries: XADD, XTRIM, XDEL, XDELEX, XSETID, XLEN. Ranges are in stream_ranges.cc, XREAD
// and XREADGROUP in stream_reads.cc, groups in stream_groups.cc, what is pending in
// stream_pending.cc, XINFO in stream_info.cc.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_access.h"
#include "server/commands/stream_ids.h"

namespace larder {
namespace {

using storage::Stream;
using storage::StreamId;
using storage::StreamReferences;
using storage::StreamTrim;

constexpr std::string_view kTwoStrategies =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
constexpr std::string_view kNegativeLength = "ERR The MAXLEN argument must be >= 0.";
constexpr std::string_view kNegativeLimit = "ERR The LIMIT argument must be >= 0.";
constexpr std::string_view kLimitWithoutStrategy =
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
constexpr std::string_view kNoStrategy =
    "ERR syntax error, XTRIM must be called with a trimming strategy";
constexpr std::string_view kLimitOfExact =
    "ERR syntax error, LIMIT cannot be used without the special ~ option";
constexpr std::string_view kZeroId = "ERR The ID specified in XADD must be greater than 0-0";
constexpr std::string_view kSmallId =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
constexpr std::string_view kExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
constexpr std::string_view kTooLarge = "ERR Elements are too large to be stored";
constexpr std::string_view kTwoProducers =
    "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
constexpr std::string_view kAutoWithoutProducer =
    "ERR syntax error, IDMPAUTO requires a non-empty producer ID";
constexpr std::string_view kWithoutProducer =
    "ERR syntax error, IDMP requires a non-empty producer ID";
constexpr std::string_view kWithoutIdempotentId =
    "ERR syntax error, IDMP requires a non-empty idempotent ID";
constexpr std::string_view kIdOfItsOwn =
    "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";

// What an approximate trim without LIMIT removes at the most: so many full nodes.
constexpr int64_t kNodesPerTrim = 100;
constexpr int64_t kTrimLimitDefault = 10'000;
constexpr int64_t kTrimLimitMax = 1'000'000;

// ---- the options of XADD and XTRIM

struct TrimOptions {
  StreamTrim trim;
  std::optional<int64_t> limit;
  bool references_given = false;
};

Status ParseThreshold(ArgReader& args, StreamTrim::By by, StreamTrim* trim) {
  if (trim->by != StreamTrim::By::kNone) return Error(kTwoStrategies);
  trim->by = by;
  trim->approximate = false;
  if (args.remaining() >= 2) {
    trim->approximate = args.Match("~");
    if (!trim->approximate) args.Match("=");
  }
  if (by == StreamTrim::By::kId) return ParseId(args.Next(), &trim->id_min);
  const int64_t length = args.NextInt();
  if (args.failed()) return args.status();
  if (length < 0) return Error(kNegativeLength);
  trim->length_max = static_cast<size_t>(length);
  return Ok();
}

// Reads one option. `*matched` false when the next argument is none.
Status ParseTrimOption(ArgReader& args, TrimOptions* options, bool* matched) {
  *matched = true;
  const bool has_value = args.remaining() >= 2;
  if (has_value && args.Match("MAXLEN")) {
    return ParseThreshold(args, StreamTrim::By::kLength, &options->trim);
  }
  if (has_value && args.Match("MINID")) {
    return ParseThreshold(args, StreamTrim::By::kId, &options->trim);
  }
  if (has_value && args.Match("LIMIT")) {
    options->limit = args.NextInt();
    if (args.failed()) return args.status();
    return *options->limit < 0 ? Error(kNegativeLimit) : Ok();
  }
  if (MatchReferences(args, &options->trim.references)) {
    if (options->references_given) return Error(errors::kSyntax);
    options->references_given = true;
    return Ok();
  }
  *matched = false;
  return Ok();
}

Status FinishTrim(const CommandContext& ctx, bool required, TrimOptions* options) {
  StreamTrim& trim = options->trim;
  const bool none = trim.by == StreamTrim::By::kNone;
  if (none && options->limit.value_or(0) != 0) return Error(kLimitWithoutStrategy);
  if (none && required) return Error(kNoStrategy);
  if (options->limit && !trim.approximate) return Error(kLimitOfExact);
  if (!trim.approximate) return Ok();
  int64_t limit = 0;
  if (options->limit) {
    limit = *options->limit;
  } else {
    const int64_t entries = ctx.engine.options.stream_node_max_entries.Get();
    limit = entries <= 0 ? kTrimLimitDefault : std::min(entries, kTrimLimitMax) * kNodesPerTrim;
    limit = std::min(limit, kTrimLimitMax);
  }
  trim.limit = static_cast<size_t>(limit);
  return Ok();
}

// ---- XADD

struct AddOptions {
  TrimOptions trim;
  bool make_stream = true;
  std::optional<StreamId> id;  // none: by the clock
  bool sequence_given = true;
  std::string_view producer;       // empty: none
  std::string_view idempotent_id;  // of the producer's; empty: made of the fields
};

// IDMPAUTO producer, IDMP producer id. `*matched` false when the next argument is neither.
Status ParseProducer(ArgReader& args, AddOptions* options, bool* matched) {
  const bool automatic = args.remaining() >= 2 && args.Match("IDMPAUTO");
  *matched = automatic || (args.remaining() >= 3 && args.Match("IDMP"));
  if (!*matched) return Ok();
  if (!options->producer.empty()) return Error(kTwoProducers);
  options->producer = args.Next();
  if (options->producer.empty()) return Error(automatic ? kAutoWithoutProducer : kWithoutProducer);
  if (automatic) return Ok();
  options->idempotent_id = args.Next();
  return options->idempotent_id.empty() ? Error(kWithoutIdempotentId) : Ok();
}

// Everything up to and with the id.
Status ParseAdd(CommandContext& ctx, AddOptions* options) {
  ArgReader& args = ctx.args;
  while (args.HasMore()) {
    if (args.Match("*")) break;
    bool matched = false;
    if (Status parsed = ParseTrimOption(args, &options->trim, &matched); !parsed.ok()) {
      return parsed;
    }
    if (matched) continue;
    if (args.Match("NOMKSTREAM")) {
      options->make_stream = false;
      continue;
    }
    if (Status parsed = ParseProducer(args, options, &matched); !parsed.ok()) return parsed;
    if (matched) continue;
    StreamId id;
    if (Status parsed = ParseId(args.Next(), &id, &options->sequence_given); !parsed.ok()) {
      return parsed;
    }
    if (!options->producer.empty()) return Error(kIdOfItsOwn);
    options->id = id;
    break;
  }
  if (Status checked = FinishTrim(ctx, /*required=*/false, &options->trim); !checked.ok()) {
    return checked;
  }
  if (args.remaining() < 2 || args.remaining() % 2 == 1) {
    return Error(errors::WrongArity(ctx.command.full_name));
  }
  const bool zero = options->id == storage::kStreamIdMin && options->sequence_given;
  return zero ? Error(kZeroId) : Ok();
}

// The id of the new entry, behind `last`.
Status ChooseId(const AddOptions& options, StreamId last, int64_t now_ms, StreamId* id) {
  if (last == storage::kStreamIdMax) return Error(kExhausted);
  if (!options.id) {
    *id = storage::IdByClock(last, static_cast<uint64_t>(now_ms));
  } else if (options.sequence_given || options.id->ms != last.ms) {
    *id = *options.id;
  } else {
    if (last.sequence == UINT64_MAX) return Error(kSmallId);
    *id = {last.ms, last.sequence + 1};
  }
  return *id > last ? Ok() : Error(kSmallId);
}

Status CheckSize(storage::StreamFields fields) {
  size_t bytes = 0;
  for (const std::string_view text : fields) bytes += text.size();
  return bytes > Stream::kEntryBytesMax ? Error(kTooLarge) : Ok();
}

// Whether the producer has added the entry before: it is answered then.
bool ReplyDuplicate(CommandContext& ctx, Stream* stream, const AddOptions& options) {
  storage::StreamProducers* const producers = stream->producers();
  if (options.producer.empty() || producers == nullptr) return false;
  ForgetOldIds(ctx, stream);
  const auto entry = producers->Find(options.producer, options.idempotent_id);
  if (!entry) return false;
  ++producers->duplicates;
  ctx.session.MarkDirty();
  ReplyId(ctx.reply, *entry);
  return true;
}

void Remember(Stream* stream, const AddOptions& options, StreamId id) {
  if (options.producer.empty()) return;
  storage::StreamProducers& producers = stream->MakeProducers();
  producers.Add(options.producer, options.idempotent_id, id, stream->idempotence().ids_max);
  ++producers.added;
}

Status XAdd(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  AddOptions options;
  if (Status parsed = ParseAdd(ctx, &options); !parsed.ok()) return parsed;
  const storage::StreamFields fields = ctx.args.all().subspan(ctx.args.position());
  std::array<char, 16> made_id;
  if (!options.producer.empty() && options.idempotent_id.empty()) {
    made_id = storage::IdempotentIdOf(fields);
    options.idempotent_id = {made_id.data(), made_id.size()};
  }
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (stream == nullptr && !missing) return Ok();  // a script that will start again
  if (missing && !options.make_stream) return ctx.reply.Null(), Ok();
  if (!missing && ReplyDuplicate(ctx, stream, options)) return Ok();
  const StreamId last = missing ? storage::kStreamIdMin : stream->last_id();
  StreamId id;
  if (Status chosen = ChooseId(options, last, ctx.db.now_ms(), &id); !chosen.ok()) return chosen;
  if (Status checked = CheckSize(fields); !checked.ok()) return checked;

  if (missing) stream = CreateStream(ctx, key);
  stream->Append(id, fields, StreamLimitsOf(ctx));
  Remember(stream, options, id);
  ctx.Changed(key, NotifyClass::kStream, "xadd");
  if (options.trim.trim.by != StreamTrim::By::kNone && stream->Trim(options.trim.trim) > 0) {
    ctx.Notify(NotifyClass::kStream, "xtrim", key.bytes);
  }
  ReplyId(ctx.reply, id);
  return Ok();
}

Status XTrim(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  TrimOptions options;
  while (ctx.args.HasMore()) {
    bool matched = false;
    Status parsed = ParseTrimOption(ctx.args, &options, &matched);
    if (!parsed.ok()) return parsed;
    if (!matched) return Error(errors::kSyntax);
  }
  if (Status checked = FinishTrim(ctx, /*required=*/true, &options); !checked.ok()) return checked;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  const size_t removed = stream == nullptr ? 0 : stream->Trim(options.trim);
  if (removed > 0) ctx.Changed(key, NotifyClass::kStream, "xtrim");
  ctx.reply.Integer(static_cast<int64_t>(removed));
  return Ok();
}

// ---- deleting

Status XDel(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const storage::Entry* entry;
  if (Status found = FindToWrite(ctx, key, Stream::kType, &entry); !found.ok()) return found;
  if (entry == nullptr) return ctx.reply.Integer(0), Ok();
  std::vector<StreamId> ids;
  if (Status parsed = ParseIds(ctx.args, &ids); !parsed.ok()) return parsed;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (stream == nullptr) return Ok();  // a script that will start again
  int64_t deleted = 0;
  for (const StreamId id : ids) deleted += stream->Delete(id) ? 1 : 0;
  if (deleted > 0) ctx.Changed(key, NotifyClass::kStream, "xdel");
  ctx.reply.Integer(deleted);
  return Ok();
}

// Answers for each id -1 (not there), 1 (deleted) or 2 (left: some group still needs it).
Status XDelEx(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  IdBlock block;
  if (Status parsed = ParseIdBlock(ctx.args, &block); !parsed.ok()) return parsed;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (stream == nullptr && !missing) return Ok();  // a script that will start again
  ctx.reply.Array(static_cast<int64_t>(block.ids.size()));
  bool changed = false;
  for (const StreamId id : block.ids) {
    const IdOutcome outcome =
        missing ? IdOutcome::kMissing : DeleteWithReferences(stream, id, block.references);
    changed |= outcome == IdOutcome::kDeleted;
    ctx.reply.Integer(static_cast<int64_t>(outcome));
  }
  if (changed) ctx.Changed(key, NotifyClass::kStream, "xdel");
  return Ok();
}

// ---- XSETID, XLEN

constexpr std::string_view kAddedNotPositive = "ERR entries_added must be positive";
constexpr std::string_view kSmallerThanGiven =
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
constexpr std::string_view kSmallerThanDeleted =
    "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
constexpr std::string_view kSmallerThanTop =
    "ERR The ID specified in XSETID is smaller than the target stream top item";
constexpr std::string_view kAddedTooSmall =
    "ERR The entries_added specified in XSETID is smaller than the target stream length";

struct SetIdOptions {
  StreamId id;
  std::optional<int64_t> entries_added;
  StreamId max_deleted;  // 0-0: as it is
};

Status ParseSetId(ArgReader& args, SetIdOptions* options) {
  if (Status parsed = ParseId(args.Next(), &options->id); !parsed.ok()) return parsed;
  while (args.HasMore()) {
    if (args.remaining() < 2) return Error(errors::kSyntax);
    if (args.Match("ENTRIESADDED")) {
      options->entries_added = args.NextInt();
      if (args.failed()) return args.status();
      if (*options->entries_added < 0) return Error(kAddedNotPositive);
    } else if (args.Match("MAXDELETEDID")) {
      Status parsed = ParseId(args.Next(), &options->max_deleted);
      if (!parsed.ok()) return parsed;
      if (options->id < options->max_deleted) return Error(kSmallerThanGiven);
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

Status CheckSetId(const Stream& stream, const SetIdOptions& options) {
  if (options.id < stream.max_deleted_id()) return Error(kSmallerThanDeleted);
  if (stream.size() == 0) return Ok();
  if (options.id < *stream.LastEntryId()) return Error(kSmallerThanTop);
  const bool few =
      options.entries_added && static_cast<uint64_t>(*options.entries_added) < stream.size();
  return few ? Error(kAddedTooSmall) : Ok();
}

Status XSetId(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  SetIdOptions options;
  if (Status parsed = ParseSetId(ctx.args, &options); !parsed.ok()) return parsed;
  Stream* stream;
  bool missing = false;
  if (Status found = FindMutableStream(ctx, key, &stream, &missing); !found.ok()) return found;
  if (missing) return Error(errors::kNoSuchKey);
  if (stream == nullptr) return Ok();  // a script that will start again
  if (Status checked = CheckSetId(*stream, options); !checked.ok()) return checked;
  stream->set_last_id(options.id);
  if (options.entries_added) {
    stream->set_entries_added(static_cast<uint64_t>(*options.entries_added));
  }
  if (options.max_deleted != storage::kStreamIdMin) stream->set_max_deleted_id(options.max_deleted);
  ctx.Changed(key, NotifyClass::kStream, "xsetid");
  ctx.reply.Ok();
  return Ok();
}

Status XLen(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const Stream* stream;
  if (Status found = FindStream(ctx, key, &stream); !found.ok()) return found;
  ctx.reply.Integer(stream == nullptr ? 0 : static_cast<int64_t>(stream->size()));
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "xadd",
     .syntax =
         "key [NOMKSTREAM] [condition: KEEPREF | DELREF | ACKED] [idmp: IDMPAUTO producer-id | "
         "<IDMP producer-id idempotent-id>] [trim: <strategy: MAXLEN | MINID> [operator: = | "
         "~] threshold [LIMIT count:int]] <id-selector: * | id> field value [field value "
         "...]",
     .summary = "Appends a new message to a stream. Creates the key if it doesn't exist.",
     .complexity = "O(1) when adding a new entry, O(N) when trimming where N being the number of "
                   "entries evicted.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = XAdd,
     .tips = "nondeterministic_output"},
    {.name = "xdel",
     .syntax = "key id [id ...]",
     .summary = "Returns the number of messages after removing them from a stream.",
     .complexity = "O(1) for each single item to delete in the stream, regardless of the stream "
                   "size.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = XDel},
    {.name = "xdelex",
     .syntax = "key [condition: KEEPREF | DELREF | ACKED] <IDS numids:int id [id ...]>",
     .summary = "Deletes one or multiple entries from the stream.",
     .complexity = "O(1) for each single item to delete in the stream, regardless of the stream "
                   "size.",
     .since = "8.2.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = XDelEx},
    {.name = "xlen",
     .syntax = "key",
     .summary = "Return the number of messages in a stream.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO)},
     .handler = XLen},
    {.name = "xsetid",
     .syntax = "key last-id [ENTRIESADDED entries-added:int] [MAXDELETEDID max-deleted-id]",
     .summary = "An internal command for replicating stream values.",
     .complexity = "O(1)",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = XSetId},
    {.name = "xtrim",
     .syntax = "key <trim: <strategy: MAXLEN | MINID> [operator: = | ~] threshold [LIMIT "
               "count:int]> [condition: KEEPREF | DELREF | ACKED]",
     .summary = "Deletes messages from the beginning of a stream.",
     .complexity =
         "O(N), with N being the number of evicted entries. Constant times are very small "
         "however, since entries are organized in macro nodes containing multiple entries "
         "that can be released with a single deallocation.",
     .since = "5.0.0",
     .group = Group::kStream,
     .flags = Flag::kWrite,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete)},
     .handler = XTrim,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> StreamCommands() { return kCommands; }

}  // namespace larder
