// A blocking connection to a server's unix socket that may end at any time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_reader.h"

namespace larder::history {

using Args = std::vector<std::string>;

class Connection {
 public:
  // Tries for ten seconds. is_open() tells whether it worked.
  explicit Connection(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  void Queue(const Args& args);
  // Sends what is queued. False at the end of the connection, which then is closed.
  bool Send();
  // The next reply. False at the end of the connection, which then is closed.
  bool Read(protocol::Reply* reply);
  // Sends one request and reads its reply.
  bool Run(const Args& args, protocol::Reply* reply);
  void Close();

 private:
  int descriptor_ = -1;
  std::string out_, in_;
  size_t read_ = 0;  // of in_
};

}  // namespace larder::history
