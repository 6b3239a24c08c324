#include "protocol/reply_reader.h"

#include <charconv>
#include <optional>
#include <utility>

namespace larder::protocol {
namespace {

// Reads replies from the front of the bytes; stops for good at the first gap or fault.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool Read(Reply* reply, int depth);
  std::string_view rest() const { return rest_; }
  bool malformed() const { return malformed_; }

 private:
  bool Malformed() {
    malformed_ = true;
    return false;
  }
  bool ReadLine(std::string_view* line);
  bool ReadScalar(char type, std::string_view line, Reply* reply);
  bool ReadLength(std::string_view line, int64_t* length);
  bool ReadBulk(char type, std::string_view line, Reply* reply);
  bool ReadItems(char type, std::string_view line, Reply* reply, int depth);

  std::string_view rest_;
  bool malformed_ = false;
};

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool IsWholeNumber(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool Reader::Read(Reply* reply, int depth) {
  *reply = Reply();
  if (rest_.empty()) return false;
  if (depth > kReplyDepthMax) return Malformed();
  const char type = rest_[0];
  constexpr std::string_view kTypes = "+-:,#_($=!*~>%|";
  if (kTypes.find(type) == std::string_view::npos) return Malformed();
  std::string_view line;
  if (!ReadLine(&line)) return false;
  switch (type) {
    case '$':
    case '=':
    case '!':
      return ReadBulk(type, line, reply);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      return ReadItems(type, line, reply, depth);
    default:
      return ReadScalar(type, line, reply);
  }
}

// Takes a line off the front: *line is what is between its type and its CRLF.
bool Reader::ReadLine(std::string_view* line) {
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos) return false;
  if (end < 2 || rest_[end - 1] != '\r') return Malformed();
  *line = rest_.substr(1, end - 2);
  rest_.remove_prefix(end + 1);
  return true;
}

bool Reader::ReadScalar(char type, std::string_view line, Reply* reply) {
  reply->text = line;
  switch (type) {
    case '+':
      reply->type = Reply::Type::kSimple;
      return true;
    case '-':
      reply->type = Reply::Type::kError;
      return true;
    case ':': {
      const auto value = ParseNumber<int64_t>(line);
      if (!value) return Malformed();
      *reply = {.type = Reply::Type::kInteger, .integer = *value};
      return true;
    }
    case ',': {
      const auto value = ParseNumber<double>(line);
      if (!value) return Malformed();
      reply->type = Reply::Type::kDouble;
      reply->number = *value;
      return true;
    }
    case '#':
      if (line != "t" && line != "f") return Malformed();
      *reply = {.type = Reply::Type::kBoolean, .integer = line == "t" ? 1 : 0};
      return true;
    case '_':
      reply->type = Reply::Type::kNull;
      return line.empty() || Malformed();
    default:
      reply->type = Reply::Type::kBigNumber;
      return IsWholeNumber(line) || Malformed();
  }
}

bool Reader::ReadLength(std::string_view line, int64_t* length) {
  const auto value = ParseNumber<int64_t>(line);
  if (!value || *value < -1) return Malformed();
  *length = *value;
  return true;
}

bool Reader::ReadBulk(char type, std::string_view line, Reply* reply) {
  int64_t length = 0;
  if (!ReadLength(line, &length)) return false;
  if (length == -1) return type == '$' || Malformed();  // a Reply is kNull from the start
  if (rest_.size() < 2 || rest_.size() - 2 < static_cast<size_t>(length)) return false;
  std::string_view text = rest_.substr(0, length);
  if (rest_.substr(length, 2) != "\r\n") return Malformed();
  rest_.remove_prefix(length + 2);
  if (type == '=') {
    if (text.size() < 4 || text[3] != ':') return Malformed();
    text.remove_prefix(4);
  }
  reply->type = type == '$'   ? Reply::Type::kBulk
                : type == '=' ? Reply::Type::kVerbatim
                              : Reply::Type::kError;
  reply->text = text;
  return true;
}

bool Reader::ReadItems(char type, std::string_view line, Reply* reply, int depth) {
  int64_t length = 0;
  if (!ReadLength(line, &length)) return false;
  if (length == -1) {
    reply->type = Reply::Type::kNullArray;
    return type == '*' || Malformed();
  }
  reply->type = type == '*'   ? Reply::Type::kArray
                : type == '~' ? Reply::Type::kSet
                : type == '>' ? Reply::Type::kPush
                : type == '%' ? Reply::Type::kMap
                              : Reply::Type::kAttribute;
  const bool pairs = type == '%' || type == '|';
  if (pairs && length > INT64_MAX / 2) return Malformed();
  // No reserve: the length is only a claim until the items are there.
  for (int64_t missing = pairs ? 2 * length : length; missing > 0;) {
    Reply item;
    if (!Read(&item, depth + 1)) return false;
    // An attribute belongs to the item after it and does not count.
    if (item.type != Reply::Type::kAttribute) --missing;
    reply->items.push_back(std::move(item));
  }
  return true;
}

}  // namespace

bool ReadReply(std::string_view* bytes, Reply* reply, bool* malformed) {
  Reader reader(*bytes);
  const bool complete = reader.Read(reply, 1);
  *malformed = reader.malformed();
  if (complete) *bytes = reader.rest();
  return complete;
}

}  // namespace larder::protocol
