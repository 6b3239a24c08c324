#include "server/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace larder {

Poller::Poller()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll");
  }
}

Poller::~Poller() {
  close(wake_);
  close(epoll_);
}

bool Poller::Add(int descriptor, void* tag) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = tag}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::Remove(int descriptor) { epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

std::span<const epoll_event> Poller::Wait(int timeout_ms, std::span<epoll_event> events) {
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count <= 0) return {};
  for (int i = 0; i < count; ++i) {
    if (events[static_cast<size_t>(i)].data.ptr != nullptr) continue;
    uint64_t wakes;
    while (read(wake_, &wakes, sizeof wakes) > 0) {
    }
  }
  return events.first(static_cast<size_t>(count));
}

void Poller::Wake() {
  const uint64_t one = 1;
  // A full counter is awake already.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

}  // namespace larder
