// What SET says about its value as a cache's entry: SWR, SIE, NEG, COST; and LEASE.
#pragma once

#include <cstdint>
#include <optional>

#include "server/arg_reader.h"
#include "server/status.h"
#include "storage/entry_extra.h"

namespace larder {

struct CacheOptions {
  storage::Extra extra;
  std::optional<uint64_t> lease;  // the token that the value may be written with

  // Consumes an option and its argument if the next argument is one. `*failed` says what is wrong
  // with the argument.
  bool Match(ArgReader& args, Status* failed);
};

// A lease's token: decimal, from 1 to 2^63 - 1.
std::optional<uint64_t> ParseToken(std::string_view text);

}  // namespace larder
