#include <string>

#include "tests/commands/blocking_fixture.h"
#include "tests/commands/stream_fixture.h"

namespace larder {
namespace {

class StreamReleaseCommands : public WithWaiting<StreamFixture> {
 protected:
  std::string ReplyOf(TestClient& waiting) {
    return testing::PrintToString(WithWaiting::ReplyOf(waiting));
  }
  void Wait(std::chrono::milliseconds time) {
    clock.Advance(time);
    dispatcher.UpdateTime();
  }
  // Entries 1-0 to 4-0, of which consumer a has 1-0 and 2-0, and b 3-0.
  void MakeGroup() {
    AddMany("s", 1, 4);
    Run("XGROUP CREATE s g 0");
    Run("XREADGROUP GROUP g a COUNT 2 STREAMS s >");
    Run("XREADGROUP GROUP g b COUNT 1 STREAMS s >");
  }
};

// ---- XNACK

TEST_F(StreamReleaseCommands, XnackGivesBackWhatIsPending) {
  MakeGroup();
  Wait(50ms);
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 3 1-0 3-0 4-0"), ":2");  // 4-0 is not pending
  EXPECT_EQ(Shown("XPENDING s g - + 10"),
            "[[\"1-0\", \"\", :-1, :1], [\"2-0\", \"a\", :50, :1], [\"3-0\", \"\", :-1, :1]]");
  EXPECT_EQ(Shown("XPENDING s g"), "[:3, \"1-0\", \"3-0\", [[\"a\", \"1\"]]]");
  EXPECT_EQ(Shown("XPENDING s g IDLE 60 - + 10"),
            "[[\"1-0\", \"\", :-1, :1], [\"3-0\", \"\", :-1, :1]]");
  EXPECT_EQ(Shown("XREADGROUP GROUP g a STREAMS s 0"), "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
  EXPECT_THAT(Shown("XINFO STREAM s FULL"),
              testing::HasSubstr("\"pel-count\", :3, \"nacked-count\", :2, \"pending\", [[\"1-0\", "
                                 "\"\", :0, :1]"));
}

TEST_F(StreamReleaseCommands, XnackCountsDeliveriesAsItsModeSays) {
  MakeGroup();
  Run("XCLAIM s g a 0 1-0 2-0 RETRYCOUNT 5 JUSTID");
  Run("XNACK s g SILENT IDS 1 1-0");
  Run("XNACK s g fatal IDS 1 2-0");
  Run("XNACK s g SILENT IDS 1 3-0");
  EXPECT_EQ(Shown("XPENDING s g - + 10"),
            "[[\"1-0\", \"\", :-1, :4], [\"2-0\", \"\", :-1, :9223372036854775807], [\"3-0\", "
            "\"\", :-1, :0]]");
  Run("XNACK s g SILENT IDS 1 3-0");  // below nothing it does not go
  EXPECT_EQ(Shown("XPENDING s g 3 3 10"), "[[\"3-0\", \"\", :-1, :0]]");
  Run("XNACK s g FATAL IDS 1 1-0 RETRYCOUNT 3");
  EXPECT_EQ(Shown("XPENDING s g 1 1 10"), "[[\"1-0\", \"\", :-1, :3]]");
  // Nobody counts further than that.
  Run("XCLAIM s g b 0 2-0");
  EXPECT_EQ(Shown("XPENDING s g 2 2 10"), "[[\"2-0\", \"b\", :0, :9223372036854775807]]");
}

TEST_F(StreamReleaseCommands, XnackForceMakesPendingWhatIsThere) {
  MakeGroup();
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 2 4-0 9-0 FORCE"), ":1");
  EXPECT_EQ(Shown("XNACK s g FATAL IDS 1 4-0 FORCE RETRYCOUNT 2"), ":1");
  EXPECT_EQ(Shown("XPENDING s g 4 + 10"), "[[\"4-0\", \"\", :-1, :2]]");
}

TEST_F(StreamReleaseCommands, WhatWasGivenBackIsClaimedAtOnceAndFirst) {
  MakeGroup();
  Run("XNACK s g FAIL IDS 1 3-0");
  Run("XNACK s g FAIL IDS 1 2-0");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 100000 0 COUNT 1 JUSTID"), "[\"3-0\", [\"2-0\"], []]");
  Run("XNACK s g FAIL IDS 1 2-0");
  const std::string now = std::to_string(clock.UnixMicros() / 1000);
  EXPECT_EQ(Shown("XREADGROUP GROUP g c COUNT 1 CLAIM 100000 STREAMS s >"),
            "[[\"s\", [[\"3-0\", [\"f\", \"3\"], :" + now + ", :1]]]]");
  EXPECT_EQ(Shown("XCLAIM s g c 100000 2-0 1-0 JUSTID"), "[\"2-0\"]");
  EXPECT_EQ(Shown("XPENDING s g - + 10 c"), "[[\"2-0\", \"c\", :0, :1], [\"3-0\", \"c\", :0, :2]]");
}

TEST_F(StreamReleaseCommands, WhatWasGivenBackIsAcknowledgedAndDeleted) {
  MakeGroup();
  Run("XNACK s g FAIL IDS 3 1-0 2-0 3-0");
  EXPECT_EQ(Shown("XACK s g 1-0"), ":1");
  EXPECT_EQ(Shown("XACKDEL s g IDS 1 2-0"), "[:1]");
  EXPECT_EQ(Shown("XDELEX s DELREF IDS 1 3-0"), "[:1]");
  EXPECT_EQ(Shown("XPENDING s g"), "[:0, null, null, null array]");
}

TEST_F(StreamReleaseCommands, XnackServesWhoWaitsToClaim) {
  MakeGroup();
  Run("XREADGROUP GROUP g b STREAMS s >");
  TestClient& waiting = Waiting("XREADGROUP GROUP g c BLOCK 0 CLAIM 100000 STREAMS s >");
  Run("XNACK s g SILENT IDS 1 2-0");
  EXPECT_THAT(ReplyOf(waiting), testing::StartsWith("[[\"s\", [[\"2-0\", [\"f\", \"2\"], :"));
}

TEST_F(StreamReleaseCommands, XnackIsChecked) {
  MakeGroup();
  EXPECT_EQ(Shown("XNACK missing g FAIL IDS 1 1-0"),
            "-NOGROUP No such key 'missing' or consumer group 'g'");
  EXPECT_EQ(Shown("XNACK s x FAIL IDS 1 1-0"), "-NOGROUP No such key 's' or consumer group 'x'");
  EXPECT_EQ(Shown("XNACK s g MAYBE IDS 1 1-0"), "-ERR mode must be SILENT, FAIL, or FATAL");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 0 1-0"), "-ERR numids must be a positive integer");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 2 1-0"), "-ERR number of IDs doesn't match numids");
  EXPECT_EQ(Shown("XNACK s g FAIL FORCE FORCE FORCE"), "-ERR syntax error, expected IDS keyword");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 1 1-0 2-0"), "-ERR Unrecognized XNACK option '2-0'");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 1 1-0 RETRYCOUNT"),
            "-ERR Unrecognized XNACK option 'RETRYCOUNT'");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 1 1-0 RETRYCOUNT -1"),
            "-ERR Invalid RETRYCOUNT value, must be >= 0");
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 1 1-0 RETRYCOUNT x"), kNotInteger);
  EXPECT_EQ(Shown("XNACK s g FAIL IDS 2 1-0 x"), kBadId);
  EXPECT_EQ(Shown("XPENDING s g 1 1 10"), "[[\"1-0\", \"a\", :0, :1]]");
  Run("SET t x");
  EXPECT_EQ(Shown("XNACK t g FAIL IDS 1 1-0"), kWrongType);
}

// ---- XREADGROUP … BLOCK … CLAIM

TEST_F(StreamReleaseCommands, AWaitingReaderClaimsWhatBecomesIdle) {
  MakeGroup();
  Run("XREADGROUP GROUP g b STREAMS s >");
  Wait(30ms);
  TestClient& waiting = Waiting("XREADGROUP GROUP g c COUNT 1 BLOCK 0 CLAIM 100 STREAMS s >");
  Wait(69ms);
  EXPECT_TRUE(StillWaits(waiting));
  Wait(1ms);
  EXPECT_EQ(ReplyOf(waiting), "[[\"s\", [[\"1-0\", [\"f\", \"1\"], :100, :1]]]]");
  EXPECT_EQ(Shown("XPENDING s g 1 1 10"), "[[\"1-0\", \"c\", :0, :2]]");
}

TEST_F(StreamReleaseCommands, OfSeveralWaitingReadersTheFirstClaims) {
  MakeGroup();
  Run("XREADGROUP GROUP g b STREAMS s >");
  TestClient& first = Waiting("XREADGROUP GROUP g c COUNT 3 BLOCK 0 CLAIM 100 STREAMS s >");
  TestClient& second = Waiting("XREADGROUP GROUP g d COUNT 3 BLOCK 0 CLAIM 100 STREAMS s >");
  Wait(100ms);
  EXPECT_THAT(ReplyOf(first), testing::HasSubstr("\"3-0\""));
  EXPECT_EQ(ReplyOf(second), "[[\"s\", [[\"4-0\", [\"f\", \"4\"], :100, :1]]]]");
}

TEST_F(StreamReleaseCommands, AWaitingReaderLooksAgainForWhatOthersAreGivenMeanwhile) {
  AddMany("s", 1, 1);
  Run("XGROUP CREATE s g $");
  TestClient& waiting = Waiting("XREADGROUP GROUP g c BLOCK 1000 CLAIM 100 STREAMS s >");
  Wait(60ms);
  Run("XCLAIM s g a 0 1-0 FORCE");
  Wait(90ms);
  EXPECT_TRUE(StillWaits(waiting));
  Wait(10ms);
  EXPECT_THAT(ReplyOf(waiting), testing::HasSubstr("\"1-0\""));
}

TEST_F(StreamReleaseCommands, AReaderThatFindsNothingToClaimTimesOut) {
  AddMany("s", 1, 1);
  Run("XGROUP CREATE s g $");
  TestClient& waiting = Waiting("XREADGROUP GROUP g c BLOCK 1000 CLAIM 100 STREAMS s >");
  Wait(999ms);
  EXPECT_TRUE(StillWaits(waiting));
  Wait(1ms);
  EXPECT_EQ(ReplyOf(waiting), "null array");
}

// ---- XADD … IDMP, XCFGSET

TEST_F(StreamReleaseCommands, XaddOfAKnownIdAddsNothing) {
  const std::string id = Run("XADD s IDMP p 1 * f v").text;
  EXPECT_EQ(Shown("XADD s IDMP p 1 * f other"), "\"" + id + "\"");
  EXPECT_EQ(Shown("XLEN s"), ":1");
  Run("XADD s IDMP q 1 * f v");
  Run("XADD s IDMP p 2 * f v");
  EXPECT_EQ(Shown("XLEN s"), ":3");
  EXPECT_THAT(Shown("XINFO STREAM s"),
              testing::HasSubstr("\"pids-tracked\", :2, \"iids-tracked\", :3, \"iids-added\", :3, "
                                 "\"iids-duplicates\", :1"));
}

TEST_F(StreamReleaseCommands, XaddMakesAnIdOfTheFields) {
  const std::string id = Run("XADD s IDMPAUTO p * a 1 b 2").text;
  EXPECT_EQ(Shown("XADD s IDMPAUTO p * b 2 a 1"), "\"" + id + "\"");
  Run("XADD s IDMPAUTO p * a 1 b 3");
  Run("XADD s IDMPAUTO q * a 1 b 2");
  EXPECT_EQ(Shown("XLEN s"), ":3");
  EXPECT_EQ(Shown("XADD missing NOMKSTREAM IDMPAUTO p * a 1"), "null");
  EXPECT_EQ(Shown("EXISTS missing"), ":0");
}

TEST_F(StreamReleaseCommands, IdsAreForgottenWithTimeAndBeyondTheirNumber) {
  EXPECT_EQ(Shown("XADD s * f v").front(), '"');
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION 5 IDMP-MAXSIZE 2"), "+OK");
  for (const char* id : {"1", "2", "3"}) Run("XADD s IDMP p " + std::string(id) + " * f v");
  Run("XADD s IDMP p 1 * f v");  // it was the oldest
  EXPECT_EQ(Shown("XLEN s"), ":5");
  EXPECT_THAT(Shown("XINFO STREAM s"), testing::HasSubstr("\"iids-tracked\", :2"));
  Wait(5s);
  EXPECT_THAT(Shown("XINFO STREAM s"),
              testing::HasSubstr("\"pids-tracked\", :0, \"iids-tracked\", :0, \"iids-added\", :4"));
  Run("XADD s IDMP p 1 * f v");
  EXPECT_EQ(Shown("XLEN s"), ":6");
}

TEST_F(StreamReleaseCommands, XcfgsetForgetsTheIdsOnlyWhenItChangesSomething) {
  Run("XADD s IDMP p 1 * f v");
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION 100"), "+OK");
  Run("XADD s IDMP p 1 * f v");
  EXPECT_EQ(Shown("XLEN s"), ":1");
  EXPECT_EQ(Shown("XCFGSET s IDMP-MAXSIZE 50"), "+OK");
  Run("XADD s IDMP p 1 * f v");
  EXPECT_EQ(Shown("XLEN s"), ":2");
  EXPECT_THAT(Shown("XINFO STREAM s"),
              testing::HasSubstr("\"idmp-duration\", :100, \"idmp-maxsize\", :50"));
}

TEST_F(StreamReleaseCommands, NewStreamsRememberAsTheOptionsSay) {
  Run("CONFIG SET stream-idmp-duration 7 stream-idmp-maxsize 9");
  Run("XADD s * f v");
  EXPECT_THAT(Shown("XINFO STREAM s"),
              testing::HasSubstr("\"idmp-duration\", :7, \"idmp-maxsize\", :9"));
}

TEST_F(StreamReleaseCommands, ProducersAreChecked) {
  EXPECT_EQ(Shown("XADD s IDMP p 1 IDMPAUTO p * f v"),
            "-ERR syntax error, IDMP/IDMPAUTO specified multiple times");
  EXPECT_EQ(Shown("XADD s IDMPAUTO \"\" * f v"),
            "-ERR syntax error, IDMPAUTO requires a non-empty producer ID");
  EXPECT_EQ(Shown("XADD s IDMP \"\" 1 * f v"),
            "-ERR syntax error, IDMP requires a non-empty producer ID");
  EXPECT_EQ(Shown("XADD s IDMP p \"\" * f v"),
            "-ERR syntax error, IDMP requires a non-empty idempotent ID");
  EXPECT_EQ(Shown("XADD s IDMP p 1 5-5 f v"),
            "-ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs");
  EXPECT_EQ(Shown("XADD s IDMP p * f v"), kBadId);
  EXPECT_EQ(Shown("EXISTS s"), ":0");
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION 5"), "-ERR no such key");
  Run("XADD s * f v");
  EXPECT_EQ(Shown("XCFGSET s"), "-ERR At least one parameter must be specified");
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION 0"),
            "-ERR IDMP-DURATION must be between 1 and 86400 seconds");
  EXPECT_EQ(Shown("XCFGSET s IDMP-MAXSIZE 10001"),
            "-ERR IDMP-MAXSIZE must be between 1 and 10000 entries");
  EXPECT_EQ(Shown("XCFGSET s IDMP-MAXSIZE 5 IDMP-MAXSIZE 5"),
            "-ERR IDMP-MAXSIZE specified multiple times");
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION"), kSyntax);
  EXPECT_EQ(Shown("XCFGSET s IDMP-DURATION x"), kNotInteger);
  Run("SET t x");
  EXPECT_EQ(Shown("XCFGSET t IDMP-DURATION 5"), kWrongType);
}

TEST_F(StreamReleaseCommands, AScriptThatStartsAgainPutsProducersAndGivenBackBack) {
  MakeGroup();
  Run("XADD s IDMP p 1 * f v");
  const std::string script =
      "redis.call('XNACK', KEYS[1], 'g', 'FAIL', 'IDS', 1, '1-0') "
      "redis.call('XADD', KEYS[1], 'IDMP', 'p', '2', '*', 'f', 'v') "
      "redis.call('GET', 'undeclared') return redis.call('XLEN', KEYS[1])";
  EXPECT_EQ(Shown("EVAL \"" + script + "\" 1 s"), ":6");
  EXPECT_THAT(Shown("XINFO STREAM s FULL"), testing::HasSubstr("\"iids-added\", :2"));
  EXPECT_THAT(Shown("XINFO STREAM s FULL"), testing::HasSubstr("\"nacked-count\", :1"));
}

}  // namespace
}  // namespace larder
