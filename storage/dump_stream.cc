#include "storage/dump_stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/packed_element.h"

namespace larder::storage {
namespace {

constexpr size_t kRawIdBytes = 16;
constexpr int64_t kTimeMax = std::numeric_limits<int64_t>::max();
constexpr uint64_t kCountMax = std::numeric_limits<int64_t>::max();  // clients read them signed

struct RawId {
  char bytes[kRawIdBytes];
  operator std::string_view() const { return {bytes, kRawIdBytes}; }  // NOLINT: it is a text
};

RawId ToRaw(StreamId id) {
  const uint64_t words[] = {__builtin_bswap64(id.ms), __builtin_bswap64(id.sequence)};
  RawId raw;
  std::memcpy(raw.bytes, words, kRawIdBytes);
  return raw;
}

// REQUIRES: 16 bytes.
StreamId FromRaw(std::string_view raw) {
  uint64_t words[2];
  std::memcpy(words, raw.data(), kRawIdBytes);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

// ---- saving

void SaveId(StreamId id, DumpWriter& out) {
  out.Length(id.ms);
  out.Length(id.sequence);
}

void SaveNode(const StreamNode& node, DumpWriter& out) {
  size_t elements = 0;
  for (size_t at = 0; at < node.used; ++elements) {
    at += PackedElement::BeginningAt(node.data() + at).bytes();
  }
  ListpackWriter packed;
  char text[kIntegerTextBytesMax];
  packed.Append({text, FormatInteger(static_cast<int64_t>(node.live), text)});
  packed.Append({text, FormatInteger(static_cast<int64_t>(node.deleted), text)});
  packed.AppendEncoded(node.packed(), elements);
  out.String(ToRaw(node.first_id));
  out.String(packed.Finish());
}

void SaveGivenBack(const StreamGroup& group, DumpWriter& out) {
  out.Length(group.given_back());
  if (group.given_back() == 0) return;
  size_t left = group.given_back();
  group.ForIdle(-1, [&](StreamId id) {
    out.Raw(ToRaw(id));
    return --left > 0;
  });
}

void SaveGroup(std::string_view name, const StreamGroup& group, DumpType type, DumpWriter& out) {
  out.String(name);
  SaveId(group.last_id, out);
  out.Length(static_cast<uint64_t>(group.entries_read));
  out.Length(group.pending().size());
  for (const auto& [id, entry] : group.pending()) {
    out.Raw(ToRaw(id));
    out.Milliseconds(entry.DeliveredMs());
    out.Length(entry.deliveries);
  }
  out.Length(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    out.String(consumer_name);
    out.Milliseconds(consumer.seen_ms);
    if (type >= DumpType::kStream3) out.Milliseconds(consumer.active_ms);
    out.Length(consumer.pending.size());
    for (const StreamId id : consumer.pending) out.Raw(ToRaw(id));
  }
  if (type >= DumpType::kStream5) SaveGivenBack(group, out);
}

void SaveProducers(const Stream& stream, DumpWriter& out) {
  out.Length(stream.idempotence().seconds);
  out.Length(stream.idempotence().ids_max);
  const StreamProducers* const producers = stream.producers();
  out.Length(producers == nullptr ? 0 : producers->producer_count());
  if (producers != nullptr)
    producers->ForEach(
        [&out](std::string_view name, size_t ids) {
          out.String(name);
          out.Length(ids);
        },
        [&out](std::string_view id, StreamId entry) {
          out.String(id);
          SaveId(entry, out);
        });
  out.Length(producers == nullptr ? 0 : producers->added);
  out.Length(producers == nullptr ? 0 : producers->duplicates);
}

// The oldest that has room for all that the stream has.
DumpType TypeFor(const Stream& stream) {
  for (const auto& [name, group] : stream.groups()) {
    if (group.given_back() > 0) return DumpType::kStream5;
  }
  const bool has_settings = stream.idempotence() != StreamIdempotence{};
  return stream.producers() != nullptr || has_settings ? DumpType::kStream4 : DumpType::kStream2;
}

// ---- loading

bool LoadCount(DumpReader& in, uint64_t* count) {
  *count = in.Length();
  return !in.failed() && *count <= kCountMax;
}

bool LoadTime(DumpReader& in, int64_t least, int64_t* ms) {
  *ms = in.Milliseconds();
  return !in.failed() && *ms >= least && *ms < kTimeMax;
}

bool LoadId(DumpReader& in, StreamId* id) {
  id->ms = in.Length();
  id->sequence = in.Length();
  return !in.failed();
}

bool LoadRawId(DumpReader& in, StreamId* id) {
  const std::string_view raw = in.Raw(kRawIdBytes);
  if (in.failed()) return false;
  *id = FromRaw(raw);
  return true;
}

// Walks packed elements that are not to be trusted.
class ElementCursor {
 public:
  explicit ElementCursor(std::string_view bytes)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  bool at_end() const { return at_ == end_; }
  size_t count() const { return count_; }  // of elements so far
  const uint8_t* position() const { return at_; }
  bool Skip(uint64_t count) {
    for (; count > 0; --count) {
      if (!Next()) return false;
    }
    return true;
  }
  bool Number(int64_t* number) {
    const auto element = Next();
    if (!element || !element->is_number()) return false;
    *number = element->number();
    return true;
  }

 private:
  std::optional<PackedElement> Next() {
    const auto element = PackedElement::BeginningWithin(at_, static_cast<size_t>(end_ - at_));
    if (!element) return element;
    at_ += element->bytes();
    ++count_;
    return element;
  }

  const uint8_t* at_;
  const uint8_t* end_;
  size_t count_ = 0;
};

// The counts in front of a node, and what follows them.
struct PackedNode {
  StreamId first_id;
  size_t claimed_count = 0;  // of elements, those two included
  int64_t live = 0, deleted = 0;
  std::string_view packed;
};

constexpr size_t kHeaderBytes = 6;        // of a listpack: its bytes, its elements
constexpr size_t kCountUnknown = 65'535;  // more than the header can tell

// What a listpack says of itself; its elements are looked at afterwards.
bool OpenListpack(std::string_view bytes, PackedNode* node) {
  if (bytes.size() <= kHeaderBytes) return false;
  uint32_t claimed_bytes;
  uint16_t claimed_count;
  std::memcpy(&claimed_bytes, bytes.data(), sizeof claimed_bytes);
  std::memcpy(&claimed_count, bytes.data() + sizeof claimed_bytes, sizeof claimed_count);
  if (claimed_bytes != bytes.size() || bytes.back() != '\xff') return false;
  node->claimed_count = claimed_count;
  const std::string_view elements = bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - 1);
  ElementCursor cursor(elements);
  if (!cursor.Number(&node->live) || !cursor.Number(&node->deleted)) return false;
  if (node->live < 0 || node->deleted < 0) return false;
  node->packed = elements.substr(
      static_cast<size_t>(cursor.position() - reinterpret_cast<const uint8_t*>(elements.data())));
  return true;
}

constexpr int64_t kDeletedFlag = 1;
constexpr int64_t kSameFieldsFlag = 2;

// Walks one entry behind `*last`, which becomes its id. `*deleted` is raised when it is flagged.
bool CheckEntry(ElementCursor& cursor, StreamId first_id, uint64_t master_fields, StreamId* last,
                int64_t* deleted) {
  int64_t flags = 0, ms = 0, sequence = 0, fields = 0, elements = 0;
  if (!cursor.Number(&flags) || flags < 0 || flags > (kDeletedFlag | kSameFieldsFlag)) return false;
  if (!cursor.Number(&ms) || !cursor.Number(&sequence)) return false;
  const StreamId id{first_id.ms + static_cast<uint64_t>(ms),
                    first_id.sequence + static_cast<uint64_t>(sequence)};
  if (id <= *last) return false;
  *last = id;
  *deleted += flags & kDeletedFlag;
  uint64_t before = 3;  // elements, without their number
  if ((flags & kSameFieldsFlag) != 0) {
    if (!cursor.Skip(master_fields)) return false;
    before += master_fields;
  } else {
    if (!cursor.Number(&fields) || fields < 0) return false;
    const auto texts = 2 * static_cast<uint64_t>(fields);
    if (!cursor.Skip(texts)) return false;
    before += 1 + texts;
  }
  return cursor.Number(&elements) && static_cast<uint64_t>(elements) == before;
}

// Whether a node is what stream_node.h describes, with all ids above `*last`, which becomes the
// highest of them.
bool CheckNode(const PackedNode& node, StreamId* last) {
  ElementCursor cursor(node.packed);
  int64_t master_fields = 0, zero = 0;
  if (!cursor.Number(&master_fields) || master_fields < 0) return false;
  if (!cursor.Skip(static_cast<uint64_t>(master_fields))) return false;
  if (!cursor.Number(&zero) || zero != 0) return false;
  int64_t entries = 0, deleted = 0;
  StreamId before = *last;
  while (!cursor.at_end()) {
    if (!CheckEntry(cursor, node.first_id, static_cast<uint64_t>(master_fields), &before,
                    &deleted)) {
      return false;
    }
    // Nothing of a node lies before the id that it is found by.
    if (entries == 0 && before < node.first_id) return false;
    ++entries;
  }
  *last = before;
  if (node.claimed_count != kCountUnknown && node.claimed_count != 2 + cursor.count()) return false;
  return entries == node.live + node.deleted && deleted == node.deleted;
}

class StreamLoader {
 public:
  StreamLoader(DumpReader& in, DumpType type, const RestoreLimits& limits)
      : in_(in), type_(type), limits_(limits), stream_(new Stream) {}

  Ref<Stream> Load() {
    stream_->set_idempotence(limits_.stream);
    if (!LoadNodes() || !LoadHead() || !LoadGroups() || !LoadProducers()) return {};
    return std::move(stream_);
  }

 private:
  struct Pending {
    StreamId id;
    int64_t delivered_ms;
    uint64_t deliveries;
    bool taken = false;
  };

  bool Has(DumpType type) const { return type_ >= type; }
  bool Fits() const { return stream_->MemoryBytes() <= limits_.value_bytes_max; }
  std::string_view String() { return in_.String(&text_); }

  bool LoadNodes();
  bool LoadHead();
  bool LoadGroups();
  bool LoadGroup();
  bool LoadPending();
  bool LoadConsumer(StreamGroup* group);
  bool LoadGivenBack(StreamGroup* group);
  bool LoadProducers();
  bool LoadProducer(StreamProducers& producers);
  Pending* FindPending(StreamId id);

  DumpReader& in_;
  const DumpType type_;
  const RestoreLimits& limits_;
  DumpText text_, name_;
  Ref<Stream> stream_;
  StreamId last_;                 // the highest id of all entries, deleted ones too
  std::vector<Pending> pending_;  // of the group that is being loaded
};

bool StreamLoader::LoadNodes() {
  for (uint64_t left = in_.Length(); left > 0; --left) {
    PackedNode node;
    const std::string_view key = String();
    if (in_.failed() || key.size() != kRawIdBytes) return false;
    node.first_id = FromRaw(key);
    const bool is_first = last_ == kStreamIdMin;
    if (!is_first && node.first_id <= last_) return false;
    const std::string_view listpack = String();
    if (in_.failed() || !OpenListpack(listpack, &node) || !CheckNode(node, &last_)) return false;
    if (node.live == 0) continue;  // all of it was deleted
    stream_->AppendNode(StreamNode::FromPacked(node.first_id, node.packed,
                                               static_cast<size_t>(node.live),
                                               static_cast<size_t>(node.deleted)));
    if (!Fits()) return false;
  }
  return !in_.failed();
}

bool StreamLoader::LoadHead() {
  uint64_t length = 0;
  StreamId last_id;
  if (!LoadCount(in_, &length) || length != stream_->size()) return false;
  if (!LoadId(in_, &last_id) || last_id < last_) return false;
  stream_->set_last_id(last_id);
  stream_->set_entries_added(length);
  if (!Has(DumpType::kStream2)) return true;
  StreamId first_id, max_deleted_id;  // the first follows from the entries
  uint64_t added = 0;
  if (!LoadId(in_, &first_id) || !LoadId(in_, &max_deleted_id) || !LoadCount(in_, &added)) {
    return false;
  }
  stream_->set_max_deleted_id(max_deleted_id);
  stream_->set_entries_added(added);
  return true;
}

bool StreamLoader::LoadGroups() {
  for (uint64_t left = in_.Length(); left > 0; --left) {
    if (!LoadGroup() || !Fits()) return false;
  }
  return !in_.failed();
}

bool StreamLoader::LoadGroup() {
  const std::string_view name = in_.String(&name_);
  StreamId last_id;
  if (!LoadId(in_, &last_id)) return false;
  int64_t entries_read = kEntriesReadUnknown;
  if (Has(DumpType::kStream2)) {
    entries_read = static_cast<int64_t>(in_.Length());
    if (in_.failed() || entries_read < kEntriesReadUnknown) return false;
  }
  StreamGroup* const group = stream_->AddGroup(name, last_id, entries_read);
  if (group == nullptr || !LoadPending()) return false;
  for (uint64_t left = in_.Length(); left > 0; --left) {
    if (!LoadConsumer(group) || !Fits()) return false;
  }
  if (in_.failed() || (Has(DumpType::kStream5) && !LoadGivenBack(group))) return false;
  return std::all_of(pending_.begin(), pending_.end(),
                     [](const Pending& one) { return one.taken; });
}

bool StreamLoader::LoadPending() {
  pending_.clear();
  for (uint64_t left = in_.Length(); left > 0; --left) {
    Pending one;
    if (!LoadRawId(in_, &one.id) || !LoadTime(in_, 0, &one.delivered_ms)) return false;
    if (!LoadCount(in_, &one.deliveries)) return false;
    if (!pending_.empty() && one.id <= pending_.back().id) return false;
    pending_.push_back(one);
  }
  return !in_.failed();
}

// One that is pending for nobody yet.
StreamLoader::Pending* StreamLoader::FindPending(StreamId id) {
  const auto at =
      std::lower_bound(pending_.begin(), pending_.end(), id,
                       [](const Pending& one, StreamId wanted) { return one.id < wanted; });
  return at == pending_.end() || at->id != id || at->taken ? nullptr : &*at;
}

bool StreamLoader::LoadConsumer(StreamGroup* group) {
  const std::string_view name = String();
  int64_t seen_ms = 0, active_ms = 0;
  if (!LoadTime(in_, 0, &seen_ms) || group->FindConsumer(name) != nullptr) return false;
  active_ms = seen_ms;
  if (Has(DumpType::kStream3) && !LoadTime(in_, -1, &active_ms)) return false;
  StreamConsumer* const consumer = group->AddConsumer(name, seen_ms);
  consumer->active_ms = active_ms;
  for (uint64_t left = in_.Length(); left > 0; --left) {
    StreamId id;
    if (!LoadRawId(in_, &id)) return false;
    Pending* const one = FindPending(id);
    if (one == nullptr) return false;
    one->taken = true;
    group->Assign(id, consumer, one->delivered_ms, one->deliveries);
  }
  return !in_.failed();
}

bool StreamLoader::LoadGivenBack(StreamGroup* group) {
  for (uint64_t left = in_.Length(); left > 0; --left) {
    StreamId id;
    if (!LoadRawId(in_, &id)) return false;
    Pending* const one = FindPending(id);
    if (one == nullptr) return false;
    one->taken = true;
    group->GiveBack(id, one->deliveries);
  }
  return !in_.failed();
}

bool StreamLoader::LoadProducers() {
  if (!Has(DumpType::kStream4)) return true;
  constexpr uint64_t kSettingMax = std::numeric_limits<uint32_t>::max();
  const uint64_t seconds = in_.Length();
  const uint64_t ids_max = in_.Length();
  if (in_.failed() || seconds > kSettingMax || ids_max == 0 || ids_max > kSettingMax) return false;
  stream_->set_idempotence(
      {.seconds = static_cast<uint32_t>(seconds), .ids_max = static_cast<uint32_t>(ids_max)});
  auto producers = std::make_unique<StreamProducers>();
  for (uint64_t left = in_.Length(); left > 0; --left) {
    if (!LoadProducer(*producers) || producers->MemoryBytes() > limits_.value_bytes_max) {
      return false;
    }
  }
  if (!LoadCount(in_, &producers->added) || !LoadCount(in_, &producers->duplicates)) return false;
  const bool any = producers->id_count() > 0 || producers->added > 0 || producers->duplicates > 0;
  if (any) stream_->set_producers(std::move(producers));
  return Fits();
}

bool StreamLoader::LoadProducer(StreamProducers& producers) {
  const std::string_view name = in_.String(&name_);
  uint64_t left = in_.Length();
  if (in_.failed()) return false;
  for (; left > 0; --left) {
    const std::string_view id = String();
    StreamId entry;
    if (!LoadId(in_, &entry)) return false;
    if (!producers.Add(name, id, entry, stream_->idempotence().ids_max)) return false;
  }
  return true;
}

}  // namespace

uint16_t SaveStream(const Stream& stream, DumpWriter& out) {
  const DumpType type = TypeFor(stream);
  out.Type(type);
  out.Length(stream.node_count());
  stream.ForNodes([&out](const StreamNode& node) { SaveNode(node, out); });
  out.Length(stream.size());
  SaveId(stream.last_id(), out);
  SaveId(stream.first_id(), out);
  SaveId(stream.max_deleted_id(), out);
  out.Length(stream.entries_added());
  out.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) SaveGroup(name, group, type, out);
  if (type >= DumpType::kStream4) SaveProducers(stream, out);
  if (type == DumpType::kStream5) return kDumpVersionOf88;
  return type == DumpType::kStream4 ? kDumpVersionOf86 : kDumpVersionOf70;
}

Ref<Stream> LoadStream(DumpReader& in, DumpType type, const RestoreLimits& limits) {
  return StreamLoader(in, type, limits).Load();
}

}  // namespace larder::storage
