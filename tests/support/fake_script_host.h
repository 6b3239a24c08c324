// A script's host with canned replies, for testing the engine alone.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/script_host.h"

namespace larder {

class FakeScriptHost : public ScriptHost {
 public:
  CallOutcome Call(Arguments args, protocol::Version version, std::string* reply) override;
  bool Tick() override;
  void Log(int level, std::string_view message) override;
  AclAnswer CheckAcl(Arguments args) override;

  // Encoded replies by the call's words joined with spaces; other calls answer +OK.
  std::map<std::string, std::string, std::less<>> replies;
  std::vector<std::string> calls;  // what was called, joined with spaces
  std::vector<std::string> log;    // "<level> <message>"
  protocol::Version last_version = protocol::Version::kResp2;
  bool abandons = false;  // every call is answered kAbandon
  int64_t ticks = 0;
  int64_t ticks_max = -1;  // the tick after these kills; -1: none
};

}  // namespace larder
