// What a stream remembers of those who add to it: under which ids of their own (idempotent ids)
// each producer added which entries, so that what is sent once more is not added once more
// (https://redis.io/docs/latest/develop/data-types/streams/idempotency/).
//
// A producer's ids are forgotten some time after their entries were made, and the oldest when there
// are too many. That happens as the stream is used: nothing else runs. Finding, adding and
// forgetting one costs O(log N). Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/memory.h"
#include "storage/stream_group.h"
#include "storage/stream_id.h"
#include "storage/stream_node.h"

namespace larder::storage {

// How long and how many (XCFGSET).
struct StreamIdempotence {
  uint32_t seconds = 100;
  uint32_t ids_max = 100;  // of one producer

  bool operator==(const StreamIdempotence&) const = default;
};

class StreamProducers {
 public:
  StreamProducers() = default;
  StreamProducers(const StreamProducers& other);
  StreamProducers& operator=(const StreamProducers&) = delete;

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  uint64_t added = 0;       // ids that ever were
  uint64_t duplicates = 0;  // entries that were not added because of them

  // The entry that a producer added under an id, as far as that is remembered.
  std::optional<StreamId> Find(std::string_view producer, std::string_view id) const;
  // Remembers one more, and at most `ids_max` of the producer. False, and nothing is done, when the
  // id or the entry is known already.
  bool Add(std::string_view producer, std::string_view id, StreamId entry, size_t ids_max);
  // Forgets the ids of all entries that were made up to then.
  void ForgetUpTo(uint64_t ms);
  void ForgetAll();
  // Forgets up to so many; true when none is left.
  bool FreeSome(size_t ids);

  size_t producer_count() const { return producers_.size(); }
  size_t id_count() const { return by_entry_.size(); }
  struct Counts {
    size_t producers = 0, ids = 0;
  };
  // Those that ForgetUpTo(ms) would leave. O(N).
  Counts CountsBehind(uint64_t ms) const;
  size_t MemoryBytes() const;

  // Calls producer(name, count) for each one in the order of their names, and after it id(id,
  // entry) for each of its ids, the oldest first.
  template <class VisitProducer, class VisitId>
  void ForEach(VisitProducer producer, VisitId id) const;

 private:
  struct Producer {
    NamedMap<StreamId> entries;  // by id
    CountedMap<StreamId, NamedMap<StreamId>::iterator> by_entry;
  };
  using ByEntry = CountedMap<StreamId, NamedMap<Producer>::iterator>;

  void Forget(ByEntry::iterator at);

  NamedMap<Producer> producers_;  // each has an id at least
  ByEntry by_entry_;
  size_t text_bytes_ = 0;
};

template <class VisitProducer, class VisitId>
void StreamProducers::ForEach(VisitProducer producer, VisitId id) const {
  for (const auto& [name, one] : producers_) {
    producer(std::string_view(name), one.by_entry.size());
    for (const auto& [entry, at] : one.by_entry) id(std::string_view(at->first), entry);
  }
}

// The id of an entry whose producer gives none: equal for equal fields with equal values, in
// whatever order. As Redis computes it, so that a dump may be taken there.
std::array<char, 16> IdempotentIdOf(StreamFields fields);

}  // namespace larder::storage
