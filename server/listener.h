// Accepts connections on TCP (plain and TLS) and unix sockets and hands each to the worker with the
// fewest.
//
// Runs on the main thread's io_context.
#pragma once

#include <sys/socket.h>

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "server/config/outcome.h"
#include "server/engine.h"
#include "server/tls/tls_context.h"
#include "server/worker.h"

namespace larder {

class Listener {
 public:
  Listener(asio::io_context& io, Engine& engine, std::vector<std::unique_ptr<Worker>>& workers,
           const TlsContexts& tls)
      : io_(io), engine_(engine), workers_(workers), tls_contexts_(tls), pause_(io) {}

  // Opens every address of `bind`, for `port` and `tls-port`, and the unix socket, as the options
  // say. An address that begins with '-' may be missing on this machine.
  Outcome Open();
  void Close();
  // "127.0.0.1:6379" and the like, for the log.
  std::vector<std::string> Addresses() const { return addresses_; }

 private:
  using TcpAcceptors = std::list<asio::ip::tcp::acceptor>;

  template <class Acceptor>
  void AcceptWhenReady(Acceptor& acceptor, bool tls);
  bool AcceptSome(int listening, bool tls);
  void Take(int descriptor, const sockaddr_storage& peer, bool tls);
  bool MayEnter(NewClient& client);
  Outcome OpenPort(int port, TcpAcceptors& acceptors);
  Outcome OpenTcp(const std::string& address, int port, bool optional, TcpAcceptors& acceptors);
  Outcome OpenUnix(const std::string& path);

  asio::io_context& io_;
  Engine& engine_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  const TlsContexts& tls_contexts_;
  TcpAcceptors tcp_, tls_;
  std::unique_ptr<asio::local::stream_protocol::acceptor> local_;
  std::string unix_path_;
  asio::steady_timer pause_;
  std::vector<std::string> addresses_;
};

}  // namespace larder
