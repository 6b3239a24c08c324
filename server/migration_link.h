// One connection to another server, as MIGRATE uses it: each wait is bounded, and ends early when
// the server stops.
//
// Not thread-safe. Blocks: for helper threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/reply_reader.h"

namespace larder {

class MigrationLink {
 public:
  // The largest reply that makes sense here: of a RESTORE, AUTH or SELECT.
  static constexpr size_t kReplyBytesMax = 64 * 1024;

  // `stop_descriptor` becomes readable when all waits shall end.
  MigrationLink(int64_t timeout_ms, int stop_descriptor)
      : timeout_ms_(timeout_ms), stop_descriptor_(stop_descriptor) {}
  ~MigrationLink();
  MigrationLink(const MigrationLink&) = delete;
  MigrationLink& operator=(const MigrationLink&) = delete;

  // False when there is no such host or port, or nothing is heard of it in time. A connection that
  // is refused shows when something is sent.
  bool Connect(const std::string& host, int port);
  bool Send(std::string_view bytes);
  // False also when what comes is no reply.
  bool Receive(protocol::Reply* reply);

 private:
  bool WaitFor(short events);  // NOLINT(google-runtime-int): poll's type

  const int64_t timeout_ms_;
  const int stop_descriptor_;
  int socket_ = -1;
  std::string received_;
};

}  // namespace larder
