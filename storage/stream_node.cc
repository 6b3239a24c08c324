#include "storage/stream_node.h"

#include <cstring>
#include <new>

#include "absl/container/inlined_vector.h"
#include "storage/memory.h"

namespace larder::storage {
namespace {

constexpr uint8_t kDeleted = 1;  // flags; below 128, so that they are one byte whatever is set
constexpr uint8_t kSameFields = 2;
constexpr size_t kListpackFrameBytes = 7;
constexpr size_t kGrowthShare = 4;  // room for this share more is made when a node has to grow

using Elements = absl::InlinedVector<ElementSpec, 24>;

size_t BytesOf(const Elements& elements) {
  size_t bytes = 0;
  for (const ElementSpec& element : elements) bytes += element.Bytes();
  return bytes;
}

void Write(const Elements& elements, uint8_t* out) {
  for (const ElementSpec& element : elements) {
    element.WriteTo(out);
    out += element.Bytes();
  }
}

const uint8_t* SkipElements(const uint8_t* at, size_t count) {
  for (; count > 0; --count) at += PackedElement::BeginningAt(at).bytes();
  return at;
}

// The signed difference that two's complement makes of it.
int64_t Difference(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }

StreamNode* Allocate(size_t capacity) {
  void* const memory = memory::Allocate(sizeof(StreamNode) + capacity);
  auto* const node = new (memory) StreamNode;
  node->capacity = memory::AllocatedBytes(memory) - sizeof(StreamNode);
  return node;
}

StreamNode* WithCapacity(StreamNode* node, size_t capacity) {
  void* const memory = memory::Reallocate(node, sizeof(StreamNode) + capacity);
  auto* const moved = static_cast<StreamNode*>(memory);
  moved->capacity = memory::AllocatedBytes(memory) - sizeof(StreamNode);
  return moved;
}

}  // namespace

StreamNode* StreamNode::New(StreamId first_id, StreamFields fields) {
  Elements master;
  master.emplace_back(static_cast<int64_t>(fields.size() / 2));
  for (size_t i = 0; i < fields.size(); i += 2) master.emplace_back(fields[i]);
  master.emplace_back(int64_t{0});
  const size_t bytes = BytesOf(master);
  StreamNode* const node = Allocate(bytes);
  node->first_id = first_id;
  node->used = bytes;
  Write(master, node->data());
  return node;
}

StreamNode* StreamNode::Clone(const StreamNode& node) {
  StreamNode* const copy = Allocate(node.used);
  copy->first_id = node.first_id;
  copy->used = node.used;
  copy->live = node.live;
  copy->deleted = node.deleted;
  std::memcpy(copy->data(), node.data(), node.used);
  return copy;
}

StreamNode* StreamNode::FromPacked(StreamId first_id, std::string_view packed, size_t live,
                                   size_t deleted) {
  StreamNode* const node = Allocate(packed.size());
  node->first_id = first_id;
  node->used = packed.size();
  node->live = live;
  node->deleted = deleted;
  std::memcpy(node->data(), packed.data(), packed.size());
  return node;
}

void StreamNode::Delete(StreamNode* node) { memory::Deallocate(node); }

StreamNode* StreamNode::Shrink(StreamNode* node) { return WithCapacity(node, node->used); }

bool StreamNode::HasNamesOf(StreamFields fields) const {
  const PackedElement count = PackedElement::BeginningAt(data());
  if (static_cast<size_t>(count.number()) != fields.size() / 2) return false;
  const uint8_t* at = data() + count.bytes();
  ElementBuffer buffer;
  for (size_t i = 0; i < fields.size(); i += 2) {
    const PackedElement name = PackedElement::BeginningAt(at);
    if (name.Text(&buffer) != fields[i]) return false;
    at += name.bytes();
  }
  return true;
}

StreamNode* StreamNode::Append(StreamNode* node, StreamId id, StreamFields fields) {
  const bool same = node->HasNamesOf(fields);
  Elements entry;
  entry.emplace_back(int64_t{same ? kSameFields : 0});
  entry.emplace_back(Difference(id.ms, node->first_id.ms));
  entry.emplace_back(Difference(id.sequence, node->first_id.sequence));
  if (same) {
    for (size_t i = 1; i < fields.size(); i += 2) entry.emplace_back(fields[i]);
  } else {
    entry.emplace_back(static_cast<int64_t>(fields.size() / 2));
    for (const std::string_view text : fields) entry.emplace_back(text);
  }
  entry.emplace_back(static_cast<int64_t>(entry.size()));

  const size_t needed = node->used + BytesOf(entry);
  if (needed > node->capacity) node = WithCapacity(node, needed + needed / kGrowthShare);
  Write(entry, node->data() + node->used);
  node->used = needed;
  ++node->live;
  return node;
}

size_t StreamNode::ListpackBytes() const {
  return kListpackFrameBytes + ElementSpec(static_cast<int64_t>(live)).Bytes() +
         ElementSpec(static_cast<int64_t>(deleted)).Bytes() + used;
}

// ---- entries

const uint8_t* StreamNode::Entries() const {
  const PackedElement count = PackedElement::BeginningAt(data());
  return SkipElements(data() + count.bytes(), static_cast<size_t>(count.number()) + 1);
}

void StreamNode::Read(const uint8_t* at, StreamEntry* entry) const {
  entry->at = at;
  const auto next = [&at] {
    const PackedElement element = PackedElement::BeginningAt(at);
    at += element.bytes();
    return element.number();
  };
  const int64_t flags = next();
  entry->id.ms = first_id.ms + static_cast<uint64_t>(next());
  entry->id.sequence = first_id.sequence + static_cast<uint64_t>(next());
  entry->deleted = (flags & kDeleted) != 0;
  if ((flags & kSameFields) != 0) {
    const PackedElement count = PackedElement::BeginningAt(data());
    entry->field_count = static_cast<size_t>(count.number());
    entry->names = data() + count.bytes();
  } else {
    entry->field_count = static_cast<size_t>(next());
    entry->names = nullptr;
  }
  entry->fields = at;
}

const uint8_t* StreamNode::Behind(const StreamEntry& entry) const {
  const size_t texts = entry.names == nullptr ? 2 * entry.field_count : entry.field_count;
  return SkipElements(entry.fields, texts + 1);
}

bool StreamNode::First(StreamEntry* entry) const {
  const uint8_t* const at = Entries();
  if (at == End()) return false;
  Read(at, entry);
  return true;
}

bool StreamNode::Next(StreamEntry* entry) const {
  const uint8_t* const at = Behind(*entry);
  if (at == End()) return false;
  Read(at, entry);
  return true;
}

bool StreamNode::Last(StreamEntry* entry) const {
  entry->at = End();
  return Previous(entry);
}

bool StreamNode::Previous(StreamEntry* entry) const {
  const uint8_t* at = entry->at;
  const PackedElement before = PackedElement::EndingAt(at);
  // Behind the master there is a 0, behind each entry the number of its elements.
  if (before.number() == 0) return false;
  at -= before.bytes();
  for (int64_t elements = before.number(); elements > 0; --elements) {
    at -= PackedElement::EndingAt(at).bytes();
  }
  Read(at, entry);
  return true;
}

void StreamNode::MarkDeleted(const StreamEntry& entry) {
  auto* const flags = data() + (entry.at - data());
  *flags |= kDeleted;
  --live;
  ++deleted;
}

}  // namespace larder::storage
