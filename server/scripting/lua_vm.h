// What the Lua libraries of this folder share: the state of one VM beyond lua_State, its limits,
// and the few operations every library needs. Internal to server/scripting/.
//
// Lua's errors are C++ exceptions here: destructors run when one passes. Whatever runs for long in
// C++ calls Charge, so that the script can be killed there; whatever calls back into Lua calls
// GuardStack first. A stopped script is re-raised by everything that catches errors (pcall, xpcall,
// coroutine.resume): `stop` is sticky until the script is unwound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "server/scripting/function_library.h"
#include "server/scripting/lua_memory.h"
#include "server/scripting/script_host.h"

namespace larder {

inline constexpr int kInstructionsPerTickMax = 1000;
inline constexpr int kInstructionsPerTickMin = 4;
inline constexpr size_t kWorkPerTick = 32 * 1024;  // bytes touched or steps taken in C++
inline constexpr size_t kGrowthPerTickBytes = 1024 * 1024;
inline constexpr size_t kNativeStackBytesMax = 1024 * 1024;

enum class VmStop : uint8_t { kNone, kKilled, kAbandoned };

// Settings of cjson, which a script may change for itself.
struct CjsonSettings {
  bool sparse_convert = false;
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_depth_max = 1000;
  int decode_depth_max = 1000;
  int number_precision = 14;
  bool encode_invalid_numbers = false;
  bool encode_null_for_invalid = false;
  bool decode_invalid_numbers = true;
  bool decode_array_metatable = false;
};

// What redis.register_function has taken since the library that is being loaded began.
struct LibraryLoading {
  std::vector<FunctionDeclaration> declarations;
  std::vector<int> references;  // of the callbacks, in the registry: one a declaration
  std::unordered_set<std::string> names;
  size_t bytes = 0;  // of the declarations, about
};

struct LuaVm {
  explicit LuaVm(LuaMemoryBudget& budget) : memory(budget) {}

  LuaAllocator memory;
  lua_State* main = nullptr;
  lua_State* current = nullptr;  // the coroutine that runs now
  ScriptHost* host = nullptr;    // null while no script runs
  VmStop stop = VmStop::kNone;
  LibraryLoading* loading = nullptr;  // null while no library is being loaded
  const char* native_stack_base = nullptr;
  size_t work = 0;  // charged since the last tick
  bool collects_often = false;

  // Reset for each script.
  protocol::Version call_version = protocol::Version::kResp2;  // redis.setresp
  CjsonSettings cjson;
  uint64_t random_state = 0;

  // Tables that scripts see as read-only: stand-ins, empty themselves, and in the registry (by
  // reference) the tables they stand for.
  struct ReadOnlyTable {
    const void* stand_in;
    int contents_reference;
  };
  std::vector<ReadOnlyTable> read_only;
  int globals_reference = LUA_NOREF;          // the true globals
  int loading_globals_reference = LUA_NOREF;  // those of a library that is being loaded
  int array_metatable_reference = LUA_NOREF;  // of cjson.decode_array_with_array_mt

  // What the error handler found: the text with its code, and where.
  std::string error;
  std::string error_source;  // empty when unknown
  int error_line = -1;
  bool error_of_call = false;  // as ScriptResult's

  // Reused by redis.call.
  std::vector<std::string_view> arguments;
  std::string reply;
};

// The VM of a state, any coroutine of it. O(1).
inline LuaVm& VmOf(lua_State* L) {
  void* vm = nullptr;
  lua_getallocf(L, &vm);
  return *static_cast<LuaVm*>(vm);
}

// Raises the error that unwinds a stopped script. REQUIRES: stop is set.
[[noreturn]] void RaiseStop(lua_State* L);
inline void RaiseIfStopped(lua_State* L, LuaVm& vm) {
  if (vm.stop != VmStop::kNone) RaiseStop(L);
}

// Lets the host have a turn; raises when it kills the script.
void Tick(lua_State* L, LuaVm& vm);
inline void Charge(lua_State* L, LuaVm& vm, size_t work) {
  vm.work += work;
  if (vm.work >= kWorkPerTick) Tick(L, vm);
}
inline void Charge(lua_State* L, size_t work) { Charge(L, VmOf(L), work); }

// (Re)arms the count hook of `L`: the more memory a script holds, the longer one instruction can
// take, the more often the hook runs.
void ArmHook(lua_State* L, LuaVm& vm);

// The lua_Alloc of a VM, which is its `vm`. Growth beyond kGrowthPerTickBytes makes the running
// script tick at its next instruction.
void* AllocateForVm(void* vm, void* block, size_t old_bytes, size_t new_bytes);

// Collects all garbage, even when no memory is left. Never raises.
void CollectAll(lua_State* L, LuaVm& vm);

// Raises "C stack overflow" when native frames are nested too deeply to call into Lua again.
void GuardStack(lua_State* L);

// Raises when the table at `index` is read-only to scripts. REQUIRES: it is a table.
void CheckWritable(lua_State* L, int index);
// When the table at `index` is such a stand-in, replaces it on the stack by its contents.
// REQUIRES: an absolute index.
void UseContents(lua_State* L, int index);
// Replaces the table on top of the stack by a read-only stand-in of it.
void MakeReadOnly(lua_State* L);

// Bytes under construction, counted in the VM's memory: raises "not enough memory" instead of
// outgrowing it.
class LuaBuffer {
 public:
  explicit LuaBuffer(lua_State* L) : L_(L), vm_(&VmOf(L)) {}
  ~LuaBuffer() {
    if (data_ != nullptr) vm_->memory.Resize(data_, capacity_, 0);
  }
  LuaBuffer(const LuaBuffer&) = delete;
  LuaBuffer& operator=(const LuaBuffer&) = delete;

  void Append(char byte) {
    if (size_ == capacity_) Grow(1);
    data_[size_++] = byte;
  }
  void Append(std::string_view bytes);
  void Append(size_t count, char byte);
  void Reserve(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(bytes);
  }

  size_t size() const { return size_; }
  const char* data() const { return data_; }
  void Truncate(size_t size) { size_ = size; }
  std::string_view view() const { return {data_, size_}; }
  // Pushes the bytes as a Lua string.
  void Push() { lua_pushlstring(L_, size_ == 0 ? "" : data_, size_); }

 private:
  void Grow(size_t bytes);

  lua_State* L_;
  LuaVm* vm_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// The argument at `index` as bytes; raises when it is neither a string nor a number.
inline std::string_view CheckBytes(lua_State* L, int index) {
  size_t size = 0;
  const char* data = luaL_checklstring(L, index, &size);
  return {data, size};
}

inline void PushBytes(lua_State* L, std::string_view bytes) {
  lua_pushlstring(L, bytes.data(), bytes.size());
}

// `number` as an integer, saturated; 0 when it is no number. (Stock Lua's cast is undefined there.)
int64_t ToInteger(double number);

// Pushes a library: a table of its functions, not read-only yet.
void PushBaseFunctions(lua_State* L);  // the globals that are functions
void PushCoroutineLibrary(lua_State* L);
void PushStringLibrary(lua_State* L);
void PushTableLibrary(lua_State* L);
void PushMathLibrary(lua_State* L);
void PushOsLibrary(lua_State* L);
void PushBitLibrary(lua_State* L);
void PushStructLibrary(lua_State* L);
void PushCjsonLibrary(lua_State* L);
void PushCmsgpackLibrary(lua_State* L);
void PushRedisLibrary(lua_State* L);
// All that a library finds while it is loaded: redis.register_function and what makes no call.
void PushLoadingRedisLibrary(lua_State* L);

// redis.register_function.
int RegisterFunction(lua_State* L);

// Builds the globals that scripts see: everything above, read-only.
void OpenSandbox(lua_State* L);

// Has all code of this VM, whenever it was compiled, see other globals from now on: one of the
// references above. May raise.
void UseGlobals(lua_State* L, int globals_reference);

}  // namespace larder
