// A client that speaks to a server over TLS, and the port that the server may have for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/running_server.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace larder {

// A port of loopback that nobody else is given as long as this object lives; a server in this
// process can listen on it.
class HeldPort {
 public:
  HeldPort();
  ~HeldPort();
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;

  int number() const { return number_; }

 private:
  int descriptor_;
  int number_ = 0;
};

struct TlsClientOptions {
  std::string authority;  // path; empty: the server's certificate is not looked at
  std::string certificate, key;
  int version = 0;  // TLS1_2_VERSION …; 0: any
  std::string ciphersuites;
  ssl_session_st* session = nullptr;  // to resume
};

// Blocking, as its base is.
class TlsClient final : public SocketClient {
 public:
  using Options = TlsClientOptions;

  explicit TlsClient(int port, const Options& options = {});
  ~TlsClient() override;

  // Whether the handshake came to its end on this side; TLS 1.3 lets the client have it before the
  // server has looked at its certificate.
  bool connected() const { return connected_; }
  // Whether the server serves this client.
  bool IsServed();
  // Says goodbye, as FinishSending does for a plain one.
  void CloseNotify();
  // Whether the server has said goodbye, after everything was read.
  bool server_said_goodbye() const;
  // The number of the server's certificate, in hexadecimal digits.
  std::string ServerSerial() const;
  ssl_st* ssl() { return ssl_; }

 protected:
  ssize_t SendSome(std::string_view bytes) override;
  ssize_t ReceiveSome(char* into, size_t room) override;

 private:
  ssl_ctx_st* context_;
  ssl_st* ssl_;
  bool connected_ = false;
};

}  // namespace larder
