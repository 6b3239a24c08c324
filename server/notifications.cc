#include "server/notifications.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/pubsub.h"

namespace larder {

void Notifications::Publish(NotifyClass event_class, std::string_view event, int database,
                            std::string_view key) {
  const uint32_t classes = classes_.load(std::memory_order_relaxed);
  const auto on = [classes](NotifyClass one) { return (classes & static_cast<uint32_t>(one)) != 0; };
  if (!on(event_class)) return;
  if (on(NotifyClass::kKeyspace)) {
    pubsub_.Publish(absl::StrCat("__keyspace@", database, "__:", key), event);
  }
  if (on(NotifyClass::kKeyevent)) {
    pubsub_.Publish(absl::StrCat("__keyevent@", database, "__:", event), key);
  }
}

}  // namespace larder
