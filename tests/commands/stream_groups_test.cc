#include <string>

#include "tests/commands/stream_fixture.h"

namespace larder {
namespace {

class StreamGroupCommands : public StreamFixture {
 protected:
  // A stream 1-0 to 5-0 whose group g has given 1-0 and 2-0 to a, 3-0 to b.
  void MakeGroup() {
    AddMany("s", 1, 5);
    Run("XGROUP CREATE s g 0");
    Run("XREADGROUP GROUP g a COUNT 2 STREAMS s >");
    Run("XREADGROUP GROUP g b COUNT 1 STREAMS s >");
  }
  void Wait(std::chrono::milliseconds time) {
    clock.Advance(time);
    dispatcher.UpdateTime();
  }
};

constexpr char kNoKeyOrGroup[] = "-NOGROUP No such key 's' or consumer group 'x'";
constexpr char kNoGroup[] = "-NOGROUP No such consumer group 'x' for key name 's'";
constexpr char kKeyMustExist[] =
    "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
    "use the MKSTREAM option to create an empty stream automatically.";

// ---- XGROUP

TEST_F(StreamGroupCommands, GroupsAreMadeAndGo) {
  EXPECT_EQ(Shown("XGROUP CREATE s g 0"), kKeyMustExist);
  EXPECT_EQ(Shown("XGROUP CREATE s g x MKSTREAM"), kBadId);
  EXPECT_EQ(Shown("EXISTS s"), ":0");
  EXPECT_THAT(Run("XGROUP CREATE s g $ MKSTREAM"), IsOk());
  EXPECT_EQ(Shown("XGROUP CREATE s g $ MKSTREAM"), "-BUSYGROUP Consumer Group name already exists");
  EXPECT_EQ(Shown("XLEN s"), ":0");
  EXPECT_EQ(Shown("XGROUP CREATE s h - "), kBadId);
  EXPECT_EQ(Shown("XGROUP DESTROY s g"), ":1");
  EXPECT_EQ(Shown("XGROUP DESTROY s g"), ":0");
  EXPECT_EQ(Shown("XGROUP DESTROY missing g"), kKeyMustExist);
  Run("SET t x");
  EXPECT_EQ(Shown("XGROUP CREATE t g 0"), kWrongType);
  EXPECT_EQ(Shown("XGROUP DESTROY t g"), kWrongType);
}

TEST_F(StreamGroupCommands, GroupOptionsAreChecked) {
  AddMany("s", 1, 1);
  EXPECT_EQ(Shown("XGROUP CREATE s g 0 ENTRIESREAD -2"),
            "-ERR value for ENTRIESREAD must be positive or -1");
  EXPECT_EQ(Shown("XGROUP CREATE s g 0 ENTRIESREAD x"), kNotInteger);
  EXPECT_EQ(Shown("XGROUP CREATE s g 0 BOGUS"),
            "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.");
  EXPECT_EQ(Shown("XGROUP SETID s g 0 MKSTREAM"),
            "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.");
  EXPECT_EQ(Shown("XGROUP SETID s x 0"), kNoGroup);
  EXPECT_EQ(Shown("XGROUP CREATECONSUMER s x c"), kNoGroup);
  EXPECT_EQ(Shown("XGROUP DELCONSUMER s x c"), kNoGroup);
  EXPECT_EQ(Run("XGROUP HELP").items.size(), 17u);
}

TEST_F(StreamGroupCommands, SetidMovesAGroup) {
  MakeGroup();
  EXPECT_THAT(Run("XGROUP SETID s g 4"), IsOk());
  EXPECT_EQ(Shown("XREADGROUP GROUP g c STREAMS s >"), "[[\"s\", [[\"5-0\", [\"f\", \"5\"]]]]]");
  EXPECT_THAT(Run("XGROUP SETID s g - ENTRIESREAD 0"), IsOk());
  EXPECT_EQ(Run("XREADGROUP GROUP g c STREAMS s >").items[0].items[1].items.size(), 5u);
  EXPECT_EQ(Shown("XPENDING s g"), "[:5, \"1-0\", \"5-0\", [[\"c\", \"5\"]]]");
  EXPECT_THAT(Run("XGROUP SETID s g $ ENTRIESREAD 99"), IsOk());
  EXPECT_THAT(Shown("XINFO GROUPS s"), testing::HasSubstr("\"entries-read\", :5, \"lag\", :0"));
  EXPECT_EQ(Shown("XGROUP SETID s g x"), kBadId);
}

TEST_F(StreamGroupCommands, ConsumersTakeWhatIsPendingWithThem) {
  MakeGroup();
  EXPECT_EQ(Shown("XGROUP CREATECONSUMER s g c"), ":1");
  EXPECT_EQ(Shown("XGROUP CREATECONSUMER s g c"), ":0");
  EXPECT_EQ(Shown("XGROUP DELCONSUMER s g a"), ":2");
  EXPECT_EQ(Shown("XGROUP DELCONSUMER s g a"), ":0");
  EXPECT_EQ(Shown("XPENDING s g"), "[:1, \"3-0\", \"3-0\", [[\"b\", \"1\"]]]");
}

// ---- XACK, XACKDEL

TEST_F(StreamGroupCommands, XackEndsThatEntriesArePending) {
  MakeGroup();
  EXPECT_EQ(Shown("XACK s g 1-0 3-0 3-0 4-0"), ":2");
  EXPECT_EQ(Shown("XPENDING s g"), "[:1, \"2-0\", \"2-0\", [[\"a\", \"1\"]]]");
  EXPECT_EQ(Shown("XACK s g 2-0 x"), kBadId);
  EXPECT_EQ(Shown("XACK s x 2-0"), ":0");
  EXPECT_EQ(Shown("XACK missing g x"), ":0");
  Run("SET t x");
  EXPECT_EQ(Shown("XACK t g 1-0"), kWrongType);
}

TEST_F(StreamGroupCommands, XackdelDeletesWhatNobodyElseNeeds) {
  MakeGroup();
  Run("XGROUP CREATE s h 0");
  Run("XREADGROUP GROUP h c COUNT 3 STREAMS s >");
  EXPECT_EQ(Shown("XACKDEL s g ACKED IDS 3 1-0 4-0 9-0"), "[:2, :-1, :-1]");
  EXPECT_EQ(Shown("XACKDEL s h ACKED IDS 1 1-0"), "[:1]");
  EXPECT_EQ(Ids("s"), "2-0 3-0 4-0 5-0");
  EXPECT_EQ(Shown("XACKDEL s g IDS 1 2-0"), "[:1]");
  EXPECT_EQ(Shown("XPENDING s h"), "[:2, \"2-0\", \"3-0\", [[\"c\", \"2\"]]]");
  EXPECT_EQ(Shown("XACKDEL s g DELREF IDS 1 3-0"), "[:1]");
  EXPECT_EQ(Shown("XPENDING s h"), "[:1, \"2-0\", \"2-0\", [[\"c\", \"1\"]]]");
  EXPECT_EQ(Shown("XACKDEL s h IDS 1 2-0"), "[:1]");  // the entry is gone already
  EXPECT_EQ(Shown("XACKDEL s x IDS 1 4-0"), "[:-1]");
  EXPECT_EQ(Shown("XACKDEL missing g IDS 2 1-1 2-2"), "[:-1, :-1]");
}

// ---- XPENDING

TEST_F(StreamGroupCommands, XpendingShowsASummary) {
  MakeGroup();
  EXPECT_EQ(Shown("XPENDING s g"), "[:3, \"1-0\", \"3-0\", [[\"a\", \"2\"], [\"b\", \"1\"]]]");
  Run("XACK s g 1-0 2-0 3-0");
  EXPECT_EQ(client().RunRaw({"XPENDING", "s", "g"}), "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n");
  EXPECT_EQ(Shown("XPENDING s x"), kNoKeyOrGroup);
  Run("SET t x");
  EXPECT_EQ(Shown("XPENDING t g"), kWrongType);
}

TEST_F(StreamGroupCommands, XpendingShowsEntries) {
  MakeGroup();
  Wait(100ms);
  Run("XREADGROUP GROUP g b COUNT 1 STREAMS s >");
  Wait(50ms);
  EXPECT_EQ(Shown("XPENDING s g - + 2"),
            "[[\"1-0\", \"a\", :150, :1], [\"2-0\", \"a\", :150, :1]]");
  EXPECT_EQ(Shown("XPENDING s g (1 + 9 b"),
            "[[\"3-0\", \"b\", :150, :1], [\"4-0\", \"b\", :50, :1]]");
  EXPECT_EQ(Shown("XPENDING s g IDLE 100 - + 9 b"), "[[\"3-0\", \"b\", :150, :1]]");
  EXPECT_EQ(Shown("XPENDING s g IDLE 100 3 + 9"), "[[\"3-0\", \"b\", :150, :1]]");
  EXPECT_EQ(Shown("XPENDING s g - + 9 nobody"), "[]");
  EXPECT_EQ(Shown("XPENDING s g - + 0"), "[]");
  EXPECT_EQ(Shown("XPENDING s g - + -1"), "[]");
}

TEST_F(StreamGroupCommands, XpendingIsChecked) {
  MakeGroup();
  EXPECT_EQ(Shown("XPENDING s g -"), kSyntax);
  EXPECT_EQ(Shown("XPENDING s g - +"), kSyntax);
  EXPECT_EQ(Shown("XPENDING s g - + x"), kNotInteger);
  EXPECT_EQ(Shown("XPENDING s g x + 1"), kBadId);
  EXPECT_EQ(Shown("XPENDING s g - (0-0 1"), "-ERR invalid end ID for the interval");
  EXPECT_EQ(Shown("XPENDING s g IDLE x - + 1"), kNotInteger);
  EXPECT_EQ(Shown("XPENDING s g IDLE 5 - +"), kSyntax);
  EXPECT_EQ(Shown("XPENDING s g IDLE 5 - + 1 a b"), kSyntax);
}

// ---- XCLAIM

TEST_F(StreamGroupCommands, XclaimTakesOver) {
  MakeGroup();
  Wait(100ms);
  EXPECT_EQ(Shown("XCLAIM s g b 101 1-0"), "[]");
  EXPECT_EQ(Shown("XCLAIM s g b 100 1-0 4-0"), "[[\"1-0\", [\"f\", \"1\"]]]");
  EXPECT_EQ(Shown("XCLAIM s g c 0 2-0 JUSTID"), "[\"2-0\"]");
  EXPECT_EQ(Shown("XPENDING s g - + 9"),
            "[[\"1-0\", \"b\", :0, :2], [\"2-0\", \"c\", :0, :1], [\"3-0\", \"b\", :100, :1]]");
  EXPECT_EQ(Shown("XCLAIM s g c 0 3-0 IDLE 40 RETRYCOUNT 7"), "[[\"3-0\", [\"f\", \"3\"]]]");
  EXPECT_EQ(Shown("XPENDING s g 3 + 9"), "[[\"3-0\", \"c\", :40, :7]]");
  const std::string time = std::to_string(clock.UnixMicros() / 1000 - 30);
  Run("XCLAIM s g c 0 3-0 TIME " + time);
  EXPECT_EQ(Shown("XPENDING s g 3 + 9"), "[[\"3-0\", \"c\", :30, :8]]");
  Run("XCLAIM s g c 0 3-0 IDLE -5");
  EXPECT_EQ(Shown("XPENDING s g 3 + 9"), "[[\"3-0\", \"c\", :0, :9]]");
}

TEST_F(StreamGroupCommands, XclaimMayForceAndDropsWhatIsGone) {
  MakeGroup();
  EXPECT_EQ(Shown("XCLAIM s g c 0 5-0 9-0 FORCE"), "[[\"5-0\", [\"f\", \"5\"]]]");
  EXPECT_EQ(Shown("XPENDING s g 5 + 9"), "[[\"5-0\", \"c\", :0, :2]]");
  Run("XDEL s 1-0");
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0"), "[]");
  EXPECT_EQ(Shown("XPENDING s g - 2 9"), "[[\"2-0\", \"a\", :0, :1]]");
  EXPECT_EQ(Shown("XCLAIM s g c 0 2-0 LASTID 4-0 JUSTID"), "[\"2-0\"]");
  EXPECT_THAT(Shown("XINFO GROUPS s"), testing::HasSubstr("\"last-delivered-id\", \"4-0\""));
}

TEST_F(StreamGroupCommands, XclaimIsChecked) {
  MakeGroup();
  EXPECT_EQ(Shown("XCLAIM s x c 0 1-0"), kNoKeyOrGroup);
  EXPECT_EQ(Shown("XCLAIM s g c x 1-0"), "-ERR Invalid min-idle-time argument for XCLAIM");
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0 IDLE x"), "-ERR Invalid IDLE option argument for XCLAIM");
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0 TIME x"), "-ERR Invalid TIME option argument for XCLAIM");
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0 RETRYCOUNT x"),
            "-ERR Invalid RETRYCOUNT option argument for XCLAIM");
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0 LASTID x"), kBadId);
  EXPECT_EQ(Shown("XCLAIM s g c 0 1-0 BOGUS"), "-ERR Unrecognized XCLAIM option 'BOGUS'");
  EXPECT_EQ(Shown("XCLAIM s g c 0 x 1-0"), "-ERR Unrecognized XCLAIM option 'x'");
  EXPECT_EQ(Shown("XCLAIM s g c -5 FORCE"), "[]");
  Run("SET t x");
  EXPECT_EQ(Shown("XCLAIM t g c 0 1-0"), kWrongType);
}

// ---- XAUTOCLAIM

TEST_F(StreamGroupCommands, XautoclaimGoesThroughWhatIsPending) {
  MakeGroup();
  Wait(100ms);
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 50 0 COUNT 2"),
            "[\"3-0\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]], []]");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 50 3-0 COUNT 2 JUSTID"), "[\"0-0\", [\"3-0\"], []]");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 50 0"), "[\"0-0\", [], []]");
  EXPECT_EQ(Shown("XPENDING s g - + 9"),
            "[[\"1-0\", \"c\", :0, :2], [\"2-0\", \"c\", :0, :2], [\"3-0\", \"c\", :0, :1]]");
  Run("XDEL s 1-0 2-0");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 - COUNT 1"), "[\"2-0\", [], [\"1-0\"]]");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 (1-0"), "[\"0-0\", [[\"3-0\", [\"f\", \"3\"]]], [\"2-0\"]]");
}

TEST_F(StreamGroupCommands, XautoclaimLooksAtTenTimesItsCount) {
  AddMany("s", 1, 25);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a STREAMS s >");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 50 0 COUNT 1"), "[\"11-0\", [], []]");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 50 11-0 COUNT 2"), "[\"0-0\", [], []]");
}

TEST_F(StreamGroupCommands, XautoclaimIsChecked) {
  MakeGroup();
  EXPECT_EQ(Shown("XAUTOCLAIM s x c 0 0"), kNoKeyOrGroup);
  EXPECT_EQ(Shown("XAUTOCLAIM s g c x 0"), "-ERR Invalid min-idle-time argument for XAUTOCLAIM");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 x"), kBadId);
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 (18446744073709551615-18446744073709551615"),
            "-ERR invalid start ID for the interval");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 0 COUNT 0"), "-ERR COUNT must be > 0");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 0 COUNT 9223372036854775807"), "-ERR COUNT must be > 0");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 0 COUNT 576460752303423487"),
            "[\"0-0\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]], [\"3-0\", [\"f\", "
            "\"3\"]]], []]");
  EXPECT_EQ(Shown("XAUTOCLAIM s g c 0 0 BOGUS"), kSyntax);
  Run("SET t x");
  EXPECT_EQ(Shown("XAUTOCLAIM t g c 0 0"), kWrongType);
}

// ---- XINFO

TEST_F(StreamGroupCommands, XinfoStreamTellsTheWhole) {
  MakeGroup();
  Run("XDEL s 2-0");
  EXPECT_EQ(Shown("XINFO STREAM s"),
            "[\"length\", :4, \"radix-tree-keys\", :1, \"radix-tree-nodes\", :2, "
            "\"last-generated-id\", \"5-0\", \"max-deleted-entry-id\", \"2-0\", "
            "\"entries-added\", :5, \"recorded-first-entry-id\", \"1-0\", \"idmp-duration\", :100, "
            "\"idmp-maxsize\", :100, \"pids-tracked\", :0, \"iids-tracked\", :0, \"iids-added\", "
            ":0, \"iids-duplicates\", :0, \"groups\", :1, "
            "\"first-entry\", [\"1-0\", [\"f\", \"1\"]], \"last-entry\", [\"5-0\", [\"f\", "
            "\"5\"]]]");
  Run("XGROUP CREATE empty g $ MKSTREAM");
  EXPECT_THAT(Shown("XINFO STREAM empty"),
              testing::HasSubstr("\"first-entry\", null, \"last-entry\", null"));
  EXPECT_EQ(Shown("XINFO STREAM missing"), "-ERR no such key");
  EXPECT_EQ(Shown("XINFO STREAM s FULL COUNT"),
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.");
  EXPECT_EQ(Shown("XINFO STREAM s BOGUS"),
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.");
  EXPECT_EQ(Shown("XINFO STREAM s FULL COUNT x"), kNotInteger);
  Run("SET t x");
  EXPECT_EQ(Shown("XINFO STREAM t"), kWrongType);
}

TEST_F(StreamGroupCommands, XinfoStreamFullShowsWhatIsPending) {
  MakeGroup();
  const std::string now = std::to_string(clock.UnixMicros() / 1000);
  EXPECT_EQ(
      Shown("XINFO STREAM s FULL COUNT 1"),
      "[\"length\", :5, \"radix-tree-keys\", :1, \"radix-tree-nodes\", :2, "
      "\"last-generated-id\", \"5-0\", \"max-deleted-entry-id\", \"0-0\", "
      "\"entries-added\", :5, \"recorded-first-entry-id\", \"1-0\", \"idmp-duration\", :100, "
      "\"idmp-maxsize\", :100, \"pids-tracked\", :0, \"iids-tracked\", :0, \"iids-added\", :0, "
      "\"iids-duplicates\", :0, \"entries\", "
      "[[\"1-0\", [\"f\", \"1\"]]], \"groups\", [[\"name\", \"g\", \"last-delivered-id\", "
      "\"3-0\", \"entries-read\", :3, \"lag\", :2, \"pel-count\", :3, \"nacked-count\", :0, "
      "\"pending\", [[\"1-0\", "
      "\"a\", :" +
          now + ", :1]], \"consumers\", [[\"name\", \"a\", \"seen-time\", :" + now +
          ", \"active-time\", :" + now + ", \"pel-count\", :2, \"pending\", [[\"1-0\", :" + now +
          ", :1]]], [\"name\", \"b\", \"seen-time\", :" + now + ", \"active-time\", :" + now +
          ", \"pel-count\", :1, \"pending\", [[\"3-0\", :" + now + ", :1]]]]]]]");
  AddMany("s", 6, 15);
  EXPECT_EQ(Run("XINFO STREAM s FULL").items[27].items.size(), 10u);
  EXPECT_EQ(Run("XINFO STREAM s FULL COUNT 0").items[27].items.size(), 15u);
  EXPECT_EQ(Run("XINFO STREAM s FULL COUNT -1").items[27].items.size(), 10u);
}

TEST_F(StreamGroupCommands, XinfoGroupsAndConsumers) {
  MakeGroup();
  Run("XGROUP CREATECONSUMER s g idle");
  Run("XGROUP CREATE s f 3");
  EXPECT_EQ(Shown("XINFO GROUPS s"),
            "[[\"name\", \"f\", \"consumers\", :0, \"pending\", :0, \"last-delivered-id\", "
            "\"3-0\", \"entries-read\", null, \"lag\", null], [\"name\", \"g\", \"consumers\", :3, "
            "\"pending\", :3, \"last-delivered-id\", \"3-0\", \"entries-read\", :3, \"lag\", :2]]");
  Wait(20ms);
  EXPECT_EQ(Shown("XINFO CONSUMERS s g"),
            "[[\"name\", \"a\", \"pending\", :2, \"idle\", :20, \"inactive\", :20], [\"name\", "
            "\"b\", \"pending\", :1, \"idle\", :20, \"inactive\", :20], [\"name\", \"idle\", "
            "\"pending\", :0, \"idle\", :20, \"inactive\", :-1]]");
  EXPECT_EQ(Shown("XINFO CONSUMERS s x"), kNoGroup);
  EXPECT_EQ(Shown("XINFO GROUPS missing"), "-ERR no such key");
  EXPECT_EQ(Shown("XINFO CONSUMERS missing g"), "-ERR no such key");
  EXPECT_EQ(Run("XINFO HELP").items.size(), 9u);
}

}  // namespace
}  // namespace larder
