// A fixture with clients that wait, over another command fixture.
#pragma once

#include <string_view>

#include "tests/support/command_fixture.h"

namespace larder {

template <class Fixture>
class WithWaiting : public Fixture {
 protected:
  // A new client that waits.
  TestClient& Waiting(std::string_view line) {
    TestClient& waiting = this->NewClient();
    EXPECT_EQ(waiting.Run(line).text, "(no reply)") << line;
    EXPECT_TRUE(waiting.blocked()) << line;
    return waiting;
  }
  // Its reply, after it has ended to wait.
  protocol::Reply ReplyOf(TestClient& waiting) {
    this->Settle();
    EXPECT_FALSE(waiting.blocked());
    return waiting.TakeReply();
  }
  bool StillWaits(TestClient& waiting) {
    this->Settle();
    return waiting.blocked() && waiting.TakePushes().empty();
  }
};

using BlockingFixture = WithWaiting<CommandFixture>;

}  // namespace larder
