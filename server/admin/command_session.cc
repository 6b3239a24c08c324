#include "server/admin/command_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "server/admin/admin_errors.h"

namespace larder::admin {
namespace {

constexpr int kSliceMs = 100;  // then the end of the process is looked for
constexpr size_t kChunkBytes = 256 * 1024;

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

protocol::Reply NoAnswer() {
  return {.type = protocol::Reply::Type::kError, .text = "ERR " + std::string(errors::kNoAnswer)};
}

void Encode(const CommandSession::Command& command, std::string* bytes) {
  *bytes += "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string& word : command) {
    *bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
}

}  // namespace

CommandSession::CommandSession(const CommandPort& port, const std::string& address) : port_(port) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) return;
  descriptor_ = pair[0];
  port_.adopt({.descriptor = pair[1],
               .address = address,
               .local_address = std::string(kLocalAddress),
               .unix_socket = true,
               .loopback = false});
}

CommandSession::~CommandSession() {
  if (descriptor_ >= 0) close(descriptor_);
}

protocol::Reply CommandSession::Run(const Command& command) { return RunAll({command}).front(); }

std::vector<protocol::Reply> CommandSession::RunAll(const std::vector<Command>& commands) {
  std::string bytes;
  for (const Command& command : commands) Encode(command, &bytes);
  const int64_t deadline_ms = NowMs() + kReplyMsMax;
  const bool sent = Send(bytes);
  std::vector<protocol::Reply> replies;
  for (size_t i = 0; i < commands.size(); ++i) {
    replies.push_back(sent ? Read(deadline_ms) : NoAnswer());
  }
  return replies;
}

// What the socket does not take at once is a request far beyond what is asked here: the worker
// reads on while replies wait, so it is sent in turns.
bool CommandSession::Send(std::string_view bytes) {
  const int64_t deadline_ms = NowMs() + kReplyMsMax;
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno != EAGAIN || NowMs() >= deadline_ms || port_.closed->load()) {
      return false;
    } else {
      pollfd writable{descriptor_, POLLOUT, 0};
      poll(&writable, 1, kSliceMs);
    }
  }
  return true;
}

protocol::Reply CommandSession::Read(int64_t deadline_ms) {
  protocol::Reply reply;
  bool malformed = false;
  while (true) {
    std::string_view rest = std::string_view(received_).substr(read_);
    if (!rest.empty() && protocol::ReadReply(&rest, &reply, &malformed)) {
      read_ = received_.size() - rest.size();
      return reply;
    }
    if (malformed || !Receive(deadline_ms)) return NoAnswer();
  }
}

bool CommandSession::Receive(int64_t deadline_ms) {
  received_.erase(0, std::exchange(read_, 0));
  while (received_.size() < kReplyBytesMax && NowMs() < deadline_ms && !port_.closed->load()) {
    pollfd readable{descriptor_, POLLIN, 0};
    if (poll(&readable, 1, kSliceMs) <= 0) continue;
    const size_t before = received_.size();
    received_.resize(before + kChunkBytes);
    const ssize_t count = recv(descriptor_, received_.data() + before, kChunkBytes, 0);
    received_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return count > 0;
  }
  return false;
}

}  // namespace larder::admin
