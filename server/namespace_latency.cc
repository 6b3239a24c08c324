#include "server/namespace_latency.h"

#include "storage/memory.h"

namespace larder {

NamespaceLatency::Durations::Durations() { storage::memory::Count(sizeof(Durations)); }
NamespaceLatency::Durations::~Durations() {
  storage::memory::Count(-static_cast<int64_t>(sizeof(Durations)));
}

NamespaceLatency::NamespaceLatency(size_t workers) {
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

NamespaceLatency::~NamespaceLatency() = default;

void NamespaceLatency::Note(size_t worker, uint64_t id, uint64_t ticks) {
  Worker& of = *workers_[worker];
  std::lock_guard lock(of.mutex);
  std::unique_ptr<Durations>& durations = of.by_id[id];
  if (durations == nullptr) durations = std::make_unique<Durations>();
  durations->histogram.Add(ticks);
  durations->ticks.Add(ticks);
}

void NamespaceLatency::Read(uint64_t id, LatencySum* durations, uint64_t* ticks) const {
  for (const auto& worker : workers_) {
    std::lock_guard lock(worker->mutex);
    const auto found = worker->by_id.find(id);
    if (found == worker->by_id.end()) continue;
    durations->Add(found->second->histogram);
    *ticks += found->second->ticks.Get();
  }
}

void NamespaceLatency::Forget(uint64_t id) {
  for (const auto& worker : workers_) {
    std::lock_guard lock(worker->mutex);
    worker->by_id.erase(id);
  }
}

}  // namespace larder
