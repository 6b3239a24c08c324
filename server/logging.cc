#include "server/logging.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>

namespace larder {
namespace {

constexpr std::string_view kTextPattern = "%Y-%m-%d %H:%M:%S.%e %v";
constexpr std::string_view kJsonPattern = "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}";

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "verbose", "notice", "warning"};

spdlog::sink_ptr MakeSink(const LogSettings& settings) {
  if (settings.file.empty()) return std::make_shared<spdlog::sinks::stdout_sink_st>();
  if (settings.rotate_bytes <= 0) {
    return std::make_shared<spdlog::sinks::basic_file_sink_st>(settings.file);
  }
  return std::make_shared<spdlog::sinks::rotating_file_sink_st>(
      settings.file, static_cast<size_t>(settings.rotate_bytes),
      static_cast<size_t>(settings.rotate_files));
}

// Throws spdlog_ex where the file cannot be opened.
std::unique_ptr<spdlog::logger> MakeLogger(const LogSettings& settings) {
  auto logger = std::make_unique<spdlog::logger>("larder", MakeSink(settings));
  const bool json = settings.format == LogFormat::kJson;
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      std::string(json ? kJsonPattern : kTextPattern),
      json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local));
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

void AppendEscape(std::string& text, unsigned char byte, LogFormat format) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      text += format == LogFormat::kJson ? "\\u00" : "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
  }
}

// The length of the well-formed UTF-8 sequence of two to four bytes at the front; 0 if none.
size_t Utf8Length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  // C2 80 to C2 9F are control characters too.
  return lead == 0xc2 && second < 0xa0 ? 0 : length;
}

}  // namespace

std::string EscapeLogMessage(std::string_view message, LogFormat format) {
  std::string text;
  text.reserve(message.size() + 16);
  for (size_t i = 0; i < message.size();) {
    const auto byte = static_cast<unsigned char>(message[i]);
    if (byte >= 0x80) {
      const size_t length = Utf8Length(message.substr(i));
      if (length > 0) {
        text.append(message, i, length);
        i += length;
        continue;
      }
    }
    if (byte < 0x20 || byte >= 0x7f) {
      AppendEscape(text, byte, format);
    } else {
      if (format == LogFormat::kJson && (byte == '"' || byte == '\\')) text += '\\';
      text += message[i];
    }
    ++i;
  }
  return text;
}

Logger::Logger() = default;
Logger::~Logger() = default;

Outcome Logger::Open(const LogSettings& settings) {
  try {
    auto logger = MakeLogger(settings);
    const std::lock_guard lock(mutex_);
    settings_ = settings;
    logger_ = std::move(logger);
  } catch (const std::exception& error) {
    return Outcome::Failed("log file '" + settings.file + "' cannot be opened: " + error.what());
  }
  SetLevel(settings.level);
  return Outcome::Ok();
}

Outcome Logger::Reopen() {
  LogSettings settings;
  {
    const std::lock_guard lock(mutex_);
    if (logger_ == nullptr || settings_.file.empty()) return Outcome::Ok();
    settings = settings_;
  }
  settings.level = level_.load(std::memory_order_relaxed);
  return Open(settings);
}

void Logger::Log(LogLevel level, std::string_view message) {
  if (!Enabled(level) || level == LogLevel::kNothing) return;
  const std::string_view name = kLevelNames[static_cast<size_t>(level)];
  const std::lock_guard lock(mutex_);
  if (logger_ == nullptr) return;
  std::string line;
  if (settings_.format == LogFormat::kJson) {
    line = "\"level\":\"" + std::string(name) + "\",\"message\":\"" +
           EscapeLogMessage(message, LogFormat::kJson) + '"';
  } else {
    line = std::string(name) + std::string(8 - name.size(), ' ') +
           EscapeLogMessage(message, LogFormat::kText);
  }
  // spdlog's own levels only decide what it passes on, which is everything.
  logger_->log(spdlog::level::info, line);
}

}  // namespace larder
