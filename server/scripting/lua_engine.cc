#include "server/scripting/lua_engine.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <new>
#include <utility>

#include "server/errors.h"
#include "server/scripting/lua_chunk.h"
#include "server/scripting/lua_error_text.h"
#include "server/scripting/lua_libraries.h"
#include "server/scripting/lua_replies.h"
#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

constexpr size_t kCompiledScriptsMax = 1000;
constexpr size_t kIdleBytesMax = 1024 * 1024;  // what a VM may hold between scripts, about

constexpr char kChunkName[] = "@user_script";

struct RunState {
  LuaVm* vm;
  int function_reference;
  bool is_function;  // it takes its keys and arguments as parameters
  const ScriptArguments* arguments;
  protocol::ReplyWriter* writer;
  ScriptResult* result;
};

void PushList(lua_State* L, std::span<const std::string_view> values) {
  constexpr size_t kPreallocatedMax = 1 << 20;
  lua_createtable(L, static_cast<int>(std::min(values.size(), kPreallocatedMax)), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    PushBytes(L, values[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
}

void SetKeysAndArgv(lua_State* L, const LuaVm& vm, const ScriptArguments& arguments) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm.globals_reference);
  PushList(L, arguments.keys);
  lua_setfield(L, -2, "KEYS");
  PushList(L, arguments.argv);
  lua_setfield(L, -2, "ARGV");
  lua_pop(L, 1);
}

// Everything of a run that may raise. Errors of the script end here; those of writing its result,
// and lack of memory, in the caller.
int RunProtected(lua_State* L) {
  auto& state = *static_cast<RunState*>(lua_touserdata(L, 1));
  LuaVm& vm = *state.vm;
  lua_settop(L, 0);
  if (!state.is_function) SetKeysAndArgv(L, vm, *state.arguments);
  lua_pushcfunction(L, NoteError);
  lua_rawgeti(L, LUA_REGISTRYINDEX, state.function_reference);
  if (state.is_function) {
    PushList(L, state.arguments->keys);
    PushList(L, state.arguments->argv);
  }
  const int status = lua_pcall(L, state.is_function ? 2 : 0, 1, 1);
  if (status != 0 || vm.stop != VmStop::kNone) {
    state.result->outcome = ScriptOutcome::kError;
    if (vm.stop != VmStop::kNone) return 0;
    if (status == LUA_ERRRUN) {
      state.result->error_of_call = vm.error_of_call;
    } else {
      vm.error_source.clear();
    }
    state.result->error = ErrorText(L, vm, status);
    return 0;
  }
  if (ReadErrorTable(L, -1, &state.result->error)) {
    state.result->outcome = ScriptOutcome::kError;
    state.result->error_of_call = IsErrorOfCall(L, -1);
    vm.error_source.clear();
    return 0;
  }
  WriteResult(L, vm.call_version, *state.writer);
  return 0;
}

int OpenProtected(lua_State* L) {
  lua_settop(L, 0);
  OpenSandbox(L);
  // Makes the registry's free list, so that letting go of a reference later needs no memory.
  lua_pushboolean(L, 1);
  luaL_unref(L, LUA_REGISTRYINDEX, luaL_ref(L, LUA_REGISTRYINDEX));
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

int DropArgumentsProtected(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, VmOf(L).globals_reference);
  for (const char* name : {"KEYS", "ARGV"}) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  return 0;
}

struct CompileState {
  const Script* script;
  std::string error;
  int reference = LUA_NOREF;
};

int CompileProtected(lua_State* L) {
  auto& state = *static_cast<CompileState*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  if (LoadChunk(L, state.script->code(), kChunkName) != 0) {
    state.error = "ERR Error compiling script (new function): " + std::string(CheckBytes(L, -1));
    return 0;
  }
  state.reference = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

}  // namespace

class LuaEngine::Impl {
 public:
  Impl(LuaMemoryBudget& budget, uint64_t random_seed) : vm_(budget), random_seed_(random_seed) {
    vm_.main = lua_newstate(AllocateForVm, &vm_);
    // Without memory for one VM there is no server: as for every other allocation at start.
    if (vm_.main == nullptr || lua_cpcall(vm_.main, OpenProtected, nullptr) != 0) {
      if (vm_.main != nullptr) lua_close(vm_.main);
      throw std::bad_alloc();
    }
    vm_.current = vm_.main;
    bytes_after_collection_ = vm_.memory.used();
  }

  ~Impl() {
    CollectAll(vm_.main, vm_);
    lua_close(vm_.main);
  }

  const LuaVm& vm() const { return vm_; }

  // The reference of the compiled script, or LUA_NOREF and *error.
  int Compile(const Script& script, std::string* error) {
    if (const auto found = compiled_.find(script.sha); found != compiled_.end()) {
      return found->second;
    }
    if (compiled_.size() >= kCompiledScriptsMax) DropCompiled();
    CompileState state{&script};
    if (lua_cpcall(vm_.main, CompileProtected, &state) != 0) {
      lua_settop(vm_.main, 0);
      state.error = "ERR Error compiling script (new function): not enough memory";
    }
    if (!state.error.empty()) {
      lua_settop(vm_.main, 0);
      *error = std::move(state.error);
      return LUA_NOREF;
    }
    compiled_.emplace(script.sha, state.reference);
    return state.reference;
  }

  ScriptResult Run(const Script& script, const ScriptArguments& arguments, ScriptHost& host,
                   protocol::ReplyWriter& writer) {
    ScriptResult result;
    const int reference = Compile(script, &result.error);
    if (reference == LUA_NOREF) {
      result.outcome = ScriptOutcome::kError;
      return result;
    }
    Begin(host);
    Call({&vm_, reference, false, &arguments, &writer, &result}, script.sha);
    End();
    return result;
  }

  std::string LoadLibrary(const FunctionLibraryPointer& library, ScriptHost& host,
                          std::vector<FunctionDeclaration>* declared) {
    Begin(host);
    std::string error = libraries_.Load(library, declared);
    End();
    return error;
  }

  ScriptResult RunFunction(const FunctionLibraryPointer& library, const Function& function,
                           const ScriptArguments& arguments, ScriptHost& host,
                           protocol::ReplyWriter& writer) {
    ScriptResult result;
    const std::string& name = function.declaration.name;
    Begin(host);
    if (!libraries_.Contains(*library)) {
      result.error = libraries_.Load(library, nullptr);
      if (result.error.empty()) Begin(host);
    }
    const int reference = libraries_.Find(*library, name);
    if (reference != LUA_NOREF) {
      Call({&vm_, reference, true, &arguments, &writer, &result}, name);
      // What an unwound function left in its library's variables must not be seen.
      if (result.outcome == ScriptOutcome::kAbandoned) libraries_.Unload(*library);
    } else {
      result.outcome = ScriptOutcome::kError;
      if (result.error.empty()) result.error = errors::kFunctionNotFound;
    }
    End();
    return result;
  }

  void UnloadLibrary(const FunctionLibrary& library) { libraries_.Unload(library); }
  void DropLibrariesBefore(uint64_t epoch) {
    if (libraries_epoch_ != epoch) libraries_.UnloadDropped();
    libraries_epoch_ = epoch;
  }

  void DropCompiledBefore(uint64_t epoch) {
    if (epoch_ != epoch) DropCompiled();
    epoch_ = epoch;
  }

 private:
  // Runs what Begin was called for. `name` is how errors call it.
  void Call(RunState state, std::string_view name) {
    ScriptResult& result = *state.result;
    protocol::ReplyWriter& writer = *state.writer;
    const size_t tail_bytes = writer.out().tail().size();
    const int status = lua_cpcall(vm_.main, RunProtected, &state);
    if (status != 0) {
      // The script itself was over: its result could not be written, or there was no memory for
      // KEYS and ARGV.
      writer.out().tail().resize(tail_bytes);
      result.outcome = ScriptOutcome::kError;
      result.error = ErrorText(vm_.main, vm_, status > 0 ? LUA_ERRMEM : status);
      result.error_of_call = false;
      vm_.error_source.clear();
    }
    if (vm_.stop == VmStop::kKilled) result.error = vm_.host->KillText();
    if (vm_.stop == VmStop::kAbandoned) {
      result = {.outcome = ScriptOutcome::kAbandoned};
    } else if (result.outcome == ScriptOutcome::kError && !vm_.error_source.empty()) {
      result.error.append(" script: ").append(name).append(", on ").append(vm_.error_source);
      result.error.append(":").append(std::to_string(vm_.error_line)).append(".");
    }
  }

  void DropCompiled() {
    for (const auto& [sha, reference] : compiled_) {
      luaL_unref(vm_.main, LUA_REGISTRYINDEX, reference);
    }
    compiled_.clear();
  }

  void Begin(ScriptHost& host) {
    vm_.host = &host;
    vm_.stop = VmStop::kNone;
    vm_.current = vm_.main;
    vm_.native_stack_base = static_cast<const char*>(__builtin_frame_address(0));
    vm_.work = 0;
    vm_.call_version = protocol::Version::kResp2;
    vm_.cjson = CjsonSettings();
    vm_.random_state = NextRandomState();
    vm_.error.clear();
    vm_.error_source.clear();
    ArmHook(vm_.main, vm_);
  }

  // Splitmix64: scripts get sequences that have nothing to do with each other.
  uint64_t NextRandomState() {
    random_seed_ += 0x9E3779B97F4A7C15ULL;
    uint64_t mixed = random_seed_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return (mixed ^ (mixed >> 31)) & ((1ULL << 48) - 1);
  }

  void End() {
    lua_State* L = vm_.main;
    vm_.host = nullptr;
    vm_.stop = VmStop::kNone;
    vm_.current = L;
    lua_sethook(L, nullptr, 0, 0);
    lua_settop(L, 0);
    // Nothing calls into Lua outside of a protected call: an error there would end the process.
    vm_.memory.set_limited(false);
    lua_cpcall(L, DropArgumentsProtected, nullptr);
    vm_.memory.set_limited(true);
    lua_settop(L, 0);
    CollectWhenHigh();
  }

  void CollectWhenHigh() {
    const size_t used = vm_.memory.used();
    if (used < kIdleBytesMax) return;
    const bool tight = vm_.memory.budget_is_tight();
    if (!tight && used < bytes_after_collection_ * 3 / 2) return;
    CollectAll(vm_.main, vm_);
    if (vm_.memory.used() > kIdleBytesMax && !compiled_.empty()) {
      DropCompiled();
      CollectAll(vm_.main, vm_);
    }
    // Libraries stay, with what they keep in their variables, as long as there is room for all.
    if (tight && vm_.memory.used() > kIdleBytesMax && !libraries_.empty()) {
      libraries_.UnloadAll();
      CollectAll(vm_.main, vm_);
    }
    bytes_after_collection_ = vm_.memory.used();
  }

  LuaVm vm_;
  absl::flat_hash_map<std::string, int> compiled_;  // SHA-1 to registry reference
  LoadedLibraries libraries_{vm_};
  uint64_t libraries_epoch_ = 0;
  size_t bytes_after_collection_ = 0;
  uint64_t random_seed_;
  uint64_t epoch_ = 0;
};

LuaEngine::LuaEngine(LuaMemoryBudget& budget, uint64_t random_seed)
    : impl_(std::make_unique<Impl>(budget, random_seed)) {}
LuaEngine::~LuaEngine() = default;

std::string LuaEngine::Compile(const Script& script) {
  std::string error;
  impl_->Compile(script, &error);
  return error;
}

ScriptResult LuaEngine::Run(const Script& script, const ScriptArguments& arguments,
                            ScriptHost& host, protocol::ReplyWriter& writer) {
  return impl_->Run(script, arguments, host, writer);
}

std::string LuaEngine::LoadLibrary(const FunctionLibraryPointer& library, ScriptHost& host,
                                   std::vector<FunctionDeclaration>* declared) {
  return impl_->LoadLibrary(library, host, declared);
}

ScriptResult LuaEngine::RunFunction(const FunctionLibraryPointer& library, const Function& function,
                                    const ScriptArguments& arguments, ScriptHost& host,
                                    protocol::ReplyWriter& writer) {
  return impl_->RunFunction(library, function, arguments, host, writer);
}

void LuaEngine::UnloadLibrary(const FunctionLibrary& library) { impl_->UnloadLibrary(library); }
void LuaEngine::DropLibrariesBefore(uint64_t epoch) { impl_->DropLibrariesBefore(epoch); }
bool LuaEngine::running() const { return impl_->vm().host != nullptr; }
void LuaEngine::DropCompiledBefore(uint64_t epoch) { impl_->DropCompiledBefore(epoch); }
size_t LuaEngine::memory_bytes() const { return impl_->vm().memory.used(); }

}  // namespace larder
