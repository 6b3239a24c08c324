#include "storage/stream_id.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "storage/numbers.h"

namespace larder::storage {
namespace {

constexpr size_t kTextBytesMax = 127;  // that is looked at; as Redis

// The whole of a C string as an unsigned number, as strtoull reads it; a negative one is refused
// only where it is spelled plainly.
std::optional<uint64_t> ReadNumber(const char* text) {
  if (const auto plain = ParseInteger(text)) {
    return *plain < 0 ? std::nullopt : std::optional<uint64_t>(static_cast<uint64_t>(*plain));
  }
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(text, &end, 10);
  if (errno != 0 || *text == '\0' || *end != '\0') return std::nullopt;
  return number;
}

}  // namespace

std::optional<StreamId> NextId(StreamId id) {
  if (id == kStreamIdMax) return std::nullopt;
  if (id.sequence != UINT64_MAX) return StreamId{id.ms, id.sequence + 1};
  return StreamId{id.ms + 1, 0};
}

std::optional<StreamId> PreviousId(StreamId id) {
  if (id == kStreamIdMin) return std::nullopt;
  if (id.sequence != 0) return StreamId{id.ms, id.sequence - 1};
  return StreamId{id.ms - 1, UINT64_MAX};
}

StreamId IdByClock(StreamId last, uint64_t now_ms) {
  return now_ms > last.ms ? StreamId{now_ms, 0} : NextId(last).value_or(last);
}

std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_sequence,
                                      bool* sequence_given) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  char buffer[kTextBytesMax + 1];
  if (!text.empty()) std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  char* const dash = std::strchr(buffer, '-');
  if (dash != nullptr) *dash = '\0';
  if (sequence_given != nullptr) *sequence_given = true;
  const auto ms = ReadNumber(buffer);
  if (!ms) return std::nullopt;
  if (dash == nullptr) return StreamId{*ms, missing_sequence};
  if (sequence_given != nullptr && std::strcmp(dash + 1, "*") == 0) {
    *sequence_given = false;
    return StreamId{*ms, 0};
  }
  const auto sequence = ReadNumber(dash + 1);
  if (!sequence) return std::nullopt;
  return StreamId{*ms, *sequence};
}

StreamIdText FormatStreamId(StreamId id, char separator) {
  StreamIdText text;
  char* const end = text.bytes + sizeof(text.bytes);
  char* at = std::to_chars(text.bytes, end, id.ms).ptr;
  *at++ = separator;
  at = std::to_chars(at, end, id.sequence).ptr;
  text.size = static_cast<size_t>(at - text.bytes);
  return text;
}

}  // namespace larder::storage
