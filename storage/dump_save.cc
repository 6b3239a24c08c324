// DumpOf: one function a type.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "storage/crc64.h"
#include "storage/dump.h"
#include "storage/dump_stream.h"
#include "storage/dump_writer.h"
#include "storage/numbers.h"

namespace larder::storage {
namespace {

// A longer element of a list has a node of its own, and is no listpack.
constexpr size_t kPlainElementBytesMin = size_t{1} << 30;

// Scores up to this are written as integers where they are some.
constexpr double kIntegerScoreMax = 4503599627370496;  // 2^52

// ---- one function a type: each writes the value and returns the version that it needs

uint16_t SaveString(const Entry& entry, DumpWriter& out) {
  out.Type(DumpType::kString);
  out.String(entry.string());
  return kDumpVersionOf70;
}

void SavePlainNodes(const ListNode* node, DumpWriter& out) {
  ElementBuffer buffer;
  for (size_t offset = node->begin; offset < node->end;) {
    const PackedElement element = PackedElement::BeginningAt(node->data() + offset);
    out.Length(static_cast<uint64_t>(DumpNode::kPlain));
    out.String(element.Text(&buffer));
    offset += element.bytes();
  }
}

uint16_t SaveList(const List& list, DumpWriter& out) {
  const auto is_packed = [](const ListNode* node) { return node->used() < kPlainElementBytesMin; };
  uint64_t nodes = 0;
  for (const ListNode* node = list.First().node; node != nullptr; node = node->next) {
    nodes += is_packed(node) ? 1 : node->count;
  }
  out.Type(DumpType::kQuicklist2);
  out.Length(nodes);
  for (const ListNode* node = list.First().node; node != nullptr; node = node->next) {
    if (!is_packed(node)) {
      SavePlainNodes(node, out);
      continue;
    }
    ListpackWriter packed;
    packed.AppendEncoded({reinterpret_cast<const char*>(node->data()) + node->begin, node->used()},
                         node->count);
    out.Length(static_cast<uint64_t>(DumpNode::kPacked));
    out.String(packed.Finish());
  }
  return kDumpVersionOf70;
}

void SaveIntset(const Set& set, DumpWriter& out) {
  std::vector<int64_t> members;
  members.reserve(set.size());
  set.ForEach([&](std::string_view member) { members.push_back(*ParseInteger(member)); });
  const auto [least, most] = std::minmax_element(members.begin(), members.end());
  const bool is_16 = *least >= INT16_MIN && *most <= INT16_MAX;
  const bool is_32 = *least >= INT32_MIN && *most <= INT32_MAX;
  const uint32_t width = is_16 ? 2 : is_32 ? 4 : 8;
  const uint32_t header[] = {width, static_cast<uint32_t>(members.size())};
  std::string bytes(reinterpret_cast<const char*>(header), sizeof header);
  for (const int64_t& member : members) {
    bytes.append(reinterpret_cast<const char*>(&member), width);
  }
  out.Type(DumpType::kSetIntset);
  out.String(bytes);
}

// Redis 7.0 knows no listpack of a set.
uint16_t SaveSet(const Set& set, DumpWriter& out) {
  if (set.encoding() == Encoding::kIntset) {
    SaveIntset(set, out);
  } else {
    out.Type(DumpType::kSet);
    out.Length(set.size());
    set.ForEach([&](std::string_view member) { out.String(member); });
  }
  return kDumpVersionOf70;
}

void AppendScore(double score, ListpackWriter* packed) {
  char text[32];
  if (std::fabs(score) <= kIntegerScoreMax && score == std::trunc(score)) {
    packed->Append({text, FormatInteger(static_cast<int64_t>(score), text)});
  } else {
    packed->Append({text, std::to_chars(text, std::end(text), score).ptr});
  }
}

uint16_t SaveSortedSet(const SortedSet& set, DumpWriter& out) {
  if (set.encoding() == Encoding::kListpack) {
    ListpackWriter packed;
    set.ForEach([&](std::string_view member, double score) {
      packed.Append(member);
      AppendScore(score, &packed);
    });
    out.Type(DumpType::kSortedSetListpack);
    out.String(packed.Finish());
  } else {
    out.Type(DumpType::kSortedSet2);
    out.Length(set.size());
    // The highest first, as Redis likes it best.
    set.ForRange({0, set.size()}, /*reverse=*/true, [&](std::string_view member, double score) {
      out.String(member);
      out.Double(score);
    });
  }
  return kDumpVersionOf70;
}

void SaveHashOfListpack(const Hash& hash, bool expires, int64_t next_ms, DumpWriter& out) {
  ListpackWriter packed;
  hash.ForEach([&](const HashField& field) {
    packed.Append(field.name);
    packed.Append(field.value);
    if (!expires) return;
    char text[kIntegerTextBytesMax];
    const int64_t at_ms = field.expire_at_ms == kNoExpiry ? 0 : field.expire_at_ms;
    packed.Append({text, FormatInteger(at_ms, text)});
  });
  out.Type(expires ? DumpType::kHashListpackEx : DumpType::kHashListpack);
  if (expires) out.Milliseconds(next_ms);
  out.String(packed.Finish());
}

void SaveHashOfTable(const Hash& hash, bool expires, int64_t next_ms, DumpWriter& out) {
  out.Type(expires ? DumpType::kHashMetadata : DumpType::kHash);
  if (expires) out.Milliseconds(next_ms);
  out.Length(hash.size());
  hash.ForEach([&](const HashField& field) {
    if (expires) {
      out.Length(field.expire_at_ms == kNoExpiry
                     ? 0
                     : static_cast<uint64_t>(field.expire_at_ms - next_ms) + 1);
    }
    out.String(field.name);
    out.String(field.value);
  });
}

uint16_t SaveHash(const Hash& hash, DumpWriter& out) {
  int64_t next_ms = Hash::kNeverExpires;
  hash.ForEach([&](const HashField& field) {
    if (field.expire_at_ms != kNoExpiry) next_ms = std::min(next_ms, field.expire_at_ms);
  });
  const bool expires = next_ms != Hash::kNeverExpires;
  if (hash.encoding() == Encoding::kHashtable) {
    SaveHashOfTable(hash, expires, next_ms, out);
  } else {
    SaveHashOfListpack(hash, expires, next_ms, out);
  }
  return expires ? kDumpVersionOf74 : kDumpVersionOf70;
}

}  // namespace

std::string DumpOf(const Entry& entry, const DumpOptions& options) {
  std::string dump;
  DumpWriter out(&dump, options.compress);
  uint16_t version = 0;
  switch (entry.type()) {
    case Type::kString:
      version = SaveString(entry, out);
      break;
    case Type::kList:
      version = SaveList(static_cast<const List&>(*entry.object()), out);
      break;
    case Type::kSet:
      version = SaveSet(static_cast<const Set&>(*entry.object()), out);
      break;
    case Type::kZSet:
      version = SaveSortedSet(static_cast<const SortedSet&>(*entry.object()), out);
      break;
    case Type::kHash:
      version = SaveHash(static_cast<const Hash&>(*entry.object()), out);
      break;
    case Type::kStream:
      version = SaveStream(static_cast<const Stream&>(*entry.object()), out);
      break;
    case Type::kPass:  // has no serialised form: callers leave it out
      break;
  }
  AppendFooter(version, &dump);
  return dump;
}

void AppendFooter(uint16_t version, std::string* dump) {
  dump->append(reinterpret_cast<const char*>(&version), sizeof version);
  const uint64_t crc = Crc64(*dump);
  dump->append(reinterpret_cast<const char*>(&crc), sizeof crc);
}

}  // namespace larder::storage
