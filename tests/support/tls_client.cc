#include "tests/support/tls_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace larder {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

}  // namespace

// Bound but not listening: the server, which binds with SO_REUSEADDR too, may listen beside it.
HeldPort::HeldPort() : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
  const int on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, kLoopback, &address.sin_addr);
  socklen_t size = sizeof address;
  if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ADD_FAILURE() << "no port";
  }
  number_ = ntohs(address.sin_port);
}

HeldPort::~HeldPort() { close(descriptor_); }

TlsClient::TlsClient(int port, const Options& options)
    : SocketClient(kLoopback, port), context_(SSL_CTX_new(TLS_client_method())) {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL's socket does not ask for MSG_NOSIGNAL
  const int on = 1;
  setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!options.authority.empty()) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_locations(context_, options.authority.c_str(), nullptr);
  }
  if (!options.certificate.empty() &&
      (SSL_CTX_use_certificate_chain_file(context_, options.certificate.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context_, options.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    ADD_FAILURE() << options.certificate;
  }
  if (options.version != 0) {
    SSL_CTX_set_min_proto_version(context_, options.version);
    SSL_CTX_set_max_proto_version(context_, options.version);
  }
  if (!options.ciphersuites.empty()) {
    SSL_CTX_set_ciphersuites(context_, options.ciphersuites.c_str());
  }
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, descriptor());
  if (options.session != nullptr) SSL_set_session(ssl_, options.session);
  ERR_clear_error();
  connected_ = SSL_connect(ssl_) == 1;
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

bool TlsClient::IsServed() {
  const auto reply = connected_ ? Run({"PING"}) : std::nullopt;
  return reply.has_value() && reply->text == "PONG";
}

void TlsClient::CloseNotify() { SSL_shutdown(ssl_); }

bool TlsClient::server_said_goodbye() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string TlsClient::ServerSerial() const {
  X509* const certificate = SSL_get1_peer_certificate(ssl_);
  if (certificate == nullptr) return "";
  BIGNUM* const number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  char* const digits = BN_bn2hex(number);
  std::string serial = digits;
  OPENSSL_free(digits);
  BN_free(number);
  X509_free(certificate);
  return serial;
}

ssize_t TlsClient::SendSome(std::string_view bytes) {
  constexpr size_t kMax = std::numeric_limits<int>::max();
  ERR_clear_error();
  return SSL_write(ssl_, bytes.data(), static_cast<int>(std::min(bytes.size(), kMax)));
}

ssize_t TlsClient::ReceiveSome(char* into, size_t room) {
  ERR_clear_error();
  return SSL_read(ssl_, into, static_cast<int>(room));
}

}  // namespace larder
