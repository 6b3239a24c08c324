// Four workers on real sockets, for tests of everything at once. Under TSan they must report
// nothing; everywhere each request must get exactly one well-formed reply, in order.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "protocol/reply_reader.h"
#include "server/clock.h"
#include "server/config/option_store.h"
#include "server/engine.h"
#include "server/logging.h"
#include "server/worker.h"

namespace larder {

inline constexpr int kStressWorkers = 4;

inline int StressSeconds() {
  const char* seconds = std::getenv("LARDER_STRESS_SECONDS");
  return seconds == nullptr ? 10 : std::atoi(seconds);
}

class StressClient {
 public:
  explicit StressClient(int descriptor) : descriptor_(descriptor) {}
  ~StressClient() { close(descriptor_); }

  void Queue(const std::vector<std::string>& args) {
    QueueSilent(args);
    ++expected_;
  }

  // One that is answered by pushes alone.
  void QueueSilent(const std::vector<std::string>& args) {
    request_ += "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string& arg : args) {
      request_ += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
    }
  }

  // Replies that nothing was queued for, as MONITOR sends them.
  void ExpectMore(size_t count) { expected_ += count; }

  // From then on silence for so long is an end of the connection.
  void LimitSilence(int seconds) {
    const timeval limit{seconds, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  // Sends what is queued and reads a reply for each; pushes in between do not count. False when the
  // server closed the connection.
  bool Exchange(std::vector<protocol::Reply>* replies) {
    replies->clear();
    std::string_view rest = request_;
    while (!rest.empty()) {
      const ssize_t sent = send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    request_.clear();
    while (expected_ > 0) {
      std::string_view bytes = input_;
      protocol::Reply reply;
      bool malformed = false;
      while (expected_ > 0 && protocol::ReadReply(&bytes, &reply, &malformed)) {
        if (reply.type != protocol::Reply::Type::kPush) {
          replies->push_back(std::move(reply));
          --expected_;
        }
        reply = {};
      }
      input_.erase(0, input_.size() - bytes.size());
      EXPECT_FALSE(malformed) << input_;
      if (malformed || expected_ == 0) return !malformed;
      char buffer[16384];
      const ssize_t count = recv(descriptor_, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      input_.append(buffer, static_cast<size_t>(count));
    }
    return true;
  }

  bool Run(const std::vector<std::string>& args, protocol::Reply* reply) {
    std::vector<protocol::Reply> replies;
    Queue(args);
    if (!Exchange(&replies)) return false;
    *reply = std::move(replies.front());
    return true;
  }

 private:
  int descriptor_;
  std::string request_, input_;
  size_t expected_ = 0;
};

class StressTest : public ::testing::Test {
 protected:
  StressTest() : engine_(clock_, options_, log_, kStressWorkers) {
    for (int i = 0; i < kStressWorkers; ++i)
      workers_.push_back(std::make_unique<Worker>(engine_, i));
    for (auto& worker : workers_) threads_.emplace_back([&worker] { worker->Run(); });
  }

  ~StressTest() override {
    for (auto& worker : workers_) worker->Stop(5'000'000);
    for (std::thread& thread : threads_) thread.join();
  }

  std::unique_ptr<StressClient> Connect() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    NewClient client{.descriptor = ends[0],
                     .address = "stress:0",
                     .local_address = "stress:0",
                     .unix_socket = true,
                     .loopback = true};
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    workers_[next_worker_++ % kStressWorkers]->Adopt(std::move(client));
    return std::make_unique<StressClient>(ends[1]);
  }

  SystemClock clock_;
  OptionStore options_;
  Logger log_;
  Engine engine_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::atomic<size_t> next_worker_{0};
};

}  // namespace larder
