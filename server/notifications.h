// Keyspace events (notify-keyspace-events): which classes are on, and their publication.
//
// Thread-safe. Publish is called with the stripe of the key locked, so that the order of events is
// the order of execution.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace larder {

class PubSub;

enum class NotifyClass : uint32_t {
  kKeyspace = 1 << 0,      // K
  kKeyevent = 1 << 1,      // E
  kGeneric = 1 << 2,       // g
  kString = 1 << 3,        // $
  kList = 1 << 4,          // l
  kSet = 1 << 5,           // s
  kHash = 1 << 6,          // h
  kZSet = 1 << 7,          // z
  kExpired = 1 << 8,       // x
  kEvicted = 1 << 9,       // e
  kStream = 1 << 10,       // t
  kKeyMiss = 1 << 11,      // m, not part of A
  kModule = 1 << 12,       // d
  kNew = 1 << 13,          // n, not part of A
  kOverwritten = 1 << 14,  // o, not part of A
  kTypeChanged = 1 << 15,  // c, not part of A
};                         // the same bits as KeyspaceEventFlag in config/live_options.h

class Notifications {
 public:
  explicit Notifications(PubSub& pubsub) : pubsub_(pubsub) {}

  // Whether any event would be published at all: one relaxed load.
  bool enabled() const { return classes_.load(std::memory_order_relaxed) != 0; }
  void set_classes(uint32_t classes) { classes_.store(classes, std::memory_order_relaxed); }
  void Publish(NotifyClass event_class, std::string_view event, int database, std::string_view key);

 private:
  PubSub& pubsub_;
  std::atomic<uint32_t> classes_{0};
};

}  // namespace larder
