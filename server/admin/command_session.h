// Runs commands for an HTTP request as any client would: a socket pair, one end of which a worker
// serves. So logins, rights, ACL LOG, statistics, MONITOR and whatever else holds for commands
// holds here, and nothing of it is written twice.
//
// A session belongs to one thread. Creating one costs two descriptors and a message to a worker.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_reader.h"
#include "server/worker.h"

namespace larder::admin {

// What sessions need of the process.
struct CommandPort {
  std::function<void(NewClient)> adopt;       // hands a client to a worker; thread-safe
  const std::atomic<bool>* closed = nullptr;  // no worker answers any more
};

class CommandSession {
 public:
  // In CLIENT LIST, so that these clients can be told from others.
  static constexpr std::string_view kLocalAddress = "admin-port";
  static constexpr std::string_view kLocalAddressField = " laddr=admin-port ";
  static constexpr int kReplyMsMax = 10'000;
  static constexpr size_t kReplyBytesMax = 64 << 20;

  // `address` is whom CLIENT LIST and ACL LOG show: the HTTP client.
  CommandSession(const CommandPort& port, const std::string& address);
  ~CommandSession();
  CommandSession(const CommandSession&) = delete;
  CommandSession& operator=(const CommandSession&) = delete;

  using Command = std::vector<std::string>;
  std::string user = "default";  // whom LogIn has logged in
  // The reply; an error ("ERR the server did not answer in time") where none comes.
  protocol::Reply Run(const Command& command);
  // All of them in one go.
  std::vector<protocol::Reply> RunAll(const std::vector<Command>& commands);

 private:
  bool Send(std::string_view bytes);
  bool Receive(int64_t deadline_ms);
  protocol::Reply Read(int64_t deadline_ms);

  const CommandPort& port_;
  int descriptor_ = -1;
  std::string received_;
  size_t read_ = 0;  // of `received_`
};

}  // namespace larder::admin
