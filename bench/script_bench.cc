// What a Lua call costs from parsing to reply: releasing a lock, as every lock library does it.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "bench/in_process_server.h"

namespace larder {
namespace {

constexpr std::string_view kCompareAndDelete =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) "
    "else return 0 end";
constexpr std::string_view kKey = "lock:0000000042";
constexpr std::string_view kToken = "6b1f9a52c7d84e30";

std::string Encode(std::initializer_list<std::string_view> args) {
  std::string request = fmt::format("*{}\r\n", args.size());
  for (const std::string_view arg : args) {
    request += fmt::format("${}\r\n{}\r\n", arg.size(), arg);
  }
  return request;
}

void Measure(benchmark::State& state, const std::string& pipeline) {
  InProcess server;
  server.Run(Encode({"SET", kKey, kToken}));
  for (auto _ : state) benchmark::DoNotOptimize(server.Run(pipeline));
}

// Only reads: the lock is somebody else's.
void BM_EvalThatCompares(benchmark::State& state) {
  Measure(state, Encode({"EVAL", kCompareAndDelete, "1", kKey, "another"}));
}
BENCHMARK(BM_EvalThatCompares);

// Takes a lock and releases it: to be compared with the same without a script.
void BM_SetAndEvalThatDeletes(benchmark::State& state) {
  Measure(state, Encode({"SET", kKey, kToken, "NX", "PX", "30000"}) +
                     Encode({"EVAL", kCompareAndDelete, "1", kKey, kToken}));
}
BENCHMARK(BM_SetAndEvalThatDeletes);

void BM_SetAndDelete(benchmark::State& state) {
  Measure(state, Encode({"SET", kKey, kToken, "NX", "PX", "30000"}) + Encode({"DEL", kKey}));
}
BENCHMARK(BM_SetAndDelete);

void BM_EvalThatReturnsOne(benchmark::State& state) {
  Measure(state, Encode({"EVAL", "return 1", "0"}));
}
BENCHMARK(BM_EvalThatReturnsOne);

}  // namespace
}  // namespace larder
