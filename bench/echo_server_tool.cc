// The floor that a comparison measures against: plain epoll on one thread, one read and one write
// per wakeup, no table behind it. It walks over the lengths of each RESP request and answers a
// constant: a bulk of VALUE_BYTES (32) to GET, one for each key to MGET, +OK to anything else. What
// a real server costs beyond it is its own work.
//
// usage: echo_server_tool PORT [VALUE_BYTES]
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
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

constexpr size_t kReadBytesMax = 64 * 1024;
constexpr int kEventsMax = 256;
constexpr size_t kValueBytesDefault = 32;
constexpr std::string_view kOk = "+OK\r\n";

struct Client {
  int descriptor;
  std::string unparsed;
  std::string replies;
  size_t sent = 0;  // of `replies`, while the socket does not take them all
};

std::string BulkOf(size_t bytes) {
  return "$" + std::to_string(bytes) + "\r\n" + std::string(bytes, 'x') + "\r\n";
}

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
bool AnswerOne(std::string_view& rest, std::string_view value, std::string& replies) {
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
  if (name == 'G') {
    replies += value;
  } else if (name == 'M') {
    replies += "*" + std::to_string(arguments - 1) + "\r\n";
    for (long i = 1; i < arguments; ++i) replies += value;
  } else {
    replies += kOk;
  }
  rest = at;
  return true;
}

// Writes what the socket takes. False once the peer is gone.
bool Send(Client& client) {
  const ssize_t sent = write(client.descriptor, client.replies.data() + client.sent,
                             client.replies.size() - client.sent);
  if (sent < 0) return errno == EAGAIN;
  client.sent += static_cast<size_t>(sent);
  if (client.sent < client.replies.size()) return true;
  client.replies.clear();
  client.sent = 0;
  return true;
}

// One read, all whole requests in it, one write. False once the peer is gone.
bool Serve(Client& client, std::string_view value) {
  char buffer[kReadBytesMax];
  const ssize_t received = read(client.descriptor, buffer, sizeof buffer);
  if (received <= 0) return received < 0 && errno == EAGAIN;
  std::string_view rest(buffer, received);
  if (!client.unparsed.empty()) rest = client.unparsed.append(rest);
  while (!rest.empty() && AnswerOne(rest, value, client.replies)) {
  }
  client.unparsed = std::string(rest);
  return client.replies.empty() || Send(client);
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
      listen(listener, 4096) != 0) {
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
    epoll_event event{.events = EPOLLIN, .data = {.ptr = new Client{descriptor, {}, {}, 0}}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
  }
}

// While replies wait for the socket nothing more is read.
void Turn(int epoll, Client* client, std::string_view value) {
  const bool waited = !client->replies.empty();
  if (!(waited ? Send(*client) : Serve(*client, value))) {
    close(client->descriptor);
    delete client;
    return;
  }
  const bool waits = !client->replies.empty();
  if (waits == waited) return;
  epoll_event event{.events = waits ? EPOLLOUT : EPOLLIN, .data = {.ptr = client}};
  epoll_ctl(epoll, EPOLL_CTL_MOD, client->descriptor, &event);
}

void Run(int listener, const std::string& value) {
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
      } else {
        Turn(epoll, client, value);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: echo_server_tool PORT [VALUE_BYTES]\n");
    return 2;
  }
  const int listener = Listen(static_cast<uint16_t>(std::atoi(argv[1])));
  if (listener < 0) return 1;
  Run(listener, BulkOf(argc == 3 ? std::strtoul(argv[2], nullptr, 10) : kValueBytesDefault));
}
