// How the families of stream commands reach the streams and groups they work on, read ids, and
// answer entries.
//
// For handlers: everything here REQUIRES the lock of the key's stripe.
#pragma once

#include <string>
#include <string_view>

#include "server/command_context.h"
#include "storage/stream_value.h"

namespace larder {

storage::StreamLimits StreamLimitsOf(const CommandContext& ctx);

// The stream of a key for a command that reads; `*stream` null when it is missing.
Status FindStream(CommandContext& ctx, const storage::Key& key, const storage::Stream** stream);

// The stream of a key for a command that changes it: null when it is missing, and also when its
// undo would cost too much: the script starts again then. `*missing` tells which.
Status FindMutableStream(CommandContext& ctx, const storage::Key& key, storage::Stream** stream,
                         bool* missing);

// Forgets what the stream need not remember of its producers any more.
void ForgetOldIds(const CommandContext& ctx, storage::Stream* stream);
// The time up to which ids are forgotten: of entries made in that millisecond or before.
uint64_t ForgottenUpTo(const CommandContext& ctx, const storage::Stream& stream);
// What a new stream has of it.
storage::StreamIdempotence IdempotenceOf(const CommandContext& ctx);

// Makes an empty stream at a missing key.
storage::Stream* CreateStream(CommandContext& ctx, const storage::Key& key);

// A group for a command that changes it. `group` is null when it or the key is missing, and when a
// script starts again.
struct FoundGroup {
  storage::Stream* stream = nullptr;
  storage::StreamGroup* group = nullptr;
  bool missing = false;
};
Status FindGroup(CommandContext& ctx, const storage::Key& key, std::string_view name,
                 FoundGroup* found);

// Says that waiters may find something at a key, of whose change its watchers hear nothing.
void TouchForWaiters(CommandContext& ctx, const storage::Key& key);

// The consumer of a name, who is made, with the event, when there is none. It has been seen now.
storage::StreamConsumer* FindOrAddConsumer(CommandContext& ctx, const storage::Key& key,
                                           storage::StreamGroup* group, std::string_view name);

// "NOGROUP No such key 'k' or consumer group 'g'", with what command and option are named at the
// end.
std::string NoKeyOrGroup(std::string_view key, std::string_view group, std::string_view where = {});
// "NOGROUP No such consumer group 'g' for key name 'k'".
std::string NoGroup(std::string_view key, std::string_view group);

// ---- ids
// One id, complete or without its sequence, which is 0 then; not "-" or "+".
Status ParseId(std::string_view text, storage::StreamId* id, bool* sequence_given = nullptr);
// One end of an interval: an id, "-", "+", or an id behind "(", which is left out.
Status ParseIntervalStart(std::string_view text, storage::StreamId* id);
Status ParseIntervalEnd(std::string_view text, storage::StreamId* id);

// ---- replies
void ReplyId(protocol::ReplyWriter& reply, storage::StreamId id);
// An array of the id and of all fields and values. `further`: elements that the caller adds.
void ReplyEntry(protocol::ReplyWriter& reply, const storage::StreamEntry& entry, int further = 0);
// An array of the entries from `first` to `last`, or the other way round. `count` 0: all.
void ReplyRange(protocol::ReplyWriter& reply, const storage::Stream& stream,
                storage::StreamId first, storage::StreamId last, size_t count, bool reverse);

// ---- KEEPREF, DELREF, ACKED
// Consumes one of them. False when the next argument is none.
bool MatchReferences(ArgReader& args, storage::StreamReferences* references);

}  // namespace larder
