// Runs commands in process: parser, dispatcher, handler, writer and a reply reader, with a manual
// clock and no socket.
//
//   TEST_F(StringCommands, SetWithPxExpiresTheKey) {
//     Run("SET k v PX 20");
//     clock.Advance(20ms);
//     EXPECT_THAT(Run("GET k"), IsNull());
//   }
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_reader.h"
#include "server/config/option_store.h"
#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/session.h"
#include "tests/support/manual_clock.h"
#include "tests/support/reply_matchers.h"

namespace larder {

using namespace std::chrono_literals;  // NOLINT: for tests' durations

// One client of a TestServer.
class TestClient : public Session {
 public:
  TestClient(Engine& engine, Dispatcher& dispatcher, Mailbox& mailbox,
             std::shared_ptr<ClientRecord> record)
      : Session(engine, mailbox, std::move(record)), dispatcher_(dispatcher) {}

  // Runs one command and reads its reply. `line` is split at blanks; "quotes" and \x escapes work
  // as in redis-cli. The reply is empty (nullopt) when the command wrote none.
  protocol::Reply Run(std::string_view line);
  // With arguments as they are, any bytes.
  protocol::Reply RunArgs(std::initializer_list<std::string_view> args);
  protocol::Reply RunArgs(const std::vector<std::string>& args);
  // The bytes of the reply.
  std::string RunRaw(const std::vector<std::string>& args);
  // Whether the last command could not run yet (paused, or stripes are taken).
  bool parked() const { return parked_; }

  // Whether it waits for a key; its reply comes with CommandFixture::Settle.
  bool blocked() const { return waiter != nullptr; }
  // The reply that ended a wait; its text is "(no reply)" when there is none.
  protocol::Reply TakeReply();

  // Pushes that have arrived since (pub/sub, MONITOR), oldest first.
  std::vector<protocol::Reply> TakePushes();

 private:
  std::string TakeOutput();

  Dispatcher& dispatcher_;
  bool parked_ = false;
};

class CommandFixture : public ::testing::Test {
 protected:
  CommandFixture();
  ~CommandFixture() override;

  // With the fixture's first client.
  protocol::Reply Run(std::string_view line) { return client().Run(line); }
  protocol::Reply RunArgs(std::initializer_list<std::string_view> args) {
    return client().RunArgs(args);
  }
  TestClient& client() { return *clients_.front(); }
  TestClient& NewClient();

  // Ends the waits whose time is over and delivers what waits in the mailbox.
  void Settle();

  ManualClock clock;
  OptionStore options;
  Logger log;  // drops everything
  Engine engine;
  Dispatcher dispatcher;

 private:
  std::unique_ptr<Mailbox> mailbox_;
  std::vector<std::unique_ptr<TestClient>> clients_;
};

// Splits as redis-cli does.
std::vector<std::string> SplitLine(std::string_view line);

}  // namespace larder
