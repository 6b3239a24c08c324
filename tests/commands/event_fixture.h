// A command fixture with a second client that hears every key event.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/command_fixture.h"

namespace larder {

class EventFixture : public CommandFixture {
 protected:
  EventFixture() : subscriber_(NewClient()) {
    engine.notifications.set_classes(0xffffffff);
    subscriber_.Run("PSUBSCRIBE __keyevent@*");
  }

  // The events of a command, as "event key" lines.
  std::string EventsOf(std::string_view line) {
    Run(line);
    Settle();
    std::string events;
    for (const auto& push : subscriber_.TakePushes()) {
      if (push.items.size() != 4) continue;
      const std::string& channel = push.items[2].text;
      events += channel.substr(channel.find(':') + 1) + " " + push.items[3].text + "\n";
    }
    return events;
  }

 private:
  TestClient& subscriber_;
};

}  // namespace larder
