// Messages and keyspace events of a script that may have to start again: they are kept until it
// ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/notifications.h"

namespace larder {

struct Effect {
  enum class Kind : uint8_t { kEvent, kPublish, kShardPublish };
  Kind kind;
  NotifyClass event_class;
  int database;
  std::string name;     // of the event, or the channel
  std::string payload;  // the key, or the message
};

using Effects = std::vector<Effect>;

}  // namespace larder
