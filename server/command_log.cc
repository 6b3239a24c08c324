#include "server/command_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace larder {
namespace {

std::string ShortenedArgument(std::string_view arg, size_t bytes_max) {
  if (arg.size() <= bytes_max) return std::string(arg);
  return fmt::format("{}... ({} more bytes)", arg.substr(0, bytes_max), arg.size() - bytes_max);
}

std::vector<std::string> Shortened(std::span<const std::string_view> args,
                                   const CommandLogLimits& limits) {
  std::vector<std::string> shortened;
  const size_t shown = args.size() > limits.arguments_max ? limits.arguments_max - 1 : args.size();
  for (const std::string_view arg : args.first(shown)) {
    shortened.push_back(ShortenedArgument(arg, limits.argument_bytes_max));
  }
  if (shown < args.size()) {
    shortened.push_back(fmt::format("... ({} more arguments)", args.size() - shown));
  }
  return shortened;
}

// Of a number in an array's or bulk string's header: "*3\r\n".
size_t HeaderBytes(size_t number) {
  size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return 1 + digits + 2;
}

}  // namespace

void CommandLog::Add(CommandLogEntry entry, std::span<const std::string_view> args,
                     const CommandLogLimits& limits) {
  if (limits.entries_max > 0) entry.args = Shortened(args, limits);
  std::lock_guard lock(mutex_);
  entry.id = next_id_++;
  entries_.push_front(std::move(entry));
  while (entries_.size() > limits.entries_max) entries_.pop_back();
}

std::vector<CommandLogEntry> CommandLog::Latest(int64_t count) const {
  std::lock_guard lock(mutex_);
  const size_t wanted =
      count < 0 ? entries_.size() : std::min(entries_.size(), static_cast<size_t>(count));
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(wanted)};
}

size_t CommandLog::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void CommandLog::Reset() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

size_t RequestBytes(std::span<const std::string_view> args) {
  size_t bytes = HeaderBytes(args.size());
  for (const std::string_view arg : args) bytes += HeaderBytes(arg.size()) + arg.size() + 2;
  return bytes;
}

}  // namespace larder
