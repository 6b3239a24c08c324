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

void StreamGroup::Disown(StreamId id, const PendingEntry& entry) {
  if (entry.is_owned()) {
    entry.consumer->pending.erase(id);
  } else {
    --given_back_;
  }
}

void StreamGroup::Put(StreamId id, StreamConsumer* consumer, int64_t delivered_ms,
                      uint64_t deliveries) {
  const auto [at, added] = pending_.try_emplace(id);
  PendingEntry& entry = at->second;
  if (added) {
    ++tally_->pending;
  } else if (by_time_ != nullptr) {
    tally_->timed -= by_time_->erase({entry.delivered_ms, id});
  }
  if (added || entry.consumer != consumer) {
    if (!added) Disown(id, entry);
    if (consumer == nullptr) {
      ++given_back_;
    } else {
      consumer->pending.insert(consumer->pending.end(), id);
    }
  }
  if (by_time_ != nullptr) {
    by_time_->insert({delivered_ms, id});
    ++tally_->timed;
  }
  entry = {consumer, delivered_ms, deliveries};
}

void StreamGroup::Assign(StreamId id, StreamConsumer* consumer, int64_t delivered_ms,
                         uint64_t deliveries) {
  Put(id, consumer, delivered_ms, deliveries);
}

void StreamGroup::GiveBack(StreamId id, uint64_t deliveries) {
  Put(id, nullptr, next_given_back_++, deliveries);
}

bool StreamGroup::Acknowledge(StreamId id) {
  const auto at = pending_.find(id);
  if (at == pending_.end()) return false;
  Disown(id, at->second);
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
  if (given_back_ == 0) return;
  for (const auto& [id, entry] : pending_) {
    if (!entry.is_owned()) empty->Put(id, nullptr, entry.delivered_ms, entry.deliveries);
  }
  empty->next_given_back_ = next_given_back_;
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
