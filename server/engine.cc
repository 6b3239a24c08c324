#include "server/engine.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include "server/acl/command_categories.h"
#include "server/client_side_caching.h"
#include "server/config/option_store.h"
#include "server/errors.h"
#include "server/migrations.h"
#include "server/namespace_rules.h"
#include "server/scripting/function_registry.h"
#include "server/scripting/script_cache.h"
#include "server/waiting.h"

namespace larder {
namespace {

// Several stripes per thread, so that two threads rarely want the same one.
constexpr size_t kStripesPerWorker = 16;
constexpr size_t kStripesMax = 1024;
// A percentage of a small maxmemory stands for so much at least: what a few clients' ordinary
// requests and replies take.
constexpr int64_t kClientBytesOfPercentMin = 16 * 1024 * 1024;

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

std::string RandomHex(size_t digits) {
  std::random_device device;
  std::string hex;
  while (hex.size() < digits) hex += fmt::format("{:08x}", device());
  return hex.substr(0, digits);
}

storage::KeyspaceOptions ForWorkers(int workers, const LiveOptions& options) {
  size_t stripes = kStripesPerWorker;
  while (stripes < kStripesPerWorker * static_cast<size_t>(workers) && stripes < kStripesMax) {
    stripes *= 2;
  }
  return {.stripes = stripes,
          .databases = static_cast<int>(options.databases.Get()),
          .single_thread = workers == 1,
          .hash_seed = RandomSeed()};
}

storage::EvictionPolicy ToStorage(MaxmemoryPolicy policy) {
  using storage::EvictionPolicy;
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
      return EvictionPolicy::kVolatileLru;
    case MaxmemoryPolicy::kVolatileLfu:
      return EvictionPolicy::kVolatileLfu;
    case MaxmemoryPolicy::kVolatileLrm:
      return EvictionPolicy::kVolatileLrm;
    case MaxmemoryPolicy::kVolatileRandom:
      return EvictionPolicy::kVolatileRandom;
    case MaxmemoryPolicy::kVolatileTtl:
      return EvictionPolicy::kVolatileTtl;
    case MaxmemoryPolicy::kAllkeysLru:
      return EvictionPolicy::kAllKeysLru;
    case MaxmemoryPolicy::kAllkeysLfu:
      return EvictionPolicy::kAllKeysLfu;
    case MaxmemoryPolicy::kAllkeysLrm:
      return EvictionPolicy::kAllKeysLrm;
    case MaxmemoryPolicy::kAllkeysRandom:
      return EvictionPolicy::kAllKeysRandom;
    case MaxmemoryPolicy::kNoEviction:
      return EvictionPolicy::kNoEviction;
  }
  return EvictionPolicy::kNoEviction;
}

}  // namespace

void ClientPause::Set(int64_t until_us, bool writes_only) {
  writes_only_.store(writes_only, std::memory_order_relaxed);
  until_us_.store(until_us, std::memory_order_relaxed);
}

Engine::Engine(const Clock& the_clock, OptionStore& store, Logger& logger, int worker_count)
    : clock(the_clock),
      option_store(store),
      options(store.live()),
      log(logger),
      workers(worker_count),
      acl(AclCommandsOf(commands), store.live()),
      keyspace(ForWorkers(worker_count, store.live()), this),
      tracking(keyspace.stripe_count(), RandomSeed(), clients, store.live().tracking_table_max_keys,
               notifications),
      hot_keys(static_cast<size_t>(worker_count)),
      hot_sample(static_cast<size_t>(worker_count)),
      namespace_latency(static_cast<size_t>(worker_count)),
      scripts(std::make_unique<ScriptCache>()),
      functions(std::make_unique<FunctionRegistry>()),
      migrations(std::make_unique<Migrations>(*this)),
      run_id(RandomHex(40)),
      started_at_unix_us(the_clock.UnixMicros()),
      started_at_steady_us(the_clock.SteadyMicros()),
      last_save_unix_s(started_at_unix_us / 1'000'000),
      memory_peak_unix_s(started_at_unix_us / 1'000'000) {
  for (int i = 0; i < workers; ++i) {
    statistics.push_back(std::make_unique<WorkerStatistics>(commands.all().size()));
  }
#ifdef LARDER_TURN_BUDGET_US
  turns.budget_us = LARDER_TURN_BUDGET_US;  // tests/CMakeLists.txt: a server that is interrupted
#endif
  ApplyOptions();
  acl.SetDefaultPassword(option_store.Text("requirepass"));
  option_store.OnChange("requirepass", [this](const std::string& password) {
    acl.SetDefaultPassword(password);
    return Outcome::Ok();
  });
  option_store.SetLineSource("user", [this] {
    // With a file of their own they are not in the configuration file.
    if (!option_store.Text("aclfile").empty()) return std::vector<std::string>();
    return acl.ConfigLines(option_store.Text("requirepass"));
  });
  KeepNamespacesInConfig(*this);
  for (const char* name : {"maxmemory", "maxmemory-policy", "maxmemory-clients",
                           "notify-keyspace-events", "lua-memory-limit", "cache-leases-max"}) {
    option_store.OnChange(name, [this](const std::string&) {
      ApplyOptions();
      return Outcome::Ok();
    });
  }
}

Engine::~Engine() = default;

void Engine::ApplyOptions() {
  keyspace.set_memory_limit(options.maxmemory);
  keyspace.set_policy(ToStorage(options.policy()));
  keyspace.set_leases_max(options.cache_leases_max);
  const int64_t client_bytes = options.maxmemory_clients_bytes();
  client_eviction.set_limit(client_bytes > 0 && options.maxmemory_clients < 0
                                ? std::max(client_bytes, kClientBytesOfPercentMin)
                                : client_bytes);
  notifications.set_classes(static_cast<uint32_t>(options.notify_keyspace_events.Get()));
  lua_memory.set_bytes_max(static_cast<size_t>(options.lua_memory_limit.Get()));
}

int64_t Engine::client_bytes() const { return client_eviction.total_bytes() + migrations->bytes(); }

std::string_view Engine::BusyError() const {
  return running_scripts.FunctionsAloneAreBusy() ? errors::kBusyFunction : errors::kBusyScript;
}

uint64_t Engine::Sum(Counter WorkerStatistics::*counter) const {
  uint64_t sum = 0;
  for (const auto& worker : statistics) sum += (worker.get()->*counter).Get();
  return sum;
}

// Of a key that is gone; its stripe is locked.
void Engine::EndWaitersOf(int database, std::string_view key) {
  if (!waiters.any()) return;
  const size_t stripe = keyspace.StripeOf(keyspace.hasher().Hash(key));
  EndWaitersOfGoneKey(waiters, stripe, database, key);
}

void Engine::OnExpired(int database, std::string_view key) {
  EndWaitersOf(database, key);
  if (tracking.any()) NoteLostKey(*this, key);
  if (notifications.enabled()) {
    notifications.Publish(NotifyClass::kExpired, "expired", database, key);
  }
}

void Engine::OnEvicted(int database, std::string_view key) {
  EndWaitersOf(database, key);
  if (tracking.any()) NoteLostKey(*this, key);
  if (notifications.enabled()) {
    notifications.Publish(NotifyClass::kEvicted, "evicted", database, key);
  }
}

// A purge deletes, as DEL would.
void Engine::OnPurged(int database, std::string_view key) {
  EndWaitersOf(database, key);
  if (tracking.any()) NoteLostKey(*this, key);
  if (notifications.enabled()) {
    notifications.Publish(NotifyClass::kGeneric, "del", database, key);
  }
}

void Engine::OnFieldsExpired(int database, std::string_view key, bool key_is_gone) {
  if (tracking.any()) NoteLostKey(*this, key);
  if (!notifications.enabled()) return;
  notifications.Publish(NotifyClass::kHash, "hexpired", database, key);
  if (key_is_gone) notifications.Publish(NotifyClass::kGeneric, "del", database, key);
}

}  // namespace larder
