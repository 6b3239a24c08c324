#include "server/tracking_table.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "storage/hash_table_inline.h"
#include "storage/memory.h"

namespace larder {
namespace {

// From so many readers on, those that are gone are dropped before the list grows.
constexpr size_t kPruneFrom = 8;

bool ComesBefore(const TrackedReader& reader, uint64_t id) { return reader.session_id < id; }

}  // namespace

TrackedKey TrackedKey::Make(std::string_view name, std::span<const TrackedReader> readers,
                            size_t capacity) {
  TrackedKey key;
  key.record_ = static_cast<Record*>(
      storage::memory::Allocate(sizeof(Record) + capacity * sizeof(TrackedReader) + name.size()));
  *key.record_ = {static_cast<uint32_t>(readers.size()), static_cast<uint32_t>(capacity),
                  name.size()};
  std::copy(readers.begin(), readers.end(), key.data());
  if (!name.empty()) std::memcpy(key.data() + capacity, name.data(), name.size());
  return key;
}

void TrackedKey::Free() {
  if (record_ != nullptr) storage::memory::Deallocate(record_);
  record_ = nullptr;
}

std::string_view TrackedKey::text() const {
  return {reinterpret_cast<const char*>(data() + record_->capacity), record_->name_bytes};
}

std::span<const TrackedReader> TrackedKey::readers() const { return {data(), record_->readers}; }

bool TrackedKey::Contains(uint64_t session_id) const {
  const auto all = readers();
  const auto at = std::lower_bound(all.begin(), all.end(), session_id, ComesBefore);
  return at != all.end() && at->session_id == session_id;
}

void TrackedKey::Insert(TrackedReader reader) {
  TrackedReader* const end = data() + record_->readers;
  TrackedReader* const at = std::lower_bound(data(), end, reader.session_id, ComesBefore);
  std::move_backward(at, end, end + 1);
  *at = reader;
  ++record_->readers;
}

size_t TrackedKey::AllocatedBytes() const {
  return sizeof(Record) + record_->capacity * sizeof(TrackedReader) + record_->name_bytes;
}

bool TrackingTable::Add(std::string_view key, TrackedReader reader, const IsThere& is_there) {
  if (keys_ == nullptr) keys_ = std::make_unique<Keys>(seed_);
  const auto [slot, is_new] = keys_->FindOrInsert(key, [&] {
    return TrackedKey::Make(key, {&reader, 1}, 1);
  });
  if (is_new) {
    ++items_;
    return true;
  }
  if (slot->Contains(reader.session_id)) return false;
  if (slot->readers().size() == slot->capacity()) {
    const auto readers = slot->readers();
    std::vector<TrackedReader> kept(readers.begin(), readers.end());
    if (kept.size() >= kPruneFrom) {
      items_ -=
          std::erase_if(kept, [&](const TrackedReader& one) { return !is_there(one.session_id); });
    }
    const size_t capacity = std::max(kept.size() * 2, size_t{2});
    keys_->Replace(slot, TrackedKey::Make(slot->text(), kept, capacity));
  }
  slot->Insert(reader);
  ++items_;
  return true;
}

bool TrackingTable::Take(std::string_view key, std::vector<TrackedReader>* readers) {
  if (keys_ == nullptr) return false;
  std::optional<TrackedKey> taken = keys_->Take(key);
  if (!taken) return false;
  const auto all = taken->readers();
  readers->insert(readers->end(), all.begin(), all.end());
  items_ -= all.size();
  taken->Free();
  return true;
}

std::string TrackingTable::TakeRandom(uint64_t random, std::vector<TrackedReader>* readers) {
  std::string key(keys_->Random(random).text());
  Take(key, readers);
  return key;
}

std::unique_ptr<TrackingTable::Keys> TrackingTable::TakeAll() {
  items_ = 0;
  return std::exchange(keys_, nullptr);
}

template class storage::HashTable<TrackedKey>;

}  // namespace larder
