// The libraries of functions that one VM has loaded. Internal to server/scripting/.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "server/scripting/lua_vm.h"

namespace larder {

// Not thread-safe; nothing here may be called while Lua code of the VM is running.
class LoadedLibraries {
 public:
  explicit LoadedLibraries(LuaVm& vm) : vm_(vm) {}
  LoadedLibraries(const LoadedLibraries&) = delete;
  LoadedLibraries& operator=(const LoadedLibraries&) = delete;

  // Compiles and runs a library's code, and keeps the functions that it registers. Sets *declared,
  // when given, to what they are. Returns the error ("ERR Error registering functions: …"), and
  // nothing of the library is left then; or the empty string. REQUIRES: !Contains(*library), and
  // the VM has a host, which may stop it: vm.stop says so then.
  std::string Load(const FunctionLibraryPointer& library,
                   std::vector<FunctionDeclaration>* declared);

  bool Contains(const FunctionLibrary& library) const { return loaded_.contains(&library); }
  bool empty() const { return loaded_.empty(); }
  // The reference of a function, LUA_NOREF when the library has not registered it here.
  int Find(const FunctionLibrary& library, const std::string& function) const;

  void Unload(const FunctionLibrary& library);
  void UnloadDropped();
  void UnloadAll();

 private:
  struct Loaded {
    FunctionLibraryPointer library;                   // so that no other one takes its address
    std::unordered_map<std::string, int> references;  // of functions
  };

  void Release(const Loaded& loaded);

  LuaVm& vm_;
  std::unordered_map<const FunctionLibrary*, Loaded> loaded_;
};

}  // namespace larder
