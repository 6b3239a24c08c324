#include "server/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "server/config/option_store.h"
#include "server/errors.h"

namespace larder {
namespace {

constexpr auto kDescriptorsGonePause = std::chrono::milliseconds(100);
constexpr int kAcceptsPerWakeup = 64;  // then the timers have theirs

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return "";
}

bool IsLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  if (address.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
  }
  return true;
}

void KeepAlive(int descriptor, int seconds) {
  if (seconds <= 0) return;
  const int on = 1, interval = std::max(1, seconds / 3), probes = 3;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

void SendAndClose(int descriptor, std::string_view error) {
  const std::string reply = fmt::format("-{}\r\n", error);
  [[maybe_unused]] const ssize_t sent =
      send(descriptor, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  close(descriptor);
}

}  // namespace

Outcome Listener::Open() {
  const auto port = static_cast<int>(engine_.options.port);
  const auto tls_port = static_cast<int>(engine_.option_store.Number("tls-port"));
  if (const Outcome opened = OpenPort(port, tcp_); !opened.ok()) return opened;
  if (const Outcome opened = OpenPort(tls_port, tls_); !opened.ok()) return opened;
  const std::string path = engine_.option_store.Text("unixsocket");
  if (!path.empty()) {
    if (const Outcome opened = OpenUnix(path); !opened.ok()) return opened;
  }
  if (addresses_.empty())
    return Outcome::Failed("nothing to listen on: set port, tls-port, bind or unixsocket");
  for (auto& acceptor : tcp_) AcceptWhenReady(acceptor, false);
  for (auto& acceptor : tls_) AcceptWhenReady(acceptor, true);
  if (local_ != nullptr) AcceptWhenReady(*local_, false);
  return Outcome::Ok();
}

Outcome Listener::OpenPort(int port, TcpAcceptors& acceptors) {
  if (port == 0) return Outcome::Ok();
  for (const std::string& address : engine_.option_store.Words("bind")) {
    const bool optional = address.starts_with('-');
    const Outcome opened =
        OpenTcp(optional ? address.substr(1) : address, port, optional, acceptors);
    if (!opened.ok()) return opened;
  }
  return Outcome::Ok();
}

Outcome Listener::OpenTcp(const std::string& address, int port, bool optional,
                          TcpAcceptors& acceptors) {
  asio::error_code error;
  const std::string host = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address;
  const auto ip = asio::ip::make_address(host, error);
  if (error) return Outcome::Failed(fmt::format("bind: '{}' is no IP address", address));
  const asio::ip::tcp::endpoint endpoint(ip, static_cast<uint16_t>(port));
  asio::ip::tcp::acceptor acceptor(io_);
  acceptor.open(endpoint.protocol(), error);
  if (!error && ip.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(static_cast<int>(engine_.options.tcp_backlog), error);
  if (error) {
    const bool not_here = error == asio::error::address_family_not_supported ||
                          error.value() == EADDRNOTAVAIL || error.value() == EPROTONOSUPPORT;
    if (optional && not_here) return Outcome::Ok();
    return Outcome::Failed(
        fmt::format("could not listen on {}:{}: {}", address, port, error.message()));
  }
  acceptor.native_non_blocking(true);
  addresses_.push_back(ip.is_v6() ? fmt::format("[{}]:{}", host, port)
                                  : fmt::format("{}:{}", host, port));
  acceptors.push_back(std::move(acceptor));
  return Outcome::Ok();
}

Outcome Listener::OpenUnix(const std::string& path) {
  asio::error_code error;
  unlink(path.c_str());  // what an earlier server left
  auto acceptor = std::make_unique<asio::local::stream_protocol::acceptor>(io_);
  acceptor->open(asio::local::stream_protocol(), error);
  if (!error) acceptor->bind(asio::local::stream_protocol::endpoint(path), error);
  if (!error) acceptor->listen(static_cast<int>(engine_.options.tcp_backlog), error);
  if (error)
    return Outcome::Failed(fmt::format("could not listen on {}: {}", path, error.message()));
  const auto mode = static_cast<mode_t>(engine_.options.unixsocketperm);
  if (mode != 0) chmod(path.c_str(), mode);
  unix_path_ = path;
  addresses_.push_back(path);
  acceptor->native_non_blocking(true);
  local_ = std::move(acceptor);
  return Outcome::Ok();
}

template <class Acceptor>
void Listener::AcceptWhenReady(Acceptor& acceptor, bool tls) {
  acceptor.async_wait(Acceptor::wait_read, [this, &acceptor, tls](asio::error_code error) {
    if (error == asio::error::operation_aborted) return;
    if (AcceptSome(acceptor.native_handle(), tls)) {
      AcceptWhenReady(acceptor, tls);
      return;
    }
    // Out of descriptors: the next attempt would fail at once, so let some clients leave first.
    pause_.expires_after(kDescriptorsGonePause);
    // Another acceptor's pause puts this one's end forward: it tries, and pauses again.
    pause_.async_wait([this, &acceptor, tls](asio::error_code) {
      if (acceptor.is_open()) AcceptWhenReady(acceptor, tls);
    });
  });
}

// Takes who waits, as many as one wakeup may. False when the process has no room for more.
bool Listener::AcceptSome(int listening, bool tls) {
  for (int taken = 0; taken < kAcceptsPerWakeup; ++taken) {
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    const int descriptor = accept4(listening, reinterpret_cast<sockaddr*>(&peer), &peer_size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      Take(descriptor, peer, tls);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      engine_.log.Warning(fmt::format("Cannot accept connections: {}", std::strerror(errno)));
      return false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    }  // else that client is gone already
  }
  return true;
}

void Listener::Take(int descriptor, const sockaddr_storage& peer, bool tls) {
  const bool unix_socket = peer.ss_family == AF_UNIX;
  engine_.connections_received.fetch_add(1, std::memory_order_relaxed);
  NewClient client{.descriptor = descriptor, .unix_socket = unix_socket, .loopback = true};
  if (tls) client.tls = tls_contexts_.Current();
  if (unix_socket) {
    client.address = client.local_address = unix_path_ + ":0";
  } else {
    sockaddr_storage local{};
    socklen_t local_size = sizeof local;
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &local_size);
    client.address = AddressText(peer);
    client.local_address = AddressText(local);
    client.loopback = IsLoopback(peer);
    KeepAlive(descriptor, static_cast<int>(engine_.options.tcp_keepalive));
  }
  if (!MayEnter(client)) return;
  const auto fewest = std::min_element(
      workers_.begin(), workers_.end(),
      [](const auto& a, const auto& b) { return a->connection_count() < b->connection_count(); });
  (*fewest)->Adopt(std::move(client));
}

// Turns away, with the reason, whom the limits do not let in. A TLS client could not read it before
// its handshake: one too many is closed as it is, a stranger enters to be told.
bool Listener::MayEnter(NewClient& client) {
  int64_t connected = 0;
  for (const auto& worker : workers_) connected += worker->connection_count();
  std::string_view refusal;
  if (connected >= engine_.options.maxclients) {
    refusal = errors::kMaxClients;
  } else if (!client.loopback && engine_.options.protected_mode &&
             engine_.acl.default_needs_no_password()) {
    refusal = errors::kDenied;
  }
  if (refusal.empty()) return true;
  engine_.connections_rejected.fetch_add(1, std::memory_order_relaxed);
  if (client.tls == nullptr) {
    SendAndClose(client.descriptor, refusal);
  } else if (refusal == errors::kMaxClients) {
    close(client.descriptor);
  } else {
    client.refusal = refusal;
    return true;
  }
  return false;
}

void Listener::Close() {
  asio::error_code ignored;
  pause_.cancel();
  for (TcpAcceptors* acceptors : {&tcp_, &tls_}) {
    for (auto& acceptor : *acceptors) acceptor.close(ignored);
  }
  if (local_ != nullptr) {
    local_->close(ignored);
    unlink(unix_path_.c_str());
  }
}

}  // namespace larder
