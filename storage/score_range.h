// The ranges that sorted set commands take: by score and by the bytes of members.
#pragma once

#include <string_view>

namespace larder::storage {

struct ScoreRange {
  double min = 0, max = 0;
  bool min_exclusive = false, max_exclusive = false;

  // Whether a score lies before the range, or before the first score behind it.
  bool StartsAfter(double score) const { return min_exclusive ? score <= min : score < min; }
  bool EndsAfter(double score) const { return max_exclusive ? score < max : score <= max; }
};

// One end of a range of members: "-" and "+" lie before and behind all of them.
struct LexBound {
  enum class Kind { kLowest, kMember, kHighest };
  Kind kind = Kind::kMember;
  std::string_view member = {};
  bool exclusive = false;

  // Negative when the bound lies before a member, positive when behind it.
  int Compare(std::string_view other) const {
    if (kind != Kind::kMember) return kind == Kind::kLowest ? -1 : 1;
    return member.compare(other);
  }
};

struct LexRange {
  LexBound min, max;

  bool StartsAfter(std::string_view member) const {
    const int order = min.Compare(member);
    return min.exclusive ? order >= 0 : order > 0;
  }
  bool EndsAfter(std::string_view member) const {
    const int order = max.Compare(member);
    return max.exclusive ? order > 0 : order >= 0;
  }
};

// Elements by their rank, counted from 0.
struct RankRange {
  size_t first = 0, count = 0;
};

}  // namespace larder::storage
