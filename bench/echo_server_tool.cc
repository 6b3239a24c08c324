// The floor that a comparison measures against: plain epoll on one thread, one read and one write
// per wakeup, no table behind it. It walks over the lengths of each RESP request and answers a
// constant: a 32-byte bulk to GET, +OK to anything else. What a real server costs beyond it is its
// own work.
//
// usage: echo_server_tool PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

constexpr size_t kReadBytesMax = 16 * 1024;
constexpr int kEventsMax = 256;
constexpr std::string_view kValue = "$32\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
constexpr std::string_view kOk = "+OK\r\n";

struct Client {
  int descriptor;
  std::string unparsed;
  std::string replies;
};

// Reads the number between a type byte and its line end and steps behind both. False while bytes
// are missing.
bool ReadLength(std::string_view& rest, long& length) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  std::from_chars(rest.data() + 1, rest.data() + end, length);
  rest.remove_prefix(end + 1);
  return true;
}

// Steps over one request and appends its reply. False while it is incomplete.
bool AnswerOne(std::string_view& rest, std::string& replies) {
  std::string_view at = rest;
  long arguments = 0;
  if (!ReadLength(at, arguments)) return false;
  char name = 0;
  for (long i = 0; i < arguments; ++i) {
    long length = 0;
    if (!ReadLength(at, length) || at.size() < static_cast<size_t>(length) + 2) return false;
    if (i == 0) name = at[0];
    at.remove_prefix(length + 2);
  }
  replies += name == 'G' || name == 'g' ? kValue : kOk;
  rest = at;
  return true;
}

// One read, all whole requests in it, one write. False once the peer is gone.
bool Serve(Client& client) {
  char buffer[kReadBytesMax];
  const ssize_t received = read(client.descriptor, buffer, sizeof buffer);
  if (received <= 0) return received < 0 && errno == EAGAIN;
  std::string_view rest(buffer, received);
  if (!client.unparsed.empty()) rest = client.unparsed.append(rest);
  client.replies.clear();
  while (!rest.empty() && AnswerOne(rest, client.replies)) {
  }
  client.unparsed = std::string(rest);
  if (client.replies.empty()) return true;
  return write(client.descriptor, client.replies.data(), client.replies.size()) ==
         static_cast<ssize_t>(client.replies.size());
}

int Listen(uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 511) != 0) {
    std::perror("echo_server_tool");
    return -1;
  }
  return listener;
}

void Accept(int epoll, int listener) {
  int descriptor = 0;
  while ((descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = new Client{descriptor, {}, {}}}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
  }
}

void Run(int listener) {
  const int epoll = epoll_create1(0);
  epoll_event listening{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening);
  epoll_event events[kEventsMax];
  for (;;) {
    const int ready = epoll_wait(epoll, events, kEventsMax, -1);
    for (int i = 0; i < ready; ++i) {
      auto* client = static_cast<Client*>(events[i].data.ptr);
      if (client == nullptr) {
        Accept(epoll, listener);
      } else if (!Serve(*client)) {
        close(client->descriptor);
        delete client;
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: echo_server_tool PORT\n");
    return 2;
  }
  const int listener = Listen(static_cast<uint16_t>(std::atoi(argv[1])));
  if (listener < 0) return 1;
  Run(listener);
}
