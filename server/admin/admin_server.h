// The admin port: monitoring, a page for people, purges; on threads of its own beside the workers,
// to which it adds nothing but the commands that somebody asks of it.
//
// The owner's thread alone, unless said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/admin/api.h"
#include "server/admin/history.h"
#include "server/admin/http_listener.h"
#include "server/admin/http_router.h"
#include "server/admin/request_guard.h"
#include "server/config/outcome.h"
#include "server/engine.h"
#include "server/tls/tls_context.h"
#include "server/worker.h"

namespace larder::admin {

class AdminServer {
 public:
  // A worker that has not turned for so long is stalled: /livez says so.
  static constexpr int kStalledSeconds = 10;

  AdminServer(Engine& engine, const std::vector<std::unique_ptr<Worker>>& workers,
              const TlsContexts& tls);
  ~AdminServer();

  // Binds, where the options ask for a port. Refuses to serve other machines while user default
  // needs no password. REQUIRES: users and TLS are loaded.
  Outcome Open();
  // Begins to serve, where Open has bound. REQUIRES: the workers run.
  void Start();
  // From here on /readyz answers 503.
  void BeginToStop() { stopping_.store(true); }
  // Ends the threads. No worker needs to run any more.
  void Stop();

 private:
  void Route();
  void RoutePage();
  bool MayEnter(const asio::ip::address& peer) const;
  void EverySecond();
  HttpResponse Live(const HttpRequest& request) const;
  HttpResponse Ready(const HttpRequest& request) const;
  void Adopt(NewClient client) const;

  struct Heartbeat {
    uint64_t beats = 0;
    int64_t seen_us = 0;  // when it rose
  };

  Engine& engine_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  const TlsContexts& tls_;
  TickClock ticks_;
  History history_{ticks_};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> workers_gone_{false};
  std::atomic<bool> stalled_{false};
  std::vector<Heartbeat> heartbeats_;  // of the sockets' thread
  int seconds_ = 0;                    // likewise
  CommandPort port_;
  std::unique_ptr<RequestGuard> guard_;
  HttpRouter router_;
  Api api_;
  std::unique_ptr<HttpListener> listener_;  // last: its threads use the rest
};

}  // namespace larder::admin
