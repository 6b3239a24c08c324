// Keyspace events (notify-keyspace-events): which classes are on, and their publication.
//
// Thread-safe. Publish is called with the stripe of the key locked, so that the order of events is
// the order of execution.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "server/config/live_options.h"

namespace larder {

class PubSub;

// The letters of the option, as live_options.h has their bits.
enum class NotifyClass : uint32_t {
  kKeyspace = kNotifyKeyspace,
  kKeyevent = kNotifyKeyevent,
  kGeneric = kNotifyGeneric,
  kString = kNotifyString,
  kList = kNotifyList,
  kSet = kNotifySet,
  kHash = kNotifyHash,
  kZSet = kNotifySortedSet,
  kExpired = kNotifyExpired,
  kEvicted = kNotifyEvicted,
  kStream = kNotifyStream,
  kKeyMiss = kNotifyKeyMiss,
  kModule = kNotifyModule,
  kNew = kNotifyNew,
  kOverwritten = kNotifyOverwritten,
  kTypeChanged = kNotifyTypeChanged,
};

class Notifications {
 public:
  explicit Notifications(PubSub& pubsub) : pubsub_(pubsub) {}

  // Whether any event would be published at all: one relaxed load.
  bool enabled() const { return classes_.load(std::memory_order_relaxed) != 0; }
  // Whether clients cache what they read, and so have to hear of changes likewise (tracking.h):
  // kept here, in a line that whoever changes a key looks at anyway.
  bool tracked() const { return tracked_.load(std::memory_order_relaxed); }
  void set_tracked(bool on) { tracked_.store(on, std::memory_order_relaxed); }
  void set_classes(uint32_t classes) { classes_.store(classes, std::memory_order_relaxed); }
  void Publish(NotifyClass event_class, std::string_view event, int database, std::string_view key);

 private:
  PubSub& pubsub_;
  std::atomic<uint32_t> classes_{0};
  std::atomic<bool> tracked_{false};
};

}  // namespace larder
