#include "server/admin/json.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace larder::admin {
namespace {

// The length of the UTF-8 sequence at the front; 0 where there is none. Overlong forms, surrogates
// and what is beyond U+10FFFF are none.
size_t SequenceBytes(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = at(1);
  const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                   (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return bad ? 0 : size;
}

}  // namespace

std::string JsonText(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t size = SequenceBytes(bytes);
    if (size == 0) {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<uint8_t>(bytes[0]));
    } else {
      text += bytes.substr(0, size);
    }
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return text;
}

}  // namespace larder::admin
