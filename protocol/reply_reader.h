// Decodes replies (RESP2 and RESP3): for script calls, tests and tools.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::protocol {

struct Reply {
  enum class Type : uint8_t {
    kSimple,
    kError,
    kInteger,
    kBulk,
    kNull /* $-1 or _ */,
    kNullArray /* *-1 */,
    kArray,
    kSet,
    kMap,
    kPush,
    kDouble,
    kBoolean,
    kVerbatim,
    kBigNumber,
    kAttribute
  };
  Type type = Type::kNull;
  std::string text;     // simple, error (without dash), bulk, verbatim (without its format), big
                        // number, double as sent
  int64_t integer = 0;  // integer, boolean
  double number = 0;    // double
  std::vector<Reply> items;  // array, set, push; a map's keys and values in turn
};

// Nesting deeper than this is refused.
inline constexpr int kReplyDepthMax = 128;

// Reads one reply from the front of `bytes` and drops it from there. False when it is incomplete
// (then `bytes` is unchanged) or malformed (then *malformed is set).
bool ReadReply(std::string_view* bytes, Reply* reply, bool* malformed);

}  // namespace larder::protocol
