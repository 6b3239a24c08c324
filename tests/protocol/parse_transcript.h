// What a RequestParser makes of bytes that arrive in given pieces, as a list of texts that can be
// compared: for the tests and the fuzz target of "any split gives the same requests".
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/request_parser.h"

namespace larder::protocol {

struct Transcript {
  std::vector<std::string> lines;  // one a request ("27:[SET][k][v]", 27 its start), then the error
  size_t consumed = 0;

  bool operator==(const Transcript&) const = default;
};

// Plays a connection: each piece is fed in a new block of exactly its size, so that a sanitizer
// sees every read of a stale or too short buffer.
class PieceFeeder {
 public:
  // `take_each` says whether consumed bytes are taken after each request or after each piece.
  PieceFeeder(std::string_view bytes, const ParserLimits& limits, bool take_each)
      : bytes_(bytes), take_each_(take_each) {
    parser_.limits = limits;
  }

  // Feeds the bytes up to `end`. False after an error.
  bool FeedUpTo(size_t end) {
    Feed(end);
    ParseResult result = parser_.Next(&request_);
    for (; result == ParseResult::kRequest; result = parser_.Next(&request_)) {
      std::string line = std::to_string(transcript_.consumed + request_.start) + ":";
      for (const std::string_view arg : request_.args) line.append("[").append(arg).append("]");
      transcript_.lines.push_back(std::move(line));
      if (!take_each_) continue;
      transcript_.consumed += parser_.TakeConsumed();
      Feed(end);
    }
    transcript_.consumed += parser_.TakeConsumed();
    if (result == ParseResult::kError) transcript_.lines.emplace_back(parser_.error());
    return result != ParseResult::kError;
  }

  Transcript& transcript() { return transcript_; }

 private:
  void Feed(size_t end) {
    const size_t size = end - transcript_.consumed;
    auto block = std::make_unique_for_overwrite<char[]>(size);
    if (size > 0) std::memcpy(block.get(), bytes_.data() + transcript_.consumed, size);
    block_ = std::move(block);
    parser_.Feed({block_.get(), size});
  }

  std::string_view bytes_;
  bool take_each_;
  RequestParser parser_;
  Request request_;
  std::unique_ptr<char[]> block_;
  Transcript transcript_;
};

// `cuts` are ascending and at most bytes.size().
inline Transcript ParseInPieces(std::string_view bytes, const std::vector<size_t>& cuts,
                                const ParserLimits& limits = {}, bool take_each = false) {
  PieceFeeder feeder(bytes, limits, take_each);
  for (const size_t cut : cuts) {
    if (!feeder.FeedUpTo(cut)) return std::move(feeder.transcript());
  }
  feeder.FeedUpTo(bytes.size());
  return std::move(feeder.transcript());
}

}  // namespace larder::protocol
