#include "server/commands/cache_options.h"

#include <limits>

#include "server/errors.h"
#include "storage/numbers.h"

namespace larder {

std::optional<uint64_t> ParseToken(std::string_view text) {
  const auto token = storage::ParseInteger(text);
  if (!token || *token < 1) return std::nullopt;
  return static_cast<uint64_t>(*token);
}

bool CacheOptions::Match(ArgReader& args, Status* failed) {
  if (args.Match("LEASE")) {
    lease = ParseToken(args.Next());
    if (!lease) *failed = Error(errors::kBadToken);
    return true;
  }
  const auto match = [&](std::string_view name, auto* value, std::string_view error) {
    if (!args.Match(name)) return false;
    using T = std::remove_reference_t<decltype(*value)>;
    *value = static_cast<T>(args.NextIntIn(1, std::numeric_limits<T>::max(), error));
    if (args.failed()) *failed = args.status();
    return true;
  };
  return match("SWR", &extra.stale_seconds, errors::kBadStaleSeconds) ||
         match("SIE", &extra.error_seconds, errors::kBadErrorSeconds) ||
         match("NEG", &extra.negative_code, errors::kBadNegativeCode) ||
         match("COST", &extra.cost_ms, errors::kBadCost);
}

}  // namespace larder
