#include "server/admin/request_frame.h"

#include <charconv>
#include <optional>
#include <utility>

#include "server/letter_case.h"

namespace larder::admin {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadersEnd = "\r\n\r\n";

RequestFrame Refuse(int status, std::string_view reason) {
  return {.state = RequestFrame::State::kRefused, .status = status, .reason = reason};
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<size_t> ParseLength(std::string_view text) {
  size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return length;
}

// `lines` are the headers, each with its line end. kComplete: `bytes` is the body's length.
RequestFrame ReadHeaders(std::string_view lines) {
  std::optional<size_t> length;
  bool host = false;
  size_t count = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find(kLineEnd));
    lines.remove_prefix(line.size() + kLineEnd.size());
    if (++count > kHeaderCountMax) return Refuse(431, "too many headers");
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ') {
      return Refuse(400, "a header without a name");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (EqualsIgnoreCase(name, "transfer-encoding")) {
      return Refuse(411, "send Content-Length: chunked requests are not taken");
    }
    if (EqualsIgnoreCase(name, "content-encoding")) {
      return Refuse(415, "compressed requests are not taken");
    }
    if (EqualsIgnoreCase(name, "host") && std::exchange(host, true)) {
      return Refuse(400, "more than one Host");
    }
    if (!EqualsIgnoreCase(name, "content-length")) continue;
    if (length) return Refuse(400, "more than one Content-Length");
    length = ParseLength(value);
    if (!length) return Refuse(400, "Content-Length is no number");
    if (*length > kBodyBytesMax) return Refuse(413, "the body is too long");
  }
  return {.state = RequestFrame::State::kComplete, .bytes = length.value_or(0)};
}

}  // namespace

RequestFrame FindRequest(std::string_view bytes) {
  const size_t end = bytes.find(kHeadersEnd);
  const size_t head_bytes = end == std::string_view::npos ? bytes.size() : end + kHeadersEnd.size();
  if (head_bytes > kHeaderBytesMax) return Refuse(431, "the headers are too long");
  if (end == std::string_view::npos) return {};
  if (bytes.find(kLineEnd) > kRequestLineBytesMax) return Refuse(414, "the path is too long");
  // From the end of the request line to the blank line, each header with its line end.
  const size_t first = bytes.find(kLineEnd) + kLineEnd.size();
  const size_t headers_end = end + kLineEnd.size();
  RequestFrame frame =
      ReadHeaders(first >= headers_end ? "" : bytes.substr(first, headers_end - first));
  if (frame.state != RequestFrame::State::kComplete) return frame;
  frame.bytes += head_bytes;
  if (bytes.size() < frame.bytes) return {};
  return frame;
}

}  // namespace larder::admin
