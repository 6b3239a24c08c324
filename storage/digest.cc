#include "storage/digest.h"

#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace larder::storage {

uint64_t Digest(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::array<char, kDigestDigits> FormatDigest(uint64_t digest) {
  std::array<char, kDigestDigits> digits;
  for (size_t i = 0; i < kDigestDigits; ++i) {
    digits[i] = "0123456789abcdef"[digest >> (60 - 4 * i) & 15];
  }
  return digits;
}

std::optional<uint64_t> ParseDigest(std::string_view digits) {
  uint64_t digest;
  const char* const end = digits.data() + digits.size();
  if (digits.size() != kDigestDigits) return std::nullopt;
  const auto [stopped, error] = std::from_chars(digits.data(), end, digest, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return digest;
}

}  // namespace larder::storage
