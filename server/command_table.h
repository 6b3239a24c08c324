// All commands by name. Built once at start from the families' tables; immutable and thread-safe
// afterwards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/command.h"
#include "storage/string_map.h"

namespace larder {

// A row with what follows from it.
struct CommandInfo {
  const CommandSpec* spec;
  const CommandSpec* container = nullptr;  // of a subcommand
  int index = 0;                           // dense: for statistics
  int arity = 0;
  // The row's, here too because every request reads them.
  uint32_t flags = 0;
  Handler handler = nullptr;

  bool NeedsAllStripes(std::span<const std::string_view> args) const {
    return (flags & Flag::kAllStripes) != 0 ||
           (spec->names_other_keys != nullptr && spec->names_other_keys(args));
  }
  std::string full_name;    // "get", "config|get"
  bool single_key = false;  // exactly one key, at position 1: the short way
};

// A key of a request, and what is done with it.
struct KeyUse {
  int position;
  uint16_t flags;  // KeyFlag
};

class CommandTable {
 public:
  CommandTable();

  // The row that `args` asks for: a subcommand where the command is a container and its second word
  // names one. Null when unknown; `*container` is then the container whose subcommand is unknown,
  // or null.
  const CommandInfo* Find(std::span<const std::string_view> args,
                          const CommandInfo** container) const;
  // By full name ("config|get"), any case.
  const CommandInfo* FindByName(std::string_view name) const;
  const CommandInfo& InfoOf(const CommandSpec& spec) const;

  std::span<const CommandInfo> all() const { return infos_; }  // subcommands follow their container

  // Appends the positions of the keys of a request. REQUIRES: its arity is right. False when the
  // command's keys cannot be told (a bad count).
  static bool KeyPositions(const CommandInfo& info, std::span<const std::string_view> args,
                           std::vector<int>* positions);
  // As KeyPositions, each with the flags of the specification that found it.
  static bool KeyUses(const CommandInfo& info, std::span<const std::string_view> args,
                      std::vector<KeyUse>* uses);

 private:
  void Add(const CommandSpec& spec, const CommandSpec* container);
  const CommandInfo* Lookup(std::string_view name) const;
  const CommandInfo* FindSub(const CommandInfo* info, std::span<const std::string_view> args,
                             const CommandInfo** container) const;

  std::vector<CommandInfo> infos_;
  storage::StringMap<int> by_name_;
  std::unordered_map<const CommandSpec*, int> by_spec_;
  // Commands by a word of their name (see WordOf): one load and one compare on the hot path.
  struct Probe {
    uint64_t word = 0;
    uint32_t size = 0;  // of the name; 0: an empty slot
    uint32_t index = 0;
  };
  static constexpr size_t kProbeSlots = 2048;
  std::vector<Probe> probe_;
};

// Every family's table. A new family is added here and nowhere else.
std::span<const std::span<const CommandSpec>> CommandFamilies();

}  // namespace larder
