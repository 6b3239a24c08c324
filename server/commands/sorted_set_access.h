// How the sorted set commands reach their sets, and how they write scores. REQUIRES: the lock of
// the key's stripe.
#pragma once

#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "storage/sorted_set.h"

namespace larder {

// The form limits as the options have them now.
storage::SortedSetLimits SortedSetLimitsOf(const CommandContext& ctx);

// A sorted set to read; null when the key is missing (`keymiss` is published).
Status FindSortedSet(CommandContext& ctx, const storage::Key& key, const storage::SortedSet** set);

// A sorted set to change in place; null when the key is missing, or when a script must start again
// (see Database::FindMutable): *missing tells.
Status FindMutableSortedSet(CommandContext& ctx, const storage::Key& key, storage::SortedSet** set,
                            bool* missing);

// Deletes the key of a sorted set that has become empty, with its event.
void DropEmptySortedSet(CommandContext& ctx, const storage::Key& key,
                        const storage::SortedSet& set);

// Opens an array of members: with scores a flat one in RESP2 and one of pairs in RESP3.
void ReplyScoredArray(CommandContext& ctx, size_t members, bool with_scores);
// One element of that.
void ReplyScored(CommandContext& ctx, std::string_view member, double score, bool with_scores);

// The ends of a range as clients write them: "(1.5", "-inf"; "[a", "(b", "-", "+". Nothing when
// they make no sense.
std::optional<storage::ScoreRange> ParseScoreRange(std::string_view min, std::string_view max);
std::optional<storage::LexRange> ParseLexRange(std::string_view min, std::string_view max);

inline constexpr std::string_view kBadScoreRange = "ERR min or max is not a float";
inline constexpr std::string_view kBadLexRange = "ERR min or max not valid string range item";

}  // namespace larder
