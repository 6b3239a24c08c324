// A server of this run's own, with a unix socket in a folder that goes with it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace larder::history {

class ServerProcess {
 public:
  // Starts it; a path with "redis" in its name is taken for redis-server.
  ServerProcess(const std::string& binary, const std::vector<std::string>& options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& socket() const { return socket_; }
  bool Alive();
  // Asks it to end by SIGTERM; its exit status, or minus a signal.
  int Stop();
  std::string LogTail() const;

 private:
  std::string folder_, socket_, log_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace larder::history
