// Places in sorted sets, by member: GEOADD, GEODIST, GEOHASH, GEOPOS. Searching is in
// geo_search.cc.
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/geo_access.h"
#include "server/commands/sorted_set_access.h"
#include "server/commands/sorted_set_add.h"
#include "storage/geohash.h"

namespace larder {
namespace {

namespace geo = storage::geo;
using storage::SortedSet;

Status GeoAdd(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const AddOptions options = ParseAddOptions(ctx.args, AddForm::kPlaces);
  const size_t words = ctx.args.remaining();
  if (words == 0 || words % 3 != 0 || (options.nx && options.xx)) return Error(errors::kSyntax);
  ScoredMembers pairs;
  pairs.reserve(words / 3);
  while (ctx.args.HasMore()) {
    geo::Place place;
    if (Status parsed = ParsePlace(ctx.args, &place); !parsed.ok()) return parsed;
    pairs.push_back({static_cast<double>(geo::Encode(place)), ctx.args.Next()});
  }
  AddResult result;
  if (Status added = AddScored(ctx, key, pairs, options, &result); !added.ok()) return added;
  ctx.reply.Integer(result.Count(options));
  return Ok();
}

Status GeoDist(CommandContext& ctx) {
  const storage::Key key = ctx.args.NextKey();
  const std::string_view from = ctx.args.Next(), to = ctx.args.Next();
  if (ctx.args.remaining() > 1) return Error(errors::kSyntax);
  double metres = 1;
  if (ctx.args.HasMore()) {
    if (Status parsed = ParseUnit(ctx.args, &metres); !parsed.ok()) return parsed;
  }
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, key, &set); !found.ok()) return found;
  const auto a = PlaceOf(set, from), b = PlaceOf(set, to);
  if (a && b) {
    ReplyDistance(ctx, geo::Distance(*a, *b) / metres);
  } else {
    ctx.reply.Null();
  }
  return Ok();
}

Status GeoHash(CommandContext& ctx) {
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    const auto place = PlaceOf(set, ctx.args.Next());
    place ? ctx.reply.Bulk(geo::Letters(*place)) : ctx.reply.Null();
  }
  return Ok();
}

Status GeoPos(CommandContext& ctx) {
  const SortedSet* set;
  if (Status found = FindSortedSet(ctx, ctx.args.NextKey(), &set); !found.ok()) return found;
  ctx.reply.Array(static_cast<int64_t>(ctx.args.remaining()));
  while (ctx.args.HasMore()) {
    const auto place = PlaceOf(set, ctx.args.Next());
    place ? ReplyPlace(ctx, *place) : ctx.reply.NullArray();
  }
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "geoadd",
     .syntax = "key [condition: NX | XX] [change: CH] longitude:double latitude:double member "
               "[longitude latitude member ...]",
     .summary = "Adds one or more members to a geospatial index. The key is created if it "
                "doesn't exist.",
     .complexity = "O(log(N)) for each item added, where N is the number of elements in the "
                   "sorted set.",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRW | KeyFlag::kUpdate)},
     .handler = GeoAdd},
    {.name = "geodist",
     .syntax = "key member1 member2 [unit: M | KM | FT | MI]",
     .summary = "Returns the distance between two members of a geospatial index.",
     .complexity = "O(log(N)).",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoDist},
    {.name = "geohash",
     .syntax = "key [member [member ...]]",
     .summary = "Returns members from a geospatial index as geohash strings.",
     .complexity = "O(log(N)) for each member requested, where N is the number of elements in "
                   "the sorted set.",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoHash},
    {.name = "geopos",
     .syntax = "key [member [member ...]]",
     .summary = "Returns the longitude and latitude of members from a geospatial index.",
     .complexity = "O(N) where N is the number of members requested.",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoPos},
};

}  // namespace

std::span<const CommandSpec> GeoCommands() { return kCommands; }

}  // namespace larder
