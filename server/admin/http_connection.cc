#include "server/admin/http_connection.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <asio/post.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "server/admin/http_listener.h"
#include "server/admin/request_frame.h"

namespace larder::admin {
namespace {

using asio::ip::tcp;
constexpr unsigned char kSessionContext[] = "larder-admin";

using TlsSocket = asio::ssl::stream<tcp::socket>;

std::string TextOf(const tcp::endpoint& endpoint) {
  const std::string ip = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", ip, endpoint.port())
                                    : fmt::format("{}:{}", ip, endpoint.port());
}

}  // namespace

// `Stream` is a socket, or TLS on one.
template <class Stream>
class StreamConnection final : public HttpConnection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
 public:
  StreamConnection(HttpListener& listener, Stream stream, std::string peer)
      : listener_(listener),
        stream_(std::move(stream)),
        peer_(std::move(peer)),
        timer_(listener.io()) {}

  void Start() override {
    Limit(kRequestMax);
    if constexpr (std::is_same_v<Stream, TlsSocket>) {
      stream_.async_handshake(TlsSocket::server, Continue([this](size_t) { NextRequest(); }));
    } else {
      NextRequest();
    }
  }

  void Close() override {
    if (std::exchange(closed_, true)) return;
    timer_.cancel();
    asio::error_code ignored;
    socket().shutdown(tcp::socket::shutdown_both, ignored);
    socket().close(ignored);
    listener_.Forget(this->shared_from_this());
  }

 private:
  tcp::socket& socket() {
    if constexpr (std::is_same_v<Stream, TlsSocket>) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // Closes unless something else is limited before.
  void Limit(std::chrono::steady_clock::duration time) {
    timer_.expires_after(time);
    timer_.async_wait([this, self = this->shared_from_this()](asio::error_code error) {
      // A timer that was set anew while its handler was queued has not ended yet.
      if (!error && timer_.expiry() <= std::chrono::steady_clock::now()) Close();
    });
  }

  // A handler that goes on with `then(bytes)` unless the connection has ended.
  template <class Then>
  auto Continue(Then then) {
    return [this, self = this->shared_from_this(), then = std::move(then)](
               asio::error_code error, size_t bytes = 0) mutable {
      if (closed_) return;
      error ? Close() : then(bytes);
    };
  }

  void NextRequest() {
    Limit(received_.empty() ? std::chrono::steady_clock::duration(kIdleMax) : kRequestMax);
    Look();
  }

  void Read() {
    stream_.async_read_some(asio::buffer(chunk_), Continue([this](size_t bytes) {
                              if (received_.empty()) Limit(kRequestMax);
                              received_.append(chunk_.data(), bytes);
                              Look();
                            }));
  }

  void Look() {
    const RequestFrame frame = FindRequest(received_);
    switch (frame.state) {
      case RequestFrame::State::kIncomplete:
        Read();
        break;
      case RequestFrame::State::kRefused:
        Send({.bytes = PlainResponse(frame.status, frame.reason), .close = true});
        break;
      case RequestFrame::State::kComplete:
        Serve(received_.substr(0, frame.bytes));
        received_.erase(0, frame.bytes);
        break;
    }
  }

  void Serve(std::string request) {
    timer_.cancel();  // commands have their own limits
    const bool last = ++requests_ >= kRequestsPerConnectionMax;
    asio::post(listener_.pool(),
               [this, last, self = this->shared_from_this(), request = std::move(request)] {
                 auto served = listener_.router().Serve(request, peer_, last);
                 asio::post(listener_.io(), [this, self, served = std::move(served)]() mutable {
                   if (!closed_) Send(std::move(served));
                 });
               });
  }

  void Send(HttpRouter::Served served) {
    Limit(kResponseMax);
    sending_ = std::move(served.bytes);
    asio::async_write(stream_, asio::buffer(sending_),
                      Continue([this, close = served.close](size_t) {
                        sending_.clear();
                        close ? Finish() : NextRequest();
                      }));
  }

  // Lets the client read to the end: what it has sent and nobody has read would make the kernel
  // take back the response.
  void Finish() {
    Limit(kLingerMax);
    if constexpr (std::is_same_v<Stream, TlsSocket>) {
      stream_.async_shutdown(Continue([this](size_t) { Close(); }));
    } else {
      asio::error_code ignored;
      stream_.shutdown(tcp::socket::shutdown_send, ignored);
      Drop();
    }
  }

  void Drop() {
    stream_.async_read_some(asio::buffer(chunk_), Continue([this](size_t) { Drop(); }));
  }

  static constexpr auto kLingerMax = std::chrono::seconds(2);

  HttpListener& listener_;
  Stream stream_;
  const std::string peer_;
  asio::steady_timer timer_;
  std::array<char, 8192> chunk_;
  std::string received_;
  std::string sending_;
  size_t requests_ = 0;
  bool closed_ = false;
};

namespace {

std::string PeerOf(const tcp::socket& socket) {
  asio::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : TextOf(endpoint);
}

}  // namespace

std::shared_ptr<HttpConnection> MakePlainConnection(HttpListener& listener, tcp::socket socket) {
  std::string peer = PeerOf(socket);
  return std::make_shared<StreamConnection<tcp::socket>>(listener, std::move(socket),
                                                         std::move(peer));
}

std::shared_ptr<HttpConnection> MakeTlsConnection(HttpListener& listener, tcp::socket socket,
                                                  asio::ssl::context& context,
                                                  bool verify_clients) {
  std::string peer = PeerOf(socket);
  TlsSocket stream(std::move(socket), context);
  // What was agreed here, where nobody may have asked for a certificate, is not resumed on
  // tls-port.
  SSL_set_session_id_context(stream.native_handle(), kSessionContext, sizeof kSessionContext - 1);
  if (!verify_clients) SSL_set_verify(stream.native_handle(), SSL_VERIFY_NONE, nullptr);
  return std::make_shared<StreamConnection<TlsSocket>>(listener, std::move(stream),
                                                       std::move(peer));
}

}  // namespace larder::admin
