// Connections that come and go at a rate: connect, one request, its reply, close. A latency is all
// of that, from the time at which the connection was to begin.
#pragma once

#include "bench/load/options.h"
#include "bench/load/outcome.h"
#include "bench/load/reply_counter.h"
#include "bench/load/request_writer.h"
#include "bench/load/sockets.h"

namespace larder::bench {

class ChurnLoad {
 public:
  explicit ChurnLoad(const LoadOptions& options) : options_(options), writer_(options) {}

  const Outcome& Run() {
    const int64_t start_ns = NowNs();
    const int64_t end_ns =
        options_.seconds > 0 ? start_ns + static_cast<int64_t>(options_.seconds * 1e9) : INT64_MAX;
    const size_t wanted = options_.requests == 0 ? SIZE_MAX : options_.requests;
    int64_t now_ns = start_ns;
    size_t begun = 0;
    while (now_ns < end_ns && outcome_.requests < wanted) {
      int64_t due_ns = INT64_MAX;
      while (begun < wanted) {
        due_ns = start_ns + static_cast<int64_t>(static_cast<double>(begun) * 1e9 / options_.rate);
        if (due_ns > now_ns) break;
        Begin(due_ns);
        ++begun;
      }
      const int ready = epoll_.Wait(now_ns, std::min(due_ns, end_ns));
      now_ns = NowNs();
      for (int i = 0; i < ready; ++i) {
        Handle(static_cast<Visit*>(epoll_.event(i).data.ptr), epoll_.event(i).events);
      }
    }
    outcome_.elapsed_ns = NowNs() - start_ns;
    return outcome_;
  }

 private:
  struct Visit {
    int descriptor;
    int64_t due_ns;
    Outgoing out;
    ReplyCounter replies;
  };

  void Begin(int64_t due_ns) {
    auto* visit = new Visit{StartToConnect(options_.port), due_ns, {}, {}};
    writer_.AppendTo(visit->out.bytes());
    epoll_.Add(visit->descriptor, EPOLLIN | EPOLLOUT | EPOLLET, visit);
  }

  void Handle(Visit* visit, uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !visit->out.Send(visit->descriptor)) return End(visit, false);
    if ((events & EPOLLIN) == 0) return;
    char input[64 * 1024];
    const ssize_t received = recv(visit->descriptor, input, sizeof input, 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return End(visit, false);
    if (visit->replies.Feed({input, static_cast<size_t>(received)}) > 0) End(visit, true);
  }

  void End(Visit* visit, bool answered) {
    close(visit->descriptor);
    if (answered) outcome_.Add(NowNs() - visit->due_ns);
    outcome_.errors += answered ? visit->replies.errors() : 1;
    delete visit;
  }

  const LoadOptions& options_;
  RequestWriter writer_;
  Epoll epoll_;
  Outcome outcome_;
};

}  // namespace larder::bench
