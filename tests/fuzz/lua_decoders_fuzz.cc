// What scripts decode, bytes of anybody, and the code of libraries: cjson, cmsgpack, struct and the
// compiler take any bytes, within the limits of memory and of time, and the VM works on. Input: a
// byte that says which, then its bytes. Seeds: corpus/lua_decoders_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/lua_engine.h"
#include "tests/support/fake_script_host.h"

namespace {

constexpr size_t kMemoryBytesMax = 16 * 1024 * 1024;
constexpr int64_t kTicksMax = 2000;

// What was decoded is encoded again and decoded once more: it must be the same then. Bytes behind
// the first newline are the format of struct.
constexpr const char* kScripts[] = {
    "local v = cjson.decode(ARGV[1]) local s = cjson.encode(v)\n"
    "if cjson.encode(cjson.decode(s)) ~= s and type(v) ~= 'table' then return 'BROKEN' end\n"
    "return s",
    "local v = {cmsgpack.unpack(ARGV[1])} return cmsgpack.pack(unpack(v))",
    "return {cmsgpack.unpack_one(ARGV[1], #ARGV[1] % 7)}",
    "return {cmsgpack.unpack_limit(ARGV[1], 3, 0)}",
    "local a, b = string.match(ARGV[1], '^([^\\n]*)\\n(.*)$')\n"
    "return {struct.unpack(a or '<I4', b or ARGV[1])}",
    "local a, b = string.match(ARGV[1], '^([^\\n]*)\\n(.*)$')\n"
    "return struct.pack(a or 'd', tonumber(b) or 1, 2, 3, b)",
    "return struct.size(ARGV[1])",
    "return {string.find(ARGV[1], ARGV[1]), string.format(ARGV[1], 1, 2, 3)}",
};
constexpr size_t kScriptCount = sizeof(kScripts) / sizeof(kScripts[0]);

struct Harness {
  Harness() {
    std::string error;
    for (const char* body : kScripts) scripts.push_back(larder::ParseScript(body, &error));
    alive = larder::ParseScript("return 1", &error);
  }

  std::string Run(const larder::Script& script, std::string_view argument) {
    host.ticks = 0;
    larder::protocol::OutputBuffer out;
    larder::protocol::ReplyWriter writer(out);
    const std::string_view arguments[] = {argument};
    engine.Run(script, {{}, arguments}, host, writer);
    return std::string(out.tail().data(), out.tail().size());
  }

  void Load(std::string_view code) {
    host.ticks = 0;
    std::string error;
    const auto library = larder::ParseLibrary("#!lua name=fuzz\n" + std::string(code), &error);
    std::vector<larder::FunctionDeclaration> declared;
    error = engine.LoadLibrary(library, host, &declared);
    if (error.empty() == declared.empty()) std::abort();
    engine.UnloadLibrary(*library);
  }

  larder::LuaMemoryBudget budget{kMemoryBytesMax};
  larder::LuaEngine engine{budget};
  larder::FakeScriptHost host;
  std::vector<std::shared_ptr<const larder::Script>> scripts;
  std::shared_ptr<const larder::Script> alive;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Harness& harness = *new Harness;
  if (size == 0) return 0;
  harness.host.ticks_max = kTicksMax;
  harness.host.log.clear();
  harness.host.calls.clear();
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t which = data[0] % (kScriptCount + 1);
  if (which == kScriptCount) {
    harness.Load(bytes);
  } else if (harness.Run(*harness.scripts[which], bytes) == "$6\r\nBROKEN\r\n") {
    std::abort();
  }
  if (harness.Run(*harness.alive, {}) != ":1\r\n") std::abort();
  return 0;
}
