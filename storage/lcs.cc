#include "storage/lcs.h"

#include <algorithm>
#include <limits>

namespace larder::storage {

size_t LcsTableBytes(size_t a_bytes, size_t b_bytes) {
  size_t cells, bytes;
  if (__builtin_mul_overflow(a_bytes + 1, b_bytes + 1, &cells) ||
      __builtin_mul_overflow(cells, sizeof(uint32_t), &bytes)) {
    return std::numeric_limits<size_t>::max();
  }
  return bytes;
}

size_t LcsLength(std::string_view a, std::string_view b) {
  std::vector<uint32_t> lengths(b.size() + 1);
  for (const char byte : a) {
    uint32_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const uint32_t above = lengths[j];
      lengths[j] = byte == b[j - 1] ? diagonal + 1 : std::max(above, lengths[j - 1]);
      diagonal = above;
    }
  }
  return lengths[b.size()];
}

LcsResult FindLcs(std::string_view a, std::string_view b) {
  const size_t columns = b.size() + 1;
  std::vector<uint32_t> lengths((a.size() + 1) * columns);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      uint32_t* const cell = &lengths[i * columns + j];
      *cell = a[i - 1] == b[j - 1] ? cell[-1 - static_cast<ptrdiff_t>(columns)] + 1
                                   : std::max(cell[-1], cell[-static_cast<ptrdiff_t>(columns)]);
    }
  }

  LcsResult result;
  for (size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      LcsMatch match = {.a_first = i, .a_last = i - 1, .b_first = j, .b_last = j - 1};
      while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) {
        result.sequence.push_back(a[i - 1]);
        match.a_first = --i;
        match.b_first = --j;
      }
      result.matches.push_back(match);
    } else if (lengths[(i - 1) * columns + j] > lengths[i * columns + j - 1]) {
      --i;
    } else {
      --j;
    }
  }
  std::reverse(result.sequence.begin(), result.sequence.end());
  return result;
}

}  // namespace larder::storage
