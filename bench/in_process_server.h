// A server without threads or sockets, for benchmarks of what lies between them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "protocol/request_parser.h"
#include "server/client_record.h"
#include "server/clock.h"
#include "server/config/option_store.h"
#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/logging.h"
#include "server/mailbox.h"
#include "server/session.h"
#include "storage/keyspace.h"

namespace larder {

// The server, and one client of it.
class InProcess {
 public:
  InProcess()
      : engine_(clock_, options_, log_, 1),
        dispatcher_(engine_, 0),
        mailbox_([] {}),
        session_(engine_, mailbox_, std::make_shared<ClientRecord>()),
        requests_(kDepth),
        commands_(kDepth) {}

  static constexpr size_t kDepth = 64;  // requests of a pipeline, at most

  // Runs a pipeline as a connection does, and drops its replies; how many bytes they had.
  size_t Run(std::string_view pipeline) {
    dispatcher_.UpdateTime();
    parser_.Feed(pipeline);
    size_t count = 0;
    while (count < kDepth && parser_.Next(&requests_[count]) == protocol::ParseResult::kRequest) {
      dispatcher_.Prepare(requests_[count].args, 0, &commands_[count]);
      ++count;
    }
    for (size_t i = 0; i < count; ++i) engine_.keyspace.PrefetchEntry(0, commands_[i].key);
    for (size_t i = 0; i < count; ++i) dispatcher_.Execute(session_, commands_[i]);
    parser_.TakeConsumed();
    const size_t bytes = session_.output.size();
    session_.output.Consume(bytes);
    return bytes;
  }

 private:
  SystemClock clock_;
  OptionStore options_;
  Logger log_;
  Engine engine_;
  Dispatcher dispatcher_;
  Mailbox mailbox_;
  Session session_;
  protocol::RequestParser parser_;
  std::vector<protocol::Request> requests_;
  std::vector<PreparedCommand> commands_;
};

}  // namespace larder
