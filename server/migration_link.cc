#include "server/migration_link.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>

namespace larder {
namespace {

constexpr size_t kReceiveBytes = 4096;

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses Resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

// A socket that connects, or -1.
int BeginToConnect(const addrinfo& address) {
  const int descriptor = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS) {
    return descriptor;
  }
  close(descriptor);
  return -1;
}

}  // namespace

MigrationLink::~MigrationLink() {
  if (socket_ >= 0) close(socket_);
}

bool MigrationLink::WaitFor(short events) {  // NOLINT(google-runtime-int)
  const int timeout_ms =
      static_cast<int>(std::min<int64_t>(timeout_ms_, std::numeric_limits<int>::max()));
  pollfd waited[] = {{.fd = socket_, .events = events, .revents = 0},
                     {.fd = stop_descriptor_, .events = POLLIN, .revents = 0}};
  int ready;
  do {
    ready = poll(waited, 2, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && waited[1].revents == 0;
}

bool MigrationLink::Connect(const std::string& host, int port) {
  if (port < 0) return false;
  const Addresses addresses = Resolve(host, port);
  for (const addrinfo* at = addresses.get(); at != nullptr && socket_ < 0; at = at->ai_next) {
    socket_ = BeginToConnect(*at);
  }
  return socket_ >= 0 && WaitFor(POLLOUT);
}

bool MigrationLink::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!WaitFor(POLLOUT)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool MigrationLink::Receive(protocol::Reply* reply) {
  while (true) {
    std::string_view bytes = received_;
    bool malformed = false;
    *reply = {};
    if (protocol::ReadReply(&bytes, reply, &malformed)) {
      received_.erase(0, received_.size() - bytes.size());
      return true;
    }
    if (malformed || received_.size() > kReplyBytesMax || !WaitFor(POLLIN)) return false;
    char buffer[kReceiveBytes];
    const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
    if (count == 0) return false;
    if (count > 0) {
      received_.append(buffer, static_cast<size_t>(count));
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return false;
    }
  }
}

}  // namespace larder
