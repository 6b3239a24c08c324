#include "server/commands/geo_access.h"

#include <charconv>
#include <string>

#include "fmt/format.h"

namespace larder {

namespace geo = storage::geo;

Status ParsePlace(ArgReader& args, geo::Place* place) {
  place->longitude = args.NextDouble();
  place->latitude = args.NextDouble();
  if (args.failed() || place->valid()) return args.status();
  return Error(fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", place->longitude,
                           place->latitude));
}

Status ParseUnit(ArgReader& args, double* metres) {
  constexpr struct {
    std::string_view name;
    double metres;
  } kUnits[] = {{"M", 1}, {"KM", 1000}, {"FT", 0.3048}, {"MI", 1609.34}};
  const std::string_view word = args.Next();
  for (const auto& unit : kUnits) {
    if (!EqualsIgnoreCase(word, unit.name)) continue;
    *metres = unit.metres;
    return Ok();
  }
  return Error("ERR unsupported unit provided. please use M, KM, FT, MI");
}

geo::Place PlaceOfScore(double score) {
  constexpr double kHashMax = 9.2e18;  // well within 63 bits
  const bool within = score > -kHashMax && score < kHashMax;
  return geo::Decode(within ? static_cast<uint64_t>(static_cast<int64_t>(score)) : 0);
}

std::optional<geo::Place> PlaceOf(const storage::SortedSet* set, std::string_view member) {
  const auto score = set == nullptr ? std::nullopt : set->Score(member);
  return score ? std::optional(PlaceOfScore(*score)) : std::nullopt;
}

// In the fewest digits that read back as the same number, as Redis 8 prints coordinates.
static void ReplyCoordinate(CommandContext& ctx, double degrees) {
  constexpr size_t kTextBytesMax = 400;  // the smallest double in fixed notation
  char text[kTextBytesMax];
  const auto end = std::to_chars(text, text + sizeof(text), degrees, std::chars_format::fixed).ptr;
  const std::string_view digits(text, static_cast<size_t>(end - text));
  if (ctx.reply.version() == protocol::Version::kResp3) {
    ctx.reply.Raw(fmt::format(",{}\r\n", digits));
  } else {
    ctx.reply.Bulk(digits);
  }
}

void ReplyPlace(CommandContext& ctx, geo::Place place) {
  ctx.reply.Array(2);
  ReplyCoordinate(ctx, place.longitude);
  ReplyCoordinate(ctx, place.latitude);
}

void ReplyDistance(CommandContext& ctx, double distance) {
  ctx.reply.Bulk(fmt::format("{:.4f}", distance));
}

}  // namespace larder
