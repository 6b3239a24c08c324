#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/config/live_options.h"
#include "server/config/outcome.h"

namespace spdlog {
class logger;
}

namespace larder {

struct LogSettings {
  LogLevel level = LogLevel::kNotice;
  LogFormat format = LogFormat::kText;
  std::string file;          // empty: standard output
  int64_t rotate_bytes = 0;  // 0: the file is not rotated here
  int64_t rotate_files = 5;
};

// What the server tells its operators: one line per message, as text
//   2026-11-28 21:50:03.123 notice  Ready to accept connections
// or as JSON. Bytes that could fake a line or move a terminal's cursor are escaped, so that a
// message may hold what a client sent.
//
// Thread-safe. A message below the level costs one load; others are written before Log returns.
// What cannot be written (a full disk) is dropped, and said on standard error at most once a
// second.
class Logger {
 public:
  // Drops every message: for tests.
  Logger();
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Begins to log as told. On failure (the file cannot be opened) goes on as before.
  Outcome Open(const LogSettings& settings);

  // Opens the file anew, after logrotate moved it: on SIGHUP. On failure goes on with the old one.
  Outcome Reopen();

  void SetLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  bool Enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }

  void Log(LogLevel level, std::string_view message);
  void Debug(std::string_view message) { Log(LogLevel::kDebug, message); }
  void Verbose(std::string_view message) { Log(LogLevel::kVerbose, message); }
  void Notice(std::string_view message) { Log(LogLevel::kNotice, message); }
  void Warning(std::string_view message) { Log(LogLevel::kWarning, message); }

 private:
  std::atomic<LogLevel> level_{LogLevel::kNothing};
  std::mutex mutex_;  // settings_, logger_ and its sink
  LogSettings settings_;
  std::unique_ptr<spdlog::logger> logger_;
};

// A message's bytes as they are logged: control characters as \n, \t, \x1b; for JSON also quotes
// and backslashes, and bytes that are no UTF-8 as \u00XX.
std::string EscapeLogMessage(std::string_view message, LogFormat format);

}  // namespace larder
