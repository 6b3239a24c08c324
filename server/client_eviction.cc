#include "server/client_eviction.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace larder {

int ClientEviction::ClassOf(int64_t bytes) {
  const int log = std::bit_width(static_cast<uint64_t>(std::max<int64_t>(bytes, 0)));
  return std::clamp(log - kSmallestClassLog, 0, kClasses - 1);
}

void ClientEviction::Update(const std::shared_ptr<ClientRecord>& record, int64_t bytes) {
  const int64_t change = bytes - record->memory_bytes.load(std::memory_order_relaxed);
  record->memory_bytes.store(bytes, std::memory_order_relaxed);
  total_.fetch_add(change, std::memory_order_relaxed);
  const int wanted = ClassOf(bytes);
  if (wanted > record->memory_class.load(std::memory_order_relaxed)) {
    std::lock_guard lock(mutex_);
    if (!record->evicted) Move(record, wanted);
  }
  if (change > 0) EvictIfOver();
}

void ClientEviction::Remove(ClientRecord& record) {
  std::lock_guard lock(mutex_);
  total_.fetch_sub(record.memory_bytes.exchange(0, std::memory_order_relaxed),
                   std::memory_order_relaxed);
  leaving_.fetch_sub(record.evicted_bytes, std::memory_order_relaxed);
  record.evicted_bytes = 0;
  const int kept_in = record.memory_class.exchange(-1, std::memory_order_relaxed);
  if (kept_in >= 0) classes_[static_cast<size_t>(kept_in)].erase(record.id);
}

void ClientEviction::Move(const std::shared_ptr<ClientRecord>& record, int to) {
  const int from = record->memory_class.exchange(to, std::memory_order_relaxed);
  if (from >= 0) classes_[static_cast<size_t>(from)].erase(record->id);
  classes_[static_cast<size_t>(to)].emplace(record->id, record);
}

void ClientEviction::Evict() {
  Records victims;
  {
    std::lock_guard lock(mutex_);
    for (int from = kClasses - 1; from >= 0 && IsOver(); --from) Pick(from, &victims);
  }
  for (const auto& victim : victims) {
    log_.Notice(fmt::format("Evicting client {} of {}: {} bytes of buffers", victim->id,
                            victim->address, victim->memory_bytes.load()));
    ClientRegistry::Kill(victim);
  }
}

// Takes those that may be closed out of a class, until it is enough, and files anew who has shrunk.
void ClientEviction::Pick(int from, Records* victims) {
  Class& here = classes_[static_cast<size_t>(from)];
  Records shrunk;
  const size_t picked_before = victims->size();
  for (const auto& [id, record] : here) {
    if (!IsOver() || victims->size() >= kClosedTogetherMax) break;
    const int64_t bytes = record->memory_bytes.load(std::memory_order_relaxed);
    if (ClassOf(bytes) < from) {
      shrunk.push_back(record);
      continue;
    }
    if (record->Has(ClientFlag::kNoEvict)) continue;
    record->evicted = true;
    record->evicted_bytes = bytes;
    leaving_.fetch_add(bytes, std::memory_order_relaxed);
    evicted_.fetch_add(1, std::memory_order_relaxed);
    victims->push_back(record);
  }
  for (const auto& record : shrunk) {
    Move(record, ClassOf(record->memory_bytes.load(std::memory_order_relaxed)));
  }
  for (size_t i = picked_before; i < victims->size(); ++i) {
    here.erase((*victims)[i]->id);
    (*victims)[i]->memory_class.store(-1, std::memory_order_relaxed);
  }
}

}  // namespace larder
