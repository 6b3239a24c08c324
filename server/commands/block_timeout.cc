#include "server/commands/block_timeout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "storage/numbers.h"

namespace larder {
namespace {

constexpr std::string_view kNotATimeout = "ERR timeout is not a float or out of range";
constexpr std::string_view kNotMilliseconds = "ERR timeout is not an integer or out of range";
constexpr std::string_view kNegativeTimeout = "ERR timeout is negative";
constexpr std::string_view kTimeoutOutOfRange = "ERR timeout is out of range";
constexpr int64_t kTimeoutMsMax = std::numeric_limits<int64_t>::max() / 4000;

}  // namespace

Status ParseBlockTimeout(std::string_view text, int64_t* timeout_us) {
  const auto seconds = storage::ParseLongDouble(text);
  if (!seconds) return Error(kNotATimeout);
  const long double timeout_ms = std::ceil(*seconds * 1000);
  if (timeout_ms > static_cast<long double>(std::numeric_limits<int64_t>::max())) {
    return Error(kTimeoutOutOfRange);
  }
  if (timeout_ms < 0) return Error(kNegativeTimeout);
  *timeout_us = std::min(static_cast<int64_t>(timeout_ms), kTimeoutMsMax) * 1000;
  return Ok();
}

Status ParseBlockMilliseconds(std::string_view text, int64_t* timeout_us) {
  const auto timeout_ms = storage::ParseInteger(text);
  if (!timeout_ms) return Error(kNotMilliseconds);
  if (*timeout_ms < 0) return Error(kNegativeTimeout);
  *timeout_us = std::min(*timeout_ms, kTimeoutMsMax) * 1000;
  return Ok();
}

}  // namespace larder
