// Restore: one function a type of value, for each of the forms that it has had.
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "storage/blob.h"
#include "storage/crc64.h"
#include "storage/dump.h"
#include "storage/dump_packed.h"
#include "storage/dump_reader.h"
#include "storage/dump_stream.h"
#include "storage/numbers.h"

namespace larder::storage {
namespace {

constexpr int64_t kFieldExpiryMsMax = (int64_t{1} << 48) - 2;  // Redis's bound

uint16_t VersionOf(std::string_view dump) {
  uint16_t version;
  std::memcpy(&version, dump.data() + dump.size() - kDumpFooterBytes, sizeof version);
  return version;
}

// What all the loaders need. Each answers its value, or nothing when the dump makes no sense: also
// where an element comes twice, and where there is none.
struct Loading {
  DumpReader in;
  const RestoreLimits& limits;
  DumpText text;  // of what is read at the moment
  DumpText name;  // of what is read before that and still needed

  std::string_view String() { return in.String(&text); }
  bool Fits(const Object& object) const { return object.MemoryBytes() <= limits.value_bytes_max; }
};

// Visits the elements of a collection that is one string of the dump.
using PackedVisit = bool (*)(std::string_view, TextVisitor);

// Gathers two texts that follow one another: pairs(first) keeps it, pairs(second) hands both over.
template <class Visit>
bool VisitPairs(PackedVisit visit_packed, std::string_view packed, Visit visit) {
  std::string first;
  bool has_first = false;
  const bool whole = visit_packed(packed, [&](std::string_view text) {
    has_first = !has_first;
    if (!has_first) return visit(std::string_view(first), text);
    first = text;
    return true;
  });
  return whole && !has_first;
}

// ---- strings

std::optional<Value> LoadString(Loading& from) {
  const std::string_view text = from.String();
  if (from.in.failed() || text.size() > from.limits.value_bytes_max) return std::nullopt;
  Value value{.type = Type::kString};
  if (text.size() > kInlineStringBytesMax) {
    value.object = Ref<Object>(new Blob(text));
  } else {
    value.inline_bytes = text;
  }
  return value;
}

template <class Collection>
std::optional<Value> ValueOf(Ref<Collection> collection) {
  if (collection->ElementCount() == 0) return std::nullopt;
  Value value{.type = Collection::kType};
  value.object = std::move(collection);
  return value;
}

// ---- lists

bool AppendTo(List* list, const Loading& from, std::string_view element) {
  list->Expect({&element, 1}, from.limits.list);
  list->Push(ListEnd::kBack, element, from.limits.list);
  return from.Fits(*list);
}

// The next node of a quicklist.
bool LoadNode(Loading& from, DumpType type, List* list) {
  auto node = DumpNode::kPacked;
  if (type == DumpType::kQuicklist2) {
    const uint64_t kind = from.in.Length();
    if (kind != static_cast<uint64_t>(DumpNode::kPlain) &&
        kind != static_cast<uint64_t>(DumpNode::kPacked)) {
      return false;
    }
    node = static_cast<DumpNode>(kind);
  }
  const std::string_view bytes = from.String();
  if (from.in.failed()) return false;
  if (node == DumpNode::kPlain) return AppendTo(list, from, bytes);
  const auto append = [&](std::string_view element) { return AppendTo(list, from, element); };
  return type == DumpType::kQuicklist2 ? VisitListpack(bytes, append) : VisitZiplist(bytes, append);
}

std::optional<Value> LoadList(Loading& from, DumpType type) {
  Ref<List> list(new List);
  if (type == DumpType::kListZiplist) {
    const std::string_view packed = from.String();
    const auto append = [&](std::string_view text) { return AppendTo(list.get(), from, text); };
    if (!VisitZiplist(packed, append)) return std::nullopt;
    return ValueOf(std::move(list));
  }
  for (uint64_t left = from.in.Length(); left > 0; --left) {
    if (type == DumpType::kList) {
      const std::string_view element = from.String();
      if (from.in.failed() || !AppendTo(list.get(), from, element)) return std::nullopt;
    } else if (!LoadNode(from, type, list.get())) {
      return std::nullopt;
    }
  }
  return ValueOf(std::move(list));
}

// ---- sets

std::optional<Value> LoadSet(Loading& from, DumpType type) {
  const SetLimits& limits = from.limits.set;
  Ref<Set> set(new Set(from.limits.set_seed));
  const auto add = [&](std::string_view member) {
    return set->Add(member, limits) && from.Fits(*set);
  };
  if (type == DumpType::kSetIntset) {
    char text[kIntegerTextBytesMax];
    const auto add_number = [&](int64_t number) {
      return add({text, FormatInteger(number, text)});
    };
    if (!VisitIntset(from.String(), add_number)) return std::nullopt;
  } else if (type == DumpType::kSetListpack) {
    set->PreferListpack(limits);
    if (!VisitListpack(from.String(), add)) return std::nullopt;
  } else {
    for (uint64_t left = from.in.Length(); left > 0; --left) {
      const std::string_view member = from.String();
      if (from.in.failed() || !add(member)) return std::nullopt;
    }
  }
  return ValueOf(std::move(set));
}

// ---- sorted sets

std::optional<Value> LoadSortedSet(Loading& from, DumpType type) {
  const SortedSetLimits& limits = from.limits.sorted_set;
  Ref<SortedSet> set(new SortedSet);
  const auto add = [&](std::string_view member, double score) {
    return !std::isnan(score) && set->Put(member, score, limits) == SortedSet::Change::kAdded &&
           from.Fits(*set);
  };
  if (type == DumpType::kSortedSetListpack || type == DumpType::kSortedSetZiplist) {
    const auto add_pair = [&](std::string_view member, std::string_view text) {
      const std::optional<double> score = ParseDouble(text);
      return score && add(member, *score);
    };
    const auto visit = type == DumpType::kSortedSetZiplist ? VisitZiplist : VisitListpack;
    if (!VisitPairs(visit, from.String(), add_pair)) return std::nullopt;
    return ValueOf(std::move(set));
  }
  uint64_t left = from.in.Length();
  // Many are taken for as many only if the dump can hold them: each takes a byte at least.
  set->Expect(from.in.left() >= left ? left : 0, limits);
  for (; left > 0; --left) {
    const std::string_view member = from.String();
    const double score = type == DumpType::kSortedSet2 ? from.in.Double() : from.in.DoubleText();
    if (from.in.failed() || !add(member, score)) return std::nullopt;
  }
  return ValueOf(std::move(set));
}

// ---- hashes

// A hash with what loading it needs to know besides.
struct HashLoading {
  Ref<Hash> hash;
  size_t expired = 0;
};

bool SetField(const Loading& from, HashLoading* to, std::string_view name, std::string_view value,
              int64_t expire_at_ms) {
  if (expire_at_ms != kNoExpiry && expire_at_ms <= from.limits.now_ms) {
    ++to->expired;
    return true;
  }
  if (!to->hash->Set(name, value, from.limits.hash)) return false;
  if (expire_at_ms != kNoExpiry) to->hash->SetExpiry(name, expire_at_ms);
  return from.Fits(*to->hash);
}

bool LoadPackedHash(Loading& from, PackedVisit visit, HashLoading* to) {
  return VisitPairs(visit, from.String(), [&](std::string_view name, std::string_view value) {
    return SetField(from, to, name, value, kNoExpiry);
  });
}

// Names, values and times; of the time of the next one, which may stand before them, nothing is
// needed.
bool LoadPackedHashWithExpiries(Loading& from, HashLoading* to) {
  std::string name, value;
  size_t texts = 0;
  const bool whole = VisitListpack(from.String(), [&](std::string_view text) {
    switch (texts++ % 3) {
      case 0:
        name = text;
        return true;
      case 1:
        value = text;
        return true;
      default:
        const std::optional<int64_t> at_ms = ParseInteger(text);
        if (!at_ms || *at_ms < 0 || *at_ms > kFieldExpiryMsMax) return false;
        return SetField(from, to, name, value, *at_ms == 0 ? kNoExpiry : *at_ms);
    }
  });
  return whole && texts % 3 == 0;
}

// What stands before a field: nothing, its time, or its distance from the time of the next one.
bool LoadFieldExpiry(Loading& from, DumpType type, int64_t next_ms, int64_t* at_ms) {
  *at_ms = kNoExpiry;
  if (type == DumpType::kHash) return true;
  const uint64_t value = from.in.Length();
  if (from.in.failed() || value > static_cast<uint64_t>(kFieldExpiryMsMax)) return false;
  if (value == 0) return true;
  *at_ms = static_cast<int64_t>(value);
  if (type == DumpType::kHashMetadata) *at_ms += next_ms - 1;
  return *at_ms >= 0 && *at_ms <= kFieldExpiryMsMax;
}

bool LoadHashFields(Loading& from, DumpType type, bool is_valkey, HashLoading* to) {
  int64_t next_ms = 0;
  if (type == DumpType::kHashMetadata) next_ms = from.in.Milliseconds();
  if (next_ms < 0 || next_ms > kFieldExpiryMsMax) return false;
  if (is_valkey) type = DumpType::kHash;
  for (uint64_t left = from.in.Length(); left > 0; --left) {
    int64_t at_ms;
    if (!LoadFieldExpiry(from, type, next_ms, &at_ms)) return false;
    const std::string_view name = from.in.String(&from.name);
    const std::string_view value = from.String();
    if (is_valkey) {  // which writes the time behind the field, and -1 for none
      at_ms = from.in.Milliseconds();
      if (at_ms < kNoExpiry || at_ms > kFieldExpiryMsMax) return false;
    }
    if (from.in.failed() || !SetField(from, to, name, value, at_ms)) return false;
  }
  return true;
}

bool LoadHashForm(Loading& from, DumpType type, bool is_valkey, HashLoading* to) {
  switch (type) {
    case DumpType::kHashListpack:
      return LoadPackedHash(from, VisitListpack, to);
    case DumpType::kHashZiplist:
      return LoadPackedHash(from, VisitZiplist, to);
    case DumpType::kHashZipmap:
      return LoadPackedHash(from, VisitZipmap, to);
    case DumpType::kHash:
      return LoadHashFields(from, type, false, to);
    case DumpType::kHashListpackEx:
      from.in.Milliseconds();
      [[fallthrough]];
    case DumpType::kHashListpackExBefore74:
      to->hash->ExpectExpiries();
      return LoadPackedHashWithExpiries(from, to);
    default:
      if (!is_valkey) to->hash->ExpectExpiries();
      return LoadHashFields(from, type, is_valkey, to);
  }
}

Restored LoadHash(Loading& from, DumpType type, bool is_valkey) {
  HashLoading loading{Ref<Hash>(new Hash(from.limits.hash_seed))};
  if (!LoadHashForm(from, type, is_valkey, &loading)) return {};
  if (loading.hash->size() == 0 && loading.expired > 0) {
    return {.error = RestoreError::kAllExpired};
  }
  return {ValueOf(std::move(loading.hash))};
}

// ---- streams

std::optional<Value> LoadStreamValue(Loading& from, DumpType type) {
  Ref<Stream> stream = LoadStream(from.in, type, from.limits);
  if (!stream) return std::nullopt;
  Value value{.type = Type::kStream};
  value.object = std::move(stream);
  return value;
}

}  // namespace

bool HasGoodFooter(std::string_view dump) {
  if (dump.size() < kDumpFooterBytes) return false;
  const uint16_t version = VersionOf(dump);
  if (version > kDumpVersionMax && version != kDumpVersionOfValkey) return false;
  uint64_t crc;
  std::memcpy(&crc, dump.data() + dump.size() - sizeof crc, sizeof crc);
  return crc == Crc64(dump.substr(0, dump.size() - sizeof crc));
}

Restored Restore(std::string_view dump, const RestoreLimits& limits) {
  if (dump.size() < kDumpFooterBytes) return {};
  const bool is_valkey = VersionOf(dump) == kDumpVersionOfValkey;
  dump.remove_suffix(kDumpFooterBytes);
  Loading from{DumpReader(dump, limits.string_bytes_max), limits, {}, {}};
  const auto type = static_cast<DumpType>(from.in.Byte());
  if (from.in.failed()) return {};
  switch (type) {
    case DumpType::kString:
      return {LoadString(from)};
    case DumpType::kList:
    case DumpType::kListZiplist:
    case DumpType::kQuicklist:
    case DumpType::kQuicklist2:
      return {LoadList(from, type)};
    case DumpType::kSet:
    case DumpType::kSetIntset:
    case DumpType::kSetListpack:
      return {LoadSet(from, type)};
    case DumpType::kSortedSet:
    case DumpType::kSortedSet2:
    case DumpType::kSortedSetZiplist:
    case DumpType::kSortedSetListpack:
      return {LoadSortedSet(from, type)};
    case DumpType::kHashMetadataBefore74:
      return LoadHash(from, type, is_valkey);
    case DumpType::kHash:
    case DumpType::kHashZipmap:
    case DumpType::kHashZiplist:
    case DumpType::kHashListpack:
    case DumpType::kHashListpackExBefore74:
    case DumpType::kHashMetadata:
    case DumpType::kHashListpackEx:
      return LoadHash(from, type, false);
    case DumpType::kStream1:
    case DumpType::kStream2:
    case DumpType::kStream3:
    case DumpType::kStream4:
    case DumpType::kStream5:
      return {LoadStreamValue(from, type)};
  }
  return {};
}

}  // namespace larder::storage
