// How long the longest piece of some work took, in CPU time of the thread that did it: preemption
// and a busy machine do not count.
//
// Measuring takes two system calls a piece, so it is off unless somebody asks; then a piece costs a
// load and a branch. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace larder::storage {

inline int64_t ThreadCpuNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class WorkMeter {
 public:
  // A piece of work lasts as long as this lives.
  class Piece {
   public:
    explicit Piece(WorkMeter& meter) : meter_(meter.on() ? &meter : nullptr) {
      if (meter_ != nullptr) started_ns_ = ThreadCpuNanos();
    }
    ~Piece() {
      if (meter_ != nullptr) meter_->Note(ThreadCpuNanos() - started_ns_);
    }
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;

   private:
    WorkMeter* meter_;
    int64_t started_ns_ = 0;
  };

  void set_on(bool on) { on_.store(on, std::memory_order_relaxed); }
  bool on() const { return on_.load(std::memory_order_relaxed); }

  // Of the pieces since the last Reset.
  uint64_t pieces() const { return pieces_.load(std::memory_order_relaxed); }
  int64_t longest_ns() const { return longest_ns_.load(std::memory_order_relaxed); }
  // Those that took longer than they may: on a virtual machine a few do whatever they are, since
  // the host takes the processor away unseen.
  static constexpr int64_t kPieceNsMax = 50'000;
  uint64_t too_long() const { return too_long_.load(std::memory_order_relaxed); }
  void Reset() {
    pieces_.store(0, std::memory_order_relaxed);
    longest_ns_.store(0, std::memory_order_relaxed);
    too_long_.store(0, std::memory_order_relaxed);
  }

 private:
  void Note(int64_t ns) {
    pieces_.fetch_add(1, std::memory_order_relaxed);
    if (ns > kPieceNsMax) too_long_.fetch_add(1, std::memory_order_relaxed);
    int64_t longest = longest_ns_.load(std::memory_order_relaxed);
    while (ns > longest &&
           !longest_ns_.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
    }
  }

  std::atomic<bool> on_{false};
  std::atomic<uint64_t> pieces_{0};
  std::atomic<int64_t> longest_ns_{0};
  std::atomic<uint64_t> too_long_{0};
};

}  // namespace larder::storage
