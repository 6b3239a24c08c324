#include "server/notifications.h"

#include <fmt/format.h>

#include <string>

#include "server/pubsub.h"

namespace larder {

void Notifications::Publish(NotifyClass event_class, std::string_view event, int database,
                            std::string_view key) {
  const uint32_t classes = classes_.load(std::memory_order_relaxed);
  const auto on = [classes](NotifyClass one) {
    return (classes & static_cast<uint32_t>(one)) != 0;
  };
  if (!on(event_class)) return;
  if (on(NotifyClass::kKeyspace)) {
    pubsub_.Publish(fmt::format("__keyspace@{}__:{}", database, key), event);
  }
  if (on(NotifyClass::kKeyevent)) {
    pubsub_.Publish(fmt::format("__keyevent@{}__:{}", database, event), key);
  }
}

}  // namespace larder
