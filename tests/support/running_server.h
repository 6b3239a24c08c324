// A whole server in this process: its workers' threads, listening on a unix socket of a temporary
// folder, so that no port can be taken. And a client that speaks to it as bytes.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "protocol/reply_reader.h"
#include "server/config/option_store.h"
#include "server/logging.h"
#include "tests/support/temporary_folder.h"

namespace larder {

class Server;

// A blocking connection. Every wait ends after kDeadlineSeconds, as if the server had gone.
class SocketClient {
 public:
  static constexpr int kDeadlineSeconds = 60;

  explicit SocketClient(const std::string& unix_path);
  SocketClient(const std::string& address, int port);
  virtual ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  bool Send(std::string_view bytes);  // false when the server does not take them
  void FinishSending();               // half-closes
  // Waits for a reply; nothing at the end of the connection.
  std::optional<protocol::Reply> Read();
  // Sends a request and waits for its reply.
  std::optional<protocol::Reply> Run(const std::vector<std::string>& args);
  // Whatever still comes until the server closes.
  std::string ReadToEnd();
  // Waits until the server has closed, without reading. False at the deadline.
  bool WaitForClose();

 protected:
  int descriptor() const { return descriptor_; }
  // As send and recv.
  virtual ssize_t SendSome(std::string_view bytes);
  virtual ssize_t ReceiveSome(char* into, size_t room);

 private:
  void Open(int family);
  bool Receive();

  int descriptor_ = -1;
  std::string received_;
  size_t read_ = 0;  // of `received_`
};

// "*2\r\n$4\r\nECHO\r\n…"
std::string Encode(const std::vector<std::string>& args);

class RunningServer {
 public:
  using Option = std::pair<std::string, std::string>;

  using Options = std::vector<Option>;

  // With a `logfile` among the options it logs there.
  explicit RunningServer(const Options& options = {});
  ~RunningServer();

  const std::string& path() const { return path_; }
  std::unique_ptr<SocketClient> Connect() const { return std::make_unique<SocketClient>(path_); }
  // Asks it to stop, as SIGTERM does.
  void RequestStop();
  // Waits for its end; returns the exit status.
  int Join();

 private:
  TemporaryFolder folder_;
  std::string path_;
  OptionStore options_;
  Logger log_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  int status_ = -1;
};

}  // namespace larder
