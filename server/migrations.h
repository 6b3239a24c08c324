// MIGRATE's way to another server, off the workers' threads: connecting, sending and waiting for
// replies block, so they run on helper threads that are made when they are needed and end when
// nothing is left to do.
//
// The client waits meanwhile as in a blocking command, but other clients go on: between the moment
// when the values were taken down and the moment when they are deleted here anybody may change
// them. So a helper has the client's worker delete them, under their stripes' locks and only as far
// as they are still what was sent; of one that is not the reply says so, and it stays here as well.
//
// Start and Stop are thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/blocking.h"
#include "storage/entry.h"

namespace larder {

struct Engine;

struct MigratedKey {
  std::string name;
  int64_t expire_at_ms = storage::kNoExpiry;
  std::string dump;       // not compressed: what the value is compared with afterwards
  bool accepted = false;  // by the target
};

struct Migration {
  // ---- where to, and how
  std::string host;
  int port = 0;
  int64_t timeout_ms = 0;  // for each wait
  int source_database = 0;
  int64_t target_database = 0;  // as it was given
  bool copy = false, replace = false;
  std::string user;  // empty: AUTH with the password alone
  std::optional<std::string> password;
  int64_t taken_at_ms = 0;  // Unix time
  std::chrono::steady_clock::time_point taken_at = std::chrono::steady_clock::now();
  std::vector<MigratedKey> keys;

  // ---- whom to answer
  WaiterPointer waiter;

  size_t Bytes() const;  // of the dumps
};

class Migrations {
 public:
  // At a time; others wait for one of these to end.
  static constexpr size_t kThreadsMax = 8;

  explicit Migrations(Engine& engine);
  ~Migrations();  // as Stop
  Migrations(const Migrations&) = delete;
  Migrations& operator=(const Migrations&) = delete;

  // Carries it out and answers its waiter. REQUIRES: the waiter's client is blocked by it.
  void Start(std::unique_ptr<Migration> migration);
  // Ends what is under way, unanswered. To be called before the workers' mailboxes go. Who looks up
  // a host's name at the moment is not waited for long, and does nothing any more.
  void Stop();

  int64_t bytes() const { return bytes_->load(std::memory_order_relaxed); }  // on their way

 private:
  struct State;
  static void Work(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
  const std::atomic<int64_t>* const bytes_;  // the state's
};

}  // namespace larder
