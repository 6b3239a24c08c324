// Where a request ends among the bytes that a client has sent, so that only whole requests within
// the limits are looked at any further, and nobody waits for a slow client.
#pragma once

#include <cstddef>
#include <string_view>

namespace larder::admin {

inline constexpr size_t kRequestLineBytesMax = 4096;
inline constexpr size_t kHeaderBytesMax = 16 * 1024;  // the request line and all headers
inline constexpr size_t kHeaderCountMax = 100;
inline constexpr size_t kBodyBytesMax = 256 * 1024;

struct RequestFrame {
  enum class State { kIncomplete, kComplete, kRefused };
  State state = State::kIncomplete;
  size_t bytes = 0;         // kComplete: of the request
  int status = 0;           // kRefused: what to answer before closing
  std::string_view reason;  // likewise
};

// O(bytes), of which there are at most kHeaderBytesMax + kBodyBytesMax.
RequestFrame FindRequest(std::string_view bytes);

}  // namespace larder::admin
