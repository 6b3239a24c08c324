// HOTKEYS: which keys take the most CPU time and network traffic.
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace larder {
namespace {

constexpr int64_t kMetricsMax = 2;
constexpr int64_t kLastSlot = 16383;

constexpr std::string_view kNoMetrics = "ERR METRICS parameter is required";
constexpr std::string_view kInProgress = "ERR hotkey tracking session already in progress";
constexpr std::string_view kStopFirst =
    "ERR hotkey tracking session in progress, stop tracking first";
constexpr std::string_view kBadCount = "ERR COUNT must be between 1 and 64";
static_assert(HotKeys::kCountMax == 64);
constexpr std::string_view kBadDuration = "ERR DURATION must be between 1 and 1000000";
static_assert(HotKeys::kDurationSecondsMax == 1'000'000);

// METRICS count [CPU] [NET]. Words that are no metric count as well: later versions have others.
Status ReadMetrics(CommandContext& ctx, HotKeyOptions* options) {
  if (ctx.args.remaining() < 2 || !ctx.args.Match("METRICS")) return Error(kNoMetrics);
  const int64_t count =
      ctx.args.NextIntIn(1, kMetricsMax, "ERR METRICS count must be > 0 and <= 2");
  if (ctx.args.failed()) return ctx.args.status();
  for (int64_t i = 0; i < count; ++i) {
    if (!ctx.args.HasMore()) {
      return Error("ERR METRICS count does not match number of metric types provided");
    }
    if (ctx.args.Match("CPU")) {
      if (options->cpu) return Error("ERR METRICS CPU defined more than once!");
      options->cpu = true;
    } else if (ctx.args.Match("NET")) {
      if (options->net) return Error("ERR METRICS NET defined more than once!");
      options->net = true;
    } else {
      ctx.args.Next();
    }
  }
  if (!options->cpu && !options->net) {
    return Error("ERR METRICS no valid metrics passed. Supported: CPU|NET");
  }
  return Ok();
}

Status ReadOptions(CommandContext& ctx, HotKeyOptions* options) {
  while (ctx.args.HasMore()) {
    if (ctx.args.remaining() < 2) return Error(errors::kSyntax);
    if (ctx.args.Match("COUNT")) {
      options->count = ctx.args.NextIntIn(1, HotKeys::kCountMax, kBadCount);
    } else if (ctx.args.Match("DURATION")) {
      options->duration_ms =
          1000 * ctx.args.NextIntIn(1, HotKeys::kDurationSecondsMax, kBadDuration);
    } else if (ctx.args.Match("SAMPLE")) {
      options->sample_ratio = ctx.args.NextIntIn(1, std::numeric_limits<int32_t>::max(),
                                                 "ERR SAMPLE ratio must be positive");
    } else if (ctx.args.Match("SLOTS")) {
      return Error("ERR SLOTS parameter cannot be used in non-cluster mode");
    } else {
      return Error(errors::kSyntax);
    }
    if (ctx.args.failed()) return ctx.args.status();
  }
  return Ok();
}

Status Start(CommandContext& ctx) {
  HotKeys& hot_keys = ctx.engine.hot_keys;
  hot_keys.StopIfDue(ctx.db.now_ms());
  if (hot_keys.active()) return Error(kInProgress);
  HotKeyOptions options;
  if (Status read = ReadMetrics(ctx, &options); !read.ok()) return read;
  if (Status read = ReadOptions(ctx, &options); !read.ok()) return read;
  if (!hot_keys.Start(options, ctx.db.now_ms())) return Error(kInProgress);
  ctx.dispatcher.UpdateThresholds();
  ctx.reply.Ok();
  return Ok();
}

Status Stop(CommandContext& ctx) {
  ctx.engine.hot_keys.StopIfDue(ctx.db.now_ms());
  if (ctx.engine.hot_keys.Stop(ctx.db.now_ms())) {
    ctx.reply.Ok();
  } else {
    ctx.reply.Null();
  }
  ctx.dispatcher.UpdateThresholds();
  return Ok();
}

Status Reset(CommandContext& ctx) {
  ctx.engine.hot_keys.StopIfDue(ctx.db.now_ms());
  if (!ctx.engine.hot_keys.Reset()) return Error(kStopFirst);
  ctx.reply.Ok();
  return Ok();
}

class ReportWriter {
 public:
  explicit ReportWriter(protocol::ReplyWriter& reply) : reply_(reply), map_(reply.MapLater()) {}

  void Name(std::string_view name) {
    reply_.Bulk(name);
    ++fields_;
  }
  void Number(std::string_view name, int64_t value) {
    Name(name);
    reply_.Integer(value);
  }
  // Keys and weights by turns; `unit(weight)` is what is shown.
  template <class Unit>
  void Keys(std::string_view name, const std::vector<HotKey>& keys, Unit unit) {
    Name(name);
    reply_.Array(static_cast<int64_t>(keys.size() * 2));
    for (const HotKey& key : keys) {
      reply_.Bulk(key.key);
      reply_.Integer(static_cast<int64_t>(unit(key.weight)));
    }
  }
  void Finish() { reply_.Finish(map_, fields_); }

 private:
  protocol::ReplyWriter& reply_;
  protocol::ReplyWriter::Later map_;
  int64_t fields_ = 0;
};

Status Get(CommandContext& ctx) {
  ctx.engine.hot_keys.StopIfDue(ctx.db.now_ms());
  const auto report = ctx.engine.hot_keys.Report(ctx.db.now_ms());
  if (!report) {
    ctx.reply.Null();
    return Ok();
  }
  const TickClock& ticks = ctx.dispatcher.ticks();
  ctx.reply.Array(1);  // of one server
  ReportWriter writer(ctx.reply);
  writer.Number("tracking-active", report->active ? 1 : 0);
  writer.Number("sample-ratio", report->options.sample_ratio);
  writer.Name("selected-slots");
  ctx.reply.Array(1);
  ctx.reply.Array(2);
  ctx.reply.Integer(0);
  ctx.reply.Integer(kLastSlot);
  writer.Number("all-commands-all-slots-us", ticks.ToMicros(report->all_ticks));
  writer.Number("net-bytes-all-commands-all-slots", static_cast<int64_t>(report->all_bytes));
  writer.Number("collection-start-time-unix-ms", report->started_unix_ms);
  writer.Number("collection-duration-ms", report->duration_ms);
  if (report->options.cpu) {
    writer.Number("total-cpu-time-user-ms", report->cpu.user_us / 1000);
    writer.Number("total-cpu-time-sys-ms", report->cpu.system_us / 1000);
  }
  if (report->options.net) {
    writer.Number("total-net-bytes", static_cast<int64_t>(report->all_bytes));
  }
  if (report->options.cpu) {
    writer.Keys("by-cpu-time-us", report->by_ticks,
                [&](uint64_t weight) { return ticks.ToMicros(weight); });
  }
  if (report->options.net) {
    writer.Keys("by-net-bytes", report->by_bytes, [](uint64_t weight) { return weight; });
  }
  writer.Finish();
  return Ok();
}

Status Help(CommandContext& ctx) {
  constexpr std::string_view kLines[] = {
      "HOTKEYS <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "START METRICS <count> [CPU] [NET] [COUNT <k>] [DURATION <seconds>] [SAMPLE <ratio>]",
      "    Start hotkeys tracking. Options are:",
      "    * METRICS <count> [CPU] [NET]",
      "      What to track keys by: CPU time, network bytes, or both.",
      "    * COUNT <k>",
      "      Number of keys to report for each metric, from 1 to 64 (default: 10).",
      "    * DURATION <seconds>",
      "      Stop by itself after so many seconds (default: when told to).",
      "    * SAMPLE <ratio>",
      "      Look at one command in <ratio> (default: 1, at each).",
      "STOP",
      "    Stop hotkeys tracking. Results are still available via GET.",
      "GET",
      "    Get results from hotkeys tracking.",
      "RESET",
      "    Forget the results. Tracking must have been stopped.",
      "HELP",
      "    Prints this help.",
  };
  return WriteHelp(ctx, kLines);
}

constexpr uint32_t kWatching = Flag::kAdmin | Flag::kNoScript;

constexpr CommandSpec kSubcommands[] = {
    {.name = "get",
     .syntax = "",
     .summary = "Returns lists of top K hotkeys depending on metrics chosen in HOTKEYS START "
                "command.",
     .complexity = "O(K) where K is the number of hotkeys returned.",
     .since = "8.6.0",
     .group = Group::kServer,
     .flags = kWatching,
     .handler = Get},
    {.name = "help",
     .syntax = "",
     .summary = "Returns helpful text about the different subcommands.",
     .complexity = "O(1)",
     .since = "8.6.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale,
     .handler = Help},
    {.name = "reset",
     .syntax = "",
     .summary = "Release the resources used for hotkey tracking.",
     .complexity = "O(1)",
     .since = "8.6.0",
     .group = Group::kServer,
     .flags = kWatching,
     .handler = Reset},
    {.name = "start",
     .syntax = "<METRICS count:int [CPU] [NET]> [COUNT k:int] [DURATION seconds:int] "
               "[SAMPLE ratio:int] [SLOTS count:int slot:int [slot:int ...]]",
     .summary = "Starts hotkeys tracking.",
     .complexity = "O(1)",
     .since = "8.6.0",
     .group = Group::kServer,
     .flags = kWatching,
     .arity = -2,
     .handler = Start},
    {.name = "stop",
     .syntax = "",
     .summary = "Stops hotkeys tracking.",
     .complexity = "O(1)",
     .since = "8.6.0",
     .group = Group::kServer,
     .flags = kWatching,
     .handler = Stop},
};

constexpr CommandSpec kCommands[] = {
    {.name = "hotkeys",
     .syntax = "",
     .summary = "A container for hotkeys tracking commands.",
     .complexity = "Depends on subcommand.",
     .since = "8.6.0",
     .group = Group::kServer,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> HotKeyCommands() { return kCommands; }

}  // namespace larder
