#include "server/commands/sorted_set_access.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "server/commands/lookup.h"

namespace larder {

using storage::LexBound;
using storage::LexRange;
using storage::ScoreRange;
using storage::SortedSet;

storage::SortedSetLimits SortedSetLimitsOf(const CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  return {.listpack_entries_max = static_cast<size_t>(options.zset_max_listpack_entries.Get()),
          .listpack_value_max = static_cast<size_t>(options.zset_max_listpack_value.Get()),
          // A hash of the process's secret seed: nobody can choose members that collide.
          .hash_seed = ctx.engine.keyspace.hasher().Hash("the members of sorted sets")};
}

Status FindSortedSet(CommandContext& ctx, const storage::Key& key, const SortedSet** set) {
  const storage::Entry* entry;
  if (Status found = FindToRead(ctx, key, SortedSet::kType, &entry); !found.ok()) return found;
  *set = entry == nullptr ? nullptr : static_cast<const SortedSet*>(entry->object());
  return Ok();
}

Status FindMutableSortedSet(CommandContext& ctx, const storage::Key& key, SortedSet** set,
                            bool* missing) {
  bool wrong_type = false;
  *set = ctx.db.FindMutableObject<SortedSet>(key, &wrong_type);
  if (wrong_type) return Error(errors::kWrongType);
  *missing = *set == nullptr && ctx.db.Find(key, storage::Access::kPeek) == nullptr;
  return Ok();
}

void DropEmptySortedSet(CommandContext& ctx, const storage::Key& key, const SortedSet& set) {
  if (set.size() == 0) DeleteKey(ctx, key);
}

void ReplyScoredArray(CommandContext& ctx, size_t members, bool with_scores) {
  const bool flat = with_scores && ctx.reply.version() == protocol::Version::kResp2;
  ctx.reply.Array(static_cast<int64_t>(flat ? 2 * members : members));
}

void ReplyScored(CommandContext& ctx, std::string_view member, double score, bool with_scores) {
  if (with_scores && ctx.reply.version() == protocol::Version::kResp3) ctx.reply.Array(2);
  ctx.reply.Bulk(member);
  if (with_scores) ctx.reply.Double(score);
}

namespace {

// As strtod reads it, up to a zero byte: Redis takes leading blanks and nothing at all as 0.
std::optional<double> ParseScoreBound(std::string_view text, bool* exclusive) {
  const std::string terminated(errors::UpToZero(text));
  const char* begin = terminated.c_str();
  *exclusive = *begin == '(';
  if (*exclusive) ++begin;
  char* end = nullptr;
  const double value = std::strtod(begin, &end);
  if (*end != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<LexBound> ParseLexBound(std::string_view text) {
  using Kind = LexBound::Kind;
  if (text.empty()) return std::nullopt;
  switch (text[0]) {
    case '-':
    case '+':
      if (!errors::UpToZero(text.substr(1)).empty()) return std::nullopt;
      return LexBound{.kind = text[0] == '-' ? Kind::kLowest : Kind::kHighest};
    case '(':
    case '[':
      return LexBound{.kind = Kind::kMember, .member = text.substr(1), .exclusive = text[0] == '('};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<ScoreRange> ParseScoreRange(std::string_view min, std::string_view max) {
  ScoreRange range;
  const auto low = ParseScoreBound(min, &range.min_exclusive);
  const auto high = ParseScoreBound(max, &range.max_exclusive);
  if (!low || !high) return std::nullopt;
  range.min = *low;
  range.max = *high;
  return range;
}

std::optional<LexRange> ParseLexRange(std::string_view min, std::string_view max) {
  const auto low = ParseLexBound(min);
  const auto high = ParseLexBound(max);
  if (!low || !high) return std::nullopt;
  return LexRange{*low, *high};
}

}  // namespace larder
