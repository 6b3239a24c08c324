#include "server/admin/admin_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/admin/admin_errors.h"
#include "server/admin/metrics.h"
#include "server/admin/page_files.h"
#include "server/config/option_store.h"

namespace larder::admin {
namespace {

bool IsLoopback(const std::string& address) {
  asio::error_code error;
  const auto ip =
      asio::ip::make_address(address.starts_with('-') ? address.substr(1) : address, error);
  return !error && ip.is_loopback();
}

HttpResponse Text(int status, std::string body) {
  return {.status = status, .type = "text/plain; charset=utf-8", .body = std::move(body) + "\n"};
}

}  // namespace

AdminServer::AdminServer(Engine& engine, const std::vector<std::unique_ptr<Worker>>& workers,
                         const TlsContexts& tls)
    : engine_(engine),
      workers_(workers),
      tls_(tls),
      port_{.adopt = [this](NewClient client) { Adopt(std::move(client)); },
            .closed = &workers_gone_},
      api_(engine, history_, ticks_, port_) {}

AdminServer::~AdminServer() { Stop(); }

Outcome AdminServer::Open() {
  const auto port = static_cast<int>(engine_.option_store.Number("admin-port"));
  if (port == 0) return Outcome::Ok();
  const std::vector<std::string> addresses = engine_.option_store.Words("admin-bind");
  for (const std::string& address : addresses) {
    if (IsLoopback(address) || !engine_.acl.default_needs_no_password()) continue;
    return Outcome::Failed(fmt::format(
        "admin-bind '{}': beyond loopback only while user default has a password. Set requirepass "
        "(or 'user default' with a password, or off); allowed without: 127.0.0.1, ::1",
        address));
  }
  guard_ = std::make_unique<RequestGuard>(engine_.option_store, tls_.Current() != nullptr);
  Route();
  const HttpListener::Settings settings = {
      .verify_clients = engine_.option_store.Number("admin-tls-auth-clients") != 0,
      .may_enter = [this](const asio::ip::address& peer) { return MayEnter(peer); }};
  listener_ = std::make_unique<HttpListener>(router_, tls_, settings);
  return listener_->Open(addresses, port);
}

void AdminServer::Start() {
  if (listener_ == nullptr) return;
  heartbeats_.resize(workers_.size());
  const bool tls = tls_.Current() != nullptr;
  engine_.log.Notice(fmt::format("Admin page on {}://{}:{}/", tls ? "https" : "http",
                                 engine_.option_store.Words("admin-bind").front(),
                                 engine_.option_store.Number("admin-port")));
  listener_->Start([this] { EverySecond(); });
}

void AdminServer::Stop() {
  stopping_.store(true);
  workers_gone_.store(true);
  if (listener_ != nullptr) listener_->Stop();
}

// The password may have been taken away since the start.
bool AdminServer::MayEnter(const asio::ip::address& peer) const {
  const bool mapped = peer.is_v6() && peer.to_v6().is_v4_mapped();
  const bool loopback =
      mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6()).is_loopback()
             : peer.is_loopback();
  return loopback || !engine_.acl.default_needs_no_password();
}

void AdminServer::EverySecond() {
  const int64_t now_us = engine_.clock.SteadyMicros();
  bool stalled = false;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const uint64_t beats = workers_[i]->heartbeats();
    Heartbeat& heartbeat = heartbeats_[i];
    if (beats != heartbeat.beats || heartbeat.seen_us == 0) heartbeat = {beats, now_us};
    stalled |= now_us - heartbeat.seen_us > kStalledSeconds * int64_t{1'000'000};
  }
  stalled_.store(stalled);
  if (seconds_++ % History::kSampleSeconds == 0) history_.Add(ReadFigures(engine_));
}

// To the worker with the fewest, as the listener does.
void AdminServer::Adopt(NewClient client) const {
  const auto fewest = std::min_element(
      workers_.begin(), workers_.end(),
      [](const auto& a, const auto& b) { return a->connection_count() < b->connection_count(); });
  (*fewest)->Adopt(std::move(client));
}

HttpResponse AdminServer::Live(const HttpRequest&) const {
  // While stopping the workers end one by one.
  const bool live = stopping_.load() || !stalled_.load();
  return live ? Text(200, "live") : Text(503, std::string(errors::kStalled));
}

HttpResponse AdminServer::Ready(const HttpRequest&) const {
  if (stopping_.load()) return Text(503, std::string(errors::kStopping));
  return stalled_.load() ? Text(503, std::string(errors::kStalled)) : Text(200, "ready");
}

void AdminServer::Route() {
  router_.SetGuard([this](const HttpRequest& request, HttpResponse* answer) {
    return guard_->Refuses(request, answer);
  });
  router_.Get("/livez", [this](const HttpRequest& request) { return Live(request); });
  router_.Get("/readyz", [this](const HttpRequest& request) { return Ready(request); });
  router_.Get("/metrics", [this](const HttpRequest&) -> HttpResponse {
    return {.type = kMetricsType,
            .body = MetricsText(ReadFigures(engine_), ReadNamespaces(engine_), ticks_)};
  });
  using Method = HttpResponse (Api::*)(const HttpRequest&);
  const auto call = [this](Method method) {
    return [this, method](const HttpRequest& request) { return (api_.*method)(request); };
  };
  router_.Get("/api/v1/stats", call(&Api::Stats));
  router_.Get("/api/v1/history", call(&Api::HistoryOf));
  router_.Get("/api/v1/namespaces", call(&Api::Namespaces));
  router_.Get("/api/v1/hot", call(&Api::Hot));
  router_.Get("/api/v1/slowlog", call(&Api::Slowlog));
  router_.Get("/api/v1/clients", call(&Api::Clients));
  router_.Get("/api/v1/config", call(&Api::Config));
  router_.Post("/api/v1/hot", call(&Api::StartHot));
  router_.Post("/api/v1/purge", call(&Api::Purge));
  RoutePage();
}

void AdminServer::RoutePage() {
  for (const PageFile& file : PageFiles()) {
    const HttpResponse response{.type = std::string(file.type), .body = std::string(file.text)};
    const auto answer = [response](const HttpRequest&) { return response; };
    const std::string name(file.name);
    router_.Get(name == "index.html" ? "/" : "/" + name, answer);
  }
}

}  // namespace larder::admin
