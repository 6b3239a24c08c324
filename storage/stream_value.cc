#include "storage/stream_value.h"

#include <algorithm>
#include <utility>

namespace larder::storage {
namespace {

// What an element takes in a B-tree whose nodes are three quarters full, for MemoryBytes: the exact
// bytes are counted where they are allocated.
template <class Element>
constexpr size_t TreeBytes(size_t count) {
  return count * sizeof(Element) * 4 / 3;
}

}  // namespace

// ---- the whole

size_t Stream::MemoryBytes() const {
  using Named = std::pair<const CountedString, StreamConsumer>;
  constexpr size_t kMapNodeBytes = 4 * sizeof(void*);
  return sizeof(Stream) + node_bytes_ + TreeBytes<NodeMap::value_type>(nodes_.size()) +
         TreeBytes<StreamGroup::PendingMap::value_type>(tally_.pending) +
         TreeBytes<StreamId>(tally_.pending) +
         TreeBytes<std::pair<int64_t, StreamId>>(tally_.timed) +
         tally_.consumers * (sizeof(Named) + kMapNodeBytes) + tally_.name_bytes +
         (producers_ == nullptr ? 0 : producers_->MemoryBytes()) +
         groups_.size() * (sizeof(NamedMap<StreamGroup>::value_type) + kMapNodeBytes);
}

size_t Stream::ElementCount() const {
  const size_t ids = producers_ == nullptr ? 0 : producers_->id_count();
  return 1 + length_ + groups_.size() + tally_.consumers + tally_.pending + ids;
}

Ref<Object> Stream::Clone() const {
  Ref<Stream> clone(new Stream);
  for (const auto& [id, node] : nodes_) {
    StreamNode* const copy = StreamNode::Clone(*node);
    clone->node_bytes_ += copy->allocated();
    clone->nodes_.insert(clone->nodes_.end(), {id, copy});
  }
  clone->length_ = length_;
  clone->last_id_ = last_id_;
  clone->first_id_ = first_id_;
  clone->max_deleted_id_ = max_deleted_id_;
  clone->entries_added_ = entries_added_;
  for (const auto& [name, group] : groups_) {
    group.CopyTo(clone->AddGroup(name, group.last_id, group.entries_read));
  }
  clone->idempotence_ = idempotence_;
  if (producers_ != nullptr) clone->producers_ = std::make_unique<StreamProducers>(*producers_);
  return clone;
}

// From the end: nothing else reads a stream that is being freed.
bool Stream::FreeNodes(size_t entries) {
  for (size_t freed = 0; !nodes_.empty() && freed < entries;) {
    const auto last = std::prev(nodes_.end());
    freed += last->second->live + last->second->deleted;
    length_ -= last->second->live;
    DropNode(last);
  }
  return nodes_.empty();
}

bool Stream::FreeSome(size_t elements) {
  if (producers_ != nullptr) {
    if (!producers_->FreeSome(elements)) return false;
    producers_.reset();
  }
  if (!nodes_.empty()) return FreeNodes(elements) && groups_.empty();
  while (!groups_.empty()) {
    const auto first = groups_.begin();
    if (!first->second.FreeSome(elements)) return false;
    tally_.name_bytes -= first->first.size();
    groups_.erase(first);
    if (elements <= 1) return groups_.empty();
    --elements;
  }
  return true;
}

std::optional<StreamId> Stream::LastEntryId() const {
  std::optional<StreamId> last;
  ForRange(kStreamIdMin, kStreamIdMax, /*reverse=*/true, [&last](const StreamEntry& entry) {
    last = entry.id;
    return false;
  });
  return last;
}

void Stream::RecordFirstId() {
  first_id_ = kStreamIdMin;
  ForRange(kStreamIdMin, kStreamIdMax, /*reverse=*/false, [this](const StreamEntry& entry) {
    first_id_ = entry.id;
    return false;
  });
}

// ---- entries

Stream::NodeMap::const_iterator Stream::NodeOf(StreamId id) const {
  const auto behind = nodes_.upper_bound(id);
  return behind == nodes_.begin() ? nodes_.end() : std::prev(behind);
}

bool Stream::IsFull(const StreamNode& node, StreamFields fields, const StreamLimits& limits) {
  size_t bytes_max = limits.node_bytes_max;
  if (bytes_max == 0 || bytes_max > kEntryBytesMax) bytes_max = kEntryBytesMax;
  size_t bytes = node.ListpackBytes();
  for (const std::string_view text : fields) bytes += text.size();
  if (bytes >= bytes_max) return true;
  return limits.node_entries_max != 0 && node.live + node.deleted >= limits.node_entries_max;
}

void Stream::Append(StreamId id, StreamFields fields, const StreamLimits& limits) {
  auto at = nodes_.empty() ? nodes_.end() : std::prev(nodes_.end());
  if (at != nodes_.end() && IsFull(*at->second, fields, limits)) {
    node_bytes_ -= at->second->allocated();
    at->second = StreamNode::Shrink(at->second);
    node_bytes_ += at->second->allocated();
    at = nodes_.end();
  }
  if (at == nodes_.end()) {
    StreamNode* const node = StreamNode::New(id, fields);
    node_bytes_ += node->allocated();
    at = nodes_.insert(nodes_.end(), {id, node});
  }
  node_bytes_ -= at->second->allocated();
  at->second = StreamNode::Append(at->second, id, fields);
  node_bytes_ += at->second->allocated();
  ++length_;
  ++entries_added_;
  last_id_ = id;
  if (length_ == 1) first_id_ = id;
}

bool Stream::Find(StreamId id, StreamEntry* entry) const {
  const auto at = NodeOf(id);
  if (at == nodes_.end()) return false;
  const StreamNode& node = *at->second;
  for (bool more = node.First(entry); more; more = node.Next(entry)) {
    if (entry->id == id) return !entry->deleted;
    if (entry->id > id) return false;
  }
  return false;
}

Stream::NodeMap::iterator Stream::DropNode(NodeMap::iterator at) {
  node_bytes_ -= at->second->allocated();
  StreamNode::Delete(at->second);
  return nodes_.erase(at);
}

bool Stream::DeleteFrom(NodeMap::iterator at, const StreamEntry& entry) {
  --length_;
  if (at->second->live == 1) return DropNode(at), false;
  at->second->MarkDeleted(entry);
  return true;
}

bool Stream::Delete(StreamId id) {
  StreamEntry entry;
  if (!Find(id, &entry)) return false;
  DeleteFrom(std::prev(nodes_.upper_bound(id)), entry);
  max_deleted_id_ = std::max(max_deleted_id_, id);
  if (id == first_id_) RecordFirstId();
  return true;
}

void Stream::AppendNode(StreamNode* node) {
  node_bytes_ += node->allocated();
  nodes_.insert(nodes_.end(), {node->first_id, node});
  const bool first = length_ == 0;
  length_ += node->live;
  if (first) RecordFirstId();
}

StreamProducers& Stream::MakeProducers() {
  if (producers_ == nullptr) producers_ = std::make_unique<StreamProducers>();
  return *producers_;
}

// ---- trimming

bool Stream::MayRemoveNode(const StreamNode& node, const StreamTrim& trim) const {
  if (trim.by == StreamTrim::By::kLength) return length_ - node.live >= trim.length_max;
  StreamEntry last;
  return node.Last(&last) && last.id < trim.id_min;
}

// Trims entries of one node, one by one. `*skipped`: some before were left. False when the rest of
// the stream stays as it is; the node may be gone in either case.
bool Stream::TrimNode(NodeMap::iterator at, const StreamTrim& trim, bool* skipped,
                      size_t* removed) {
  StreamEntry entry;
  for (bool more = at->second->First(&entry); more; more = at->second->Next(&entry)) {
    const bool stop =
        trim.by == StreamTrim::By::kLength ? length_ <= trim.length_max : entry.id >= trim.id_min;
    if (stop) return false;
    if (entry.deleted) continue;
    if (trim.references == StreamReferences::kAcked && IsReferenced(entry.id)) {
      *skipped = true;
      continue;
    }
    if (trim.references == StreamReferences::kDelete) DropReferences(entry.id);
    if (*skipped) max_deleted_id_ = std::max(max_deleted_id_, entry.id);
    ++*removed;
    if (!DeleteFrom(at, entry)) return true;
  }
  return true;
}

size_t Stream::Trim(const StreamTrim& trim) {
  size_t removed = 0;
  bool skipped = false;
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    if (trim.by == StreamTrim::By::kLength && length_ <= trim.length_max) break;
    const size_t entries = at->second->live;
    if (trim.limit != 0 && removed + entries > trim.limit) break;
    const bool whole = MayRemoveNode(*at->second, trim);
    if (!whole && trim.approximate) break;
    if (whole && trim.references == StreamReferences::kKeep) {
      length_ -= entries;
      removed += entries;
      at = DropNode(at);
      continue;
    }
    const StreamId here = at->first;
    if (!TrimNode(at, trim, &skipped, &removed)) break;
    at = nodes_.upper_bound(here);
  }
  RecordFirstId();
  return removed;
}

// ---- groups

StreamGroup* Stream::FindGroup(std::string_view name) {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

const StreamGroup* Stream::FindGroup(std::string_view name) const {
  return const_cast<Stream*>(this)->FindGroup(name);
}

StreamGroup* Stream::AddGroup(std::string_view name, StreamId last_id, int64_t entries_read) {
  const auto [at, added] = groups_.try_emplace(CountedString(name), &tally_);
  if (!added) return nullptr;
  tally_.name_bytes += name.size();
  at->second.last_id = last_id;
  at->second.entries_read = entries_read;
  return &at->second;
}

bool Stream::DeleteGroup(std::string_view name) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return false;
  tally_.name_bytes -= found->first.size();
  groups_.erase(found);
  return true;
}

bool Stream::IsReferenced(StreamId id) const {
  return std::any_of(groups_.begin(), groups_.end(), [id](const auto& named) {
    return id > named.second.last_id || named.second.IsPending(id);
  });
}

void Stream::DropReferences(StreamId id) {
  for (auto& [name, group] : groups_) group.Acknowledge(id);
}

// ---- how far a group is

// Whether something that lay at `id` or behind it, within the stream, was deleted.
bool Stream::HasTombstonesFrom(StreamId id) const {
  if (length_ == 0 || max_deleted_id_ == kStreamIdMin) return false;
  if (first_id_ > max_deleted_id_) return false;
  return id <= max_deleted_id_;
}

std::optional<int64_t> Stream::RankOf(StreamId id) const {
  const auto added = static_cast<int64_t>(entries_added_);
  const auto length = static_cast<int64_t>(length_);
  if (added == 0) return 0;
  if (length == 0 && id <= last_id_) return added;
  if (id == last_id_) return added;
  if (id > last_id_) return std::nullopt;
  if (max_deleted_id_ != kStreamIdMin && max_deleted_id_ >= first_id_) return std::nullopt;
  if (id < first_id_) return added - length;
  if (id == first_id_) return added - length + 1;
  return std::nullopt;
}

std::optional<int64_t> Stream::LagOf(const StreamGroup& group) const {
  const auto added = static_cast<int64_t>(entries_added_);
  if (added == 0 || length_ == 0) return 0;
  // All that is left lies behind what the group has read, and nothing between was deleted.
  if (group.last_id < first_id_ && max_deleted_id_ < first_id_) {
    return static_cast<int64_t>(length_);
  }
  if (group.entries_read != kEntriesReadUnknown && !HasTombstonesFrom(group.last_id)) {
    return added - group.entries_read;
  }
  const auto rank = RankOf(group.last_id);
  return rank ? std::optional(added - *rank) : std::nullopt;
}

void Stream::Advance(StreamGroup* group, StreamId id) const {
  if (id <= group->last_id) return;
  const bool counts = group->entries_read != kEntriesReadUnknown && group->last_id >= first_id_;
  if (counts && !HasTombstonesFrom(group->last_id)) {
    ++group->entries_read;
  } else if (entries_added_ != 0) {
    group->entries_read = RankOf(id).value_or(kEntriesReadUnknown);
  }
  group->last_id = id;
}

}  // namespace larder::storage
