#include <string>
#include <vector>

#include "tests/commands/stream_fixture.h"

namespace larder {
namespace {

class StreamCommands : public StreamFixture {};

// ---- XADD

TEST_F(StreamCommands, XaddAppendsBehindTheLast) {
  EXPECT_EQ(Shown("XADD s 1-1 a 1 b 2"), "\"1-1\"");
  EXPECT_EQ(Shown("XADD s 1-* a 3"), "\"1-2\"");
  EXPECT_EQ(Shown("XADD s 5 a 4"), "\"5-0\"");
  EXPECT_EQ(Shown("XADD s 7-* a 5"), "\"7-0\"");
  EXPECT_EQ(Shown("XLEN s"), ":4");
  EXPECT_EQ(Shown("XRANGE s - 5"),
            "[[\"1-1\", [\"a\", \"1\", \"b\", \"2\"]], [\"1-2\", [\"a\", \"3\"]], [\"5-0\", "
            "[\"a\", \"4\"]]]");
  EXPECT_THAT(Run("TYPE s"), IsSimple("stream"));
  EXPECT_THAT(Run("OBJECT ENCODING s"), IsBulk("stream"));
  EXPECT_THAT(Run("SCAN 0 TYPE stream"), IsArray({IsBulk("0"), IsBulks({"s"})}));
  EXPECT_GT(Run("MEMORY USAGE s").integer, 50);
}

TEST_F(StreamCommands, XaddTakesTheTimeForAStar) {
  const int64_t now_ms = clock.UnixMicros() / 1000;
  const std::string now = std::to_string(now_ms);
  EXPECT_EQ(Shown("XADD s * a 1"), "\"" + now + "-0\"");
  EXPECT_EQ(Shown("XADD s * a 1"), "\"" + now + "-1\"");
  clock.Advance(5ms);
  dispatcher.UpdateTime();
  EXPECT_EQ(Shown("XADD s * a 1"), "\"" + std::to_string(now_ms + 5) + "-0\"");
  Run("XADD ahead 99999999999999-7 a 1");
  EXPECT_EQ(Shown("XADD ahead * a 1"), "\"99999999999999-8\"");
}

TEST_F(StreamCommands, XaddRefusesWhatIsNotBehindTheLast) {
  const char kSmall[] =
      "-ERR The ID specified in XADD is equal or smaller than the target stream top item";
  EXPECT_EQ(Shown("XADD s 0-0 a 1"), "-ERR The ID specified in XADD must be greater than 0-0");
  EXPECT_EQ(Shown("XADD s 0 a 1"), "-ERR The ID specified in XADD must be greater than 0-0");
  EXPECT_EQ(Shown("XADD s 0-* a 1"), "\"0-1\"");
  Run("XADD s 5-5 a 1");
  EXPECT_EQ(Shown("XADD s 5-5 a 1"), kSmall);
  EXPECT_EQ(Shown("XADD s 4-* a 1"), kSmall);
  EXPECT_EQ(Shown("XADD s 5-18446744073709551615 a 1"), "\"5-18446744073709551615\"");
  EXPECT_EQ(Shown("XADD s 5-* a 1"), kSmall);
  Run("XADD s 18446744073709551615-18446744073709551615 a 1");
  EXPECT_EQ(Shown("XADD s * a 1"),
            "-ERR The stream has exhausted the last possible ID, unable to add more items");
  EXPECT_EQ(Shown("XADD t - a 1"), kBadId);
  EXPECT_EQ(Shown("XADD t 1-x a 1"), kBadId);
  EXPECT_EQ(Shown("EXISTS t"), ":0");
}

TEST_F(StreamCommands, XaddNeedsPairs) {
  const char kArity[] = "-ERR wrong number of arguments for 'xadd' command";
  EXPECT_EQ(Shown("XADD s * a"), kArity);
  EXPECT_EQ(Shown("XADD s * a 1 b"), kArity);
  EXPECT_EQ(Shown("XADD s MAXLEN 5 NOMKSTREAM NOMKSTREAM"), kArity);
  Run("SET t x");
  EXPECT_EQ(Shown("XADD t * a 1"), kWrongType);
}

TEST_F(StreamCommands, NomkstreamMakesNone) {
  EXPECT_EQ(client().RunRaw({"XADD", "s", "NOMKSTREAM", "*", "a", "1"}), "$-1\r\n");
  EXPECT_EQ(Shown("EXISTS s"), ":0");
  AddMany("s", 1, 1);
  EXPECT_EQ(Shown("XADD s nomkstream 2 a 1"), "\"2-0\"");
}

TEST_F(StreamCommands, XaddTrims) {
  AddMany("s", 1, 5);
  EXPECT_EQ(EventsOf("XADD s MAXLEN 3 6-0 f 6"), "xadd s\nxtrim s\n");
  EXPECT_EQ(Ids("s"), "4-0 5-0 6-0");
  EXPECT_EQ(EventsOf("XADD s MAXLEN ~ 3 7-0 f 7"), "xadd s\n");
  EXPECT_EQ(Shown("XADD s MINID = 6 8-0 f 8"), "\"8-0\"");
  EXPECT_EQ(Ids("s"), "6-0 7-0 8-0");
  EXPECT_EQ(Shown("XADD s MAXLEN 0 9-0 f 9"), "\"9-0\"");
  EXPECT_EQ(Shown("XLEN s"), ":0");
  EXPECT_EQ(Shown("EXISTS s"), ":1");
}

TEST_F(StreamCommands, TrimOptionsAreChecked) {
  AddMany("s", 1, 3);
  for (const std::string command : {"XADD s %O * a 1", "XTRIM s %O"}) {
    const auto with = [&](const std::string& options) {
      std::string line = command;
      return Shown(line.replace(line.find("%O"), 2, options));
    };
    EXPECT_EQ(with("MAXLEN 1 MINID 1"),
              "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    EXPECT_EQ(with("MAXLEN -1"), "-ERR The MAXLEN argument must be >= 0.");
    EXPECT_EQ(with("MAXLEN x"), kNotInteger);
    EXPECT_EQ(with("MINID x"), kBadId);
    EXPECT_EQ(with("MAXLEN ~ 1 LIMIT -1"), "-ERR The LIMIT argument must be >= 0.");
    EXPECT_EQ(with("MAXLEN 1 LIMIT 5"),
              "-ERR syntax error, LIMIT cannot be used without the special ~ option");
    EXPECT_EQ(with("LIMIT 5 LIMIT 5"),
              "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    EXPECT_EQ(with("MAXLEN 1 DELREF ACKED"), kSyntax);
  }
  EXPECT_EQ(Shown("XTRIM s DELREF LIMIT 0"),
            "-ERR syntax error, XTRIM must be called with a trimming strategy");
  EXPECT_EQ(Shown("XTRIM s MAXLEN 1 BOGUS"), kSyntax);
  EXPECT_EQ(Ids("s"), "1-0 2-0 3-0");
}

// ---- XTRIM, XDEL, XSETID

TEST_F(StreamCommands, XtrimTakesWholeNodesWhereItMay) {
  Run("CONFIG SET stream-node-max-entries 10");
  AddMany("s", 1, 55);
  EXPECT_EQ(Shown("XTRIM s MAXLEN ~ 40"), ":10");
  EXPECT_EQ(Shown("XTRIM s MAXLEN ~ 10 LIMIT 25"), ":20");
  EXPECT_EQ(Shown("XTRIM s MAXLEN = 24"), ":1");
  EXPECT_EQ(Shown("XTRIM s MINID ~ 45"), ":9");
  EXPECT_EQ(EventsOf("XTRIM s MINID 55"), "xtrim s\n");
  EXPECT_EQ(EventsOf("XTRIM s MAXLEN 10"), "");
  EXPECT_EQ(Ids("s"), "55-0");
  EXPECT_EQ(Shown("XTRIM missing MAXLEN 1"), ":0");
  Run("SET t x");
  EXPECT_EQ(Shown("XTRIM t MAXLEN 1"), kWrongType);
}

TEST_F(StreamCommands, XtrimHeedsReferences) {
  AddMany("s", 1, 4);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c COUNT 2 STREAMS s >");
  Run("XACK s g 1-0");
  EXPECT_EQ(Shown("XTRIM s MAXLEN 0 ACKED"), ":1");
  EXPECT_EQ(Ids("s"), "2-0 3-0 4-0");
  EXPECT_EQ(Shown("XTRIM s MAXLEN = 2 KEEPREF"), ":1");
  EXPECT_EQ(Shown("XPENDING s g - + 9"), "[[\"2-0\", \"c\", :0, :1]]");
  Run("XREADGROUP GROUP g c COUNT 1 STREAMS s >");
  EXPECT_EQ(Shown("XADD s DELREF MINID 4 5-0 f 5"), "\"5-0\"");
  EXPECT_EQ(Ids("s"), "4-0 5-0");
  EXPECT_EQ(Shown("XPENDING s g - + 9"), "[[\"2-0\", \"c\", :0, :1]]");
}

TEST_F(StreamCommands, XdelDeletesByIds) {
  AddMany("s", 1, 4);
  EXPECT_EQ(EventsOf("XDEL s 1 3-0 3-0 9"), "xdel s\n");
  EXPECT_EQ(Ids("s"), "2-0 4-0");
  EXPECT_EQ(Shown("XDEL s 2 x"), kBadId);
  EXPECT_EQ(Shown("XDEL s 9-9"), ":0");
  EXPECT_EQ(Shown("XDEL s 2 4"), ":2");
  EXPECT_EQ(Shown("EXISTS s"), ":1");
  EXPECT_EQ(Shown("XADD s 4-0 a 1"),
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item");
  EXPECT_EQ(Shown("XDEL missing x"), ":0");
  Run("SET t x");
  EXPECT_EQ(Shown("XDEL t 1"), kWrongType);
}

TEST_F(StreamCommands, XdelexSaysWhatBecameOfEachId) {
  AddMany("s", 1, 5);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c COUNT 3 STREAMS s >");
  Run("XACK s g 1-0");
  EXPECT_EQ(Shown("XDELEX s ACKED IDS 4 1-0 2-0 5-0 9-0"), "[:1, :2, :2, :2]");
  EXPECT_EQ(Shown("XDELEX s IDS 1 2-0"), "[:1]");
  EXPECT_EQ(Shown("XDELEX s ACKED IDS 1 2-0"), "[:2]");  // gone, and pending still
  EXPECT_EQ(Shown("XPENDING s g - + 9"), "[[\"2-0\", \"c\", :0, :1], [\"3-0\", \"c\", :0, :1]]");
  EXPECT_EQ(Shown("XDELEX s DELREF IDS 2 2-0 3-0"), "[:-1, :1]");
  EXPECT_EQ(Shown("XPENDING s g - + 9"), "[]");
  EXPECT_EQ(EventsOf("XDELEX s IDS 1 4-0 KEEPREF"), "xdel s\n");
  EXPECT_EQ(Ids("s"), "5-0");
  EXPECT_EQ(Shown("XDELEX missing IDS 2 1-1 2-2"), "[:-1, :-1]");
}

TEST_F(StreamCommands, IdBlocksAreChecked) {
  AddMany("s", 1, 1);
  Run("XGROUP CREATE s g 0");
  for (const std::string command : {"XDELEX s ", "XACKDEL s g "}) {
    const char kCount[] = "-ERR Number of IDs must be a positive integer";
    EXPECT_EQ(Shown(command + "IDS 0 1-0"), kCount);
    EXPECT_EQ(Shown(command + "IDS -5 1-0"), kCount);
    EXPECT_EQ(Shown(command + "IDS x 1-0"), kCount);
    EXPECT_EQ(Shown(command + "IDS 3 1-0 2-0"),
              "-ERR The `numids` parameter must match the number of arguments");
    EXPECT_EQ(Shown(command + "IDS 1 1-0 2-0"), kSyntax);
    EXPECT_EQ(Shown(command + "IDS 1 x"), kBadId);
    EXPECT_EQ(Shown(command + "KEEPREF DELREF IDS 1 1-0"), kSyntax);
    EXPECT_EQ(Shown(command + "KEEPREF 1 1-0"), kSyntax);
    EXPECT_EQ(Shown(command + "IDS 1 1-0 IDS 1 1-0"), kSyntax);
  }
  Run("SET t x");
  EXPECT_EQ(Shown("XDELEX t IDS 1 1-0"), kWrongType);
  EXPECT_EQ(Shown("XACKDEL t g IDS 1 1-0"), kWrongType);
  EXPECT_EQ(Ids("s"), "1-0");
}

TEST_F(StreamCommands, XsetidMovesTheLastId) {
  AddMany("s", 1, 3);
  EXPECT_EQ(Shown("XSETID missing 1"), "-ERR no such key");
  EXPECT_EQ(EventsOf("XSETID s 200-0"), "xsetid s\n");
  EXPECT_EQ(Shown("XADD s 200-* a 1"), "\"200-1\"");
  EXPECT_EQ(Shown("XSETID s 1-1"),
            "-ERR The ID specified in XSETID is smaller than the target stream top item");
  EXPECT_EQ(Shown("XSETID s 300 ENTRIESADDED -1"), "-ERR entries_added must be positive");
  EXPECT_EQ(Shown("XSETID s 300 ENTRIESADDED 1"),
            "-ERR The entries_added specified in XSETID is smaller than the target stream length");
  EXPECT_EQ(Shown("XSETID s 300 MAXDELETEDID 400"),
            "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
  EXPECT_THAT(Run("XSETID s 300 ENTRIESADDED 100 MAXDELETEDID 2-2"), IsOk());
  EXPECT_THAT(Shown("XINFO STREAM s"),
              testing::HasSubstr("\"max-deleted-entry-id\", \"2-2\", \"entries-added\", :100"));
  EXPECT_EQ(Shown("XSETID s 300 BOGUS"), kSyntax);
  Run("XDEL s 200-1 1 2 3");
  EXPECT_EQ(Shown("XSETID s 1"),
            "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  Run("SET t x");
  EXPECT_EQ(Shown("XSETID t 1"), kWrongType);
}

// ---- XRANGE, XREVRANGE

TEST_F(StreamCommands, RangesTakeIntervalsAndCounts) {
  AddMany("s", 1, 5);
  EXPECT_EQ(Shown("XRANGE s 2 3"), "[[\"2-0\", [\"f\", \"2\"]], [\"3-0\", [\"f\", \"3\"]]]");
  EXPECT_EQ(Shown("XRANGE s (2 (4"), "[[\"3-0\", [\"f\", \"3\"]], [\"4-0\", [\"f\", \"4\"]]]");
  EXPECT_EQ(Shown("XRANGE s (2-0 (4-0"), "[[\"3-0\", [\"f\", \"3\"]]]");
  EXPECT_EQ(Shown("XREVRANGE s + 4"), "[[\"5-0\", [\"f\", \"5\"]], [\"4-0\", [\"f\", \"4\"]]]");
  EXPECT_EQ(Shown("XREVRANGE s + - COUNT 1"), "[[\"5-0\", [\"f\", \"5\"]]]");
  EXPECT_EQ(Shown("XRANGE s - + COUNT 1 COUNT 2"),
            "[[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]");
  EXPECT_EQ(client().RunRaw({"XRANGE", "s", "-", "+", "COUNT", "0"}), "*-1\r\n");
  EXPECT_EQ(client().RunRaw({"XRANGE", "s", "-", "+", "COUNT", "-3"}), "*-1\r\n");
  EXPECT_EQ(Shown("XRANGE s + -"), "[]");
  EXPECT_EQ(Shown("XRANGE s 6 9"), "[]");
  EXPECT_EQ(Shown("XRANGE missing - +"), "[]");
}

TEST_F(StreamCommands, RangesAreChecked) {
  AddMany("s", 1, 1);
  EXPECT_EQ(Shown("XRANGE s (18446744073709551615-18446744073709551615 +"),
            "-ERR invalid start ID for the interval");
  EXPECT_EQ(Shown("XRANGE s - (0-0"), "-ERR invalid end ID for the interval");
  EXPECT_EQ(Shown("XRANGE s (- +"), kBadId);
  EXPECT_EQ(Shown("XRANGE s ( +"), kBadId);
  EXPECT_EQ(Shown("XREVRANGE s x -"), kBadId);
  EXPECT_EQ(Shown("XRANGE s - + COUNT x"), kNotInteger);
  EXPECT_EQ(Shown("XRANGE s - + COUNT"), kSyntax);
  EXPECT_EQ(Shown("XRANGE s - + LIMIT 1"), kSyntax);
  Run("SET t x");
  EXPECT_EQ(Shown("XRANGE t - +"), kWrongType);
  EXPECT_EQ(Shown("XREVRANGE t + -"), kWrongType);
  EXPECT_EQ(Shown("XLEN t"), kWrongType);
}

// ---- with the rest of the server

TEST_F(StreamCommands, CopiesAndRenamesKeepGroups) {
  AddMany("s", 1, 150);
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c COUNT 3 STREAMS s >");
  EXPECT_EQ(Shown("COPY s t"), ":1");
  Run("XDEL s 1-0");
  Run("XACK s g 2-0");
  EXPECT_EQ(Shown("XLEN t"), ":150");
  EXPECT_EQ(Shown("XPENDING t g"), "[:3, \"1-0\", \"3-0\", [[\"c\", \"3\"]]]");
  Run("RENAME s u");
  EXPECT_EQ(Shown("XPENDING u g"), "[:2, \"1-0\", \"3-0\", [[\"c\", \"2\"]]]");
  EXPECT_EQ(Shown("XLEN u"), ":149");
}

TEST_F(StreamCommands, ADigestTellsEntriesApart) {
  ASSERT_TRUE(options.SetAtStart("enable-debug-command", std::vector<std::string>{"yes"}).ok());
  AddMany("s", 1, 3);
  Run("COPY s t");
  const std::string digest = Shown("DEBUG DIGEST-VALUE s");
  EXPECT_EQ(Shown("DEBUG DIGEST-VALUE t"), digest);
  Run("XADD t 4-0 f 4");
  EXPECT_NE(Shown("DEBUG DIGEST-VALUE t"), digest);
  Run("XDEL t 4-0");
  EXPECT_EQ(Shown("DEBUG DIGEST-VALUE t"), digest);
}

TEST_F(StreamCommands, AScriptThatStartsAgainLeavesNothingBehind) {
  AddMany("s", 1, 2);
  Run("XGROUP CREATE s g 0");
  EXPECT_THAT(Run("EVAL \"redis.call('XADD', KEYS[1], '3-0', 'f', '3'); "
                  "redis.call('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', KEYS[1], '>'); "
                  "redis.call('XADD', 'new', '1-0', 'a', 'b'); redis.call('GET', 'other'); "
                  "return redis.call('XLEN', KEYS[1])\" 1 s"),
              IsInteger(3));
  EXPECT_EQ(Shown("XPENDING s g"), "[:3, \"1-0\", \"3-0\", [[\"c\", \"3\"]]]");
  EXPECT_EQ(Shown("XLEN new"), ":1");
}

TEST_F(StreamCommands, AnEmptyStreamSurvivesTheUndoOfAScript) {
  Run("XGROUP CREATE s g $ MKSTREAM");
  EXPECT_THAT(Run("EVAL \"redis.call('XADD', KEYS[1], '3-0', 'f', '3'); "
                  "redis.call('GET', 'elsewhere'); return redis.call('XLEN', KEYS[1])\" 1 s"),
              IsInteger(1));
  EXPECT_EQ(Shown("XDEL s 3-0"), ":1");
  EXPECT_EQ(Shown("XGROUP DESTROY s g"), ":1");
}

TEST_F(StreamCommands, RunInTransactions) {
  Run("MULTI");
  Run("XADD s 1-0 a 1");
  Run("XREAD BLOCK 0 STREAMS missing 0");
  Run("XLEN s");
  EXPECT_EQ(Shown("EXEC"), "[\"1-0\", null array, :1]");
  TestClient& other = NewClient();
  Run("WATCH s");
  other.Run("XADD s 2-0 a 1");
  Run("MULTI");
  Run("XLEN s");
  EXPECT_EQ(Shown("EXEC"), "null array");
}

TEST_F(StreamCommands, EventsAreThoseOfRedis) {
  EXPECT_EQ(EventsOf("XADD s 1-0 a 1"), "new s\nxadd s\n");
  EXPECT_EQ(EventsOf("XADD s 2-0 a 1"), "xadd s\n");
  EXPECT_EQ(EventsOf("XGROUP CREATE s g 0"), "xgroup-create s\n");
  EXPECT_EQ(EventsOf("XGROUP CREATE t g 0 MKSTREAM"), "new t\nxgroup-create t\n");
  EXPECT_EQ(EventsOf("XGROUP CREATECONSUMER s g a"), "xgroup-createconsumer s\n");
  EXPECT_EQ(EventsOf("XGROUP CREATECONSUMER s g a"), "");
  EXPECT_EQ(EventsOf("XREADGROUP GROUP g b STREAMS s >"), "xgroup-createconsumer s\n");
  EXPECT_EQ(EventsOf("XCLAIM s g c 0 1-0"), "xgroup-createconsumer s\n");
  EXPECT_EQ(EventsOf("XAUTOCLAIM s g d 0 0"), "xgroup-createconsumer s\n");
  EXPECT_EQ(EventsOf("XACK s g 1-0"), "");
  EXPECT_EQ(EventsOf("XGROUP SETID s g 0"), "xgroup-setid s\n");
  EXPECT_EQ(EventsOf("XGROUP DELCONSUMER s g a"), "xgroup-delconsumer s\n");
  EXPECT_EQ(EventsOf("XGROUP DESTROY s g"), "xgroup-destroy s\n");
}

}  // namespace
}  // namespace larder
