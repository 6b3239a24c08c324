#include "protocol/request_parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "protocol/inline_split.h"

namespace larder::protocol {
namespace {

// Reads "<digits>\r\n" of up to nine digits from `at`. Returns the byte after it, or null when it
// is anything else (incomplete, negative, malformed, huge): the careful path then says what.
const char* ReadLengthOfDigits(const char* at, const char* end, int64_t* length) {
  const char* const first = at;
  const char* const last = at + std::min<ptrdiff_t>(end - at, 9);
  uint32_t value = 0;
  while (at < last) {
    const uint32_t digit = static_cast<unsigned char>(*at) - static_cast<unsigned char>('0');
    if (digit > 9) break;
    value = value * 10 + digit;
    ++at;
  }
  if (at == first || end - at < 2 || at[0] != '\r' || at[1] != '\n') return nullptr;
  if (*first == '0' && at - first > 1) return nullptr;
  *length = value;
  return at + 2;
}

// The same, with lengths of one and two digits, which nearly all have, read without a loop.
inline const char* ReadSmallLength(const char* at, const char* end, int64_t* length) {
  if (end - at >= 4) {
    const uint32_t first = static_cast<unsigned char>(at[0]) - static_cast<unsigned char>('0');
    const uint32_t second = static_cast<unsigned char>(at[1]) - static_cast<unsigned char>('0');
    if (first <= 9 && at[1] == '\r' && at[2] == '\n') {
      *length = first;
      return at + 3;
    }
    if (first - 1 <= 8 && second <= 9 && at[2] == '\r' && at[3] == '\n') {
      *length = first * 10 + second;
      return at + 4;
    }
  }
  return ReadLengthOfDigits(at, end, length);
}

// Any 64-bit number in its one canonical form, as Redis's string2ll takes it: no blanks, no plus,
// no leading zero, no "-0".
bool ReadNumber(std::string_view text, int64_t* value) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return false;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, *value);
  return failure == std::errc() && stop == end;
}

// `lower` is in lower case.
bool EqualsIgnoringCase(std::string_view word, std::string_view lower) {
  return word.size() == lower.size() &&
         std::equal(word.begin(), word.end(), lower.begin(), [](char left, char right) {
           return (left >= 'A' && left <= 'Z' ? left - 'A' + 'a' : left) == right;
         });
}

bool IsHttp(std::string_view word) {
  return EqualsIgnoringCase(word, "post") || EqualsIgnoringCase(word, "host:");
}

}  // namespace

ParseResult RequestParser::Next(Request* request) {
  request->args.clear();
  request->start = 0;
  if (!error_.empty()) return ParseResult::kError;
  while (true) {
    Step step = Step::kDone;
    if (missing_arguments_ == 0) {
      if (position_ == buffer_.size()) return ParseResult::kMore;
      if (buffer_[position_] == '*') {
        step = ReadWhole(request);
        if (step == Step::kUnsure) step = ReadHeader();
      } else {
        step = ReadInline(request);
      }
    }
    if (step == Step::kDone && missing_arguments_ > 0) step = ReadArguments(request);
    if (step == Step::kMore) return ParseResult::kMore;
    if (step == Step::kError) return ParseResult::kError;
    const size_t start = std::exchange(request_start_, position_);
    if (request->args.empty()) continue;
    if (IsHttp(request->args[0])) {
      cross_protocol_ = true;
      request_start_ = start;
      Fail("possible cross-protocol attack");
      return ParseResult::kError;
    }
    request->start = start;
    return ParseResult::kRequest;
  }
}

// The quick path: a request that is all there. Whatever is unusual ends it at the last argument
// that was read well, and the careful path goes on from there.
RequestParser::Step RequestParser::ReadWhole(Request* request) {
  const char* const begin = buffer_.data();
  const char* const end = begin + buffer_.size();
  int64_t count = 0;
  const char* at = ReadSmallLength(begin + position_ + 1, end, &count);
  if (at == nullptr || count == 0 || count > arguments_max()) return Step::kUnsure;
  const int64_t bulk_bytes_max = this->bulk_bytes_max();
  std::vector<std::string_view>& args = request->args;
  int64_t missing = count;
  for (; missing > 0; --missing) {
    if (at == end || *at != '$') break;
    int64_t length = 0;
    const char* const bulk = ReadSmallLength(at + 1, end, &length);
    if (bulk == nullptr || length > bulk_bytes_max || end - bulk < length + 2) break;
    if (bulk[length] != '\r' || bulk[length + 1] != '\n') break;
    args.emplace_back(bulk, length);
    at = bulk + length + 2;
  }
  position_ = at - begin;
  line_scanned_ = 0;
  if (missing == 0) return Step::kDone;
  missing_arguments_ = missing;
  spans_.clear();
  for (const std::string_view arg : args) {
    spans_.push_back({arg.data() - begin - request_start_, arg.size()});
  }
  args.clear();
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadHeader() {
  std::string_view line;
  const Step step = ReadLine("too big mbulk count string", &line);
  if (step != Step::kDone) return step;
  int64_t count = 0;
  if (!ReadNumber(line.substr(1), &count) || count > kRequestArgumentsMax) {
    return Fail("invalid multibulk length");
  }
  if (count > arguments_max()) return Fail("unauthenticated multibulk length");
  missing_arguments_ = std::max<int64_t>(count, 0);
  spans_.clear();
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadArguments(Request* request) {
  while (missing_arguments_ > 0) {
    if (bulk_bytes_ < 0) {
      const Step step = ReadBulkLength();
      if (step != Step::kDone) return step;
    }
    const size_t length = static_cast<size_t>(bulk_bytes_);
    if (buffer_.size() - position_ < length + 2) return Step::kMore;
    if (buffer_[position_ + length] != '\r' || buffer_[position_ + length + 1] != '\n') {
      return Fail("expected CRLF after bulk");
    }
    spans_.push_back({position_ - request_start_, length});
    position_ += length + 2;
    bulk_bytes_ = -1;
    --missing_arguments_;
  }
  request->args.reserve(spans_.size());
  for (const Span& span : spans_) {
    request->args.push_back(buffer_.substr(request_start_ + span.offset, span.length));
  }
  if (spans_.capacity() > kSpansKept) spans_ = {};
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadBulkLength() {
  std::string_view line;
  const Step step = ReadLine("too big bulk count string", &line);
  if (step != Step::kDone) return step;
  // Of an empty line Redis shows the CR, which the reply writer makes a space.
  const char first = line.empty() ? '\r' : line[0];
  if (first != '$') return Fail(std::string("expected '$', got '") + first + "'");
  int64_t length = 0;
  if (!ReadNumber(line.substr(1), &length) || length < 0 || length > limits.bulk_bytes_max) {
    return Fail("invalid bulk length");
  }
  if (length > bulk_bytes_max()) return Fail("unauthenticated bulk length");
  bulk_bytes_ = length;
  return Step::kDone;
}

// Reads a line that ends with a CR and, as in Redis, any byte after it.
RequestParser::Step RequestParser::ReadLine(std::string_view too_long, std::string_view* line) {
  size_t length = 0;
  const Step step = FindInLine('\r', too_long, &length);
  if (step != Step::kDone) return step;
  if (buffer_.size() - position_ < length + 2) return Step::kMore;
  *line = buffer_.substr(position_, length);
  position_ += length + 2;
  line_scanned_ = 0;
  return Step::kDone;
}

// Sets *length to the count of bytes before the next `terminator`. The limit holds for complete
// lines too, else the outcome would depend on how the bytes were split.
RequestParser::Step RequestParser::FindInLine(char terminator, std::string_view too_long,
                                              size_t* length) {
  const std::string_view rest = buffer_.substr(position_, kInlineRequestBytesMax + 1);
  const std::string_view unseen = rest.substr(line_scanned_);
  const void* const found =
      unseen.empty() ? nullptr : std::memchr(unseen.data(), terminator, unseen.size());
  if (found == nullptr) {
    if (rest.size() > kInlineRequestBytesMax) return Fail(too_long);
    line_scanned_ = rest.size();
    return Step::kMore;
  }
  *length = static_cast<const char*>(found) - rest.data();
  line_scanned_ = *length;
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadInline(Request* request) {
  size_t length = 0;
  const Step step = FindInLine('\n', "too big inline request", &length);
  if (step != Step::kDone) return step;
  std::string_view line = buffer_.substr(position_, length);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_of("\"'") == std::string_view::npos) {
    SplitInPlace(line, &request->args);
  } else {
    std::vector<std::string> words;
    if (!SplitWords(line, &words)) return Fail("unbalanced quotes in request");
    // The bytes differ from those in the buffer: they live here until TakeConsumed.
    for (std::string& word : words) {
      request->args.push_back(unquoted_.emplace_back(std::move(word)));
    }
  }
  position_ += length + 1;
  line_scanned_ = 0;
  return Step::kDone;
}

// As SplitWords, for a line without quotes.
void RequestParser::SplitInPlace(std::string_view line, std::vector<std::string_view>* args) {
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsBlank(line[at])) ++at;
    if (at == line.size()) return;
    const size_t start = at;
    while (at < line.size() && !EndsWord(line[at])) ++at;
    args->push_back(line.substr(start, at - start));
  }
}

RequestParser::Step RequestParser::Fail(std::string_view error) {
  error_ = error;
  return Step::kError;
}

size_t RequestParser::TakeConsumed() {
  const size_t consumed = std::exchange(request_start_, 0);
  position_ -= consumed;
  buffer_.remove_prefix(consumed);
  unquoted_.clear();
  return consumed;
}

size_t RequestParser::bytes_wanted() const {
  if (bulk_bytes_ < 0 || !error_.empty()) return 0;
  const size_t needed = static_cast<size_t>(bulk_bytes_) + 2;
  const size_t present = buffer_.size() - position_;
  return needed > present ? needed - present : 0;
}

size_t RequestParser::memory_bytes() const {
  size_t bytes = spans_.capacity() * sizeof(Span);
  for (const std::string& word : unquoted_) bytes += sizeof(word) + word.capacity();
  return bytes;
}

}  // namespace larder::protocol
