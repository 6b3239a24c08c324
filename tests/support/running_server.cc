#include "tests/support/running_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "server/server.h"

namespace larder {

SocketClient::SocketClient(const std::string& unix_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_path.c_str(), sizeof(address.sun_path) - 1);
  // The server may just be starting.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kDeadlineSeconds);
  do {
    Open(AF_UNIX);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  } while (std::chrono::steady_clock::now() < deadline);
  ADD_FAILURE() << "could not connect to " << unix_path;
}

SocketClient::SocketClient(const std::string& ip, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  Open(AF_INET);
  if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    ADD_FAILURE() << "could not connect to " << ip << ":" << port;
  }
}

void SocketClient::Open(int family) {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = socket(family, SOCK_STREAM, 0);
  const timeval deadline{kDeadlineSeconds, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
}

SocketClient::~SocketClient() { close(descriptor_); }

bool SocketClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = SendSome(bytes);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

ssize_t SocketClient::SendSome(std::string_view bytes) {
  return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

ssize_t SocketClient::ReceiveSome(char* into, size_t room) {
  return recv(descriptor_, into, room, 0);
}

void SocketClient::FinishSending() { shutdown(descriptor_, SHUT_WR); }

std::optional<protocol::Reply> SocketClient::Read() {
  protocol::Reply reply;
  bool malformed = false;
  while (true) {
    std::string_view rest = std::string_view(received_).substr(read_);
    if (!rest.empty() && protocol::ReadReply(&rest, &reply, &malformed)) {
      read_ = received_.size() - rest.size();
      return reply;
    }
    if (malformed || !Receive()) return std::nullopt;
  }
}

// False at the end of the connection.
bool SocketClient::Receive() {
  received_.erase(0, std::exchange(read_, 0));
  constexpr size_t kChunkBytes = 256 * 1024;
  const size_t before = received_.size();
  received_.resize(before + kChunkBytes);
  const ssize_t count = ReceiveSome(received_.data() + before, kChunkBytes);
  received_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return count > 0;
}

std::optional<protocol::Reply> SocketClient::Run(const std::vector<std::string>& args) {
  if (!Send(Encode(args))) return std::nullopt;
  return Read();
}

std::string SocketClient::ReadToEnd() {
  while (Receive()) {
  }
  return std::move(received_);
}

bool SocketClient::WaitForClose() {
  pollfd hang_up{descriptor_, POLLRDHUP, 0};
  return poll(&hang_up, 1, kDeadlineSeconds * 1000) == 1;
}

std::string Encode(const std::vector<std::string>& args) {
  std::string request = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    request += "$" + std::to_string(arg.size()) + "\r\n";
    request += arg;
    request += "\r\n";
  }
  return request;
}

RunningServer::RunningServer(const Options& given) : path_(folder_.Path("larder.sock")) {
  Options all = {{"port", "0"}, {"unixsocket", path_}, {"threads", "2"}};
  all.insert(all.end(), given.begin(), given.end());
  for (const auto& [name, value] : all) {
    const Outcome set = options_.SetAtStart(name, SplitWords(value));
    EXPECT_TRUE(set.ok()) << set.error();
  }
  if (const std::string file = options_.Text("logfile"); !file.empty()) {
    const Outcome opened = log_.Open({.file = file});
    EXPECT_TRUE(opened.ok()) << opened.error();
  }
  server_ = std::make_unique<Server>(options_, log_);
  thread_ = std::thread([this] { status_ = server_->Run(); });
  Connect();  // from here on it listens
}

RunningServer::~RunningServer() {
  if (!thread_.joinable()) return;
  RequestStop();
  Join();
}

void RunningServer::RequestStop() {
  const std::string password = options_.Text("requirepass");
  std::string answer;
  do {  // again while there are too many clients
    const auto client = Connect();
    if (!password.empty()) client->Run({"AUTH", password});
    client->Send(Encode({"SHUTDOWN", "NOSAVE"}));
    answer = client->ReadToEnd();
  } while (answer.starts_with("-ERR max number of clients"));
}

int RunningServer::Join() {
  thread_.join();
  return status_;
}

}  // namespace larder
