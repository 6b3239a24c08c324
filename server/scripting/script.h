// A script as a client sent it: its text, its SHA-1 and what its `#!lua flags=…` line asks for.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace larder {

struct ScriptFlags {
  bool declared = false;  // there is a `#!lua` line: the flags below are the script's own
  bool no_writes = false;
  bool allow_oom = false;
  bool allow_stale = false;
  bool no_cluster = false;
  bool allow_cross_slot_keys = false;
};

struct ScriptFlagName {
  std::string_view name;
  bool ScriptFlags::*member;
};
inline constexpr ScriptFlagName kScriptFlagNames[] = {
    {"no-writes", &ScriptFlags::no_writes},
    {"allow-oom", &ScriptFlags::allow_oom},
    {"allow-stale", &ScriptFlags::allow_stale},
    {"no-cluster", &ScriptFlags::no_cluster},
    {"allow-cross-slot-keys", &ScriptFlags::allow_cross_slot_keys},
};

struct Script {
  std::string sha;  // 40 lowercase hexadecimal digits
  std::string body;
  ScriptFlags flags;
  size_t code_offset = 0;  // where the Lua starts: behind the shebang, at its newline
  // Set once it reached a key it had not declared: from then on it starts with every stripe held.
  mutable std::atomic<bool> takes_all_stripes{false};

  std::string_view code() const { return std::string_view(body).substr(code_offset); }
};

// The lowercase hexadecimal SHA-1 of `bytes`.
std::string Sha1Hex(std::string_view bytes);

// Reads the shebang of `body`. Returns null and sets *error ("ERR Unexpected engine in …") when it
// is wrong. The Lua itself is not compiled here.
std::shared_ptr<const Script> ParseScript(std::string_view body, std::string* error);

}  // namespace larder
