#include <string>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/stream_fixture.h"

namespace larder {
namespace {

class StreamReadBudgets : public WithWaiting<StreamFixture> {
 protected:
  // How many entries of each key a reply has: "s:2 t:1".
  static std::string Counts(const protocol::Reply& reply) {
    std::string counts;
    for (const auto& stream : reply.items) {
      counts += (counts.empty() ? "" : " ") + stream.items[0].text + ":" +
                std::to_string(stream.items[1].items.size());
    }
    return counts;
  }
  std::string Counted(std::string_view line) { return Counts(Run(line)); }
};

TEST_F(StreamReadBudgets, MaxcountIsForAllKeysTogether) {
  AddMany("s", 1, 5);
  AddMany("t", 1, 5);
  AddMany("u", 1, 5);
  EXPECT_EQ(Counted("XREAD COUNT 2 STREAMS s t u 0 0 0"), "s:2 t:2 u:2");
  EXPECT_EQ(Counted("XREAD COUNT 2 MAXCOUNT 3 STREAMS s t u 0 0 0"), "s:2 t:1");
  EXPECT_EQ(Counted("XREAD MAXCOUNT 4 COUNT 2 STREAMS s t u 0 0 0"), "s:2 t:2");
  EXPECT_EQ(Counted("XREAD MAXCOUNT 4 STREAMS s t u 0 0 0"), "s:4");
  EXPECT_EQ(Counted("XREAD maxcount 7 STREAMS s missing t u 3 0 0 4"), "s:2 t:5");
  EXPECT_EQ(Counted("XREAD COUNT 0 MAXCOUNT 1 STREAMS s t 0 0"), "s:1");
  EXPECT_EQ(Counted("XREAD COUNT 3 MAXCOUNT 3 STREAMS s t 4 0"), "s:1 t:2");
  EXPECT_EQ(Counted("XREAD MAXCOUNT 9223372036854775807 STREAMS s t 0 0"), "s:5 t:5");
}

TEST_F(StreamReadBudgets, MaxsizeEndsTheReplyBehindTheEntryThatReachesIt) {
  AddMany("s", 1, 3);
  AddMany("t", 1, 3);
  const size_t one = client().RunRaw({"XREAD", "COUNT", "1", "STREAMS", "s", "0"}).size();
  const size_t two = client().RunRaw({"XREAD", "COUNT", "2", "STREAMS", "s", "0"}).size();
  EXPECT_EQ(Counted("XREAD MAXSIZE 1 STREAMS s t 0 0"), "s:1");
  EXPECT_EQ(Counted("XREAD MAXSIZE " + std::to_string(one) + " STREAMS s t 0 0"), "s:1");
  EXPECT_EQ(Counted("XREAD MAXSIZE " + std::to_string(one + 1) + " STREAMS s t 0 0"), "s:2");
  EXPECT_EQ(Counted("XREAD MAXSIZE " + std::to_string(two) + " STREAMS s t 0 0"), "s:2");
  EXPECT_EQ(Counted("XREAD COUNT 1 MAXSIZE " + std::to_string(one + 1) + " STREAMS s t 0 0"),
            "s:1 t:1");
  EXPECT_EQ(Counted("XREAD MAXSIZE 100000 MAXCOUNT 4 STREAMS s t 0 0"), "s:3 t:1");
  EXPECT_EQ(Counted("XREAD MAXSIZE 1 MAXCOUNT 4 STREAMS s t 0 0"), "s:1");
}

TEST_F(StreamReadBudgets, AnEntryAboveMaxsizeIsAnsweredAllTheSame) {
  RunArgs({"XADD", "s", "1-0", "f", std::string(50000, 'x')});
  AddMany("t", 1, 1);
  EXPECT_EQ(Counted("XREAD MAXSIZE 50 STREAMS s t 0 0"), "s:1");
  EXPECT_EQ(client().RunRaw({"XREAD", "MAXSIZE", "50", "STREAMS", "s", "1"}), "*-1\r\n");
}

TEST_F(StreamReadBudgets, TheBytesOfEarlierRepliesDoNotCount) {
  AddMany("s", 1, 3);
  Run("MULTI");
  Run("XREAD STREAMS s 0");
  Run("XREAD MAXSIZE 70 STREAMS s 0");
  const protocol::Reply replies = Run("EXEC");
  ASSERT_EQ(replies.items.size(), 2u);
  EXPECT_EQ(Counts(replies.items[0]), "s:3");
  EXPECT_EQ(Counts(replies.items[1]), "s:2");
}

TEST_F(StreamReadBudgets, AGroupIsGivenWhatIsAnsweredAndNoMore) {
  for (const std::string key : {"s", "t"}) {
    AddMany(key, 1, 3);
    Run("XGROUP CREATE " + key + " g 0");
  }
  EXPECT_EQ(Counted("XREADGROUP GROUP g a COUNT 2 MAXCOUNT 3 STREAMS s t > >"), "s:2 t:1");
  EXPECT_EQ(Shown("XPENDING t g"), "[:1, \"1-0\", \"1-0\", [[\"a\", \"1\"]]]");
  EXPECT_EQ(Counted("XREADGROUP GROUP g a MAXSIZE 1 STREAMS s t > >"), "s:1");
  EXPECT_EQ(Counted("XREADGROUP GROUP g b MAXCOUNT 5 NOACK STREAMS s t > >"), "t:2");
  EXPECT_EQ(Shown("XPENDING s g"), "[:3, \"1-0\", \"3-0\", [[\"a\", \"3\"]]]");
}

TEST_F(StreamReadBudgets, TheyHoldForWhatIsPendingAndForWhatIsClaimed) {
  AddMany("s", 1, 3);
  AddMany("t", 1, 1);
  for (const std::string key : {"s", "t"}) Run("XGROUP CREATE " + key + " g 0");
  Run("XREADGROUP GROUP g a STREAMS s t > >");
  EXPECT_EQ(Counted("XREADGROUP GROUP g a MAXCOUNT 2 STREAMS s t 0 0"), "s:2");
  EXPECT_EQ(Counted("XREADGROUP GROUP g a MAXSIZE 1 STREAMS s t 0 0"), "s:1");
  EXPECT_EQ(Counted("XREADGROUP GROUP g a MAXCOUNT 1 STREAMS s t 3 0"), "s:0 t:1");
  clock.Advance(10ms);
  dispatcher.UpdateTime();
  AddMany("s", 4, 5);
  EXPECT_EQ(Counted("XREADGROUP GROUP g b MAXSIZE 1 CLAIM 5 STREAMS s t > >"), "s:1");
  EXPECT_EQ(Counted("XREADGROUP GROUP g b MAXCOUNT 3 CLAIM 5 STREAMS s t > >"), "s:3");
  EXPECT_EQ(Shown("XPENDING s g"), "[:4, \"1-0\", \"4-0\", [[\"b\", \"4\"]]]");
}

TEST_F(StreamReadBudgets, WhoWaitsKeepsItsLimits) {
  Run("XGROUP CREATE s g $ MKSTREAM");
  TestClient& counted = Waiting("XREAD MAXCOUNT 2 BLOCK 0 STREAMS s t $ $");
  TestClient& sized = Waiting("XREAD MAXSIZE 1 BLOCK 0 STREAMS s $");
  TestClient& grouped = Waiting("XREADGROUP GROUP g a MAXCOUNT 2 BLOCK 0 STREAMS s >");
  RunArgs({"EVAL", "for i = 1, 3 do redis.call('XADD', KEYS[1], i, 'f', i) end", "1", "s"});
  EXPECT_EQ(Counts(ReplyOf(counted)), "s:2");
  EXPECT_EQ(Counts(ReplyOf(sized)), "s:1");
  EXPECT_EQ(Counts(ReplyOf(grouped)), "s:2");
  EXPECT_EQ(Shown("XPENDING s g"), "[:2, \"1-0\", \"2-0\", [[\"a\", \"2\"]]]");
}

TEST_F(StreamReadBudgets, WrongLimitsAreRefused) {
  AddMany("s", 1, 1);
  for (const std::string value : {"0", "-1"}) {
    EXPECT_EQ(Shown("XREAD MAXCOUNT " + value + " STREAMS s 0"),
              "-ERR MAXCOUNT must be a positive integer");
    EXPECT_EQ(Shown("XREAD MAXSIZE " + value + " STREAMS s 0"),
              "-ERR MAXSIZE must be a positive integer");
  }
  EXPECT_EQ(Shown("XREAD MAXCOUNT x STREAMS s 0"), kNotInteger);
  EXPECT_EQ(Shown("XREAD MAXSIZE x STREAMS s 0"), kNotInteger);
  EXPECT_EQ(Shown("XREAD COUNT 3 MAXCOUNT 2 STREAMS s 0"),
            "-ERR MAXCOUNT must be greater than or equal to COUNT");
  EXPECT_EQ(Shown("XREADGROUP GROUP g c MAXCOUNT 2 COUNT 3 STREAMS s >"),
            "-ERR MAXCOUNT must be greater than or equal to COUNT");
}

}  // namespace
}  // namespace larder
