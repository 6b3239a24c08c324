#include "storage/stream_group.h"

#include <algorithm>
#include <optional>

namespace larder::storage {

StreamGroup::~StreamGroup() {
  tally_->pending -= pending_.size();
  if (by_time_ != nullptr) tally_->timed -= by_time_->size();
  for (const auto& [name, consumer] : consumers_) tally_->name_bytes -= name.size();
  tally_->consumers -= consumers_.size();
}

// ---- consumers

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

StreamConsumer* StreamGroup::AddConsumer(std::string_view name, int64_t now_ms) {
  const auto [at, added] = consumers_.try_emplace(CountedString(name));
  at->second.name = at->first;
  at->second.seen_ms = now_ms;
  ++tally_->consumers;
  tally_->name_bytes += name.size();
  return &at->second;
}

void StreamGroup::DeleteConsumer(std::string_view name) {
  const auto found = consumers_.find(name);
  if (found == consumers_.end()) return;
  for (const StreamId id : found->second.pending) {
    const auto at = pending_.find(id);
    if (by_time_ != nullptr) tally_->timed -= by_time_->erase({at->second.delivered_ms, id});
    pending_.erase(at);
    --tally_->pending;
  }
  tally_->name_bytes -= name.size();
  --tally_->consumers;
  consumers_.erase(found);
}

// ---- pending entries

void StreamGroup::Assign(StreamId id, StreamConsumer* consumer, int64_t delivered_ms,
                         uint64_t deliveries) {
  const auto [at, added] = pending_.try_emplace(id, PendingEntry{consumer, delivered_ms, 0});
  PendingEntry& entry = at->second;
  if (added) {
    ++tally_->pending;
    consumer->pending.insert(consumer->pending.end(), id);
  } else if (entry.consumer != consumer) {
    entry.consumer->pending.erase(id);
    consumer->pending.insert(id);
    entry.consumer = consumer;
  }
  if (by_time_ != nullptr) {
    if (!added) tally_->timed -= by_time_->erase({entry.delivered_ms, id});
    by_time_->insert({delivered_ms, id});
    ++tally_->timed;
  }
  entry.delivered_ms = delivered_ms;
  entry.deliveries = deliveries;
}

bool StreamGroup::Acknowledge(StreamId id) {
  const auto at = pending_.find(id);
  if (at == pending_.end()) return false;
  at->second.consumer->pending.erase(id);
  if (by_time_ != nullptr) tally_->timed -= by_time_->erase({at->second.delivered_ms, id});
  pending_.erase(at);
  --tally_->pending;
  return true;
}

const StreamGroup::TimeIndex& StreamGroup::ByTime() const {
  if (by_time_ == nullptr) {
    by_time_ = std::make_unique<TimeIndex>();
    for (const auto& [id, entry] : pending_) by_time_->insert({entry.delivered_ms, id});
    tally_->timed += by_time_->size();
  }
  return *by_time_;
}

std::optional<int64_t> StreamGroup::OldestDelivery() const {
  const TimeIndex& index = ByTime();
  return index.empty() ? std::nullopt : std::optional(index.begin()->first);
}

// ---- the whole

void StreamGroup::CopyTo(StreamGroup* empty) const {
  empty->last_id = last_id;
  empty->entries_read = entries_read;
  for (const auto& [name, consumer] : consumers_) {
    StreamConsumer* const copy = empty->AddConsumer(name, consumer.seen_ms);
    copy->active_ms = consumer.active_ms;
    for (const StreamId id : consumer.pending) {
      const PendingEntry& entry = pending_.find(id)->second;
      empty->Assign(id, copy, entry.delivered_ms, entry.deliveries);
    }
  }
}

bool StreamGroup::FreeSome(size_t elements) {
  size_t freed = 0;
  if (by_time_ != nullptr) {
    for (; freed < elements && !by_time_->empty(); ++freed, --tally_->timed) {
      by_time_->erase(by_time_->begin());
    }
    if (!by_time_->empty()) return false;
    by_time_.reset();
  }
  for (; freed < elements && !pending_.empty(); ++freed, --tally_->pending) {
    pending_.erase(pending_.begin());
  }
  while (freed < elements && !consumers_.empty()) {
    const auto first = consumers_.begin();
    auto& pending = first->second.pending;
    for (; freed < elements && !pending.empty(); ++freed) pending.erase(pending.begin());
    if (!pending.empty()) return false;
    tally_->name_bytes -= first->first.size();
    --tally_->consumers;
    consumers_.erase(first);
    ++freed;
  }
  return pending_.empty() && consumers_.empty();
}

}  // namespace larder::storage
