// Places within an area: GEOSEARCH, GEOSEARCHSTORE, and the GEORADIUS commands of old.
#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/geo_access.h"
#include "server/commands/lookup.h"
#include "server/commands/sorted_set_access.h"
#include "storage/geohash.h"

namespace larder {
namespace {

namespace geo = storage::geo;
using storage::SortedSet;

constexpr std::string_view kNoSuchMember = "ERR could not decode requested zset member";

enum class Form { kSearch, kSearchStore, kRadius, kRadiusRo };
enum class Order { kNone, kNearest, kFarthest };

struct Query {
  Form form;
  const SortedSet* set = nullptr;  // null: the key is missing
  geo::Shape shape = {};
  double unit_m = 1;

  bool with_distance = false, with_hash = false, with_place = false;
  Order order = Order::kNone;
  int64_t count = 0;  // 0: all
  bool any = false;
  std::optional<storage::Key> target = {};
  bool store_distance = false;

  // Of GEOSEARCH alone:
  bool from_member = false, from_place = false, by_radius = false, by_box = false;

  bool searches() const { return form == Form::kSearch || form == Form::kSearchStore; }
};

struct Found {
  std::string member;
  double distance_m;
  double score;
  geo::Place place;
};

// ---- reading the request

Status ParseRadius(ArgReader& args, Query* query) {
  const double radius = args.NextDouble("ERR need numeric radius");
  if (args.failed()) return args.status();
  if (radius < 0) return Error("ERR radius cannot be negative");
  if (Status parsed = ParseUnit(args, &query->unit_m); !parsed.ok()) return parsed;
  query->shape.radius_m = radius * query->unit_m;
  query->shape.box = false;
  return Ok();
}

Status ParseBox(ArgReader& args, Query* query) {
  const double width = args.NextDouble("ERR need numeric width");
  const double height = args.NextDouble("ERR need numeric height");
  if (args.failed()) return args.status();
  if (width < 0 || height < 0) return Error("ERR height or width cannot be negative");
  if (Status parsed = ParseUnit(args, &query->unit_m); !parsed.ok()) return parsed;
  query->shape.width_m = width * query->unit_m;
  query->shape.height_m = height * query->unit_m;
  query->shape.box = true;
  return Ok();
}

Status ParseMember(ArgReader& args, Query* query) {
  const std::string_view member = args.Next();
  if (query->set == nullptr) return Ok();  // the other arguments are checked all the same
  const auto place = PlaceOf(query->set, member);
  if (!place) return Error(kNoSuchMember);
  query->shape.center = *place;
  return Ok();
}

Status ParseCount(ArgReader& args, Query* query) {
  query->count = args.NextInt();
  if (args.failed()) return args.status();
  return query->count > 0 ? Ok() : Error("ERR COUNT must be > 0");
}

// An option that only GEOSEARCH and its STORE form have; *matched tells whether the next is one.
Status ParseSearchOption(ArgReader& args, Query* query, bool* matched) {
  const size_t words = args.remaining();
  *matched = true;
  if (words >= 2 && !query->from_place && args.Match("FROMMEMBER")) {
    query->from_member = true;
    return ParseMember(args, query);
  }
  if (words >= 3 && !query->from_member && args.Match("FROMLONLAT")) {
    query->from_place = true;
    return ParsePlace(args, &query->shape.center);
  }
  if (words >= 3 && !query->by_box && args.Match("BYRADIUS")) {
    query->by_radius = true;
    return ParseRadius(args, query);
  }
  if (words >= 4 && !query->by_radius && args.Match("BYBOX")) {
    query->by_box = true;
    return ParseBox(args, query);
  }
  if (query->form == Form::kSearchStore && args.Match("STOREDIST")) {
    query->store_distance = true;
    return Ok();
  }
  *matched = false;
  return Ok();
}

Status ParseOption(ArgReader& args, Query* query) {
  if (args.Match("WITHDIST")) {
    query->with_distance = true;
  } else if (args.Match("WITHHASH")) {
    query->with_hash = true;
  } else if (args.Match("WITHCOORD")) {
    query->with_place = true;
  } else if (args.Match("ANY")) {
    query->any = true;
  } else if (args.Match("ASC")) {
    query->order = Order::kNearest;
  } else if (args.Match("DESC")) {
    query->order = Order::kFarthest;
  } else if (args.remaining() >= 2 && args.Match("COUNT")) {
    return ParseCount(args, query);
  } else if (query->form == Form::kRadius && args.remaining() >= 2 && args.Match("STORE")) {
    query->target = args.NextKey();
    query->store_distance = false;
  } else if (query->form == Form::kRadius && args.remaining() >= 2 && args.Match("STOREDIST")) {
    query->target = args.NextKey();
    query->store_distance = true;
  } else {
    bool matched = false;
    if (query->searches()) {
      if (Status parsed = ParseSearchOption(args, query, &matched); !parsed.ok()) return parsed;
    }
    if (!matched) return Error(errors::kSyntax);
  }
  return Ok();
}

// Reads all that follows the source key and the center of a GEORADIUS.
Status ParseOptions(CommandContext& ctx, Query* query) {
  while (ctx.args.HasMore()) {
    if (Status parsed = ParseOption(ctx.args, query); !parsed.ok()) return parsed;
  }
  if (query->target && (query->with_distance || query->with_hash || query->with_place)) {
    return Error(
        fmt::format("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                    query->searches() ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"));
  }
  const std::string_view name = errors::UpToZero(ctx.args.all()[0]);
  if (query->searches() && !query->from_member && !query->from_place) {
    return Error(
        fmt::format("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", name));
  }
  if (query->searches() && !query->by_radius && !query->by_box) {
    return Error(
        fmt::format("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", name));
  }
  if (query->any && query->count == 0) return Error("ERR the ANY argument requires COUNT argument");
  // The nearest are meant, unless any will do.
  if (query->count > 0 && query->order == Order::kNone && !query->any) {
    query->order = Order::kNearest;
  }
  return Ok();
}

// ---- searching

std::vector<Found> Search(const Query& query) {
  std::vector<Found> found;
  const size_t enough =
      query.any ? static_cast<size_t>(query.count) : std::numeric_limits<size_t>::max();
  const geo::HashRanges ranges = geo::Cover(query.shape);
  for (size_t i = 0; i < ranges.count && found.size() < enough; ++i) {
    const storage::RankRange range =
        query.set->Find(storage::ScoreRange{.min = static_cast<double>(ranges.ranges[i].min),
                                            .max = static_cast<double>(ranges.ranges[i].max),
                                            .max_exclusive = true});
    query.set->ForRange(range, false, [&](std::string_view member, double score) {
      if (found.size() >= enough) return;
      const geo::Place place = PlaceOfScore(score);
      const auto distance_m = query.shape.DistanceWithin(place);
      if (distance_m) found.push_back({std::string(member), *distance_m, score, place});
    });
  }
  return found;
}

// Puts the places that are asked for in front, in their order, and drops the rest.
void SortAndCut(const Query& query, std::vector<Found>* found) {
  const auto nearer = [](const Found& a, const Found& b) { return a.distance_m < b.distance_m; };
  const auto farther = [](const Found& a, const Found& b) { return a.distance_m > b.distance_m; };
  if (query.order == Order::kNearest) std::stable_sort(found->begin(), found->end(), nearer);
  if (query.order == Order::kFarthest) std::stable_sort(found->begin(), found->end(), farther);
  const auto count = static_cast<size_t>(query.count);
  if (count > 0 && found->size() > count) found->resize(count);
}

void Reply(CommandContext& ctx, const Query& query, const std::vector<Found>& found) {
  const int options = query.with_distance + query.with_hash + query.with_place;
  ctx.reply.Array(static_cast<int64_t>(found.size()));
  for (const Found& each : found) {
    if (options > 0) ctx.reply.Array(options + 1);
    ctx.reply.Bulk(each.member);
    if (query.with_distance) ReplyDistance(ctx, each.distance_m / query.unit_m);
    if (query.with_hash) ctx.reply.Integer(static_cast<int64_t>(each.score));
    if (query.with_place) ReplyPlace(ctx, each.place);
  }
}

void Store(CommandContext& ctx, const Query& query, const std::vector<Found>& found) {
  const storage::SortedSetLimits limits = SortedSetLimitsOf(ctx);
  storage::Ref<SortedSet> result(new SortedSet());
  result->Expect(found.size(), limits);
  for (const Found& each : found) {
    result->Put(each.member, query.store_distance ? each.distance_m / query.unit_m : each.score,
                limits);
  }
  StoreCollection(ctx, *query.target, std::move(result), NotifyClass::kZSet,
                  query.searches() ? "geosearchstore" : "georadiusstore");
}

Status Answer(CommandContext& ctx, Query* query) {
  if (Status parsed = ParseOptions(ctx, query); !parsed.ok()) return parsed;
  std::vector<Found> found;
  if (query->set != nullptr) found = Search(*query);
  SortAndCut(*query, &found);
  query->target ? Store(ctx, *query, found) : Reply(ctx, *query, found);
  return Ok();
}

// ---- commands

Status GeoSearch(CommandContext& ctx) {
  Query query{.form = Form::kSearch};
  Status found = FindSortedSet(ctx, ctx.args.NextKey(), &query.set);
  if (!found.ok()) return found;
  return Answer(ctx, &query);
}

Status GeoSearchStore(CommandContext& ctx) {
  Query query{.form = Form::kSearchStore};
  query.target = ctx.args.NextKey();
  Status found = FindSortedSet(ctx, ctx.args.NextKey(), &query.set);
  if (!found.ok()) return found;
  return Answer(ctx, &query);
}

Status Radius(CommandContext& ctx, Form form) {
  Query query{.form = form};
  Status found = FindSortedSet(ctx, ctx.args.NextKey(), &query.set);
  if (!found.ok()) return found;
  if (Status parsed = ParsePlace(ctx.args, &query.shape.center); !parsed.ok()) return parsed;
  if (Status parsed = ParseRadius(ctx.args, &query); !parsed.ok()) return parsed;
  return Answer(ctx, &query);
}

Status RadiusByMember(CommandContext& ctx, Form form) {
  Query query{.form = form};
  Status found = FindSortedSet(ctx, ctx.args.NextKey(), &query.set);
  if (!found.ok()) return found;
  if (query.set == nullptr) {
    ctx.args.Skip(3);  // Redis does not look at the center where there is nothing around it
    return Answer(ctx, &query);
  }
  if (Status parsed = ParseMember(ctx.args, &query); !parsed.ok()) return parsed;
  if (Status parsed = ParseRadius(ctx.args, &query); !parsed.ok()) return parsed;
  return Answer(ctx, &query);
}

Status GeoRadius(CommandContext& ctx) { return Radius(ctx, Form::kRadius); }
Status GeoRadiusRo(CommandContext& ctx) { return Radius(ctx, Form::kRadiusRo); }
Status GeoRadiusByMember(CommandContext& ctx) { return RadiusByMember(ctx, Form::kRadius); }
Status GeoRadiusByMemberRo(CommandContext& ctx) { return RadiusByMember(ctx, Form::kRadiusRo); }

// Every target but the first STORE and the first STOREDIST, which the key specifications name: the
// last one counts, and all are locked.
void FindFurtherTargets(std::span<const std::string_view> args, std::vector<int>* positions) {
  constexpr size_t kFirstOption = 5;
  bool store = false, store_distance = false;
  for (size_t i = kFirstOption; i + 1 < args.size(); ++i) {
    const bool is_store = EqualsIgnoreCase(args[i], "STORE");
    if (!is_store && !EqualsIgnoreCase(args[i], "STOREDIST")) continue;
    bool& seen = is_store ? store : store_distance;
    if (seen) positions->push_back(static_cast<int>(i) + 1);
    seen = true;
  }
}

constexpr CommandSpec kCommands[] = {
    {.name = "georadius",
     .syntax = "key longitude:double latitude:double radius:double <M | KM | FT | MI> "
               "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [ASC | DESC] [STORE "
               "key | STOREDIST key]",
     .summary = "Queries a geospatial index for members within a distance from a coordinate, "
                "optionally stores the result.",
     .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the "
                   "circular area delimited by center and radius and M is the number of items "
                   "inside the index.",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess),
              KeyAfter("STORE", 6, KeyFlag::kOW | KeyFlag::kUpdate),
              KeyAfter("STOREDIST", 6, KeyFlag::kOW | KeyFlag::kUpdate)},
     .find_keys = FindFurtherTargets,
     .handler = GeoRadius,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"},
    {.name = "georadius_ro",
     .syntax = "key longitude:double latitude:double radius:double <M | KM | FT | MI> "
               "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [ASC | DESC]",
     .summary = "Returns members from a geospatial index that are within a distance from a "
                "coordinate.",
     .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the "
                   "circular area delimited by center and radius and M is the number of items "
                   "inside the index.",
     .since = "3.2.10",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoRadiusRo,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument"},
    {.name = "georadiusbymember",
     .syntax = "key member radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
               "[COUNT count:int [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
     .summary = "Queries a geospatial index for members within a distance from a member, "
                "optionally stores the result.",
     .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the "
                   "circular area delimited by center and radius and M is the number of items "
                   "inside the index.",
     .since = "3.2.0",
     .group = Group::kGeo,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess),
              KeyAfter("STORE", 5, KeyFlag::kOW | KeyFlag::kUpdate),
              KeyAfter("STOREDIST", 5, KeyFlag::kOW | KeyFlag::kUpdate)},
     .find_keys = FindFurtherTargets,
     .handler = GeoRadiusByMember,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` "
                    "arguments"},
    {.name = "georadiusbymember_ro",
     .syntax = "key member radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
               "[COUNT count:int [ANY]] [ASC | DESC]",
     .summary = "Returns members from a geospatial index that are within a distance from a "
                "member.",
     .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the "
                   "circular area delimited by center and radius and M is the number of items "
                   "inside the index.",
     .since = "3.2.10",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoRadiusByMemberRo,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"},
    {.name = "geosearch",
     .syntax = "key <FROMMEMBER member | FROMLONLAT longitude:double latitude:double> <BYRADIUS "
               "radius:double <M | KM | FT | MI> | BYBOX width:double height:double <M | KM | FT "
               "| MI>> [ASC | DESC] [COUNT count:int [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
     .summary = "Queries a geospatial index for members inside an area of a box or a circle.",
     .complexity = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding "
                   "box area around the shape provided as the filter and M is the number of "
                   "items inside the shape.",
     .since = "6.2.0",
     .group = Group::kGeo,
     .flags = Flag::kReadOnly,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoSearch},
    {.name = "geosearchstore",
     .syntax = "destination source <FROMMEMBER member | FROMLONLAT longitude:double "
               "latitude:double> <BYRADIUS radius:double <M | KM | FT | MI> | BYBOX width:double "
               "height:double <M | KM | FT | MI>> [ASC | DESC] [COUNT count:int [ANY]] "
               "[STOREDIST]",
     .summary = "Queries a geospatial index for members inside an area of a box or a circle, "
                "optionally stores the result.",
     .complexity = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding "
                   "box area around the shape provided as the filter and M is the number of "
                   "items inside the shape.",
     .since = "6.2.0",
     .group = Group::kGeo,
     .flags = Flag::kWrite | Flag::kDenyOom,
     .keys = {Key(1, KeyFlag::kOW | KeyFlag::kUpdate), Key(2, KeyFlag::kRO | KeyFlag::kAccess)},
     .handler = GeoSearchStore},
};

}  // namespace

std::span<const CommandSpec> GeoSearchCommands() { return kCommands; }

}  // namespace larder
