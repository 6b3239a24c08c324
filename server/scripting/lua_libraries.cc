#include "server/scripting/lua_libraries.h"

#include <utility>

#include "server/errors.h"
#include "server/scripting/lua_chunk.h"
#include "server/scripting/lua_error_text.h"

namespace larder {
namespace {

constexpr char kChunkName[] = "@user_function";
constexpr std::string_view kCompileError = "ERR Error compiling function: ";
constexpr std::string_view kRunError = "ERR Error registering functions: ";

struct LoadState {
  const FunctionLibrary* library;
  std::string error;
};

int LoadProtected(lua_State* L) {
  auto& state = *static_cast<LoadState*>(lua_touserdata(L, 1));
  LuaVm& vm = VmOf(L);
  lua_settop(L, 0);
  UseGlobals(L, vm.loading_globals_reference);
  lua_pushcfunction(L, NoteError);
  if (LoadChunk(L, state.library->code(), kChunkName) != 0) {
    state.error = std::string(kCompileError) + std::string(CheckBytes(L, -1));
    return 0;
  }
  const int status = lua_pcall(L, 0, 0, 1);
  if (status != 0) state.error = std::string(kRunError) + ErrorText(L, vm, status);
  return 0;
}

int EndLoadProtected(lua_State* L) {
  UseGlobals(L, VmOf(L).globals_reference);
  return 0;
}

}  // namespace

std::string LoadedLibraries::Load(const FunctionLibraryPointer& library,
                                  std::vector<FunctionDeclaration>* declared) {
  lua_State* L = vm_.main;
  LibraryLoading loading;
  LoadState state{library.get(), {}};
  vm_.loading = &loading;
  if (lua_cpcall(L, LoadProtected, &state) != 0 && vm_.stop == VmStop::kNone) {
    state.error = std::string(kRunError) + "not enough memory";
  }
  vm_.loading = nullptr;
  lua_settop(L, 0);
  vm_.memory.set_limited(false);
  lua_cpcall(L, EndLoadProtected, nullptr);
  vm_.memory.set_limited(true);
  lua_settop(L, 0);
  if (vm_.stop != VmStop::kNone) {
    state.error = std::string(kRunError) + std::string(vm_.host->KillText());
  }
  if (state.error.empty() && loading.declarations.empty()) state.error = errors::kNoFunctions;

  Loaded loaded{library, {}};
  for (size_t i = 0; i < loading.references.size(); ++i) {
    loaded.references.emplace(loading.declarations[i].name, loading.references[i]);
  }
  if (!state.error.empty()) {
    Release(loaded);
    return std::move(state.error);
  }
  if (declared != nullptr) *declared = std::move(loading.declarations);
  loaded_.emplace(library.get(), std::move(loaded));
  return {};
}

int LoadedLibraries::Find(const FunctionLibrary& library, const std::string& function) const {
  const auto loaded = loaded_.find(&library);
  if (loaded == loaded_.end()) return LUA_NOREF;
  const auto reference = loaded->second.references.find(function);
  return reference == loaded->second.references.end() ? LUA_NOREF : reference->second;
}

void LoadedLibraries::Release(const Loaded& loaded) {
  for (const auto& [name, reference] : loaded.references) {
    luaL_unref(vm_.main, LUA_REGISTRYINDEX, reference);
  }
}

void LoadedLibraries::Unload(const FunctionLibrary& library) {
  const auto position = loaded_.find(&library);
  if (position == loaded_.end()) return;
  Release(position->second);
  loaded_.erase(position);
}

void LoadedLibraries::UnloadDropped() {
  for (auto position = loaded_.begin(); position != loaded_.end();) {
    const auto at = position++;
    if (!at->first->dropped.load(std::memory_order_relaxed)) continue;
    Release(at->second);
    loaded_.erase(at);
  }
}

void LoadedLibraries::UnloadAll() {
  for (const auto& [library, loaded] : loaded_) Release(loaded);
  loaded_.clear();
}

}  // namespace larder
