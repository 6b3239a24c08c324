// Makes a history with a server of its own and checks it.
//
// usage: history_run [--server PATH] [--seconds N] [--seed N] [--clients N] [--evict]
//                    [-- OPTIONS OF THE SERVER]
//
// --evict      gives the server too little memory; then values may go, and must not come back
// Without --seconds: LARDER_HISTORY_SECONDS, else 60, ten times as long with LARDER_FULL.
// Exit code 0: nothing wrong; 1: something is, it was told; 77: there is no such server.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/history/append_check.h"
#include "tests/history/key_check.h"
#include "tests/history/load.h"
#include "tests/history/server_process.h"

namespace larder::history {
namespace {

// A machine that is busy reads its clocks late: a lifetime's ends are known no better than so.
constexpr int64_t kLifetimeSlackNs = 250'000'000;
constexpr int kExitSkipped = 77;
constexpr double kSeconds = 60, kFullFactor = 10;

struct Arguments {
  std::string server = "build/release/larder";
  LoadOptions load;
  std::vector<std::string> options;
};

double DefaultSeconds() {
  if (const char* seconds = std::getenv("LARDER_HISTORY_SECONDS")) return std::atof(seconds);
  return std::getenv("LARDER_FULL") == nullptr ? kSeconds : kSeconds * kFullFactor;
}

bool Parse(int argc, char** argv, Arguments* arguments) {
  arguments->load.seconds = DefaultSeconds();
  arguments->load.seed = std::random_device()() % 1'000'000'000;
  if (const char* server = std::getenv("LARDER_SERVER")) arguments->server = server;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--") {
      arguments->options.assign(argv + i + 1, argv + argc);
      return true;
    }
    if (name == "--evict") {
      arguments->load.evict = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (name == "--server") {
      arguments->server = value;
    } else if (name == "--seconds") {
      arguments->load.seconds = std::atof(value);
    } else if (name == "--seed") {
      arguments->load.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--clients") {
      arguments->load.clients = std::max(1, std::atoi(value));
    } else {
      return false;
    }
  }
  return true;
}

// What is wrong, each told on its own.
std::vector<std::string> Check(Recording recording, bool evict) {
  std::vector<std::string> wrong = std::move(recording.errors);
  const auto before = std::chrono::steady_clock::now();
  const KeyReport keys = CheckKeys(std::move(recording.operations),
                                   {.may_vanish = evict, .slack_ns = kLifetimeSlackNs});
  const AppendReport appends = CheckAppends(recording.transactions);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  fmt::print("single keys: {} operations on {} keys, {} lost; {} keys with too much at once\n",
             keys.operations, keys.keys, keys.lost, keys.given_up);
  fmt::print("transactions: {}, {} lost, {} aborted; {} values read, {} dependencies\n",
             appends.transactions, appends.lost, appends.aborted, appends.values, appends.edges);
  fmt::print("checked in {:.1f} s\n", took.count());
  for (const std::string& violation : keys.violations) wrong.push_back(violation);
  for (const Anomaly& anomaly : appends.anomalies) {
    wrong.push_back(anomaly.name + ": " + anomaly.story);
  }
  if (keys.operations == 0 || (!evict && appends.transactions == 0)) {
    wrong.push_back("nothing happened");
  }
  // Rare ones are the price of a search that must end; many would be no check.
  if (keys.given_up * 20 > keys.keys) wrong.push_back("too many keys were not searched to the end");
  return wrong;
}

int Run(Arguments arguments) {
  arguments.server = std::filesystem::exists(arguments.server)
                         ? std::filesystem::absolute(arguments.server).string()
                         : arguments.server;
  if (access(arguments.server.c_str(), X_OK) != 0) {
    fmt::print("SKIPPED: no server at {}\n", arguments.server);
    return kExitSkipped;
  }
  fmt::print("history: seed {}, {} clients for {} s{} against {}\n", arguments.load.seed,
             arguments.load.clients, arguments.load.seconds,
             arguments.load.evict ? ", with too little memory" : "", arguments.server);
  std::fflush(stdout);
  ServerProcess server(arguments.server, arguments.options);
  arguments.load.socket = server.socket();
  Recording recording = RunLoad(arguments.load);
  fmt::print("{} connections\n", recording.reconnections);
  const bool alive = server.Alive();
  const int status = server.Stop();
  std::vector<std::string> wrong = Check(std::move(recording), arguments.load.evict);
  if (!alive || status != 0) {
    wrong.push_back(fmt::format("the server ended with {}\n{}", status, server.LogTail()));
  }
  for (const std::string& each : wrong) fmt::print("WRONG {}\n", each);
  fmt::print("seed {}: {}\n", arguments.load.seed, wrong.empty() ? "nothing wrong" : "FAILED");
  return wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace larder::history

int main(int argc, char** argv) {
  larder::history::Arguments arguments;
  if (!larder::history::Parse(argc, argv, &arguments)) {
    fmt::print(stderr,
               "usage: history_run [--server PATH] [--seconds N] [--seed N] [--clients N] "
               "[--evict] [-- OPTIONS OF THE SERVER]\n");
    return 2;
  }
  return larder::history::Run(std::move(arguments));
}
