// The longest common subsequence of two strings, with the matching ranges, as LCS answers them.
//
// Dynamic programming over a table of (a + 1) * (b + 1) 32-bit lengths: O(a * b) time and memory.
// Thread-safe.
// Reference: https://redis.io/commands/lcs
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::storage {

struct LcsMatch {
  size_t a_first, a_last;  // both ends belong to the range
  size_t b_first, b_last;
  size_t length() const { return a_last - a_first + 1; }
};

struct LcsResult {
  std::string sequence;
  std::vector<LcsMatch> matches;  // from the strings' ends to their beginnings
};

// Bytes of the table, or SIZE_MAX when it cannot be.
size_t LcsTableBytes(size_t a_bytes, size_t b_bytes);

// Length only: O(b) memory.
size_t LcsLength(std::string_view a, std::string_view b);

// REQUIRES: LcsTableBytes(a.size(), b.size()) is affordable.
LcsResult FindLcs(std::string_view a, std::string_view b);

}  // namespace larder::storage
