#include "server/latency_monitor.h"

#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::HasSubstr;

TEST(LatencyMonitor, KeepsTheLongestOfASecond) {
  LatencyMonitor monitor;
  monitor.Add("command", 100, 5);
  monitor.Add("command", 100, 9);
  monitor.Add("command", 100, 7);
  monitor.Add("command", 101, 3);
  const LatencyEvent event = monitor.Find("command");
  ASSERT_EQ(event.samples.size(), 2u);
  EXPECT_EQ(event.samples[0].duration_ms, 9);
  EXPECT_EQ(event.samples[1].duration_ms, 3);
  EXPECT_EQ(event.longest_ms, 9);
}

TEST(LatencyMonitor, ForgetsTheOldestSamples) {
  LatencyMonitor monitor;
  for (int64_t i = 0; i < 200; ++i) monitor.Add("command", i, i);
  const LatencyEvent event = monitor.Find("command");
  ASSERT_EQ(event.samples.size(), LatencyMonitor::kSamplesMax);
  EXPECT_EQ(event.samples.front().unix_seconds, 40);
  EXPECT_EQ(event.samples.back().unix_seconds, 199);
}

TEST(LatencyMonitor, DrawsASparkline) {
  LatencyEvent event;
  event.samples = {{40, 10}, {70, 20}, {95, 40}};
  event.longest_ms = 90;
  EXPECT_EQ(LatencyGraph("command", event, 100),
            "command - high 40 ms, low 10 ms (all time high 90 ms)\n" + std::string(80, '-') +
                "\n"
                "  #\n"
                "  |\n"
                " o|\n"
                "_||\n"
                "   \n"
                "135\n"
                "m0s\n"
                " s \n");
}

class LatencyCommands : public CommandFixture {
 protected:
  LatencyCommands() {
    EXPECT_TRUE(options.SetAtStart("enable-debug-command", std::vector<std::string>{"yes"}).ok());
  }
};

TEST_F(LatencyCommands, RecordsWhatIsSlowerThanTheThreshold) {
  Run("DEBUG SLEEP 0.005");
  EXPECT_THAT(Run("LATENCY LATEST"), IsEmptyArray());
  Run("CONFIG SET latency-monitor-threshold 2");
  Run("DEBUG SLEEP 0.005");
  const protocol::Reply latest = Run("LATENCY LATEST");
  ASSERT_GE(latest.items.size(), 1u);
  EXPECT_THAT(latest.items[0].items.at(0), IsBulk("command"));
  EXPECT_THAT(latest.items[0].items.at(1), IsInteger(1'700'000'000));
  EXPECT_GE(latest.items[0].items.at(2).integer, 5);
  EXPECT_GE(Run("LATENCY HISTORY command").items.size(), 1u);
  EXPECT_THAT(Run("LATENCY HISTORY nosuch"), IsEmptyArray());
  EXPECT_THAT(Run("LATENCY GRAPH command").text, HasSubstr("command - high "));
  EXPECT_THAT(Run("LATENCY GRAPH nosuch"), IsError("ERR No samples available for event 'nosuch'"));
}

TEST_F(LatencyCommands, ResetForgetsSomeOrAllEvents) {
  engine.latency.Add("command", 1, 5);
  engine.latency.Add("fast-command", 1, 5);
  engine.latency.Add("other", 1, 5);
  EXPECT_THAT(Run("LATENCY RESET command nosuch"), IsInteger(1));
  EXPECT_THAT(Run("LATENCY RESET"), IsInteger(2));
  EXPECT_THAT(Run("LATENCY LATEST"), IsEmptyArray());
}

TEST_F(LatencyCommands, TheDoctorSpeaks) {
  EXPECT_THAT(Run("LATENCY DOCTOR").text, HasSubstr("Latency monitoring is disabled"));
  Run("CONFIG SET latency-monitor-threshold 1000");
  EXPECT_THAT(Run("LATENCY DOCTOR").text, HasSubstr("no latency spike was observed"));
  engine.latency.Add("command", 1'700'000'000, 1500);
  EXPECT_THAT(Run("LATENCY DOCTOR").text,
              HasSubstr("1. command: 1 latency spikes (average 1500ms, mean deviation 0ms"));
}

TEST_F(LatencyCommands, HistogramsCountEveryCall) {
  for (int i = 0; i < 5; ++i) Run("PING");
  const protocol::Reply reply = Run("LATENCY HISTOGRAM ping nosuch");
  ASSERT_EQ(reply.items.size(), 2u);
  EXPECT_THAT(reply.items[0], IsBulk("ping"));
  const auto& fields = reply.items[1].items;
  EXPECT_THAT(fields.at(0), IsBulk("calls"));
  EXPECT_THAT(fields.at(1), IsInteger(5));
  EXPECT_THAT(fields.at(2), IsBulk("histogram_usec"));
  EXPECT_THAT(fields.at(3).items.back(), IsInteger(5));
  Run("CLIENT ID");
  EXPECT_THAT(Run("LATENCY HISTOGRAM client").items.at(0), IsBulk("client|id"));
  EXPECT_GE(Run("LATENCY HISTOGRAM").items.size(), 4u);
}

TEST_F(LatencyCommands, WrongFormsAreRefused) {
  EXPECT_THAT(Run("LATENCY FOO"), IsError("ERR unknown subcommand 'FOO'. Try LATENCY HELP."));
  EXPECT_EQ(Run("LATENCY HELP").items.size(), 17u);
}

}  // namespace
}  // namespace larder
