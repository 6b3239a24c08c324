// Splits the bytes a client sends into requests: RESP arrays of bulk strings, or inline commands.
//
// The parser works in place on a buffer that the connection owns: arguments are views into it, with
// no copy and no allocation once warmed up. Any split of the bytes gives the same requests: what
// has been parsed of an incomplete request is kept, and no byte is scanned twice.
//
//   parser.Feed(buffer)         // after bytes were appended (the buffer may have moved)
//   while (parser.Next(&request) == ParseResult::kRequest) Run(request.args);
//   buffer.erase(parser.TakeConsumed())
//
// Not thread-safe: one per connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::protocol {

inline constexpr size_t kInlineRequestBytesMax = 64 * 1024;
inline constexpr int64_t kRequestArgumentsMax =
    1024 * 1024 * 1024;  // INT_MAX in 7.0; *3000000000 refused
inline constexpr int64_t kUnauthenticatedArgumentsMax = 10;
inline constexpr int64_t kUnauthenticatedBulkBytesMax = 16384;

struct ParserLimits {
  int64_t bulk_bytes_max = 512LL * 1024 * 1024;  // proto-max-bulk-len
  bool authenticated = true;                     // false: the two kUnauthenticated… limits hold
};

enum class ParseResult : uint8_t {
  kRequest,  // one request was read
  kMore,     // the bytes end within a request (or at its border)
  kError,    // error() says why; the connection answers it and closes
};

// Views into the buffer: valid until the buffer changes.
struct Request {
  std::vector<std::string_view> args;  // never empty: empty requests are skipped
  size_t bytes = 0;                    // its length on the wire
};

class RequestParser {
 public:
  ParserLimits limits;

  // Says where the unparsed bytes are now: `buffer` holds all bytes since the last TakeConsumed.
  void Feed(std::string_view buffer) { buffer_ = buffer; }

  // Reads the next request. `request` is reused: its vector keeps its capacity.
  ParseResult Next(Request* request);

  // The text after "ERR Protocol error: " of a kError (for the unauthenticated limits too).
  std::string_view error() const { return error_; }

  // Bytes of complete requests since the last call, which the caller may now drop from the front of
  // the buffer. The parser's offsets move with it; call Feed again before Next.
  size_t TakeConsumed();

  // Bytes still missing of a large argument whose length is known, or 0: for growing the buffer
  // once.
  size_t bytes_wanted() const;

  // True when the first word was POST or Host: the sign of a cross-protocol attack (error() is
  // set).
  bool cross_protocol() const { return cross_protocol_; }

 private:
  // The state between two Next calls is private to request_parser.cc's author: adapt freely.
  std::string_view buffer_;
  size_t position_ = 0;
  std::string error_;
  bool cross_protocol_ = false;
};

}  // namespace larder::protocol
