#include "server/admin/http_listener.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include <asio/ip/v6_only.hpp>
#include <asio/post.hpp>
#include <cerrno>
#include <utility>

#include "server/admin/http_connection.h"

namespace larder::admin {
namespace {

constexpr int kBacklog = 64;
constexpr auto kDescriptorsGonePause = std::chrono::milliseconds(100);

// What an address that this machine does not have fails with.
bool IsNotHere(asio::error_code error) {
  return error == asio::error::address_family_not_supported || error.value() == EADDRNOTAVAIL ||
         error.value() == EPROTONOSUPPORT;
}

// A context of Asio's that shares OpenSSL's with the server's own connections.
asio::ssl::context Share(const TlsContext& tls) {
  SSL_CTX_up_ref(tls.get());  // Asio's gives one back
  return asio::ssl::context(tls.get());
}

}  // namespace

HttpListener::HttpListener(const HttpRouter& router, const TlsContexts& tls, Settings settings)
    : router_(router), tls_(tls), settings_(std::move(settings)) {}

HttpListener::~HttpListener() { Stop(); }

Outcome HttpListener::Open(const std::vector<std::string>& addresses, int port) {
  using asio::ip::tcp;
  for (const std::string& name : addresses) {
    const bool optional = name.starts_with('-');
    const std::string address = optional ? name.substr(1) : name;
    asio::error_code error;
    const std::string host = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address;
    const auto ip = asio::ip::make_address(host, error);
    if (error) return Outcome::Failed(fmt::format("admin-bind: '{}' is no IP address", address));
    tcp::acceptor acceptor(io_);
    acceptor.open(ip.is_v6() ? tcp::v6() : tcp::v4(), error);
    if (!error && ip.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind({ip, static_cast<uint16_t>(port)}, error);
    if (!error) acceptor.listen(kBacklog, error);
    if (optional && IsNotHere(error)) continue;
    if (error) {
      return Outcome::Failed(fmt::format("could not listen on {}:{} (admin-port): {}", address,
                                         port, error.message()));
    }
    acceptors_.push_back(std::move(acceptor));
  }
  if (acceptors_.empty()) return Outcome::Failed("admin-port: no address of admin-bind is here");
  return Outcome::Ok();
}

void HttpListener::Start(std::function<void()> every_second) {
  asio::post(io_, [this, every_second = std::move(every_second)]() mutable {
    for (auto& acceptor : acceptors_) Accept(acceptor);
    Tick(std::move(every_second));
  });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "admin");
    io_.run();
  });
}

void HttpListener::Stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    asio::error_code ignored;
    for (auto& acceptor : acceptors_) acceptor.close(ignored);
    tick_.cancel();
    pause_.cancel();
    for (const auto& connection : std::exchange(connections_, {})) connection->Close();
    io_.stop();
  });
  thread_.join();
  pool_.join();
}

void HttpListener::Accept(asio::ip::tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](asio::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (!error) Enter(std::move(socket));
    if (error != asio::error::no_descriptors && error != std::errc::too_many_files_open_in_system) {
      Accept(acceptor);
      return;
    }
    pause_.expires_after(kDescriptorsGonePause);
    pause_.async_wait([this, &acceptor](asio::error_code) {
      if (acceptor.is_open()) Accept(acceptor);
    });
  });
}

void HttpListener::Enter(asio::ip::tcp::socket socket) {
  asio::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error || connections_.size() >= kConnectionsMax || !settings_.may_enter(peer.address())) {
    return;  // which closes it
  }
  std::shared_ptr<HttpConnection> connection;
  if (const auto tls = tls_.Current()) {
    auto context = Share(*tls);
    connection = MakeTlsConnection(*this, std::move(socket), context, settings_.verify_clients);
  } else {
    connection = MakePlainConnection(*this, std::move(socket));
  }
  connections_.insert(connection);
  connection->Start();
}

void HttpListener::Tick(std::function<void()> every_second) {
  every_second();
  tick_.expires_after(std::chrono::seconds(1));
  tick_.async_wait([this, every_second = std::move(every_second)](asio::error_code error) mutable {
    if (!error) Tick(std::move(every_second));
  });
}

}  // namespace larder::admin
