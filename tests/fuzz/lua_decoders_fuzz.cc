// What scripts may hand to the libraries: any bytes are decoded or refused, and the reply is
// well-formed. Input: a byte that chooses the script, then its arguments, a zero byte between them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/output_buffer.h"
#include "protocol/reply_reader.h"
#include "protocol/reply_writer.h"
#include "server/scripting/lua_engine.h"
#include "tests/support/fake_script_host.h"

namespace {

constexpr std::string_view kScripts[] = {
    "return cjson.decode(ARGV[1])",
    "return cjson.encode(cjson.decode(ARGV[1]))",
    "return {cmsgpack.unpack(ARGV[1])}",
    "return cmsgpack.pack(cmsgpack.unpack(ARGV[1]))",
    "return {struct.unpack(ARGV[1], ARGV[2] or '')}",
    "return struct.pack(ARGV[1], ARGV[2] or 1, 2, 3, 4)",
    "return {string.find(ARGV[1], ARGV[2] or '')}",
    "return string.gsub(ARGV[1], ARGV[2] or '', ARGV[3] or '%0')",
    "return string.format(ARGV[1], ARGV[2] or 'x', 1, 2.5)",
    "return type(loadstring(ARGV[1]))",
};
constexpr size_t kLuaBytesMax = 16 << 20;
constexpr int64_t kTicksMax = 20;  // then it is killed

struct Lua {
  larder::LuaMemoryBudget budget{kLuaBytesMax};
  larder::LuaEngine engine{budget};
  std::vector<std::shared_ptr<const larder::Script>> scripts;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Lua& lua = *new Lua;  // lives as long as the process
  if (lua.scripts.empty()) {
    std::string error;
    for (const std::string_view body : kScripts) {
      lua.scripts.push_back(larder::ParseScript(body, &error));
      if (lua.scripts.back() == nullptr) std::abort();
    }
  }
  if (size < 1) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string_view> argv;
  // The decoders of one argument take zero bytes, too.
  const size_t number = data[0] % std::size(kScripts);
  const bool one = number < 4;
  while (!one && argv.size() < 2 && rest.find('\0') != std::string_view::npos) {
    argv.push_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(argv.back().size() + 1);
  }
  argv.push_back(rest);

  larder::FakeScriptHost host;
  host.ticks_max = kTicksMax;
  larder::protocol::OutputBuffer out;
  larder::protocol::ReplyWriter writer(out, larder::protocol::Version::kResp3);
  const auto result = lua.engine.Run(*lua.scripts[number], {{}, argv}, host, writer);
  if (result.outcome == larder::ScriptOutcome::kError) writer.Error(result.error);
  if (result.outcome == larder::ScriptOutcome::kAbandoned) return 0;
  std::string_view bytes(out.tail().data(), out.tail().size());
  if (bytes.size() != out.size()) return 0;  // a long one, in several blocks
  larder::protocol::Reply reply;
  bool malformed = false;
  const bool nests_deeply = bytes.size() > 256;
  if (!larder::protocol::ReadReply(&bytes, &reply, &malformed) && !nests_deeply) std::abort();
  return 0;
}
