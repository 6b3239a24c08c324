// Closes clients when their buffers together take too much (maxmemory-clients), the biggest first.
//
// Clients are kept in classes of sizes, each twice the one below, so that nobody looks at all of
// them: a client that grows into another class moves there at once, one that shrinks when it is
// come across. Update costs two relaxed loads and an add to a shared figure, a lock when the class
// is another one. Clients with CLIENT NO-EVICT count, but stay.
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "server/client_record.h"
#include "server/logging.h"

namespace larder {

class ClientEviction {
 public:
  // Clients closed in one go; if that is not enough, others follow within a millisecond.
  static constexpr size_t kClosedTogetherMax = 64;

  explicit ClientEviction(Logger& log) : log_(log) {}

  void set_limit(int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }  // 0: none

  // What all clients' buffers take, by their last Update.
  int64_t total_bytes() const { return total_.load(std::memory_order_relaxed); }

  // A client's buffers take so much now: sets its memory_bytes. Called on its worker's thread.
  void Update(const std::shared_ptr<ClientRecord>& record, int64_t bytes);
  void Remove(ClientRecord& record);

  // Closes clients until the rest is within the limit, as far as may be done in one go.
  void EvictIfOver() {
    if (IsOver()) Evict();
  }

  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }
  void ResetCount() { evicted_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr int kSmallestClassLog = 15;  // the lowest class is of those below 32 KiB
  static constexpr int kClasses = 24;
  using Class = std::unordered_map<uint64_t, std::shared_ptr<ClientRecord>>;
  using Records = std::vector<std::shared_ptr<ClientRecord>>;

  static int ClassOf(int64_t bytes);
  bool IsOver() const {
    const int64_t limit = limit_.load(std::memory_order_relaxed);
    return limit > 0 && total_bytes() - leaving_.load(std::memory_order_relaxed) >= limit;
  }
  void Move(const std::shared_ptr<ClientRecord>& record, int to);  // with the lock
  void Evict();
  void Pick(int from, Records* victims);  // with the lock

  Logger& log_;
  std::atomic<int64_t> limit_{0};
  std::atomic<int64_t> total_{0};
  std::atomic<int64_t> leaving_{0};  // what those take that are being closed
  std::atomic<uint64_t> evicted_{0};
  std::mutex mutex_;
  std::array<Class, kClasses> classes_;
};

}  // namespace larder
