// The expiry options that SET, GETEX, MSETEX and their kin share: EX, PX, EXAT, PXAT, and KEEPTTL
// or PERSIST.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/arg_reader.h"
#include "server/status.h"

namespace larder {

struct ExpiryOption {
  enum class Kind : uint8_t { kNone, kEx, kPx, kExAt, kPxAt, kKeepTtl, kPersist };
  Kind kind = Kind::kNone;
  std::string_view time;  // of the first four, as it was given

  bool has_time() const { return kind >= Kind::kEx && kind <= Kind::kPxAt; }
  bool absolute() const { return kind == Kind::kExAt || kind == Kind::kPxAt; }

  // Consumes the option if the next argument is one (`without_time` says which of KEEPTTL and
  // PERSIST is allowed) that does not contradict an earlier one. The last of equals counts.
  bool Match(ArgReader& args, Kind without_time);

  // The Unix time in milliseconds. `command` is named by the error. REQUIRES: has_time().
  Status Resolve(int64_t now_ms, std::string_view command, int64_t* expire_at_ms) const;
};

// As Resolve, for a number that is already apart from its option.
Status ResolveExpiry(std::string_view time, bool seconds, bool relative, int64_t now_ms,
                     std::string_view command, int64_t* expire_at_ms);

}  // namespace larder
