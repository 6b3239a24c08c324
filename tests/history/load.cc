#include "tests/history/load.h"

#include <chrono>
#include <iterator>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "tests/history/connection.h"
#include "tests/history/requests.h"

namespace larder::history {
namespace {

using protocol::Reply;
using std::chrono::steady_clock;
using Fate = Transaction::Fate;

constexpr int64_t kValuesPerClient = 10'000'000'000;
constexpr size_t kBatchMax = 5;
constexpr uint32_t kListKeys = 6;  // of one generation of transactions
constexpr uint64_t kTransactionsPerGeneration = 200;
constexpr size_t kActionsMax = 4;
constexpr size_t kErrorsMax = 10;
constexpr auto kKillEvery = std::chrono::milliseconds(40);
constexpr auto kFlushEvery = std::chrono::milliseconds(50);
// Lists that are only appended to are in database 0, the single keys, which are flushed, in this
// one.
constexpr const char* kKeysDatabase = "1";

int64_t NowNs() { return steady_clock::now().time_since_epoch().count(); }

std::string ListName(uint32_t key) { return "append:" + std::to_string(key); }

// What all clients share.
struct Shared {
  explicit Shared(const LoadOptions& given)
      : options(given), ids(static_cast<size_t>(2 * given.clients)) {}

  const LoadOptions& options;
  KeyPool keys;
  std::atomic<uint64_t> transactions{0};
  std::vector<std::atomic<int64_t>> ids;  // of the clients' connections, for who kills them
  std::atomic<bool> stop{false};
};

class Client {
 public:
  Client(Shared& shared, int number)
      : shared_(shared),
        number_(static_cast<uint16_t>(number)),
        random_(shared.options.seed * 1000 + static_cast<uint64_t>(number)),
        next_value_((number + 1) * kValuesPerClient) {}

  void Run() {
    while (!shared_.stop.load(std::memory_order_relaxed)) {
      const uint64_t roll = Below(100);
      const bool lists = roll >= 75 && !shared_.options.evict;
      connection_.swap(connections_[lists]);
      if ((connection_ == nullptr || !connection_->is_open()) && !Connect(lists)) return;
      if (lists) {
        RunTransaction();
      } else if (roll < 65) {
        RunBatch();
      } else {
        RunOptimisticIncrement();
      }
      connection_.swap(connections_[lists]);
    }
  }

  Recording Take() { return std::move(recording_); }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  bool OneIn(uint64_t count) { return Below(count) == 0; }

  bool Connect(bool lists) {
    connection_ = std::make_unique<Connection>(shared_.options.socket);
    Reply reply;
    if (!connection_->is_open()) {
      recording_.errors.push_back("the server takes no connections");
      return false;
    }
    if (!connection_->Run({"CLIENT", "ID"}, &reply)) return true;  // killed already: again
    shared_.ids[2 * number_ + lists].store(reply.integer, std::memory_order_relaxed);
    if (!lists) connection_->Run({"SELECT", kKeysDatabase}, &reply);
    ++recording_.reconnections;
    return true;
  }

  void NoteError(const Args& args, const Reply& reply) {
    // Without memory a write is refused, which is no fault; it did not happen.
    if (shared_.options.evict &&
        (reply.text.starts_with("OOM ") || reply.text.starts_with("EXECABORT "))) {
      return;
    }
    if (recording_.errors.size() >= kErrorsMax) return;
    std::string text = "answered '" + reply.text + "' to";
    for (const std::string& arg : args) text += " " + arg.substr(0, 60);
    recording_.errors.push_back(std::move(text));
  }

  // ---- single keys

  Request Draw() {
    auto family = static_cast<Family>(Below(kFamilies));
    // One of a group may be evicted alone.
    if (shared_.options.evict && family == Family::kGroup) family = Family::kRegister;
    const uint32_t key = shared_.keys.Take(family, static_cast<uint32_t>(Below(KeyPool::kSlots)));
    Request request = DrawRequest(family, key, next_value_++, random_);
    if (!request.blocking && OneIn(20)) request.args = InScript(request, Below(4) != 0);
    return request;
  }

  // Several requests at once, sometimes as a transaction; now and then the connection ends before
  // the replies are read.
  void RunBatch() {
    std::vector<Request> requests;
    const size_t count = OneIn(2) ? 1 : 1 + Below(kBatchMax);
    for (size_t i = 0; i < count; ++i) requests.push_back(Draw());
    const bool together = OneIn(12);
    if (together) connection_->Queue({"MULTI"});
    for (const Request& request : requests) connection_->Queue(request.args);
    if (together) connection_->Queue({"EXEC"});
    const int64_t invoke_ns = NowNs();
    for (Request& request : requests) {
      request.operation.client = number_;
      request.operation.invoke_ns = invoke_ns;
    }
    if (connection_->Send() && OneIn(1500)) connection_->Close();
    if (together) {
      ReadTogether(&requests);
    } else {
      for (Request& request : requests) {
        Reply reply;
        Record(&request, connection_->Read(&reply) ? &reply : nullptr);
      }
    }
  }

  void ReadTogether(std::vector<Request>* requests) {
    Reply reply;
    for (size_t i = 0; i <= requests->size(); ++i) connection_->Read(&reply);  // OK, QUEUED...
    const bool read = connection_->Read(&reply);
    if (read && reply.items.size() != requests->size()) {
      NoteError({"EXEC"}, reply);
      return;
    }
    for (size_t i = 0; i < requests->size(); ++i) {
      Record(&(*requests)[i], read ? &reply.items[i] : nullptr);
    }
  }

  // `reply` is null for one that was lost.
  void Record(Request* request, const Reply* reply) {
    Operation& operation = request->operation;
    if (reply == nullptr) {
      shared_.keys.CountLost(operation.family, operation.key);
    } else if (Understand(*reply, &operation)) {
      operation.complete_ns = NowNs();
    } else {
      NoteError(request->args, *reply);
      return;
    }
    recording_.operations.push_back(std::move(operation));
  }

  // WATCH, GET, and a SET that happens only if nobody else has set it meanwhile.
  void RunOptimisticIncrement() {
    const uint32_t key =
        shared_.keys.Take(Family::kCounter, static_cast<uint32_t>(Below(KeyPool::kSlots)));
    const std::string name = KeyName(Family::kCounter, key);
    Request read{.operation = {.key = key, .client = number_, .family = Family::kCounter},
                 .args = {"GET", name}};
    connection_->Queue({"WATCH", name});
    connection_->Queue(read.args);
    read.operation.invoke_ns = NowNs();
    Reply reply;
    const bool answered =
        connection_->Send() && connection_->Read(&reply) && connection_->Read(&reply);
    Request write{.operation = read.operation, .args = {"SET", name}};
    Record(&read, answered ? &reply : nullptr);
    if (!answered) return;
    write.operation.kind = Kind::kCompareAndSet;
    write.operation.expected = NumberOf(reply);
    write.operation.argument = reply.text.empty() ? 1 : write.operation.expected + 1;
    write.args.push_back(std::to_string(write.operation.argument));
    connection_->Queue({"MULTI"});
    connection_->Queue(write.args);
    connection_->Queue({"EXEC"});
    write.operation.invoke_ns = NowNs();
    if (connection_->Send() && OneIn(500)) connection_->Close();
    for (int i = 0; i < 3; ++i) {
      if (!connection_->Read(&reply)) return Record(&write, nullptr);
    }
    if (reply.type == Reply::Type::kError) return NoteError({"EXEC"}, reply);
    if (reply.items.size() == 1) Record(&write, &reply.items[0]);  // else somebody was quicker
  }

  // ---- lists

  enum class Way { kExec, kWatchedExec, kDiscarded, kRefused, kScript, kUndeclaring, kAlone };

  Way DrawWay() {
    const uint64_t roll = Below(100);
    if (roll < 35) return Way::kExec;
    if (roll < 45) return Way::kWatchedExec;
    if (roll < 48) return Way::kDiscarded;
    if (roll < 50) return Way::kRefused;
    if (roll < 70) return Way::kScript;
    return roll < 78 ? Way::kUndeclaring : Way::kAlone;
  }

  static Args ArgsOf(const Action& action) {
    const std::string name = ListName(action.key);
    if (action.append) return {"RPUSH", name, std::to_string(action.value)};
    return {"LRANGE", name, "0", "-1"};
  }

  static void TakeResult(const Reply& reply, Action* action) {
    action->length = reply.integer;
    for (const Reply& item : reply.items) action->list.push_back(NumberOf(item));
  }

  void RunTransaction() {
    constexpr const char* kWays[] = {"EXEC",    "WATCH and EXEC",
                                     "DISCARD", "EXEC after an error",
                                     "script",  "script that does not declare its keys",
                                     "alone"};
    const Way way = DrawWay();
    const uint64_t generation =
        shared_.transactions.fetch_add(1, std::memory_order_relaxed) / kTransactionsPerGeneration;
    Transaction each{.client = number_, .how = kWays[static_cast<int>(way)]};
    for (size_t left = way == Way::kAlone ? 1 : 1 + Below(kActionsMax); left > 0; --left) {
      Action action{.key = static_cast<uint32_t>(generation * kListKeys + Below(kListKeys)),
                    .append = OneIn(2)};
      if (action.append) action.value = next_value_++;
      each.actions.push_back(std::move(action));
    }
    std::vector<Reply> results;
    each.fate = way == Way::kAlone         ? SendAlone(&each, &results)
                : way == Way::kScript      ? SendScript(&each, true, &results)
                : way == Way::kUndeclaring ? SendScript(&each, false, &results)
                                           : SendExec(&each, way, &results);
    if (each.fate == Fate::kCommitted) {
      each.complete_ns = NowNs();
      for (size_t i = 0; i < each.actions.size(); ++i) TakeResult(results[i], &each.actions[i]);
    }
    recording_.transactions.push_back(std::move(each));
  }

  // Sends what is queued and reads `count` replies.
  bool Exchange(Transaction* each, size_t count, Reply* last) {
    each->invoke_ns = NowNs();
    if (connection_->Send() && OneIn(1000)) connection_->Close();
    for (size_t i = 0; i < count; ++i) {
      if (!connection_->Read(last)) return false;
    }
    return true;
  }

  Fate Answered(const Transaction& each, Reply* reply, std::vector<Reply>* results) {
    if (reply->type == Reply::Type::kNull || reply->type == Reply::Type::kNullArray) {
      return Fate::kAborted;
    }
    *results = std::move(reply->items);
    if (results->size() == each.actions.size()) return Fate::kCommitted;
    NoteError({each.how.data()}, *reply);
    return Fate::kLost;
  }

  Fate SendAlone(Transaction* each, std::vector<Reply>* results) {
    const Args args = ArgsOf(each->actions[0]);
    connection_->Queue(args);
    Reply reply;
    if (!Exchange(each, 1, &reply)) return Fate::kLost;
    if (reply.type == Reply::Type::kError) NoteError(args, reply);
    results->push_back(std::move(reply));
    return Fate::kCommitted;
  }

  Fate SendScript(Transaction* each, bool declared, std::vector<Reply>* results) {
    // Another text now and then: a script that was seen to use undeclared keys has all stripes
    // from its start on.
    const std::string mark = "-- " + std::to_string(Below(declared ? 2 : 40)) + "\n";
    Args keys, argv;
    for (const Action& action : each->actions) {
      keys.push_back(ListName(action.key));
      argv.insert(argv.end(), {keys.back(), action.append ? std::to_string(action.value) : ""});
    }
    // One of the keys may be declared although others are not.
    if (!declared) keys.resize(Below(2));
    Args args = {"EVAL",
                 mark +
                     "local results = {} "
                     "for i = 1, #ARGV, 2 do "
                     "  if ARGV[i + 1] ~= '' then "
                     "    results[#results + 1] = redis.call('RPUSH', ARGV[i], ARGV[i + 1]) "
                     "  else "
                     "    results[#results + 1] = redis.call('LRANGE', ARGV[i], 0, -1) "
                     "  end "
                     "end "
                     "return results",
                 std::to_string(keys.size())};
    args.insert(args.end(), keys.begin(), keys.end());
    args.insert(args.end(), argv.begin(), argv.end());
    connection_->Queue(args);
    Reply reply;
    if (!Exchange(each, 1, &reply)) return Fate::kLost;
    return Answered(*each, &reply, results);
  }

  Fate SendExec(Transaction* each, Way way, std::vector<Reply>* results) {
    size_t replies = each->actions.size() + 2;  // MULTI, EXEC
    if (way == Way::kWatchedExec) {
      connection_->Queue({"WATCH", ListName(each->actions[0].key)});
      connection_->Queue({"GET", "nothing"});
      replies += 2;
      // Others have a moment to change what is watched.
      if (OneIn(2)) {
        Reply reply;
        if (!Exchange(each, 2, &reply)) return Fate::kAborted;
        replies -= 2;
      }
    }
    connection_->Queue({"MULTI"});
    for (const Action& action : each->actions) connection_->Queue(ArgsOf(action));
    if (way == Way::kRefused) {
      connection_->Queue({"GET"});
      ++replies;
    }
    connection_->Queue({way == Way::kDiscarded ? "DISCARD" : "EXEC"});
    Reply reply;
    const bool read = Exchange(each, replies, &reply);
    if (way == Way::kDiscarded || way == Way::kRefused) return Fate::kAborted;
    return read ? Answered(*each, &reply, results) : Fate::kLost;
  }

  Shared& shared_;
  const uint16_t number_;
  std::mt19937_64 random_;
  int64_t next_value_;
  std::unique_ptr<Connection> connections_[2];  // for single keys, for lists
  std::unique_ptr<Connection> connection_;      // the one in use
  Recording recording_;
};

// Every list once more, when nobody appends any longer.
void ReadAllLists(Shared& shared, Recording* recording) {
  Connection connection(shared.options.socket);
  const uint64_t generations = shared.transactions.load() / kTransactionsPerGeneration + 1;
  for (uint64_t key = 0; key < generations * kListKeys; ++key) {
    Transaction each{.invoke_ns = NowNs(), .client = UINT16_MAX, .how = "at the end"};
    Action action{.key = static_cast<uint32_t>(key)};
    Reply reply;
    if (!connection.Run({"LRANGE", ListName(action.key), "0", "-1"}, &reply)) {
      recording->errors.push_back("the lists could not be read at the end");
      return;
    }
    for (const Reply& item : reply.items) action.list.push_back(NumberOf(item));
    each.fate = Fate::kCommitted;
    each.complete_ns = NowNs();
    each.actions.push_back(std::move(action));
    recording->transactions.push_back(std::move(each));
  }
}

// Ends connections in the middle of whatever they do.
void KillNowAndThen(Shared& shared) {
  std::mt19937_64 random(shared.options.seed);
  Connection connection(shared.options.socket);
  Reply reply;
  while (!shared.stop.load(std::memory_order_relaxed)) {
    std::this_thread::sleep_for(kKillEvery);
    const int64_t id = shared.ids[random() % shared.ids.size()].load(std::memory_order_relaxed);
    if (id != 0) connection.Run({"CLIENT", "KILL", "ID", std::to_string(id)}, &reply);
  }
}

// Empties the single keys' database: as if each of its keys were deleted, at one moment.
Recording FlushNowAndThen(Shared& shared) {
  Recording recording;
  Connection connection(shared.options.socket);
  Reply reply;
  connection.Run({"SELECT", kKeysDatabase}, &reply);
  for (int i = 0; !shared.stop.load(std::memory_order_relaxed); ++i) {
    std::this_thread::sleep_for(kFlushEvery);
    Operation flush{.invoke_ns = NowNs(), .client = UINT16_MAX, .kind = Kind::kFlush};
    if (!connection.Run({"FLUSHDB", i % 2 == 0 ? "ASYNC" : "SYNC"}, &reply)) break;
    flush.complete_ns = NowNs();
    // A key that came meanwhile is among them.
    for (const auto& [family, key] : shared.keys.Recent()) {
      flush.family = family;
      flush.key = key;
      recording.operations.push_back(flush);
    }
  }
  return recording;
}

// Writes more than there is room for.
void FillMemory(Shared& shared) {
  Connection connection(shared.options.socket);
  Reply reply;
  constexpr int64_t kRoomBytes = 3 << 20;
  int64_t used = 0;
  if (connection.Run({"INFO", "memory"}, &reply)) {
    const size_t at = reply.text.find("used_memory:");
    if (at != std::string::npos) used = std::atoll(reply.text.c_str() + at + 12);
  }
  connection.Run({"CONFIG", "SET", "maxmemory-policy", "allkeys-random"}, &reply);
  connection.Run({"CONFIG", "SET", "maxmemory", std::to_string(used + kRoomBytes)}, &reply);
  constexpr int kBatch = 50;
  const std::string value(1000, 'x');
  for (uint64_t i = 0; !shared.stop.load(std::memory_order_relaxed); ++i) {
    for (int n = 0; n < kBatch; ++n) {
      connection.Queue(
          {"SET", "fill:" + std::to_string(i * kBatch + static_cast<uint64_t>(n)), value});
    }
    if (!connection.Send()) return;
    for (int n = 0; n < kBatch; ++n) connection.Read(&reply);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Append(Recording* all, Recording part) {
  const auto move = [](auto* to, auto& from) {
    to->insert(to->end(), std::make_move_iterator(from.begin()),
               std::make_move_iterator(from.end()));
  };
  move(&all->operations, part.operations);
  move(&all->transactions, part.transactions);
  move(&all->errors, part.errors);
  all->reconnections += part.reconnections;
}

}  // namespace

uint32_t KeyPool::Take(Family family, uint32_t slot) {
  const std::lock_guard lock(mutex_);
  Slot& taken = slots_[static_cast<size_t>(family)][slot];
  if (!taken.used || taken.operations >= kOperationsMax || taken.lost >= kLostMax) {
    if (taken.used) retired_.emplace_back(family, taken.key);
    if (retired_.size() > kRetiredMax) retired_.pop_front();
    taken = {.used = true, .key = keys_++};
  }
  ++taken.operations;
  return taken.key;
}

std::vector<std::pair<Family, uint32_t>> KeyPool::Recent() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<Family, uint32_t>> recent(retired_.begin(), retired_.end());
  for (size_t family = 0; family < kFamilies; ++family) {
    for (const Slot& slot : slots_[family]) {
      if (slot.used) recent.emplace_back(static_cast<Family>(family), slot.key);
    }
  }
  return recent;
}

void KeyPool::CountLost(Family family, uint32_t key) {
  const std::lock_guard lock(mutex_);
  for (Slot& slot : slots_[static_cast<size_t>(family)]) slot.lost += slot.key == key;
}

Recording RunLoad(const LoadOptions& options) {
  Shared shared(options);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::thread> threads;
  if (options.evict) threads.emplace_back([&] { FillMemory(shared); });
  for (int i = 0; i < options.clients; ++i) {
    clients.push_back(std::make_unique<Client>(shared, i));
    threads.emplace_back([client = clients.back().get()] { client->Run(); });
  }
  threads.emplace_back([&] { KillNowAndThen(shared); });
  Recording flushes;
  threads.emplace_back([&] { flushes = FlushNowAndThen(shared); });
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  shared.stop = true;
  for (std::thread& thread : threads) thread.join();
  Recording all;
  for (auto& client : clients) Append(&all, client->Take());
  Append(&all, std::move(flushes));
  if (!options.evict) ReadAllLists(shared, &all);
  return all;
}

}  // namespace larder::history
