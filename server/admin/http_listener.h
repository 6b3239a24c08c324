// Sockets of the admin port: accepts, reads whole requests, sends responses, over TLS where the
// server has it.
//
// One thread does all of that without waiting for anybody; a small pool answers whole requests. So
// a client that sends or reads slowly holds nothing but its place among kConnectionsMax, for at
// most the seconds below.
//
// Start and Stop are the owner's; everything else happens on the listener's own threads.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/admin/http_router.h"
#include "server/config/outcome.h"
#include "server/tls/tls_context.h"

namespace larder::admin {

inline constexpr size_t kConnectionsMax = 128;  // more are closed at once
inline constexpr size_t kRequestsPerConnectionMax = 1000;
inline constexpr size_t kThreads = 4;                           // that answer requests
inline constexpr auto kIdleMax = std::chrono::seconds(30);      // between two requests
inline constexpr auto kRequestMax = std::chrono::seconds(10);   // from its first byte to its last
inline constexpr auto kResponseMax = std::chrono::seconds(30);  // likewise

class HttpConnection;

class HttpListener {
 public:
  struct Settings {
    bool verify_clients = false;  // certificates, as the TLS context says
    // Whether to speak to a peer at all.
    std::function<bool(const asio::ip::address&)> may_enter;
  };
  HttpListener(const HttpRouter& router, const TlsContexts& tls, Settings settings);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // Binds. An address that begins with '-' may be missing on this machine.
  Outcome Open(const std::vector<std::string>& addresses, int port);
  // Begins to serve; `every_second` is called on the thread of the sockets.
  void Start(std::function<void()> every_second);
  // Closes everything and ends the threads; what is being answered is waited for.
  void Stop();

  // ---- for its connections
  asio::io_context& io() { return io_; }
  asio::thread_pool& pool() { return pool_; }
  const HttpRouter& router() const { return router_; }
  void Forget(const std::shared_ptr<HttpConnection>& connection) { connections_.erase(connection); }

 private:
  void Accept(asio::ip::tcp::acceptor& acceptor);
  void Enter(asio::ip::tcp::socket socket);
  void Tick(std::function<void()> every_second);

  const HttpRouter& router_;
  const TlsContexts& tls_;
  const Settings settings_;
  asio::io_context io_{1};
  asio::thread_pool pool_{kThreads};
  std::list<asio::ip::tcp::acceptor> acceptors_;
  asio::steady_timer tick_{io_};
  asio::steady_timer pause_{io_};  // without descriptors
  std::set<std::shared_ptr<HttpConnection>> connections_;
  std::thread thread_;
};

}  // namespace larder::admin
