#include "server/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "server/acl/acl_loading.h"
#include "server/config/units.h"
#include "server/migrations.h"
#include "server/namespace_rules.h"
#include "server/statistics.h"
#include "server/version.h"
#include "storage/memory.h"

namespace larder {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr int kSampleEveryTicks = 10;
constexpr int kDescriptorsForServer = 32;  // listeners, log, epoll sets, …

}  // namespace

Server::Server(OptionStore& options, Logger& log)
    : options_(options),
      log_(log),
      io_(1),
      stop_signals_(io_, SIGTERM, SIGINT),
      reload_signal_(io_, SIGHUP),
      tick_(io_),
      engine_(clock_, options, log, static_cast<int>(options.live().threads.Get())),
      tls_(options, log),
      listener_(io_, engine_, workers_, tls_),
      admin_(engine_, workers_, tls_) {
  for (int i = 0; i < engine_.workers; ++i)
    workers_.push_back(std::make_unique<Worker>(engine_, i));
  heartbeats_.assign(workers_.size(), 0);
  engine_.hooks.shut_down = [this](bool now, bool) {
    asio::post(io_, [this, now] { RequestStop(now); });
  };
}

Server::~Server() = default;

int Server::Run() {
  RaiseDescriptorLimit();
  const auto refused = [this](const Outcome& outcome) {
    if (outcome.ok()) return false;
    log_.Warning(outcome.error());
    std::fprintf(stderr, "larder: %s\n", outcome.error().c_str());
    return true;
  };
  if (refused(LoadUsersAtStart(engine_)) || refused(LoadNamespacesAtStart(engine_))) return 1;
  if (!tls_.Load().ok()) {
    refused(Outcome::Failed("Failed to configure TLS. Check logs for more info."));
    return 1;
  }
  // The admin port first, so that whoever finds the server finds it, too.
  if (refused(admin_.Open()) || refused(listener_.Open())) return 1;
  for (size_t i = 0; i < workers_.size(); ++i) {
    threads_.emplace_back([this, i] {
      pthread_setname_np(pthread_self(), fmt::format("worker-{}", i).c_str());
      workers_[i]->Run();
    });
  }
  WatchSignals();
  LogStart();
  admin_.Start();
  watchdog_ = sd_watchdog_enabled(0, nullptr) > 0;
  sd_notify(0, "READY=1\nSTATUS=Ready to accept connections");
  Tick();
  io_.run();
  StopWorkers();
  log_.Notice("Larder is now ready to exit, bye bye...");
  return 0;
}

void Server::WatchSignals() {
  signal(SIGPIPE, SIG_IGN);
  WatchReload();
  stop_signals_.async_wait([this](asio::error_code error, int number) {
    if (error) return;
    log_.Notice(
        fmt::format("Received {} scheduling shutdown...", number == SIGINT ? "SIGINT" : "SIGTERM"));
    RequestStop(false);
  });
}

void Server::WatchReload() {
  reload_signal_.async_wait([this](asio::error_code error, int) {
    if (error) return;
    if (const Outcome reopened = log_.Reopen(); !reopened.ok()) log_.Warning(reopened.error());
    log_.Notice("Log file reopened (SIGHUP)");
    WatchReload();
  });
}

void Server::Tick() {
  ++ticks_;
  SampleRates();
  if (ticks_ % kSampleEveryTicks == 0) NotifySystemd();
  tick_.expires_after(kTick);
  tick_.async_wait([this](asio::error_code error) {
    if (!error) Tick();
  });
}

// Operations and kilobytes per second, smoothed over about a second.
void Server::SampleRates() {
  if (ticks_ % kSampleEveryTicks != 0) return;
  const uint64_t commands = engine_.Sum(&WorkerStatistics::commands_processed);
  const uint64_t input = engine_.Sum(&WorkerStatistics::input_bytes);
  const uint64_t output = engine_.Sum(&WorkerStatistics::output_bytes);
  const auto since = [](uint64_t now, uint64_t before) {  // CONFIG RESETSTAT sets counters back
    return static_cast<int64_t>(now >= before ? now - before : 0);
  };
  engine_.operations_per_second.store(since(commands, last_commands_));
  engine_.input_kbps.store(since(input, last_input_) / 1024);
  engine_.output_kbps.store(since(output, last_output_) / 1024);
  uint64_t turns = 0;
  uint64_t ticks = 0;
  for (const auto& worker : engine_.statistics) {
    turns += worker->turns.turns.Get();
    ticks += worker->turns.ticks.Get();
  }
  const int64_t new_turns = since(turns, last_turns_);
  const int64_t turns_us =
      tick_clock_.ToMicros(static_cast<uint64_t>(since(ticks, last_turn_ticks_)));
  engine_.turns_per_second.store(new_turns);
  engine_.turn_us.store(new_turns == 0 ? 0 : turns_us / new_turns);
  if (const int64_t peak = storage::memory::PeakBytes(); peak > engine_.memory_peak_bytes) {
    engine_.memory_peak_bytes.store(peak);
    engine_.memory_peak_unix_s.store(engine_.clock.UnixMicros() / 1'000'000);
  }
  last_turns_ = turns;
  last_turn_ticks_ = ticks;
  last_commands_ = commands;
  last_input_ = input;
  last_output_ = output;
}

// The watchdog hears from us only while every worker turns.
void Server::NotifySystemd() {
  if (!watchdog_) return;
  bool alive = true;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const uint64_t beats = workers_[i]->heartbeats();
    alive &= beats != std::exchange(heartbeats_[i], beats);
  }
  if (alive) sd_notify(0, "WATCHDOG=1");
}

void Server::RequestStop(bool now) {
  stop_now_ = now;
  admin_.BeginToStop();
  sd_notify(0, "STOPPING=1");
  listener_.Close();
  // Cancelling would not do: a timer's handler that is queued by now would wait for the next time.
  io_.stop();
}

void Server::StopWorkers() {
  engine_.migrations->Stop();
  const int64_t grace_us = stop_now_ ? 0 : options_.live().shutdown_timeout * 1'000'000;
  for (const auto& worker : workers_) worker->Stop(grace_us);
  for (std::thread& thread : threads_) thread.join();
  admin_.Stop();
}

// Lowers maxclients where the system does not grant enough descriptors, as Redis does.
void Server::RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(options_.live().maxclients.Get() + kDescriptorsForServer);
  if (limit.rlim_cur >= wanted) return;
  rlimit raised = limit;
  raised.rlim_cur = wanted;
  raised.rlim_max = std::max(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
  raised.rlim_cur = raised.rlim_max = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE,
            &raised);  // refused under a system call filter: then what there is has to do
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  const auto clients = static_cast<int64_t>(limit.rlim_cur) - kDescriptorsForServer;
  options_.Adjust("maxclients", std::max<int64_t>(1, clients));
  log_.Warning(fmt::format("maxclients lowered to {}: the system grants only {} file descriptors",
                           clients, limit.rlim_cur));
}

void Server::LogStart() {
  const std::string policy = options_.Text("maxmemory-policy");
  const int64_t limit = engine_.keyspace.memory_limit();
  const std::string memory = limit == 0 ? "unlimited" : FormatHuman(static_cast<uint64_t>(limit));
  log_.Notice(fmt::format("Larder {} (Redis {} compatible) started, pid {}, {} worker{}",
                          kLarderVersion, kRedisVersion, getpid(), engine_.workers,
                          engine_.workers == 1 ? "" : "s"));
  log_.Notice(fmt::format("Memory cap {} ({}), {} clients at most", memory, policy,
                          options_.live().maxclients.Get()));
  std::string where;
  for (const std::string& address : listener_.Addresses()) {
    where += (where.empty() ? "" : ", ") + address;
  }
  log_.Notice("Ready to accept connections on " + where);
  if (const int64_t port = options_.Number("tls-port"); port != 0) {
    log_.Notice(fmt::format("TLS on port {}: redis-cli --tls -p {}", port, port));
  }
  if (const int64_t port = options_.live().port; port != 0) {
    log_.Notice(fmt::format("Try: redis-cli -p {} SET greeting hello EX 60", port));
    log_.Notice(fmt::format("     redis-benchmark -p {} -t set,get -P 16 -q", port));
  }
}

}  // namespace larder
