#include "server/commands/stream_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/commands/lookup.h"

namespace larder {

using storage::Stream;
using storage::StreamConsumer;
using storage::StreamGroup;
using storage::StreamId;

namespace {

constexpr std::string_view kInvalidId =
    "ERR Invalid stream ID specified as stream command argument";
constexpr std::string_view kInvalidStart = "ERR invalid start ID for the interval";
constexpr std::string_view kInvalidEnd = "ERR invalid end ID for the interval";

// An id, "-" or "+".
Status ParseIdOrEdge(std::string_view text, uint64_t missing_sequence, StreamId* id) {
  if (text == "-") return *id = storage::kStreamIdMin, Ok();
  if (text == "+") return *id = storage::kStreamIdMax, Ok();
  const auto parsed = storage::ParseStreamId(text, missing_sequence);
  if (!parsed) return Error(kInvalidId);
  *id = *parsed;
  return Ok();
}

// Takes "(" away. Alone it is no id.
bool TakeExclusive(std::string_view* text) {
  if (text->size() < 2 || text->front() != '(') return false;
  text->remove_prefix(1);
  return true;
}

// Exclusive: "-" and "+" are no ids then.
Status ParseExclusive(std::string_view text, uint64_t missing_sequence, StreamId* id) {
  const auto parsed = storage::ParseStreamId(text, missing_sequence);
  if (!parsed) return Error(kInvalidId);
  *id = *parsed;
  return Ok();
}

}  // namespace

storage::StreamLimits StreamLimitsOf(const CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  const auto limit = [](int64_t value) { return static_cast<size_t>(std::max<int64_t>(value, 0)); };
  return {.node_bytes_max = limit(options.stream_node_max_bytes.Get()),
          .node_entries_max = limit(options.stream_node_max_entries.Get())};
}

Status FindStream(CommandContext& ctx, const storage::Key& key, const Stream** stream) {
  const storage::Entry* entry;
  if (Status found = FindToRead(ctx, key, Stream::kType, &entry); !found.ok()) return found;
  *stream = entry == nullptr ? nullptr : static_cast<const Stream*>(entry->object());
  return Ok();
}

Status FindMutableStream(CommandContext& ctx, const storage::Key& key, Stream** stream,
                         bool* missing) {
  bool wrong_type = false;
  *stream = ctx.db.FindMutableObject<Stream>(key, &wrong_type);
  if (wrong_type) return Error(errors::kWrongType);
  *missing = *stream == nullptr && ctx.db.Find(key, storage::Access::kPeek) == nullptr;
  return Ok();
}

storage::StreamIdempotence IdempotenceOf(const CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  return {.seconds = static_cast<uint32_t>(options.stream_idmp_duration.Get()),
          .ids_max = static_cast<uint32_t>(options.stream_idmp_maxsize.Get())};
}

uint64_t ForgottenUpTo(const CommandContext& ctx, const Stream& stream) {
  const int64_t kept_ms = int64_t{stream.idempotence().seconds} * 1000;
  return static_cast<uint64_t>(std::max<int64_t>(ctx.db.now_ms() - kept_ms, 0));
}

void ForgetOldIds(const CommandContext& ctx, Stream* stream) {
  if (stream->producers() != nullptr) stream->producers()->ForgetUpTo(ForgottenUpTo(ctx, *stream));
}

Stream* CreateStream(CommandContext& ctx, const storage::Key& key) {
  Stream* const stream = ctx.db.Create<Stream>(key);
  stream->set_idempotence(IdempotenceOf(ctx));
  ctx.Notify(NotifyClass::kNew, "new", key.bytes);
  return stream;
}

Status FindGroup(CommandContext& ctx, const storage::Key& key, std::string_view name,
                 FoundGroup* found) {
  const Stream* stream;
  if (Status read = FindStream(ctx, key, &stream); !read.ok()) return read;
  found->missing = stream == nullptr || stream->FindGroup(name) == nullptr;
  if (found->missing) return Ok();
  bool gone = false;
  Status status = FindMutableStream(ctx, key, &found->stream, &gone);
  if (found->stream != nullptr) found->group = found->stream->FindGroup(name);
  return status;
}

void TouchForWaiters(CommandContext& ctx, const storage::Key& key) {
  ctx.session.MarkDirty();
  if (ctx.engine.waiters.any()) ctx.session.touched_keys.emplace_back(ctx.db.index(), key.bytes);
}

StreamConsumer* FindOrAddConsumer(CommandContext& ctx, const storage::Key& key, StreamGroup* group,
                                  std::string_view name) {
  StreamConsumer* consumer = group->FindConsumer(name);
  if (consumer != nullptr) {
    consumer->seen_ms = ctx.db.now_ms();
    return consumer;
  }
  consumer = group->AddConsumer(name, ctx.db.now_ms());
  ctx.session.MarkDirty();
  ctx.Notify(NotifyClass::kStream, "xgroup-createconsumer", key.bytes);
  return consumer;
}

std::string NoKeyOrGroup(std::string_view key, std::string_view group, std::string_view where) {
  return fmt::format("NOGROUP No such key '{}' or consumer group '{}'{}", errors::UpToZero(key),
                     errors::UpToZero(group), where);
}

std::string NoGroup(std::string_view key, std::string_view group) {
  return fmt::format("NOGROUP No such consumer group '{}' for key name '{}'",
                     errors::UpToZero(group), errors::UpToZero(key));
}

// ---- ids

Status ParseId(std::string_view text, StreamId* id, bool* sequence_given) {
  const auto parsed = storage::ParseStreamId(text, 0, sequence_given);
  if (!parsed) return Error(kInvalidId);
  *id = *parsed;
  return Ok();
}

Status ParseIntervalStart(std::string_view text, StreamId* id) {
  if (!TakeExclusive(&text)) return ParseIdOrEdge(text, 0, id);
  if (Status parsed = ParseExclusive(text, 0, id); !parsed.ok()) return parsed;
  const auto next = storage::NextId(*id);
  if (!next) return Error(kInvalidStart);
  *id = *next;
  return Ok();
}

Status ParseIntervalEnd(std::string_view text, StreamId* id) {
  if (!TakeExclusive(&text)) return ParseIdOrEdge(text, UINT64_MAX, id);
  if (Status parsed = ParseExclusive(text, UINT64_MAX, id); !parsed.ok()) return parsed;
  const auto previous = storage::PreviousId(*id);
  if (!previous) return Error(kInvalidEnd);
  *id = *previous;
  return Ok();
}

// ---- replies

void ReplyId(protocol::ReplyWriter& reply, StreamId id) {
  const storage::StreamIdText text = storage::FormatStreamId(id);
  reply.Bulk(text);
}

void ReplyEntry(protocol::ReplyWriter& reply, const storage::StreamEntry& entry, int further) {
  reply.Array(2 + further);
  ReplyId(reply, entry.id);
  reply.Array(static_cast<int64_t>(2 * entry.field_count));
  entry.ForEachText([&reply](std::string_view text) { reply.Bulk(text); });
}

void ReplyRange(protocol::ReplyWriter& reply, const Stream& stream, StreamId first, StreamId last,
                size_t count, bool reverse) {
  const size_t most = count == 0 ? stream.size() : std::min(count, stream.size());
  // Where the number is known the reply needs no place for it that is filled in later.
  const bool whole = first <= stream.first_id() && last >= stream.last_id();
  protocol::ReplyWriter::Later array{};
  if (whole) {
    reply.Array(static_cast<int64_t>(most));
  } else {
    array = reply.ArrayLater();
  }
  size_t written = 0;
  if (most > 0) {
    stream.ForRange(first, last, reverse, [&](const storage::StreamEntry& entry) {
      ReplyEntry(reply, entry);
      return ++written < most;
    });
  }
  if (!whole) reply.Finish(array, static_cast<int64_t>(written));
}

bool MatchReferences(ArgReader& args, storage::StreamReferences* references) {
  using storage::StreamReferences;
  if (args.Match("KEEPREF")) return *references = StreamReferences::kKeep, true;
  if (args.Match("DELREF")) return *references = StreamReferences::kDelete, true;
  if (args.Match("ACKED")) return *references = StreamReferences::kAcked, true;
  return false;
}

}  // namespace larder
