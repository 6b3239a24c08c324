// The stream type: entries of fields and values in the order of their ids, in nodes of many
// entries, and groups that read them.
//
// Append costs O(its size) amortised, finding an id O(log nodes + entries of a node), and the same
// from there on for each entry read: nothing else is touched or copied. Deleting flags an entry; a
// node goes with its last live entry. A stream may be empty: it keeps its groups and its last id.
// Not thread-safe: use only under the lock of the stripe that holds it. Entries are views that are
// good until the next mutation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/memory.h"
#include "storage/object.h"
#include "storage/stream_group.h"
#include "storage/stream_id.h"
#include "storage/stream_node.h"
#include "storage/stream_producers.h"

namespace larder::storage {

struct StreamLimits {
  size_t node_bytes_max = 4096;   // stream-node-max-bytes; 0: none
  size_t node_entries_max = 100;  // stream-node-max-entries, deleted ones too; 0: none
};

// What becomes of an entry that groups still hold when it is to be deleted.
enum class StreamReferences : uint8_t {
  kKeep,    // it is deleted, and stays pending
  kDelete,  // it is deleted, and is pending no more
  kAcked,   // it stays, unless every group has read and acknowledged it
};

struct StreamTrim {
  enum class By : uint8_t { kNone, kLength, kId };
  By by = By::kNone;
  size_t length_max = 0;
  StreamId id_min;
  bool approximate = false;  // whole nodes only
  size_t limit = 0;          // entries to remove at the most; 0: no limit
  StreamReferences references = StreamReferences::kKeep;
};

class Stream final : public Object {
 public:
  static constexpr Type kType = Type::kStream;
  // What the texts of an entry may take together.
  static constexpr size_t kEntryBytesMax = size_t{1} << 30;

  Stream() : Object(kType) {}
  ~Stream() override { FreeNodes(SIZE_MAX); }

  static void* operator new(size_t bytes) { return memory::Allocate(bytes); }
  static void operator delete(void* pointer) { memory::Deallocate(pointer); }

  Encoding encoding() const override { return Encoding::kStream; }
  size_t MemoryBytes() const override;
  // Of all kinds; one at the least, for an empty stream is no missing key.
  size_t ElementCount() const override;
  Ref<Object> Clone() const override;
  bool FreeSome(size_t elements) override;

  // ---- the whole
  size_t size() const { return length_; }
  size_t node_count() const { return nodes_.size(); }
  StreamId last_id() const { return last_id_; }    // of all that ever were
  StreamId first_id() const { return first_id_; }  // of those that are there; or 0-0
  StreamId max_deleted_id() const { return max_deleted_id_; }
  uint64_t entries_added() const { return entries_added_; }
  void set_last_id(StreamId id) { last_id_ = id; }
  void set_max_deleted_id(StreamId id) { max_deleted_id_ = id; }
  void set_entries_added(uint64_t count) { entries_added_ = count; }
  // The id of the last entry that is there. nullopt when there is none.
  std::optional<StreamId> LastEntryId() const;

  // ---- entries
  // REQUIRES: id > last_id(); fields in pairs, one at the least, within kEntryBytesMax.
  void Append(StreamId id, StreamFields fields, const StreamLimits& limits);
  bool Find(StreamId id, StreamEntry* entry) const;
  bool Contains(StreamId id) const {
    StreamEntry entry;
    return Find(id, &entry);
  }
  bool Delete(StreamId id);  // false: not there
  // Returns how many entries it removed.
  size_t Trim(const StreamTrim& trim);

  // Calls visit(const StreamEntry&) for the entries from `first` to `last`, both inclusive, or the
  // other way round, as long as it answers true. The visitor must not change the entries.
  template <class Visit>
  void ForRange(StreamId first, StreamId last, bool reverse, Visit visit) const;

  // ---- whole nodes: how a stream is dumped and restored
  // Calls visit(const StreamNode&) for each, in order.
  template <class Visit>
  void ForNodes(Visit visit) const {
    for (const auto& [id, node] : nodes_) visit(*node);
  }
  // Puts one behind the last and owns it. last_id() and entries_added() stay as they are.
  // REQUIRES: its first id is above all that the nodes before it hold, and something in it is live.
  void AppendNode(StreamNode* node);

  // ---- producers
  StreamIdempotence idempotence() const { return idempotence_; }
  void set_idempotence(StreamIdempotence idempotence) { idempotence_ = idempotence; }
  // Of the ids that producers gave; null while there never was one.
  const StreamProducers* producers() const { return producers_.get(); }
  StreamProducers* producers() { return producers_.get(); }
  StreamProducers& MakeProducers();
  void set_producers(std::unique_ptr<StreamProducers> producers) {
    producers_ = std::move(producers);
  }

  // ---- groups
  const NamedMap<StreamGroup>& groups() const { return groups_; }
  StreamGroup* FindGroup(std::string_view name);
  const StreamGroup* FindGroup(std::string_view name) const;
  // Null when there is one of this name.
  StreamGroup* AddGroup(std::string_view name, StreamId last_id, int64_t entries_read);
  bool DeleteGroup(std::string_view name);
  // A group has it pending, or has not read so far.
  bool IsReferenced(StreamId id) const;
  // Acknowledges it in every group.
  void DropReferences(StreamId id);

  // ---- how far a group is (https://redis.io/docs/latest/commands/xinfo-groups/)
  // The number that the entry of `id` had among all that were ever added; nullopt where deletions
  // have made it unknown.
  std::optional<int64_t> RankOf(StreamId id) const;
  // How many entries a group has before it; nullopt likewise.
  std::optional<int64_t> LagOf(const StreamGroup& group) const;
  // Moves a group on to an entry that it was given.
  void Advance(StreamGroup* group, StreamId id) const;

 private:
  using NodeMap = CountedMap<StreamId, StreamNode*>;

  // The node that may hold `id`: the last that begins at it or before. end(): none does.
  NodeMap::const_iterator NodeOf(StreamId id) const;
  bool FreeNodes(size_t entries);
  NodeMap::iterator DropNode(NodeMap::iterator at);
  // Takes one entry out of a node. False when the node went with it.
  bool DeleteFrom(NodeMap::iterator at, const StreamEntry& entry);
  bool TrimNode(NodeMap::iterator at, const StreamTrim& trim, bool* skipped, size_t* removed);
  bool MayRemoveNode(const StreamNode& node, const StreamTrim& trim) const;
  bool HasTombstonesFrom(StreamId id) const;
  void RecordFirstId();
  static bool IsFull(const StreamNode& node, StreamFields fields, const StreamLimits& limits);

  template <class Visit>
  static bool VisitForward(const StreamNode& node, StreamId first, StreamId last, Visit& visit);
  template <class Visit>
  static bool VisitBackward(const StreamNode& node, StreamId first, StreamId last, Visit& visit);

  NodeMap nodes_;  // by their first ids
  size_t length_ = 0;
  size_t node_bytes_ = 0;
  StreamId last_id_, first_id_, max_deleted_id_;
  uint64_t entries_added_ = 0;
  StreamTally tally_;
  NamedMap<StreamGroup> groups_;
  StreamIdempotence idempotence_;
  std::unique_ptr<StreamProducers> producers_;
};

// Whether to go on behind the node.
template <class Visit>
bool Stream::VisitForward(const StreamNode& node, StreamId first, StreamId last, Visit& visit) {
  StreamEntry entry;
  for (bool more = node.First(&entry); more; more = node.Next(&entry)) {
    if (entry.id > last) return false;
    if (entry.deleted || entry.id < first) continue;
    if (!visit(entry)) return false;
  }
  return true;
}

template <class Visit>
bool Stream::VisitBackward(const StreamNode& node, StreamId first, StreamId last, Visit& visit) {
  StreamEntry entry;
  for (bool more = node.Last(&entry); more; more = node.Previous(&entry)) {
    if (entry.id < first) return false;
    if (entry.deleted || entry.id > last) continue;
    if (!visit(entry)) return false;
  }
  return true;
}

template <class Visit>
void Stream::ForRange(StreamId first, StreamId last, bool reverse, Visit visit) const {
  if (first > last) return;
  if (!reverse) {
    auto at = NodeOf(first);
    if (at == nodes_.end()) at = nodes_.begin();
    for (; at != nodes_.end(); ++at) {
      if (!VisitForward(*at->second, first, last, visit)) return;
    }
    return;
  }
  for (auto at = NodeOf(last); at != nodes_.end(); --at) {
    if (!VisitBackward(*at->second, first, last, visit) || at == nodes_.begin()) return;
  }
}

}  // namespace larder::storage
