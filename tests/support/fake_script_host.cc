#include "tests/support/fake_script_host.h"

namespace larder {

CallOutcome FakeScriptHost::Call(Arguments args, protocol::Version version, std::string* reply) {
  std::string line;
  for (const std::string_view word : args) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  last_version = version;
  calls.push_back(line);
  if (abandons) return CallOutcome::kAbandon;
  const auto found = replies.find(line);
  *reply += found == replies.end() ? "+OK\r\n" : found->second;
  return CallOutcome::kReply;
}

bool FakeScriptHost::Tick() {
  ++ticks;
  return ticks_max < 0 || ticks <= ticks_max;
}

void FakeScriptHost::Log(int level, std::string_view message) {
  log.push_back(std::to_string(level) + " " + std::string(message));
}

AclAnswer FakeScriptHost::CheckAcl(Arguments args) {
  if (args[0] == "nosuch") return AclAnswer::kUnknownCommand;
  return args[0] == "denied" ? AclAnswer::kDenied : AclAnswer::kAllowed;
}

}  // namespace larder
