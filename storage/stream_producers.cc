#include "storage/stream_producers.h"

#define XXH_INLINE_ALL
#define XXH_NO_INLINE_HINTS 1  // what hashes piece by piece cannot be inlined at -Og
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace larder::storage {

StreamProducers::StreamProducers(const StreamProducers& other)
    : added(other.added), duplicates(other.duplicates) {
  for (const auto& [name, one] : other.producers_) {
    for (const auto& [entry, at] : one.by_entry) {
      Add(name, at->first, entry, one.by_entry.size());
    }
  }
}

std::optional<StreamId> StreamProducers::Find(std::string_view producer,
                                              std::string_view id) const {
  const auto found = producers_.find(producer);
  if (found == producers_.end()) return std::nullopt;
  const auto entry = found->second.entries.find(id);
  return entry == found->second.entries.end() ? std::nullopt : std::optional(entry->second);
}

bool StreamProducers::Add(std::string_view producer, std::string_view id, StreamId entry,
                          size_t ids_max) {
  if (Find(producer, id) || by_entry_.contains(entry)) return false;
  auto at = producers_.find(producer);
  if (at == producers_.end()) {
    at = producers_.try_emplace(CountedString(producer)).first;
    text_bytes_ += producer.size();
  }
  Producer& one = at->second;
  const auto named = one.entries.emplace(CountedString(id), entry).first;
  text_bytes_ += id.size();
  one.by_entry.emplace(entry, named);
  by_entry_.emplace(entry, at);
  while (one.by_entry.size() > ids_max && one.by_entry.size() > 1) {
    Forget(by_entry_.find(one.by_entry.begin()->first));
  }
  return true;
}

void StreamProducers::Forget(ByEntry::iterator at) {
  const auto producer = at->second;
  Producer& one = producer->second;
  const auto entry = one.by_entry.find(at->first);
  text_bytes_ -= entry->second->first.size();
  one.entries.erase(entry->second);
  one.by_entry.erase(entry);
  by_entry_.erase(at);
  if (!one.by_entry.empty()) return;
  text_bytes_ -= producer->first.size();
  producers_.erase(producer);
}

void StreamProducers::ForgetUpTo(uint64_t ms) {
  while (!by_entry_.empty() && by_entry_.begin()->first.ms <= ms) Forget(by_entry_.begin());
}

void StreamProducers::ForgetAll() {
  by_entry_.clear();
  producers_.clear();
  text_bytes_ = 0;
}

bool StreamProducers::FreeSome(size_t ids) {
  for (size_t freed = 0; freed < ids && !by_entry_.empty(); ++freed) Forget(by_entry_.begin());
  return by_entry_.empty();
}

StreamProducers::Counts StreamProducers::CountsBehind(uint64_t ms) const {
  Counts counts;
  for (const auto& [name, one] : producers_) {
    size_t ids = 0;
    for (auto at = one.by_entry.rbegin(); at != one.by_entry.rend() && at->first.ms > ms; ++at) {
      ++ids;
    }
    counts.ids += ids;
    counts.producers += ids > 0 ? 1 : 0;
  }
  return counts;
}

size_t StreamProducers::MemoryBytes() const {
  constexpr size_t kMapNodeBytes = 4 * sizeof(void*);
  constexpr size_t kTreeEntryBytes = (sizeof(StreamId) + sizeof(void*)) * 4 / 3;
  using Named = NamedMap<StreamId>::value_type;
  return sizeof(StreamProducers) + text_bytes_ +
         producers_.size() * (sizeof(NamedMap<Producer>::value_type) + kMapNodeBytes) +
         by_entry_.size() * (sizeof(Named) + kMapNodeBytes + 2 * kTreeEntryBytes);
}

std::array<char, 16> IdempotentIdOf(StreamFields fields) {
  XXH128_hash_t sum{}, differences{};
  XXH3_state_t state;
  for (size_t i = 0; i < fields.size(); i += 2) {
    const uint64_t length = fields[i].size();
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, fields[i].data(), fields[i].size());
    XXH3_128bits_update(&state, &length, sizeof length);  // so that "ab" "c" is not "a" "bc"
    XXH3_128bits_update(&state, fields[i + 1].data(), fields[i + 1].size());
    const XXH128_hash_t pair = XXH3_128bits_digest(&state);
    sum.low64 += pair.low64;
    sum.high64 += pair.high64;
    differences.low64 ^= pair.low64;
    differences.high64 ^= pair.high64;
  }
  const uint64_t words[] = {sum.low64 ^ std::rotl(differences.high64, 1),
                            sum.high64 ^ std::rotl(differences.low64, 1)};
  std::array<char, 16> id;
  static_assert(sizeof words == sizeof id);
  std::memcpy(id.data(), words, sizeof words);
  return id;
}

}  // namespace larder::storage
