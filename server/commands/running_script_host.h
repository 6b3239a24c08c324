// A script while it runs, as the rest of the server sees it: it is listed, so that it can be killed
// and shown; its worker serves other clients now and then, and others answer BUSY once it has run
// for long.
#pragma once

#include <string_view>

#include "server/command_context.h"
#include "server/scripting/running_scripts.h"
#include "server/scripting/script_host.h"

namespace larder {

// From its construction to its destruction. What commands it may run, those that inherit say.
class RunningScriptHost : public ScriptHost {
 public:
  // `name` of a function, which must outlive the host.
  RunningScriptHost(CommandContext& ctx, ScriptKind kind, std::string_view name = {});
  ~RunningScriptHost() override;
  RunningScriptHost(const RunningScriptHost&) = delete;
  RunningScriptHost& operator=(const RunningScriptHost&) = delete;

  bool Tick() override;
  void Log(int level, std::string_view message) override;

 protected:
  CommandContext& ctx_;
  RunningScript running_;

 private:
  int64_t last_turn_us_;
};

}  // namespace larder
