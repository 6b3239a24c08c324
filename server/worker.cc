#include "server/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/statistics.h"
#include "server/waiting.h"
#include "storage/memory.h"

namespace larder {
namespace {

using std::chrono::steady_clock;

constexpr int kIdleTimeoutMs = 50;  // so that expired keys go in time
constexpr int kPausedTimeoutMs = 1;
constexpr int kFruitlessTurnsMax = 200;  // of retrying parked clients before waiting in between
constexpr int64_t kMaintenanceEveryUs = 1000;
constexpr auto kMaintenanceSlice = std::chrono::microseconds(100);
constexpr auto kBacklogSlice = std::chrono::microseconds(500);
constexpr int64_t kBacklogAgeMsMax =
    100;  // older than that: maintenance takes up to half of the worker
constexpr int64_t kTendEveryUs = 1'000'000;

// Calls `visit` for what is in the list now; what is added meanwhile stays for the next round.
// Keeps the list's memory.
template <class Visit>
void ForEachOf(std::vector<Connection*>* list, Visit visit) {
  if (list->empty()) return;
  std::vector<Connection*> now;
  now.swap(*list);
  for (Connection* connection : now) visit(connection);
  if (!list->empty()) return;
  now.clear();
  now.swap(*list);
}

}  // namespace

Worker::Worker(Engine& engine, int index)
    : engine_(engine),
      index_(index),
      mailbox_([this] { poller_.Wake(); }),
      dispatcher_(engine, index) {
  dispatcher_.deliver_messages = [this] { DeliverMessages(); };
  dispatcher_.take_turn = [this] { TakeTurn(); };
  steady_us_ = engine_.clock.SteadyMicros();
}

Worker::~Worker() = default;

Scratch& Worker::scratch() {
  auto& scratch = scratches_[std::min(depth_, 1)];
  if (scratch == nullptr) scratch = std::make_unique<Scratch>();
  return *scratch;
}

void Worker::Run() {
  while (stop_grace_us_.load(std::memory_order_relaxed) < 0) {
    Turn(IdleTimeout());
    BuryDead();
  }
  Drain();
}

int Worker::IdleTimeout() const {
  if (!to_serve_.empty() || maintenance_left_) return 0;
  if (parked_.empty()) {
    if (deadlines_.empty()) return kIdleTimeoutMs;
    const int64_t left_ms = (deadlines_.begin()->first - engine_.clock.SteadyMicros() + 999) / 1000;
    return static_cast<int>(std::clamp<int64_t>(left_ms, 0, kIdleTimeoutMs));
  }
  return fruitless_turns_ < kFruitlessTurnsMax ? 0 : kPausedTimeoutMs;
}

// One round: events, messages, whoever waits, replies, upkeep.
void Worker::Turn(int timeout_ms) {
  const auto events = poller_.Wait(timeout_ms, scratch().events);
  steady_us_ = engine_.clock.SteadyMicros();
  dispatcher_.UpdateTime();
  heartbeats_.store(heartbeats_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ResumeParked();
  ServeReady();
  HandleEvents(events);
  EndOverdueWaits();
  DeliverPosted();
  FlushReady();
  Maintain();
}

void Worker::HandleEvents(std::span<const epoll_event> events) {
  for (const epoll_event& event : events) {
    auto* connection = static_cast<Connection*>(event.data.ptr);
    if (connection == nullptr || connection->closed()) continue;
    if ((event.events & (EPOLLERR | EPOLLHUP | EPOLLIN | EPOLLRDHUP)) != 0) {
      connection->readable = true;
      if (connection->blocked()) connection->LookForEnd();
      if (!connection->parked()) connection->Serve(scratch());
    }
    if ((event.events & EPOLLOUT) != 0 && !connection->closed() && !connection->output.empty()) {
      FlushSoon(*connection);
    }
  }
}

void Worker::ServeSoon(Connection& connection) {
  if (std::exchange(connection.queued_to_serve, true)) return;
  to_serve_.push_back(&connection);
}

void Worker::FlushSoon(Connection& connection) {
  if (std::exchange(connection.queued_to_flush, true)) return;
  to_flush_.push_back(&connection);
}

void Worker::Park(Connection& connection) { parked_.push_back(&connection); }

void Worker::Wait(Connection& connection) {
  if (connection.waiter->deadline_us == 0) return;
  deadlines_.emplace(connection.waiter->deadline_us, connection.id());
}

void Worker::EndOverdueWaits() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= steady_us_) {
    const auto found = connections_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    const WaiterPointer waiter = connection.waiter;
    // The client may wait for something else by now.
    if (waiter == nullptr || waiter->deadline_us == 0 || waiter->deadline_us > steady_us_) continue;
    if (!waiter->End(Waiter::State::kTimedOut)) continue;  // its reply is under way
    engine_.waiters.Ended();
    connection.EndWait(TimeoutReply(*waiter));
  }
}

void Worker::ServeReady() {
  ForEachOf(&to_serve_, [this](Connection* connection) {
    connection->queued_to_serve = false;
    connection->Serve(scratch());
  });
}

void Worker::ResumeParked() {
  if (parked_.empty()) {
    fruitless_turns_ = 0;
    return;
  }
  const size_t waiting = parked_.size();
  ForEachOf(&parked_, [this](Connection* connection) {
    if (!connection->closed()) connection->Serve(scratch());
  });
  fruitless_turns_ = parked_.size() < waiting ? 0 : fruitless_turns_ + 1;
}

void Worker::FlushReady() {
  ForEachOf(&to_flush_, [](Connection* connection) { connection->Flush(); });
}

void Worker::Bury(Connection& connection) {
  poller_.Remove(connection.descriptor());
  // The client must see the end now, even if destruction has to wait for a script's turn to end.
  shutdown(connection.descriptor(), SHUT_RDWR);
  engine_.clients.Remove(connection.id());
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  dead_.push_back(std::move(found->second));
  connections_.erase(found);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::BuryDead() {
  if (dead_.empty()) return;
  const auto is_dead = [](const Connection* connection) { return connection->closed(); };
  std::erase_if(to_serve_, is_dead);
  std::erase_if(to_flush_, is_dead);
  std::erase_if(parked_, is_dead);
  dead_.clear();
}

void Worker::DeliverMessages() {
  mailbox_.Drain([this](uint64_t id) -> Session* {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
  });
}

// A script runs on this worker's stack and lets the other clients have a moment.
void Worker::TakeTurn() {
  if (depth_ > 0) return;
  ++depth_;
  Turn(0);
  --depth_;
}

void Worker::Maintain() {
  const bool due = steady_us_ - maintained_us_ >= kMaintenanceEveryUs;
  if (!due && !maintenance_left_) return;
  maintained_us_ = steady_us_;
  const auto stats_lag = engine_.keyspace.ExpiryLagMs();
  const auto slice = stats_lag > kBacklogAgeMsMax ? kBacklogSlice : kMaintenanceSlice;
  const auto deadline = steady_clock::now() + slice;
  maintenance_left_ = false;
  const auto stripes = engine_.keyspace.stripe_count();
  for (size_t stripe = static_cast<size_t>(index_); stripe < stripes;
       stripe += static_cast<size_t>(engine_.workers)) {
    maintenance_left_ |= engine_.keyspace.ExpireSlice(stripe, dispatcher_.now_ms(), deadline);
    maintenance_left_ |= engine_.keyspace.CompactSlice(stripe, deadline);
  }
  maintenance_left_ |= engine_.keyspace.FreeSlice(steady_clock::now() + kMaintenanceSlice);
  engine_.keyspace.set_other_bytes(engine_.client_bytes());
  storage::memory::Flush();
  if (steady_us_ - tended_us_ >= kTendEveryUs) {
    tended_us_ = steady_us_;
    TendConnections();
  }
}

void Worker::TendConnections() {
  std::vector<Connection*> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  for (Connection* connection : all) connection->Tend(steady_us_);
}

void Worker::Adopt(NewClient client) {
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  mailbox_.Post([this, client = std::move(client)]() mutable { Greet(std::move(client)); });
}

void Worker::Greet(NewClient client) {
  auto record = std::make_shared<ClientRecord>();
  const uint64_t id = engine_.clients.NextId();
  record->id = id;
  record->address = std::move(client.address);
  record->local_address = std::move(client.local_address);
  record->descriptor = client.descriptor;
  record->worker = index_;
  record->mailbox = &mailbox_;
  record->connected_at_us = steady_us_;
  record->last_active_us = steady_us_;
  record->SetFlag(ClientFlag::kUnixSocket, client.unix_socket);
  auto connection =
      std::make_unique<Connection>(engine_, mailbox_, record, *this, client.descriptor);
  Connection* raw = connection.get();
  raw->authenticated = !engine_.PasswordRequired();
  raw->from_loopback = client.loopback;
  record->close = [this, id] {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second->Close();
  };
  if (!client.unix_socket) {
    const int on = 1;
    setsockopt(client.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  connections_.emplace(id, std::move(connection));
  engine_.clients.Add(std::move(record));
  if (!poller_.Add(client.descriptor, raw)) {
    raw->Close();
    return;
  }
  ServeSoon(*raw);  // it may have sent something already
}

void Worker::Stop(int64_t grace_us) {
  stop_grace_us_.store(grace_us, std::memory_order_relaxed);
  poller_.Wake();
}

void Worker::Drain() {
  const int64_t deadline_us = engine_.clock.SteadyMicros() + stop_grace_us_.load();
  for (const auto& [id, connection] : connections_) {
    connection->readable = true;
    ServeSoon(*connection);
  }
  bool waiting = true;
  while (waiting && engine_.clock.SteadyMicros() < deadline_us) {
    Turn(0);
    waiting = !to_serve_.empty() || !parked_.empty() || !to_flush_.empty();
    for (const auto& [id, connection] : connections_) waiting |= !connection->output.empty();
    BuryDead();
  }
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  for (Connection* connection : all) connection->Close();
  BuryDead();
}

}  // namespace larder
