#include "server/config/option_lookup.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace larder {
namespace {

// Levenshtein's distance, one row of the table at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// Matches one character against the class that begins at pattern[at] ('['); moves `at` behind it.
bool MatchesClass(std::string_view pattern, size_t& at, char c) {
  ++at;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool matches = false;
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    char first = LowerLetter(pattern[at++]);
    char last = first;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      last = LowerLetter(pattern[at + 1]);
      at += 2;
    }
    if (first > last) std::swap(first, last);
    if (c >= first && c <= last) matches = true;
  }
  if (at < pattern.size()) ++at;
  return matches != negated;
}

// Matches one character against the element at pattern[at], which is no star; moves `at` behind.
bool MatchesElement(std::string_view pattern, size_t& at, char c) {
  if (pattern[at] == '[') return MatchesClass(pattern, at, c);
  if (pattern[at] == '?') {
    ++at;
    return true;
  }
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return LowerLetter(pattern[at++]) == c;
}

}  // namespace

const Option* FindOption(std::string_view name) {
  const std::string lower = LowerCase(name);
  for (const OptionGroup& group : OptionGroups()) {
    for (const Option& option : group.options) {
      if (option.name == lower || (!option.alias.empty() && option.alias == lower)) return &option;
    }
  }
  return nullptr;
}

std::string NearestOptionName(std::string_view name) {
  const std::string lower = LowerCase(name.substr(0, 100));
  std::string_view nearest;
  size_t distance = std::max<size_t>(2, lower.size() / 3) + 1;
  for (const OptionGroup& group : OptionGroups()) {
    for (const Option& option : group.options) {
      const size_t candidate = EditDistance(lower, option.name);
      if (candidate >= distance) continue;
      distance = candidate;
      nearest = option.name;
    }
  }
  return std::string(nearest);
}

bool MatchesOptionPattern(std::string_view pattern, std::string_view text) {
  size_t at = 0;
  size_t in_text = 0;
  // Where to go on when a later element fails: the last star takes one more character.
  size_t after_star = std::string_view::npos;
  size_t star_text = 0;
  while (in_text < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_text = in_text;
      continue;
    }
    if (at < pattern.size() && MatchesElement(pattern, at, LowerLetter(text[in_text]))) {
      ++in_text;
      continue;
    }
    if (after_star == std::string_view::npos) return false;
    at = after_star;
    in_text = ++star_text;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace larder
