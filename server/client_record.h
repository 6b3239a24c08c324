// What the rest of the server may know of a client: CLIENT LIST shows it, CLIENT KILL marks it.
//
// Numbers are written by the client's worker and read by any thread; texts are under the mutex.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/command_table.h"
#include "server/mailbox.h"

namespace larder {

namespace ClientFlag {
enum : uint32_t {
  kTransaction = 1 << 0,         // x
  kBlocked = 1 << 1,             // b
  kWatchDirty = 1 << 2,          // d
  kMonitor = 1 << 3,             // O
  kPubSub = 1 << 4,              // P
  kCloseAfterReply = 1 << 5,     // c
  kUnixSocket = 1 << 6,          // U
  kNoEvict = 1 << 7,             // e
  kNoTouch = 1 << 8,             // T
  kTracking = 1 << 9,            // t
  kTrackingBroken = 1 << 10,     // R
  kTrackingBroadcast = 1 << 11,  // B
};
}  // namespace ClientFlag

struct ClientRecord {
  uint64_t id = 0;
  std::string address;  // "127.0.0.1:50000", or the path of a unix socket with ":0"
  std::string local_address;
  int descriptor = -1;
  int worker = 0;
  int64_t connected_at_us = 0;  // steady
  Mailbox* mailbox = nullptr;
  // Closes the connection; called on its worker's thread, through its mailbox.
  std::function<void()> close;

  std::atomic<bool> killed{false};  // runs no further command
  std::atomic<int64_t> last_active_us{0};
  std::atomic<const CommandInfo*> last_command{nullptr};
  std::atomic<uint32_t> flags{0};
  std::atomic<int> database{0};
  std::atomic<int> subscriptions{0}, pattern_subscriptions{0}, shard_subscriptions{0};
  std::atomic<int> queued_commands{-1};  // -1: not in MULTI
  std::atomic<int> watched_keys{0};
  std::atomic<int> protocol{2};
  std::atomic<int64_t> tracking_redirect{-1};  // -1: does not track
  std::atomic<int64_t> query_bytes{0}, output_bytes{0}, memory_bytes{0};
  std::atomic<int64_t> query_free_bytes{0};  // room in the buffer behind those
  std::atomic<int64_t> queue_bytes{0};       // of commands between MULTI and EXEC
  std::atomic<int64_t> reply_buffer_bytes{0}, reply_buffer_peak_bytes{0};
  std::atomic<uint64_t> input_total{0}, output_total{0}, commands{0};

  // Of ClientEviction: the class of sizes that it is kept in, and what was taken off the sum.
  std::atomic<int> memory_class{-1};
  bool evicted = false;
  int64_t evicted_bytes = 0;

  std::mutex mutex;
  std::string name, library_name, library_version;  // under `mutex`
  std::shared_ptr<struct Waiter> waiter;            // under `mutex`: of a blocked client
  std::string user = "default";                     // under `mutex`

  void SetFlag(uint32_t flag, bool on) {
    if (on) {
      flags.fetch_or(flag, std::memory_order_relaxed);
    } else {
      flags.fetch_and(~flag, std::memory_order_relaxed);
    }
  }
  bool Has(uint32_t flag) const { return (flags.load(std::memory_order_relaxed) & flag) != 0; }
};

// All clients by id. Thread-safe.
class ClientRegistry {
 public:
  uint64_t NextId() { return ++last_id_; }
  void Add(std::shared_ptr<ClientRecord> record);
  void Remove(uint64_t id);
  std::shared_ptr<ClientRecord> Find(uint64_t id) const;
  std::vector<std::shared_ptr<ClientRecord>> All() const;  // by id
  size_t size() const;

  // Marks a client as killed and has its worker close it.
  static void Kill(const std::shared_ptr<ClientRecord>& record);

 private:
  std::atomic<uint64_t> last_id_{0};
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, std::shared_ptr<ClientRecord>> records_;
};

// One line of CLIENT LIST, without its newline.
std::string ClientLine(ClientRecord& record, int64_t now_us);

}  // namespace larder
