#include "server/migrations.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "server/engine.h"
#include "server/errors.h"
#include "server/migration_link.h"
#include "server/stripe_set.h"
#include "server/waiting.h"
#include "storage/database.h"
#include "storage/dump.h"

namespace larder {
namespace {

// Until the worker is asked again whose stripes were taken.
constexpr auto kPauseWhenTaken = std::chrono::milliseconds(1);
// What is sent together.
constexpr size_t kSendBytes = 64 * 1024;
// How long Stop waits for helpers, which end at once unless they look up a name.
constexpr auto kStopPatience = std::chrono::seconds(1);

// ---- on the helper's thread

std::string Encode(std::initializer_list<std::string_view> args) {
  std::string request = fmt::format("*{}\r\n", args.size());
  for (const std::string_view arg : args) {
    request += fmt::format("${}\r\n", arg.size());
    request += arg;
    request += "\r\n";
  }
  return request;
}

// Sends a migration's keys and reads the replies. Touches nothing of the server.
class Transfer {
 public:
  Transfer(Migration& migration, int stop_descriptor)
      : migration_(migration), link_(migration.timeout_ms, stop_descriptor) {}

  // Marks the keys that were accepted; returns an error's text, or none.
  std::string Run() {
    if (!link_.Connect(migration_.host, migration_.port)) return std::string(errors::kNotConnected);
    std::string error = LogInAndSelect();
    return error.empty() ? SendKeys() : error;
  }

 private:
  // Before the keys are sent, so that none of them lands elsewhere.
  std::string LogInAndSelect() {
    std::string requests;
    if (migration_.password) {
      requests = migration_.user.empty() ? Encode({"AUTH", *migration_.password})
                                         : Encode({"AUTH", migration_.user, *migration_.password});
    }
    requests += Encode({"SELECT", std::to_string(migration_.target_database)});
    if (!link_.Send(requests)) return std::string(errors::kNotWritten);
    std::string error;
    for (int replies = migration_.password ? 2 : 1; replies > 0; --replies) {
      if (!ReadOutcome(&error)) break;
    }
    return error;
  }

  std::string SendKeys() {
    std::string requests;
    std::vector<MigratedKey*> sent;
    for (MigratedKey& key : migration_.keys) {
      int64_t ttl_ms = 0;
      if (key.expire_at_ms != storage::kNoExpiry) {
        ttl_ms = key.expire_at_ms - now_ms();
        if (ttl_ms < 0) continue;  // it is gone by now
        ttl_ms = std::max<int64_t>(ttl_ms, 1);
      }
      const std::string ttl = std::to_string(ttl_ms);
      requests += migration_.replace ? Encode({"RESTORE", key.name, ttl, key.dump, "REPLACE"})
                                     : Encode({"RESTORE", key.name, ttl, key.dump});
      sent.push_back(&key);
      if (requests.size() < kSendBytes) continue;
      if (!link_.Send(requests)) return std::string(errors::kNotWritten);
      requests.clear();
    }
    if (!link_.Send(requests)) return std::string(errors::kNotWritten);
    std::string error;
    for (MigratedKey* const key : sent) {
      std::string refusal;
      const bool answered = ReadOutcome(&refusal);
      if (error.empty()) error = refusal;
      if (!answered) break;
      key->accepted = refusal.empty();
    }
    return error;
  }

  // False when there is no reply.
  bool ReadOutcome(std::string* error) {
    protocol::Reply reply;
    if (!link_.Receive(&reply)) {
      if (error->empty()) *error = errors::kNotRead;
      return false;
    }
    if (reply.type == protocol::Reply::Type::kError && error->empty()) {
      *error = errors::TargetReplied(reply.text);
    }
    return true;
  }

  int64_t now_ms() const {
    const auto since = std::chrono::steady_clock::now() - migration_.taken_at;
    return migration_.taken_at_ms +
           std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }

  Migration& migration_;
  MigrationLink link_;
};

// ---- on the worker's thread

enum class Deletion : uint8_t { kDone, kSomeChanged, kTaken };

// Deletes what the target accepted, all of it at once.
Deletion DeleteAccepted(Engine& engine, const Migration& migration) {
  StripeSet stripes;
  for (const MigratedKey& key : migration.keys) {
    if (key.accepted) {
      stripes.Add(engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(key.name)));
    }
  }
  if (!stripes.TryLock(engine.keyspace)) return Deletion::kTaken;
  storage::Database db(engine.keyspace, migration.source_database,
                       engine.clock.UnixMicros() / 1000);
  Deletion outcome = Deletion::kDone;
  for (const MigratedKey& sent : migration.keys) {
    if (!sent.accepted) continue;
    const storage::Key key = db.HashedKey(sent.name);
    const storage::Entry* const entry = db.Find(key, storage::Access::kPeek);
    if (entry == nullptr) continue;  // somebody else was quicker
    if (entry->expire_at_ms() != sent.expire_at_ms ||
        storage::DumpOf(*entry, {.compress = false}) != sent.dump) {
      outcome = Deletion::kSomeChanged;
      continue;
    }
    db.Delete(key);
    if (engine.notifications.enabled()) {
      engine.notifications.Publish(NotifyClass::kGeneric, "del", db.index(), sent.name);
    }
    if (engine.waiters.any()) {
      EndWaitersOfGoneKey(engine.waiters, engine.keyspace.StripeOf(key.hash), db.index(),
                          sent.name);
    }
  }
  stripes.Unlock(engine.keyspace);
  return outcome;
}

}  // namespace

size_t Migration::Bytes() const {
  size_t bytes = 0;
  for (const MigratedKey& key : keys) bytes += key.dump.size();
  return bytes;
}

// What helpers and tasks share: it outlives both.
struct Migrations::State {
  explicit State(Engine& the_engine) : engine(the_engine) {}
  ~State() { close(stop_descriptor); }

  Engine& engine;  // not to be touched by a helper once `stopping` is set
  const int stop_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::unique_ptr<Migration>> waiting;
  size_t threads = 0;
  bool stopping = false;
  std::atomic<int64_t> bytes{0};

  // Runs a task on the migration's worker and waits for it; nothing when the server stops.
  std::optional<Deletion> RunOnWorker(std::shared_ptr<State> self,
                                      const std::shared_ptr<Migration>& migration);
  // Deletes what is to be deleted; false when the server stops.
  bool Delete(const std::shared_ptr<State>& self, const std::shared_ptr<Migration>& migration,
              std::string* error);
  void Carry(const std::shared_ptr<State>& self, std::unique_ptr<Migration> taken);
  void Answer(Waiter& waiter, const std::string& error);  // no error: OK
};

std::optional<Deletion> Migrations::State::RunOnWorker(
    std::shared_ptr<State> self, const std::shared_ptr<Migration>& migration) {
  auto outcome = std::make_shared<std::optional<Deletion>>();
  std::unique_lock lock(mutex);
  if (stopping) return std::nullopt;
  migration->waiter->mailbox->Post([self, migration, outcome] {
    const Deletion done = DeleteAccepted(self->engine, *migration);
    std::lock_guard done_lock(self->mutex);
    *outcome = done;
    self->changed.notify_all();
  });
  changed.wait(lock, [&] { return stopping || outcome->has_value(); });
  return stopping ? std::nullopt : *outcome;
}

bool Migrations::State::Delete(const std::shared_ptr<State>& self,
                               const std::shared_ptr<Migration>& migration, std::string* error) {
  const auto& keys = migration->keys;
  const bool any =
      std::any_of(keys.begin(), keys.end(), [](const MigratedKey& key) { return key.accepted; });
  if (migration->copy || !any) return true;
  std::optional<Deletion> outcome;
  while ((outcome = RunOnWorker(self, migration)) == Deletion::kTaken) {
    std::this_thread::sleep_for(kPauseWhenTaken);
  }
  if (!outcome) return false;
  if (*outcome == Deletion::kSomeChanged && error->empty()) *error = errors::kChangedMeanwhile;
  return true;
}

void Migrations::State::Carry(const std::shared_ptr<State>& self,
                              std::unique_ptr<Migration> taken) {
  const std::shared_ptr<Migration> migration(std::move(taken));
  const auto bytes = static_cast<int64_t>(migration->Bytes());
  std::string error = Transfer(*migration, stop_descriptor).Run();
  if (!Delete(self, migration, &error)) return;
  std::lock_guard lock(mutex);
  if (stopping) return;
  this->bytes.fetch_sub(bytes, std::memory_order_relaxed);
  Answer(*migration->waiter, error);
}

void Migrations::State::Answer(Waiter& waiter, const std::string& error) {
  if (!waiter.End(Waiter::State::kServed)) return;  // its client has gone
  engine.waiters.Ended();
  PostReply(waiter, error.empty() ? "+OK\r\n" : "-" + error + "\r\n");
}

void Migrations::Work(std::shared_ptr<State> state) {
  std::unique_lock lock(state->mutex);
  while (!state->stopping && !state->waiting.empty()) {
    std::unique_ptr<Migration> next = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    state->Carry(state, std::move(next));
    lock.lock();
  }
  --state->threads;
  state->changed.notify_all();
}

Migrations::Migrations(Engine& engine)
    : state_(std::make_shared<State>(engine)), bytes_(&state_->bytes) {}

Migrations::~Migrations() { Stop(); }

void Migrations::Start(std::unique_ptr<Migration> migration) {
  std::lock_guard lock(state_->mutex);
  if (state_->stopping) return;
  state_->bytes.fetch_add(static_cast<int64_t>(migration->Bytes()), std::memory_order_relaxed);
  state_->waiting.push_back(std::move(migration));
  if (state_->threads >= kThreadsMax) return;
  try {
    std::thread(Work, state_).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    if (state_->threads > 0) return;  // one of these will come to it
    const WaiterPointer waiter = state_->waiting.back()->waiter;
    state_->waiting.pop_back();
    state_->Answer(*waiter, std::string(errors::kNotConnected));
  }
}

void Migrations::Stop() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->waiting.clear();
  eventfd_write(state_->stop_descriptor, 1);
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kStopPatience, [this] { return state_->threads == 0; });
}

}  // namespace larder
