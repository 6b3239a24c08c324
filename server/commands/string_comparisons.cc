// What compares strings: LCS, DIGEST, and the deletions that depend on the value.
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/commands/string_condition.h"
#include "storage/blob.h"
#include "storage/digest.h"
#include "storage/lcs.h"

namespace larder {
namespace {

using storage::Access;
using storage::Entry;
using storage::Type;

Status DelEx(CommandContext& ctx) {
  const size_t words = ctx.args.remaining();
  const storage::Key key = ctx.args.NextKey();
  if (words == 1) {
    ctx.reply.Integer(DeleteKey(ctx, key) ? 1 : 0);
    return Ok();
  }
  if (words != 3) return Error(errors::WrongArity(ctx.command.full_name));
  const Entry* const entry = ctx.db.Find(key, Access::kWrite);
  bool holds = false;
  if (entry != nullptr) {
    if (entry->type() != Type::kString) return Error(errors::kConditionNeedsString);
    StringCondition condition;
    if (!condition.Match(ctx.args)) return Error(errors::kBadCondition);
    if (Status checked = condition.Holds(entry->string(), &holds); !checked.ok()) return checked;
  }
  if (holds) DeleteKey(ctx, key);
  ctx.reply.Integer(holds ? 1 : 0);
  return Ok();
}

Status DelIfEq(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view value = ctx.args.Next();
  const Entry* entry;
  if (Status found = FindToWrite(ctx, key, Type::kString, &entry); !found.ok()) return found;
  const bool equal = entry != nullptr && entry->string() == value;
  if (equal) DeleteKey(ctx, key);
  ctx.reply.Integer(equal ? 1 : 0);
  return Ok();
}

Status DigestOf(CommandContext& ctx) {
  const Entry* entry;
  Status found = FindToRead(ctx, ctx.args.NextKey(), Type::kString, &entry);
  if (!found.ok()) return found;
  if (entry == nullptr) {
    ctx.reply.Null();
    return Ok();
  }
  const auto digits = storage::FormatDigest(storage::DigestOf(entry->string(), entry->object()));
  ctx.reply.Bulk({digits.data(), digits.size()});
  return Ok();
}

struct LcsOptions {
  bool length = false;
  bool indexes = false;
  bool match_lengths = false;
  int64_t match_length_min = 0;
};

Status ParseLcsOptions(ArgReader& args, LcsOptions* options) {
  while (args.HasMore()) {
    if (args.Match("IDX")) {
      options->indexes = true;
    } else if (args.Match("LEN")) {
      options->length = true;
    } else if (args.Match("WITHMATCHLEN")) {
      options->match_lengths = true;
    } else if (args.remaining() >= 2 && args.Match("MINMATCHLEN")) {
      options->match_length_min = args.NextInt();
      if (args.failed()) return args.status();
    } else {
      return Error(errors::kSyntax);
    }
  }
  if (options->indexes && options->length) return Error(errors::kLcsBothForms);
  return Ok();
}

void ReplyMatches(protocol::ReplyWriter& reply, const storage::LcsResult& result,
                  const LcsOptions& options) {
  reply.Map(2);
  reply.Bulk("matches");
  const auto matches = reply.ArrayLater();
  int64_t count = 0;
  for (const storage::LcsMatch& match : result.matches) {
    const int64_t length = static_cast<int64_t>(match.length());
    if (length < options.match_length_min) continue;
    ++count;
    reply.Array(options.match_lengths ? 3 : 2);
    reply.Array(2);
    reply.Integer(static_cast<int64_t>(match.a_first));
    reply.Integer(static_cast<int64_t>(match.a_last));
    reply.Array(2);
    reply.Integer(static_cast<int64_t>(match.b_first));
    reply.Integer(static_cast<int64_t>(match.b_last));
    if (options.match_lengths) reply.Integer(length);
  }
  reply.Finish(matches, count);
  reply.Bulk("len");
  reply.Integer(static_cast<int64_t>(result.sequence.size()));
}

Status Lcs(CommandContext& ctx) {
  std::string_view texts[2];
  bool strings = true;
  for (std::string_view& text : texts) {
    const Entry* const entry = FindToRead(ctx, ctx.args.NextKey());
    if (entry == nullptr) continue;
    strings = strings && entry->type() == Type::kString;
    if (strings) text = entry->string();
  }
  if (!strings) return Error(errors::kLcsNeedsStrings);
  LcsOptions options;
  if (Status parsed = ParseLcsOptions(ctx.args, &options); !parsed.ok()) return parsed;
  const auto [a, b] = texts;
  const size_t bytes_max = static_cast<size_t>(ctx.engine.options.proto_max_bulk_len.Get());
  if (storage::LcsTableBytes(a.size(), b.size()) > bytes_max) return Error(errors::kLcsTooLarge);
  if (options.length) {
    ctx.reply.Integer(static_cast<int64_t>(storage::LcsLength(a, b)));
    return Ok();
  }
  const storage::LcsResult result = storage::FindLcs(a, b);
  if (options.indexes) {
    ReplyMatches(ctx.reply, result, options);
  } else {
    ctx.reply.Bulk(result.sequence);
  }
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "delex",
     .syntax = "key [condition: IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | "
               "IFDNE ifdne-digest]",
     .summary = "Conditionally removes the specified key based on value or digest comparison.",
     .complexity = "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string "
                   "value.",
     .since = "8.4.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kDelete | KeyFlag::kVariable)},
     .handler = DelEx},
    {.name = "delifeq",
     .syntax = "key value",
     .summary = "Deletes the key if its value matches the given string.",
     .complexity = "O(1)",
     .since = "9.0.0",
     .group = Group::kString,
     .flags = Flag::kWrite | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRM | KeyFlag::kDelete)},
     .handler = DelIfEq},
    {.name = "digest",
     .syntax = "key",
     .summary = "Returns the XXH3 hash of a string value.",
     .complexity = "O(N) where N is the length of the string value.",
     .since = "8.4.0",
     .group = Group::kString,
     .flags = Flag::kReadOnly | Flag::kFast,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = DigestOf},
    {.name = "lcs",
     .syntax = "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len:int] [WITHMATCHLEN]",
     .summary = "Finds the longest common substring.",
     .complexity = "O(N*M) where N and M are the lengths of s1 and s2, respectively",
     .since = "7.0.0",
     .group = Group::kString,
     .flags = Flag::kReadOnly,
     .keys = {Keys(1, 2, 1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = Lcs},
};

}  // namespace

std::span<const CommandSpec> StringComparisonCommands() { return kCommands; }

}  // namespace larder
