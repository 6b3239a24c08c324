// INFO.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/info_sections.h"
#include "server/config/option_lookup.h"
#include "server/config/units.h"

namespace larder {
namespace {

constexpr InfoSection kSections[] = {
    {"server", "Server", true, WriteServerInfo},
    {"clients", "Clients", true, WriteClientsInfo},
    {"memory", "Memory", true, WriteMemoryInfo},
    {"persistence", "Persistence", true, WritePersistenceInfo},
    {"threads", "Threads", true, WriteThreadsInfo},
    {"stats", "Stats", true, WriteStatsInfo},
    {"replication", "Replication", true, WriteReplicationInfo},
    {"cpu", "CPU", true, WriteCpuInfo},
    {"modules", "Modules", true, WriteModulesInfo},
    {"commandstats", "Commandstats", false, WriteCommandStatsInfo},
    {"errorstats", "Errorstats", true, WriteErrorStatsInfo},
    {"latencystats", "Latencystats", false, WriteLatencyStatsInfo},
    {"cluster", "Cluster", true, WriteClusterInfo},
    {"keyspace", "Keyspace", true, WriteKeyspaceInfo},
    {"keysizes", "Keysizes", true, WriteKeySizesInfo},
    {"hotkeys", "Hotkeys", true, WriteHotKeysInfo},
};

// Which sections the arguments ask for, and whether by their names; an unknown name asks for none.
std::map<std::string_view, bool> AskedSections(ArgReader& args) {
  std::map<std::string_view, bool> asked;
  const bool none = !args.HasMore();
  const auto add = [&](bool all) {
    for (const InfoSection& section : kSections) {
      if (all || section.by_default) asked.emplace(section.name, false);
    }
  };
  if (none) add(false);
  while (args.HasMore()) {
    const std::string word = LowerCase(args.Next());
    if (word == "default") {
      add(false);
    } else if (word == "all" || word == "everything") {
      add(true);
    }
    for (const InfoSection& section : kSections) {
      if (section.name == word) asked[section.name] = true;
    }
  }
  return asked;
}

Status Info(CommandContext& ctx) {
  const std::map<std::string_view, bool> asked = AskedSections(ctx.args);
  InfoReport report;
  InfoSource source{.engine = ctx.engine,
                    .ticks = ctx.dispatcher.ticks(),
                    .dispatcher = &ctx.dispatcher,
                    .may_take_turns = !ctx.in_exec() && !ctx.in_script(),
                    .all_stripes_held = ctx.all_stripes_held()};
  for (const InfoSection& section : kSections) {
    const auto found = asked.find(section.name);
    if (found == asked.end()) continue;
    source.asked_by_name = found->second;
    // There only while HOTKEYS has something to tell.
    if (section.write == WriteHotKeysInfo && !source.asked_by_name &&
        !ctx.engine.hot_keys.has_session()) {
      continue;
    }
    report.Title(section.title);
    section.write(source, report);
  }
  ctx.reply.Verbatim("txt", report.text());
  return Ok();
}

constexpr CommandSpec kCommands[] = {
    {.name = "info",
     .syntax = "[section [section ...]]",
     .summary = "Returns information and statistics about the server.",
     .complexity = "O(1)",
     .since = "1.0.0",
     .group = Group::kServer,
     .flags = Flag::kLoading | Flag::kStale | Flag::kDangerous,
     .handler = Info,
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
};

}  // namespace

void InfoReport::Title(std::string_view title) {
  if (!text_.empty()) text_ += "\r\n";
  fmt::format_to(std::back_inserter(text_), "# {}\r\n", title);
}

void InfoReport::Field(std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
}

void InfoReport::Field(std::string_view name, int64_t value) {
  fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
}

void InfoReport::Field(std::string_view name, double value, int decimals) {
  fmt::format_to(std::back_inserter(text_), "{}:{:.{}f}\r\n", name, value, decimals);
}

void InfoReport::Bytes(std::string_view name, uint64_t bytes) {
  Field(name, static_cast<int64_t>(bytes));
  Field(std::string(name) + "_human", FormatHuman(bytes));
}

std::span<const InfoSection> InfoSections() { return kSections; }

std::span<const CommandSpec> InfoCommands() { return kCommands; }

}  // namespace larder
