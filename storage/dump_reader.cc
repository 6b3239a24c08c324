#include "storage/dump_reader.h"

#include <liblzf/lzf.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace larder::storage {
namespace {

// Three bytes of LZF stand for at most 264.
constexpr uint64_t kLzfExpansionMax = 88;

constexpr uint8_t kTextOfNan = 253;
constexpr uint8_t kTextOfInfinity = 254;
constexpr uint8_t kTextOfMinusInfinity = 255;

}  // namespace

std::string_view DumpReader::Bytes(uint64_t count) {
  if (count > left_.size()) return Fail(), std::string_view();
  const std::string_view bytes = left_.substr(0, count);
  left_.remove_prefix(count);
  return bytes;
}

template <class T>
T DumpReader::LittleEndian() {
  T value{};
  const std::string_view bytes = Bytes(sizeof value);
  if (!failed_) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

uint8_t DumpReader::Byte() { return LittleEndian<uint8_t>(); }
double DumpReader::Double() { return LittleEndian<double>(); }
int64_t DumpReader::Milliseconds() { return LittleEndian<int64_t>(); }

uint64_t DumpReader::LengthAfter(uint8_t first) {
  if (first < kDumpLength14) return first;
  if (first < kDumpLength32) return uint64_t{first & 63u} << 8 | Byte();
  if (first == kDumpLength32) return __builtin_bswap32(LittleEndian<uint32_t>());
  if (first == kDumpLength64) return __builtin_bswap64(LittleEndian<uint64_t>());
  Fail();
  return 0;
}

uint64_t DumpReader::Length() { return LengthAfter(Byte()); }

std::string_view DumpReader::Number(int64_t value, DumpText* text) {
  return failed_ ? std::string_view()
                 : std::string_view(text->number, FormatInteger(value, text->number));
}

std::string_view DumpReader::String(DumpText* text) {
  const uint8_t first = Byte();
  switch (first) {
    case kDumpInt8:
      return Number(LittleEndian<int8_t>(), text);
    case kDumpInt16:
      return Number(LittleEndian<int16_t>(), text);
    case kDumpInt32:
      return Number(LittleEndian<int32_t>(), text);
    case kDumpLzf:
      return Inflate(text);
    default:
      const uint64_t length = LengthAfter(first);
      if (length > string_bytes_max_) Fail();
      return Bytes(failed_ ? 0 : length);
  }
}

std::string_view DumpReader::Inflate(DumpText* text) {
  const uint64_t compressed_length = Length();
  const uint64_t length = Length();
  const std::string_view compressed = Bytes(compressed_length);
  // Before the memory is taken: these bytes cannot stand for more than that.
  if (failed_ || length == 0 || length > string_bytes_max_ ||
      length / kLzfExpansionMax > compressed.size() ||
      length > std::numeric_limits<unsigned>::max()) {
    return Fail(), std::string_view();
  }
  text->inflated.resize(length);
  const unsigned inflated =
      lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()),
                     text->inflated.data(), static_cast<unsigned>(length));
  if (inflated != length) return Fail(), std::string_view();
  return text->inflated;
}

double DumpReader::DoubleText() {
  const uint8_t length = Byte();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (length == kTextOfInfinity) return kInfinity;
  if (length == kTextOfMinusInfinity) return -kInfinity;
  if (length == kTextOfNan) return std::nan("");
  const std::optional<double> value = ParseDouble(Bytes(length));
  if (!value) Fail();
  return value.value_or(0);
}

}  // namespace larder::storage
