#include "server/scripting/lua_vm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace larder {
namespace {

void CountHook(lua_State* L, lua_Debug*) {
  LuaVm& vm = VmOf(L);
  if (vm.host == nullptr) return;
  Tick(L, vm);
}

// A script that holds much memory pays for it with a collector that runs more often, so that the
// garbage it may hold beyond stays a fraction of the budget.
void TuneCollector(lua_State* L, LuaVm& vm) {
  const bool high = vm.memory.used() > vm.memory.bytes_max() / 8;
  if (high == vm.collects_often) return;
  vm.collects_often = high;
  lua_gc(L, LUA_GCSETPAUSE, high ? 130 : 200);
  lua_gc(L, LUA_GCSETSTEPMUL, high ? 400 : 200);
}

const LuaVm::ReadOnlyTable* FindReadOnly(lua_State* L, int index) {
  LuaVm& vm = VmOf(L);
  const void* table = lua_topointer(L, index);
  for (const auto& entry : vm.read_only) {
    if (entry.stand_in == table) return &entry;
  }
  return nullptr;
}

int RefuseWrite(lua_State* L) { return luaL_error(L, "Attempt to modify a readonly table"); }

}  // namespace

void RaiseStop(lua_State* L) {
  lua_settop(L, 0);
  lua_pushliteral(L, "script stopped");
  lua_error(L);
  __builtin_unreachable();
}

void Tick(lua_State* L, LuaVm& vm) {
  vm.work = 0;
  if (vm.host == nullptr) return;
  if (vm.stop == VmStop::kNone && !vm.host->Tick()) vm.stop = VmStop::kKilled;
  if (vm.stop != VmStop::kNone) RaiseStop(L);
  TuneCollector(L, vm);
  ArmHook(L, vm);
}

void ArmHook(lua_State* L, LuaVm& vm) {
  vm.memory.ResetGrowth();
  constexpr size_t kSmallBytes = 256 * 1024;
  const size_t used = std::max(vm.memory.used(), kSmallBytes);
  const int count = static_cast<int>(kInstructionsPerTickMax * kSmallBytes / used);
  lua_sethook(L, CountHook, LUA_MASKCOUNT, std::max(count, kInstructionsPerTickMin));
}

void* AllocateForVm(void* vm_pointer, void* block, size_t old_bytes, size_t new_bytes) {
  auto& vm = *static_cast<LuaVm*>(vm_pointer);
  void* resized = vm.memory.Resize(block, old_bytes, new_bytes);
  if (vm.memory.growth() > kGrowthPerTickBytes && vm.host != nullptr && vm.current != nullptr) {
    vm.memory.ResetGrowth();
    lua_sethook(vm.current, CountHook, LUA_MASKCOUNT, 1);
  }
  return resized;
}

void CollectAll(lua_State* L, LuaVm& vm) {
  vm.memory.set_limited(false);
  lua_gc(L, LUA_GCCOLLECT, 0);
  vm.memory.set_limited(true);
}

void GuardStack(lua_State* L) {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  const char* base = VmOf(L).native_stack_base;
  if (base != nullptr && here<base&& static_cast<size_t>(base - here)> kNativeStackBytesMax) {
    luaL_error(L, "C stack overflow");
  }
}

void CheckWritable(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return;  // stand-ins have one: the common case ends here
  lua_pop(L, 1);
  if (FindReadOnly(L, index) == nullptr) return;
  lua_pushliteral(L, "Attempt to modify a readonly table");
  lua_error(L);
}

void UseContents(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return;
  lua_pop(L, 1);
  const auto* entry = FindReadOnly(L, index);
  if (entry == nullptr) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, entry->contents_reference);
  lua_replace(L, index);
}

void MakeReadOnly(lua_State* L) {
  LuaVm& vm = VmOf(L);
  const int contents = lua_gettop(L);
  lua_newtable(L);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, contents);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, RefuseWrite);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  const void* stand_in = lua_topointer(L, -1);
  lua_insert(L, contents);
  vm.read_only.push_back({stand_in, luaL_ref(L, LUA_REGISTRYINDEX)});
}

void LuaBuffer::Grow(size_t bytes) {
  if (bytes > vm_->memory.bytes_max()) luaL_error(L_, "not enough memory");
  constexpr size_t kFirstBytes = 256;
  // Doubling wastes up to half of a block: near the budget's end grow by less.
  const size_t doubled = std::max({capacity_ * 2, size_ + bytes, kFirstBytes});
  for (const size_t capacity : {doubled, size_ + std::max(bytes, capacity_ / 16)}) {
    void* grown = vm_->memory.Resize(data_, capacity_, capacity);
    if (grown == nullptr) continue;
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
    return;
  }
  luaL_error(L_, "not enough memory");
}

void LuaBuffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  Reserve(bytes.size());
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void LuaBuffer::Append(size_t count, char byte) {
  if (count == 0) return;
  Reserve(count);
  std::memset(data_ + size_, byte, count);
  size_ += count;
}

int64_t ToInteger(double number) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::isnan(number)) return 0;
  if (number >= kLimit) return std::numeric_limits<int64_t>::max();
  if (number < -kLimit) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

}  // namespace larder
