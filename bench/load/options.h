// What the load generator is asked to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/load/key_sampler.h"

namespace larder::bench {

enum class Shape : uint8_t {
  kGet,
  kSet,
  kMix,    // ten GETs to a SET
  kMget,   // of `keys_per_request` keys
  kChurn,  // connect, GET, close
};

struct LoadOptions {
  uint16_t port = 6379;
  Shape shape = Shape::kGet;
  size_t connections = 50;
  size_t depth = 1;  // requests of a connection that are on their way at a time; closed loop only
  KeyOptions keys;
  size_t keys_per_request = 1;
  size_t value_bytes = 32;
  size_t requests = 0;  // 0: as many as `seconds` allow
  double seconds = 0;   // 0: until `requests` are answered
  double rate = 0;      // requests a second of all connections, open loop; 0: closed loop
};

}  // namespace larder::bench
