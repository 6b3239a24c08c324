#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "protocol/request_parser.h"
#include "server/errors.h"
#include "server/migrations.h"
#include "storage/dump.h"
#include "tests/commands/blocking_fixture.h"
#include "tests/commands/event_fixture.h"

namespace larder {
namespace {

using Request = std::vector<std::string>;

// A server that answers the requests of one connection with what it was told to, in order, and
// keeps them. Without an answer left it hangs up.
class Target {
 public:
  explicit Target(std::deque<std::string> answers) : answers_(std::move(answers)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 1);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Target() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  std::string port() const { return std::to_string(port_); }
  std::vector<Request> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // Keeps its answers back from here on, until Go.
  void Hold() { held_.lock(); }
  void Go() { held_.unlock(); }

 private:
  void Serve() {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    std::string bytes;
    char buffer[4096];
    for (ssize_t count; (count = recv(client, buffer, sizeof buffer, 0)) > 0;) {
      bytes.append(buffer, static_cast<size_t>(count));
      if (!AnswerAll(client, &bytes)) break;
    }
    close(client);
  }
  bool AnswerAll(int client, std::string* bytes) {
    protocol::RequestParser parser;
    parser.Feed(*bytes);
    protocol::Request request;
    std::string answers;
    bool go_on = true;
    while (go_on && parser.Next(&request) == protocol::ParseResult::kRequest) {
      std::lock_guard lock(mutex_);
      requests_.emplace_back(request.args.begin(), request.args.end());
      go_on = !answers_.empty();
      if (!go_on) break;
      answers += answers_.front();
      answers_.pop_front();
    }
    bytes->erase(0, parser.TakeConsumed());
    std::lock_guard hold(held_);
    return send(client, answers.data(), answers.size(), MSG_NOSIGNAL) >= 0 && go_on;
  }

  int listener_ = -1;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::deque<std::string> answers_;
  std::vector<Request> requests_;
  std::mutex held_;
  std::thread thread_;
};

const std::string kOk = "+OK\r\n";

class MigrateCommands : public WithWaiting<EventFixture> {
 protected:
  // Of a client that waits for another thread.
  protocol::Reply ReplyOf(TestClient& waiting) {
    while (waiting.blocked()) {
      Settle();
      std::this_thread::yield();
    }
    return waiting.TakeReply();
  }
  protocol::Reply Migrate(std::vector<std::string> args) {
    args.insert(args.begin(), {"MIGRATE", "127.0.0.1"});
    const protocol::Reply reply = client().RunArgs(args);
    return client().blocked() ? ReplyOf(client()) : reply;
  }
  static std::string StringDump(const std::string& text) {
    std::string dump = std::string(1, '\0') + static_cast<char>(text.size()) + text;
    storage::AppendFooter(10, &dump);
    return dump;
  }
};

TEST_F(MigrateCommands, AKeyMoves) {
  Run("SET k hello");
  Target target({kOk, kOk});
  EXPECT_THAT(Migrate({target.port(), "k", "3", "5000"}), IsSimple("OK"));
  EXPECT_EQ(target.requests(),
            (std::vector<Request>{{"SELECT", "3"}, {"RESTORE", "k", "0", StringDump("hello")}}));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(MigrateCommands, ItsExpiryMovesWithIt) {
  Run("SET k hello PX 100000");
  Target target({kOk, kOk});
  Migrate({target.port(), "k", "0", "5000"});
  const auto requests = target.requests();
  ASSERT_EQ(requests.size(), 2u);
  const int ttl_ms = std::stoi(requests[1][2]);
  EXPECT_GT(ttl_ms, 0);
  EXPECT_LE(ttl_ms, 100000);
}

TEST_F(MigrateCommands, CopyKeepsItAndReplaceReplaces) {
  Run("SET k hello");
  Target target({kOk, kOk});
  EXPECT_THAT(Migrate({target.port(), "k", "0", "5000", "copy", "REPLACE"}), IsSimple("OK"));
  EXPECT_EQ(target.requests()[1], (Request{"RESTORE", "k", "0", StringDump("hello"), "REPLACE"}));
  EXPECT_THAT(Run("GET k"), IsBulk("hello"));
}

TEST_F(MigrateCommands, SeveralKeysMoveTogether) {
  Run("MSET a 1 b 2");
  Target target({kOk, kOk, kOk});
  EXPECT_THAT(Migrate({target.port(), "", "0", "5000", "KEYS", "a", "missing", "b"}),
              IsSimple("OK"));
  EXPECT_EQ(target.requests().size(), 3u);
  EXPECT_THAT(Run("EXISTS a b"), IsInteger(0));
}

TEST_F(MigrateCommands, ItLogsIn) {
  Run("MSET a 1 b 2");
  {
    Target target({kOk, kOk, kOk});
    Migrate({target.port(), "a", "0", "5000", "AUTH", "secret"});
    EXPECT_EQ(target.requests()[0], (Request{"AUTH", "secret"}));
  }
  Target target({kOk, kOk, kOk});
  Migrate({target.port(), "", "0", "5000", "AUTH2", "keys", "secret", "KEYS", "b"});
  EXPECT_EQ(target.requests()[0], (Request{"AUTH", "keys", "secret"}));
  EXPECT_THAT(Run("EXISTS a b"), IsInteger(0));
}

TEST_F(MigrateCommands, WhatTheTargetRefusesStays) {
  Run("MSET a 1 b 2 c 3");
  Target target({kOk, kOk, "-BUSYKEY Target key name already exists.\r\n", kOk});
  EXPECT_THAT(Migrate({target.port(), "", "0", "5000", "KEYS", "a", "b", "c"}),
              IsError("ERR Target instance replied with error: BUSYKEY Target key name already "
                      "exists."));
  EXPECT_THAT(Run("EXISTS a c"), IsInteger(0));
  EXPECT_THAT(Run("GET b"), IsBulk("2"));
}

TEST_F(MigrateCommands, NothingIsSentToWhoDoesNotLetItIn) {
  Run("SET k hello");
  Target target({"-WRONGPASS no\r\n", "-NOAUTH no\r\n"});
  EXPECT_THAT(Migrate({target.port(), "k", "0", "5000", "AUTH", "x"}),
              IsError("ERR Target instance replied with error: WRONGPASS no"));
  EXPECT_EQ(target.requests().size(), 2u);
  EXPECT_THAT(Run("GET k"), IsBulk("hello"));
}

TEST_F(MigrateCommands, AConnectionThatBreaksIsTold) {
  Run("MSET a 1 b 2");
  Target target({kOk, kOk});
  EXPECT_THAT(Migrate({target.port(), "", "0", "5000", "KEYS", "a", "b"}),
              IsError("IOERR error or timeout reading to target instance"));
  EXPECT_THAT(Run("EXISTS a"), IsInteger(0));
  EXPECT_THAT(Run("GET b"), IsBulk("2"));
  // A port where nobody listens.
  std::string port;
  {
    Target gone({});
    port = gone.port();
  }
  EXPECT_THAT(Migrate({port, "b", "0", "5000"}),
              IsError("IOERR error or timeout writing to target instance"));
  EXPECT_THAT(Migrate({"70000", "b", "0", "5000"}),
              IsError("IOERR error or timeout connecting to the client"));
}

TEST_F(MigrateCommands, ATargetThatIsSilentTimesOut) {
  Run("SET k hello");
  Target target({kOk, kOk});
  target.Hold();
  EXPECT_THAT(Migrate({target.port(), "k", "0", "20"}),
              IsError("IOERR error or timeout reading to target instance"));
  target.Go();
  EXPECT_THAT(Run("GET k"), IsBulk("hello"));
}

TEST_F(MigrateCommands, OthersGoOnMeanwhile) {
  Run("SET k hello");
  Target target({kOk, kOk});
  target.Hold();
  TestClient& waiting = Waiting("MIGRATE 127.0.0.1 " + target.port() + " k 0 60000");
  EXPECT_THAT(Run("GET k"), IsBulk("hello"));
  EXPECT_THAT(Run("CLIENT UNBLOCK " + std::to_string(waiting.id())), IsInteger(0));
  target.Go();
  EXPECT_THAT(ReplyOf(waiting), IsSimple("OK"));
  EXPECT_THAT(Run("EXISTS k"), IsInteger(0));
}

TEST_F(MigrateCommands, WhatIsChangedMeanwhileStays) {
  Run("MSET changed 1 expiring 1 gone 1 same 1");
  Target target({kOk, kOk, kOk, kOk, kOk});
  target.Hold();
  TestClient& waiting = Waiting("MIGRATE 127.0.0.1 " + target.port() +
                                " \"\" 0 60000 KEYS changed expiring gone same");
  Run("APPEND changed 2");
  Run("EXPIRE expiring 100");
  Run("DEL gone");
  Run("SET same 2");
  Run("SET same 1");
  target.Go();
  EXPECT_THAT(ReplyOf(waiting), IsError(std::string(errors::kChangedMeanwhile)));
  EXPECT_THAT(Run("GET changed"), IsBulk("12"));
  EXPECT_THAT(Run("EXISTS expiring"), IsInteger(1));
  EXPECT_THAT(Run("EXISTS gone same"), IsInteger(0));
}

TEST_F(MigrateCommands, AClientThatGoesDoesNotStopIt) {
  Run("SET k hello");
  Target target({kOk, kOk});
  target.Hold();
  TestClient& waiting = Waiting("MIGRATE 127.0.0.1 " + target.port() + " k 0 60000");
  waiting.CancelWait();
  target.Go();
  while (Run("EXISTS k").integer != 0) Settle();
  EXPECT_TRUE(StillWaits(waiting));  // nobody answers it
}

TEST_F(MigrateCommands, TheServerMayStopMeanwhile) {
  Run("SET k hello");
  Target target({kOk, kOk});
  target.Hold();
  Waiting("MIGRATE 127.0.0.1 " + target.port() + " k 0 60000");
  engine.migrations->Stop();
  target.Go();
  EXPECT_THAT(Run("GET k"), IsBulk("hello"));
}

TEST_F(MigrateCommands, TheDeletionIsNoticed) {
  Run("SET k hello");
  TestClient& watching = NewClient();
  watching.Run("WATCH k");
  Target target({kOk, kOk});
  EventsOf("PING");  // hears of what was before
  Migrate({target.port(), "k", "0", "5000"});
  EXPECT_EQ(EventsOf("PING"), "del k\n");
  watching.Run("MULTI");
  watching.Run("PING");
  EXPECT_THAT(watching.Run("EXEC"), IsNull());
}

TEST_F(MigrateCommands, WithoutAKeyThereIsNothingToDo) {
  EXPECT_THAT(Run("MIGRATE h 1 missing 0 10"), IsSimple("NOKEY"));
  EXPECT_THAT(Run("MIGRATE h 1 \"\" 0 10 KEYS a b"), IsSimple("NOKEY"));
  EXPECT_THAT(Run("MIGRATE h 1 \"\" 0 10 KEYS"), IsSimple("NOKEY"));
  EXPECT_THAT(Run("MIGRATE h 1 \"\" 0 10"), IsSimple("NOKEY"));
}

TEST_F(MigrateCommands, ArgumentsAreChecked) {
  Run("SET k v");
  EXPECT_THAT(Run("MIGRATE h 1 k 0 10 AUTH"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("MIGRATE h 1 k 0 10 AUTH2 u"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("MIGRATE h 1 k 0 10 NX"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("MIGRATE h 1 k 0 10 KEYS a"), IsError(std::string(errors::kMigrateKeyAndKeys)));
  EXPECT_THAT(Run("MIGRATE h 1 k x 10"), IsError("ERR value is not an integer or out of range"));
  EXPECT_THAT(Run("MIGRATE h 1 k 0 x"), IsError("ERR value is not an integer or out of range"));
}

TEST_F(MigrateCommands, TransactionsAndScriptsMayNotWait) {
  Run("SET k v");
  Run("MULTI");
  Run("MIGRATE h 1 k 0 10");
  const protocol::Reply replies = Run("EXEC");
  EXPECT_THAT(replies, IsArray({IsError(std::string(errors::kMigrateWaits))}));
  EXPECT_THAT(Run("EVAL \"return redis.call('MIGRATE', 'h', 1, KEYS[1], 0, 10)\" 1 k").text,
              testing::HasSubstr("MIGRATE waits for another server"));
}

TEST_F(MigrateCommands, ItsKeysAreFound) {
  EXPECT_THAT(Run("COMMAND GETKEYS MIGRATE h 1 k 0 10"), IsBulks({"k"}));
  EXPECT_THAT(Run("COMMAND GETKEYS MIGRATE h 1 \"\" 0 10 KEYS a b"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS MIGRATE h 1 \"\" 0 10 AUTH keys KEYS a b"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS MIGRATE h 1 \"\" 0 10"), IsBulks({""}));
  Run("ACL SETUSER mover on nopass +migrate +ping ~mine:*");
  client().Run("SET other v");
  TestClient& mover = NewClient();
  mover.Run("AUTH mover x");
  EXPECT_THAT(mover.Run("MIGRATE h 1 \"\" 0 10 KEYS mine:1 other").text,
              testing::StartsWith("NOPERM"));
  EXPECT_THAT(mover.Run("MIGRATE h 1 \"\" 0 10 KEYS mine:1"), IsSimple("NOKEY"));
}

}  // namespace
}  // namespace larder
