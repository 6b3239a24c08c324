#include "storage/dump_writer.h"

#include <liblzf/lzf.h>

#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "storage/numbers.h"
#include "storage/packed_element.h"

namespace larder::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

constexpr uint64_t kLength6Max = 63;
constexpr uint64_t kLength14Max = 16383;
constexpr size_t kNumberBytesMax = 11;      // "-2147483648"
constexpr size_t kCompressedBytesMin = 21;  // shorter strings are not tried
constexpr size_t kSavedBytesMin = 4;        // what compression has to save

constexpr size_t kListpackHeaderBytes = 6;
constexpr size_t kListpackCountUnknown = 65535;

}  // namespace

template <class T>
void DumpWriter::LittleEndian(T value) {
  out_->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void DumpWriter::Length(uint64_t length) {
  if (length <= kLength6Max) {
    Byte(static_cast<uint8_t>(length));
  } else if (length <= kLength14Max) {
    Byte(static_cast<uint8_t>(kDumpLength14 | (length >> 8)));
    Byte(static_cast<uint8_t>(length));
  } else if (length <= std::numeric_limits<uint32_t>::max()) {
    Byte(kDumpLength32);
    LittleEndian(__builtin_bswap32(static_cast<uint32_t>(length)));
  } else {
    Byte(kDumpLength64);
    LittleEndian(__builtin_bswap64(length));
  }
}

void DumpWriter::String(std::string_view text) {
  if (text.size() <= kNumberBytesMax && WriteNumber(text)) return;
  if (compress_ && text.size() >= kCompressedBytesMin && WriteCompressed(text)) return;
  Length(text.size());
  out_->append(text);
}

bool DumpWriter::WriteNumber(std::string_view text) {
  const std::optional<int64_t> number = ParseInteger(text);
  if (!number || *number < INT32_MIN || *number > INT32_MAX) return false;
  if (*number >= INT8_MIN && *number <= INT8_MAX) {
    Byte(kDumpInt8);
    LittleEndian(static_cast<int8_t>(*number));
  } else if (*number >= INT16_MIN && *number <= INT16_MAX) {
    Byte(kDumpInt16);
    LittleEndian(static_cast<int16_t>(*number));
  } else {
    Byte(kDumpInt32);
    LittleEndian(static_cast<int32_t>(*number));
  }
  return true;
}

bool DumpWriter::WriteCompressed(std::string_view text) {
  if (text.size() > std::numeric_limits<unsigned>::max()) return false;
  std::string compressed(text.size() - kSavedBytesMin, '\0');
  const unsigned bytes = lzf_compress(text.data(), static_cast<unsigned>(text.size()),
                                      compressed.data(), static_cast<unsigned>(compressed.size()));
  if (bytes == 0) return false;
  Byte(kDumpLzf);
  Length(bytes);
  Length(text.size());
  out_->append(compressed, 0, bytes);
  return true;
}

void DumpWriter::Double(double value) { LittleEndian(value); }
void DumpWriter::Milliseconds(int64_t ms) { LittleEndian(ms); }

ListpackWriter::ListpackWriter() : bytes_(kListpackHeaderBytes, '\0') {}

void ListpackWriter::Append(std::string_view text) {
  const ElementSpec spec(text);
  const size_t at = bytes_.size();
  bytes_.resize(at + spec.Bytes());
  spec.WriteTo(reinterpret_cast<uint8_t*>(bytes_.data()) + at);
  ++count_;
}

void ListpackWriter::AppendEncoded(std::string_view elements, size_t count) {
  bytes_.append(elements);
  count_ += count;
}

std::string_view ListpackWriter::Finish() {
  bytes_.push_back('\xff');
  const auto bytes = static_cast<uint32_t>(bytes_.size());
  const auto count =
      static_cast<uint16_t>(count_ < kListpackCountUnknown ? count_ : kListpackCountUnknown);
  std::memcpy(bytes_.data(), &bytes, sizeof bytes);
  std::memcpy(bytes_.data() + sizeof bytes, &count, sizeof count);
  return bytes_;
}

}  // namespace larder::storage
