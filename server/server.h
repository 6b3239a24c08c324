// The process: listeners, workers' threads, signals, timers, systemd. Runs on the main thread.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "server/admin/admin_server.h"
#include "server/clock.h"
#include "server/config/option_store.h"
#include "server/engine.h"
#include "server/listener.h"
#include "server/logging.h"
#include "server/tick_clock.h"
#include "server/tls/tls_context.h"
#include "server/worker.h"

namespace larder {

class Server {
 public:
  Server(OptionStore& options, Logger& log);
  ~Server();

  // Serves until SIGTERM, SIGINT or SHUTDOWN. Returns the exit status.
  int Run();

 private:
  void WatchSignals();
  void WatchReload();
  void Tick();
  void SampleRates();
  void NotifySystemd();
  void RequestStop(bool now);
  void StopWorkers();
  void RaiseDescriptorLimit();
  void LogStart();

  OptionStore& options_;
  Logger& log_;
  SystemClock clock_;
  asio::io_context io_;
  asio::signal_set stop_signals_, reload_signal_;
  asio::steady_timer tick_;
  Engine engine_;
  TlsContexts tls_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  Listener listener_;
  admin::AdminServer admin_;
  bool stop_now_ = false;
  bool watchdog_ = false;
  int ticks_ = 0;
  std::vector<uint64_t> heartbeats_;
  uint64_t last_commands_ = 0, last_input_ = 0, last_output_ = 0;
  uint64_t last_turns_ = 0, last_turn_ticks_ = 0;
  TickClock tick_clock_;
};

}  // namespace larder
