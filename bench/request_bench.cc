// A request's whole way through the server but for the socket: parse, look up, prefetch, run, write
// the reply; in pipelines of 64 over a million keys, as a busy connection runs them.
//
// On a machine with other work take the least of many repetitions:
//   request_bench --benchmark_repetitions=20 --benchmark_report_aggregates_only=false
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/in_process_server.h"

namespace larder {
namespace {

constexpr size_t kKeys = 1'000'000;
constexpr size_t kDepth = InProcess::kDepth;
constexpr size_t kPipelines = 4096;  // 262,144 requests: far more keys than the caches hold
constexpr std::string_view kValue = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";

std::string Request(bool set, size_t key) {
  std::string request = fmt::format("*{}\r\n$3\r\n{}\r\n$16\r\nkey:{:012}\r\n", set ? 3 : 2,
                                    set ? "SET" : "GET", key);
  if (set) request += fmt::format("${}\r\n{}\r\n", kValue.size(), kValue);
  return request;
}

std::vector<std::string> Pipelines(bool set) {
  std::mt19937_64 random(7);
  std::vector<std::string> pipelines(kPipelines);
  for (std::string& pipeline : pipelines) {
    for (size_t i = 0; i < kDepth; ++i) pipeline += Request(set, random() % kKeys);
  }
  return pipelines;
}

InProcess& Filled() {
  static const auto server = [] {
    auto made = std::make_unique<InProcess>();
    for (size_t key = 0; key < kKeys; ++key) made->Run(Request(true, key));
    return made;
  }();
  return *server;
}

void BM_Requests(benchmark::State& state, bool set) {
  InProcess& server = Filled();
  const std::vector<std::string> pipelines = Pipelines(set);
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(server.Run(pipelines[next]));
    next = (next + 1) % pipelines.size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kDepth));
}
BENCHMARK_CAPTURE(BM_Requests, get, false);
BENCHMARK_CAPTURE(BM_Requests, set, true);

}  // namespace
}  // namespace larder
