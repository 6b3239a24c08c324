#include "tests/history/connection.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

namespace larder::history {
namespace {

constexpr int kConnectSecondsMax = 10;
constexpr int kSilenceSecondsMax = 60;  // a server that is silent for longer has gone

}  // namespace

Connection::Connection(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kConnectSecondsMax);
  do {
    descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval silence{kSilenceSecondsMax, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
    Close();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  } while (std::chrono::steady_clock::now() < deadline);
}

Connection::~Connection() { Close(); }

void Connection::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void Connection::Queue(const Args& args) {
  out_ += "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    out_ += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
}

bool Connection::Send() {
  std::string_view rest = out_;
  while (!rest.empty() && is_open()) {
    const ssize_t sent = send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      Close();
    } else {
      rest.remove_prefix(static_cast<size_t>(sent));
    }
  }
  out_.clear();
  return is_open();
}

bool Connection::Read(protocol::Reply* reply) {
  *reply = {};
  while (is_open()) {
    std::string_view rest = std::string_view(in_).substr(read_);
    bool malformed = false;
    if (!rest.empty() && protocol::ReadReply(&rest, reply, &malformed)) {
      read_ = in_.size() - rest.size();
      return true;
    }
    in_.erase(0, read_);
    read_ = 0;
    char buffer[16384];
    const ssize_t count = malformed ? -1 : recv(descriptor_, buffer, sizeof buffer, 0);
    if (count <= 0) {
      Close();
    } else {
      in_.append(buffer, static_cast<size_t>(count));
    }
  }
  return false;
}

bool Connection::Run(const Args& args, protocol::Reply* reply) {
  Queue(args);
  return Send() && Read(reply);
}

}  // namespace larder::history
