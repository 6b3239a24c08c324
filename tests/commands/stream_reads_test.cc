#include <string>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/stream_fixture.h"

namespace larder {
namespace {

class StreamReadCommands : public WithWaiting<StreamFixture> {
 protected:
  std::string ReplyOf(TestClient& waiting) {
    return testing::PrintToString(WithWaiting::ReplyOf(waiting));
  }
  void Wait(std::chrono::milliseconds time) {
    clock.Advance(time);
    dispatcher.UpdateTime();
  }
};

constexpr char kGone[] =
    "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";

// ---- XREAD

TEST_F(StreamReadCommands, XreadAnswersWhatIsBehindAnId) {
  AddMany("s", 1, 3);
  AddMany("t", 5, 6);
  EXPECT_EQ(Shown("XREAD STREAMS s 1"),
            "[[\"s\", [[\"2-0\", [\"f\", \"2\"]], [\"3-0\", [\"f\", \"3\"]]]]]");
  EXPECT_EQ(Shown("XREAD COUNT 1 STREAMS s missing t 0 0 0-0"),
            "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]], [\"t\", [[\"5-0\", [\"f\", \"5\"]]]]]");
  EXPECT_EQ(Shown("XREAD STREAMS s t 3 +"), "[[\"t\", [[\"6-0\", [\"f\", \"6\"]]]]]");
  EXPECT_EQ(client().RunRaw({"XREAD", "STREAMS", "s", "t", "$", "6-0"}), "*-1\r\n");
  EXPECT_EQ(client().RunRaw({"XREAD", "STREAMS", "missing", "+"}), "*-1\r\n");
  Run("XDEL t 6-0");
  EXPECT_EQ(Shown("XREAD STREAMS t +"), "[[\"t\", [[\"5-0\", [\"f\", \"5\"]]]]]");
  Run("HELLO 3");
  EXPECT_EQ(client().RunRaw({"XREAD", "STREAMS", "s", "2"}),
            "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n3-0\r\n*2\r\n$1\r\nf\r\n$1\r\n3\r\n");
  EXPECT_EQ(client().RunRaw({"XREAD", "STREAMS", "s", "3"}), "_\r\n");
}

TEST_F(StreamReadCommands, XreadIsChecked) {
  AddMany("s", 1, 1);
  EXPECT_EQ(Shown("XREAD COUNT 1 s 0"), kSyntax);
  EXPECT_EQ(Shown("XREAD STREAMS s t 0"),
            "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
            "specified.");
  EXPECT_EQ(Shown("XREAD COUNT x STREAMS s 0"), kNotInteger);
  EXPECT_EQ(Shown("XREAD BLOCK x STREAMS s 0"), "-ERR timeout is not an integer or out of range");
  EXPECT_EQ(Shown("XREAD BLOCK -1 STREAMS s 0"), "-ERR timeout is negative");
  EXPECT_EQ(Shown("XREAD STREAMS s x"), kBadId);
  EXPECT_EQ(Shown("XREAD STREAMS s >"),
            "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
            "<consumer> option.");
  EXPECT_EQ(Shown("XREAD NOACK STREAMS s 0"),
            "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
  EXPECT_EQ(Shown("XREAD GROUP g c STREAMS s 0"),
            "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
  EXPECT_EQ(Shown("XREAD CLAIM 5 STREAMS s 0"), kSyntax);
  Run("SET t x");
  EXPECT_EQ(Shown("XREAD STREAMS t 0"), kWrongType);
}

TEST_F(StreamReadCommands, XreadWaitsForEntries) {
  AddMany("s", 1, 2);
  TestClient& first = Waiting("XREAD BLOCK 0 STREAMS missing s $ $");
  TestClient& second = Waiting("XREAD BLOCK 0 COUNT 1 STREAMS s 2-5");
  TestClient& third = Waiting("XREAD BLOCK 0 STREAMS s 100");
  AddMany("s", 3, 3);
  EXPECT_EQ(ReplyOf(first), "[[\"s\", [[\"3-0\", [\"f\", \"3\"]]]]]");
  EXPECT_EQ(ReplyOf(second), "[[\"s\", [[\"3-0\", [\"f\", \"3\"]]]]]");
  EXPECT_TRUE(StillWaits(third));
  Run("XADD s MAXLEN 0 101-0 f x");
  EXPECT_TRUE(StillWaits(third));  // it was gone before anybody could see it
  Run("DEL s");
  EXPECT_TRUE(StillWaits(third));
  AddMany("s", 200, 200);
  EXPECT_EQ(ReplyOf(third), "[[\"s\", [[\"200-0\", [\"f\", \"200\"]]]]]");
}

TEST_F(StreamReadCommands, AllEntriesOfATransactionComeTogether) {
  TestClient& waiting = Waiting("XREAD BLOCK 1000 STREAMS s 0");
  Run("MULTI");
  Run("XADD s 1-0 f 1");
  Run("XADD s 2-0 f 2");
  Run("EXEC");
  EXPECT_EQ(ReplyOf(waiting), "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]]]");
}

TEST_F(StreamReadCommands, AWaitEndsWithItsTime) {
  TestClient& waiting = Waiting("XREAD BLOCK 50 STREAMS s $");
  clock.Advance(49ms);
  EXPECT_TRUE(StillWaits(waiting));
  clock.Advance(1ms);
  EXPECT_EQ(ReplyOf(waiting), "null array");
}

// ---- XREADGROUP

TEST_F(StreamReadCommands, XreadgroupGivesEachEntryOnce) {
  AddMany("s", 1, 3);
  Run("XGROUP CREATE s g 0");
  EXPECT_EQ(Shown("XREADGROUP GROUP g a COUNT 2 STREAMS s >"),
            "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g b NOACK STREAMS s >"),
            "[[\"s\", [[\"3-0\", [\"f\", \"3\"]]]]]");
  EXPECT_EQ(client().RunRaw({"XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">"}), "*-1\r\n");
  EXPECT_EQ(Shown("XPENDING s g"), "[:2, \"1-0\", \"2-0\", [[\"a\", \"2\"]]]");
}

TEST_F(StreamReadCommands, XreadgroupRepeatsWhatIsPending) {
  AddMany("s", 1, 3);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a STREAMS s >");
  EXPECT_EQ(Shown("XREADGROUP GROUP g a COUNT 1 BLOCK 0 STREAMS s 1"),
            "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g b STREAMS s 0"), "[[\"s\", []]]");
  Run("XDEL s 3-0");
  EXPECT_EQ(Shown("XREADGROUP GROUP g a STREAMS s 1-0"),
            "[[\"s\", [[\"2-0\", [\"f\", \"2\"]], [\"3-0\", null array]]]]");
  EXPECT_EQ(Shown("XPENDING s g - + 9"),
            "[[\"1-0\", \"a\", :0, :1], [\"2-0\", \"a\", :0, :3], [\"3-0\", \"a\", :0, :1]]");
}

TEST_F(StreamReadCommands, XreadgroupIsChecked) {
  AddMany("s", 1, 1);
  Run("XGROUP CREATE s h 0");
  EXPECT_EQ(Shown("XREADGROUP GROUP g c STREAMS s >"), kGone);
  EXPECT_EQ(Shown("XREADGROUP GROUP h c STREAMS s $"),
            "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the "
            "history of this consumer by specifying a proper ID, or use the > ID to get new "
            "messages. The $ ID would just return an empty result set.");
  EXPECT_THAT(Shown("XREADGROUP GROUP h c STREAMS s +"),
              testing::StartsWith("-ERR The + ID is meaningless"));
  EXPECT_EQ(Shown("XREADGROUP NOACK COUNT 1 STREAMS a b c d"),
            "-ERR Missing GROUP option for XREADGROUP");
  EXPECT_EQ(Shown("XREADGROUP GROUP h c STREAMS s t >"),
            "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
            "specified.");
  EXPECT_EQ(Shown("XREADGROUP GROUP h c CLAIM x STREAMS s >"),
            "-ERR min-idle-time is not an integer");
  EXPECT_EQ(Shown("XREADGROUP GROUP h c CLAIM -1 STREAMS s >"),
            "-ERR min-idle-time must be a positive integer");
  Run("SET t x");
  EXPECT_EQ(Shown("XREADGROUP GROUP h c STREAMS t >"), kWrongType);
}

TEST_F(StreamReadCommands, ClaimTakesWhatIsIdleFirst) {
  AddMany("s", 1, 4);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a COUNT 1 STREAMS s >");
  Wait(10ms);
  Run("XREADGROUP GROUP g a COUNT 2 STREAMS s >");
  Run("XCLAIM s g a 0 1-0 IDLE 5");  // the younger one now
  Run("XCLAIM s g a 0 2-0 IDLE 9");
  Wait(91ms);
  EXPECT_EQ(Shown("XREADGROUP GROUP g b CLAIM 95 STREAMS s >"),
            "[[\"s\", [[\"2-0\", [\"f\", \"2\"], :100, :2], [\"1-0\", [\"f\", \"1\"], :96, :2], "
            "[\"4-0\", [\"f\", \"4\"], :0, :0]]]]");
  EXPECT_EQ(Shown("XPENDING s g - + 9"),
            "[[\"1-0\", \"b\", :0, :3], [\"2-0\", \"b\", :0, :3], [\"3-0\", \"a\", :91, :1], "
            "[\"4-0\", \"b\", :0, :1]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g b CLAIM 95 STREAMS s >"), "null array");
  Run("XADD s 5-0 f 5");
  EXPECT_EQ(Shown("XREADGROUP GROUP g c COUNT 1 NOACK CLAIM 91 STREAMS s >"),
            "[[\"s\", [[\"3-0\", [\"f\", \"3\"], :91, :1]]]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g c COUNT 1 NOACK CLAIM 9223372036854775807 STREAMS s >"),
            "[[\"s\", [[\"5-0\", [\"f\", \"5\"], :0, :0]]]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g c CLAIM 0 STREAMS s 0"),
            "[[\"s\", [[\"3-0\", [\"f\", \"3\"]]]]]");
}

TEST_F(StreamReadCommands, ReadersOfAGroupWaitInLine) {
  Run("XGROUP CREATE s g $ MKSTREAM");
  TestClient& first = Waiting("XREADGROUP GROUP g a BLOCK 0 STREAMS s >");
  TestClient& second = Waiting("XREADGROUP GROUP g b BLOCK 0 COUNT 1 STREAMS s >");
  AddMany("s", 1, 1);
  EXPECT_EQ(ReplyOf(first), "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  EXPECT_TRUE(StillWaits(second));
  AddMany("s", 2, 2);
  EXPECT_EQ(ReplyOf(second), "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
  EXPECT_EQ(Shown("XPENDING s g"), "[:2, \"1-0\", \"2-0\", [[\"a\", \"1\"], [\"b\", \"1\"]]]");
}

TEST_F(StreamReadCommands, AReaderOfAGroupEndsWithTheGroupOrTheKey) {
  const auto ends = [this](std::string_view with, const std::string& reply) {
    Run("DEL s");
    Run("XGROUP CREATE s g $ MKSTREAM");
    TestClient& waiting = Waiting("XREADGROUP GROUP g a BLOCK 0 STREAMS s >");
    Run("XGROUP CREATE s other 0");
    EXPECT_TRUE(StillWaits(waiting));
    Run(with);
    EXPECT_EQ(ReplyOf(waiting), reply) << with;
  };
  ends("XGROUP DESTROY s g", kGone);
  ends("DEL s", kGone);
  ends("UNLINK s", kGone);
  ends("RENAME s elsewhere", kGone);
  ends("FLUSHALL", kGone);
  ends("SWAPDB 0 1", kGone);
  ends("SET s x", kWrongType);
  ends("PEXPIRE s 0", kGone);
}

TEST_F(StreamReadCommands, AReaderOfAGroupEndsWhenTheKeyExpires) {
  Run("XGROUP CREATE s g $ MKSTREAM");
  TestClient& waiting = Waiting("XREADGROUP GROUP g a BLOCK 0 STREAMS s >");
  TestClient& plain = Waiting("XREAD BLOCK 0 STREAMS s $");
  Run("PEXPIRE s 10");
  Wait(11ms);
  Run("EXISTS s");
  EXPECT_EQ(ReplyOf(waiting), kGone);
  EXPECT_TRUE(StillWaits(plain));
  EXPECT_THAT(Run("INFO clients").text, testing::HasSubstr("blocked_clients:1"));
}

TEST_F(StreamReadCommands, AReaderMayBeUnblocked) {
  TestClient& waiting = Waiting("XREAD BLOCK 0 STREAMS s $");
  EXPECT_EQ(Shown("CLIENT UNBLOCK " + std::to_string(waiting.id()) + " ERROR"), ":1");
  EXPECT_EQ(ReplyOf(waiting), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

TEST_F(StreamReadCommands, ScriptsAndRenamesServeReaders) {
  TestClient& first = Waiting("XREAD BLOCK 0 STREAMS s $");
  Run("EVAL \"redis.call('XADD', KEYS[1], '1-0', 'a', '1'); redis.call('XADD', KEYS[1], '2-0', "
      "'a', '2')\" 1 s");
  EXPECT_EQ(ReplyOf(first), "[[\"s\", [[\"1-0\", [\"a\", \"1\"]], [\"2-0\", [\"a\", \"2\"]]]]]");
  TestClient& second = Waiting("XREAD BLOCK 0 STREAMS t 0");
  Run("RENAME s t");
  EXPECT_EQ(ReplyOf(second), "[[\"t\", [[\"1-0\", [\"a\", \"1\"]], [\"2-0\", [\"a\", \"2\"]]]]]");
}

TEST_F(StreamReadCommands, KeysAreTheFirstHalfBehindStreams) {
  EXPECT_THAT(Run("COMMAND GETKEYS XREAD COUNT 1 STREAMS a b 0 0"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS XREADGROUP GROUP streams c STREAMS a >"), IsBulks({"a"}));
}

}  // namespace
}  // namespace larder
