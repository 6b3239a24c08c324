// GlobMatch against the shortest matcher that can be written: the same answer for every pattern and
// text. Input: pattern, a zero byte, text; the first byte's lowest bit says whether case matters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/glob.h"

namespace {

using larder::storage::GlobCase;

constexpr size_t kPatternBytesMax = 16;  // the reference tries everything
constexpr size_t kTextBytesMax = 16;

char Lower(char byte) { return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte; }

// One class, `p` behind its bracket: returns where it ends, and whether it has `byte`.
size_t ReferenceClass(std::string_view pattern, size_t p, signed char byte, bool fold, bool* has) {
  const bool negated = p < pattern.size() && pattern[p] == '^';
  p += negated;
  *has = false;
  for (; p < pattern.size() && pattern[p] != ']'; ++p) {
    if (pattern[p] == '\\' && p + 1 < pattern.size()) {
      if (pattern[++p] == byte) *has = true;
    } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
      signed char from = pattern[p], to = pattern[p + 2], value = byte;
      if (from > to) {
        const signed char swap = from;
        from = to;
        to = swap;
      }
      if (fold) from = Lower(from), to = Lower(to), value = Lower(value);
      if (from <= value && value <= to) *has = true;
      p += 2;
    } else if (pattern[p] == byte || (fold && Lower(pattern[p]) == Lower(byte))) {
      *has = true;
    }
  }
  if (negated) *has = !*has;
  return p < pattern.size() ? p + 1 : p;
}

bool Reference(std::string_view pattern, std::string_view text, bool fold) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return Reference(pattern.substr(1), text, fold) ||
           (!text.empty() && Reference(pattern, text.substr(1), fold));
  }
  if (text.empty()) return false;
  size_t next = 1;
  if (pattern[0] == '[') {
    bool has;
    next = ReferenceClass(pattern, 1, text[0], fold, &has);
    if (!has) return false;
  } else if (pattern[0] != '?') {
    if (pattern[0] == '\\' && pattern.size() > 1) next = 2;
    const char literal = pattern[next - 1];
    if (literal != text[0] && !(fold && Lower(literal) == Lower(text[0]))) return false;
  }
  return Reference(pattern.substr(next), text.substr(1), fold);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const bool fold = (data[0] & 1) != 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t zero = input.find('\0');
  if (zero == std::string_view::npos) return 0;
  const std::string_view pattern = input.substr(0, zero), text = input.substr(zero + 1);
  const bool match = larder::storage::GlobMatch(
      pattern, text, fold ? GlobCase::kInsensitive : GlobCase::kSensitive);
  if (pattern.size() > kPatternBytesMax || text.size() > kTextBytesMax) return 0;
  // Redis matches an empty text by an empty pattern only.
  const bool expected = text.empty() ? pattern.empty() : Reference(pattern, text, fold);
  if (match != expected) std::abort();
  return 0;
}
