// A consumer group of a stream: how far it has read, its consumers, and the entries that were
// delivered and not acknowledged yet, in the order of their ids.
//
// Everything by id costs O(log N), N the entries pending; by name O(log consumers). An index by the
// time of delivery is made when it is first asked for, and kept from then on.
// Not thread-safe. Consumers stay where they are until they are deleted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "storage/memory.h"
#include "storage/stream_id.h"

namespace larder::storage {

using CountedString = std::basic_string<char, std::char_traits<char>, memory::Counted<char>>;

template <class Key>
using CountedSet = absl::btree_set<Key, std::less<Key>, memory::Counted<Key>>;
template <class Key, class T>
using CountedMap =
    absl::btree_map<Key, T, std::less<Key>, memory::Counted<std::pair<const Key, T>>>;
// Whose values do not move.
template <class T>
using NamedMap =
    std::map<CountedString, T, std::less<>, memory::Counted<std::pair<const CountedString, T>>>;

struct StreamConsumer {
  std::string_view name;   // in the map that it is in
  int64_t seen_ms = 0;     // when it last tried anything
  int64_t active_ms = -1;  // when it last got something; -1: never
  CountedSet<StreamId> pending;
};

inline constexpr uint64_t kDeliveriesMax = INT64_MAX;  // where counting ends

struct PendingEntry {
  StreamConsumer* consumer = nullptr;  // null: it was given back, and nobody has claimed it since
  int64_t delivered_ms = 0;            // of one given back below 0: it has been idle for ever
  uint64_t deliveries = 0;

  bool is_owned() const { return consumer != nullptr; }
  // As clients are told it.
  std::string_view ConsumerName() const { return is_owned() ? consumer->name : std::string_view(); }
  int64_t DeliveredMs() const { return is_owned() ? delivered_ms : 0; }
  uint64_t OneMoreDelivery() const {
    return deliveries < kDeliveriesMax ? deliveries + 1 : deliveries;
  }
};

// What all groups of a stream hold together.
struct StreamTally {
  size_t consumers = 0;
  size_t pending = 0;
  size_t timed = 0;  // of these in an index by time
  size_t name_bytes = 0;
};

inline constexpr int64_t kEntriesReadUnknown = -1;

class StreamGroup {
 public:
  using PendingMap = CountedMap<StreamId, PendingEntry>;

  // The tally must outlive it.
  explicit StreamGroup(StreamTally* tally) : tally_(tally) {}
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;
  ~StreamGroup();

  StreamId last_id;                            // the last one delivered
  int64_t entries_read = kEntriesReadUnknown;  // of all that were ever added

  // ---- consumers
  const NamedMap<StreamConsumer>& consumers() const { return consumers_; }
  StreamConsumer* FindConsumer(std::string_view name);
  // REQUIRES: there is none of this name.
  StreamConsumer* AddConsumer(std::string_view name, int64_t now_ms);
  // With all that is pending for it. O(that · log N).
  void DeleteConsumer(std::string_view name);

  // ---- pending entries
  const PendingMap& pending() const { return pending_; }
  bool IsPending(StreamId id) const { return pending_.contains(id); }
  // Makes an entry pending for a consumer, whoever had it before.
  void Assign(StreamId id, StreamConsumer* consumer, int64_t delivered_ms, uint64_t deliveries);
  // Makes an entry pending for nobody (XNACK): before all others by time, behind those that were
  // given back before.
  void GiveBack(StreamId id, uint64_t deliveries);
  size_t given_back() const { return given_back_; }
  // False when it is not pending.
  bool Acknowledge(StreamId id);

  // Calls visit(id) for what was delivered at `latest_ms` or before, the longest idle first, as
  // long as it answers true. The visitor must not change the group.
  template <class Visit>
  void ForIdle(int64_t latest_ms, Visit visit) const;
  // The time of the delivery that is longest ago (below 0: of one given back); nullopt when nothing
  // is pending. O(1).
  std::optional<int64_t> OldestDelivery() const;

  // ---- the whole
  void CopyTo(StreamGroup* empty) const;
  // Frees up to `elements` pending entries and consumers; true when none is left. Afterwards only
  // this and the destructor may be called.
  bool FreeSome(size_t elements);

 private:
  using TimeIndex = CountedSet<std::pair<int64_t, StreamId>>;
  const TimeIndex& ByTime() const;
  // `consumer` null: it is given back.
  void Put(StreamId id, StreamConsumer* consumer, int64_t delivered_ms, uint64_t deliveries);
  void Disown(StreamId id, const PendingEntry& entry);

  StreamTally* tally_;
  NamedMap<StreamConsumer> consumers_;
  PendingMap pending_;
  size_t given_back_ = 0;  // of these
  // Their times, in the order in which they were given back.
  int64_t next_given_back_ = std::numeric_limits<int64_t>::min() / 2;
  mutable std::unique_ptr<TimeIndex> by_time_;  // null until it is asked for
};

template <class Visit>
void StreamGroup::ForIdle(int64_t latest_ms, Visit visit) const {
  for (const auto& [delivered_ms, id] : ByTime()) {
    if (delivered_ms > latest_ms || !visit(id)) return;
  }
}

}  // namespace larder::storage
