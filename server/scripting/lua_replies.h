// Between RESP and Lua, as Redis documents it. Internal to server/scripting/.
#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>

#include "protocol/reply_writer.h"

namespace larder {

// What a script returns may be this large once encoded: a small table that holds itself many times
// over would else fill the machine.
inline constexpr size_t kScriptReplyBytesMax = 512 * 1024 * 1024;
inline constexpr int kScriptReplyDepthMax = 1000;

// Pushes one reply, RESP2 or RESP3, as the Lua value that scripts see: an error becomes {err=…}.
// May raise for lack of memory. REQUIRES: `encoded` is one well-formed reply.
void PushReply(lua_State* L, std::string_view encoded);

// Pushes {err = "CODE text"}, of a text with or without a leading "-CODE": one line.
void PushErrorTable(lua_State* L, std::string_view text);

// Marks the error table on top as the answer of a call, which statistics have counted.
void MarkErrorOfCall(lua_State* L);
bool IsErrorOfCall(lua_State* L, int index);

// Encodes the value on top of the stack, and pops it. `script_version` is what redis.setresp set.
// Ticks; raises when the script is stopped or the result too large, with a part of it written.
void WriteResult(lua_State* L, protocol::Version script_version, protocol::ReplyWriter& writer);

// The text of a result {err = "text"}, top-level errors; false for every other value.
bool ReadErrorTable(lua_State* L, int index, std::string* text);

}  // namespace larder
