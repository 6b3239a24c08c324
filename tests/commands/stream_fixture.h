// A fixture whose replies are compared as one line of text.
#pragma once

#include <string>
#include <string_view>

#include "tests/commands/event_fixture.h"

namespace larder {

class StreamFixture : public EventFixture {
 protected:
  // [["1-0", ["f", "v"]]] for an array with an entry; :1, -ERR text, null, null array.
  std::string Shown(std::string_view line) { return testing::PrintToString(Run(line)); }
  // The events of this command alone.
  std::string EventsOf(std::string_view line) {
    EventFixture::EventsOf("PING");
    return EventFixture::EventsOf(line);
  }
  // Entries first-0 to last-0, each with the field f and its number.
  void AddMany(const std::string& key, int first, int last) {
    for (int i = first; i <= last; ++i) {
      Run("XADD " + key + " " + std::to_string(i) + "-0 f " + std::to_string(i));
    }
  }
  // The ids of a stream, in order.
  std::string Ids(const std::string& key) {
    std::string ids;
    for (const auto& entry : Run("XRANGE " + key + " - +").items) {
      ids += (ids.empty() ? "" : " ") + entry.items[0].text;
    }
    return ids;
  }
};

inline constexpr char kWrongType[] =
    "-WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr char kSyntax[] = "-ERR syntax error";
inline constexpr char kNotInteger[] = "-ERR value is not an integer or out of range";
inline constexpr char kBadId[] = "-ERR Invalid stream ID specified as stream command argument";

}  // namespace larder
