// A command fixture with clients that wait.
#pragma once

#include <string_view>

#include "tests/support/command_fixture.h"

namespace larder {

class BlockingFixture : public CommandFixture {
 protected:
  // A new client that waits.
  TestClient& Waiting(std::string_view line) {
    TestClient& waiting = NewClient();
    EXPECT_EQ(waiting.Run(line).text, "(no reply)") << line;
    EXPECT_TRUE(waiting.blocked()) << line;
    return waiting;
  }
  // Its reply, after it has ended to wait.
  protocol::Reply ReplyOf(TestClient& waiting) {
    Settle();
    EXPECT_FALSE(waiting.blocked());
    return waiting.TakeReply();
  }
  bool StillWaits(TestClient& waiting) {
    Settle();
    return waiting.blocked() && waiting.TakePushes().empty();
  }
};

}  // namespace larder
