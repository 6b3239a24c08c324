// Puts load on a server and prints what it saw as one line of JSON. One thread, epoll.
//
//   load_generator_tool --port 6379 --shape get --connections 50 --depth 16 --requests 1000000
//   load_generator_tool --shape mix --keys 5000000 --distribution zipf --seconds 10
//   load_generator_tool --shape get --rate 40000 --seconds 10        open loop
//   load_generator_tool --shape churn --rate 1000 --seconds 10       connects a second
//   load_generator_tool --shape set --distribution sequence --requests 5000000 --depth 64   a fill
//
// redis-benchmark serves for what it can do. It has no Zipf, no mix, no open loop and no churn, and
// at depth 64 it is slower than what it measures.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "bench/load/churn_load.h"
#include "bench/load/options.h"
#include "bench/load/outcome.h"
#include "bench/load/request_load.h"

namespace larder::bench {
namespace {

void Describe(CLI::App& app, LoadOptions& options) {
  const std::map<std::string, Shape> shapes = {{"get", Shape::kGet},
                                               {"set", Shape::kSet},
                                               {"mix", Shape::kMix},
                                               {"mget", Shape::kMget},
                                               {"churn", Shape::kChurn}};
  const std::map<std::string, Distribution> distributions = {{"uniform", Distribution::kUniform},
                                                             {"zipf", Distribution::kZipf},
                                                             {"hot", Distribution::kHot},
                                                             {"sequence", Distribution::kSequence}};
  app.add_option("--port", options.port);
  app.add_option("--shape", options.shape)->transform(CLI::CheckedTransformer(shapes));
  app.add_option("-c,--connections", options.connections)->check(CLI::PositiveNumber);
  app.add_option("-P,--depth", options.depth)->check(CLI::PositiveNumber);
  app.add_option("--keys", options.keys.count, "how many there are")->check(CLI::PositiveNumber);
  app.add_option("--first-key", options.keys.first);
  app.add_option("--distribution", options.keys.distribution)
      ->transform(CLI::CheckedTransformer(distributions));
  app.add_option("--exponent", options.keys.exponent, "of zipf; not 1");
  app.add_option("--seed", options.keys.seed);
  app.add_option("--keys-per-request", options.keys_per_request, "of mget");
  app.add_option("--bytes", options.value_bytes, "of a value");
  app.add_option("-n,--requests", options.requests);
  app.add_option("--seconds", options.seconds);
  app.add_option("--rate", options.rate, "requests a second, open loop");
}

int Main(int argc, char** argv) {
  LoadOptions options;
  CLI::App app("Puts load on a server");
  Describe(app, options);
  CLI11_PARSE(app, argc, argv);
  if (options.requests == 0 && options.seconds == 0) options.requests = 1'000'000;
  if (options.shape == Shape::kChurn && options.rate == 0) options.rate = 1000;
  prctl(PR_SET_TIMERSLACK, 1);  // nanosecond: requests of an open loop are to leave in time
  if (options.shape == Shape::kChurn) {
    ChurnLoad load(options);
    Print(load.Run());
  } else {
    const auto load = std::make_unique<RequestLoad>(options);
    Print(load->Run());
  }
  return 0;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) { return larder::bench::Main(argc, argv); }
