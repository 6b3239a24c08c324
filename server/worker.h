// One thread with its clients: waits for readiness, serves whoever has sent something, sends the
// replies in a row, and tends its share of the keyspace in between.
//
// A turn, from one wait to the next, lasts for TurnSettings::budget_us and what the last command
// takes. Who asks for little goes first; bulky clients share the rest of it, first come, first
// served, each for as long as its requests take or the turn lasts.
//
// Adopt, Stop and connection_count are thread-safe; everything else belongs to the worker's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/connection.h"
#include "server/connection_queue.h"
#include "server/dispatcher.h"
#include "server/engine.h"
#include "server/mailbox.h"
#include "server/poller.h"
#include "server/tls/tls_context.h"

namespace larder {

struct TlsScratch;

// A socket that was accepted and has not been given to a worker yet.
struct NewClient {
  int descriptor = -1;
  std::string address;
  std::string local_address;
  bool unix_socket = false;
  bool loopback = false;
  std::shared_ptr<TlsContext> tls;  // null: plain
  std::string_view refusal;         // of a TLS client: told after the handshake, which closes it
};

class Worker {
 public:
  Worker(Engine& engine, int index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Serves until Stop. The body of the worker's thread.
  void Run();

  // Hands over a client. Thread-safe.
  void Adopt(NewClient client);
  // Answers every complete request that has arrived, sends what waits (for at most `grace_us`),
  // closes all clients and ends Run. Thread-safe.
  void Stop(int64_t grace_us);

  int connection_count() const { return connection_count_.load(std::memory_order_relaxed); }
  // Rises while the worker is alive: for the watchdog.
  uint64_t heartbeats() const { return heartbeats_.load(std::memory_order_relaxed); }

  // ---- for its connections
  Engine& engine() { return engine_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  WorkerStatistics& statistics() { return dispatcher_.statistics(); }
  int64_t steady_us() const { return steady_us_; }
  // Delivers what other threads have posted by now. Before a request is run, so that a message that
  // was published before it was sent comes before its reply.
  void DeliverPosted() {
    if (mailbox_.pending()) DeliverMessages();
  }
  void ServeSoon(Connection& connection);  // behind others of its kind
  // Whether the connection that is being served has taken more than is little.
  bool ServesForLong() const { return TickClock::Now() - serving_since_ticks_ > bulky_ticks_; }
  void ShakeHandsSoon(Connection& connection);
  void FlushSoon(Connection& connection);
  void Park(Connection& connection);
  void Wait(Connection& connection);  // for a key: until its reply is posted or its time is over
  void ForgetWait(const Waiter& ended, uint64_t id);  // of a client that waits no more
  void Bury(Connection& connection);
  TlsScratch& tls_scratch();

 private:
  void Turn(int timeout_ms);
  void BeginTurn();
  void EndTurn();
  int IdleTimeout() const;
  void HandleEvents(std::span<const epoll_event> events);
  void EndOverdueWaits();
  void ServeReady(ConnectionQueue& queue, uint64_t end_ticks);
  void ShakeHands(uint64_t end_ticks);
  void ResumeParked();
  void FlushReady();
  void BuryDead();
  void DeliverMessages();
  void Maintain(bool idle);
  bool MaintainStripes(std::chrono::steady_clock::time_point deadline);
  void TendConnections();
  void NoteIfSlow(std::string_view event, int64_t duration_us);
  void TakeTurn();
  void Greet(NewClient client);
  void GreetNew(uint64_t end_ticks);
  void Drain();
  Scratch& scratch();

  Engine& engine_;
  const int index_;
  Poller poller_;
  Mailbox mailbox_;
  Dispatcher dispatcher_;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  ConnectionQueue to_serve_, bulky_to_serve_, to_shake_, to_flush_, parked_;
  // Of waits: when one is over, or to be looked at again, and whose.
  std::set<std::pair<int64_t, uint64_t>> deadlines_;
  std::deque<NewClient> to_greet_;
  std::vector<std::unique_ptr<Connection>> dead_;
  std::unique_ptr<TlsScratch>
      tls_scratch_;                        // from the first TLS client on; its streams refer to it
  std::unique_ptr<Scratch> scratches_[2];  // the second while a script has its worker take a turn
  int depth_ = 0;
  int64_t steady_us_ = 0;
  uint64_t turn_began_ticks_ = 0;
  uint64_t bulky_ticks_ = 0, slow_ticks_ = 0;
  uint64_t serving_since_ticks_ = 0;  // when the one that is served came to its turn
  uint64_t budget_ticks_ = 0;         // of a turn
  int64_t budget_us_ = 0;             // what that was computed from
  int64_t turn_began_cpu_ns_ = 0;     // while CPU time is measured, else 0
  int64_t maintain_from_us_ = 0;      // not before
  bool maintenance_left_ = false;
  size_t next_stripe_ = 0;         // where maintenance goes on
  std::vector<uint64_t> to_tend_;  // ids that this second's round has not come to yet
  int64_t tend_from_us_ = 0;       // the next round
  int fruitless_turns_ = 0;        // with parked clients
  std::atomic<int> connection_count_{0};
  std::atomic<uint64_t> heartbeats_{0};
  std::atomic<int64_t> stop_grace_us_{-1};
};

}  // namespace larder
