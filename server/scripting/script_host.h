// What a running script asks of the server: the engine knows Lua and RESP, its host everything
// else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/reply_writer.h"

namespace larder {

enum class CallOutcome : uint8_t {
  kReply,    // the command ran, or was refused: its reply was appended
  kAbandon,  // the script must be unwound, uncatchably: it is started again, or it was killed
};

enum class AclAnswer : uint8_t { kAllowed, kDenied, kUnknownCommand };

// One script's view of the server. Called on the thread that runs the script, never re-entered.
class ScriptHost {
 public:
  using Arguments = std::span<const std::string_view>;

  virtual ~ScriptHost() = default;

  // Runs one command of the script and appends its reply, in the form of `version`, to *reply. A
  // refusal is an error reply too ("-ERR Unknown Redis command called from script\r\n"). `args` is
  // never empty; its bytes are valid during the call only.
  virtual CallOutcome Call(Arguments args, protocol::Version version, std::string* reply) = 0;

  // Called at least every millisecond or so of the script's work. False kills the script: it is
  // unwound at once, uncatchably, and answers KillText().
  virtual bool Tick() = 0;
  virtual std::string_view KillText() const {
    return "ERR Script killed by user with SCRIPT KILL...";
  }

  // redis.log; the level is one of redis.LOG_DEBUG (0) to LOG_WARNING (3).
  virtual void Log(int level, std::string_view message) = 0;

  // redis.acl_check_cmd.
  virtual AclAnswer CheckAcl(Arguments) { return AclAnswer::kAllowed; }
};

}  // namespace larder
