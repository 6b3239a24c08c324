#include "protocol/reply_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace larder::protocol {
namespace {

constexpr size_t kLineBytesMax = 24;  // a type, 20 digits, CR and LF
constexpr size_t kDoubleBytesMax = 40;

char* WriteNumber(char* at, int64_t value) {
  if (value >= 0 && value < 10) {
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  return std::to_chars(at, at + 20, value).ptr;
}

char* WriteLineEnd(char* at) {
  at[0] = '\r';
  at[1] = '\n';
  return at + 2;
}

// Writes e.g. "$12\r\n" and returns the byte after it.
char* WriteLine(char* at, char type, int64_t value) {
  *at = type;
  return WriteLineEnd(WriteNumber(at + 1, value));
}

char* WriteBytes(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

// Appends a line with the bytes of `text` that would break it made spaces.
void AppendLine(ByteBlock& tail, char type, std::string_view text) {
  char* at = tail.Reserve(text.size() + 3);
  *at++ = type;
  at = std::replace_copy_if(
      text.begin(), text.end(), at,
      [](char byte) { return byte == '\r' || byte == '\n' || byte == '\0'; }, ' ');
  tail.CommitTo(WriteLineEnd(at));
}

}  // namespace

void ReplyWriter::Simple(std::string_view text) { AppendLine(out_->tail(), '+', text); }

void ReplyWriter::Error(std::string_view text) {
  const size_t first = std::min(text.find_first_not_of("\r\n"), text.size());
  const size_t end = text.find_last_not_of("\r\n") + 1;
  AppendLine(out_->tail(), '-', text.substr(first, end > first ? end - first : 0));
}

void ReplyWriter::Integer(int64_t value) { Header(':', value); }

void ReplyWriter::Bulk(std::string_view bytes) {
  ByteBlock& tail = out_->tail();
  char* at = tail.Reserve(kLineBytesMax + bytes.size() + 2);
  at = WriteLine(at, '$', static_cast<int64_t>(bytes.size()));
  tail.CommitTo(WriteLineEnd(WriteBytes(at, bytes)));
}

void ReplyWriter::BulkPinned(std::string_view bytes, Pin pin) {
  if (bytes.size() < kPinnedBytesMin || open_ > 0) {
    Bulk(bytes);
    return;
  }
  Header('$', static_cast<int64_t>(bytes.size()));
  out_->AppendPinned(bytes, std::move(pin));
  out_->Append("\r\n");
}

void ReplyWriter::BulkInteger(int64_t value) {
  char digits[24];
  Bulk({digits, static_cast<size_t>(WriteNumber(digits, value) - digits)});
}

void ReplyWriter::Null() { Raw(version_ == Version::kResp3 ? "_\r\n" : "$-1\r\n"); }

void ReplyWriter::NullArray() { Raw(version_ == Version::kResp3 ? "_\r\n" : "*-1\r\n"); }

void ReplyWriter::Array(int64_t elements) { Header('*', elements); }

void ReplyWriter::Set(int64_t elements) { Aggregate('~', elements); }

void ReplyWriter::Map(int64_t pairs) { Aggregate('%', pairs); }

void ReplyWriter::Record(int64_t fields) {
  Aggregate(version_ == Version::kResp3 ? '%' : '*', fields);
}

void ReplyWriter::Field(std::string_view name) {
  if (version_ == Version::kResp3) Bulk(name);
}

void ReplyWriter::Push(int64_t elements) { Aggregate('>', elements); }

void ReplyWriter::Attribute(int64_t pairs) { Aggregate('|', pairs); }

void ReplyWriter::Double(double value) {
  char text[kDoubleBytesMax];
  const std::string_view written(text, FormatDouble(value, text));
  if (version_ == Version::kResp2) return Bulk(written);
  AppendLine(out_->tail(), ',', written);
}

void ReplyWriter::Boolean(bool value) {
  if (version_ == Version::kResp2) return Integer(value ? 1 : 0);
  Raw(value ? "#t\r\n" : "#f\r\n");
}

void ReplyWriter::Verbatim(std::string_view format, std::string_view text) {
  if (version_ == Version::kResp2) return Bulk(text);
  char prefix[] = "   :";
  std::copy_n(format.data(), std::min<size_t>(format.size(), 3), prefix);
  Header('=', static_cast<int64_t>(text.size()) + 4);
  out_->Append(std::string_view(prefix, 4));
  out_->Append(text);
  out_->Append("\r\n");
}

void ReplyWriter::BigNumber(std::string_view digits) {
  if (version_ == Version::kResp2) return Bulk(digits);
  AppendLine(out_->tail(), '(', digits);
}

ReplyWriter::Later ReplyWriter::Open(char type) {
  ++open_;
  const Later mark = {out_->tail().size(), type};
  Header(type, 0);
  return mark;
}

// The header was written with one digit. Only a longer length moves the bytes after it.
void ReplyWriter::Finish(Later mark, int64_t elements_or_pairs) {
  --open_;
  const auto [type, length] = OnTheWire(mark.type, elements_or_pairs);
  char line[kLineBytesMax];
  const size_t line_bytes = WriteLine(line, type, length) - line;
  out_->tail().Replace(mark.offset, std::strlen("*0\r\n"), {line, line_bytes});
}

void ReplyWriter::Header(char type, int64_t length) {
  ByteBlock& tail = out_->tail();
  tail.CommitTo(WriteLine(tail.Reserve(kLineBytesMax), type, length));
}

void ReplyWriter::Aggregate(char type, int64_t length) {
  const auto [wire_type, wire_length] = OnTheWire(type, length);
  Header(wire_type, wire_length);
}

std::pair<char, int64_t> ReplyWriter::OnTheWire(char type, int64_t length) const {
  if (version_ == Version::kResp3) return {type, length};
  const bool pairs = type == '%' || type == '|';
  return {'*', pairs ? 2 * length : length};
}

size_t FormatDouble(double value, char* out) {
  if (std::isnan(value)) {
    std::memcpy(out, "nan", 3);  // whatever its sign
    return 3;
  }
  // A whole number of up to 17 digits prints as an integer: the common case of scores. Not -0.
  constexpr double kWholeBelow = 1e17;
  if (value > -kWholeBelow && value < kWholeBelow) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
      return WriteNumber(out, whole) - out;
    }
  }
  constexpr int kDigits = 17;
  return std::to_chars(out, out + kDoubleBytesMax, value, std::chars_format::general, kDigits).ptr -
         out;
}

}  // namespace larder::protocol
