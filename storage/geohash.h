// Places on Earth as 52-bit numbers whose order keeps near ones together (geohashes), and the areas
// that such numbers stand for. As Redis has them, so that scores and answers are equal to the bit;
// the source of the method is the public geohash-int of Yinqiwen, on which Redis's is built.
//
// Pure functions, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace larder::storage::geo {

// Degrees. The limits are those of the Mercator projection.
inline constexpr double kLongitudeMax = 180;
inline constexpr double kLatitudeMax = 85.05112878;
inline constexpr int kStepsMax = 26;  // bits of each coordinate

struct Place {
  double longitude = 0, latitude = 0;

  bool valid() const {
    return longitude >= -kLongitudeMax && longitude <= kLongitudeMax && latitude >= -kLatitudeMax &&
           latitude <= kLatitudeMax;
  }
};

// Metres, along a great circle.
double Distance(Place a, Place b);

// REQUIRES: place.valid().
uint64_t Encode(Place place);
// The middle of the smallest cell with that number; any number has one.
Place Decode(uint64_t hash);
// The eleven letters of a standard geohash.
std::string Letters(Place place);

// A circle, or a box of so many metres from west to east and from south to north.
struct Shape {
  Place center;
  double radius_m = 0;  // of a circle; 0 of a box
  double width_m = 0, height_m = 0;
  bool box = false;

  // How far a place within the shape is from its center; nothing outside.
  std::optional<double> DistanceWithin(Place place) const;
};

// Numbers from `min` to below `max`.
struct HashRange {
  uint64_t min, max;
};
struct HashRanges {
  std::array<HashRange, 9> ranges;
  size_t count = 0;
};

// Ranges that together cover a shape, in the order in which Redis looks at them: the cell of its
// center and those around.
HashRanges Cover(const Shape& shape);

}  // namespace larder::storage::geo
