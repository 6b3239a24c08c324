// What SET says about its value as a cache's entry: SWR, SIE, NEG, COST; and LEASE.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/arg_reader.h"

namespace larder {

struct CacheOptions {
  uint32_t stale_seconds = 0, error_seconds = 0, cost_ms = 0;  // as storage::Extra has them
  uint16_t negative_code = 0;
  std::optional<uint64_t> lease;  // the token that the value may be written with

  // Consumes an option and its operand if the next argument is one. What is wrong with the operand
  // is kept by `args`.
  bool Match(ArgReader& args);
};

// A lease's token: decimal, from 1 to 2^63 - 1.
std::optional<uint64_t> ParseToken(std::string_view text);

}  // namespace larder
