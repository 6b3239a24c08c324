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

bool CacheOptions::Match(ArgReader& args) {
  if (args.Match("LEASE")) {
    lease = ParseToken(args.Next());
    if (!lease) args.Fail(errors::kBadToken);
    return true;
  }
  const auto match = [&args]<class T>(std::string_view name, T* value, std::string_view error) {
    if (!args.Match(name)) return false;
    *value = static_cast<T>(args.NextIntIn(1, std::numeric_limits<T>::max(), error));
    return true;
  };
  return match("SWR", &stale_seconds, errors::kBadStaleSeconds) ||
         match("SIE", &error_seconds, errors::kBadErrorSeconds) ||
         match("NEG", &negative_code, errors::kBadNegativeCode) ||
         match("COST", &cost_ms, errors::kBadCost);
}

}  // namespace larder
