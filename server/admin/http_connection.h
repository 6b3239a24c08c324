// One client of the admin port. On the listener's thread alone.
#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <memory>

namespace larder::admin {

class HttpListener;

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void Start() = 0;
  virtual void Close() = 0;
};

std::shared_ptr<HttpConnection> MakePlainConnection(HttpListener& listener,
                                                    asio::ip::tcp::socket socket);
std::shared_ptr<HttpConnection> MakeTlsConnection(HttpListener& listener,
                                                  asio::ip::tcp::socket socket,
                                                  asio::ssl::context& context, bool verify_clients);

}  // namespace larder::admin
