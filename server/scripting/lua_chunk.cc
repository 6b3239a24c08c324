#include "server/scripting/lua_chunk.h"

#include <algorithm>

#include "server/scripting/lua_vm.h"

namespace larder {
namespace {

struct Source {
  std::string_view rest;
  bool starts_with_space;
};

const char* ReadPiece(lua_State* L, void* data, size_t* size) {
  constexpr size_t kPieceBytes = 4096;
  auto* source = static_cast<Source*>(data);
  if (source->starts_with_space) {
    source->starts_with_space = false;
    *size = 1;
    return " ";
  }
  const std::string_view piece = source->rest.substr(0, kPieceBytes);
  if (piece.empty()) return nullptr;
  source->rest.remove_prefix(piece.size());
  Charge(L, 4 * piece.size());
  *size = piece.size();
  return piece.data();
}

}  // namespace

int LoadChunk(lua_State* L, std::string_view code, const char* chunk_name) {
  LuaVm& vm = VmOf(L);
  // The parser of 5.1 does not anchor the chunk's name, and a collection while it reads can free it
  // (CVE-2025-49844): hold it on the stack, and hold the collector.
  lua_pushstring(L, chunk_name);
  lua_gc(L, LUA_GCSTOP, 0);
  // Lua takes what begins with an escape character for bytecode, which can crash it: with a space
  // in front it is text, and a syntax error.
  Source source{code, !code.empty() && code.front() == LUA_SIGNATURE[0]};
  const int status = lua_load(L, ReadPiece, &source, chunk_name);
  lua_gc(L, LUA_GCRESTART, 0);
  RaiseIfStopped(L, vm);
  lua_remove(L, -2);
  return status;
}

}  // namespace larder
