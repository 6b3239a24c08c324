#include "storage/dump_packed.h"

#include <bit>
#include <cstring>
#include <optional>

#include "storage/numbers.h"
#include "storage/packed_element.h"

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLongLength = 254;  // four bytes of length follow
constexpr size_t kListpackHeaderBytes = 6;
constexpr size_t kZiplistHeaderBytes = 10;
constexpr size_t kCountUnknown = 65535;  // more elements than the header can tell
constexpr size_t kZipmapCountUnknown = 254;
constexpr size_t kIntsetHeaderBytes = 8;

uint8_t ByteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// REQUIRES: the bytes are there.
template <class T>
T LoadAt(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Takes bytes from the front of what is left, or none when there are too few.
class Cursor {
 public:
  explicit Cursor(std::string_view left) : left_(left) {}

  bool AtEnd() const { return left_.size() == 1 && ByteAt(left_, 0) == kEnd; }
  size_t left() const { return left_.size(); }
  const char* position() const { return left_.data(); }

  template <class T>
  std::optional<T> Number() {
    if (left_.size() < sizeof(T)) return std::nullopt;
    const T value = LoadAt<T>(left_, 0);
    left_.remove_prefix(sizeof(T));
    return value;
  }
  std::optional<std::string_view> Text(size_t length) {
    if (left_.size() < length) return std::nullopt;
    const std::string_view text = left_.substr(0, length);
    left_.remove_prefix(length);
    return text;
  }
  // A length of 1 byte, or of 4 behind the byte 254.
  std::optional<size_t> ShortOrLong() {
    const auto first = Number<uint8_t>();
    if (!first || *first == kEnd) return std::nullopt;
    if (*first < kLongLength) return *first;
    const auto length = Number<uint32_t>();
    return length ? std::optional<size_t>(*length) : std::nullopt;
  }

 private:
  std::string_view left_;
};

// ---- ziplists

constexpr uint8_t kZipText14 = 0x40;
constexpr uint8_t kZipText32 = 0x80;
constexpr uint8_t kZipNumber = 0xc0;
constexpr uint8_t kZipInt16 = 0xc0;
constexpr uint8_t kZipInt24 = 0xf0;
constexpr uint8_t kZipInt32 = 0xd0;
constexpr uint8_t kZipInt64 = 0xe0;
constexpr uint8_t kZipInt8 = 0xfe;
constexpr uint8_t kZipZero = 0xf1;
constexpr uint8_t kZipTwelve = 0xfd;

template <class T>
std::optional<int64_t> NumberFrom(Cursor& cursor) {
  const auto value = cursor.Number<T>();
  return value ? std::optional<int64_t>(*value) : std::nullopt;
}

std::optional<int64_t> ZiplistInt24(Cursor& cursor) {
  const auto bytes = cursor.Text(3);
  if (!bytes) return std::nullopt;
  uint32_t value = 0;
  std::memcpy(&value, bytes->data(), 3);
  return static_cast<int32_t>(value << 8) >> 8;
}

std::optional<int64_t> ZiplistNumber(Cursor& cursor, uint8_t code) {
  switch (code) {
    case kZipInt8:
      return NumberFrom<int8_t>(cursor);
    case kZipInt16:
      return NumberFrom<int16_t>(cursor);
    case kZipInt24:
      return ZiplistInt24(cursor);
    case kZipInt32:
      return NumberFrom<int32_t>(cursor);
    case kZipInt64:
      return NumberFrom<int64_t>(cursor);
    default:
      if (code < kZipZero || code > kZipTwelve) return std::nullopt;
      return code - kZipZero;
  }
}

std::optional<std::string_view> ZiplistText(Cursor& cursor, uint8_t code) {
  if (code < kZipText14) return cursor.Text(code);
  if (code < kZipText32) {
    const auto low = cursor.Number<uint8_t>();
    return low ? cursor.Text(size_t{code & 63u} << 8 | *low) : std::nullopt;
  }
  const auto length = code == kZipText32 ? cursor.Number<uint32_t>() : std::nullopt;
  return length ? cursor.Text(__builtin_bswap32(*length)) : std::nullopt;
}

bool VisitZiplistEntry(Cursor& cursor, size_t previous_bytes, TextVisitor visit) {
  const auto previous = cursor.ShortOrLong();
  if (!previous || *previous != previous_bytes) return false;
  const auto code = cursor.Number<uint8_t>();
  if (!code) return false;
  if (*code < kZipNumber) {
    const auto text = ZiplistText(cursor, *code);
    return text && visit(*text);
  }
  const auto number = ZiplistNumber(cursor, *code);
  char text[kIntegerTextBytesMax];
  return number && visit({text, FormatInteger(*number, text)});
}

}  // namespace

bool VisitListpack(std::string_view bytes, TextVisitor visit) {
  if (bytes.size() <= kListpackHeaderBytes) return false;
  if (LoadAt<uint32_t>(bytes, 0) != bytes.size() || ByteAt(bytes, bytes.size() - 1) != kEnd) {
    return false;
  }
  const size_t claimed = LoadAt<uint16_t>(bytes, 4);
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data()) + kListpackHeaderBytes;
  const auto* const end = reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size() - 1;
  size_t count = 0;
  ElementBuffer buffer;
  for (; at < end; ++count) {
    const auto element = PackedElement::BeginningWithin(at, static_cast<size_t>(end - at));
    if (!element || !visit(element->Text(&buffer))) return false;
    at += element->bytes();
  }
  return claimed == count || claimed == kCountUnknown;
}

bool VisitZiplist(std::string_view bytes, TextVisitor visit) {
  if (bytes.size() <= kZiplistHeaderBytes || LoadAt<uint32_t>(bytes, 0) != bytes.size()) {
    return false;
  }
  const size_t claimed_last = LoadAt<uint32_t>(bytes, 4);
  const size_t claimed = LoadAt<uint16_t>(bytes, 8);
  Cursor cursor(bytes.substr(kZiplistHeaderBytes));
  size_t count = 0;
  size_t last = kZiplistHeaderBytes;
  size_t entry_bytes = 0;
  for (; !cursor.AtEnd(); ++count) {
    const size_t left = cursor.left();
    last = bytes.size() - left;
    if (!VisitZiplistEntry(cursor, entry_bytes, visit)) return false;
    entry_bytes = left - cursor.left();
  }
  return claimed_last == last && (claimed == count || claimed == kCountUnknown);
}

bool VisitZipmap(std::string_view bytes, TextVisitor visit) {
  if (bytes.size() < 2) return false;
  const size_t claimed = ByteAt(bytes, 0);
  Cursor cursor(bytes.substr(1));
  size_t count = 0;
  for (; !cursor.AtEnd(); ++count) {
    const auto name_length = cursor.ShortOrLong();
    const auto name = name_length ? cursor.Text(*name_length) : std::nullopt;
    if (!name || !visit(*name)) return false;
    const auto value_length = cursor.ShortOrLong();
    const auto unused = cursor.Number<uint8_t>();
    const auto value = value_length && unused ? cursor.Text(*value_length) : std::nullopt;
    if (!value || !cursor.Text(*unused) || !visit(*value)) return false;
  }
  return claimed == count || claimed >= kZipmapCountUnknown;
}

bool VisitIntset(std::string_view bytes, absl::FunctionRef<bool(int64_t)> visit) {
  if (bytes.size() < kIntsetHeaderBytes) return false;
  const size_t width = LoadAt<uint32_t>(bytes, 0);
  const size_t count = LoadAt<uint32_t>(bytes, 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (bytes.size() - kIntsetHeaderBytes != count * width) return false;
  std::optional<int64_t> before;
  for (size_t at = kIntsetHeaderBytes; at < bytes.size(); at += width) {
    const int64_t value = width == 2   ? LoadAt<int16_t>(bytes, at)
                          : width == 4 ? LoadAt<int32_t>(bytes, at)
                                       : LoadAt<int64_t>(bytes, at);
    if (before && value <= *before) return false;
    if (!visit(value)) return false;
    before = value;
  }
  return true;
}

}  // namespace larder::storage
