#include <atomic>
#include <map>
#include <sstream>
#include <thread>

#include "server/commands/info_sections.h"
#include "server/latency_histogram.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

class InfoCommand : public CommandFixture {
 protected:
  std::string Text(const std::string& line) { return Run(line).text; }

  // The fields as a client splits them.
  std::map<std::string, std::string> Fields(const std::string& line) {
    std::map<std::string, std::string> fields;
    std::istringstream text(Text(line));
    std::string row;
    while (std::getline(text, row)) {
      if (row.empty() || row.back() != '\r') ADD_FAILURE() << "a line without CR: " << row;
      if (!row.empty()) row.pop_back();
      const size_t colon = row.find(':');
      if (colon != std::string::npos) fields[row.substr(0, colon)] = row.substr(colon + 1);
    }
    return fields;
  }

  std::vector<std::string> Titles(const std::string& line) {
    std::vector<std::string> titles;
    std::istringstream text(Text(line));
    std::string row;
    while (std::getline(text, row)) {
      if (row.starts_with("# ")) titles.push_back(row.substr(2, row.size() - 3));
    }
    return titles;
  }
};

TEST_F(InfoCommand, HasTheFieldsThatSoftwareParses) {
  const auto fields = Fields("INFO everything");
  for (const std::string& name : std::vector<std::string>{"redis_version",
                                                          "larder_version",
                                                          "redis_mode",
                                                          "run_id",
                                                          "os",
                                                          "arch_bits",
                                                          "uptime_in_seconds",
                                                          "tcp_port",
                                                          "config_file",
                                                          "connected_clients",
                                                          "blocked_clients",
                                                          "total_blocking_keys",
                                                          "used_memory",
                                                          "used_memory_human",
                                                          "used_memory_rss",
                                                          "used_memory_peak",
                                                          "used_memory_lua",
                                                          "number_of_cached_scripts",
                                                          "maxmemory",
                                                          "maxmemory_policy",
                                                          "mem_allocator",
                                                          "lazyfree_pending_objects",
                                                          "lazyfreed_objects",
                                                          "loading",
                                                          "rdb_changes_since_last_save",
                                                          "rdb_bgsave_in_progress",
                                                          "aof_rewrite_in_progress",
                                                          "keyspace_hits",
                                                          "keyspace_misses",
                                                          "evicted_keys",
                                                          "expired_keys",
                                                          "instantaneous_ops_per_sec",
                                                          "instantaneous_input_kbps",
                                                          "total_net_input_bytes",
                                                          "total_net_output_bytes",
                                                          "total_commands_processed",
                                                          "total_connections_received",
                                                          "tracking_total_keys",
                                                          "total_error_replies",
                                                          "role",
                                                          "master_repl_offset",
                                                          "used_cpu_sys",
                                                          "cluster_enabled"}) {
    EXPECT_THAT(fields, Contains(Key(name)));
  }
  EXPECT_EQ(fields.at("redis_version"), "8.4.0");
  EXPECT_EQ(fields.at("role"), "master");
  EXPECT_EQ(fields.at("redis_mode"), "standalone");
  EXPECT_EQ(fields.at("maxmemory_policy"), "allkeys-lfu");
}

TEST_F(InfoCommand, SectionsAreChosenByName) {
  EXPECT_THAT(Titles("INFO CPU server cpu"), ElementsAre("Server", "CPU"));
  EXPECT_THAT(Titles("INFO nothing"), IsEmpty());
  EXPECT_EQ(Text("INFO nothing"), "");
  EXPECT_THAT(Titles("INFO default"), Not(Contains("Commandstats")));
  EXPECT_EQ(Titles("INFO"), Titles("INFO default"));
  EXPECT_EQ(Titles("INFO all"), Titles("INFO everything"));
  EXPECT_EQ(Titles("INFO all").size(), InfoSections().size() - 1);  // without hotkeys
  Run("HOTKEYS START METRICS 1 CPU");
  EXPECT_EQ(Titles("INFO all").size(), InfoSections().size());
  EXPECT_THAT(Run("INFO hotkeys").text, HasSubstr("hotkeys-tracking-active:1\r\n"));
  Run("HOTKEYS STOP");
  EXPECT_THAT(Run("INFO").text, HasSubstr("hotkeys-tracking-active:0\r\n"));
  Run("HOTKEYS RESET");
  EXPECT_THAT(Titles("INFO default commandstats"), Contains("Commandstats"));
  EXPECT_THAT(Text("INFO"), StartsWith("# Server\r\n"));
  EXPECT_THAT(Text("INFO"), HasSubstr("\r\n\r\n# Clients\r\n"));
}

TEST_F(InfoCommand, AnErrorOfAScriptsCallIsCountedOnce) {
  Run("SET text abc");
  const auto counts = [this](const std::string& script) {
    Run("CONFIG RESETSTAT");
    client().RunArgs({"EVAL", script, "1", "text"});
    return Fields("INFO commandstats errorstats stats");
  };
  const auto failed = [](int count) { return HasSubstr("failed_calls=" + std::to_string(count)); };
  const std::string incr = "('INCR', KEYS[1])";
  auto fields = counts("return redis.call" + incr);
  EXPECT_EQ(fields["errorstat_ERR"], "count=1");
  EXPECT_EQ(fields["total_error_replies"], "1");
  EXPECT_THAT(fields["cmdstat_eval"], failed(1));
  EXPECT_THAT(fields["cmdstat_incr"], failed(1));
  fields = counts("return redis.pcall" + incr);
  EXPECT_EQ(fields["errorstat_ERR"], "count=1");
  EXPECT_THAT(fields["cmdstat_eval"], failed(1));
  fields = counts("redis.pcall" + incr + " return 1");
  EXPECT_EQ(fields["errorstat_ERR"], "count=1");
  EXPECT_THAT(fields["cmdstat_eval"], failed(0));
  fields = counts("redis.pcall" + incr + " return redis.error_reply('MY own')");
  EXPECT_EQ(fields["errorstat_ERR"], "count=1");
  EXPECT_EQ(fields["errorstat_MY"], "count=1");
}

TEST_F(InfoCommand, WhatAScriptMayNotCallIsCountedAsRejected) {
  Run("CONFIG RESETSTAT");
  client().RunArgs({"EVAL", "return redis.call('GET')", "0"});
  client().RunArgs({"EVAL", "return redis.call('NOSUCHCOMMAND')", "0"});
  client().RunArgs({"EVAL", "return redis.call('SUBSCRIBE', 'c')", "0"});
  const auto fields = Fields("INFO commandstats errorstats");
  EXPECT_EQ(fields.at("errorstat_ERR"), "count=3");
  EXPECT_THAT(fields.at("cmdstat_get"), HasSubstr("calls=0,"));
  EXPECT_THAT(fields.at("cmdstat_get"), HasSubstr("rejected_calls=1,"));
  EXPECT_THAT(fields.at("cmdstat_subscribe"), HasSubstr("rejected_calls=1,"));
}

TEST_F(InfoCommand, TooManyKindsOfErrorsAreNotToldApart) {
  for (int i = 0; i < 130; ++i) {
    client().RunArgs(
        {"EVAL", "return redis.error_reply('E' .. ARGV[1] .. ' x')", "0", std::to_string(i)});
  }
  EXPECT_THAT(Fields("INFO errorstats"),
              ElementsAre(Pair("errorstat_ERRORSTATS_DISABLED", "count=1")));
  Run("CONFIG RESETSTAT");
  EXPECT_THAT(Fields("INFO errorstats"), IsEmpty());
}

TEST_F(InfoCommand, KeySizesCountsKeysByPowersOfTwo) {
  EXPECT_EQ(Text("INFO keysizes"), "# Keysizes\r\n");
  client().RunArgs({"SET", "empty", ""});
  Run("SET one x");
  Run("SET three xxx");
  client().RunArgs({"SET", "large", std::string(5000, 'x')});
  Run("RPUSH list a b c d");
  Run("SADD set a b");
  Run("HSET hash f v");
  Run("ZADD zset 1 a 2 b 3 c");
  Run("XADD stream * f v");
  Run("SELECT 3");
  Run("SET other 1234");
  const auto fields = Fields("INFO keysizes");
  EXPECT_THAT(
      fields,
      ElementsAre(Pair("db0_distrib_hashes_items", "1=1"), Pair("db0_distrib_lists_items", "4=1"),
                  Pair("db0_distrib_sets_items", "2=1"), Pair("db0_distrib_streams_items", "1=1"),
                  Pair("db0_distrib_strings_sizes", "0=1,1=1,2=1,4K=1"),
                  Pair("db0_distrib_zsets_items", "2=1"),
                  Pair("db3_distrib_strings_sizes", "4=1")));
  EXPECT_THAT(Titles("INFO"), Contains("Keysizes"));
  Run("FLUSHALL");
  EXPECT_THAT(Fields("INFO keysizes"), IsEmpty());
}

TEST_F(InfoCommand, KeySizesOfManyKeysAreCountedOnlyWhenAskedForByName) {
  for (int i = 0; i < 5000; ++i) client().RunArgs({"SET", "key:" + std::to_string(i), "12345"});
  EXPECT_EQ(Fields("INFO keysizes").at("db0_distrib_strings_sizes"), "4=5000");
  EXPECT_EQ(Fields("INFO everything").count("db0_distrib_strings_sizes"), 0u);
  Run("MULTI");
  Run("INFO keysizes");
  EXPECT_EQ(Run("EXEC").items.at(0).text, "# Keysizes\r\n");
}

TEST_F(InfoCommand, KeySizesDoNotWaitForAStripeThatStaysLocked) {
  const auto stripe_of = [this](const std::string& key) {
    return engine.keyspace.StripeOf(engine.keyspace.hasher().Hash(key));
  };
  const size_t stripe = stripe_of("here");
  std::string there = "there";
  while (stripe_of(there) == stripe) there += '.';
  Run("SET here 1");
  Run("SET " + there + " 1");
  engine.keyspace.lock(stripe).Lock();
  EXPECT_EQ(Fields("INFO keysizes").at("db0_distrib_strings_sizes"), "1=1");
  engine.keyspace.lock(stripe).Unlock();
}

TEST_F(InfoCommand, CommandsAndErrorsAreCounted) {
  Run("PING");
  Run("PING");
  Run("SELECT x");
  Run("NOSUCHCOMMAND");
  const auto fields = Fields("INFO commandstats errorstats latencystats stats");
  EXPECT_THAT(fields, Contains(Pair("cmdstat_ping",
                                    MatchesRegex("calls=2,usec=[0-9]+,usec_per_call=[0-9.]+,"
                                                 "rejected_calls=0,failed_calls=0"))));
  EXPECT_THAT(fields, Contains(Pair("cmdstat_select", HasSubstr("calls=1,"))));
  EXPECT_THAT(fields, Contains(Pair("cmdstat_select", HasSubstr("failed_calls=1"))));
  EXPECT_THAT(fields, Contains(Pair("errorstat_ERR", "count=2")));
  EXPECT_THAT(fields, Contains(Pair("latency_percentiles_usec_ping",
                                    MatchesRegex("p50=[0-9.]+,p99=[0-9.]+,p99.9=[0-9.]+"))));
  EXPECT_EQ(fields.at("total_error_replies"), "2");
  EXPECT_THAT(fields, Not(Contains(Key("cmdstat_echo"))));
}

TEST_F(InfoCommand, ClientsAreCounted) {
  NewClient();
  EXPECT_EQ(Fields("INFO clients").at("connected_clients"), "2");
}

TEST_F(InfoCommand, UptimeFollowsTheClock) {
  clock.Advance(90000s);
  const auto fields = Fields("INFO server");
  EXPECT_EQ(fields.at("uptime_in_seconds"), "90000");
  EXPECT_EQ(fields.at("uptime_in_days"), "1");
}

TEST(LatencyHistogramTest, APercentileIsOffBySixPercentAtTheMost) {
  for (uint64_t ticks : {0ull, 7ull, 8ull, 9ull, 100ull, 12345ull, 1ull << 40}) {
    LatencyHistogram histogram;
    histogram.Add(ticks);
    LatencySum sum;
    sum.Add(histogram);
    EXPECT_NEAR(static_cast<double>(sum.Percentile(50)), static_cast<double>(ticks),
                static_cast<double>(ticks) * 0.0626);
  }
}

TEST(LatencyHistogramTest, PercentilesSplitTheEntries) {
  LatencyHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.Add(4);
  histogram.Add(5);
  LatencySum sum;
  sum.Add(histogram);
  EXPECT_EQ(sum.Percentile(50), 4u);
  EXPECT_EQ(sum.Percentile(99), 4u);
  EXPECT_EQ(sum.Percentile(99.9), 5u);
}

TEST(LatencyHistogramTest, ASumAgreesWithItselfWhileEntriesAreAdded) {
  LatencyHistogram histogram;
  std::atomic<bool> done{false};
  std::thread adder([&] {
    while (!done) histogram.Add(4);
  });
  for (int i = 0; i < 20'000; ++i) {
    LatencySum sum;
    sum.Add(histogram);
    ASSERT_EQ(sum.CountUpTo(UINT64_MAX), sum.total());
  }
  done = true;
  adder.join();
}

}  // namespace
}  // namespace larder
