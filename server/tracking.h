// Client-side caching (CLIENT TRACKING): who has to be told when which keys change, over all
// workers. What a client has asked for is in its session (ClientTracking).
//
// A reader is remembered while the stripe of its key is locked, and told through its worker's
// mailbox while the writer holds that stripe. So nobody can read an old value, be remembered, and
// never be told; and a client that changes what it has read itself is told after its own reply. The
// receiver's own thread decides what becomes of the word (client_side_caching.h): whether it still
// tracks, in which protocol, to which other connection it goes.
//
// Thread-safe, but for the calls that REQUIRE a stripe's lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/client_record.h"
#include "server/config/live_options.h"
#include "server/mailbox.h"
#include "server/notifications.h"
#include "server/tracking_table.h"
#include "storage/keyspace.h"
#include "storage/string_map.h"

namespace larder {

// A longer name is not remembered: its reader is told at once that it may not rely on the value.
inline constexpr size_t kTrackedNameBytesMax = 64 * 1024;
// Of one client's BCAST mode, in number and bytes together.
inline constexpr size_t kTrackingPrefixesMax = 1024;
inline constexpr size_t kTrackingPrefixBytesMax = 16 * 1024;

// What one client has asked for by CLIENT TRACKING ON.
struct ClientTracking {
  uint64_t redirect = 0;  // the client that is told instead; 0: itself
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  bool caching_given = false;    // CLIENT CACHING: for the next command or transaction
  bool redirect_broken = false;  // that client was gone when it should have been told
  storage::StringSet prefixes;   // with `broadcast`

  // Whether what it reads now is remembered.
  bool RemembersReads() const {
    return !broadcast && (!opt_in || caching_given) && !(opt_out && caching_given);
  }
};

// What a session has to do for it at the end of a command, as bits of Session::tracking_duties.
namespace TrackingDuty {
enum : uint8_t {
  kReads = 1 << 0,    // it tracks: what was read is remembered
  kChanges = 1 << 1,  // clients in BCAST mode are to hear of what it changed
};
}  // namespace TrackingDuty

class Tracking {
 public:
  Tracking(size_t stripes, uint64_t seed, const ClientRegistry& clients, const LiveValue& keys_max,
           Notifications& notifications);

  // Whether anybody may have to be told of anything: Notifications has it.
  bool any() const { return notifications_.tracked(); }
  // Whether there are clients in BCAST mode.
  bool broadcasts() const { return prefixes_.load(std::memory_order_relaxed) != 0; }

  // ---- clients
  // Begins, or changes `no_loop`.
  void Start(uint64_t id, Mailbox& mailbox, bool no_loop);
  void Stop(uint64_t id, const storage::StringSet& prefixes);
  void AddPrefix(uint64_t id, std::string_view prefix);  // one that it does not have yet

  // ---- keys. REQUIRE: the stripe of the key (of all keys, every stripe) is locked.
  void Remember(size_t stripe, std::string_view key, TrackedReader reader);
  // Tells who has read a key that it changed, but for the client `except` (0: nobody).
  void Invalidate(size_t stripe, std::string_view key, uint64_t except);
  // Tells the clients in BCAST mode of keys that the client `by` changed (0: nobody did). Sorts and
  // takes them.
  void Broadcast(std::vector<std::string>* keys, uint64_t by);
  // Tells all clients that track anything that all of it changed.
  void InvalidateAll();

  // Frees what InvalidateAll cut off, keeps to tracking-table-max-keys after that was lowered, and
  // forgets keys that nobody tracks any more: for a moment, without waiting for a stripe. For a
  // worker's upkeep; holds no stripe.
  void Tend(storage::Keyspace& keyspace, std::chrono::steady_clock::time_point deadline);

  // ---- figures for INFO
  int64_t client_count() const { return clients_.load(std::memory_order_relaxed); }
  int64_t key_count() const { return keys_.load(std::memory_order_relaxed); }
  int64_t prefix_count() const { return prefixes_.load(std::memory_order_relaxed); }
  int64_t item_count() const { return items_.load(std::memory_order_relaxed); }
  int64_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Client {
    Mailbox* mailbox;
    bool no_loop;
  };
  struct alignas(64) Stripe {
    explicit Stripe(uint64_t seed) : table(seed), random_state(seed | 1) {}
    TrackingTable table;
    uint64_t random_state;
  };

  // Changes the figures by what has become of a stripe's table since it was like this.
  struct Figures {
    int64_t keys, items, bytes;
  };
  static Figures FiguresOf(const Stripe& stripe);
  void CountChange(const Stripe& stripe, const Figures& before);
  bool OverLimit() const;
  void EvictOne(Stripe& stripe);
  static void Tell(std::span<const TrackedReader> readers, std::string_view key, uint64_t except);
  void CutOff(Stripe& stripe);
  void RestIfNobodyTracks();
  void FreeDead(std::chrono::steady_clock::time_point deadline);

  const ClientRegistry& registry_;
  const LiveValue& keys_max_;  // 0: no limit
  Notifications& notifications_;
  alignas(64) std::atomic<int64_t> keys_{0};
  std::atomic<int64_t> clients_{0};
  std::atomic<int64_t> prefixes_{0};
  alignas(64) std::atomic<int64_t> items_{0};
  std::atomic<int64_t> bytes_{0};
  std::vector<std::unique_ptr<Stripe>> stripes_;

  std::mutex clients_mutex_;
  std::unordered_map<uint64_t, Client> by_id_;
  storage::StringMap<std::vector<uint64_t>> by_prefix_;
  std::map<size_t, int> prefix_lengths_;  // how many prefixes have which length

  std::mutex tend_mutex_;  // held by the worker that tends
  size_t next_stripe_ = 0;
  std::mutex dead_mutex_;
  std::vector<std::unique_ptr<TrackingTable::Keys>> dead_;
  std::atomic<bool> has_dead_{false};
};

}  // namespace larder
