// LATENCY: what was slow, and how long each command takes.
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/statistics.h"

namespace larder {
namespace {

Status Latest(CommandContext& ctx) {
  const auto events = ctx.engine.latency.All();
  ctx.reply.Array(static_cast<int64_t>(events.size()));
  for (const auto& [name, event] : events) {
    ctx.reply.Array(4);
    ctx.reply.Bulk(name);
    ctx.reply.Integer(event.samples.back().unix_seconds);
    ctx.reply.Integer(event.samples.back().duration_ms);
    ctx.reply.Integer(event.longest_ms);
  }
  return Ok();
}

Status History(CommandContext& ctx) {
  const LatencyEvent event = ctx.engine.latency.Find(ctx.args.Next());
  ctx.reply.Array(static_cast<int64_t>(event.samples.size()));
  for (const LatencySample& sample : event.samples) {
    ctx.reply.Array(2);
    ctx.reply.Integer(sample.unix_seconds);
    ctx.reply.Integer(sample.duration_ms);
  }
  return Ok();
}

Status Reset(CommandContext& ctx) {
  size_t count = 0;
  if (!ctx.args.HasMore()) count = ctx.engine.latency.ResetAll();
  while (ctx.args.HasMore()) count += ctx.engine.latency.Reset(ctx.args.Next());
  ctx.reply.Integer(static_cast<int64_t>(count));
  return Ok();
}

Status Graph(CommandContext& ctx) {
  const std::string_view name = ctx.args.Next();
  const LatencyEvent event = ctx.engine.latency.Find(name);
  if (event.samples.empty()) {
    return Error("ERR No samples available for event '" + std::string(name) + "'");
  }
  ctx.reply.Verbatim("txt", LatencyGraph(name, event, ctx.db.now_ms() / 1000));
  return Ok();
}

Status Doctor(CommandContext& ctx) {
  const LiveOptions& options = ctx.engine.options;
  ctx.reply.Verbatim("txt",
                     LatencyReport(ctx.engine.latency.All(), options.latency_monitor_threshold,
                                   options.slowlog_log_slower_than, ctx.db.now_ms() / 1000));
  return Ok();
}

// ---- HISTOGRAM

constexpr int64_t kLastLimitUs = int64_t{1} << 40;  // what took longer counts as this

// The command's durations as a cumulative count at each power of two of microseconds that adds to
// it. False when it was never called.
bool WriteHistogram(CommandContext& ctx, const CommandInfo& info) {
  LatencySum sum;
  for (const auto& worker : ctx.engine.statistics) {
    const CommandCounters& counters = worker->per_command[static_cast<size_t>(info.index)];
    if (const LatencyHistogram* histogram = counters.histogram()) sum.Add(*histogram);
  }
  if (sum.total() == 0) return false;
  ctx.reply.Bulk(info.full_name);
  ctx.reply.Map(2);
  ctx.reply.Bulk("calls");
  ctx.reply.Integer(static_cast<int64_t>(sum.total()));
  ctx.reply.Bulk("histogram_usec");
  const auto buckets = ctx.reply.MapLater();
  int64_t count = 0;
  uint64_t written = 0;
  for (int64_t limit_us = 1; written < sum.total(); limit_us *= 2) {
    const uint64_t below = limit_us < kLastLimitUs
                               ? sum.CountUpTo(ctx.dispatcher.ticks().FromMicros(limit_us))
                               : sum.total();
    if (below == written) continue;
    written = below;
    ctx.reply.Integer(limit_us);
    ctx.reply.Integer(static_cast<int64_t>(below));
    ++count;
  }
  ctx.reply.Finish(buckets, count);
  return true;
}

// A container's subcommands count one by one.
int64_t WriteHistograms(CommandContext& ctx, const CommandInfo& info) {
  int64_t written = WriteHistogram(ctx, info) ? 1 : 0;
  for (const CommandSpec& subcommand : info.spec->subcommands) {
    written += WriteHistogram(ctx, ctx.engine.commands.InfoOf(subcommand)) ? 1 : 0;
  }
  return written;
}

Status Histogram(CommandContext& ctx) {
  const auto map = ctx.reply.MapLater();
  int64_t written = 0;
  if (!ctx.args.HasMore()) {
    for (const CommandInfo& info : ctx.engine.commands.all()) {
      written += WriteHistogram(ctx, info) ? 1 : 0;
    }
  }
  while (ctx.args.HasMore()) {
    const CommandInfo* info = ctx.engine.commands.FindByName(ctx.args.Next());
    if (info != nullptr) written += WriteHistograms(ctx, *info);
  }
  ctx.reply.Finish(map, written);
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DOCTOR",
      "    Return a human readable latency analysis report.",
      "GRAPH <event>",
      "    Return an ASCII latency graph for the <event> class.",
      "HISTORY <event>",
      "    Return time-latency samples for the <event> class.",
      "LATEST",
      "    Return the latest latency samples for all events.",
      "RESET [<event> ...]",
      "    Reset latency data of one or more <event> classes.",
      "    (default: reset all data for all event classes)",
      "HISTOGRAM [COMMAND ...]",
      "    Return a cumulative distribution of latencies in the format of a histogram for the "
      "specified command names.",
      "    If no commands are specified then all histograms are replied.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kObserving = Flag::kAdmin | Flag::kNoScript | Flag::kLoading | Flag::kStale;
constexpr std::string_view kTips =
    "nondeterministic_output request_policy:all_nodes response_policy:special";

constexpr CommandSpec kSubcommands[] = {
    {.name = "doctor",
     .syntax = "",
     .summary = "Returns a human-readable latency analysis report.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Doctor,
     .tips = kTips},
    {.name = "graph",
     .syntax = "event",
     .summary = "Returns a latency graph for an event.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Graph,
     .tips = kTips},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "histogram",
     .syntax = "[command [command ...]]",
     .summary = "Returns the cumulative distribution of latencies of a subset or all commands.",
     .complexity = "O(N) where N is the number of commands with latency information being "
                   "retrieved.",
     .since = "7.0.0",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Histogram,
     .tips = kTips},
    {.name = "history",
     .syntax = "event",
     .summary = "Returns timestamp-latency samples for an event.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = History,
     .tips = kTips},
    {.name = "latest",
     .syntax = "",
     .summary = "Returns the latest latency samples for all events.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Latest,
     .tips = kTips},
    {.name = "reset",
     .syntax = "[event [event ...]]",
     .summary = "Resets the latency data for one or more events.",
     .complexity = "O(1)",
     .since = "2.8.13",
     .group = Group::kServer,
     .flags = kObserving,
     .handler = Reset,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "latency",
     .syntax = "",
     .summary = "A container for latency diagnostics commands.",
     .complexity = "Depends on subcommand.",
     .since = "2.8.13",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> LatencyCommands() { return kCommands; }

}  // namespace larder
