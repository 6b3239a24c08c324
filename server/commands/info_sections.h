// The sections of INFO. Each writes its fields under the names that software parses (CLIENTS.md);
// figures that Larder has no notion of are answered with what is true of it (no forks, no slaves).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/engine.h"
#include "server/tick_clock.h"

namespace larder {

// Collects lines "name:value\r\n".
class InfoReport {
 public:
  void Title(std::string_view title);  // after a blank line unless it is the first
  void Field(std::string_view name, std::string_view value);
  void Field(std::string_view name, int64_t value);
  void Field(std::string_view name, double value, int decimals);
  // "name:1048576" and "name_human:1.00M".
  void Bytes(std::string_view name, uint64_t bytes);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct InfoSource {
  const Engine& engine;
  const TickClock& ticks;
  Dispatcher* dispatcher;
  bool may_take_turns = false;  // no stripe is held, and nobody counts on nothing else running
  bool all_stripes_held = false;
  bool asked_by_name = false;  // this section
};

struct InfoSection {
  std::string_view name;   // as an argument of INFO
  std::string_view title;  // as its heading
  bool by_default;         // without arguments, or with "default"
  void (*write)(const InfoSource& source, InfoReport& report);
};

// In the order in which they are answered.
std::span<const InfoSection> InfoSections();

// info_server.cc
void WriteServerInfo(const InfoSource& source, InfoReport& report);
void WriteClientsInfo(const InfoSource& source, InfoReport& report);
void WriteMemoryInfo(const InfoSource& source, InfoReport& report);
void WritePersistenceInfo(const InfoSource& source, InfoReport& report);
void WriteThreadsInfo(const InfoSource& source, InfoReport& report);
void WriteReplicationInfo(const InfoSource& source, InfoReport& report);
void WriteCpuInfo(const InfoSource& source, InfoReport& report);
void WriteModulesInfo(const InfoSource& source, InfoReport& report);
void WriteClusterInfo(const InfoSource& source, InfoReport& report);
void WriteKeyspaceInfo(const InfoSource& source, InfoReport& report);
void WriteHotKeysInfo(const InfoSource& source, InfoReport& report);

// info_key_sizes.cc
void WriteKeySizesInfo(const InfoSource& source, InfoReport& report);

// info_statistics.cc
void WriteStatsInfo(const InfoSource& source, InfoReport& report);
void WriteCommandStatsInfo(const InfoSource& source, InfoReport& report);
void WriteErrorStatsInfo(const InfoSource& source, InfoReport& report);
void WriteLatencyStatsInfo(const InfoSource& source, InfoReport& report);

}  // namespace larder
