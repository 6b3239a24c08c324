// Readiness of many descriptors: an epoll set of a worker's own, where each descriptor is
// registered once, edge-triggered. So a request at depth 1 costs one read and one write, and no
// system call to re-arm.
//
// Not thread-safe, but for Wake.
#pragma once

#include <sys/epoll.h>

#include <span>

namespace larder {

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Watches a descriptor for input, output and hang-up until it is closed or removed. False on
  // failure.
  bool Add(int descriptor, void* tag);
  void Remove(int descriptor);

  // Waits for at most `timeout_ms` and returns the filled part of `events`. One whose data.ptr is
  // null is a wake-up.
  std::span<const epoll_event> Wait(int timeout_ms, std::span<epoll_event> events);

  // Ends a Wait from any thread.
  void Wake();

 private:
  int epoll_;
  int wake_;
};

}  // namespace larder
