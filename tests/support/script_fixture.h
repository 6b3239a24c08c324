// Runs scripts on an engine of their own with a fake host.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/lua_engine.h"
#include "tests/support/fake_script_host.h"

namespace larder {

class ScriptTest : public testing::Test {
 protected:
  // The reply of `body` as it goes over the wire, errors included ("-ERR …\r\n"); "(abandoned)".
  std::string Run(std::string_view body, std::vector<std::string_view> keys = {},
                  std::vector<std::string_view> argv = {}) {
    std::string error;
    const auto script = ParseScript(body, &error);
    if (script == nullptr) return "-" + error + "\r\n";
    protocol::OutputBuffer out;
    protocol::ReplyWriter writer(out, version);
    const ScriptResult result = engine.Run(*script, {keys, argv}, host, writer);
    if (result.outcome == ScriptOutcome::kAbandoned) {
      EXPECT_TRUE(out.empty());
      return "(abandoned)";
    }
    if (result.outcome == ScriptOutcome::kError) {
      EXPECT_TRUE(out.empty());
      writer.Error(result.error);
    }
    return std::string(out.tail().data(), out.tail().size());
  }

  // The error of `body` without the dash, the line's end and " script: <sha>, on …".
  std::string Error(std::string_view body) {
    std::string reply = Run(body);
    if (!reply.starts_with('-')) return "(no error) " + reply;
    reply = reply.substr(1, reply.size() - 3);
    return reply.substr(0, reply.find(" script: "));
  }

  // The bulk string that `body` returns.
  std::string Text(std::string_view body) {
    const std::string reply = Run(body);
    const size_t line = reply.find("\r\n");
    if (!reply.starts_with('$') || line == std::string::npos) return "(no string) " + reply;
    return reply.substr(line + 2, reply.size() - line - 4);
  }

  protocol::Version version = protocol::Version::kResp2;
  LuaMemoryBudget budget{8 * 1024 * 1024};
  LuaEngine engine{budget};
  FakeScriptHost host;
};

}  // namespace larder
