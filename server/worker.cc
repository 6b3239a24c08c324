#include "server/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "server/scripting/function_registry.h"
#include "server/statistics.h"
#include "server/tls/tls_stream.h"
#include "server/waiting.h"
#include "storage/memory.h"

namespace larder {
namespace {

using std::chrono::steady_clock;

constexpr int kIdleTimeoutMs = 50;  // so that expired keys go in time
constexpr int kPausedTimeoutMs = 1;
constexpr int kFruitlessTurnsMax = 200;  // of retrying parked clients before waiting in between
constexpr int64_t kMaintenanceEveryUs = 1000;
// Upkeep with a backlog takes a slice, then leaves nine times as much to the clients that want to
// be served; as much only while something has been due for longer than kBacklogAgeMsMax, or was
// purged.
constexpr auto kSlice = std::chrono::microseconds(100);
constexpr auto kBacklogSlice = std::chrono::microseconds(300);
constexpr int64_t kClientsShare = 9;
constexpr int64_t kBacklogAgeMsMax = 100;
constexpr int64_t kTendEveryUs = 1'000'000;
constexpr size_t kTendedTogetherMax = 64;
constexpr int64_t kBulkyUs = 30;       // who takes longer waits behind those who do not
constexpr uint64_t kFew = 8;           // commands
constexpr size_t kFlushTogether = 16;  // so that replies do not wait for the turn's end

}  // namespace

Worker::Worker(Engine& engine, int index)
    : engine_(engine),
      index_(index),
      mailbox_([this] { poller_.Wake(); }),
      dispatcher_(engine, index) {
  dispatcher_.deliver_messages = [this] { DeliverMessages(); };
  dispatcher_.take_turn = [this] { TakeTurn(); };
  steady_us_ = engine_.clock.SteadyMicros();
  bulky_ticks_ = dispatcher_.ticks().FromMicros(kBulkyUs);
  slow_ticks_ = dispatcher_.ticks().FromMicros(1000);  // LATENCY's smallest threshold
}

Worker::~Worker() = default;

Scratch& Worker::scratch() {
  auto& scratch = scratches_[std::min(depth_, 1)];
  if (scratch == nullptr) scratch = std::make_unique<Scratch>();
  return *scratch;
}

void Worker::Run() {
  try {
    dispatcher_.MakeLua();
  } catch (const std::bad_alloc&) {
    // lua-memory-limit is smaller than a bare Lua: scripts say so.
  }
  while (stop_grace_us_.load(std::memory_order_relaxed) < 0) {
    Turn(IdleTimeout());
    BuryDead();
  }
  Drain();
}

int Worker::IdleTimeout() const {
  if (!to_serve_.empty() || !bulky_to_serve_.empty() || !to_shake_.empty() || !to_flush_.empty() ||
      !to_greet_.empty() || maintenance_left_) {
    return 0;
  }
  if (parked_.empty() && !to_tend_.empty()) return kPausedTimeoutMs;
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
  BeginTurn();
  steady_us_ = engine_.clock.SteadyMicros();
  dispatcher_.UpdateTime();
  heartbeats_.store(heartbeats_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  const bool idle = events.empty() && to_serve_.empty() && bulky_to_serve_.empty();
  ResumeParked();
  HandleEvents(events);
  GreetNew(turn_began_ticks_ + budget_ticks_ / 4);
  ServeReady(to_serve_, turn_began_ticks_ + budget_ticks_ / 4 * 3);
  if (!bulky_to_serve_.empty()) {
    FlushReady();
    // A quarter of a turn is theirs, whatever the others took: with less they would run a command
    // each.
    const uint64_t end_ticks =
        std::max(turn_began_ticks_ + budget_ticks_, TickClock::Now() + budget_ticks_ / 4);
    dispatcher_.set_turn_end(end_ticks);
    ServeReady(bulky_to_serve_, end_ticks);
  }
  if (!to_shake_.empty()) {
    FlushReady();
    ShakeHands(turn_began_ticks_ + budget_ticks_);
  }
  EndOverdueWaits();
  DeliverPosted();
  FlushReady();
  Maintain(idle);
  EndTurn();
}

void Worker::BeginTurn() {
  const int64_t budget_us = engine_.turns.budget_us.load(std::memory_order_relaxed);
  if (budget_us != budget_us_) {
    budget_us_ = budget_us;
    budget_ticks_ = dispatcher_.ticks().FromMicros(budget_us);
  }
  turn_began_cpu_ns_ =
      engine_.turns.measure_cpu.load(std::memory_order_relaxed) ? storage::ThreadCpuNanos() : 0;
  turn_began_ticks_ = TickClock::Now();
  dispatcher_.set_turn_end(turn_began_ticks_ + budget_ticks_);
}

void Worker::EndTurn() {
  TurnStatistics& turns = statistics().turns;
  const uint64_t ticks = TickClock::Now() - turn_began_ticks_;
  turns.turns.Add();
  turns.ticks.Add(ticks);
  turns.longest_ticks.Raise(ticks);
  if (ticks >= slow_ticks_) NoteIfSlow("event-loop", dispatcher_.ticks().ToMicros(ticks));
  if (turn_began_cpu_ns_ == 0) return;
  const auto cpu_ns = static_cast<uint64_t>(storage::ThreadCpuNanos() - turn_began_cpu_ns_);
  turns.cpu_ns.Add(cpu_ns);
  turns.longest_cpu_ns.Raise(cpu_ns);
}

void Worker::HandleEvents(std::span<const epoll_event> events) {
  for (const epoll_event& event : events) {
    auto* connection = static_cast<Connection*>(event.data.ptr);
    if (connection == nullptr || connection->closed()) continue;
    if ((event.events & (EPOLLERR | EPOLLHUP | EPOLLIN | EPOLLRDHUP)) != 0) {
      connection->readable = true;
      connection->hung_up |= (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
      if (connection->parked()) {
        connection->EventWhileParked();
      } else {
        ServeSoon(*connection);
      }
    }
    if ((event.events & EPOLLOUT) != 0 && !connection->closed()) {
      if (!connection->output.empty()) {
        FlushSoon(*connection);
      } else if (connection->holds_records) {
        connection->SendHeldRecords();
      }
    }
  }
}

void Worker::ServeSoon(Connection& connection) {
  if (std::exchange(connection.queued_to_serve, true)) return;
  (connection.bulky ? bulky_to_serve_ : to_serve_).Push(&connection);
}

void Worker::ShakeHandsSoon(Connection& connection) {
  if (std::exchange(connection.queued_to_serve, true)) return;
  to_shake_.Push(&connection);
}

void Worker::FlushSoon(Connection& connection) {
  if (std::exchange(connection.queued_to_flush, true)) return;
  to_flush_.Push(&connection);
}

void Worker::Park(Connection& connection) { parked_.Push(&connection); }

void Worker::Wait(Connection& connection) {
  const Waiter& waiter = *connection.waiter;
  for (const int64_t time_us : {waiter.deadline_us, waiter.look_again_us}) {
    if (time_us != 0) deadlines_.emplace(time_us, connection.id());
  }
  connection.LookForEnd();  // its end may have been reported with the command
}

void Worker::ForgetWait(const Waiter& ended, uint64_t id) {
  if (ended.deadline_us != 0) deadlines_.erase({ended.deadline_us, id});
  if (ended.look_again_us != 0) deadlines_.erase({ended.look_again_us, id});
}

void Worker::EndOverdueWaits() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= steady_us_) {
    const auto found = connections_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    if (found == connections_.end()) continue;
    Session& session = *found->second;
    EndIfOverdue(engine_, session, steady_us_);
    const int64_t next_us = dispatcher_.LookAgain(session, steady_us_);
    if (next_us != 0) deadlines_.emplace(next_us, session.id());
  }
}

// Serves those that wait by now, one at least, until the tick counter has come to `end_ticks`.
void Worker::ServeReady(ConnectionQueue& queue, uint64_t end_ticks) {
  uint64_t before = TickClock::Now();
  for (size_t left = queue.size(); left > 0 && !queue.empty(); --left) {
    Connection* connection = queue.Pop();
    connection->queued_to_serve = false;
    serving_since_ticks_ = before;
    bool in_the_middle = connection->parked();
    const uint64_t ran = connection->record->commands.load(std::memory_order_relaxed);
    connection->Serve(scratch());
    const uint64_t now = TickClock::Now();
    // Whether it is bulky shows in all that it sent together: with the beginning or the end of that
    // alone it stays what it was. (One that goes on in its next turn has said itself what it is.)
    in_the_middle |= connection->parked();
    if (!connection->queued_to_serve) {
      // A few commands that take long once may be the machine's doing.
      const bool took_long = now - before > bulky_ticks_;
      const bool again = std::exchange(connection->took_long, took_long);
      const bool few = connection->record->commands.load(std::memory_order_relaxed) - ran < kFew;
      connection->bulky =
          connection->bulky ? took_long || in_the_middle : took_long && (again || !few);
    }
    before = now;
    if (to_flush_.size() >= kFlushTogether) FlushReady();
    if (now >= end_ticks) return;
  }
}

// Goes on with handshakes, one at least, until the tick counter has come to `end_ticks`: after
// everybody else, as one may take as long as a thousand requests.
void Worker::ShakeHands(uint64_t end_ticks) {
  for (size_t left = to_shake_.size(); left > 0 && !to_shake_.empty(); --left) {
    Connection* connection = to_shake_.Pop();
    connection->queued_to_serve = false;
    connection->ShakeHands();
    if (TickClock::Now() >= end_ticks) return;
  }
}

void Worker::ResumeParked() {
  if (parked_.empty()) {
    fruitless_turns_ = 0;
    return;
  }
  const size_t waiting = parked_.size();
  uint64_t before = TickClock::Now();
  for (size_t left = waiting; left > 0 && !parked_.empty(); --left) {
    Connection* connection = parked_.Pop();
    serving_since_ticks_ = before;
    if (!connection->closed()) connection->Serve(scratch());
    connection->bulky |= ServesForLong();
    before = TickClock::Now();
    if (before - turn_began_ticks_ > budget_ticks_ / 2) break;
  }
  fruitless_turns_ = parked_.size() < waiting ? 0 : fruitless_turns_ + 1;
}

void Worker::FlushReady() {
  for (size_t left = to_flush_.size(); left > 0 && !to_flush_.empty(); --left) {
    to_flush_.Pop()->Flush();
  }
}

void Worker::Bury(Connection& connection) {
  poller_.Remove(connection.descriptor());
  connection.CancelWait();
  if (connection.waiter != nullptr) ForgetWait(*connection.waiter, connection.id());
  // The client must see the end now, even if destruction has to wait for a script's turn to end.
  shutdown(connection.descriptor(), SHUT_RDWR);
  engine_.client_eviction.Remove(*connection.record);
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
  for (ConnectionQueue* queue : {&to_serve_, &bulky_to_serve_, &to_shake_, &to_flush_, &parked_}) {
    queue->EraseIf(is_dead);
  }
  dead_.clear();
}

void Worker::DeliverMessages() {
  mailbox_.Drain([this](uint64_t id) -> Session* {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
  });
}

// A command runs on this worker's stack and lets the other clients have a moment.
void Worker::TakeTurn() {
  if (depth_ > 0) return;
  ++depth_;
  dispatcher_.turn_taken = true;
  EndTurn();
  Turn(0);
  dispatcher_.turn_taken = false;
  --depth_;
  BeginTurn();
}

// `idle`: no client wants anything at the moment.
void Worker::Maintain(bool idle) {
  if (steady_us_ < maintain_from_us_ && !(maintenance_left_ && idle)) return;
  const int64_t began_cpu_ns = turn_began_cpu_ns_ == 0 ? 0 : storage::ThreadCpuNanos();
  const uint64_t began = TickClock::Now();
  const bool late =
      engine_.keyspace.ExpiryLagMs() > kBacklogAgeMsMax || engine_.keyspace.tags().has_unswept();
  maintenance_left_ = MaintainStripes(steady_clock::now() + (late ? kBacklogSlice : kSlice));
  maintenance_left_ |= engine_.keyspace.FreeSlice(steady_clock::now() + kSlice);
  engine_.keyspace.tags().ForgetPurges(dispatcher_.now_ms());
  SweepLeftOver(engine_);
  engine_.tracking.Tend(engine_.keyspace, steady_clock::now() + kSlice);
  engine_.client_eviction.EvictIfOver();
  // Counting keys that were there may show a namespace to be over its quota when nobody writes.
  if (engine_.keyspace.namespaces().any_over()) {
    engine_.keyspace.Evict(static_cast<size_t>(index_), dispatcher_.now_ms(),
                           steady_clock::now() + kSlice);
  }
  engine_.keyspace.set_other_bytes(engine_.client_bytes() +
                                   static_cast<int64_t>(engine_.functions->bytes()));
  storage::memory::Flush();
  TendConnections();
  const int64_t took_us = dispatcher_.ticks().ToMicros(TickClock::Now() - began);
  const int64_t pause_us = maintenance_left_ ? took_us * (late ? 1 : kClientsShare) : 0;
  maintain_from_us_ = steady_us_ + took_us + std::max(pause_us, kMaintenanceEveryUs);
  NoteIfSlow("expire-cycle", took_us);
  if (began_cpu_ns == 0) return;
  statistics().turns.longest_maintenance_cpu_ns.Raise(
      static_cast<uint64_t>(storage::ThreadCpuNanos() - began_cpu_ns));
}

// Tends this worker's stripes, from where the last slice ended, until the deadline. True when work
// is left.
bool Worker::MaintainStripes(steady_clock::time_point deadline) {
  const size_t stripes = engine_.keyspace.stripe_count();
  const auto workers = static_cast<size_t>(engine_.workers);
  const auto first = static_cast<size_t>(index_);
  bool left = false;
  for (size_t stripe = first; stripe < stripes; stripe += workers) {
    if (next_stripe_ >= stripes) next_stripe_ = first;
    left |= engine_.keyspace.ExpireSlice(next_stripe_, dispatcher_.now_ms(), deadline);
    left |= engine_.keyspace.PurgeSlice(next_stripe_, dispatcher_.now_ms(), deadline);
    left |= engine_.keyspace.CountSlice(next_stripe_, deadline);
    left |= engine_.keyspace.CompactSlice(next_stripe_, deadline);
    next_stripe_ += workers;
    if (steady_clock::now() >= deadline) return true;
  }
  return left;
}

// A few at a time: there may be ten thousand.
void Worker::TendConnections() {
  if (to_tend_.empty()) {
    if (steady_us_ < tend_from_us_) return;
    tend_from_us_ = steady_us_ + kTendEveryUs;
    for (const auto& [id, connection] : connections_) to_tend_.push_back(id);
  }
  for (size_t tended = 0; tended < kTendedTogetherMax && !to_tend_.empty(); ++tended) {
    const auto found = connections_.find(to_tend_.back());
    to_tend_.pop_back();
    if (found != connections_.end()) found->second->Tend(steady_us_);
  }
}

// Tells LATENCY of what held up this worker's clients.
void Worker::NoteIfSlow(std::string_view event, int64_t duration_us) {
  const int64_t threshold_ms = engine_.options.latency_monitor_threshold;
  if (threshold_ms <= 0 || duration_us < threshold_ms * 1000) return;
  engine_.latency.Add(event, dispatcher_.now_us() / 1'000'000, duration_us / 1000);
}

void Worker::Adopt(NewClient client) {
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  mailbox_.Post(
      [this, client = std::move(client)]() mutable { to_greet_.push_back(std::move(client)); });
}

// Lets in who is new, one at least, until the tick counter has come to `end_ticks`.
void Worker::GreetNew(uint64_t end_ticks) {
  while (!to_greet_.empty()) {
    Greet(std::move(to_greet_.front()));
    to_greet_.pop_front();
    if (TickClock::Now() >= end_ticks) return;
  }
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
  const bool ready = client.tls == nullptr || raw->StartTls(std::move(client.tls), client.refusal);
  // What it has sent already is the first event.
  if (!ready || !poller_.Add(client.descriptor, raw)) raw->Close();
}

TlsScratch& Worker::tls_scratch() {
  if (tls_scratch_ == nullptr) tls_scratch_ = std::make_unique<TlsScratch>();
  return *tls_scratch_;
}

void Worker::Stop(int64_t grace_us) {
  stop_grace_us_.store(grace_us, std::memory_order_relaxed);
  poller_.Wake();
}

void Worker::Drain() {
  const int64_t deadline_us = engine_.clock.SteadyMicros() + stop_grace_us_.load();
  DeliverPosted();
  GreetNew(UINT64_MAX);
  for (const auto& [id, connection] : connections_) {
    connection->readable = true;
    if (connection->shaking_hands()) {
      ShakeHandsSoon(*connection);
    } else {
      ServeSoon(*connection);
    }
  }
  bool waiting = true;
  while (waiting && engine_.clock.SteadyMicros() < deadline_us) {
    Turn(0);
    waiting = !to_serve_.empty() || !bulky_to_serve_.empty() || !to_shake_.empty() ||
              !parked_.empty() || !to_flush_.empty();
    for (const auto& [id, connection] : connections_) waiting |= !connection->output.empty();
    BuryDead();
  }
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  for (Connection* connection : all) connection->Close();
  BuryDead();
}

}  // namespace larder
