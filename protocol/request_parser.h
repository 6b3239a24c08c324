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
// Requests may be read ahead of their execution, except while `limits` are those of an
// unauthenticated client: the login lifts them, so read and run one request at a time until then.
//
// Not thread-safe: one per connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace larder::protocol {

inline constexpr size_t kInlineRequestBytesMax = 64 * 1024;
inline constexpr int64_t kRequestArgumentsMax = 2147483647;  // as Redis: more is refused
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

// Views into the buffer (inline words with quotes: into the parser): valid until the buffer changes
// or TakeConsumed is called.
struct Request {
  std::vector<std::string_view> args;  // never empty: empty requests are skipped
  size_t start = 0;                    // where it begins in the bytes since the last TakeConsumed
};

class RequestParser {
 public:
  ParserLimits limits;

  // Says where the unparsed bytes are now: `buffer` holds all bytes since the last TakeConsumed.
  void Feed(std::string_view buffer) { buffer_ = buffer; }

  // Whether there are bytes that Next has not looked at yet.
  bool has_bytes() const { return position_ < buffer_.size(); }

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

  // Bytes of memory that the parser holds itself.
  size_t memory_bytes() const;

  // True when the first word was POST or Host: the sign of a cross-protocol attack (error() is
  // set).
  bool cross_protocol() const { return cross_protocol_; }

 private:
  enum class Step : uint8_t { kDone, kMore, kError, kUnsure };
  // An argument of the request in progress, from the request's start: the buffer may move.
  struct Span {
    size_t offset;
    size_t length;
  };
  // A longer list of spans is not kept for the next request.
  static constexpr size_t kSpansKept = 1024;

  Step ReadWhole(Request* request);
  Step ReadHeader();
  Step ReadArguments(Request* request);
  Step ReadBulkLength();
  Step ReadLine(std::string_view too_long, std::string_view* line);
  Step ReadInline(Request* request);
  Step FindInLine(char terminator, std::string_view too_long, size_t* length);
  static void SplitInPlace(std::string_view line, std::vector<std::string_view>* args);
  Step Fail(std::string_view error);

  int64_t arguments_max() const {
    return limits.authenticated ? kRequestArgumentsMax : kUnauthenticatedArgumentsMax;
  }
  int64_t bulk_bytes_max() const {
    if (limits.authenticated || limits.bulk_bytes_max < kUnauthenticatedBulkBytesMax) {
      return limits.bulk_bytes_max;
    }
    return kUnauthenticatedBulkBytesMax;
  }

  std::string_view buffer_;
  size_t request_start_ = 0;         // where the request in progress begins in buffer_
  size_t position_ = 0;              // the first byte not parsed yet
  size_t line_scanned_ = 0;          // bytes from position_ on that are known to end no line
  int64_t missing_arguments_ = 0;    // of the request in progress; 0 between requests
  int64_t bulk_bytes_ = -1;          // length of the argument in progress, -1 while it is not read
  std::vector<Span> spans_;          // arguments of a request that came in pieces
  std::list<std::string> unquoted_;  // words of inline requests with quotes
  std::string error_;
  bool cross_protocol_ = false;
};

}  // namespace larder::protocol
