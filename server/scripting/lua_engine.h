// Runs Lua 5.1 scripts and functions of libraries: one VM, for one worker.
//
// The VM is hardened as HARDENING.md's "Scripts" asks: no bytecode, no way to catch a kill, bounded
// patterns, memory and native stack, read-only libraries and globals, nothing kept between scripts
// but what a library of functions keeps in its own local variables.
// Not thread-safe, and not re-entrant: while a script runs (its host's calls included) nothing else
// may be run or compiled here; see running(). The thread needs some 2 MB of stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_writer.h"
#include "server/scripting/function_library.h"
#include "server/scripting/lua_memory.h"
#include "server/scripting/script.h"
#include "server/scripting/script_host.h"

namespace larder {

struct LuaVm;

struct ScriptArguments {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> argv;
};

enum class ScriptOutcome : uint8_t {
  kReplied,    // its result was written
  kError,      // nothing was written: `error` is the whole error reply without its dash
  kAbandoned,  // the host asked to unwind it (CallOutcome::kAbandon): nothing was written
};

struct ScriptResult {
  ScriptOutcome outcome = ScriptOutcome::kReplied;
  std::string error;
  // The error is one that a call of the script's answered: statistics know of it.
  bool error_of_call = false;
};

class LuaEngine {
 public:
  // `budget` is shared by the engines of all workers and outlives them. math.random draws from
  // `random_seed`: every script another sequence, unless it seeds its own.
  explicit LuaEngine(LuaMemoryBudget& budget, uint64_t random_seed = 0);
  ~LuaEngine();
  LuaEngine(const LuaEngine&) = delete;
  LuaEngine& operator=(const LuaEngine&) = delete;

  // Compiles `script`, unless it was. Returns the empty string, or the error
  // ("ERR Error compiling script (new function): user_script:1: …").
  std::string Compile(const Script& script);

  // Runs `script`, compiling it when needed, and writes its result. REQUIRES: !running().
  ScriptResult Run(const Script& script, const ScriptArguments& arguments, ScriptHost& host,
                   protocol::ReplyWriter& writer);

  // Loads a library's functions, which stay loaded, and sets *declared to what they are. Returns
  // the error ("ERR Error compiling function: …"), and nothing has changed then; or the empty
  // string. REQUIRES: !running(), and the library is not loaded yet.
  std::string LoadLibrary(const FunctionLibraryPointer& library, ScriptHost& host,
                          std::vector<FunctionDeclaration>* declared);

  // Runs a function, loading its library when needed, and writes its result. One that is abandoned
  // takes its library with it: it will be loaded anew. REQUIRES: !running().
  ScriptResult RunFunction(const FunctionLibraryPointer& library, const Function& function,
                           const ScriptArguments& arguments, ScriptHost& host,
                           protocol::ReplyWriter& writer);

  void UnloadLibrary(const FunctionLibrary& library);
  // Lets go of libraries that were deleted or replaced, when `epoch` (FunctionRegistry's) is
  // another than at the last call.
  void DropLibrariesBefore(uint64_t epoch);

  bool running() const;
  // Drops what was compiled, when `epoch` is another than at the last call: the script cache was
  // flushed since.
  void DropCompiledBefore(uint64_t epoch);
  // Bytes that the VM holds: for used_memory_lua and its like.
  size_t memory_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace larder
