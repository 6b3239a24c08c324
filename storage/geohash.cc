#include "storage/geohash.h"

#include <algorithm>
#include <cmath>

namespace larder::storage::geo {
namespace {

constexpr double kDegree = M_PI / 180;
constexpr double kEarthRadiusM = 6372797.560856;
constexpr double kMercatorMaxM = 20037726.37;
constexpr int kHashBits = 2 * kStepsMax;

double Radians(double degrees) { return degrees * kDegree; }
double Degrees(double radians) { return radians / kDegree; }

struct Interval {
  double min, max;
};
constexpr Interval kLongitudes = {-kLongitudeMax, kLongitudeMax};
constexpr Interval kLatitudes = {-kLatitudeMax, kLatitudeMax};
constexpr Interval kStandardLatitudes = {-90, 90};

// A cell of the grid with 2^steps columns and rows. No steps: none.
struct Cell {
  uint64_t bits = 0;  // the column's on the odd places, the row's on the even ones
  int steps = 0;

  bool operator==(const Cell&) const = default;
};

struct Area {
  Interval longitude, latitude;
};

// Spreads the bits of a number to the even places of one twice as long.
uint64_t Spread(uint32_t number) {
  uint64_t bits = number;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

// Its inverse, for the even places.
uint32_t Gather(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(bits | bits >> 16);
}

// The number of a coordinate among 2^steps equal parts of its interval.
uint32_t PartOf(double value, Interval interval, int steps) {
  const double share = (value - interval.min) / (interval.max - interval.min);
  return static_cast<uint32_t>(share * static_cast<double>(uint64_t{1} << steps));
}

Cell CellOf(Place place, int steps, Interval latitudes = kLatitudes) {
  return {Spread(PartOf(place.latitude, latitudes, steps)) |
              Spread(PartOf(place.longitude, kLongitudes, steps)) << 1,
          steps};
}

Interval PartInterval(uint32_t part, Interval interval, int steps) {
  const double scale = interval.max - interval.min;
  const auto parts = static_cast<double>(uint64_t{1} << steps);
  return {interval.min + (part * 1.0 / parts) * scale,
          interval.min + ((static_cast<double>(part) + 1) * 1.0 / parts) * scale};
}

Area AreaOf(Cell cell) {
  return {PartInterval(Gather(cell.bits >> 1), kLongitudes, cell.steps),
          PartInterval(Gather(cell.bits), kLatitudes, cell.steps)};
}

// The number of the column or row beside one, around the Earth where the grid ends. A number beyond
// the grid, as its very edge has, stays as it is without a move.
uint64_t Moved(uint64_t number, int by, int steps) {
  return by == 0 ? number : (number + static_cast<uint64_t>(by)) & ((uint64_t{1} << steps) - 1);
}

// The cell so many columns and rows away, each -1, 0 or 1.
Cell Neighbour(Cell cell, int columns, int rows) {
  const uint64_t column = Moved(Gather(cell.bits >> 1), columns, cell.steps);
  const uint64_t row = Moved(Gather(cell.bits), rows, cell.steps);
  return {Spread(static_cast<uint32_t>(row)) | Spread(static_cast<uint32_t>(column)) << 1,
          cell.steps};
}

double LatitudeDistance(double a, double b) {
  return kEarthRadiusM * std::fabs(Radians(b) - Radians(a));
}

// How fine a grid may be so that a cell and its neighbours cover a radius.
int StepsFor(double radius_m, double latitude) {
  if (radius_m == 0) return kStepsMax;
  int steps = 1;
  for (; radius_m < kMercatorMaxM; radius_m *= 2) ++steps;
  steps -= 2;  // so that the radius is covered in most cases
  // Columns become narrow towards the poles.
  if (latitude > 66 || latitude < -66) --steps;
  if (latitude > 80 || latitude < -80) --steps;
  return std::clamp(steps, 1, kStepsMax);
}

Area BoundsOf(const Shape& shape) {
  const Place center = shape.center;
  const double height = shape.box ? shape.height_m / 2 : shape.radius_m;
  const double width = shape.box ? shape.width_m / 2 : shape.radius_m;
  const double latitude_delta = Degrees(height / kEarthRadiusM);
  const double top =
      Degrees(width / kEarthRadiusM / std::cos(Radians(center.latitude + latitude_delta)));
  const double bottom =
      Degrees(width / kEarthRadiusM / std::cos(Radians(center.latitude - latitude_delta)));
  const double longitude_delta = center.latitude < 0 ? bottom : top;
  return {{center.longitude - longitude_delta, center.longitude + longitude_delta},
          {center.latitude - latitude_delta, center.latitude + latitude_delta}};
}

// Whether the cells around one reach less far than the bounds.
bool FallsShort(Cell cell, const Area& bounds) {
  return AreaOf(Neighbour(cell, 0, 1)).latitude.max < bounds.latitude.max ||
         AreaOf(Neighbour(cell, 0, -1)).latitude.min > bounds.latitude.min ||
         AreaOf(Neighbour(cell, 1, 0)).longitude.max < bounds.longitude.max ||
         AreaOf(Neighbour(cell, -1, 0)).longitude.min > bounds.longitude.min;
}

HashRange RangeOf(Cell cell) {
  const int shift = kHashBits - 2 * cell.steps;
  return {cell.bits << shift, (cell.bits + 1) << shift};
}

}  // namespace

double Distance(Place a, Place b) {
  const double v = std::sin((Radians(b.longitude) - Radians(a.longitude)) / 2);
  if (v == 0) return LatitudeDistance(a.latitude, b.latitude);
  const double latitude_a = Radians(a.latitude), latitude_b = Radians(b.latitude);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  const double square = u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v;
  return 2.0 * kEarthRadiusM * std::asin(std::sqrt(square));
}

uint64_t Encode(Place place) { return CellOf(place, kStepsMax).bits; }

Place Decode(uint64_t hash) {
  const Area area = AreaOf({hash, kStepsMax});
  return {std::clamp((area.longitude.min + area.longitude.max) / 2, -kLongitudeMax, kLongitudeMax),
          std::clamp((area.latitude.min + area.latitude.max) / 2, -kLatitudeMax, kLatitudeMax)};
}

std::string Letters(Place place) {
  constexpr char kAlphabet[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr int kLetters = 11, kLetterBits = 5;
  const uint64_t bits = CellOf(place, kStepsMax, kStandardLatitudes).bits;
  std::string letters;
  for (int i = 1; i < kLetters; ++i) {
    letters += kAlphabet[bits >> (kHashBits - i * kLetterBits) & 31];
  }
  return letters += kAlphabet[0];  // 52 bits are ten letters and two bits
}

std::optional<double> Shape::DistanceWithin(Place place) const {
  if (!box) {
    const double distance = Distance(center, place);
    return distance > radius_m ? std::nullopt : std::optional(distance);
  }
  if (LatitudeDistance(place.latitude, center.latitude) > height_m / 2) return std::nullopt;
  const Place beside = {center.longitude, place.latitude};
  if (Distance(place, beside) > width_m / 2) return std::nullopt;
  return Distance(center, place);
}

HashRanges Cover(const Shape& shape) {
  const Area bounds = BoundsOf(shape);
  const double radius_m = shape.box ? std::sqrt(shape.width_m / 2 * (shape.width_m / 2) +
                                                shape.height_m / 2 * (shape.height_m / 2))
                                    : shape.radius_m;
  int steps = StepsFor(radius_m, shape.center.latitude);
  Cell cell = CellOf(shape.center, steps);
  if (steps > 1 && FallsShort(cell, bounds)) cell = CellOf(shape.center, --steps);

  // Sides of the cell that reach beyond the bounds: nothing there is within.
  const Area area = AreaOf(cell);
  const bool prune = steps >= 2;
  const bool no_south = prune && area.latitude.min < bounds.latitude.min;
  const bool no_north = prune && area.latitude.max > bounds.latitude.max;
  const bool no_west = prune && area.longitude.min < bounds.longitude.min;
  const bool no_east = prune && area.longitude.max > bounds.longitude.max;

  constexpr struct {
    int columns, rows;
  } kOrder[] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
  HashRanges found{};
  Cell last;
  for (const auto [columns, rows] : kOrder) {
    if ((rows < 0 && no_south) || (rows > 0 && no_north)) continue;
    if ((columns < 0 && no_west) || (columns > 0 && no_east)) continue;
    const Cell next = Neighbour(cell, columns, rows);
    // Of a huge shape neighbours can be the same cell.
    if (found.count > 1 && next == last) continue;
    last = next;
    found.ranges[found.count++] = RangeOf(next);
  }
  return found;
}

}  // namespace larder::storage::geo
