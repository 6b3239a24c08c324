// Requests over connections that stay.
//
// Closed loop: each connection sends `depth` requests, waits for all replies, and sends the next.
// Open loop: requests leave at their times, taking turns on the connections, whatever is still
// unanswered; a latency counts from the time at which the request was to leave, so that a server
// that stalls pays for those that it held up.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "bench/load/options.h"
#include "bench/load/outcome.h"
#include "bench/load/reply_counter.h"
#include "bench/load/request_writer.h"
#include "bench/load/sockets.h"

namespace larder::bench {

class RequestLoad {
 public:
  explicit RequestLoad(const LoadOptions& options) : options_(options), writer_(options) {
    for (size_t i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>());
      connections_.back()->descriptor = StartToConnect(options.port);
      epoll_.Add(connections_.back()->descriptor, EPOLLIN | EPOLLOUT | EPOLLET,
                 connections_.back().get());
    }
  }

  // Until all requests are answered, or the time is up.
  const Outcome& Run() {
    start_ns_ = NowNs();
    const int64_t end_ns =
        options_.seconds > 0 ? start_ns_ + static_cast<int64_t>(options_.seconds * 1e9) : INT64_MAX;
    if (options_.rate == 0) {
      for (const auto& connection : connections_) SendBatch(*connection, start_ns_);
    }
    int64_t now_ns = start_ns_;
    while (now_ns < end_ns && outcome_.requests < WantedRequests()) {
      const int64_t due_ns = SendDue(now_ns);
      const int ready = epoll_.Wait(now_ns, std::min(due_ns, end_ns));
      now_ns = NowNs();
      for (int i = 0; i < ready; ++i) {
        Handle(*static_cast<Connection*>(epoll_.event(i).data.ptr), epoll_.event(i).events);
      }
    }
    outcome_.elapsed_ns = NowNs() - start_ns_;
    for (const auto& connection : connections_) outcome_.errors += connection->replies.errors();
    return outcome_;
  }

 private:
  struct Connection {
    int descriptor;
    Outgoing out;
    ReplyCounter replies;
    std::deque<int64_t> left_ns;  // of each unanswered request
  };

  size_t WantedRequests() const { return options_.requests == 0 ? SIZE_MAX : options_.requests; }

  void SendBatch(Connection& connection, int64_t now_ns) {
    for (size_t i = 0; i < options_.depth && sent_ < WantedRequests(); ++i) {
      Append(connection, now_ns);
    }
    if (!connection.out.Send(connection.descriptor)) Die("send");
  }

  void Append(Connection& connection, int64_t left_ns) {
    writer_.AppendTo(connection.out.bytes());
    connection.left_ns.push_back(left_ns);
    ++sent_;
  }

  // Open loop: sends what is due by now. When the next one is.
  int64_t SendDue(int64_t now_ns) {
    if (options_.rate == 0 || sent_ == WantedRequests()) return INT64_MAX;
    const double interval_ns = 1e9 / options_.rate;
    for (;;) {
      const int64_t due_ns =
          start_ns_ + static_cast<int64_t>(static_cast<double>(sent_) * interval_ns);
      if (due_ns > now_ns || sent_ == WantedRequests()) return due_ns;
      Connection& connection = *connections_[sent_ % connections_.size()];
      Append(connection, due_ns);
      if (!connection.out.Send(connection.descriptor)) Die("send");
    }
  }

  void Handle(Connection& connection, uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !connection.out.Send(connection.descriptor)) Die("send");
    if ((events & EPOLLIN) == 0) return;
    for (;;) {
      const ssize_t received = recv(connection.descriptor, input_, sizeof input_, 0);
      if (received < 0 && errno == EAGAIN) return;
      if (received <= 0) Die("the server closed a connection");
      const size_t answered = connection.replies.Feed({input_, static_cast<size_t>(received)});
      const int64_t now_ns = NowNs();
      for (size_t i = 0; i < answered; ++i) {
        outcome_.Add(now_ns - connection.left_ns.front());
        connection.left_ns.pop_front();
      }
      if (options_.rate == 0 && connection.left_ns.empty()) SendBatch(connection, now_ns);
      if (static_cast<size_t>(received) < sizeof input_) return;
    }
  }

  const LoadOptions& options_;
  RequestWriter writer_;
  Epoll epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Outcome outcome_;
  int64_t start_ns_ = 0;
  size_t sent_ = 0;
  char input_[256 * 1024];
};

}  // namespace larder::bench
