// What other threads want from a worker: messages for its clients, and functions to run on its
// thread.
//
// A client of another worker is never touched directly: it is named by its id, and an id that is
// gone by the time the message is read is passed over. Messages keep the order in which they were
// posted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace larder {

class Session;

// A push as its receiver encodes it, in the protocol that it speaks by then; or (kReply) the
// finished reply that ends its wait; or (kRightsChanged) word that its user's channels are others;
// or word that keys which it may have cached changed, as an encoded array of them in `payload`
// (empty: all).
struct PushMessage {
  enum class Kind : uint8_t {
    kMessage,
    kPatternMessage,
    kShardMessage,
    kMonitorLine,
    kReply,
    kRightsChanged,
    kInvalidate,              // keys that it has read
    kInvalidateBroadcast,     // keys with a prefix that it listens for
    kInvalidateAll,           // whatever it tracks
    kRedirectedInvalidation,  // what another client tracks
    kTagPurged,               // a tag that it listens for, in `payload`
    kTagsFlushed              // all of them
  };
  Kind kind;
  std::string pattern;
  std::string channel;
  std::string payload;
};

// Push and Post are thread-safe; the rest is the owner's.
class Mailbox {
 public:
  // `wake` is called (from any thread) when the first item is put into an empty box.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Push(uint64_t session_id, std::shared_ptr<const PushMessage> message);
  void Post(std::function<void()> task);

  // Whether anything waits. What was posted before its sender's client was answered is seen here by
  // whoever has read a later request of that client.
  bool pending() const { return pending_.load(std::memory_order_acquire); }

  // Runs what is waiting: `find` answers the session of an id, or null. Tasks and deliveries may
  // post again: that is run by the next Drain. Returns false when there was nothing.
  bool Drain(const std::function<Session*(uint64_t)>& find);

 private:
  struct Item {
    uint64_t session_id;
    std::shared_ptr<const PushMessage> message;  // null: run `task`
    std::function<void()> task;
  };
  void Add(Item item);

  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Item> items_;
  std::atomic<bool> pending_{false};
};

}  // namespace larder
