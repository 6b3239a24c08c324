// Cycles in a graph of who came before whom.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace larder::history {

// Why one transaction comes before another (Adya's dependencies, and the clock).
enum EdgeKind : uint8_t {
  kWriteWrite = 1,  // the second appended right behind the first
  kWriteRead = 2,   // the second read up to what the first appended
  kReadWrite = 4,   // the second appended right behind what the first read
  kRealTime = 8,    // the first was answered before the second was sent
};

struct Edge {
  uint32_t from, to;
  EdgeKind kind;
};

class Graph {
 public:
  Graph(uint32_t nodes, std::vector<Edge> edges);

  // The nodes' components by edges of `kinds`: two are in the same one when there is a way there
  // and back. Numbered from 0.
  std::vector<uint32_t> Components(uint8_t kinds) const;

  // The shortest way by edges of `kinds`, without leaving `from`'s component; empty if there is
  // none. REQUIRES: from != to.
  std::vector<Edge> Way(uint32_t from, uint32_t to, uint8_t kinds,
                        std::span<const uint32_t> components) const;

  // A cycle by edges of `kinds`; with `once`, one that has exactly one edge of that kind, which
  // `kinds` does not name. Empty if there is none.
  std::vector<Edge> Cycle(uint8_t kinds, uint8_t once = 0) const;

 private:
  std::span<const Edge> From(uint32_t node) const {
    return {edges_.data() + first_[node], edges_.data() + first_[node + 1]};
  }

  std::vector<Edge> edges_;      // by `from`
  std::vector<uint32_t> first_;  // of each node's edges
};

}  // namespace larder::history
