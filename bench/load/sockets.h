// Sockets and waiting, for one thread that waits for many.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace larder::bench {

[[noreturn]] inline void Die(const char* what) {
  std::fprintf(stderr, "load_generator_tool: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

// Starts to connect to a port of this machine.
inline int StartToConnect(uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (descriptor < 0) Die("socket");
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    Die("connect");
  }
  return descriptor;
}

class Epoll {
 public:
  static constexpr int kEventsMax = 1024;

  void Add(int descriptor, uint32_t events, void* data) {
    epoll_event event{.events = events, .data = {.ptr = data}};
    if (epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0) Die("epoll_ctl");
  }
  // Waits for events until about `until_ns`; how many there are.
  int Wait(int64_t now_ns, int64_t until_ns) {
    const int64_t wait_ns = std::clamp<int64_t>(until_ns - now_ns, 0, 100'000'000);
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait_ns};
    const int ready = epoll_pwait2(descriptor_, events_, kEventsMax, &timeout, nullptr);
    if (ready < 0 && errno != EINTR) Die("epoll_pwait2");
    return std::max(ready, 0);
  }
  const epoll_event& event(int index) const { return events_[index]; }

 private:
  const int descriptor_ = epoll_create1(0);
  epoll_event events_[kEventsMax];
};

// Bytes on their way out of one socket.
class Outgoing {
 public:
  std::string& bytes() { return bytes_; }

  // Sends what the socket takes. False once the peer is gone.
  bool Send(int descriptor) {
    while (sent_ < bytes_.size()) {
      const ssize_t sent =
          send(descriptor, bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      sent_ += static_cast<size_t>(sent);
    }
    bytes_.clear();
    sent_ = 0;
    return true;
  }

 private:
  std::string bytes_;
  size_t sent_ = 0;
};

}  // namespace larder::bench
