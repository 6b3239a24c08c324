#include <map>

#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HotKeyCommands : public CommandFixture {
 protected:
  // The report as a map; empty when there is none.
  std::map<std::string, protocol::Reply> Report() {
    const protocol::Reply reply = Run("HOTKEYS GET");
    std::map<std::string, protocol::Reply> fields;
    if (reply.items.empty()) return fields;
    EXPECT_EQ(reply.items.size(), 1u);
    const auto& pairs = reply.items[0].items;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) fields[pairs[i].text] = pairs[i + 1];
    return fields;
  }

  static std::vector<std::string> KeysOf(const protocol::Reply& list) {
    std::vector<std::string> keys;
    for (size_t i = 0; i < list.items.size(); i += 2) keys.push_back(list.items[i].text);
    return keys;
  }
};

TEST_F(HotKeyCommands, NothingIsKnownBeforeASession) {
  EXPECT_THAT(Run("HOTKEYS GET"), IsNull());
  EXPECT_THAT(Run("HOTKEYS STOP"), IsNull());
  EXPECT_THAT(Run("HOTKEYS RESET"), IsOk());
  Run("SET key value");
  EXPECT_THAT(Run("HOTKEYS GET"), IsNull());
}

TEST_F(HotKeyCommands, TheKeysWithMostTrafficComeFirst) {
  EXPECT_THAT(Run("HOTKEYS START METRICS 2 CPU NET"), IsOk());
  client().RunArgs({"SET", "large", std::string(1000, 'v')});
  Run("SET small v");
  for (int i = 0; i < 3; ++i) Run("GET large");
  EXPECT_THAT(Run("HOTKEYS STOP"), IsOk());
  Run("GET other");
  const auto report = Report();
  EXPECT_THAT(report.at("tracking-active"), IsInteger(0));
  EXPECT_THAT(report.at("sample-ratio"), IsInteger(1));
  EXPECT_THAT(KeysOf(report.at("by-net-bytes")), ElementsAre("large", "small"));
  // SET large: 4 + 9 + 11 + 7 + 1002 and +OK; three GETs: 4 + 9 + 11 and 7 + 1002.
  const int64_t large = (1033 + 5) + 3 * (24 + 1009);
  EXPECT_THAT(report.at("by-net-bytes").items.at(1), IsInteger(large));
  EXPECT_EQ(KeysOf(report.at("by-cpu-time-us")).size(), 2u);
  EXPECT_GE(report.at("net-bytes-all-commands-all-slots").integer, large);
  EXPECT_EQ(report.at("total-net-bytes").integer,
            report.at("net-bytes-all-commands-all-slots").integer);
  ASSERT_EQ(report.at("selected-slots").items.size(), 1u);
  EXPECT_THAT(report.at("selected-slots").items[0].items.at(1), IsInteger(16383));
}

TEST_F(HotKeyCommands, OnlyTheMetricsThatWereAskedForAreThere) {
  Run("HOTKEYS START METRICS 1 NET");
  Run("SET key value");
  auto report = Report();
  EXPECT_THAT(report.at("tracking-active"), IsInteger(1));
  EXPECT_EQ(report.count("by-cpu-time-us"), 0u);
  EXPECT_EQ(report.count("total-cpu-time-user-ms"), 0u);
  EXPECT_EQ(report.count("by-net-bytes"), 1u);
  Run("HOTKEYS STOP");
  Run("HOTKEYS START METRICS 2 OTHER CPU");
  report = Report();
  EXPECT_EQ(report.count("by-cpu-time-us"), 1u);
  EXPECT_EQ(report.count("total-cpu-time-sys-ms"), 1u);
  EXPECT_EQ(report.count("total-net-bytes"), 0u);
  EXPECT_THAT(KeysOf(report.at("by-cpu-time-us")), IsEmpty());  // a new session starts anew
}

TEST_F(HotKeyCommands, AListHasNoMoreKeysThanWereAskedFor) {
  Run("HOTKEYS START METRICS 1 NET COUNT 3");
  for (int i = 0; i < 20; ++i) Run("SET key:" + std::to_string(i) + " v");
  EXPECT_EQ(KeysOf(Report().at("by-net-bytes")).size(), 3u);
}

TEST_F(HotKeyCommands, KeysOfOneCommandShareIt) {
  Run("HOTKEYS START METRICS 1 NET");
  Run("MSET aa 1 bb 1");
  const auto report = Report();
  const auto& list = report.at("by-net-bytes").items;
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[1].integer, list[3].integer);
}

TEST_F(HotKeyCommands, CommandsOfATransactionCountForTheirKeysAndOnceInAll) {
  Run("HOTKEYS START METRICS 1 NET");
  Run("MULTI");
  Run("SET a 1");
  Run("SET a 2");
  Run("SET b 1");
  Run("EXEC");
  Run("HOTKEYS STOP");
  const auto report = Report();
  EXPECT_THAT(KeysOf(report.at("by-net-bytes")), ElementsAre("a", "b"));
}

TEST_F(HotKeyCommands, AScriptCountsForTheKeysThatItDeclares) {
  Run("HOTKEYS START METRICS 1 NET");
  client().RunArgs({"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "x"});
  client().RunArgs({"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "y"});
  EXPECT_THAT(KeysOf(Report().at("by-net-bytes")), ElementsAre("x", "y"));
}

TEST_F(HotKeyCommands, ASessionEndsByItselfAfterItsDuration) {
  Run("HOTKEYS START METRICS 1 NET DURATION 2");
  Run("SET early v");
  clock.Advance(1999ms);
  EXPECT_THAT(Report().at("tracking-active"), IsInteger(1));
  clock.Advance(10s);
  Run("SET late v");
  const auto report = Report();
  EXPECT_THAT(report.at("tracking-active"), IsInteger(0));
  EXPECT_THAT(report.at("collection-duration-ms"), IsInteger(2000));
  EXPECT_THAT(report.at("collection-start-time-unix-ms"), IsInteger(1'700'000'000'000));
  EXPECT_THAT(KeysOf(report.at("by-net-bytes")), ElementsAre("early"));
  EXPECT_THAT(Run("HOTKEYS START METRICS 1 NET"), IsOk());
}

TEST_F(HotKeyCommands, OneSessionRunsAtATime) {
  Run("HOTKEYS START METRICS 1 CPU");
  EXPECT_THAT(Run("HOTKEYS START METRICS 1 NET"),
              IsError("ERR hotkey tracking session already in progress"));
  EXPECT_THAT(Run("HOTKEYS RESET"),
              IsError("ERR hotkey tracking session in progress, stop tracking first"));
  EXPECT_THAT(Run("HOTKEYS STOP"), IsOk());
  EXPECT_THAT(Run("HOTKEYS STOP"), IsNull());
  EXPECT_THAT(Run("HOTKEYS RESET"), IsOk());
  EXPECT_THAT(Run("HOTKEYS GET"), IsNull());
}

TEST_F(HotKeyCommands, WrongFormsAreRefused) {
  const std::string start = "HOTKEYS START METRICS ";
  EXPECT_THAT(Run("HOTKEYS START"), IsError("ERR METRICS parameter is required"));
  EXPECT_THAT(Run("HOTKEYS START COUNT 5"), IsError("ERR METRICS parameter is required"));
  EXPECT_THAT(Run(start + "0"), IsError("ERR METRICS count must be > 0 and <= 2"));
  EXPECT_THAT(Run(start + "3 CPU NET"), IsError("ERR METRICS count must be > 0 and <= 2"));
  EXPECT_THAT(Run(start + "2 CPU"),
              IsError("ERR METRICS count does not match number of metric types provided"));
  EXPECT_THAT(Run(start + "1 CPU NET"), IsError("ERR syntax error"));
  EXPECT_THAT(Run(start + "1 GPU"),
              IsError("ERR METRICS no valid metrics passed. Supported: CPU|NET"));
  EXPECT_THAT(Run(start + "2 CPU CPU"), IsError("ERR METRICS CPU defined more than once!"));
  EXPECT_THAT(Run(start + "2 NET NET"), IsError("ERR METRICS NET defined more than once!"));
  EXPECT_THAT(Run(start + "1 CPU COUNT 65"), IsError("ERR COUNT must be between 1 and 64"));
  EXPECT_THAT(Run(start + "1 CPU COUNT"), IsError("ERR syntax error"));
  EXPECT_THAT(Run(start + "1 CPU SAMPLE 0"), IsError("ERR SAMPLE ratio must be positive"));
  EXPECT_THAT(Run(start + "1 CPU DURATION 0"),
              IsError("ERR DURATION must be between 1 and 1000000"));
  EXPECT_THAT(Run(start + "1 CPU SLOTS 1 5"),
              IsError("ERR SLOTS parameter cannot be used in non-cluster mode"));
  EXPECT_THAT(Run("HOTKEYS GET"), IsNull());
  EXPECT_THAT(Run("HOTKEYS HELP").items.front(),
              IsSimple("HOTKEYS <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

}  // namespace
}  // namespace larder
