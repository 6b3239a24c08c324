#include "tests/history/cycle_search.h"

#include <algorithm>
#include <deque>

#include "absl/container/flat_hash_map.h"

namespace larder::history {
namespace {

constexpr int kTriesMax = 2000;  // edges from which a cycle is looked for

}  // namespace

Graph::Graph(uint32_t nodes, std::vector<Edge> edges) : edges_(std::move(edges)) {
  std::sort(edges_.begin(), edges_.end(),
            [](const Edge& a, const Edge& b) { return a.from < b.from; });
  first_.assign(nodes + 1, 0);
  for (const Edge& edge : edges_) ++first_[edge.from + 1];
  for (uint32_t i = 0; i < nodes; ++i) first_[i + 1] += first_[i];
}

// Tarjan's algorithm with a stack of its own: a history is deeper than a thread's.
std::vector<uint32_t> Graph::Components(uint8_t kinds) const {
  constexpr uint32_t kNone = UINT32_MAX;
  const auto nodes = static_cast<uint32_t>(first_.size() - 1);
  std::vector<uint32_t> component(nodes, kNone), number(nodes, kNone), low(nodes, 0);
  struct Frame {
    uint32_t node, next_edge;
  };
  std::vector<Frame> frames;
  std::vector<uint32_t> open;
  uint32_t numbers = 0, components = 0;
  for (uint32_t root = 0; root < nodes; ++root) {
    if (number[root] != kNone) continue;
    const auto enter = [&](uint32_t node) {
      number[node] = low[node] = numbers++;
      open.push_back(node);
      frames.push_back({node, first_[node]});
    };
    enter(root);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      if (frame.next_edge < first_[frame.node + 1]) {
        const Edge& edge = edges_[frame.next_edge++];
        if ((edge.kind & kinds) == 0) continue;
        if (number[edge.to] == kNone) {
          enter(edge.to);
        } else if (component[edge.to] == kNone) {
          low[frame.node] = std::min(low[frame.node], number[edge.to]);
        }
        continue;
      }
      const uint32_t node = frame.node;
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[node]);
      if (low[node] != number[node]) continue;
      uint32_t member;
      do {
        member = open.back();
        open.pop_back();
        component[member] = components;
      } while (member != node);
      ++components;
    }
  }
  return component;
}

std::vector<Edge> Graph::Way(uint32_t from, uint32_t to, uint8_t kinds,
                             std::span<const uint32_t> components) const {
  absl::flat_hash_map<uint32_t, Edge> by;  // the edge by which a node was first come to
  std::deque<uint32_t> next = {from};
  while (!next.empty() && !by.contains(to)) {
    const uint32_t node = next.front();
    next.pop_front();
    for (const Edge& edge : From(node)) {
      if ((edge.kind & kinds) == 0 || components[edge.to] != components[from]) continue;
      if (edge.to != from && by.try_emplace(edge.to, edge).second) next.push_back(edge.to);
    }
  }
  std::vector<Edge> way;
  for (uint32_t at = to; by.contains(at) && at != from; at = way.back().from) {
    way.push_back(by[at]);
  }
  std::reverse(way.begin(), way.end());
  return way;
}

std::vector<Edge> Graph::Cycle(uint8_t kinds, uint8_t once) const {
  const std::vector<uint32_t> components = Components(kinds | once);
  const uint8_t first_kinds = once != 0 ? once : kinds;
  int tries = 0;
  for (const Edge& edge : edges_) {
    if ((edge.kind & first_kinds) == 0 || edge.from == edge.to) continue;
    if (components[edge.from] != components[edge.to]) continue;
    if (++tries > kTriesMax) break;
    std::vector<Edge> cycle = Way(edge.to, edge.from, kinds, components);
    if (cycle.empty()) continue;
    cycle.insert(cycle.begin(), edge);
    return cycle;
  }
  return {};
}

}  // namespace larder::history
