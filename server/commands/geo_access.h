// What the geo commands share: places, units and distances in arguments and replies.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "storage/geohash.h"
#include "storage/sorted_set.h"

namespace larder {

// Reads a longitude and a latitude.
Status ParsePlace(ArgReader& args, storage::geo::Place* place);
// Reads M, KM, FT or MI: how many metres it has.
Status ParseUnit(ArgReader& args, double* metres);

// The place that a score stands for; any score stands for one.
storage::geo::Place PlaceOfScore(double score);
// The place of a member; nothing when it, or the set (null), is missing.
std::optional<storage::geo::Place> PlaceOf(const storage::SortedSet* set, std::string_view member);

void ReplyPlace(CommandContext& ctx, storage::geo::Place place);
void ReplyDistance(CommandContext& ctx, double distance);  // with four digits

}  // namespace larder
