#include "storage/glob.h"

#include <algorithm>

namespace larder::storage {
namespace {

char Lower(char byte) { return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte; }

bool SameByte(char a, char b, GlobCase letters) {
  return a == b || (letters == GlobCase::kInsensitive && Lower(a) == Lower(b));
}

bool InRange(char first, char last, char byte, GlobCase letters) {
  signed char low = first, high = last, value = byte;
  if (low > high) std::swap(low, high);
  if (letters == GlobCase::kInsensitive) {
    low = Lower(low);
    high = Lower(high);
    value = Lower(value);
  }
  return low <= value && value <= high;
}

// Whether `byte` is in the class that begins at pattern[*at] == '['; *at moves behind the class.
bool MatchClass(std::string_view pattern, size_t* at, char byte, GlobCase letters) {
  size_t i = *at + 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool match = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      match |= pattern[i + 1] == byte;  // exact whatever the case, as in Redis
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      match |= InRange(pattern[i], pattern[i + 2], byte, letters);
      i += 3;
    } else {
      match |= SameByte(pattern[i], byte, letters);
      ++i;
    }
  }
  *at = std::min(i + 1, pattern.size());
  return match != negated;
}

// Whether `byte` matches the element at pattern[*at], which is no star; *at moves behind it.
bool MatchOne(std::string_view pattern, size_t* at, char byte, GlobCase letters) {
  switch (pattern[*at]) {
    case '?':
      ++*at;
      return true;
    case '[':
      return MatchClass(pattern, at, byte, letters);
    case '\\':
      if (*at + 1 < pattern.size()) ++*at;
      break;
  }
  return SameByte(pattern[(*at)++], byte, letters);
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, GlobCase letters) {
  if (text.empty()) return pattern.empty();
  constexpr size_t kNoStar = static_cast<size_t>(-1);
  size_t after_star = kNoStar;  // where the pattern goes on after the latest star
  size_t star_text = 0;         // the text that this star has not taken yet
  size_t p = 0, t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && MatchOne(pattern, &p, text[t], letters)) {
      ++t;
    } else if (after_star != kNoStar) {
      if (after_star == pattern.size()) return true;
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace larder::storage
