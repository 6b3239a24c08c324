// A library of functions as a client sent it: its text, its name, and the functions that its code
// registers, which FCALL calls by name.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/scripting/script.h"

namespace larder {

// What redis.register_function was told.
struct FunctionDeclaration {
  std::string name;
  std::optional<std::string> description;
  ScriptFlags flags;
};

struct Function {
  explicit Function(FunctionDeclaration declared) : declaration(std::move(declared)) {}

  FunctionDeclaration declaration;
  // As Script::takes_all_stripes.
  mutable std::atomic<bool> takes_all_stripes{false};
};

// Once it is in a registry only its atomics change.
struct FunctionLibrary {
  std::string name;
  std::string source;              // as it was sent, with the line that names it
  size_t code_offset = 0;          // where the Lua starts: at the newline behind that line
  std::deque<Function> functions;  // in the order of registration
  // It was deleted or replaced: VMs that hold it let go of it.
  mutable std::atomic<bool> dropped{false};

  std::string_view code() const { return std::string_view(source).substr(code_offset); }
  size_t MemoryBytes() const;  // about
};

using FunctionLibraryPointer = std::shared_ptr<const FunctionLibrary>;

// What libraries and functions may be called: letters, digits and underscores, one at least.
bool IsFunctionName(std::string_view name);

// Reads the first line of `source` ("#!lua name=…"). Returns null and sets *error ("ERR Missing
// library metadata") when it is wrong. The Lua itself is not run here: the library has no functions
// yet.
std::shared_ptr<FunctionLibrary> ParseLibrary(std::string_view source, std::string* error);

}  // namespace larder
