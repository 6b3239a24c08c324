#include "server/command_table.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include "server/arg_reader.h"
#include "server/command_syntax.h"
#include "storage/numbers.h"

namespace larder {
namespace {

constexpr size_t kCommandNameBytesMax = 64;

template <class T>
uint64_t Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Eight bytes in lower case, all at once: bit 5 is set where a byte is from A to Z.
uint64_t LowerEach(uint64_t bytes) {
  constexpr uint64_t kEach = 0x0101010101010101u;
  const uint64_t low = bytes & (0x7f * kEach);
  const uint64_t from_a = low + (0x80 - 'A') * kEach;
  const uint64_t above_z = low + (0x7f - 'Z') * kEach;
  return bytes | ((from_a & ~above_z & ~bytes & 0x80 * kEach) >> 2);
}

// A word that tells names apart: the whole of one up to eight bytes long, together with its length.
uint64_t WordOf(std::string_view name) {
  const char* const at = name.data();
  const size_t size = name.size();
  if (size >= 8) return LowerEach(Load<uint64_t>(at));
  if (size >= 4) {
    return LowerEach(Load<uint32_t>(at) | Load<uint32_t>(at + size - 4) << 32);
  }
  if (size == 0) return 0;
  return LowerEach(Load<uint8_t>(at) | Load<uint8_t>(at + size / 2) << 8 |
                   Load<uint8_t>(at + size - 1) << 16);
}

size_t SlotOf(uint64_t word, size_t size, size_t slots) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15u;
  return ((word ^ size) * kOdd >> 32) % slots;
}

}  // namespace

std::string_view GroupName(Group group) {
  constexpr std::string_view kNames[] = {"generic",     "string",     "list",   "set",
                                         "sorted-set",  "hash",       "stream", "bitmap",
                                         "hyperloglog", "geo",        "pubsub", "transactions",
                                         "scripting",   "connection", "server", "cache"};
  return kNames[static_cast<size_t>(group)];
}

CommandTable::CommandTable() : probe_(kProbeSlots) {
  size_t rows = 0;
  for (const auto family : CommandFamilies()) {
    for (const CommandSpec& spec : family) rows += 1 + spec.subcommands.size();
  }
  infos_.reserve(rows);  // rows are pointed at: no reallocation
  for (const auto family : CommandFamilies()) {
    for (const CommandSpec& spec : family) Add(spec, nullptr);
  }
}

void CommandTable::Add(const CommandSpec& spec, const CommandSpec* container) {
  const int index = static_cast<int>(infos_.size());
  CommandInfo info;
  info.spec = &spec;
  info.container = container;
  info.index = index;
  info.flags = spec.flags;
  info.handler = spec.handler;
  info.full_name = container == nullptr ? std::string(spec.name)
                                        : fmt::format("{}|{}", container->name, spec.name);
  info.arity = spec.arity != 0 ? spec.arity : ArityOf(spec.syntax, container == nullptr ? 1 : 2);
  if (!spec.subcommands.empty() && spec.handler == nullptr) info.arity = -2;
  info.single_key = spec.keys[0].kind == KeySpec::Kind::kRange && spec.keys[0].first == 1 &&
                    spec.keys[0].last == 1 && spec.keys[1].kind == KeySpec::Kind::kNone &&
                    (spec.keys[0].flags & KeyFlag::kNotKey) == 0 && spec.find_keys == nullptr &&
                    container == nullptr;
  by_name_.emplace(info.full_name, index);
  by_spec_.emplace(&spec, index);
  if (container == nullptr) {
    const uint64_t word = WordOf(spec.name);
    size_t slot = SlotOf(word, spec.name.size(), kProbeSlots);
    while (probe_[slot].size != 0) slot = (slot + 1) % kProbeSlots;
    probe_[slot] = {word, static_cast<uint32_t>(spec.name.size()), static_cast<uint32_t>(index)};
  }
  infos_.push_back(std::move(info));
  for (const CommandSpec& subcommand : spec.subcommands) Add(subcommand, &spec);
}

inline const CommandInfo* CommandTable::Lookup(std::string_view name) const {
  const uint64_t word = WordOf(name);
  for (size_t slot = SlotOf(word, name.size(), kProbeSlots); probe_[slot].size != 0;
       slot = (slot + 1) % kProbeSlots) {
    const Probe& probe = probe_[slot];
    if (probe.word != word || probe.size != name.size()) continue;
    const CommandInfo& info = infos_[probe.index];
    if (name.size() <= sizeof word || EqualsIgnoreCase(name, info.spec->name)) return &info;
  }
  return nullptr;
}

const CommandInfo* CommandTable::Find(std::span<const std::string_view> args,
                                      const CommandInfo** container) const {
  const CommandInfo* info = Lookup(args[0]);
  if (info == nullptr || info->single_key) return info;
  return info->spec->subcommands.empty() || args.size() < 2 ? info : FindSub(info, args, container);
}

const CommandInfo* CommandTable::FindSub(const CommandInfo* info,
                                         std::span<const std::string_view> args,
                                         const CommandInfo** container) const {
  const size_t count = info->spec->subcommands.size();
  for (size_t i = 0; i < count; ++i) {
    const CommandInfo& subcommand = infos_[static_cast<size_t>(info->index) + 1 + i];
    if (EqualsIgnoreCase(args[1], subcommand.spec->name)) return &subcommand;
  }
  if (info->spec->handler != nullptr) return info;
  *container = info;
  return nullptr;
}

const CommandInfo* CommandTable::FindByName(std::string_view name) const {
  if (name.size() > kCommandNameBytesMax) return nullptr;
  const auto found = by_name_.find(LowerCase(name));
  return found == by_name_.end() ? nullptr : &infos_[static_cast<size_t>(found->second)];
}

const CommandInfo& CommandTable::InfoOf(const CommandSpec& spec) const {
  return infos_[static_cast<size_t>(by_spec_.at(&spec))];
}

namespace {

void RangePositions(const KeySpec& keys, int args, std::vector<int>* positions) {
  const int last = keys.last < 0 ? args + keys.last : std::min<int>(keys.last, args - 1);
  for (int i = keys.first; i <= last; i += keys.step) positions->push_back(i);
}

bool CountedPositions(const KeySpec& keys, std::span<const std::string_view> args,
                      std::vector<int>* positions) {
  const int count_at = keys.first;
  if (count_at >= static_cast<int>(args.size())) return false;
  const int64_t count = storage::ParseInteger(args[static_cast<size_t>(count_at)]).value_or(-1);
  if (count < 0) return false;
  const int64_t room = (static_cast<int64_t>(args.size()) - count_at - 1) / keys.step;
  if (count > room) return false;
  for (int64_t i = 0; i < count; ++i) {
    positions->push_back(static_cast<int>(count_at + 1 + i * keys.step));
  }
  return true;
}

void KeywordPositions(const KeySpec& keys, std::span<const std::string_view> args,
                      std::vector<int>* positions) {
  for (size_t i = static_cast<size_t>(keys.first); i + 1 < args.size(); ++i) {
    if (!EqualsIgnoreCase(args[i], keys.keyword)) continue;
    size_t end = keys.last < 0 ? args.size() : std::min(args.size(), i + 1 + keys.last);
    if (keys.limit > 1) end = i + 1 + (end - i - 1) / static_cast<size_t>(keys.limit);
    for (size_t k = i + 1; k < end; ++k) positions->push_back(static_cast<int>(k));
    return;
  }
}

// The keys that one specification names. False when they cannot be told.
bool SpecPositions(const KeySpec& keys, std::span<const std::string_view> args,
                   std::vector<int>* positions) {
  if ((keys.flags & KeyFlag::kNotKey) != 0) return true;
  switch (keys.kind) {
    case KeySpec::Kind::kNone:
    case KeySpec::Kind::kUnknown:
      break;
    case KeySpec::Kind::kRange:
      RangePositions(keys, static_cast<int>(args.size()), positions);
      break;
    case KeySpec::Kind::kCounted:
      return CountedPositions(keys, args, positions);
    case KeySpec::Kind::kKeyword:
      KeywordPositions(keys, args, positions);
      break;
  }
  return true;
}

}  // namespace

namespace {

// Whether the row's function knows all keys, and the specifications are only shown (MIGRATE).
bool FindsAllKeys(const CommandSpec& spec) {
  return spec.find_keys != nullptr &&
         std::any_of(std::begin(spec.keys), std::end(spec.keys),
                     [](const KeySpec& keys) { return (keys.flags & KeyFlag::kIncomplete) != 0; });
}

}  // namespace

bool CommandTable::KeyPositions(const CommandInfo& info, std::span<const std::string_view> args,
                                std::vector<int>* positions) {
  if (FindsAllKeys(*info.spec)) return info.spec->find_keys(args, positions), true;
  for (const KeySpec& keys : info.spec->keys) {
    if (!SpecPositions(keys, args, positions)) return false;
  }
  if (info.spec->find_keys != nullptr) info.spec->find_keys(args, positions);
  return true;
}

bool CommandTable::KeyUses(const CommandInfo& info, std::span<const std::string_view> args,
                           std::vector<KeyUse>* uses) {
  std::vector<int> positions;
  uint16_t flags = 0;
  const auto take = [&] {
    for (const int position : positions) uses->push_back({position, flags});
    positions.clear();
  };
  if (FindsAllKeys(*info.spec)) {
    flags = info.spec->keys[0].flags;
    info.spec->find_keys(args, &positions);
    return take(), true;
  }
  for (const KeySpec& keys : info.spec->keys) {
    if (keys.kind == KeySpec::Kind::kNone && keys.flags == 0) continue;
    flags = keys.flags;
    if ((flags & KeyFlag::kVariable) != 0 && info.spec->find_key_flags != nullptr) {
      flags = info.spec->find_key_flags(args);
    }
    flags &= ~(KeyFlag::kVariable | KeyFlag::kIncomplete);
    if (!SpecPositions(keys, args, &positions)) return false;
    take();
  }
  if (info.spec->find_keys == nullptr) return true;
  // The last specification is the one that the function completes.
  if (flags == 0) flags = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kUpdate;
  info.spec->find_keys(args, &positions);
  take();
  return true;
}

}  // namespace larder
