// The cursor and the options that SCAN, SSCAN and HSCAN share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/arg_reader.h"
#include "server/status.h"

namespace larder {

struct ScanOptions {
  uint64_t cursor = 0;
  int64_t count = 10;
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;  // SCAN only
  bool takes_novalues = false;           // HSCAN only
  bool no_values = false;

  bool Matches(std::string_view text) const;
};

// Reads a cursor as strtoul does: Redis takes "-1", "007" and nothing at all.
std::optional<uint64_t> ParseCursor(std::string_view text);

// Reads the options behind the cursor. `with_type`: TYPE is one of them.
Status ParseScanOptions(ArgReader& args, bool with_type, ScanOptions* options);

}  // namespace larder
