// How long commands took, by the namespace of their first key, for /metrics and the admin page.
// Costs nothing while there are no namespaces; then an uncontended lock and a search by number for
// each command that has a key. A histogram comes to be with a worker's first command of a namespace
// (2.7 KB, counted as memory).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "server/counter.h"
#include "server/latency_histogram.h"

namespace larder {

// Thread-safe. Namespaces are known by storage::Namespace::id, which is never given twice.
class NamespaceLatency {
 public:
  explicit NamespaceLatency(size_t workers);
  ~NamespaceLatency();

  // REQUIRES: the calling thread is the worker's.
  void Note(size_t worker, uint64_t id, uint64_t ticks);
  // Adds what all workers have noted.
  void Read(uint64_t id, LatencySum* durations, uint64_t* ticks) const;
  // Of a namespace that was removed.
  void Forget(uint64_t id);

 private:
  struct Durations {
    Durations();
    ~Durations();
    LatencyHistogram histogram;
    Counter ticks;
  };
  struct Worker {
    mutable std::mutex mutex;
    std::unordered_map<uint64_t, std::unique_ptr<Durations>> by_id;
  };

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace larder
