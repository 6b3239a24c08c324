#include "server/slowlog.h"

#include <fmt/format.h>

namespace larder {
namespace {

std::vector<std::string> Shortened(std::span<const std::string_view> args) {
  std::vector<std::string> shortened;
  const size_t shown =
      args.size() > SlowLog::kArgumentsMax ? SlowLog::kArgumentsMax - 1 : args.size();
  for (size_t i = 0; i < shown; ++i) {
    const std::string_view arg = args[i];
    if (arg.size() <= SlowLog::kArgumentBytesMax) {
      shortened.emplace_back(arg);
    } else {
      shortened.push_back(fmt::format("{}... ({} more bytes)",
                                      arg.substr(0, SlowLog::kArgumentBytesMax),
                                      arg.size() - SlowLog::kArgumentBytesMax));
    }
  }
  if (shown < args.size()) {
    shortened.push_back(fmt::format("... ({} more arguments)", args.size() - shown));
  }
  return shortened;
}

}  // namespace

void SlowLog::Add(std::span<const std::string_view> args, int64_t unix_seconds, int64_t duration_us,
                  std::string client_address, std::string client_name, size_t entries_max) {
  SlowEntry entry{0,
                  unix_seconds,
                  duration_us,
                  Shortened(args),
                  std::move(client_address),
                  std::move(client_name)};
  std::lock_guard lock(mutex_);
  entry.id = next_id_++;
  entries_.push_front(std::move(entry));
  while (entries_.size() > entries_max) entries_.pop_back();
}

std::vector<SlowEntry> SlowLog::Latest(int64_t count) const {
  std::lock_guard lock(mutex_);
  const size_t wanted =
      count < 0 ? entries_.size() : std::min(entries_.size(), static_cast<size_t>(count));
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(wanted)};
}

size_t SlowLog::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void SlowLog::Reset() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace larder
