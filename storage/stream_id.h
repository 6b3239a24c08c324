// The id of a stream's entry: a time in milliseconds and a number within it, in this order.
//
// Pure functions, thread-safe.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace larder::storage {

struct StreamId {
  uint64_t ms = 0;
  uint64_t sequence = 0;

  auto operator<=>(const StreamId&) const = default;
};

inline constexpr StreamId kStreamIdMin{0, 0};
inline constexpr StreamId kStreamIdMax{UINT64_MAX, UINT64_MAX};

// The neighbours of an id; nullopt beyond the last and before the first.
std::optional<StreamId> NextId(StreamId id);
std::optional<StreamId> PreviousId(StreamId id);

// The id of a new entry behind `last` by the clock. REQUIRES: last < kStreamIdMax.
StreamId IdByClock(StreamId last, uint64_t now_ms);

// What a text names. As Redis reads it: "ms", "ms-sequence"; where `sequence_given` is passed also
// "ms-*", of which it tells. Numbers may have leading zeros, blanks and a plus.
std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_sequence,
                                      bool* sequence_given = nullptr);

// "ms-sequence".
inline constexpr size_t kStreamIdTextBytesMax = 41;
struct StreamIdText {
  char bytes[kStreamIdTextBytesMax];
  size_t size = 0;
  operator std::string_view() const { return {bytes, size}; }  // NOLINT: it is a text
};
StreamIdText FormatStreamId(StreamId id, char separator = '-');

}  // namespace larder::storage
